//! The server as a child process: started, listened to, and collected by one thread that lives as long as it does.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::PAUSE;
use super::leftover::Record;
use crate::error::{Error, Result};

/// How long a start may take: after a crash PostgreSQL first replays what was written since its last checkpoint.
const START_WITHIN: Duration = Duration::from_mins(5);

/// How many lines of its log are kept to explain an end.
const KEPT_LINES: usize = 12;

/// How long an immediate shutdown may take before the process is killed.
const IMMEDIATE_WITHIN: Duration = Duration::from_millis(500);

/// What a fast shutdown says to each connection.
const CUT_OFF: &str = "terminating connection due to administrator command";

type Lines = Arc<Mutex<VecDeque<String>>>;

/// A running server.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    /// How it ended; `None` while it runs.
    ended: watch::Receiver<Option<String>>,
    lines: Lines,
    /// Whether it ends because we want it to.
    is_stopping: Arc<AtomicBool>,
}

impl Postmaster {
    /// Starts the server on a thread of its own, because its life is bound to that of the thread.
    pub(super) fn spawn(mut command: Command) -> Result<Self> {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let (tell_start, started) = mpsc::sync_channel(1);
        let (tell_end, ended) = watch::channel(None);
        let (lines, is_stopping) = (Lines::default(), Arc::new(AtomicBool::new(false)));
        let (kept, stopping) = (Arc::clone(&lines), Arc::clone(&is_stopping));
        let body = move || match command.spawn() {
            Ok(mut child) => {
                let _ = tell_start.send(Ok(child.id()));
                if let Some(log) = child.stderr.take() {
                    follow(log, &kept, &stopping);
                }
                tell_end.send_replace(Some(collect(&mut child)));
            }
            Err(error) => drop(tell_start.send(Err(error))),
        };
        let thread = std::thread::Builder::new().name("postgresql".to_owned()).spawn(body);
        thread.map_err(|error| Error::internal("no thread for PostgreSQL", error))?;
        let id = started.recv().map_err(|error| Error::internal("the thread of PostgreSQL", error))?;
        let id = id.map_err(|error| Error::Startup(format!("PostgreSQL cannot be started: {error}")))?;
        Ok(Self { pid: Pid::from_raw(id.cast_signed()), ended, lines, is_stopping })
    }

    /// Waits until the server takes connections.
    pub(super) fn wait_until_ready(&self, cluster: &Path) -> Result<()> {
        let deadline = Instant::now() + START_WITHIN;
        let ready = Some(Record { pid: self.pid, ready: true });
        while Instant::now() < deadline {
            if let Some(how) = self.ended() {
                return Err(Error::Startup(format!(
                    "PostgreSQL ended at its start ({how}):\n{}",
                    self.said()
                )));
            }
            if Record::read(cluster) == ready {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        Err(Error::Startup(format!("PostgreSQL was not ready within {START_WITHIN:?}:\n{}", self.said())))
    }

    /// The last lines of its log.
    fn said(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    fn ended(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    /// Changes once, when the server has ended.
    pub(super) fn watch(&self) -> watch::Receiver<Option<String>> {
        self.ended.clone()
    }

    /// Stops the server: fast, and if that takes longer than `within` at once.
    pub(super) fn stop(&self, within: Duration) {
        self.is_stopping.store(true, Ordering::Relaxed);
        let steps = [
            (Signal::SIGINT, within),
            (Signal::SIGQUIT, IMMEDIATE_WITHIN),
            (Signal::SIGKILL, IMMEDIATE_WITHIN),
        ];
        for (signal, within) in steps {
            self.signal(signal);
            let deadline = Instant::now() + within;
            while self.ended().is_none() && Instant::now() < deadline {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Sends a signal, unless the process has been collected and its number may be another one's.
    fn signal(&self, signal: Signal) {
        if self.ended().is_none() {
            kill(self.pid, signal).ok();
        }
    }
}

fn collect(child: &mut Child) -> String {
    match child.wait() {
        Ok(status) => status.to_string(),
        Err(error) => format!("its end is not known: {error}"),
    }
}

/// Hands the server's log on to ours, to the end.
fn follow(log: ChildStderr, kept: &Lines, is_stopping: &AtomicBool) {
    let mut loud = false;
    for line in BufReader::new(log).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        // A message may have further lines (DETAIL, STATEMENT), which are as loud as its first.
        loud = match line.split(':').next() {
            Some("LOG" | "INFO" | "NOTICE" | "DEBUG") => false,
            // That a stop ends connections is what it is for.
            Some("FATAL") if is_stopping.load(Ordering::Relaxed) => !line.contains(CUT_OFF),
            Some("WARNING" | "ERROR" | "FATAL" | "PANIC") => true,
            _ => loud,
        };
        if loud {
            tracing::warn!(target: "postgresql", "{line}");
        } else {
            tracing::debug!(target: "postgresql", "{line}");
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(line.into_owned());
    }
}
