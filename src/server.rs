//! The life of the service: bind, start the database, serve, drain, stop.
//!
//! The port is bound first, so that one in use is refused before anything is done, and accepts only when everything is ready:
//! until then callers wait in the system's queue. Answering 503 meanwhile would take a second router without a database, for
//! the few seconds of the first start.

mod risks;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use axum::http::HeaderValue;
use sqlx::PgPool;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::database::Opened;
use crate::database::embedded::Embedded;
use crate::error::{Error, Result};
use crate::ingest::file::Kept;
use crate::intake::{self, Intake};
use crate::listener::{self, Bounds, Listener, Tls};
use crate::{health, http, ingest};

/// How long all of a stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How much of that is kept for what follows the last request: the pool and the database. A request may take 8 seconds.
const KEPT_FOR_DATABASE: Duration = Duration::from_millis(1_800);

/// How much of that is kept in case PostgreSQL's fast shutdown hangs.
const KEPT_FOR_FORCE: Duration = Duration::from_secs(1);

/// How late what another instance changed may be seen.
const CHECKED_EVERY: Duration = Duration::from_secs(1);

/// How many connections operators may have open.
const OPERATORS: usize = 64;

/// Runs the service until a signal ends it.
pub async fn serve(settings: Settings) -> Result<()> {
    let mut signals = Signals::listen()?;
    let origins = origins(&settings.cors_origins)?;
    let doors = Doors::open(&settings).await?;
    let (opened, pool) = tokio::select! {
        biased;
        name = signals.next() => {
            tracing::info!("{name}: stopped before the start was finished");
            signals.exit_on_next();
            return Ok(());
        }
        started = start(&settings) => started?,
    };
    let mut app = app(&settings, &opened, pool).await?;
    app.origins = origins;
    let (stop, stopping) = watch::channel(false);
    let work = take_in(&settings, &opened, &mut app, stopping.clone()).await?;
    app.set_ready(true);
    watch_database(&opened, app.clone());
    doors.announce(&settings);
    let serving = doors.serve(&app, stopping);

    let name = signals.next().await;
    let deadline = Instant::now() + STOP_WITHIN;
    tracing::info!("{name}: finishing the requests under way; the same again stops at once");
    signals.exit_on_next();
    app.set_ready(false);
    stop.send_replace(true);
    if timeout_at(deadline - KEPT_FOR_DATABASE, serving).await.is_err() {
        tracing::warn!("some requests were not finished in time and are cut off");
    }
    if timeout_at(deadline - KEPT_FOR_DATABASE, work).await.is_err() {
        tracing::warn!(
            "an import did not end in time: where it was not done, the next start begins it again"
        );
    }
    close([app.pool, app.probe], opened, deadline).await
}

/// Where it can be called.
struct Doors {
    api: Listener,
    address: SocketAddr,
    /// Where operators ask, if that is elsewhere.
    operators: Option<(Listener, SocketAddr)>,
}

impl Doors {
    /// Takes the addresses that the settings name, and refuses what may not be done at them.
    async fn open(settings: &Settings) -> Result<Self> {
        let tls = settings.edge.tls.clone().map(Tls::open).transpose()?;
        let api = Listener::bind(&settings.listen, tls).await?;
        let address = api.address()?;
        check_writes(settings, address)?;
        let operators = match &settings.edge.metrics_listen {
            Some(listen) => {
                let listener = Listener::bind(listen, None).await?;
                let address = listener.address()?;
                Some((listener, address))
            }
            None => None,
        };
        Ok(Self { api, address, operators })
    }

    /// Tells the operator where they are, and what is risky about it.
    fn announce(&self, settings: &Settings) {
        let scheme = if settings.edge.tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{}", health::reachable(self.address));
        say("api", &format!("{base}/v1"));
        say("docs", &format!("{base}/docs"));
        say("health", &format!("{base}/readyz"));
        let counts = self.operators.as_ref().map(|(_, address)| *address);
        if let Some(counts) = counts {
            say("metrics", &format!("http://{}/metrics", health::reachable(counts)));
        }
        for risk in risks::of(settings, self.address, counts) {
            tracing::warn!("{risk}");
        }
    }

    /// Answers at them until the stop; what operators ask, until the process ends: whether requests are finished is asked there too.
    fn serve(self, app: &App, mut stopping: watch::Receiver<bool>) -> JoinHandle<()> {
        if let Some((operators, _)) = self.operators {
            let bounds = Bounds { most: OPERATORS, of_one: OPERATORS };
            tokio::spawn(operators.serve(http::operators(app.clone()), bounds, std::future::pending()));
        }
        let stop = async move {
            // Its sender is held until the end.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let most = listener::room_for(app.edge.most_connections);
        // Behind proxies all come from a few addresses.
        let of_one = if app.edge.trusted_proxies > 0 { most } else { most.div_ceil(2) };
        tokio::spawn(self.api.serve(http::router(app.clone()), Bounds { most, of_one }, stop))
    }
}

/// What handlers reach, with these settings.
async fn app(settings: &Settings, opened: &Opened, pool: PgPool) -> Result<App> {
    let mut app = App::new(pool, Clock::system());
    app.edge = settings.edge.clone();
    // Whether the database answers is asked beside those who wait for it.
    app.probe = opened.database.readers(1).await?;
    app.cache_bytes = u64::from(settings.cache_size) << 20;
    app.vocabularies = app.vocabularies.checked_every(CHECKED_EVERY);
    app.vocabularies.current().await?;
    app.keys = app.keys.noting_uses(opened.database.clone());
    Ok(app)
}

/// Takes in files that are sent, from whom may send them, and those that were sent before the last end.
async fn take_in(
    settings: &Settings,
    opened: &Opened,
    app: &mut App,
    stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>> {
    let intake = intake(settings, opened, app).await?;
    app.intake.clone_from(&intake);
    app.anonymous_writes = settings.allow_anonymous_writes;
    Ok(tokio::spawn(async move {
        if let Some(intake) = intake {
            intake.work(stopping).await;
        }
    }))
}

/// The origins as headers; none where any is allowed.
fn origins(named: &[String]) -> Result<Vec<HeaderValue>> {
    if named.iter().any(|origin| origin == "*") {
        return Ok(Vec::new());
    }
    let parse = |origin: &String| {
        let known = origin.starts_with("http://") || origin.starts_with("https://");
        let wrong =
            || Error::Startup(format!("cors-origins: {origin:?} is no origin like https://a.example"));
        origin.parse().ok().filter(|_| known).ok_or_else(wrong)
    };
    named.iter().map(parse).collect()
}

/// Anybody may write only where only this machine can call.
fn check_writes(settings: &Settings, address: SocketAddr) -> Result<()> {
    if settings.allow_anonymous_writes && !address.ip().is_loopback() {
        return Err(Error::Startup(format!(
            "allow-anonymous-writes lets anybody write who can reach {address}, which others than this machine can: listen at \
             127.0.0.1, or leave it out and import from the command line"
        )));
    }
    Ok(())
}

/// What takes in files that are sent, and goes on with those that were sent before the last end.
async fn intake(settings: &Settings, opened: &Opened, app: &App) -> Result<Option<Intake>> {
    let data_dir = match settings.data_folder() {
        // Whoever has a key is told so when it is used to write.
        Err(_) if !settings.allow_anonymous_writes => return Ok(None),
        data_dir => data_dir?,
    };
    let intake = intake::Settings {
        data_dir: &data_dir,
        most_bytes: u64::from(settings.spool_size) << 20,
        kept: settings.keep_files.then(|| Kept::of(&data_dir)),
    };
    let (vocabularies, clock) = (app.vocabularies.clone(), app.clock.clone());
    let opened = match Intake::open(opened.database.clone(), intake, vocabularies, clock).await {
        // Reading needs no folder.
        Err(error) if !settings.allow_anonymous_writes => {
            tracing::warn!("no file is taken in over HTTP: {error}");
            return Ok(None);
        }
        opened => opened?,
    };
    if opened.is_none() && settings.allow_anonymous_writes {
        return Err(Error::Startup(format!(
            "another service takes in what is sent to this database by way of {}: give this one a data folder of its own with \
             --data-dir, or let nobody write to it",
            data_dir.display()
        )));
    }
    Ok(opened)
}

/// Opens the database, brings its schema and data up to date, and says so a line each.
async fn start(settings: &Settings) -> Result<(Opened, PgPool)> {
    let opened = match &settings.database_url {
        Some(url) => Opened::external(url).await?,
        None => Opened::serving(settings.embedded()?).await?,
    };
    say("database", &opened.described);
    let applied = opened.database.migrate().await?;
    say("migrations", &if applied == 0 { "up to date".to_owned() } else { format!("{applied} applied") });
    say("data", &load(settings, &opened).await?);
    let pool = opened.database.readers(settings.pool_size).await?;
    Ok((opened, pool))
}

async fn load(settings: &Settings, opened: &Opened) -> Result<String> {
    if !settings.bundled_data {
        return Ok("bundled data left out".to_owned());
    }
    let files = ingest::Files::bundled();
    let outcome = ingest::load_bundled(&opened.database, &files, &Clock::system()).await?;
    let ingest::Outcome { rows, releases, unchanged } = outcome;
    Ok(if unchanged { "unchanged".to_owned() } else { format!("{rows} rows loaded in {releases} releases") })
}

/// Tells the operator, on standard output. That nobody listens there is no reason to end.
fn say(what: &str, text: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{what:<11}{text}").and_then(|()| out.flush());
}

/// Ends the readiness when the embedded server ends by itself. It is not started again here: what killed it may do so
/// again, and whoever supervises the service sees the readiness and decides.
fn watch_database(opened: &Opened, app: App) {
    let Some(mut ended) = opened.embedded.as_ref().and_then(Embedded::watch) else { return };
    tokio::spawn(async move {
        let how = ended.wait_for(Option::is_some).await.ok().and_then(|how| how.clone());
        // Where the readiness has ended before, so has the server, by our own doing.
        if app.is_ready() {
            app.lose_database();
            let how = how.unwrap_or_default();
            tracing::error!(
                "PostgreSQL has ended ({how}): nothing can be answered until the service is started again"
            );
        }
    });
}

async fn close(pools: [PgPool; 2], opened: Opened, deadline: Instant) -> Result<()> {
    // Connections of requests that were cut off do not come back: their end is the server's.
    let closed = async {
        for pool in pools {
            pool.close().await;
        }
    };
    let _ = timeout_at(deadline - KEPT_FOR_DATABASE + Duration::from_millis(200), closed).await;
    opened.close((deadline - KEPT_FOR_FORCE).saturating_duration_since(Instant::now())).await?;
    tracing::info!("stopped");
    Ok(())
}

/// The signals that end the service.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|error| Error::internal("listening for signals", error));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for a signal and tells its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }

    /// Has another signal end the process at once. PostgreSQL is then stopped by the system, or by the next start.
    fn exit_on_next(mut self) {
        tokio::spawn(async move {
            let name = self.next().await;
            tracing::warn!("{name} again: ending at once");
            std::process::exit(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(named: &[&str]) -> Result<Vec<HeaderValue>> {
        origins(&named.iter().map(|origin| (*origin).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn origins_are_a_list_of_addresses_or_any() {
        assert_eq!(read(&["https://a.example", "*"]).unwrap(), [""; 0]);
        assert_eq!(read(&["https://a.example", "http://localhost:3000"]).unwrap().len(), 2);
        let refused = read(&["https://a.example", "a.example"]).unwrap_err().to_string();
        assert!(refused.contains("\"a.example\" is no origin"), "{refused}");
    }
}
