//! The settings: a flag goes before an environment variable, that before the configuration file, that before the default.

pub mod edge;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use nix::unistd::Uid;
use serde::Deserialize;

use crate::database::{DatabaseUrl, Opened, embedded};
use crate::error::{Error, Result};
pub use edge::Edge;

/// The configuration file with every setting, its meaning and its default.
pub const EXAMPLE: &str = include_str!("../china-auto.toml.example");

/// The most that `cache-size` may be: a TiB.
const MOST_CACHE_MIB: i64 = 1 << 20;

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What the command line and the environment say.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// The configuration file to read; `china-auto config` prints one with every setting
    #[arg(long, global = true, env = "CHINA_AUTO_CONFIG", hide_env_values = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the API listens; port 0 takes a free one and prints it [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "CHINA_AUTO_LISTEN", hide_env_values = true, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The database to use; without it an embedded PostgreSQL is started
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Where the embedded PostgreSQL keeps its data, and files that are taken in are kept [default: /var/lib/china-auto as root, otherwise ~/.local/share/china-auto]
    #[arg(long, global = true, env = "CHINA_AUTO_DATA_DIR", hide_env_values = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// The folder of PostgreSQL's programs [default: the newest of PATH, pg_config and the usual folders]
    #[arg(long, global = true, env = "PG_BINDIR", hide_env_values = true, value_name = "FOLDER")]
    pg_bindir: Option<PathBuf>,
    /// Start without the bundled data
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_NO_BUNDLED_DATA",
        hide_env_values = true,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    no_bundled_data: Option<bool>,
    /// Connections to the database for reading [default: 10]
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_POOL_SIZE",
        hide_env_values = true,
        value_name = "1..1000",
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pool_size: Option<u32>,
    /// The most memory for answers that are kept, in MiB; 0 keeps none [default: 64]
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_CACHE_SIZE",
        hide_env_values = true,
        value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(..=MOST_CACHE_MIB)
    )]
    cache_size: Option<u32>,
    /// Let who has no key send files and withdraw too; only where --listen is an address of this machine alone
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_ALLOW_ANONYMOUS_WRITES",
        hide_env_values = true,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    allow_anonymous_writes: Option<bool>,
    /// The most that files that are sent may take on disk until they are taken in, in MiB [default: 4096]
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_SPOOL_SIZE",
        hide_env_values = true,
        value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    spool_size: Option<u32>,
    /// Do not keep the files that are taken in
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_NO_KEPT_FILES",
        hide_env_values = true,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    no_kept_files: Option<bool>,
    /// The web origins whose pages may read answers, separated by commas; * is any [default: *]
    #[arg(
        long,
        global = true,
        env = "CHINA_AUTO_CORS_ORIGINS",
        hide_env_values = true,
        value_name = "ORIGINS",
        value_delimiter = ','
    )]
    cors_origins: Option<Vec<String>>,
    #[command(flatten)]
    edge: edge::Flags,
    /// How the log is written, to standard error [default: text]
    #[arg(long, global = true, env = "CHINA_AUTO_LOG_FORMAT", hide_env_values = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What is logged: a level, or levels by module as in info,postgresql=debug [default: info,sqlx=warn]
    #[arg(long, global = true, env = "CHINA_AUTO_LOG", hide_env_values = true, value_name = "FILTER")]
    log: Option<String>,
}

/// What the configuration file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    listen: Option<String>,
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    pg_bindir: Option<PathBuf>,
    no_bundled_data: Option<bool>,
    pool_size: Option<u32>,
    cache_size: Option<u32>,
    allow_anonymous_writes: Option<bool>,
    spool_size: Option<u32>,
    no_kept_files: Option<bool>,
    cors_origins: Option<Vec<String>>,
    trusted_proxies: Option<u8>,
    query_limit: Option<u32>,
    export_limit: Option<u32>,
    import_limit: Option<u32>,
    key_limit_factor: Option<u32>,
    max_requests: Option<u32>,
    max_connections: Option<u32>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    metrics_listen: Option<String>,
    log_format: Option<LogFormat>,
    log: Option<String>,
}

impl File {
    /// What it says of the edge.
    fn edge(&mut self) -> edge::Flags {
        edge::Flags {
            trusted_proxies: self.trusted_proxies,
            query_limit: self.query_limit,
            export_limit: self.export_limit,
            import_limit: self.import_limit,
            key_limit_factor: self.key_limit_factor,
            max_requests: self.max_requests,
            max_connections: self.max_connections,
            tls_cert: self.tls_cert.take(),
            tls_key: self.tls_key.take(),
            metrics_listen: self.metrics_listen.take(),
        }
    }
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API listens, as `host:port`.
    pub listen: String,
    /// The database to use; `None` starts an embedded PostgreSQL.
    pub database_url: Option<DatabaseUrl>,
    /// Where the embedded PostgreSQL and the files that are taken in are; `None` is the usual place.
    pub data_dir: Option<PathBuf>,
    /// The folder of PostgreSQL's programs; `None` looks for them.
    pub pg_bindir: Option<PathBuf>,
    /// Whether the bundled data is loaded.
    pub bundled_data: bool,
    /// Connections for reading.
    pub pool_size: u32,
    /// The most memory for answers that are kept, in MiB; 0 keeps none.
    pub cache_size: u32,
    /// Whether who has no key may write.
    pub allow_anonymous_writes: bool,
    /// The most that files that are sent may take on disk until they are taken in, in MiB.
    pub spool_size: u32,
    /// Whether the files that are taken in are kept.
    pub keep_files: bool,
    /// The web origins whose pages may read answers; `*` is any.
    pub cors_origins: Vec<String>,
    /// How much is taken from whom, by which way.
    pub edge: Edge,
    /// How the log is written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: String,
}

impl Settings {
    /// The settings that these flags and the file that they name lead to.
    pub fn load(flags: Flags) -> Result<Self> {
        let file = flags.config.as_deref().map_or(Ok(File::default()), read)?;
        Self::merge(flags, file)
    }

    fn merge(flags: Flags, mut file: File) -> Result<Self> {
        let edge = Edge::merge(flags.edge, file.edge())?;
        // An empty variable is how a compose file says that there is none.
        let database_url = flags.database_url.or(file.database_url).filter(|url| !url.is_empty());
        let pool_size = flags.pool_size.or(file.pool_size).unwrap_or(10);
        if !(1..=1000).contains(&pool_size) {
            return Err(Error::Startup(format!("pool-size is {pool_size}; from 1 to 1000 is possible")));
        }
        let cache_size = flags.cache_size.or(file.cache_size).unwrap_or(64);
        if i64::from(cache_size) > MOST_CACHE_MIB {
            let detail = format!("cache-size is {cache_size} MiB; up to {MOST_CACHE_MIB} are possible");
            return Err(Error::Startup(detail));
        }
        let spool_size = flags.spool_size.or(file.spool_size).unwrap_or(4096);
        if spool_size == 0 {
            return Err(Error::Startup("spool-size is 0 MiB; from 1 on are possible".to_owned()));
        }
        Ok(Self {
            listen: flags.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
            database_url: database_url.map(|url| url.parse()).transpose()?,
            data_dir: flags.data_dir.or(file.data_dir),
            pg_bindir: flags.pg_bindir.or(file.pg_bindir),
            bundled_data: !flags.no_bundled_data.or(file.no_bundled_data).unwrap_or(false),
            pool_size,
            cache_size,
            allow_anonymous_writes: flags
                .allow_anonymous_writes
                .or(file.allow_anonymous_writes)
                .unwrap_or(false),
            spool_size,
            keep_files: !flags.no_kept_files.or(file.no_kept_files).unwrap_or(false),
            cors_origins: flags.cors_origins.or(file.cors_origins).unwrap_or_else(|| vec!["*".to_owned()]),
            edge,
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
            log: flags.log.or(file.log).unwrap_or_else(|| "info,sqlx=warn".to_owned()),
        })
    }

    /// The database for a command beside the service, with its schema up to date: that of the running service where there is one.
    pub async fn attached(&self) -> Result<Opened> {
        let opened = match &self.database_url {
            Some(url) => Opened::external(url).await?,
            None => Opened::attached(self.embedded()?).await?,
        };
        opened.database.migrate().await?;
        Ok(opened)
    }

    /// How the embedded PostgreSQL is run.
    pub fn embedded(&self) -> Result<embedded::Options> {
        Ok(embedded::Options::new(self.data_folder()?, self.pg_bindir.clone()))
    }

    /// The data folder.
    pub fn data_folder(&self) -> Result<PathBuf> {
        self.data_dir.clone().map_or_else(default_data_dir, Ok)
    }
}

fn read(path: &Path) -> Result<File> {
    let failed =
        |reason: String| Error::Startup(format!("the configuration file {}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    // The whole message quotes the line, which may hold a password.
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        failed(format!("line {line}: {}", error.message()))
    })
}

/// Outside root's home, which PostgreSQL's user cannot enter; for others where the desktop's rules put such data.
fn default_data_dir() -> Result<PathBuf> {
    if Uid::effective().is_root() {
        return Ok("/var/lib/china-auto".into());
    }
    let named = |variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(".local/share")));
    let none =
        || Error::Startup("there is no home folder: say with --data-dir where the data goes".to_owned());
    Ok(data.ok_or_else(none)?.join("china-auto"))
}

#[cfg(test)]
mod tests {
    use clap::{Args, CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        flags: Flags,
    }

    fn flags(arguments: &[&str]) -> Flags {
        Program::try_parse_from([&["china-auto"], arguments].concat()).unwrap().flags
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let file = || {
            let text = "listen = 'file:1'\npool-size = 7\ncache-size = 0\nno-bundled-data = true";
            toml::from_str(text).unwrap()
        };
        let settings = Settings::merge(flags(&["--listen", "flag:1"]), file()).unwrap();
        assert_eq!(
            (settings.listen.as_str(), settings.pool_size, settings.bundled_data),
            ("flag:1", 7, false)
        );
        assert_eq!(settings.cors_origins, ["*"]);
        assert_eq!(settings.cache_size, 0);
        let settings = Settings::merge(flags(&["--no-bundled-data=false"]), file()).unwrap();
        assert_eq!((settings.listen.as_str(), settings.bundled_data), ("file:1", true));
    }

    #[test]
    fn a_fault_of_the_file_is_named_with_its_line_and_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("china-auto.toml");
        std::fs::write(&path, "listen = 'localhost:1'\ndatabase-ulr = 'postgres://me:s3cret@host/db'\n")
            .unwrap();
        let refused = Settings::load(flags(&["--config", path.to_str().unwrap()])).unwrap_err().to_string();
        assert!(refused.contains("line 2") && refused.contains("database-ulr"), "{refused}");
        assert!(!refused.contains("s3cret"), "{refused}");
    }

    #[test]
    fn settings_do_not_show_the_password() {
        let settings =
            Settings::merge(flags(&["--database-url", "postgres://me:s3cret@host/db"]), File::default());
        assert!(!format!("{:?}", settings.unwrap()).contains("s3cret"));
    }

    #[test]
    fn the_example_read_with_every_setting_in_force_is_the_defaults() {
        let uncommented: Vec<&str> = EXAMPLE
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' ')))
            .collect();
        let settings =
            Settings::merge(Flags::default(), toml::from_str(&uncommented.join("\n")).unwrap()).unwrap();
        let defaults = Settings::merge(Flags::default(), File::default()).unwrap();
        let optional = |settings: Settings| {
            let edge = Edge { tls: None, metrics_listen: None, ..settings.edge };
            Settings { database_url: None, pg_bindir: None, data_dir: None, edge, ..settings }
        };
        assert_eq!(format!("{:?}", optional(settings)), format!("{:?}", optional(defaults)));
    }

    #[test]
    fn every_setting_is_in_the_help_in_the_example_and_in_the_readme() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        let help = Program::command().render_long_help().to_string();
        let command = Flags::augment_args(clap::Command::new("flags"));
        assert!(command.get_arguments().count() >= 10);
        for argument in command.get_arguments() {
            let flag = format!("--{}", argument.get_long().unwrap());
            let variable = argument.get_env().unwrap().to_str().unwrap();
            for (place, text) in
                [("--help", help.as_str()), ("china-auto.toml.example", EXAMPLE), ("README.md", &readme)]
            {
                for name in [flag.as_str(), variable] {
                    assert!(text.contains(name), "{name} is missing in {place}");
                }
            }
        }
    }
}
