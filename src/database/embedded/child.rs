//! How one of PostgreSQL's programs is started: by way of our own program, which first takes on the right user and
//! arranges to be told when we die. Doing so between fork and exec would need `unsafe` code; a program of its own does not.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{getppid, setsid};

use super::owner::Owner;

/// The hidden subcommand by which PostgreSQL's programs are started.
pub const SUBCOMMAND: &str = "postgres-child";

/// What PostgreSQL's programs need of our environment. Nothing else is handed on: variables like PGPORT change what they do.
const ENVIRONMENT: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

/// How programs are started for one data folder.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    /// Our own program.
    pub(super) launcher: &'a Path,
    /// Who the programs run under; `None` is the user of this process.
    pub(super) owner: Option<Owner>,
    /// Where they run.
    pub(super) folder: &'a Path,
}

impl Launch<'_> {
    /// The command that becomes `program`. The thread that spawns it must outlive it: Linux tells the child of the death
    /// of a thread, not of a process.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(self.launcher);
        command.arg0("china-auto").env_clear().stdin(Stdio::null());
        command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("LC_ALL", "C");
        command.arg(SUBCOMMAND).arg("--parent").arg(std::process::id().to_string());
        command.arg("--folder").arg(self.folder);
        if let Some(Owner { uid, gid }) = self.owner {
            command.args(["--uid", &uid.to_string(), "--gid", &gid.to_string()]);
        }
        command.arg("--").arg(program);
        command
    }
}

/// The arguments of the hidden subcommand.
#[derive(Debug, clap::Args)]
pub struct Child {
    /// The process that must be alive.
    #[arg(long)]
    parent: i32,
    /// The folder to run in.
    #[arg(long)]
    folder: PathBuf,
    /// The user to become.
    #[arg(long, requires = "gid")]
    uid: Option<u32>,
    /// The group to become.
    #[arg(long)]
    gid: Option<u32>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

impl Child {
    /// Becomes the program. Comes back only if that fails, and says why.
    pub fn run(self) -> String {
        match self.become_program() {
            Ok(never) => match never {},
            Err(reason) => reason,
        }
    }

    fn become_program(self) -> Result<std::convert::Infallible, String> {
        // A session of its own: Ctrl-C in the terminal is for us, who then stop the server when its clients are done.
        setsid().map_err(|error| format!("no session of its own: {error}"))?;
        let (program, arguments) = self.program.split_first().ok_or("no program")?;
        let mut command = Command::new(program);
        command.args(arguments);
        self.take_on_user(&mut command)?;
        std::env::set_current_dir(&self.folder).map_err(|error| {
            let (user, folder) = (nix::unistd::geteuid(), self.folder.display());
            format!("user {user}, under whom PostgreSQL runs, cannot reach {folder}: {error}")
        })?;
        die_with_parent()?;
        take_large_pages();
        // The parent may have died before the line above.
        if getppid().as_raw() != self.parent {
            return Err("the process that started this one is gone".to_owned());
        }
        Err(format!("cannot run {}: {}", program.display(), command.exec()))
    }

    #[cfg(target_os = "linux")]
    fn take_on_user(&self, _: &mut Command) -> Result<(), String> {
        let (Some(uid), Some(gid)) = (self.uid, self.gid) else { return Ok(()) };
        let (uid, gid) = (nix::unistd::Uid::from_raw(uid), nix::unistd::Gid::from_raw(gid));
        nix::unistd::setgroups(&[gid])
            .and_then(|()| nix::unistd::setgid(gid))
            .and_then(|()| nix::unistd::setuid(uid))
            .map_err(|error| format!("cannot become user {uid}: {error}"))
    }

    /// Elsewhere there is no signal on death that a change of user would clear: the change may wait for the exec.
    #[cfg(not(target_os = "linux"))]
    fn take_on_user(&self, command: &mut Command) -> Result<(), String> {
        let (Some(uid), Some(gid)) = (self.uid, self.gid) else { return Ok(()) };
        command.uid(uid).gid(gid);
        Ok(())
    }
}

/// Has the system send SIGINT, PostgreSQL's fast shutdown, when the thread that started us ends. After the change of user,
/// which clears it.
#[cfg(target_os = "linux")]
fn die_with_parent() -> Result<(), String> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGINT)
        .map_err(|error| format!("no signal on the death of the parent: {error}"))
}

/// Has the program take pages of memory of any size: the one that starts it takes only small ones, which would be inherited.
#[cfg(target_os = "linux")]
fn take_large_pages() {
    // Where that is refused, small ones will do.
    let _ = nix::sys::prctl::set_thp_disable(false);
}

/// Nothing is inherited here.
#[cfg(not(target_os = "linux"))]
fn take_large_pages() {}

/// No such thing here: the next start stops what was left over.
#[cfg(not(target_os = "linux"))]
fn die_with_parent() -> Result<(), String> {
    Ok(())
}
