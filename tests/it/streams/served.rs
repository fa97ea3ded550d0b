//! Downloads of the running service: how much memory they take, and what a stop does to them.

use std::time::Instant;

use super::data::{MADE, MONTHS, make};
use crate::cluster;
use crate::service::{Service, command};

/// Series with more observations together than any other answer may have.
const SERIES: usize = 9_000;

/// How much more memory the service may take for an answer of a hundred times this size, in kilobytes.
const MOST_KB: u64 = 64 * 1024;

/// The most memory that a process has ever had, in kilobytes.
fn peak(pid: nix::unistd::Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn more_than_a_million_rows_take_no_more_memory_than_a_few() {
    let database = cluster::database().await;
    make(&database, SERIES).await;
    let folder = tempfile::tempdir().unwrap();
    cluster::open(folder.path());
    let mut command = command(cluster::program(), folder.path());
    command.env("DATABASE_URL", database.url());
    let mut service = Service::spawn(command);
    let (url, few) = (service.url(MADE), service.url(&format!("{MADE}&start=2015&end=2015-06")));
    let few = reqwest::get(&few).await.unwrap().text().await.unwrap();
    assert_eq!(few.lines().count(), SERIES * 6 + 1);
    let before = peak(service.pid());
    let mut answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.headers()["transfer-encoding"], "chunked");
    let (mut lines, mut bytes) = (0, 0);
    while let Some(chunk) = answer.chunk().await.unwrap() {
        lines += chunk.split(|byte| *byte == b'\n').count() - 1;
        bytes += chunk.len();
    }
    assert_eq!(lines, SERIES * MONTHS + 1);
    assert!(bytes > 100_000_000, "{bytes}");
    let grown = peak(service.pid()) - before;
    assert!(grown < MOST_KB, "{grown} kB more for {bytes} bytes");

    // A stop cuts off what is not taken in time, and that can be seen.
    let mut answer = reqwest::get(&url).await.unwrap();
    answer.chunk().await.unwrap().unwrap();
    let (asked, stopped) = (Instant::now(), tokio::task::spawn_blocking(|| service.stop()));
    stopped.await.unwrap();
    assert!(asked.elapsed().as_secs() >= 5, "it was given time to be taken");
    let rest = loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(rest.is_err(), "it looks whole");
}
