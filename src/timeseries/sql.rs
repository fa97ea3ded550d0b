//! The statement text of a plan. Identifiers come from the list of dimensions, values are always bound, and lists are
//! bound as arrays, so that few texts exist and stay prepared.

mod availability;
mod named;

use std::fmt::Write as _;

pub use availability::{EVERYTHING, FREQUENCY, availability};
pub use named::{Codes, first_of_each, with_codes};

use super::dataset::Dataset;
use super::key::TOTAL;
use super::plan::{Plan, Selection, Sources};

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
            } else if *selection == Selection::Each {
                let _ = write!(condition, " AND s.{dimension} <> '{TOTAL}'");
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

/// Reads up to `limit` series of a plan without their figures. `gone` takes those too that have no figure now.
pub fn series(plan: &Plan, dataset: &Dataset, (limit, gone): (i64, bool)) -> Statement {
    let mut statement = Statement::default();
    let condition = statement.selecting(plan, gone);
    let limit = statement.bind(Bind::Number(limit));
    let codes = columns(dataset);
    statement.text = format!(
        "{VERSIONS} SELECT v.dataset, v.codes, v.sources, s.series_id, s.frequency, s.series_codes, s.observations \
         FROM versions v LEFT JOIN (SELECT s.series_id, s.frequency, ARRAY[{codes}] AS series_codes, s.observations \
         FROM series s WHERE {condition} LIMIT ${limit}) s ON true"
    );
    statement
}

/// Reads the current figures of some series, and what is noted of these.
pub fn cells(dataset: &str, ids: &[i64]) -> Statement {
    let mut statement = Statement::default();
    statement.bind(Bind::Text(dataset.to_owned()));
    let ids = statement.bind(Bind::Numbers(ids.to_vec()));
    statement.text = format!(
        "{VERSIONS} SELECT v.dataset, v.codes, v.sources, c.series_id, c.first_period, c.\"values\", c.statuses, \
         c.releases, n.periods, n.note_releases, n.notes FROM versions v \
         LEFT JOIN observation_chunk c ON c.series_id = ANY(${ids}) \
         LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, \
         array_agg(n.note) AS notes FROM observation_note n WHERE n.series_id = c.series_id \
         AND n.period >= c.first_period AND n.period < c.first_period + cardinality(c.\"values\")) n ON true"
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
/// cells, for one would cost every import more than it saves here.
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
         AND c.releases && ${releases}::bigint[]::integer[]) \
         OR EXISTS (SELECT FROM observation_history h WHERE h.series_id = s.series_id \
         AND h.release_id = ANY(${releases}::bigint[])))"
    );
    statement.listing(dataset, &condition, limit);
    statement
}

impl Statement {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::key::Dimension;
    use super::super::period::Frequency;
    use super::super::plan::Selection;
    use super::*;

    fn dataset() -> Dataset {
        let dimensions = vec![
            Dimension::Measure,
            Dimension::Source,
            Dimension::Geo,
            Dimension::Operator,
            Dimension::Access,
            Dimension::Current,
        ];
        let frequencies = vec![Frequency::A, Frequency::M];
        Dataset { name: "charging".to_owned(), dimensions, frequencies, ..Dataset::default() }
    }

    /// Monthly public outlets of China from the best source.
    fn plan() -> Plan {
        let of = |(dimension, code)| (dimension, Selection::one(code));
        let selection = [
            (Dimension::Measure, "outlets"),
            (Dimension::Geo, "CN"),
            (Dimension::Operator, "_T"),
            (Dimension::Access, "public"),
            (Dimension::Current, "_T"),
        ];
        Plan {
            dataset: "charging".to_owned(),
            selection: selection.map(of).into_iter().collect::<BTreeMap<_, _>>(),
            sources: Sources::Best,
            frequencies: vec![Frequency::M],
            ..Plan::default()
        }
    }

    fn open() -> Plan {
        let mut open = plan();
        open.selection.values_mut().for_each(|selection| *selection = Selection::Any);
        Plan { sources: Sources::All, frequencies: dataset().frequencies, ..open }
    }

    fn past() -> Plan {
        Plan { as_of: "2021".parse().ok(), ..plan() }
    }

    fn listed() -> Plan {
        let mut listed = plan();
        let codes = ["CN", "US"].map(str::to_owned).to_vec();
        listed.selection.insert(Dimension::Geo, Selection::Codes { codes, written: None });
        let sources = Sources::Listed(["iea", "evcipa"].map(str::to_owned).to_vec());
        Plan { sources, ..listed }
    }

    /// A statement, a line a clause, with its values below.
    fn told(statement: &Statement) -> String {
        let clauses = [" FROM ", " LEFT JOIN ", " WHERE ", " AND ", " GROUP BY ", " ORDER BY ", " LIMIT "];
        let text = clauses.iter().fold(statement.text.clone(), |text, clause| {
            text.replace(clause, &format!("\n{}", &clause[1..]))
        });
        let values = statement.binds.iter().zip(1..).map(|(bind, at)| format!("\n${at} {bind:?}"));
        text.replace(", chosen AS (", ",\nchosen AS (").replace(") SELECT", ")\nSELECT")
            + &values.collect::<String>()
    }

    /// What of a statement depends on its plan: the text between these words, and its values.
    fn selected(statement: &Statement) -> String {
        let (_, rest) = statement.text.split_once("FROM series s ").expect("it reads series");
        let rest = rest.split_once(") SELECT").map_or(rest, |(selected, _)| selected);
        told(&Statement { text: rest.to_owned(), binds: statement.binds.clone() })
    }

    #[test]
    fn the_best_source_of_one_figure_reads_every_source() {
        insta::assert_snapshot!(told(&series(&plan(), &dataset(), (512, false))), @r#"
        WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
        FROM collection
        WHERE name IN ($1, 'codes', 'sources'))
        SELECT v.dataset, v.codes, v.sources, s.series_id, s.frequency, s.series_codes, s.observations
        FROM versions v
        LEFT JOIN (SELECT s.series_id, s.frequency, ARRAY[s.measure, s.source, s.geo, s.operator, s.access, s.current] AS series_codes, s.observations
        FROM series s
        WHERE s.dataset = $1
        AND s.observations > 0
        AND s.frequency = ANY($2)
        AND s.measure = ANY($3)
        AND s.geo = ANY($4)
        AND s.operator = ANY($5)
        AND s.access = ANY($6)
        AND s.current = ANY($7)
        LIMIT $8) s ON true
        $1 Text("charging")
        $2 Texts(["M"])
        $3 Texts(["outlets"])
        $4 Texts(["CN"])
        $5 Texts(["_T"])
        $6 Texts(["public"])
        $7 Texts(["_T"])
        $8 Number(512)
        "#);
    }

    #[test]
    fn a_past_state_reads_series_that_have_no_figure_now() {
        insta::assert_snapshot!(selected(&series(&past(), &dataset(), (512, true))), @r#"
        WHERE s.dataset = $1
        AND s.frequency = ANY($2)
        AND s.measure = ANY($3)
        AND s.geo = ANY($4)
        AND s.operator = ANY($5)
        AND s.access = ANY($6)
        AND s.current = ANY($7)
        LIMIT $8) s ON true
        $1 Text("charging")
        $2 Texts(["M"])
        $3 Texts(["outlets"])
        $4 Texts(["CN"])
        $5 Texts(["_T"])
        $6 Texts(["public"])
        $7 Texts(["_T"])
        $8 Number(512)
        "#);
    }

    #[test]
    fn codes_and_sources_that_are_listed_are_bound_as_arrays() {
        insta::assert_snapshot!(selected(&series(&listed(), &dataset(), (512, false))), @r#"
        WHERE s.dataset = $1
        AND s.observations > 0
        AND s.frequency = ANY($2)
        AND s.measure = ANY($3)
        AND s.geo = ANY($4)
        AND s.operator = ANY($5)
        AND s.access = ANY($6)
        AND s.current = ANY($7)
        AND s.source = ANY($8)
        LIMIT $9) s ON true
        $1 Text("charging")
        $2 Texts(["M"])
        $3 Texts(["outlets"])
        $4 Texts(["CN", "US"])
        $5 Texts(["_T"])
        $6 Texts(["public"])
        $7 Texts(["_T"])
        $8 Texts(["iea", "evcipa"])
        $9 Number(512)
        "#);
    }

    #[test]
    fn what_is_open_is_not_in_the_statement() {
        insta::assert_snapshot!(selected(&series(&open(), &dataset(), (512, false))), @r#"
        WHERE s.dataset = $1
        AND s.observations > 0
        AND s.frequency = ANY($2)
        LIMIT $3) s ON true
        $1 Text("charging")
        $2 Texts(["A", "M"])
        $3 Number(512)
        "#);
    }

    #[test]
    fn figures_are_read_by_series_with_what_is_noted_of_them() {
        insta::assert_snapshot!(told(&cells("charging", &[1, 2])), @r#"
        WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
        FROM collection
        WHERE name IN ($1, 'codes', 'sources'))
        SELECT v.dataset, v.codes, v.sources, c.series_id, c.first_period, c."values", c.statuses, c.releases, n.periods, n.note_releases, n.notes
        FROM versions v
        LEFT JOIN observation_chunk c ON c.series_id = ANY($2)
        LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, array_agg(n.note) AS notes
        FROM observation_note n
        WHERE n.series_id = c.series_id
        AND n.period >= c.first_period
        AND n.period < c.first_period + cardinality(c."values")) n ON true
        $1 Text("charging")
        $2 Numbers([1, 2])
        "#);
    }

    #[test]
    fn the_list_of_series_reads_no_figures() {
        let statement = series_list(&open(), &dataset(), None, (1001, false));
        insta::assert_snapshot!(told(&statement), @r#"
        WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
        FROM collection
        WHERE name IN ($1, 'codes', 'sources')),
        chosen AS (SELECT s.series_id, s.frequency, s.group_key, s.source, ARRAY[s.measure, s.source, s.geo, s.operator, s.access, s.current] AS codes, s.first_period, s.last_period, s.observations, s.updated_by
        FROM series s
        WHERE s.dataset = $1
        AND s.observations > 0
        AND s.frequency = ANY($2)
        ORDER BY s.group_key, s.source
        LIMIT $3)
        SELECT v.dataset, v.codes, v.sources, s.frequency, s.group_key, s.source, s.codes AS series_codes, s.first_period, s.last_period, s.observations, s.updated_by, coalesce(r.withdrawn_at, r.released_at) AS released_at
        FROM versions v
        LEFT JOIN chosen s ON true
        LEFT JOIN release r ON r.release_id = s.updated_by
        ORDER BY s.group_key, s.source
        $1 Text("charging")
        $2 Texts(["A", "M"])
        $3 Number(1001)
        "#);
    }

    #[test]
    fn a_later_page_of_the_list_begins_behind_its_series() {
        let statement =
            series_list(&listed(), &dataset(), Some(("g".to_owned(), "iea".to_owned())), (11, false));
        insta::assert_snapshot!(selected(&statement), @r#"
        WHERE s.dataset = $1
        AND s.observations > 0
        AND s.frequency = ANY($2)
        AND s.measure = ANY($3)
        AND s.geo = ANY($4)
        AND s.operator = ANY($5)
        AND s.access = ANY($6)
        AND s.current = ANY($7)
        AND s.source = ANY($8)
        AND (s.group_key, s.source) > ($9, $10)
        ORDER BY s.group_key, s.source
        LIMIT $11
        $1 Text("charging")
        $2 Texts(["M"])
        $3 Texts(["outlets"])
        $4 Texts(["CN", "US"])
        $5 Texts(["_T"])
        $6 Texts(["public"])
        $7 Texts(["_T"])
        $8 Texts(["iea", "evcipa"])
        $9 Text("g")
        $10 Text("iea")
        $11 Number(11)
        "#);
    }

    #[test]
    fn what_is_near_keeps_what_was_named() {
        let statement = nearest_with_figures(&plan(), &dataset(), &["geo", "measure"]);
        insta::assert_snapshot!(told(&statement), @r#"
        SELECT ARRAY[s.frequency, s.measure, s.geo, s.operator, s.access, s.current] AS codes
        FROM series s
        WHERE s.dataset = $1
        AND s.observations > 0
        AND s.frequency = ANY($2)
        AND s.measure = ANY($3)
        AND s.geo = ANY($4)
        GROUP BY codes, (s.frequency <> ALL($5))::int + (s.measure <> ALL($6))::int + (s.geo <> ALL($7))::int + (s.operator <> ALL($8))::int + (s.access <> ALL($9))::int + (s.current <> ALL($10))::int
        ORDER BY (s.frequency <> ALL($5))::int + (s.measure <> ALL($6))::int + (s.geo <> ALL($7))::int + (s.operator <> ALL($8))::int + (s.access <> ALL($9))::int + (s.current <> ALL($10))::int, sum(s.observations) DESC, codes
        LIMIT 20
        $1 Text("charging")
        $2 Texts(["A", "M"])
        $3 Texts(["outlets"])
        $4 Texts(["CN"])
        $5 Texts(["M"])
        $6 Texts(["outlets"])
        $7 Texts(["CN"])
        $8 Texts(["_T"])
        $9 Texts(["public"])
        $10 Texts(["_T"])
        "#);
    }

    #[test]
    fn what_is_near_when_all_is_named_is_the_query_itself() {
        let statement = nearest_with_figures(
            &plan(),
            &dataset(),
            &["frequency", "measure", "geo", "operator", "access", "current"],
        );
        insta::assert_snapshot!(selected(&statement), @r#"
        WHERE s.dataset = $1
        AND s.observations > 0
        AND s.frequency = ANY($2)
        AND s.measure = ANY($3)
        AND s.geo = ANY($4)
        AND s.operator = ANY($5)
        AND s.access = ANY($6)
        AND s.current = ANY($7)
        GROUP BY codes, (s.frequency <> ALL($8))::int + (s.measure <> ALL($9))::int + (s.geo <> ALL($10))::int + (s.operator <> ALL($11))::int + (s.access <> ALL($12))::int + (s.current <> ALL($13))::int
        ORDER BY (s.frequency <> ALL($8))::int + (s.measure <> ALL($9))::int + (s.geo <> ALL($10))::int + (s.operator <> ALL($11))::int + (s.access <> ALL($12))::int + (s.current <> ALL($13))::int, sum(s.observations) DESC, codes
        LIMIT 20
        $1 Text("charging")
        $2 Texts(["M"])
        $3 Texts(["outlets"])
        $4 Texts(["CN"])
        $5 Texts(["_T"])
        $6 Texts(["public"])
        $7 Texts(["_T"])
        $8 Texts(["M"])
        $9 Texts(["outlets"])
        $10 Texts(["CN"])
        $11 Texts(["_T"])
        $12 Texts(["public"])
        $13 Texts(["_T"])
        "#);
    }
}
