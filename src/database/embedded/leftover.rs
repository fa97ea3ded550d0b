//! What an earlier run may have left in the cluster: a server that still runs, or the record of one that does not.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::PAUSE;
use crate::error::{Error, Result};

/// How long a server that was left over may take for each kind of shutdown.
const SHUTDOWNS: [(Signal, Duration); 2] =
    [(Signal::SIGINT, Duration::from_secs(10)), (Signal::SIGQUIT, Duration::from_secs(5))];

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) pid: Pid,
    /// Whether it takes connections.
    pub(super) ready: bool,
}

impl Record {
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid: i32 = lines.next()?.trim().parse().ok()?;
        let ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
        (pid > 0).then(|| Self { pid: Pid::from_raw(pid), ready })
    }
}

/// Stops a server that still runs on this cluster. Returns the process that `postmaster.pid` names if it is not a server of
/// this cluster: dead, dead and not collected (a zombie), or another one with the same number.
pub(super) fn clear(cluster: &Path) -> Result<Option<Pid>> {
    let Some(Record { pid, .. }) = Record::read(cluster) else { return Ok(None) };
    if !is_server(pid, cluster) {
        tracing::info!(%pid, "postmaster.pid is stale");
        return Ok(Some(pid));
    }
    tracing::warn!(%pid, "stopping a PostgreSQL that an earlier run left behind");
    for (signal, within) in SHUTDOWNS {
        kill(pid, signal).ok();
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if !is_server(pid, cluster) {
                return Ok(None);
            }
            std::thread::sleep(PAUSE);
        }
    }
    Err(Error::Startup(format!(
        "process {pid} is a PostgreSQL that runs on {} and does not stop",
        cluster.display()
    )))
}

/// Whether the process is a server that was started for this cluster. A zombie has no command line.
#[cfg(target_os = "linux")]
fn is_server(pid: Pid, cluster: &Path) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|argument| argument == cluster.as_os_str().as_encoded_bytes())
}

/// Whether the process is a server that was started for this cluster. A zombie has no command line.
#[cfg(not(target_os = "linux"))]
fn is_server(pid: Pid, cluster: &Path) -> bool {
    let asked = ["-o", "command=", "-p", &pid.to_string()];
    let output = std::process::Command::new("ps").args(asked).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&*cluster.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
    use nix::sys::signal::SigSet;
    use nix::sys::wait::{WaitStatus, waitpid};

    use super::*;

    #[test]
    fn the_record_of_a_server_is_read_and_a_broken_one_is_none() {
        let whole = "71\n/data\n1764000000\n5432\n/socket\n\n  1048577         4\nready   \n";
        assert_eq!(Record::parse(whole), Some(Record { pid: Pid::from_raw(71), ready: true }));
        assert_eq!(Record::parse("71\n/data\n"), Some(Record { pid: Pid::from_raw(71), ready: false }));
        assert_eq!(Record::parse(""), None);
        assert_eq!(Record::parse("-1\n"), None);
    }

    #[test]
    fn a_process_that_has_nothing_to_do_with_the_cluster_is_stale_and_left_alone() {
        let cluster = tempfile::tempdir().unwrap();
        let mut stranger = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(stranger.id().cast_signed());
        std::fs::write(cluster.path().join("postmaster.pid"), format!("{pid}\n")).unwrap();
        assert_eq!(clear(cluster.path()).unwrap(), Some(pid));
        assert!(stranger.try_wait().unwrap().is_none(), "it runs on");

        stranger.kill().unwrap();
        let gone = || std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.is_empty());
        while cfg!(target_os = "linux") && !gone() {
            std::thread::sleep(PAUSE);
        }
        assert_eq!(clear(cluster.path()).unwrap(), Some(pid), "a zombie is stale too");
        stranger.wait().unwrap();
    }

    #[test]
    fn a_server_that_was_left_over_is_stopped() {
        let cluster = tempfile::tempdir().unwrap();
        let path = cluster.path().to_owned();
        let pid = shell("trap 'exit 3' INT; : > \"$1/started\"; while :; do sleep 0.05; done", &path);
        std::fs::write(path.join("postmaster.pid"), format!("{pid}\n")).unwrap();
        while !path.join("started").exists() {
            std::thread::sleep(PAUSE);
        }
        let collected = std::thread::spawn(move || waitpid(pid, None).unwrap());
        assert_eq!(clear(&path).unwrap(), None);
        assert_eq!(collected.join().unwrap(), WaitStatus::Exited(pid, 3));
    }

    /// Starts a shell that a SIGINT reaches also where these tests were started with it ignored, as behind `nohup` or a script's `&`: a
    /// shell cannot trap what it inherits as ignored.
    fn shell(script: &str, cluster: &Path) -> Pid {
        let mut attributes = PosixSpawnAttr::init().unwrap();
        attributes.set_flags(PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF).unwrap();
        attributes.set_sigdefault(&SigSet::from_iter([Signal::SIGINT])).unwrap();
        let arguments = ["sh", "-c", script, "-D", cluster.to_str().unwrap()];
        let arguments = arguments.map(|argument| CString::new(argument).unwrap());
        let path = CString::new(format!("PATH={}", std::env::var("PATH").unwrap())).unwrap();
        let files = PosixSpawnFileActions::init().unwrap();
        posix_spawn(c"/bin/sh", &files, &attributes, &arguments, &[path]).unwrap()
    }
}
