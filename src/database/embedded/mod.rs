//! A PostgreSQL of our own: made, started, found again and stopped by this program, reached through a Unix socket alone.
//!
//! The server is durable (fsync is on), it lives no longer than the process that started it, and one lock file a data folder
//! keeps a second one away. Everything here blocks: call it from a thread that may wait.

mod child;
mod dump;
mod folder;
mod initdb;
mod leftover;
mod lock;
mod owner;
mod postmaster;
mod programs;
mod settings;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::watch;

pub use child::{Child, SUBCOMMAND};
pub use dump::Client;
pub use folder::make_data_dir;
pub use programs::Search;

use crate::error::{Error, Result};
use child::Launch;
use folder::Folder;
use lock::{Holder, Lock};
use owner::Owner;
use postmaster::Postmaster;

/// How long to wait between two looks at something that changes by itself.
const PAUSE: Duration = Duration::from_millis(10);

/// The cluster's superuser, as whom everybody connects who can reach the socket.
const SUPERUSER: &str = "postgres";

/// How long a command waits for the server of another process to be ready.
const ATTACH_WITHIN: Duration = Duration::from_mins(1);

/// How long to wait for the last processes of a server that was killed.
const LEFTOVER_WITHIN: Duration = Duration::from_secs(10);

/// How long a fast shutdown may take if nobody said otherwise.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What PostgreSQL says while processes of a killed server are still attached to its memory.
const MEMORY_IN_USE: &str = "pre-existing shared memory block";

/// How the server is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that holds the cluster, the lock and the socket; made where it is missing.
    pub data_dir: PathBuf,
    /// Our own program, whose hidden subcommand becomes PostgreSQL.
    pub launcher: PathBuf,
    /// Where to look for PostgreSQL's programs.
    pub search: Search,
    /// Whether what is committed survives a crash of the machine. Only throwaway data can do without.
    pub durable: bool,
}

impl Options {
    /// A durable server in `data_dir`, started by this very program, with programs looked for in `named` or everywhere.
    pub fn new(data_dir: PathBuf, named: Option<PathBuf>) -> Self {
        Self { data_dir, launcher: this_program(), search: Search::new(named), durable: true }
    }

    /// Whether there is a cluster already, so that nothing has to be made.
    pub fn has_cluster(&self) -> bool {
        folder::cluster(&self.data_dir).exists()
    }
}

/// This program, even if its file has been replaced since.
fn this_program() -> PathBuf {
    let linked = PathBuf::from("/proc/self/exe");
    if linked.exists() { linked } else { std::env::current_exe().unwrap_or(linked) }
}

/// A server that can be connected to. Dropped, it is stopped if it is ours.
#[derive(Debug)]
pub struct Embedded {
    data_dir: PathBuf,
    socket: PathBuf,
    server: Server,
}

#[derive(Debug)]
enum Server {
    /// Started by this process.
    Ours { postmaster: Postmaster, lock: Lock },
    /// Started by another process, which goes on to run it.
    Theirs,
}

impl Embedded {
    /// Starts the server. Refused while another process runs one on the same data folder.
    pub fn start(options: &Options) -> Result<Self> {
        Self::start_alone(options)?.announced()
    }

    /// The same for this process alone: commands that look for a running server wait for the end of this one.
    pub fn start_alone(options: &Options) -> Result<Self> {
        let folder = Folder::open(&options.data_dir)?;
        match Lock::take(&folder.lock())? {
            Some(lock) => Self::run(options, &folder, lock),
            None => Err(held(&folder)),
        }
    }

    /// Connects to the server of another process on the same data folder, or starts one.
    pub fn attach_or_start(options: &Options) -> Result<Self> {
        let folder = Folder::open(&options.data_dir)?;
        let deadline = Instant::now() + ATTACH_WITHIN;
        loop {
            if let Some(lock) = Lock::take(&folder.lock())? {
                return Self::run(options, &folder, lock)?.announced();
            }
            if let Some(Holder { socket: Some(socket), .. }) = Lock::holder(&folder.lock()) {
                return Ok(Self { data_dir: folder.root().to_owned(), socket, server: Server::Theirs });
            }
            if Instant::now() > deadline {
                return Err(held(&folder));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn run(options: &Options, folder: &Folder, lock: Lock) -> Result<Self> {
        let cluster = folder.cluster();
        let owner = Owner::of(&cluster)?;
        let programs = options.search.locate(folder.major()?)?;
        tracing::debug!(%programs, folder = %folder.root().display(), "starting PostgreSQL");
        let launch = Launch { launcher: &options.launcher, owner, folder: &cluster };
        if !cluster.exists() {
            initdb::create(folder, &programs, &launch, options.durable)?;
        }
        let stale = leftover::clear(&cluster)?;
        let socket = folder.socket(owner)?;
        let arguments = settings::arguments(&launch, &programs, (&cluster, &socket), options.durable);
        let deadline = Instant::now() + LEFTOVER_WITHIN;
        let postmaster = loop {
            let mut command = launch.command(&programs.path("postgres"));
            command.args(&arguments);
            if let Some(pid) = stale {
                // PostgreSQL takes no process of this number for a rival, and still looks for leftover memory of the
                // server that had it: removing the file would lose that.
                command.env("PG_GRANDPARENT_PID", pid.to_string());
            }
            let postmaster = Postmaster::spawn(command)?;
            match postmaster.wait_until_ready(&cluster) {
                Ok(()) => break postmaster,
                Err(error) if error.to_string().contains(MEMORY_IN_USE) && Instant::now() < deadline => {
                    std::thread::sleep(PAUSE);
                }
                Err(error) => {
                    postmaster.stop(STOP_WITHIN);
                    return Err(error);
                }
            }
        };
        let server = Server::Ours { postmaster, lock };
        Ok(Self { data_dir: folder.root().to_owned(), socket, server })
    }

    /// Tells other processes where the server can be reached.
    fn announced(mut self) -> Result<Self> {
        if let Server::Ours { lock, .. } = &mut self.server {
            lock.record(Some(&self.socket)).map_err(failed("write the lock file of", &self.data_dir))?;
        }
        Ok(self)
    }

    /// How to connect to one of its databases.
    pub fn connect(&self, database: &str) -> PgConnectOptions {
        // Every setting that PostgreSQL's own variables (PGHOST, PGSSLMODE …) could change is given.
        let options = PgConnectOptions::new_without_pgpass().socket(&self.socket).port(5432);
        options.username(SUPERUSER).database(database).ssl_mode(PgSslMode::Disable)
    }

    /// The folder that holds everything.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The server's process; `None` if it is another process's.
    pub fn pid(&self) -> Option<i32> {
        match &self.server {
            Server::Ours { postmaster, .. } => Some(postmaster.pid().as_raw()),
            Server::Theirs => None,
        }
    }

    /// Changes once, when the server has ended, to how it did; `None` if it is another process's.
    pub fn watch(&self) -> Option<watch::Receiver<Option<String>>> {
        match &self.server {
            Server::Ours { postmaster, .. } => Some(postmaster.watch()),
            Server::Theirs => None,
        }
    }

    /// Stops the server if it is ours: fast, and if that takes longer than `within` at once.
    pub fn stop(mut self, within: Duration) {
        self.shut_down(within);
    }

    fn shut_down(&mut self, within: Duration) {
        if let Server::Ours { postmaster, lock } = &mut self.server {
            // Nobody can be told if this fails, and nothing is lost: who attaches then is told by the server.
            let _ = lock.record(None);
            postmaster.stop(within);
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shut_down(STOP_WITHIN);
    }
}

fn held(folder: &Folder) -> Error {
    let who = Lock::holder(&folder.lock());
    let who = who.map_or_else(|| "another process".to_owned(), |holder| format!("process {}", holder.pid));
    let folder = folder.root().display();
    Error::Startup(format!(
        "{who} runs PostgreSQL on the data folder {folder}. Stop it, or choose another folder with --data-dir, \
         or set DATABASE_URL."
    ))
}

/// Words an operating system's error for the operator.
fn failed(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let what = format!("cannot {doing} {}", path.display());
    move |error| Error::Startup(format!("{what}: {error}"))
}
