//! The same figures served the usual way: rows in tables, by FastAPI and by fastify.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;

use crate::Result;
use crate::cases::{MANY, POWERTRAINS, PROVINCE, aggregate, aggregate_columns, figures};
use crate::client::{Client, FRESH};
use crate::measure::{Case, Peer};
use crate::stand::{Market, Server, Stored};

/// How long a peer may take to start.
const START_WITHIN: Duration = Duration::from_secs(30);

/// Rollups as rows: a table a grain, indexed by what is asked for; and the same with what the service tells of each figure.
const TABLES: &str = "
    CREATE SCHEMA peer;
    CREATE TABLE peer.series AS SELECT series_id, geo, maker, brand, model, vehicle_class, powertrain
        FROM series WHERE dataset = 'synthetic';
    ALTER TABLE peer.series ADD PRIMARY KEY (series_id);
    CREATE TABLE peer.finest AS SELECT series_id, first_period + cell::integer - 1 AS period, value
        FROM peer.series JOIN observation_chunk USING (series_id),
            unnest(\"values\") WITH ORDINALITY AS cells (value, cell) WHERE value IS NOT NULL ORDER BY 1, 2;
    ALTER TABLE peer.finest ADD PRIMARY KEY (series_id, period);
    CREATE TABLE peer.finest_told AS SELECT f.*, 'A' AS status, document_id AS document
        FROM peer.finest f JOIN series USING (series_id) JOIN release ON release_id = updated_by ORDER BY 1, 2;
    ALTER TABLE peer.finest_told ADD PRIMARY KEY (series_id, period);
    CREATE TABLE peer.province_powertrain_told AS
        WITH whole (powertrain, part) AS (VALUES ('BEV', 'BEV'), ('FCEV', 'FCEV'), ('HEV', 'HEV'), ('ICE', 'ICE'),
            ('PHEV', 'PHEV'), ('NEV', 'BEV'), ('NEV', 'FCEV'), ('NEV', 'PHEV'))
        SELECT left(geo, 5) AS geo, whole.powertrain, period, sum(value)::bigint AS value, min(status) AS status,
            min(document) AS document, count(*)::integer AS parts
        FROM peer.series s JOIN peer.finest_told USING (series_id) JOIN whole ON part = s.powertrain
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
    ALTER TABLE peer.province_powertrain_told ADD PRIMARY KEY (geo, powertrain, period);
    CREATE TABLE peer.province_powertrain AS SELECT geo, powertrain, period, value FROM peer.province_powertrain_told ORDER BY 1, 2, 3;
    ALTER TABLE peer.province_powertrain ADD PRIMARY KEY (geo, powertrain, period);
    ANALYZE peer.series, peer.finest, peer.finest_told, peer.province_powertrain, peer.province_powertrain_told";

/// What is asked where a peer tells as much of each figure as the service does.
const TOLD_ROWS: &str = "the same rows, each with its provenance";
const TOLD_POINTS: &str = "the same series, each figure with its provenance";

/// A service of the usual kind.
#[derive(Clone, Copy)]
pub enum Kind {
    FastApi,
    Fastify,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::FastApi, Self::Fastify];

    pub const fn name(self) -> &'static str {
        match self {
            Self::FastApi => "FastAPI",
            Self::Fastify => "fastify",
        }
    }

    /// Installs what is pinned, unless it is there, and tells how it is run: with a line of log for each request, or without.
    fn install(self, folder: &Path, port: u16, logs: bool) -> Result<Command> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
        fs::create_dir_all(folder)?;
        match self {
            Self::FastApi => install_python(&sources.join("fastapi"), folder, port, logs),
            Self::Fastify => install_node(&sources.join("fastify"), folder, port, logs),
        }
    }
}

fn install_python(sources: &Path, folder: &Path, port: u16, logs: bool) -> Result<Command> {
    let (environment, wanted) = (folder.join("venv"), sources.join("requirements.txt"));
    if !is_copy(&wanted, folder) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        run(Command::new(environment.join("bin/pip")).args(["install", "--quiet", "-r"]).arg(&wanted))?;
        copy(&wanted, folder)?;
    }
    let mut command = Command::new(environment.join("bin/uvicorn"));
    command.args([
        "app:app",
        "--workers",
        "2",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--port",
        &port.to_string(),
    ]);
    command.args(if logs {
        &["--log-level", "info"][..]
    } else {
        &["--no-access-log", "--log-level", "warning"]
    });
    command.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(sources);
    Ok(command)
}

fn install_node(sources: &Path, folder: &Path, port: u16, logs: bool) -> Result<Command> {
    let lock = sources.join("package-lock.json");
    if !is_copy(&lock, folder) || !folder.join("node_modules").is_dir() {
        copy(&sources.join("package.json"), folder)?;
        copy(&lock, folder)?;
        let installed = run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder));
        installed.inspect_err(|_| drop(fs::remove_file(folder.join("package-lock.json"))))?;
    }
    // Modules are looked for beside the file that asks for them.
    copy(&sources.join("server.mjs"), folder)?;
    let mut command = Command::new("node");
    command.arg("server.mjs").env("PORT", port.to_string()).env("NODE_ENV", "production").current_dir(folder);
    if logs {
        command.env("LOGS", "1");
    }
    Ok(command)
}

/// Whether a folder holds a file just as it is.
fn is_copy(file: &Path, folder: &Path) -> bool {
    let copied = file.file_name().and_then(|name| fs::read(folder.join(name)).ok());
    copied.is_some() && copied == fs::read(file).ok()
}

fn copy(file: &Path, folder: &Path) -> Result<()> {
    fs::copy(file, folder.join(file.file_name().ok_or("a file has a name")?))?;
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {}", said()).into()) }
}

/// Makes the tables of the peers anew.
pub fn fill(server: &Server, market: &Market) -> Result<()> {
    server.sql(&market.database)?.run(&format!("DROP SCHEMA IF EXISTS peer CASCADE; {TABLES}"))
}

fn aggregate_of_peer() -> String {
    format!("/aggregate?geo={PROVINCE}&powertrain={POWERTRAINS}")
}

/// A running peer; its processes are a group of their own.
pub struct Running {
    child: Child,
    kind: Kind,
    logs: bool,
    url: String,
}

impl Running {
    /// Installs and starts one, which writes a line of log for each request or none. What it writes goes where the service's log goes.
    pub fn start(
        (kind, logs): (Kind, bool),
        server: &Server,
        market: &Market,
        folder: &Path,
    ) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = kind.install(&folder.join(kind.name().to_lowercase()), port, logs)?;
        command.env("PGHOST", server.socket()?).env("PGUSER", "postgres").env("PGDATABASE", &market.database);
        let child = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
        let mut running = Self { child, kind, logs, url: format!("http://127.0.0.1:{port}") };
        running.wait()?;
        Ok(running)
    }

    fn wait(&mut self) -> Result<()> {
        let (client, deadline) = (Client::new()?, Instant::now() + START_WITHIN);
        loop {
            if client.get_well(&format!("{}{}", self.url, aggregate_of_peer()), &[]).is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline || self.child.try_wait()?.is_some() {
                return Err(format!("{} did not start", self.kind.name()).into());
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// What is asked of both, after their figures have been compared.
    pub fn cases(&self, server: &Server, market: &Market) -> Result<Vec<Case>> {
        let stored = market.whole_series(server, MANY)?;
        let paths: Vec<String> = stored.iter().map(Stored::path).collect();
        let theirs = |path: &str| stored.iter().map(|one| format!("/{path}/{}", one.id)).collect::<Vec<_>>();
        let kept = theirs("cached")[0].clone();
        let length = market.get(&paths[0], &[])?.body.len();
        let asked = [
            ("5 powertrains by 120 months as rows", vec![aggregate()], vec![aggregate_of_peer()], "bypass"),
            ("the same as columns", vec![aggregate_columns()], vec![aggregate_of_peer()], "bypass"),
            (TOLD_ROWS, vec![aggregate()], vec![format!("/told{}", aggregate_of_peer())], "bypass"),
            ("one series of 120 months", paths.clone(), theirs("series"), "bypass"),
            (TOLD_POINTS, paths.clone(), theirs("told/series"), "bypass"),
            ("one series of 120 months, kept", paths[..1].to_vec(), vec![kept.clone()], "hit"),
            (
                "the same, bodies of one length",
                paths[..1].to_vec(),
                vec![format!("{kept}?length={length}")],
                "hit",
            ),
        ];
        asked
            .into_iter()
            .map(|(name, paths, theirs, origin)| self.case(market, name, (paths, &theirs), origin))
            .collect()
    }

    fn case(
        &self,
        market: &Market,
        name: &str,
        (paths, theirs): (Vec<String>, &[String]),
        origin: &'static str,
    ) -> Result<Case> {
        let urls: Vec<String> = theirs.iter().map(|path| format!("{}{path}", self.url)).collect();
        let mut bytes = 0;
        for (path, url) in paths.iter().zip(&urls) {
            let recorded = market.client().get_well(url, &[])?;
            let (ours, other) = (market.get(path, &[])?.json()?, recorded.json()?);
            let are_told = |answer: &Value| match &answer["data"]["observations"] {
                Value::Null => answer["data"].clone(),
                points => points.clone(),
            };
            let differ_in_more =
                [TOLD_ROWS, TOLD_POINTS].contains(&name) && are_told(&ours) != are_told(&other);
            if figures(&ours).is_empty() || figures(&ours) != figures(&other) || differ_in_more {
                return Err(format!("{}: {name}: the figures differ", self.kind.name()).into());
            }
            bytes = recorded.body.len();
        }
        let headers = if origin == "bypass" { vec![FRESH.to_owned()] } else { Vec::new() };
        let logs = if self.logs { "with a log" } else { "without" };
        let peer_name = format!("{} {logs} ({bytes} bytes)", self.kind.name());
        let peer = Peer::Other { name: peer_name, urls };
        Ok(Case { name: name.to_owned(), paths, headers, origin, peer })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The workers with it: they are children of its own.
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}
