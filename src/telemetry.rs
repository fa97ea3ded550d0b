//! The log, on standard error: standard output is for what the operator asked for.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;
use crate::error::{Error, Result};

/// Starts the log for the whole process. `filter` is a level, or levels by module.
pub fn start(format: LogFormat, filter: &str) -> Result<()> {
    let wrong = |error| Error::Startup(format!("the log filter {filter:?} cannot be read: {error}"));
    let filter = EnvFilter::try_new(filter).map_err(wrong)?;
    let colours = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let started = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Error::internal("starting the log", error))
}
