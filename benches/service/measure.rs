//! The service and a peer by turns, so that what disturbs the machine disturbs both.

use crate::bare::Bare;
use crate::load::{self, Round};
use crate::report::{failed, median};
use crate::stand::{Market, Server};
use crate::{ROUNDS, Result};

/// The columns of the table.
pub const HEAD: [&str; 8] = [
    "answer",
    "bytes",
    "service, requests/s",
    "peer",
    "peer, requests/s",
    "ratio",
    "CPU of the service a request, µs",
    "CPU steal (most of a round)",
];

/// What the service is compared with.
pub enum Peer {
    /// A handler that sends the recorded answer.
    Bare,
    /// A statement that `pgbench` runs.
    Pgbench(String),
    /// Another service: its name and what it is asked for in turn.
    Other { name: String, urls: Vec<String> },
}

/// What is asked of the service, and of its peer.
pub struct Case {
    pub name: String,
    /// What is asked for in turn.
    pub paths: Vec<String>,
    pub headers: Vec<String>,
    /// What `Server-Timing` has to say of the answer's origin.
    pub origin: &'static str,
    pub peer: Peer,
}

/// Measures a case, to a row of the table.
pub fn row(server: &Server, market: &Market, case: &Case, seconds: u32) -> Vec<String> {
    measured(server, market, case, seconds).unwrap_or_else(|error| failed(&case.name, HEAD.len(), &error))
}

fn measured(server: &Server, market: &Market, case: &Case, seconds: u32) -> Result<Vec<String>> {
    let urls: Vec<String> = case.paths.iter().map(|path| market.url(path)).collect();
    let url = urls.first().ok_or("nothing is asked for")?.as_str();
    // The first fills the cache where there is something to fill.
    market.client().get_well(url, &case.headers)?;
    let recorded = market.client().get_well(url, &case.headers)?;
    recorded.check_origin(case.origin)?;
    let bare = if matches!(case.peer, Peer::Bare) { Some(Bare::start(&recorded)?) } else { None };
    let socket = server.socket()?;
    let service = |seconds| load::wrk(&urls, &case.headers, seconds, Some(market.service()));
    let peer = |seconds| match (&case.peer, &bare) {
        (Peer::Pgbench(sql), _) => load::pgbench(sql, (&socket, &market.database), seconds),
        (Peer::Other { urls, .. }, _) => load::wrk(urls, &[], seconds, None),
        (Peer::Bare, Some(bare)) => load::wrk(std::slice::from_ref(&bare.url), &case.headers, seconds, None),
        (Peer::Bare, None) => Err("the bare handler is not there".into()),
    };
    // Warm: connections, prepared statements, pages.
    service(1)?;
    peer(1)?;
    let (mut of_service, mut of_peer) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_service.push(service(seconds)?);
        of_peer.push(peer(seconds)?);
    }
    market.client().get_well(url, &case.headers)?.check_origin(case.origin)?;
    Ok(told(case, recorded.body.len(), &of_service, &of_peer))
}

fn told(case: &Case, bytes: usize, of_service: &[Round], of_peer: &[Round]) -> Vec<String> {
    let rate = |rounds: &[Round]| median(rounds.iter().map(|round| round.per_second));
    let (service, peer) = (rate(of_service), rate(of_peer));
    let steal = of_service.iter().chain(of_peer).map(|round| round.steal_percent).fold(0.0, f64::max);
    let name = match &case.peer {
        Peer::Bare => "bare handler",
        Peer::Pgbench(_) => "pgbench",
        Peer::Other { name, .. } => name.as_str(),
    };
    vec![
        case.name.clone(),
        bytes.to_string(),
        format!("{service:.0}"),
        name.to_owned(),
        format!("{peer:.0}"),
        format!("{:.2}", service / peer),
        format!("{:.0}", median(of_service.iter().filter_map(|round| round.cpu_micros))),
        format!("{steal:.1} %"),
    ]
}
