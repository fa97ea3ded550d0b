//! What is measured: a durable PostgreSQL of its own with the bundled data and a synthetic market, and the service on it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use china_auto::database::embedded::{Embedded, Options};
use tempfile::TempDir;

use crate::bare::Recorded;
use crate::{Case, Result};

/// Headers that the framework or the connection sets, which the bare handler sets by itself.
const OWN: [&str; 4] = ["content-length", "date", "connection", "transfer-encoding"];

/// Ended in the order of its fields.
pub struct Stand {
    service: Service,
    postgresql: Embedded,
    _folder: TempDir,
}

/// The running service.
struct Service {
    child: Child,
    api: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        // The database is not its own, so nothing has to be shut down by it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Stand {
    /// Starts everything, and makes the market.
    pub fn set_up(observations: u32) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("china-auto-bench-").tempdir()?;
        // PostgreSQL's user, where we are root, has to pass through.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        let program = Path::new(env!("CARGO_BIN_EXE_china-auto"));
        let options =
            Options { launcher: program.to_owned(), ..Options::new(folder.path().to_owned(), None) };
        let postgresql = Embedded::start(&options)?;
        let url = url(&postgresql)?;
        let mut generate = Command::new(program);
        let generate = generate.args(["generate", "--observations", &observations.to_string()]);
        let made = generate.env("DATABASE_URL", &url).status()?;
        if !made.success() {
            return Err("the synthetic market was not made".into());
        }
        Ok(Self { service: Service::start(program, &url)?, postgresql, _folder: folder })
    }

    /// What is measured on it.
    pub fn cases(&self) -> Result<Vec<Case>> {
        let listed = self.get("/datasets/synthetic/series?geo=*&model=*&limit=1", &[])?;
        let listed: serde_json::Value = serde_json::from_str(&listed.body)?;
        let id = listed["data"][0]["id"].as_str().ok_or("no synthetic series is listed")?;
        let stored = china_auto::timeseries::key::series_id(id);
        let sql = format!(
            "SELECT chunk, first_period, \"values\", statuses, releases FROM observation_chunk
             WHERE series_id = {stored} ORDER BY chunk"
        );
        let production = "/production?start=2001";
        let tag = self.get(production, &[])?.headers.into_iter().find(|(name, _)| name == "etag");
        let (_, tag) = tag.ok_or("an answer has no tag")?;
        let case = |name: &str, path: &str, headers: Vec<String>, sql| Case {
            name: name.to_owned(),
            path: path.to_owned(),
            headers,
            sql,
        };
        let series = format!("/series/{id}");
        Ok(vec![
            case("one series by its key", &series, Vec::new(), Some(sql)),
            case("one series by its key", &series, Vec::new(), None),
            case("production since 2001", production, Vec::new(), None),
            case("the same, 304", production, vec![format!("If-None-Match: {tag}")], None),
        ])
    }

    /// The address of a path of the API.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.service.api)
    }

    /// The process of the service.
    pub fn service(&self) -> u32 {
        self.service.child.id()
    }

    /// The folder of PostgreSQL's socket.
    pub fn socket(&self) -> Result<PathBuf> {
        socket(&self.postgresql)
    }

    /// What the service answers in a case, so that the bare handler can send the same.
    pub fn record(&self, case: &Case) -> Result<Recorded> {
        self.get(&case.path, &case.headers)
    }

    fn get(&self, path: &str, headers: &[String]) -> Result<Recorded> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut request = reqwest::Client::new().get(self.url(path));
            for (name, value) in headers.iter().filter_map(|header| header.split_once(": ")) {
                request = request.header(name, value);
            }
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let kept = answer.headers().iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            let headers = kept.map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())));
            let headers = headers.collect::<Result<_>>()?;
            let body = answer.text().await?;
            if status >= 400 {
                return Err(format!("{path}: {status} {body}").into());
            }
            Ok(Recorded { status, headers, body })
        })
    }
}

impl Service {
    fn start(program: &Path, database: &str) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("DATABASE_URL", database);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("it is piped")?).lines();
        for line in said {
            if let Some(api) = line?.strip_prefix("api ") {
                return Ok(Self { child, api: api.trim().to_owned() });
            }
        }
        Err("the service did not start".into())
    }
}

fn socket(postgresql: &Embedded) -> Result<PathBuf> {
    let options = postgresql.connect("postgres");
    Ok(options.get_socket().ok_or("it is reached by a socket")?.clone())
}

/// The database that every server has, as `DATABASE_URL` takes it.
fn url(postgresql: &Embedded) -> Result<String> {
    let socket = socket(postgresql)?.display().to_string();
    Ok(format!("postgres://postgres@{}/postgres", socket.replace('/', "%2F")))
}
