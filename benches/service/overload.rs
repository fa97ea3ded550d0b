//! More than can be answered: what is still answered then, beside the load that the service answers best.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::cases::aggregate;
use crate::stand::{Market, Server};
use crate::{ROUNDS, Result};

/// The columns of the report.
pub const HEAD: [&str; 7] =
    ["answer", "connections", "answered a second", "of the best", "refused", "p50, ms", "p99, ms"];

/// How many connections are tried for the best.
const TRIED: [usize; 5] = [4, 8, 16, 32, 64];

/// A load is the best where one of more connections brings not even so much more.
const WORTH: f64 = 1.05;

/// A load that is more than is answered at a time, however few the best needs.
const FLOOD: usize = 1000;

/// What came of some seconds of load.
struct Round {
    per_second: f64,
    refused_percent: f64,
    /// How long the answers took, in microseconds, in order.
    took: Vec<u32>,
}

/// Loads the service with all that is asked at once, cache off: each connection asks again as soon as it is answered or refused.
pub fn rows(server: &Server, database: &str, seconds: u32) -> Result<Vec<Vec<String>>> {
    let serving = || server.serving_with(database, &["--cache-size", "0"]);
    let series = serving()?.whole_series(server, 1)?[0].path();
    let cases = [("one series of 120 months", series), ("5 powertrains by 120 months as rows", aggregate())];
    let mut rows = Vec::new();
    for (name, path) in cases {
        rows.extend(case(&serving()?, (name, &path), Duration::from_secs(seconds.into()))?);
    }
    Ok(rows)
}

fn case(market: &Market, (name, path): (&str, &str), time: Duration) -> Result<Vec<Vec<String>>> {
    market.get(path, &[])?.check_origin("off")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let load = |connections: usize| round(&runtime, &market.url(path), connections, time);
    let mut best = (0, 0.0);
    for connections in TRIED {
        let per_second = load(connections)?.per_second;
        if per_second > best.1 * WORTH {
            best = (connections, per_second);
        }
    }
    let loads = [best.0, best.0 * 10, FLOOD];
    let mut rounds: [Vec<Round>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (connections, rounds) in loads.iter().zip(&mut rounds) {
            rounds.push(load(*connections)?);
        }
    }
    let medians = rounds.map(median);
    let row = |(connections, round): (&usize, &Round)| {
        let at = |part: f64| f64::from(percentile(&round.took, part)) / 1000.0;
        vec![
            name.to_owned(),
            connections.to_string(),
            format!("{:.0}", round.per_second),
            format!("{:.2}", round.per_second / medians[0].per_second),
            format!("{:.1} %", round.refused_percent),
            format!("{:.1}", at(0.5)),
            format!("{:.1}", at(0.99)),
        ]
    };
    Ok(loads.iter().zip(&medians).map(row).collect())
}

/// The round with the median rate.
fn median(mut rounds: Vec<Round>) -> Round {
    rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    rounds.swap_remove(ROUNDS / 2)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a few million"
)]
fn percentile(sorted: &[u32], part: f64) -> u32 {
    let at = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts of some seconds")]
fn round(runtime: &Runtime, url: &str, connections: usize, time: Duration) -> Result<Round> {
    let (address, path) =
        url.strip_prefix("http://").and_then(|url| url.split_once('/')).ok_or("an address")?;
    let request: Arc<str> = format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into();
    runtime.block_on(async {
        let (until, mut asking) = (Instant::now() + time, JoinSet::new());
        for _ in 0..connections {
            asking.spawn(ask(address.to_owned(), Arc::clone(&request), until));
        }
        let (mut took, mut refused) = (Vec::new(), 0_u64);
        for (answered, turned_away) in asking.join_all().await {
            took.extend(answered);
            refused += turned_away;
        }
        took.sort_unstable();
        let all = took.len() as f64 + refused as f64;
        let per_second = took.len() as f64 / time.as_secs_f64();
        Ok(Round { per_second, refused_percent: refused as f64 / all * 100.0, took })
    })
}

/// Asks until the time is over; tells how long each answer took, and how many were refused.
async fn ask(address: String, request: Arc<str>, until: Instant) -> (Vec<u32>, u64) {
    let (mut took, mut refused) = (Vec::new(), 0);
    let (mut stream, mut buffer) = (None, vec![0; 1 << 19]);
    while Instant::now() < until {
        let start = Instant::now();
        match once(&mut stream, &address, &request, &mut buffer).await {
            Ok(200) => took.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX)),
            Ok(_) => refused += 1,
            Err(_) => (stream, refused) = (None, refused + 1),
        }
    }
    (took, refused)
}

/// The status of one answer, read to its end.
async fn once(
    stream: &mut Option<TcpStream>,
    address: &str,
    request: &str,
    buffer: &mut [u8],
) -> std::io::Result<u16> {
    let stream = match stream {
        Some(stream) => stream,
        none => none.insert(TcpStream::connect(address).await?),
    };
    stream.write_all(request.as_bytes()).await?;
    let mut read = 0;
    loop {
        let more = stream.read(&mut buffer[read..]).await?;
        read += more;
        let all = &buffer[..read];
        let broken = || Error::from(ErrorKind::UnexpectedEof);
        if more == 0 {
            return Err(broken());
        }
        let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&all[..end]);
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.and_then(|length| length.parse().ok()).ok_or_else(broken)?;
        if read >= end + 4 + length {
            return head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken);
        }
    }
}
