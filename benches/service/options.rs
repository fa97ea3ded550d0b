//! What the command line asks for.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A part of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Kept answers, against a bare handler that sends the same.
    Cached,
    /// Answers made anew, against fixed SQL on the same arrays.
    Uncached,
    /// Ten times the load that is answered best, and more.
    Overload,
    /// The same figures over rows, by FastAPI and fastify.
    Peers,
    /// Eight queries at two sizes of the market.
    Scale,
    /// Queries drawn from the grammar.
    Random,
    /// Bytes an observation.
    Storage,
    /// Ownership and networks of 10,000 made organizations.
    Owners,
    /// A file of the large market, beside COPY of its rows.
    Csv,
    /// A month's file into the large market, and reads meanwhile.
    Month,
    /// A command that loads, and reads meanwhile; needs `--load-command`.
    Load,
}

/// Measures the service on a synthetic market, beside what limits it.
#[derive(Debug, Parser)]
pub struct Options {
    /// The parts to measure, separated by commas; all of them without it
    #[arg(long, value_delimiter = ',', value_name = "PARTS")]
    only: Vec<Part>,
    /// Observations of the market
    #[arg(long, default_value_t = 1_000_000)]
    pub observations: u32,
    /// Observations of the large market: the part `scale` compares it with the other, `random` is asked of it, `csv` and `month` load into copies of it
    #[arg(long, default_value_t = 10_000_000)]
    pub large: u32,
    /// Seconds a round
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// Where the databases are kept for the next run; without it they are made anew and taken away
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// What the random queries are drawn from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many random queries
    #[arg(long, default_value_t = 200)]
    pub queries: usize,
    /// A command of the shell that loads into the database of `DATABASE_URL`; may stand several times
    #[arg(long, value_name = "COMMAND")]
    pub load_command: Vec<String>,
    /// Said by `cargo bench` to everything that it runs
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// Whether a part is measured.
    pub fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}
