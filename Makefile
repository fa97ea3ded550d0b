# `make serve` and `make test` do everything on a machine with a Rust toolchain and nothing else.

# Building needs no database: what PostgreSQL says about the queries is in .sqlx. A DATABASE_URL of the environment is
# the service's, not the compiler's.
export SQLX_OFFLINE = true

.PHONY: serve test check bench fuzz-api queries openapi postgresql

serve:  ## start the service, with its own PostgreSQL unless DATABASE_URL is set
	@[ -n "$$DATABASE_URL" ] || sh scripts/install-postgresql.sh > /dev/null
	cargo run --release -- serve

test: postgresql  ## run all tests, against a PostgreSQL of their own
	env -u DATABASE_URL cargo test

check:  ## what is checked beside the tests: format, lints, documentation, prepared queries
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
	sh scripts/prepare-queries.sh --check

bench: postgresql  ## measure the service beside what limits it, into target/bench/report.md; BENCH="--help" tells what can be chosen
	@command -v wrk > /dev/null || { echo "this needs wrk: apt-get install wrk" >&2; exit 1; }
	env -u DATABASE_URL cargo bench --bench service -- $(BENCH)

fuzz-api: postgresql  ## call the API many thousand times and hold each answer against openapi/openapi.json; CALLS and SEED can be set
	sh scripts/fuzz-api.sh

queries:  ## write .sqlx anew, after a query or a migration has changed
	sh scripts/prepare-queries.sh

openapi:  ## write openapi/openapi.json anew, after the API has changed
	cargo run --quiet -- openapi > target/openapi.json
	mv target/openapi.json openapi/openapi.json

postgresql:  ## install PostgreSQL's programs where they are missing
	@sh scripts/install-postgresql.sh > /dev/null
