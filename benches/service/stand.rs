//! What is measured: a durable PostgreSQL, in it a database a market with the bundled data beside it, and a service on each.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use china_auto::database::embedded::{Embedded, Options};
use china_auto::timeseries::key::{series_id, series_key};
use china_auto::timeseries::period::Frequency;
use tempfile::TempDir;

use crate::client::{Client, Recorded};
use crate::machine;
use crate::sql::Sql;
use crate::{DATASET, Result};

/// The program that is measured.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_china-auto");

/// The running database server. Ended in the order of its fields.
pub struct Server {
    postgresql: Embedded,
    _folder: Option<TempDir>,
}

/// A market in a database of its own, with a service on it.
pub struct Market {
    service: Service,
    client: Client,
    pub database: String,
}

/// The running service.
struct Service {
    child: Child,
    api: String,
    /// What it held in memory when it was ready, in MiB.
    idle: f64,
}

impl Server {
    /// Starts one in a folder that is kept, or in one that goes away with it.
    pub fn start(kept: Option<&Path>) -> Result<Self> {
        let folder = match kept {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("china-auto-bench-").tempdir()?),
        };
        if let Some(folder) = &folder {
            // PostgreSQL's user, where we are root, has to pass through.
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        }
        let path = folder.as_ref().map(TempDir::path).or(kept).ok_or("one of both is there")?.to_owned();
        Ok(Self { postgresql: counting(&path)?, _folder: folder })
    }

    /// The folder of its socket.
    pub fn socket(&self) -> Result<PathBuf> {
        let options = self.postgresql.connect("postgres");
        Ok(options.get_socket().ok_or("it is reached by a socket")?.clone())
    }

    /// A connection to one of its databases.
    pub fn sql(&self, database: &str) -> Result<Sql> {
        Sql::connect(&self.postgresql.connect(database))
    }

    /// One of its databases as `DATABASE_URL` takes it.
    pub fn url(&self, database: &str) -> Result<String> {
        let socket = self.socket()?.display().to_string();
        Ok(format!("postgres://postgres@{}/{database}", socket.replace('/', "%2F")))
    }

    /// Its version, the memory that it keeps pages in and the libraries that it has loaded, in words.
    pub fn version(&self) -> Result<String> {
        let mut sql = self.sql("postgres")?;
        let (version, pages): (String, String) =
            (sql.one("SHOW server_version")?, sql.one("SHOW shared_buffers")?);
        let loaded: String = sql.one("SHOW shared_preload_libraries")?;
        let loaded = if loaded.is_empty() { "nothing".to_owned() } else { loaded };
        Ok(format!("PostgreSQL {version} with {pages} of pages and {loaded} loaded"))
    }

    /// Makes a market in a database of its own, or finds that of an earlier run. `more` are arguments of `generate`.
    pub fn generate(&self, database: &str, observations: u32, more: &[&str]) -> Result<()> {
        let mut sql = self.sql("postgres")?;
        let there: bool =
            sql.one(&format!("SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{database}')"))?;
        if !there {
            sql.run(&format!("CREATE DATABASE {database}"))?;
        }
        let mut generate = Command::new(PROGRAM);
        generate.args(["generate", "--observations", &observations.to_string()]).args(more);
        // What it tells is no part of the report.
        let made = generate.env("DATABASE_URL", self.url(database)?).stdout(Stdio::null()).status()?;
        if made.success() { Ok(()) } else { Err("the synthetic market was not made".into()) }
    }

    /// Makes a database of this name anew out of one that nobody is connected to; tells its name.
    pub fn copy(&self, of: &str, name: &str) -> Result<String> {
        let mut sql = self.sql("postgres")?;
        sql.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        sql.run(&format!("CREATE DATABASE {name} TEMPLATE {of} STRATEGY file_copy"))?;
        Ok(name.to_owned())
    }

    /// A market of so many observations with a service on it.
    pub fn market(&self, observations: u32) -> Result<Market> {
        let database = format!("market_{observations}");
        self.generate(&database, observations, &[])?;
        self.serving(&database)
    }

    /// The same market in a database of its own, whose dataset declares one more grain beside those that are chosen for it: as an
    /// owner does whose dashboards ask for its sums all day.
    pub fn declaring(&self, observations: u32, grain: &str) -> Result<Market> {
        let market = format!("market_{observations}");
        self.generate(&market, observations, &[])?;
        let database = self.copy(&market, &format!("{market}_declaring"))?;
        self.sql(&database)?.run(&format!(
            "UPDATE dataset SET rollups = (SELECT array_agg(DISTINCT grain) FROM (
                 SELECT grain FROM rollup WHERE dataset = '{DATASET}' UNION ALL SELECT '{grain}') all_of_them)
             WHERE dataset = '{DATASET}'"
        ))?;
        let mut build = Command::new(PROGRAM);
        build.args(["rollups", "build", "--dataset", DATASET]).env("DATABASE_URL", self.url(&database)?);
        if !build.stdout(Stdio::null()).status()?.success() {
            return Err("the declared sums were not made".into());
        }
        self.serving(&database)
    }

    /// The market of a database with a service on it.
    pub fn serving(&self, database: &str) -> Result<Market> {
        self.serving_with(database, &[])
    }

    /// The same with more arguments of the service.
    pub fn serving_with(&self, database: &str, arguments: &[&str]) -> Result<Market> {
        let service = Service::start(&self.url(database)?, arguments)?;
        Ok(Market { service, client: Client::new()?, database: database.to_owned() })
    }
}

impl Market {
    /// The address of a path of the API.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.service.api)
    }

    /// The address of a query of the synthetic dataset.
    pub fn query(&self, query: &str) -> String {
        self.url(&format!("/datasets/{DATASET}/observations?{query}"))
    }

    /// Who asks it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The process of the service.
    pub fn service(&self) -> u32 {
        self.service.child.id()
    }

    /// Memory of the service when it was ready, and the most that it held since, in MiB.
    pub fn memory(&self) -> Result<(f64, f64)> {
        Ok((self.service.idle, machine::memory(self.service())?.1))
    }

    /// What the service answers well.
    pub fn get(&self, path: &str, headers: &[String]) -> Result<Recorded> {
        self.client.get_well(&self.url(path), headers)
    }

    /// Up to so many stored series with the most months.
    pub fn whole_series(&self, server: &Server, most: usize) -> Result<Vec<Stored>> {
        let mut sql = server.sql(&self.database)?;
        let codes: Vec<String> = sql.list(&format!(
            "SELECT concat_ws('.', measure, source, geo, maker, brand, model, vehicle_class, powertrain) FROM series
             WHERE dataset = '{DATASET}' AND frequency = 'M'
             ORDER BY observations DESC, geo, model, vehicle_class, powertrain LIMIT {most}"
        ))?;
        if codes.is_empty() {
            return Err("there is no series".into());
        }
        Ok(codes
            .iter()
            .map(|codes| Stored::new(series_key(DATASET, Frequency::M, codes.split('.'))))
            .collect())
    }
}

/// A stored series.
pub struct Stored {
    /// Its public key.
    pub key: String,
    /// Where it is stored.
    pub id: i64,
}

impl Stored {
    fn new(key: String) -> Self {
        Self { id: series_id(&key), key }
    }

    /// Its path.
    pub fn path(&self) -> String {
        format!("/series/{}", self.key)
    }
}

impl Service {
    fn start(database: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(PROGRAM);
        // Requests are counted as always, and never too many.
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--query-limit",
            "1000000000",
            "--export-limit",
            "1000000000",
        ]);
        command.args(arguments).env("DATABASE_URL", database);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("it is piped")?).lines();
        let mut service = Self { child, api: String::new(), idle: f64::NAN };
        for line in said {
            if let Some(api) = line?.strip_prefix("api ") {
                api.trim().clone_into(&mut service.api);
                service.idle = machine::memory(service.child.id())?.0;
                return Ok(service);
            }
        }
        Err("the service did not start".into())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The database is not its own, so nothing has to be shut down by it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that counts the buffers of each statement where PostgreSQL's extension for that is installed.
fn counting(folder: &Path) -> Result<Embedded> {
    let options = Options { launcher: PROGRAM.into(), ..Options::new(folder.to_owned(), None) };
    let server = Embedded::start(&options)?;
    let mut sql = Sql::connect(&server.connect("postgres"))?;
    let available = "SELECT count(*) > 0 FROM pg_available_extensions WHERE name = 'pg_stat_statements'";
    let loaded: String = sql.one("SHOW shared_preload_libraries")?;
    if !sql.one::<bool>(available)? || loaded.contains("pg_stat_statements") {
        return Ok(server);
    }
    // It is loaded at the start only.
    sql.run("CREATE EXTENSION pg_stat_statements")?;
    sql.run("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")?;
    drop((sql, server));
    Ok(Embedded::start(&options)?)
}
