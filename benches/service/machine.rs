//! What the kernel says of the machine and of a process.

use std::fs;

use crate::Result;

/// Jiffies of all processors: stolen by other guests of the host, and in all.
#[derive(Clone, Copy)]
pub struct Jiffies {
    stolen: u64,
    all: u64,
}

impl Jiffies {
    pub fn now() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().ok_or("/proc/stat is empty")?;
        let fields: Vec<u64> =
            line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user already.
        let stolen = *fields.get(7).ok_or("/proc/stat tells no steal")?;
        Ok(Self { stolen, all: fields.iter().take(8).sum() })
    }

    /// The share that was stolen since `earlier`, in percent.
    pub fn stolen_since(self, earlier: Self) -> f64 {
        let part = |of: fn(Self) -> u64| u32::try_from(of(self) - of(earlier)).map_or(f64::NAN, f64::from);
        100.0 * part(|jiffies| jiffies.stolen) / part(|jiffies| jiffies.all)
    }
}

/// The processor time that a process has used, in microseconds; its children are not in it.
pub fn cpu_micros(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program may hold anything; what follows it may not.
    let (_, fields) = stat.rsplit_once(") ").ok_or("an unreadable stat of a process")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok()).map(f64::from);
    let used = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
    // Linux counts hundredths of a second here on every machine.
    Ok(used.ok_or("an unreadable stat of a process")? * 10_000.0)
}

/// What a process holds in memory now, and the most that it ever held, in MiB.
pub fn memory(pid: u32) -> Result<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let mib = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok().map(|kib: f64| kib / 1024.0)
    };
    Ok(mib("VmRSS:").zip(mib("VmHWM:")).ok_or("a process tells no memory")?)
}

/// Processors, in words.
pub fn described() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = cpus.lines().filter(|line| line.starts_with("model name"));
    let name = names.clone().next().and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    format!("{} x {name}", names.count())
}

/// A process with all that it has started, directly or not.
pub fn below(pid: u32) -> Vec<u32> {
    let started = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let started = started.split_whitespace().filter_map(|pid| pid.parse().ok()).flat_map(below);
    std::iter::once(pid).chain(started).collect()
}
