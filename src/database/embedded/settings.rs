//! What the server is started with.

use std::path::Path;

use super::child::Launch;
use super::programs::Programs;

/// A mebibyte.
const MIB: u64 = 1 << 20;

/// What PostgreSQL takes of the memory for its pages if nothing is said; and the most that we ask for.
const BUFFERS: std::ops::RangeInclusive<u64> = 128..=1024;

/// Of how much memory it takes one part.
const SHARE: u64 = 8;

/// Where Linux tells how much memory there is, and how much of it we may have.
const MEMORY: &str = "/proc/meminfo";
const LIMITS: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// The arguments of a server on this cluster that is reached by this socket.
pub(super) fn arguments(
    launch: &Launch<'_>,
    programs: &Programs,
    (cluster, socket): (&Path, &Path),
    durable: bool,
) -> Vec<String> {
    let on = if durable { "on" } else { "off" };
    // The setting is a list: a path with a comma or a blank has to be quoted.
    let socket = socket.display().to_string().replace('"', "\"\"");
    let mut settings = vec![
        "listen_addresses=".to_owned(),
        "port=5432".to_owned(),
        format!("unix_socket_directories=\"{socket}\""),
        "unix_socket_permissions=0700".to_owned(),
        format!("fsync={on}"),
        format!("synchronous_commit={on}"),
        format!("full_page_writes={on}"),
        // A page that is changed and has no room in memory is written at once, and the log before it synced each time: a month's
        // file touches 150,000 pages.
        format!("shared_buffers={}MB", buffers(memory())),
        // Each checkpoint has all pages logged whole again that change after it.
        "max_wal_size=2GB".to_owned(),
        // Our reader of its log, which is its error output, goes by the first word of a line.
        "logging_collector=off".to_owned(),
        "log_destination=stderr".to_owned(),
        "log_line_prefix=".to_owned(),
        "lc_messages=C".to_owned(),
    ];
    if durable && compresses(launch, programs, cluster) {
        settings.push(COMPRESSION.to_owned());
    }
    let mut arguments = vec!["-D".to_owned(), cluster.display().to_string()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    arguments
}

/// Pages that are logged whole become a fifth by it. Packages have it built in; a server without it does not start with this.
const COMPRESSION: &str = "wal_compression=lz4";

fn compresses(launch: &Launch<'_>, programs: &Programs, cluster: &Path) -> bool {
    let mut command = launch.command(&programs.path("postgres"));
    command.arg("-D").arg(cluster).args(["-c", COMPRESSION, "-C", "wal_compression"]);
    command.output().is_ok_and(|output| output.status.success())
}

/// How many MiB the server may keep pages in, with so many bytes of memory.
fn buffers(memory: Option<u64>) -> u64 {
    let share = memory.unwrap_or_default() / SHARE / MIB;
    share.clamp(*BUFFERS.start(), *BUFFERS.end())
}

/// The bytes of memory that there are for us; `None` where the system does not tell.
fn memory() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let limits = LIMITS.iter().filter_map(|path| read(path)?.trim().parse().ok());
    read(MEMORY).as_deref().and_then(total).into_iter().chain(limits).min()
}

/// The first line of `/proc/meminfo`, in bytes.
fn total(told: &str) -> Option<u64> {
    let kib: u64 = told
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_takes_an_eighth_of_the_memory_within_bounds() {
        for (mib, buffers_of_it) in [(512, 128), (2_048, 256), (4_096, 512), (65_536, 1_024)] {
            assert_eq!(buffers(Some(mib * MIB)), buffers_of_it, "of {mib} MiB");
        }
        assert_eq!(buffers(None), 128);
    }

    #[test]
    fn the_memory_is_told_in_kibibytes() {
        assert_eq!(total("MemTotal:       24684096 kB\nMemFree: 1 kB\n"), Some(24_684_096 * 1024));
        assert_eq!(total("none"), None);
    }
}
