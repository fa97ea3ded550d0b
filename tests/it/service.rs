//! The service as a process of its own, as an operator runs it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use china_auto::database::embedded::SUBCOMMAND;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cluster;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Looks until `probe` finds something.
pub fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process runs.
pub fn runs(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

/// The process that the data folder's `postmaster.pid` names.
pub fn postgres(data_dir: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(data_dir.join("postgresql/postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok().map(Pid::from_raw)
}

/// A command that runs as the owner of the cluster.
pub fn as_owner(data_dir: &Path, program: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let owner = std::fs::metadata(data_dir.join("postgresql")).expect("there is a cluster");
    let mut command = Command::new(program);
    command.current_dir("/");
    if nix::unistd::geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command
}

/// The service with settings of its own, whatever the environment of the tests says. Serves an empty database at a free port.
/// Started as PostgreSQL is, so that it ends with the tests even where these are killed.
pub fn command(program: &Path, data_dir: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"CHINA_AUTO_") {
            command.env_remove(name);
        }
    }
    command.env_remove("DATABASE_URL").current_dir("/");
    command
        .args([SUBCOMMAND, "--folder", "/", "--parent", &std::process::id().to_string(), "--"])
        .arg(program);
    command.arg("--data-dir").arg(data_dir).args(["--listen", "127.0.0.1:0", "--no-bundled-data"]);
    command
}

/// A running service, killed when dropped.
pub struct Service {
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
}

impl Service {
    /// Starts the service on a data folder.
    pub fn on(data_dir: &Path) -> Self {
        Self::spawn(command(cluster::program(), data_dir))
    }

    pub fn spawn(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = gather(child.stdout.take().unwrap());
        let err = gather(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// The text of the line on its standard output whose first word is `what`.
    pub fn line(&self, what: &str) -> Option<String> {
        let out = self.out.lock().unwrap();
        let mut lines = out.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(word, _)| *word == what).map(|(_, text)| text.trim().to_owned())
    }

    /// Waits for a line on its standard output.
    pub fn told(&mut self, what: &str) -> String {
        eventually(&format!("the line {what}"), || {
            let found = self.line(what);
            let ended = found.is_none() && self.child.try_wait().unwrap().is_some();
            assert!(!ended, "the service has ended: {}", self.err.lock().unwrap());
            found
        })
    }

    /// Waits until it serves, and tells the address of a path.
    pub fn url(&mut self, path: &str) -> String {
        let api = self.told("api");
        format!("{}{path}", api.strip_suffix("/v1").expect("the address of the API"))
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        eventually("the end of the service", || self.child.try_wait().unwrap())
    }

    /// Waits for its end and tells what it said on standard error.
    pub fn refused(&mut self) -> String {
        let status = self.ended();
        assert_eq!(status.code(), Some(1));
        // The threads that gather come to their end after the process, whose last word is why; before it stand lines of the log.
        let explains = |text: &String| {
            let why = |line: &str| line.starts_with("china-auto: ") || line.starts_with("error: ");
            text.ends_with('\n') && text.lines().any(why)
        };
        eventually("an explanation", || Some(self.err.lock().unwrap().clone()).filter(explains))
    }

    /// Has it end in order, and tells what it said on standard error.
    pub fn stopped(self) -> String {
        let err = Arc::clone(&self.err);
        self.stop();
        let last = |text: &String| text.lines().last().is_some_and(|line| line.ends_with("stopped"));
        eventually("its last word", || Some(err.lock().unwrap().clone()).filter(last))
    }

    /// Has it end in order, and checks that it does.
    pub fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let asked = Instant::now();
        let status = self.ended();
        assert_eq!(status.code(), Some(0), "{}", self.err.lock().unwrap());
        assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gather(pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let gathered = Arc::clone(&text);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { return };
            let mut text = gathered.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    });
    text
}
