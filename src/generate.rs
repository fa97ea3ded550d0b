//! `china-auto generate`: synthetic registrations in the database that the service uses, or away with them.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::config::Settings;
use crate::database::Opened;
use crate::error::{Error, Result};
use crate::ingest::synthetic::{self, Generated, Order, Removed};
use crate::ingest::{self, Files};

/// How long the embedded server may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Wanted {
    /// How many observations to make
    #[arg(
        long,
        value_name = "N",
        required_unless_present = "remove",
        value_parser = clap::value_parser!(u32).range(1..=2_000_000_000)
    )]
    observations: Option<u32>,
    /// What the figures are drawn from: the same seed and N make the same ones
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many months at the end come as monthly releases, each revising a fiftieth of the month before
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=119))]
    monthly: Option<u32>,
    /// Take the synthetic registrations away again
    #[arg(long, conflicts_with_all = ["observations", "seed", "monthly"])]
    remove: bool,
}

/// Does it, and tells in one line what it did.
pub async fn run(settings: Settings, wanted: Wanted) -> Result<String> {
    let opened = settings.attached().await?;
    let done = match wanted.observations {
        Some(observations) if settings.bundled_data => {
            make(
                &opened,
                Order { observations, seed: wanted.seed, monthly: wanted.monthly.unwrap_or_default() },
            )
            .await
        }
        Some(_) => Err(Error::Startup(
            "synthetic registrations are made of the bundled code lists: they need the bundled data"
                .to_owned(),
        )),
        None => remove(&opened).await,
    };
    opened.close(STOP_WITHIN).await?;
    done
}

async fn make(opened: &Opened, order: Order) -> Result<String> {
    let (files, clock, started) = (Files::bundled(), Clock::system(), Instant::now());
    ingest::load_bundled(&opened.database, &files, &clock).await?;
    let made = synthetic::generate(&opened.database, &files, order, &clock).await?;
    let Generated { series, observations, unchanged } = made;
    let name = synthetic::DATASET;
    Ok(if unchanged {
        format!("{name}: these synthetic registrations are there already")
    } else {
        let seconds = started.elapsed().as_secs_f64();
        format!("{name}: {observations} synthetic observations in {series} series, made in {seconds:.1} s")
    })
}

async fn remove(opened: &Opened) -> Result<String> {
    let Removed { series, releases } = synthetic::remove(&opened.database, &Clock::system()).await?;
    let name = synthetic::DATASET;
    Ok(if releases == 0 {
        format!("{name}: there is nothing to remove")
    } else {
        format!("{name}: {series} series removed, {releases} releases withdrawn")
    })
}
