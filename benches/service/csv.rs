//! Registrations as a file that an owner has: all of them beside COPY of the same rows, and one month of them while others read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::loading::{self, watched};
use crate::report::{failed, median};
use crate::stand::{PROGRAM, Server};
use crate::{DATASET, ROUNDS, Result};

/// The columns of the table of whole files.
pub const HEAD: [&str; 6] =
    ["rows", "bytes", "COPY, s", "import, s", "COPY / import", "its peak memory, MiB (most of a round)"];

/// The dataset that files are taken into.
const OWN: &str = "registrations_of_a_file";

/// Above so many rows one round is all there is time for.
const MANY: u32 = 20_000_000;

/// What keeps every processor busy for as long as an import may take, of the lowest priority that there is, and touches nothing: how late
/// reads are beside it is the machine's doing alone.
const BUSY: &str =
    "for each in $(seq $(nproc)); do chrt --idle 0 timeout 8 sh -c 'while :; do :; done' & done; wait";

/// How many series a month's file speaks of.
const SERIES_OF_A_MONTH: u32 = 100_000;

/// The columns of the files. The made market has no figure of another measure, source or frequency.
const COLUMNS: &str = "geo, maker, brand, model, vehicle_class, powertrain";

/// A period as a file writes it, of its ordinal `p`.
const PERIOD: &str = "p / 12 || '-' || lpad((p % 12 + 1)::text, 2, '0')";

/// Takes a file of a whole market in, to a row of the table.
pub fn rows(server: &Server, folder: &Path, observations: u32) -> Vec<Vec<String>> {
    let name = observations.to_string();
    let row = whole(server, folder, observations);
    vec![row.unwrap_or_else(|error| failed(&name, HEAD.len(), &error))]
}

fn whole(server: &Server, folder: &Path, observations: u32) -> Result<Vec<String>> {
    let market = format!("market_{observations}");
    server.generate(&market, observations, &[])?;
    let file = folder.join(format!("{market}.csv"));
    if !file.exists() {
        let rows = format!(
            "SELECT {COLUMNS}, {PERIOD} AS period, value FROM series JOIN observation_chunk USING (series_id),
                    UNNEST(\"values\") WITH ORDINALITY AS cell (value, n), LATERAL (SELECT observation_chunk.first_period + n - 1 AS p) AS at
             WHERE dataset = '{DATASET}' AND value IS NOT NULL ORDER BY p, series_id"
        );
        server.sql(&market)?.copy_out(&rows, &file)?;
    }
    let (mut copied, mut taken, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..if observations > MANY { 1 } else { ROUNDS } {
        let database = server.copy(&market, "csv")?;
        copied.push(copy(server, &database, &file)?.as_secs_f64());
        let (took, most) = import(server, &database, &file)?;
        taken.push(took.as_secs_f64());
        peak = peak.max(most);
    }
    let (bytes, copied, taken) = (fs::metadata(&file)?.len(), median(copied), median(taken));
    let figures = [copied, taken, copied / taken, peak].map(|figure| format!("{figure:.2}"));
    Ok([vec![observations.to_string(), bytes.to_string()], figures.to_vec()].concat())
}

/// COPY of the rows into a table without an index.
fn copy(server: &Server, database: &str, file: &Path) -> Result<Duration> {
    let mut sql = server.sql(database)?;
    let columns = COLUMNS.replace(',', " text,");
    sql.run(&format!("CREATE TABLE copied ({columns} text, period text, value bigint); CHECKPOINT"))?;
    let started = Instant::now();
    sql.copy_in("COPY copied FROM STDIN (FORMAT csv, HEADER)", file)?;
    let took = started.elapsed();
    sql.run("DROP TABLE copied; CHECKPOINT")?;
    Ok(took)
}

/// The import of the rows into a dataset that lists every part and keeps sums; all of them must have come.
fn import(server: &Server, database: &str, file: &Path) -> Result<(Duration, f64)> {
    let described = file.with_file_name("own.toml");
    let text = format!(
        "dataset = '{OWN}'\ntitle_en = 'Registrations of a file'\ndescription = 'Made.'\n\
         dimensions = ['measure', 'source', 'geo', 'maker', 'brand', 'model', 'vehicle_class', 'powertrain']\n\
         frequencies = ['M']\ndefault_frequency = 'M'\ncomplete = true\nlicence = 'CC0-1.0'\n[[measure]]\n\
         code = 'taken_in'\nname_en = 'Taken in'\nunit = 'vehicles'\nkind = 'flow'\n"
    );
    fs::write(&described, text)?;
    let url = server.url(database)?;
    let created = Command::new(PROGRAM)
        .args(["dataset", "create"])
        .arg(described)
        .env("DATABASE_URL", &url)
        .output()?;
    if !created.status.success() {
        return Err(String::from_utf8_lossy(&created.stderr).into());
    }
    let mut command = Command::new(PROGRAM);
    command.arg("import").arg(file).args(["--dataset", OWN, "--set", "measure=taken_in", "--accept-guess"]);
    command.args(["--set", &format!("source={}", source(server, database)?), "--licence", "CC0-1.0"]);
    let ended = watched(command.env("DATABASE_URL", &url).stdout(Stdio::null()).spawn()?)?;
    let lacking: i64 = server.sql(database)?.one(&format!(
        "SELECT (sum(observations) FILTER (WHERE dataset = '{DATASET}')
                 - sum(observations) FILTER (WHERE dataset = '{OWN}'))::bigint FROM series"
    ))?;
    if lacking == 0 { Ok(ended) } else { Err(format!("{lacking} figures are lacking").into()) }
}

/// The source of the made market.
fn source(server: &Server, database: &str) -> Result<String> {
    server.sql(database)?.one(&format!("SELECT min(source) FROM series WHERE dataset = '{DATASET}'"))
}

/// Takes the month behind the last one in, into a copy of a market with a service on it, while others read.
pub fn month(server: &Server, folder: &Path, observations: u32, seconds: u32) -> Vec<Vec<String>> {
    let row = next_month(server, folder, observations, seconds);
    row.unwrap_or_else(|error| vec![failed("a month", loading::HEAD.len(), &error)])
}

fn next_month(server: &Server, folder: &Path, observations: u32, seconds: u32) -> Result<Vec<Vec<String>>> {
    let market = format!("market_{observations}");
    server.generate(&market, observations, &[])?;
    let file: PathBuf = folder.join(format!("month-{observations}.csv"));
    let rows = format!(
        "SELECT {COLUMNS}, {PERIOD} AS period, value
         FROM (SELECT series.*, last_period + 1 AS p, 1 + abs(series_id % 500) AS value, max(last_period) OVER () AS newest
               FROM series WHERE dataset = '{DATASET}') AS series
         WHERE last_period = newest ORDER BY series_id LIMIT {SERIES_OF_A_MONTH}"
    );
    server.sql(&market)?.copy_out(&rows, &file)?;
    let market = server.serving(&server.copy(&market, "month")?)?;
    let source = source(server, &market.database)?;
    let measure: String = server
        .sql(&market.database)?
        .one(&format!("SELECT min(measure) FROM series WHERE dataset = '{DATASET}'"))?;
    let command = format!(
        "{PROGRAM} import {} --dataset {DATASET} --set measure={measure} --set source={source} --licence CC0-1.0 \
         --accept-guess --no-kept-files",
        file.display()
    );
    Ok(loading::rows(server, &market, &[command, BUSY.to_owned()], seconds))
}
