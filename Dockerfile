# The service alone: its database is another container's, see docker-compose.yml.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY . .
# What PostgreSQL says about the queries is in .sqlx, so that no database is needed here.
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked && cp target/release/china-auto /china-auto

FROM debian:bookworm-slim
RUN useradd --system --no-create-home --uid 10001 china-auto && install -d -o china-auto /var/lib/china-auto
COPY --from=build /china-auto /usr/local/bin/china-auto
USER china-auto
ENV CHINA_AUTO_LISTEN=0.0.0.0:8080 CHINA_AUTO_LOG_FORMAT=json CHINA_AUTO_DATA_DIR=/var/lib/china-auto
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["china-auto", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["china-auto"]
CMD ["serve"]
