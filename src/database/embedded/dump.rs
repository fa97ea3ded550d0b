//! How a database is written to a file and made of one: by PostgreSQL's own pg_dump and pg_restore, run as the cluster's owner,
//! to whom the socket is open. The file need not be: they get it opened.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::child::Launch;
use super::folder::Folder;
use super::owner::Owner;
use super::{Embedded, Options, PAUSE, SUPERUSER, failed};
use crate::error::{Error, Result};

/// The folder that a process runs in, as a path that holds whatever that folder's name is.
const OWN_FOLDER: &str = "/proc/self/cwd";

/// One of PostgreSQL's programs that connect to a server, with all it takes to start it.
#[derive(Debug)]
pub struct Client {
    launcher: PathBuf,
    owner: Option<Owner>,
    socket: PathBuf,
    program: PathBuf,
}

impl Embedded {
    /// What writes a database to a file; of the version that the cluster is of.
    pub fn pg_dump(&self, options: &Options) -> Result<Client> {
        self.client(options, "pg_dump")
    }

    /// What makes a database of such a file.
    pub fn pg_restore(&self, options: &Options) -> Result<Client> {
        self.client(options, "pg_restore")
    }

    fn client(&self, options: &Options, program: &str) -> Result<Client> {
        let folder = Folder::open(&self.data_dir)?;
        Ok(Client {
            launcher: options.launcher.clone(),
            owner: Owner::of(&folder.cluster())?,
            socket: self.socket.clone(),
            program: options.search.locate(folder.major()?)?.client(program)?,
        })
    }
}

impl Client {
    /// Writes a database as pg_dump, in its custom form, as of one moment. Blocks until it is done or, once `cancelled` is set, has ended:
    /// [`Error::Cancelled`].
    pub fn dump(&self, database: &str, to: File, cancelled: &AtomicBool) -> Result<()> {
        let mut command = self.command(database);
        command.arg("--format=custom").stdout(to);
        self.run(command, cancelled)
    }

    /// Fills an empty database as pg_restore: with all of the file or with nothing. Blocks until it is done.
    pub fn restore(&self, database: &str, from: File) -> Result<()> {
        let mut command = self.command(database);
        command.args(["--format=custom", "--exit-on-error", "--single-transaction", "--no-owner"]);
        command.arg("--no-privileges").stdin(from).stdout(Stdio::null());
        self.run(command, &AtomicBool::new(false))
    }

    fn command(&self, database: &str) -> Command {
        let launch = Launch { launcher: &self.launcher, owner: self.owner, folder: &self.socket };
        let mut command = launch.command(&self.program);
        command.arg("--host").arg(host(&self.socket)).args(["--port=5432", "--no-password"]);
        command.arg(format!("--username={SUPERUSER}")).arg(format!("--dbname={database}"));
        command
    }

    /// The thread that starts the program waits here for its end, so that it outlives it. What the program says goes to a file without
    /// a name, which takes any amount of it.
    fn run(&self, mut command: Command, cancelled: &AtomicBool) -> Result<()> {
        let unreadable = |error| Error::internal("what a program of PostgreSQL said", error);
        let mut said = tempfile::tempfile().map_err(unreadable)?;
        command.stderr(said.try_clone().map_err(unreadable)?);
        let mut child = command.spawn().map_err(failed("run", &self.launcher))?;
        let status = collect(&mut child, cancelled).map_err(failed("wait for", &self.program))?;
        if status.success() {
            return Ok(());
        }
        if cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let mut text = Vec::new();
        said.rewind().and_then(|()| said.read_to_end(&mut text)).map_err(unreadable)?;
        let (name, text) = (self.program.display(), String::from_utf8_lossy(&text));
        Err(Error::Startup(format!("{name} failed ({status}): {}", text.trim())))
    }
}

fn collect(child: &mut Child, cancelled: &AtomicBool) -> std::io::Result<ExitStatus> {
    let pid = Pid::from_raw(child.id().cast_signed());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if cancelled.load(Ordering::Relaxed) {
            // Not collected yet, so the number is still its own.
            kill(pid, Signal::SIGINT)?;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The socket's folder, as PostgreSQL's library takes it: a comma would separate it into two.
fn host(socket: &Path) -> &Path {
    let is_list = socket.as_os_str().as_encoded_bytes().contains(&b',');
    if is_list && cfg!(target_os = "linux") { Path::new(OWN_FOLDER) } else { socket }
}
