//! The command that lists the sums which complete datasets keep ready, and makes them anew.

use std::fmt::Write as _;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Settings;
use crate::database::Opened;
use crate::error::Result;
use crate::ingest::rollup::{self, Built, Listed};
use crate::timeseries::rollup::Grain;

/// How long closing may take.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Debug, Clone, clap::Args)]
pub struct Wanted {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// List the rollups of each complete dataset: grain, series, figures
    List,
    /// Make the rollups of complete datasets anew, at the grains that they declare or that their series suggest
    Build {
        /// Only those of this dataset
        #[arg(long, value_name = "NAME")]
        dataset: Option<String>,
    },
}

/// Does it, and tells what there is then.
pub async fn run(settings: Settings, wanted: Wanted) -> Result<String> {
    let opened = settings.attached().await?;
    let done = told(&opened, wanted.what).await;
    opened.close(STOP_WITHIN).await?;
    done
}

async fn told(opened: &Opened, what: What) -> Result<String> {
    let mut text = String::new();
    if let What::Build { dataset } = what {
        let built = rollup::rebuild(&opened.database, dataset.as_deref(), &Clock::system()).await?;
        for (dataset, built) in built {
            text.push_str(&line(&dataset, &built));
        }
        return Ok(text);
    }
    let listed = rollup::list(&opened.database).await?;
    if listed.is_empty() {
        return Ok("no dataset is complete: there is nothing that rollups could be kept of\n".to_owned());
    }
    for Listed { dataset, grain, is_declared, series, observations, by_period, built_at } in listed {
        let _ = match (grain, built_at) {
            (Some(grain), Some(at)) => {
                let why = if is_declared { "declared" } else { "chosen" };
                let (at, by_period) =
                    (at.format("%Y-%m-%d %H:%M"), if by_period { ", by period too" } else { "" });
                writeln!(
                    text,
                    "{dataset}  {grain}  {series} series  {observations} figures  {why}, made {at} UTC{by_period}"
                )
            }
            _ => writeln!(text, "{dataset}  no rollups"),
        };
    }
    Ok(text)
}

fn line(dataset: &str, built: &Built) -> String {
    match built {
        Built::Kept(grains) => {
            let grains: Vec<String> = grains.iter().map(Grain::to_string).collect();
            format!("{dataset}: {} rollups: {}\n", grains.len(), grains.join("  "))
        }
        Built::NotComplete => {
            format!("{dataset}: none, since it has no figures or does not list every part of each whole\n")
        }
        Built::Coarse(series) => {
            format!("{dataset}: none, since figures of {series} stand beside those of its parts\n")
        }
    }
}
