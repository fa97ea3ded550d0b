//! The settings of the edge: how much is taken from whom, by which way, and encrypted or not.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// The most connections that can be asked for; what the system lets a process open bounds them too.
const MOST_CONNECTIONS: u32 = 1_000_000;

/// What the command line and the environment say of the edge.
#[derive(Debug, Default, clap::Args)]
#[group(id = "edge")]
pub(super) struct Flags {
    /// How many proxies in a row stand before the service: the last so many entries of X-Forwarded-For are theirs [default: 0]
    #[arg(long, global = true, env = "CHINA_AUTO_TRUSTED_PROXIES", hide_env_values = true, value_name = "N")]
    pub(super) trusted_proxies: Option<u8>,
    /// Queries that an address may send in a minute; 0 is any number [default: 6000]
    #[arg(long, global = true, env = "CHINA_AUTO_QUERY_LIMIT", hide_env_values = true, value_name = "N")]
    pub(super) query_limit: Option<u32>,
    /// Downloads that an address may begin in a minute; 0 is any number [default: 120]
    #[arg(long, global = true, env = "CHINA_AUTO_EXPORT_LIMIT", hide_env_values = true, value_name = "N")]
    pub(super) export_limit: Option<u32>,
    /// Files and withdrawals that an address may send in a minute; 0 is any number [default: 30]
    #[arg(long, global = true, env = "CHINA_AUTO_IMPORT_LIMIT", hide_env_values = true, value_name = "N")]
    pub(super) import_limit: Option<u32>,
    /// How many times as much a key may as an address [default: 10]
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_KEY_LIMIT_FACTOR",
        hide_env_values = true,
        value_name = "1..10000",
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub(super) key_limit_factor: Option<u32>,
    /// Answers that are made at a time; more wait for half a second and are then refused, 0 is any number [default: 256]
    #[arg(long, global = true, env = "CHINA_AUTO_MAX_REQUESTS", hide_env_values = true, value_name = "N")]
    pub(super) max_requests: Option<u32>,
    /// Connections that are served at a time [default: 4096]
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_MAX_CONNECTIONS",
        hide_env_values = true,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_CONNECTIONS))
    )]
    pub(super) max_connections: Option<u32>,
    /// The certificate of the service with those above it, PEM; with --tls-key it speaks HTTPS
    #[arg(long, global = true, env = "CHINA_AUTO_TLS_CERT", hide_env_values = true, value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The private key of the certificate, PEM
    #[arg(long, global = true, env = "CHINA_AUTO_TLS_KEY", hide_env_values = true, value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// Where /metrics is served, with /livez and /readyz, and then nowhere else [default: at --listen]
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_METRICS_LISTEN",
        hide_env_values = true,
        value_name = "HOST:PORT"
    )]
    pub(super) metrics_listen: Option<String>,
}

/// The settings of the edge in force. The default bounds nothing.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// How many proxies in a row stand before the service.
    pub trusted_proxies: u8,
    /// What an address may send in a minute.
    pub limits: Limits,
    /// How many times as much a key may as an address.
    pub key_factor: u32,
    /// How many answers are made at a time; 0 is any number.
    pub most_requests: u32,
    /// How many connections are served at a time.
    pub most_connections: u32,
    /// What the service proves itself with; `None` where it is not asked to.
    pub tls: Option<Tls>,
    /// Where the counts are served, as `host:port`; `None` is where everything is.
    pub metrics_listen: Option<String>,
}

/// How many requests of each kind are taken in a minute; 0 is any number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Reads.
    pub queries: u32,
    /// Observations as CSV or NDJSON that come whole.
    pub exports: u32,
    /// What changes something.
    pub imports: u32,
}

/// The files that a service proves itself with.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate, with those above it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Edge {
    pub(super) fn merge(flags: Flags, file: Flags) -> Result<Self> {
        let files = (flags.tls_cert.or(file.tls_cert), flags.tls_key.or(file.tls_key));
        let tls = match files {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (None, None) => None,
            _ => {
                let detail = "tls-cert and tls-key go together: one of them is missing";
                return Err(Error::Startup(detail.to_owned()));
            }
        };
        let key_factor = flags.key_limit_factor.or(file.key_limit_factor).unwrap_or(10);
        let most_connections = flags.max_connections.or(file.max_connections).unwrap_or(4096);
        for (name, value, most) in [
            ("key-limit-factor", key_factor, 10_000),
            ("max-connections", most_connections, MOST_CONNECTIONS),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Error::Startup(format!("{name} is {value}; from 1 to {most} is possible")));
            }
        }
        Ok(Self {
            trusted_proxies: flags.trusted_proxies.or(file.trusted_proxies).unwrap_or(0),
            limits: Limits {
                queries: flags.query_limit.or(file.query_limit).unwrap_or(6000),
                exports: flags.export_limit.or(file.export_limit).unwrap_or(120),
                imports: flags.import_limit.or(file.import_limit).unwrap_or(30),
            },
            key_factor,
            most_requests: flags.max_requests.or(file.max_requests).unwrap_or(256),
            most_connections,
            tls,
            metrics_listen: flags.metrics_listen.or(file.metrics_listen),
        })
    }
}

impl Limits {
    /// Whether some kind of request is not limited.
    pub fn is_open(&self) -> bool {
        [self.queries, self.exports, self.imports].contains(&0)
    }
}
