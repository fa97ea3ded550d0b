//! A command that loads, and what it costs those who read meanwhile.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{panic, thread};

use crate::client::Client;
use crate::report::{failed, quantile};
use crate::stand::{Market, Server};
use crate::{DATASET, ROUNDS, Result, machine};

/// The columns of the table.
pub const HEAD: [&str; 7] = [
    "command",
    "seconds",
    "its peak memory, MiB",
    "reads before, p99 ms",
    "reads meanwhile, p99 ms",
    "ratio",
    "reads before / meanwhile",
];

/// How many read at once.
const READERS: usize = 4;

/// How long a reader waits between two reads: what is measured is how late answers are, not how many.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs each command, each to a row of the table. What a command loads, and what its own figures are, is its business: it finds
/// the database in `DATABASE_URL`, and its output stands before the table.
pub fn rows(server: &Server, market: &Market, commands: &[String], seconds: u32) -> Vec<Vec<String>> {
    let row = |command: &String| {
        measured(server, market, command, seconds).unwrap_or_else(|error| failed(command, HEAD.len(), &error))
    };
    commands.iter().map(row).collect()
}

fn measured(server: &Server, market: &Market, command: &str, seconds: u32) -> Result<Vec<String>> {
    let urls = urls(server, market)?;
    let span = Duration::from_secs(u64::from(seconds) * ROUNDS as u64);
    // Warm: each once.
    reads(&urls, || thread::sleep(Duration::from_secs(1)))?;
    let (mut before, ()) = reads(&urls, || thread::sleep(span))?;
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("DATABASE_URL", server.url(&market.database)?).stdin(Stdio::null());
    let (mut meanwhile, ended) = reads(&urls, || watched(shell.spawn()?))?;
    let (took, peak) = ended?;
    let counts = format!("{} / {}", before.len(), meanwhile.len());
    let (calm, busy) = (quantile(&mut before, 99), quantile(&mut meanwhile, 99));
    let figures = [took.as_secs_f64(), peak, calm, busy, busy / calm].map(|figure| format!("{figure:.2}"));
    Ok([vec![format!("`{command}`")], figures.to_vec(), vec![counts]].concat())
}

/// What is read: single series, made anew.
fn urls(server: &Server, market: &Market) -> Result<Vec<String>> {
    let codes: Vec<String> = server.sql(&market.database)?.list(&format!(
        "SELECT concat('geo=', geo, '&maker=', maker, '&brand=', brand, '&model=', model,
             '&vehicle_class=', vehicle_class, '&powertrain=', powertrain, '&frequency=M&limit=1000')
         FROM series WHERE dataset = '{DATASET}' ORDER BY series_id LIMIT 200"
    ))?;
    Ok(codes.iter().map(|codes| market.query(codes)).collect())
}

/// Reads for as long as something goes on; the milliseconds of each read, and what came of it.
fn reads<T>(urls: &[String], meanwhile: impl FnOnce() -> T) -> Result<(Vec<f64>, T)> {
    let ended = &AtomicBool::new(false);
    thread::scope(|scope| {
        // An error that crosses a thread is told as text.
        let reading = |at| move || read(urls, at, ended).map_err(|error| error.to_string());
        let readers: Vec<_> = (0..READERS).map(|at| scope.spawn(reading(at))).collect();
        let came = meanwhile();
        ended.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        for reader in readers {
            times.extend(reader.join().unwrap_or_else(|cause| panic::resume_unwind(cause))?);
        }
        Ok((times, came))
    })
}

/// One reader, which begins somewhere else than the others.
fn read(urls: &[String], reader: usize, ended: &AtomicBool) -> Result<Vec<f64>> {
    let (client, mut times) = (Client::new()?, Vec::new());
    for url in urls.iter().cycle().skip(reader * urls.len() / READERS) {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let (answer, millis) = client.timed(url)?;
        if answer.status != 200 {
            return Err(format!("{url}: {} {}", answer.status, answer.body).into());
        }
        times.push(millis);
        thread::sleep(PAUSE);
    }
    Ok(times)
}

/// Waits for a command: how long it took, and the most memory that one of its processes held, in MiB.
pub fn watched(mut child: Child) -> Result<(Duration, f64)> {
    let (started, mut peak) = (Instant::now(), 0.0_f64);
    loop {
        if let Some(status) = child.try_wait()? {
            let code = status.code().or(status.signal());
            return if status.success() {
                Ok((started.elapsed(), peak))
            } else {
                Err(format!("it ended with {code:?}").into())
            };
        }
        for process in machine::below(child.id()) {
            // It may have ended since it was listed.
            peak = machine::memory(process).map_or(peak, |(_, most)| peak.max(most));
        }
        thread::sleep(Duration::from_millis(20));
    }
}
