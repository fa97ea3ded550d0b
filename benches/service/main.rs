//! How fast the service answers, beside what limits it, in one run on one machine: a bare handler that sends the same bytes, and
//! `pgbench` with fixed SQL on the same arrays. Absolute figures are this machine's; what counts is the ratio.
//!
//! `cargo bench --bench service -- --observations 1000000 --seconds 5`

mod bare;
mod load;
mod machine;
mod stand;

use std::error::Error;

use load::Round;
use stand::Stand;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How often each pair is measured; the median counts.
const ROUNDS: usize = 3;

/// What is asked of the service, and of what it is compared with.
struct Case {
    name: String,
    path: String,
    headers: Vec<String>,
    /// The statement that `pgbench` runs; without one the peer is the bare handler.
    sql: Option<String>,
}

/// A row of the table.
struct Row {
    name: String,
    peer: &'static str,
    bytes: usize,
    service: Vec<Round>,
    other: Vec<f64>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, recorded] = &arguments[..]
        && command == bare::COMMAND
    {
        return bare::serve(recorded);
    }
    let number = |name: &str, default: u32| -> Result<u32> {
        let at = arguments.iter().position(|argument| argument == name);
        let value = at.and_then(|at| arguments.get(at + 1));
        Ok(value.map_or(Ok(default), |value| value.parse())?)
    };
    let (observations, seconds) = (number("--observations", 1_000_000)?, number("--seconds", 5)?);
    let stand = Stand::set_up(observations)?;
    let rows = stand.cases()?.into_iter().map(|case| measure(&stand, case, seconds));
    let rows = rows.collect::<Result<Vec<Row>>>()?;
    println!(
        "{observations} synthetic observations, {ROUNDS} rounds of {seconds} s, {}",
        machine::described()
    );
    println!();
    println!(
        "| answer | bytes | service, requests/s | peer | peer, requests/s | ratio | CPU a request, µs | CPU steal |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    rows.iter().for_each(print);
    Ok(())
}

/// Measures service and peer in turn, so that what disturbs the machine disturbs both.
fn measure(stand: &Stand, case: Case, seconds: u32) -> Result<Row> {
    let recorded = stand.record(&case)?;
    let bytes = recorded.body.len();
    let peer = if case.sql.is_none() { Some(bare::Peer::start(&recorded)?) } else { None };
    let service = |seconds| load::wrk(&stand.url(&case.path), &case.headers, seconds, stand.service());
    let other = |seconds| match (&case.sql, &peer) {
        (Some(sql), _) => load::pgbench(sql, &stand.socket()?, seconds),
        (None, Some(peer)) => Ok(load::wrk(&peer.url, &case.headers, seconds, peer.pid())?.per_second),
        (None, None) => Err("a case has a peer".into()),
    };
    // Warm: connections, prepared statements, pages.
    service(1)?;
    other(1)?;
    let (mut of_service, mut of_other) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_service.push(service(seconds)?);
        of_other.push(other(seconds)?);
    }
    let peer = if case.sql.is_some() { "pgbench" } else { "bare handler" };
    Ok(Row { name: case.name, peer, bytes, service: of_service, other: of_other })
}

fn print(row: &Row) {
    let of = |measured: fn(&Round) -> f64| median(row.service.iter().map(measured).collect());
    let (service, other) = (of(|round| round.per_second), median(row.other.clone()));
    println!(
        "| {} | {} | {service:.0} | {} | {other:.0} | {:.2} | {:.0} | {:.1} % |",
        row.name,
        row.bytes,
        row.peer,
        service / other,
        of(|round| round.cpu_micros),
        of(|round| round.steal_percent),
    );
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}
