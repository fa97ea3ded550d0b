//! The programs that make load: wrk over HTTP, pgbench over PostgreSQL's socket.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::NamedTempFile;

use crate::Result;
use crate::machine::{Jiffies, cpu_micros};

/// How many connections ask at once.
const CONNECTIONS: &str = "16";

/// What one round of requests came to.
pub struct Round {
    pub per_second: f64,
    /// Processor time of the watched process a request, in microseconds; none where no process was watched.
    pub cpu_micros: Option<f64>,
    /// What other guests of the host took of the processors meanwhile.
    pub steal_percent: f64,
}

/// Asks for URLs of one service in turn for some seconds, and watches the processor time of a process.
pub fn wrk(urls: &[String], headers: &[String], seconds: u32, pid: Option<u32>) -> Result<Round> {
    let (jiffies, cpu) = (Jiffies::now()?, pid.map(cpu_micros).transpose()?);
    let mut command = Command::new("wrk");
    command.args(["-t", "1", "-c", CONNECTIONS, "-d", &format!("{seconds}s")]);
    command.args(headers.iter().flat_map(|header| ["-H", header]));
    let script = in_turn(urls)?;
    let url = urls.first().ok_or("nothing is asked for")?;
    if urls.len() > 1 {
        command.arg("-s").arg(script.path());
    }
    let said = output(command.arg(url))?;
    if said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(format!("{url} was not answered well: {said}").into());
    }
    let used = pid.map(cpu_micros).transpose()?;
    let requests: f64 = word_before(&said, " requests in ").ok_or("wrk told no number of requests")?;
    let per_second = said.split("Requests/sec:").nth(1).and_then(|rest| rest.split_whitespace().next());
    Ok(Round {
        per_second: per_second.ok_or("wrk told no rate")?.parse()?,
        cpu_micros: used.zip(cpu).map(|(after, before)| (after - before) / requests),
        steal_percent: Jiffies::now()?.stolen_since(jiffies),
    })
}

/// What has wrk ask for URLs in turn; the requests are made before it begins.
fn in_turn(urls: &[String]) -> Result<NamedTempFile> {
    let path = |url: &String| {
        let behind_scheme = url.split_once("://").map(|(_, rest)| rest)?;
        Some(format!("{:?}", &behind_scheme[behind_scheme.find('/')?..]))
    };
    let paths: Option<Vec<String>> = urls.iter().map(path).collect();
    let paths = paths.ok_or("an address has no path")?.join(", ");
    let mut script = NamedTempFile::new()?;
    writeln!(
        script,
        "local paths, requests, at = {{ {paths} }}, {{}}, 0
         init = function() for i, path in ipairs(paths) do requests[i] = wrk.format(nil, path) end end
         request = function() at = at % #requests + 1 return requests[at] end"
    )?;
    Ok(script)
}

/// Runs a statement for some seconds, prepared, and tells how often a second.
pub fn pgbench(sql: &str, (socket, database): (&Path, &str), seconds: u32) -> Result<Round> {
    let jiffies = Jiffies::now()?;
    let mut script = NamedTempFile::new()?;
    script.write_all(sql.as_bytes())?;
    let mut command = Command::new("pgbench");
    command.args(["-n", "-M", "prepared", "-c", CONNECTIONS, "-j", "1", "-T", &seconds.to_string(), "-f"]);
    command.arg(script.path()).args(["-U", "postgres", "-h"]).arg(socket).arg(database);
    let said = output(&mut command)?;
    let per_second = word_after(&said, "tps = ").ok_or("pgbench told no rate")?;
    Ok(Round { per_second, cpu_micros: None, steal_percent: Jiffies::now()?.stolen_since(jiffies) })
}

fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.stderr(Stdio::piped()).output().map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn word_before(text: &str, mark: &str) -> Option<f64> {
    text.split(mark).next()?.split_whitespace().last()?.parse().ok()
}

fn word_after(text: &str, mark: &str) -> Option<f64> {
    text.split(mark).nth(1)?.split_whitespace().next()?.parse().ok()
}
