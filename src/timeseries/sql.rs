//! The statement text of a plan. Identifiers come from the list of dimensions, values are always bound, and lists are
//! bound as arrays, so that few texts exist and stay prepared.

mod availability;
mod few;
mod named;

use std::fmt::Write as _;

pub use availability::{EVERYTHING, FREQUENCY, availability};
pub use few::Few;
pub use named::{Codes, first_of_each, with_codes};

use super::dataset::Dataset;
use super::key::TOTAL;
use super::plan::{Plan, Selection, Sources};
use super::reach::Reach;

/// A statement and what its parameters stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// The text, with `$1`, `$2` … for the values.
    pub text: String,
    /// The values.
    pub binds: Vec<Bind>,
}

/// A value of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// One text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A list of texts, or null.
    MaybeTexts(Option<Vec<String>>),
    /// A number.
    Number(i64),
    /// A list of numbers.
    Numbers(Vec<i64>),
}

impl Statement {
    fn bind(&mut self, bind: Bind) -> usize {
        self.binds.push(bind);
        self.binds.len()
    }

    /// The condition that selects the series of a plan. `gone` takes those too that have no figure now: a past state may
    /// have had some.
    fn selecting(&mut self, plan: &Plan, gone: bool) -> String {
        let dataset = self.bind(Bind::Text(plan.dataset.clone()));
        let conditions = conditions(plan, gone, |codes| format!("ANY(${})", self.bind(Bind::Texts(codes))));
        format!("s.dataset = ${dataset} AND {conditions}")
    }
}

/// The same without the dataset, where `one_of` tells what equals each of some codes.
fn conditions(plan: &Plan, gone: bool, mut one_of: impl FnMut(Vec<String>) -> String) -> String {
    let frequencies = plan.frequencies.iter().map(|f| f.code().to_owned()).collect();
    let counted = if gone { "" } else { "s.observations > 0 AND " };
    let mut condition = format!("{counted}s.frequency = {}", one_of(frequencies));
    for (dimension, selection) in &plan.selection {
        if let Some(codes) = selection.codes() {
            let _ = write!(condition, " AND s.{dimension} = {}", one_of(codes.to_vec()));
        } else if *selection == Selection::Each {
            let _ = write!(condition, " AND s.{dimension} <> '{TOTAL}'");
        }
    }
    if let Sources::Listed(codes) = &plan.sources {
        let _ = write!(condition, " AND s.source = {}", one_of(codes.clone()));
    }
    condition
}

/// Further from the year 0 than any period.
const FAR: i32 = 1_000_000_000;

/// The versions that an answer is made from, in the snapshot of the statement that holds this.
const VERSIONS: &str = "WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, \
     max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources \
     FROM collection WHERE name IN ($1, 'codes', 'sources'))";

/// The most series that one query selects among.
pub const MOST_SERIES: usize = 200_000;

/// Reads the series of a plan without their figures: how many they have, and from when to when. One more than [`MOST_SERIES`] tells
/// that there are more. `gone` takes those too that have no figure now.
pub fn series(plan: &Plan, dataset: &Dataset, gone: bool) -> Statement {
    let mut statement = Statement::default();
    let condition = statement.selecting(plan, gone);
    statement.bare_list(dataset, ("series s", "false", &condition));
    statement
}

/// The same of a rollup: of its series those that are sums, and those that are stored ones.
pub fn rolled_series(plan: &Plan, dataset: &Dataset, rollup: i32) -> Statement {
    let mut statement = Statement::default();
    let condition = statement.selecting(plan, false);
    let rollup = statement.bind(Bind::Number(rollup.into()));
    let condition = format!("{condition} AND s.rollup_id = ${rollup}::bigint::integer");
    statement.bare_list(dataset, ("rollup_series s", "NOT s.is_stored", &condition));
    statement
}

/// The same of a rollup's series with these ids.
pub fn rolled_with_ids(dataset: &Dataset, rollup: i32, ids: &[i64]) -> Statement {
    let mut statement = Statement::default();
    statement.bind(Bind::Text(dataset.name.clone()));
    let rollup = statement.bind(Bind::Number(rollup.into()));
    let ids = statement.bind(Bind::Numbers(ids.to_vec()));
    let condition = format!("s.rollup_id = ${rollup}::bigint::integer AND s.series_id = ANY(${ids})");
    statement.bare_list(dataset, ("rollup_series s", "NOT s.is_stored", &condition));
    statement
}

/// The figures of a chunk `c` of sums, cut to some periods, with what they are made of.
fn sums_of(periods: &Cut) -> String {
    format!("{}, {} AS parts, c.mixed", cells_of(periods), periods.of("parts"))
}

/// The figures of a chunk `c`, cut to some periods. Where all releases are the same, one stands for all.
fn cells_of(periods: &Cut) -> String {
    let [values, releases] = ["\"values\"", "releases"].map(|column| periods.of(column));
    format!(
        "c.first_period, {values} AS \"values\", c.statuses, \
         CASE WHEN c.releases[1] = ALL (c.releases) THEN c.releases[1:1] ELSE {releases} END AS releases"
    )
}

/// The same of a chunk `c` of stored series, with what is noted.
fn figures_of(dataset: &Dataset, periods: &Cut) -> String {
    let notes = if dataset.has_notes {
        "n.periods, n.note_releases, n.notes"
    } else {
        "NULL::integer[] AS periods, NULL::integer[] AS note_releases, NULL::text[] AS notes"
    };
    format!("{}, {notes}", cells_of(periods))
}

/// Which elements are read of the arrays of a chunk: PostgreSQL sends each element by itself, which takes most of the time of a
/// statement that reads many.
#[derive(Debug, Default)]
struct Cut(Option<(usize, usize)>);

impl Cut {
    /// The part of an array column.
    fn of(&self, column: &str) -> String {
        match self {
            Self(None) => format!("c.{column}"),
            Self(Some((first, last))) => {
                let place = |at| format!("${at}::bigint::integer - c.first_period + 1");
                format!("c.{column}[{}:{}]", place(first), place(last))
            }
        }
    }
}

/// The join with what is noted of the figures of a chunk `c`; none where nothing is noted of any figure of the dataset.
const fn notes(dataset: &Dataset) -> &'static str {
    if dataset.has_notes { NOTES } else { "" }
}

/// What is noted of the figures of a chunk `c`, in arrays.
const NOTES: &str = "LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, \
     array_agg(n.note) AS notes FROM observation_note n WHERE n.series_id = c.series_id \
     AND n.period >= c.first_period AND n.period < c.first_period + cardinality(c.\"values\")) n ON true";

/// Reads the current figures of some series, without what is noted of them.
pub fn cells(dataset: &str, ids: &[i64]) -> Statement {
    let (mut statement, chosen, cut) = Statement::chunks(dataset, ids, Reach::ALL);
    statement.text = format!(
        "{VERSIONS} SELECT v.dataset, v.codes, v.sources, c.series_id, {} FROM versions v \
         LEFT JOIN observation_chunk c ON {chosen}",
        cells_of(&cut)
    );
    statement
}

/// Reads the current figures of some series within reach, and what is noted of these.
pub fn figures(dataset: &Dataset, ids: &[i64], reach: Reach) -> Statement {
    let (mut statement, chosen, cut) = Statement::chunks(&dataset.name, ids, reach);
    statement.text = format!(
        "{VERSIONS} SELECT v.dataset, v.codes, v.sources, c.series_id, {} FROM versions v \
         LEFT JOIN observation_chunk c ON {chosen} {}",
        figures_of(dataset, &cut),
        notes(dataset)
    );
    statement
}

/// Reads some sums that are kept ready within reach, with what they are made of.
pub fn sums(dataset: &str, ids: &[i64], reach: Reach) -> Statement {
    let (mut statement, chosen, cut) = Statement::chunks(dataset, ids, reach);
    statement.text = format!(
        "{VERSIONS} SELECT v.dataset, v.codes, v.sources, c.series_id, {} FROM versions v LEFT JOIN rollup_chunk c ON {chosen}",
        sums_of(&cut)
    );
    statement
}

/// Lists the series of a plan without their figures. `gone` takes those too that have none now.
pub fn series_list(
    plan: &Plan,
    dataset: &Dataset,
    after: Option<(String, String)>,
    (limit, gone): (i64, bool),
) -> Statement {
    let mut statement = Statement::default();
    let mut condition = statement.selecting(plan, gone);
    if let Some((group, source)) = after {
        let group = statement.bind(Bind::Text(group));
        let source = statement.bind(Bind::Text(source));
        let _ = write!(condition, " AND (s.group_key, s.source) > (${group}, ${source})");
    }
    statement.listing(dataset, &condition, limit);
    statement
}

/// Lists up to `limit` series of a plan of which some releases state or withdraw a figure, from this group key and source on. It
/// looks into the series one by one in the order of their keys and stops at the limit: no index leads from a release to its
/// cells, for one would cost every import more than it saves here. The offsets keep the planner from reading all figures there are
/// into a hash table first.
pub fn touched(
    plan: &Plan,
    dataset: &Dataset,
    releases: &[i32],
    (group, source, limit): (String, String, i64),
) -> Statement {
    let mut statement = Statement::default();
    let mut condition = statement.selecting(plan, true);
    let group = statement.bind(Bind::Text(group));
    let source = statement.bind(Bind::Text(source));
    let releases = statement.bind(Bind::Numbers(releases.iter().copied().map(i64::from).collect()));
    let _ = write!(
        condition,
        " AND (s.group_key, s.source) >= (${group}, ${source}) \
         AND (EXISTS (SELECT FROM observation_chunk c WHERE c.series_id = s.series_id \
         AND c.releases && ${releases}::bigint[]::integer[] OFFSET 0) \
         OR EXISTS (SELECT FROM observation_history h WHERE h.series_id = s.series_id \
         AND h.release_id = ANY(${releases}::bigint[]) OFFSET 0))"
    );
    statement.listing(dataset, &condition, limit);
    statement
}

/// Reads all sums of a rollup in one period, a row for those that are ranked together. In the place of periods they have their places
/// among the series of the row.
pub fn sums_of_period(dataset: &str, rollup: i32, period: i32) -> Statement {
    let mut statement = Statement::default();
    statement.bind(Bind::Text(dataset.to_owned()));
    let rollup = statement.bind(Bind::Number(rollup.into()));
    let period = statement.bind(Bind::Number(period.into()));
    statement.text = format!(
        "{VERSIONS} SELECT v.dataset, v.codes, v.sources, c.unit, c.series_ids, {} FROM versions v \
         LEFT JOIN (SELECT *, 0 AS first_period FROM rollup_period) c \
         ON c.rollup_id = ${rollup}::bigint::integer AND c.period = ${period}::bigint::integer",
        sums_of(&Cut(None))
    );
    statement
}

impl Statement {
    /// Begins one that reads chunks of some series, with the condition that chooses these, and what is read of them.
    fn chunks(dataset: &str, ids: &[i64], reach: Reach) -> (Self, String, Cut) {
        let (first, last) = reach.chunks;
        let mut statement = Self::default();
        statement.bind(Bind::Text(dataset.to_owned()));
        let ids = statement.bind(Bind::Numbers(ids.to_vec()));
        let first = statement.bind(Bind::Number(first.into()));
        let last = statement.bind(Bind::Number(last.into()));
        let chosen = format!(
            "c.series_id = ANY(${ids}) AND c.chunk >= ${first}::bigint AND c.chunk <= ${last}::bigint"
        );
        // Far from the ends of what an integer holds: other periods are taken from these.
        let bound = |period: i32| Bind::Number(period.clamp(-FAR, FAR).into());
        let (from, to) = reach.periods;
        let cut = (reach.periods != Reach::ALL.periods)
            .then(|| (statement.bind(bound(from)), statement.bind(bound(to))));
        (statement, chosen, Cut(cut))
    }

    /// Completes a list of the series of a table under a condition, without their keys and in no order. Its limit stands in the text: by
    /// one that the planner does not see it takes few rows to be wanted, and reads a table from end to end for them.
    fn bare_list(&mut self, dataset: &Dataset, (table, is_sum, condition): (&str, &str, &str)) {
        let limit = MOST_SERIES + 1;
        let codes = columns(dataset);
        self.text = format!(
            "{VERSIONS} SELECT v.dataset, v.codes, v.sources, s.* FROM versions v LEFT JOIN (\
             SELECT s.series_id, s.frequency, ARRAY[{codes}] AS series_codes, s.first_period AS first, s.last_period, \
             s.observations, {is_sum} AS is_sum FROM {table} WHERE {condition} LIMIT {limit}) s ON true"
        );
    }

    /// Completes a list of series under a condition.
    fn listing(&mut self, dataset: &Dataset, condition: &str, limit: i64) {
        let limit = self.bind(Bind::Number(limit));
        let codes = columns(dataset);
        self.text = format!(
            "{VERSIONS}, chosen AS (SELECT s.series_id, s.frequency, s.group_key, s.source, ARRAY[{codes}] AS codes, \
         s.first_period, s.last_period, s.observations, s.updated_by FROM series s WHERE {condition} \
         ORDER BY s.group_key, s.source LIMIT ${limit}) \
         SELECT v.dataset, v.codes, v.sources, s.frequency, s.group_key, s.source, s.codes AS series_codes, \
         s.first_period, s.last_period, s.observations, s.updated_by, coalesce(r.withdrawn_at, r.released_at) AS released_at \
         FROM versions v LEFT JOIN chosen s ON true LEFT JOIN release r ON r.release_id = s.updated_by \
         ORDER BY s.group_key, s.source"
        );
    }
}

/// Which codes stand in series with figures where only the dimensions of `named` are held to their selection: the frequency,
/// then every dimension but the source. What differs least from the plan comes first.
pub fn nearest_with_figures(plan: &Plan, dataset: &Dataset, named: &[&str]) -> Statement {
    let mut loose = plan.clone();
    loose.selection.retain(|dimension, _| named.contains(&dimension.name()));
    if !named.contains(&"frequency") {
        loose.frequencies.clone_from(&dataset.frequencies);
    }
    let mut statement = Statement::default();
    let condition = statement.selecting(&loose, plan.as_of.is_some());
    let frequencies = plan.frequencies.iter().map(|f| f.code().to_owned()).collect();
    let asked = statement.bind(Bind::Texts(frequencies));
    let mut columns = vec!["s.frequency".to_owned()];
    let mut differences = vec![format!("(s.frequency <> ALL(${asked}))::int")];
    for (dimension, selection) in &plan.selection {
        columns.push(format!("s.{dimension}"));
        if let Some(codes) = selection.codes() {
            let asked = statement.bind(Bind::Texts(codes.to_vec()));
            differences.push(format!("(s.{dimension} <> ALL(${asked}))::int"));
        }
    }
    statement.text = format!(
        "SELECT ARRAY[{}] AS codes FROM series s WHERE {condition} GROUP BY codes, {differences} \
         ORDER BY {differences}, sum(s.observations) DESC, codes LIMIT 20",
        columns.join(", "),
        differences = differences.join(" + "),
    );
    statement
}

fn columns(dataset: &Dataset) -> String {
    let columns: Vec<String> = dataset.dimensions.iter().map(|dimension| format!("s.{dimension}")).collect();
    columns.join(", ")
}
