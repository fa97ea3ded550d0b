//! The one PostgreSQL of a test run, and a database of its own for each test.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use china_auto::clock::Clock;
use china_auto::database::Database;
use china_auto::database::embedded::{Embedded, Options};
use china_auto::ingest::{self, Files};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

/// The migrated database that others are copies of.
const MIGRATED: &str = "migrated";

/// The same with the bundled data.
const LOADED: &str = "loaded";

/// Clears up after the run, whose own end tells it to begin: libtest runs nothing at the end of all tests.
const CLEAR_UP: &str = r#"
cat > /dev/null
kill -INT "$(head -n 1 "$1/postgresql/postmaster.pid")" 2> /dev/null
tries=0
while [ -e "$1/postgresql/postmaster.pid" ] && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
rm -rf "$1"
"#;

struct Cluster {
    embedded: Embedded,
    _alive: ChildStdin,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The service's own program.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_china-auto"))
}

/// How a server for tests is run in `data_dir`: without waiting for the disk.
pub fn options(data_dir: &Path) -> Options {
    let named = std::env::var_os("PG_BINDIR").map(PathBuf::from);
    Options { launcher: program().to_owned(), durable: false, ..Options::new(data_dir.to_owned(), named) }
}

/// The time at which all tests take place: after the last document of the bundled data.
pub fn clock() -> Clock {
    Clock::fixed("2026-11-24T04:00:00Z".parse().expect("a time"))
}

/// The server lives on a thread of the manager's, so it does not end with the test that happens to start it.
fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("china-auto-test-").tempdir().expect("a folder").keep();
        open(&folder);
        let mut clear_up = Command::new("sh");
        clear_up.args(["-c", CLEAR_UP, "sh"]).arg(&folder).process_group(0).stdin(Stdio::piped());
        let alive = clear_up.spawn().expect("sh runs").stdin.take().expect("it is piped");
        let embedded = Embedded::start(&options(&folder)).expect("PostgreSQL starts");
        Cluster { embedded, _alive: alive }
    })
}

/// Lets the user that PostgreSQL runs under, where we are root, pass through a folder.
pub fn open(folder: &Path) {
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).expect("it is ours");
}

/// Says that a test does not apply on this machine, past the capture of what tests print.
pub fn skipped(why: &str) {
    writeln!(std::io::stderr(), "SKIPPED: {why}").expect("standard error is open");
}

/// A database of one test, dropped with it.
pub struct TestDatabase {
    /// The database, to migrate, load and read.
    pub database: Database,
    /// How to connect to it, as an administrator.
    pub options: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// Its address, as `DATABASE_URL` takes it.
    pub fn url(&self) -> String {
        let socket = self.options.get_socket().expect("it is reached by a socket").display().to_string();
        format!("postgres://postgres@{}/{}", socket.replace('/', "%2F"), self.name)
    }
}

/// A database with the schema and all bundled data.
pub async fn database() -> TestDatabase {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let load = async || {
        let loaded = make(LOADED, template(MIGRATED).await).await;
        ingest::load_bundled(&loaded, &Files::bundled(), &clock()).await.expect("the bundled data loads");
    };
    MADE.get_or_init(load).await;
    fresh(LOADED).await
}

/// A database with the schema and no data.
pub async fn migrated() -> TestDatabase {
    fresh(template(MIGRATED).await).await
}

/// A database without a schema.
pub async fn bare() -> TestDatabase {
    fresh("template0").await
}

async fn template(name: &'static str) -> &'static str {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let migrate = async || {
        let migrated = make(name, "template0").await;
        migrated.migrate().await.expect("the migrations run");
    };
    MADE.get_or_init(migrate).await;
    name
}

async fn fresh(template: &str) -> TestDatabase {
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let database = make(&name, template).await;
    TestDatabase { database, options: cluster().embedded.connect(&name), name }
}

async fn make(name: &str, template: &str) -> Database {
    administrate(format!("DROP DATABASE IF EXISTS {name}")).await;
    administrate(format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")).await;
    Database::new(cluster().embedded.connect(name))
}

async fn administrate(statement: String) {
    let mut connection = PgConnection::connect_with(&cluster().embedded.connect("postgres"))
        .await
        .expect("the server answers");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.expect("the statement is right");
    connection.close().await.expect("the server answers");
}

/// Tables that nobody can read. A statement on one waits until it is ended as too slow.
pub struct Held(PgConnection);

impl Held {
    /// Lets them be read again.
    pub async fn release(self) {
        self.0.close().await.expect("the server answers");
    }
}

impl TestDatabase {
    /// Keeps everybody from reading these tables.
    pub async fn hold(&self, tables: impl IntoIterator<Item = &str>) -> Held {
        let mut connection = PgConnection::connect_with(&self.options).await.expect("the server answers");
        let tables: Vec<&str> = tables.into_iter().collect();
        let lock = format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", tables.join(", "));
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut connection).await.expect("the tables are there");
        Held(connection)
    }

    /// Every table of the schema.
    pub async fn tables(&self) -> Vec<String> {
        let mut connection = PgConnection::connect_with(&self.options).await.expect("the server answers");
        let names = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        sqlx::query_scalar(names).fetch_all(&mut connection).await.expect("the statement is right")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // The test's own runtime cannot wait here.
        let drop = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(administrate(statement));
        };
        let dropped = std::thread::spawn(drop).join();
        assert!(dropped.is_ok() || std::thread::panicking(), "{} was not dropped", self.name);
    }
}
