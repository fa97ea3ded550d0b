//! How fast the service answers, beside what limits it and beside peers, in one run on one machine. Absolute figures are this
//! machine's; what counts is the ratio.
//!
//! `cargo bench --bench service -- --only cached,uncached --observations 1000000 --seconds 5`

mod bare;
mod cases;
mod client;
mod csv;
mod load;
mod loading;
mod machine;
mod measure;
mod options;

mod overload;
mod owners;
mod peers;
mod random;
mod report;
mod scale;
mod sql;
mod stand;
mod storage;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Parser as _;

use measure::Case;
use options::{Options, Part};
use report::Report;
use stand::{Market, Server};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How often each pair is measured; the median counts.
const ROUNDS: usize = 3;

/// The dataset of made figures.
const DATASET: &str = "synthetic";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, recorded] = &arguments[..]
        && command == bare::COMMAND
    {
        return bare::serve(recorded);
    }
    let options = Options::parse();
    let server = Server::start(options.folder.as_deref())?;
    let report = Report::begin(folder()?.join("report.md"), &options, &server.version()?)?;
    Run { options, server, report }.all()
}

/// Where the report and the peers' programs are put.
fn folder() -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    Ok(target.ok_or("it is in the target folder")?.join("bench"))
}

/// A run of the parts that were asked for.
struct Run {
    options: Options,
    server: Server,
    report: Report,
}

impl Run {
    fn all(mut self) -> Result<()> {
        let has = |part| self.options.has(part);
        let small =
            [Part::Cached, Part::Uncached, Part::Overload, Part::Scale, Part::Load].into_iter().any(has);
        let large = has(Part::Scale) || has(Part::Random);
        if self.options.has(Part::Storage) {
            self.storage()?;
        }
        if self.options.has(Part::Owners) {
            self.owners()?;
        }
        self.files()?;
        self.declared()?;
        let small = small.then(|| self.server.market(self.options.observations)).transpose()?;
        if let Some(market) = &small {
            self.small(market)?;
        }
        let large = large.then(|| self.server.market(self.options.large)).transpose()?;
        if let Some(large) = &large {
            self.large(small.as_ref(), large)?;
        }
        self.memory(&[small.as_ref(), large.as_ref()])
    }

    /// The parts that take files into copies of the large market, while nobody uses that.
    fn files(&mut self) -> Result<()> {
        let (size, folder) = (self.options.large, folder()?.join("csv"));
        if self.options.has(Part::Csv) {
            let rows = csv::rows(&self.server, &folder, size);
            let note = "In the order of months, as text. COPY takes the rows into a table without an index; the import checks every \
                        one, keeps sums, and commits once. By turns, each into a fresh copy of the database.";
            self.report.table("A file of registrations", note, &csv::HEAD, &rows)?;
        }
        if self.options.has(Part::Month) {
            let rows = csv::month(&self.server, &folder, size, self.options.seconds);
            let note = "One figure more for each of 100,000 series, kept sums included. Four readers ask for single series made anew, \
                        5 ms after each answer. Below it the same beside loops that take each processor at the lowest priority and \
                        touch nothing.";
            let title = format!("A month's file into {size} observations");
            self.report.table(&title, note, &loading::HEAD, &rows)?;
        }
        Ok(())
    }

    /// The parts that need one market.
    fn small(&mut self, market: &Market) -> Result<()> {
        if self.options.has(Part::Cached) {
            let cases = cases::cached(&self.server, market)?;
            let note = "`Server-Timing` says `hit`. The bare handler is axum with nothing around it, and sends the same headers \
                        and body.";
            self.cases(market, "Kept answers", note, &cases)?;
        }
        if self.options.has(Part::Uncached) {
            self.uncached(market, "Answers made anew")?;
        }
        if self.options.has(Part::Overload) {
            let rows = overload::rows(&self.server, &market.database, self.options.seconds)?;
            let note = "Nothing is kept. The fewest connections that are answered best, ten times as many, and 1,000; each asks again at once, \
                        also when it was refused. Times are of answers.";
            let title = format!("More than can be answered, {} observations", self.options.observations);
            self.report.table(&title, note, &overload::HEAD, &rows)?;
        }
        if self.options.has(Part::Load) {
            self.load(market)?;
        }
        Ok(())
    }

    /// The parts that need a market which keeps the sums that are asked for.
    fn declared(&mut self) -> Result<()> {
        if !self.options.has(Part::Uncached) && !self.options.has(Part::Peers) {
            return Ok(());
        }
        let market = self.server.declaring(self.options.observations, cases::GRAIN)?;
        if self.options.has(Part::Uncached) {
            self.uncached(&market, "Answers made anew, their own sums kept")?;
        }
        if self.options.has(Part::Peers) {
            self.peers(&market)?;
        }
        Ok(())
    }

    fn uncached(&mut self, market: &Market, title: &str) -> Result<()> {
        let cases = cases::uncached(&self.server, market)?;
        let note = "Asked for with `Cache-Control: no-cache`; `Server-Timing` says `bypass`. pgbench runs fixed \
                    prepared SQL that reads the same arrays, and does nothing with them.";
        self.cases(market, title, note, &cases)
    }

    fn cases(&mut self, market: &Market, title: &str, note: &str, cases: &[Case]) -> Result<()> {
        let seconds = self.options.seconds;
        let rows: Vec<_> =
            cases.iter().map(|case| measure::row(&self.server, market, case, seconds)).collect();
        let title = format!("{title}, {} observations", self.options.observations);
        Ok(self.report.table(&title, note, &measure::HEAD, &rows)?)
    }

    fn peers(&mut self, market: &Market) -> Result<()> {
        peers::fill(&self.server, market)?;
        let mut rows = Vec::new();
        for one in peers::Kind::ALL.into_iter().flat_map(|kind| [(kind, true), (kind, false)]) {
            let started = peers::Running::start(one, &self.server, market, &folder()?.join("peers"));
            let asked = started.and_then(|peer| Ok((peer.cases(&self.server, market)?, peer)));
            match asked {
                Ok((cases, _peer)) => {
                    let row = |case| measure::row(&self.server, market, case, self.options.seconds);
                    rows.extend(cases.iter().map(row));
                }
                Err(error) => rows.push(report::failed(one.0.name(), measure::HEAD.len(), &error)),
            }
        }
        let note = "The same figures as rows of tables by grain, with a row a period and an index for what is asked, as the service \
                    keeps sums of these grains; \
                    two workers, ten connections in all, as the service has; with a line of log for each request, as the service writes, and \
                    without. Their kept answers are ready bytes in a \
                    dictionary of each worker. Before it is measured the figures are compared with the service's.";
        let title = format!("Peers, {} observations", self.options.observations);
        Ok(self.report.table(&title, note, &measure::HEAD, &rows)?)
    }

    fn load(&mut self, market: &Market) -> Result<()> {
        if self.options.load_command.is_empty() {
            return Ok(self.report.say("## Loads\n\nNot measured: no `--load-command` was given.")?);
        }
        let commands = &self.options.load_command;
        let rows = loading::rows(&self.server, market, commands, self.options.seconds);
        let note =
            "Four readers ask for single series made anew, 5 ms after each answer. Each command runs once.";
        let title = format!("Loads, into {} observations", self.options.observations);
        Ok(self.report.table(&title, note, &loading::HEAD, &rows)?)
    }

    /// The parts that need the large market.
    fn large(&mut self, small: Option<&Market>, large: &Market) -> Result<()> {
        let size = self.options.large;
        if let Some(small) = small.filter(|_| self.options.has(Part::Scale)) {
            let rows = scale::rows(&self.server, small, large, self.options.seconds)?;
            let note = "One request at a time, of both sizes by turns, made anew. Buffers are pages that the \
                        statements of one warm request touch, planning left out.";
            let title = format!("Eight queries at {} and {size} observations", self.options.observations);
            self.report.table(&title, note, &scale::HEAD, &rows)?;
        }
        if self.options.has(Part::Random) {
            let rows = random::rows(&self.server, large, self.options.queries, self.options.seed)?;
            let note = "Drawn from dimensions named with one to three codes, `*`, levels, `group_by`, rankings, \
                        frequencies, transforms and windows; each made anew, three times, one at a time. A 413 or 422 is a \
                        refusal that the API documents.";
            let Options { queries, seed, .. } = self.options;
            let title = format!("{queries} random queries of seed {seed}, {size} observations");
            self.report.table(&title, note, &random::HEAD, &rows)?;
        }
        Ok(())
    }

    fn owners(&mut self) -> Result<()> {
        let rows = owners::rows(&self.server, self.options.seconds)?;
        let note = "One request at a time, each made anew, about seventy organizations in turn; three stakes of a company hold on the \
                    day. Counts are medians.";
        Ok(self.report.table("10,000 organizations and 50,000 stakes", note, &owners::HEAD, &rows)?)
    }

    fn storage(&mut self) -> Result<()> {
        let rows = storage::rows(&self.server, self.options.observations);
        let note = "Tables of series, observations and sums with their indexes. The bundled data are among the tables, and not in \
                    the bytes an observation.";
        Ok(self.report.table("Storage", note, &storage::HEAD, &rows)?)
    }

    fn memory(&mut self, markets: &[Option<&Market>]) -> Result<()> {
        let mut rows = Vec::new();
        for market in markets.iter().copied().flatten() {
            let (idle, peak) = market.memory()?;
            rows.push(vec![market.database.clone(), format!("{idle:.0}"), format!("{peak:.0}")]);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let head = ["service on", "when ready, MiB", "most during all of the above, MiB"];
        let note = "What the service's process holds; PostgreSQL's processes are not in it.";
        Ok(self.report.table("Memory", note, &head, &rows)?)
    }
}
