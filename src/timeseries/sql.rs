//! The statement text of a plan. Identifiers come from the list of dimensions, values are always bound, and lists are
//! bound as arrays, so that few texts exist and stay prepared.

use std::fmt::Write as _;

use super::dataset::Dataset;
use super::key::Dimension;
use super::plan::{Plan, Sources};

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
    /// A number.
    Number(i64),
}

/// Where a batch of series begins, in the order of their group keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// With the first.
    Start,
    /// With this group.
    At(String),
    /// Behind this group.
    Behind(String),
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
        let mut condition = format!("s.dataset = ${dataset}");
        if !gone {
            condition.push_str(" AND s.observations > 0");
        }
        let frequencies = plan.frequencies.iter().map(|f| f.code().to_owned()).collect();
        let frequencies = self.bind(Bind::Texts(frequencies));
        let _ = write!(condition, " AND s.frequency = ANY(${frequencies})");
        for (dimension, selection) in &plan.selection {
            if let Some(codes) = selection.codes() {
                let at = self.bind(Bind::Texts(codes.to_vec()));
                let _ = write!(condition, " AND s.{dimension} = ANY(${at})");
            }
        }
        if let Sources::Listed(codes) = &plan.sources {
            let at = self.bind(Bind::Texts(codes.clone()));
            let _ = write!(condition, " AND s.source = ANY(${at})");
        }
        condition
    }
}

/// The versions that an answer is made from, in the snapshot of the statement that holds this.
const VERSIONS: &str = "WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, \
     max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources \
     FROM collection WHERE name IN ($1, 'codes', 'sources'))";

/// Reads up to `limit` series of a plan, group by group, with their current figures and what is noted of these.
///
/// `whole` takes series without a current figure too: a past state may have had some.
pub fn series_with_cells(
    plan: &Plan,
    dataset: &Dataset,
    from: &From,
    (limit, whole): (i64, bool),
) -> Statement {
    let mut statement = Statement::default();
    let mut condition = statement.selecting(plan, plan.as_of.is_some());
    if whole {
        condition = condition.replace(" AND s.observations > 0", "");
    }
    let (comparison, key) = match from {
        From::Start => (">=", String::new()),
        From::At(key) => (">=", key.clone()),
        From::Behind(key) => (">", key.clone()),
    };
    let from = statement.bind(Bind::Text(key));
    let limit = statement.bind(Bind::Number(limit));
    let codes = columns(dataset);
    statement.text = format!(
        "{VERSIONS}, chosen AS (SELECT s.series_id, s.frequency, s.group_key, s.source, ARRAY[{codes}] AS codes \
         FROM series s WHERE {condition} AND s.group_key {comparison} ${from} \
         ORDER BY s.group_key, s.source LIMIT ${limit}) \
         SELECT v.dataset, v.codes, v.sources, s.series_id, s.frequency, s.group_key, s.codes AS series_codes, \
         c.first_period, c.\"values\", c.statuses, c.releases, n.periods, n.note_releases, n.notes \
         FROM versions v LEFT JOIN chosen s ON true LEFT JOIN observation_chunk c ON c.series_id = s.series_id \
         LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, \
         array_agg(n.note) AS notes FROM observation_note n WHERE n.series_id = c.series_id \
         AND n.period >= c.first_period AND n.period < c.first_period + cardinality(c.\"values\")) n ON true \
         ORDER BY s.group_key, s.source, c.chunk"
    );
    statement
}

/// Counts the series of a plan and the figures they have, whatever the window.
pub fn size(plan: &Plan) -> Statement {
    let mut statement = Statement::default();
    let condition = statement.selecting(plan, plan.as_of.is_some());
    statement.text =
        format!("SELECT count(*), coalesce(sum(s.observations), 0)::bigint FROM series s WHERE {condition}");
    statement
}

/// Lists the series of a plan without their figures.
pub fn series_list(plan: &Plan, dataset: &Dataset, after: Option<(String, String)>, limit: i64) -> Statement {
    let mut statement = Statement::default();
    let mut condition = statement.selecting(plan, plan.as_of.is_some());
    if let Some((group, source)) = after {
        let group = statement.bind(Bind::Text(group));
        let source = statement.bind(Bind::Text(source));
        let _ = write!(condition, " AND (s.group_key, s.source) > (${group}, ${source})");
    }
    let limit = statement.bind(Bind::Number(limit));
    let codes = columns(dataset);
    statement.text = format!(
        "{VERSIONS}, chosen AS (SELECT s.series_id, s.frequency, s.group_key, s.source, ARRAY[{codes}] AS codes, \
         s.first_period, s.last_period, s.observations, s.updated_by FROM series s WHERE {condition} \
         ORDER BY s.group_key, s.source LIMIT ${limit}) \
         SELECT v.dataset, v.codes, v.sources, s.frequency, s.group_key, s.source, s.codes AS series_codes, \
         s.first_period, s.last_period, s.observations, s.updated_by, r.released_at \
         FROM versions v LEFT JOIN chosen s ON true LEFT JOIN release r ON r.release_id = s.updated_by \
         ORDER BY s.group_key, s.source"
    );
    statement
}

/// Which codes of the other dimensions have figures, where only `named` ones are held to their selection.
pub fn codes_with_figures(plan: &Plan, named: &[Dimension], open: &[Dimension]) -> Statement {
    let mut loose = plan.clone();
    loose.selection.retain(|dimension, _| named.contains(dimension));
    let mut statement = Statement::default();
    let condition = statement.selecting(&loose, plan.as_of.is_some());
    let columns: Vec<String> = open.iter().map(|dimension| format!("s.{dimension}")).collect();
    statement.text = format!(
        "SELECT DISTINCT ARRAY[s.frequency, {}] FROM series s WHERE {condition} LIMIT 20",
        columns.join(", ")
    );
    statement
}

fn columns(dataset: &Dataset) -> String {
    let columns: Vec<String> = dataset.dimensions.iter().map(|dimension| format!("s.{dimension}")).collect();
    columns.join(", ")
}
