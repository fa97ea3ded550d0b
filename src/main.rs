//! The command line of `china-auto`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use china_auto::config::{self, Flags, Settings};
use china_auto::database::embedded;
use china_auto::error::{Error, Result};
use china_auto::{backup, export, generate, health, http, import, keys, rebuild, rollups, server, telemetry};
use clap::{Parser, Subcommand};

/// Answers are many short-lived pieces of memory of many threads, which this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long the program waits at its end for threads that wait for something.
const LEFT_BEHIND: Duration = Duration::from_millis(500);

/// China's auto market as a REST API, each figure with its source
#[derive(Debug, Parser)]
#[command(name = "china-auto", version, about, max_term_width = 100, args_override_self = true)]
struct CommandLine {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what is done without a command)
    Serve,
    /// Print the configuration file with every setting and its default
    Config,
    /// Print the OpenAPI document of the API
    Openapi,
    /// Ask the service that listens at --listen whether it is ready
    Health,
    /// Make synthetic registrations for load tests, or remove them
    Generate(generate::Wanted),
    /// Take in files of one's own: CSV, NDJSON, XLSX
    Import(Box<import::Wanted>),
    /// Write all data to a folder of CSV that import takes back
    Export(export::Wanted),
    /// Write the embedded server's database to a file that restore takes back
    Backup(backup::Wanted),
    /// Put a backup in the place of the embedded server's database
    Restore(backup::Taken),
    /// Withdraw a release: what the others say holds again
    Withdraw(import::Withdraw),
    /// Make a dataset of one's own
    #[command(subcommand)]
    Dataset(Dataset),
    /// Make, list and revoke the keys of callers
    Keys(keys::Wanted),
    /// Make the same state again from the files that were kept
    Rebuild(Box<rebuild::Wanted>),
    /// List the sums that are kept ready, or make them anew
    Rollups(rollups::Wanted),
    /// Become one of PostgreSQL's programs, for a service that starts it
    #[command(name = embedded::SUBCOMMAND, hide = true)]
    PostgresChild(embedded::Child),
}

/// What is done with datasets.
#[derive(Debug, Subcommand)]
enum Dataset {
    /// Make one out of a description
    Create(import::Described),
    /// Have one exist only for the keys that name it
    Restrict(import::Named),
    /// Have one exist for everybody
    Publish(import::Named),
}

/// Has the memory of this process come in small pages. The allocator asks for pages of 2 MiB, most of which a service at rest leaves
/// nearly empty: without them it holds a quarter less.
#[cfg(target_os = "linux")]
fn take_small_pages() {
    // Where that is refused, memory is all that it costs.
    let _ = nix::sys::prctl::set_thp_disable(true);
}

/// Elsewhere pages are small.
#[cfg(not(target_os = "linux"))]
fn take_small_pages() {}

fn main() -> ExitCode {
    take_small_pages();
    let CommandLine { flags, command } = CommandLine::parse();
    match run(flags, command.unwrap_or(Command::Serve)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("china-auto: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: Flags, command: Command) -> Result<()> {
    match command {
        Command::Serve => {
            let settings = settings(flags)?;
            wait_for(server::serve(settings))
        }
        Command::Config => print(config::EXAMPLE),
        Command::Openapi => print(&http::document::text()),
        Command::Health => health::check(&Settings::load(flags)?),
        Command::Generate(wanted) => {
            let settings = settings(flags)?;
            print(&(wait_for(generate::run(settings, wanted))? + "\n"))
        }
        Command::Import(wanted) => {
            let settings = settings(flags)?;
            let told = wait_for(import::run(settings, *wanted))?;
            print(&told.out)?;
            told.end()
        }
        Command::Export(wanted) => {
            let settings = settings(flags)?;
            print(&wait_for(export::run(settings, wanted))?)
        }
        Command::Backup(wanted) => {
            let settings = settings(flags)?;
            print(&wait_for(backup::run(settings, wanted))?)
        }
        Command::Restore(taken) => {
            let settings = settings(flags)?;
            print(&wait_for(backup::restore(settings, taken))?)
        }
        Command::Withdraw(wanted) => {
            let settings = settings(flags)?;
            print(&wait_for(import::withdraw(settings, wanted))?)
        }
        Command::Dataset(what) => {
            let settings = settings(flags)?;
            print(&match what {
                Dataset::Create(described) => wait_for(import::create(settings, described)),
                Dataset::Restrict(named) => wait_for(import::restrict(settings, named, true)),
                Dataset::Publish(named) => wait_for(import::restrict(settings, named, false)),
            }?)
        }
        Command::Keys(wanted) => {
            let settings = settings(flags)?;
            print(&wait_for(keys::run(settings, wanted))?)
        }
        Command::Rebuild(wanted) => {
            let settings = settings(flags)?;
            print(&wait_for(rebuild::run(settings, *wanted))?)
        }
        Command::Rollups(wanted) => {
            let settings = settings(flags)?;
            print(&wait_for(rollups::run(settings, wanted))?)
        }
        Command::PostgresChild(child) => Err(Error::Startup(child.run())),
    }
}

/// The settings, in force for the log already.
fn settings(flags: Flags) -> Result<Settings> {
    let settings = Settings::load(flags)?;
    telemetry::start(settings.log_format, &settings.log)?;
    Ok(settings)
}

fn print(text: &str) -> Result<()> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|error| Error::internal("printing", error))
}

/// Runs it to its end. What is left on threads that wait for disks does not keep the program from ending.
fn wait_for<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Error::internal("starting the runtime", error))?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LEFT_BEHIND);
    done
}
