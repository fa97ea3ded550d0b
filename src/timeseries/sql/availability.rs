//! What is left under a partial selection, as one statement over the list of series: no figure is read.

use super::{Bind, Dataset, Plan, Statement, VERSIONS};
use crate::timeseries::key::Dimension;
use crate::timeseries::plan::Sources;

/// What a row says where it is of no dimension but of everything that is selected, at one frequency.
pub const EVERYTHING: &str = "";

/// What a row says where it is of the frequencies.
pub const FREQUENCY: &str = "frequency";

/// What every row counts.
const COUNTS: &str = "count(*) AS series, sum(s.observations)::bigint AS observations, \
     min(s.first_period) AS first_period, max(s.last_period) AS last_period FROM series s WHERE";

/// Counts series and observations: of all that is selected, of each code of every dimension that is left open, and of each code
/// of every dimension that is narrowed as if that one were open.
pub fn availability(plan: &Plan, dataset: &Dataset) -> Statement {
    let mut statement = Statement::default();
    let narrowed: Vec<Dimension> =
        dataset.dimensions.iter().copied().filter(|d| plan.codes(*d).is_some()).collect();
    let open: Vec<Dimension> = dataset.dimensions.iter().copied().filter(|d| !narrowed.contains(d)).collect();
    let mut branches = vec![together(&mut statement, plan, &open)];
    for dimension in narrowed {
        let mut loose = plan.clone();
        loose.selection.remove(&dimension);
        if dimension == Dimension::Source {
            loose.sources = Sources::All;
        }
        let condition = statement.selecting(&loose, false);
        branches.push(format!(
            "SELECT '{dimension}', s.{dimension}, s.frequency, {COUNTS} {condition} GROUP BY s.{dimension}, s.frequency"
        ));
    }
    if plan.frequencies.len() < dataset.frequencies.len() {
        let loose = Plan { frequencies: dataset.frequencies.clone(), ..plan.clone() };
        let condition = statement.selecting(&loose, false);
        branches.push(format!(
            "SELECT '{FREQUENCY}', s.frequency, s.frequency, {COUNTS} {condition} GROUP BY s.frequency"
        ));
    }
    statement.text = format!(
        "{VERSIONS} SELECT v.dataset, v.codes, v.sources, a.* FROM versions v LEFT JOIN ({}) a ON true",
        branches.join(" UNION ALL ")
    );
    statement
}

/// Everything that is selected, and each code of the open dimensions: one pass over the series.
fn together(statement: &mut Statement, plan: &Plan, open: &[Dimension]) -> String {
    let condition = statement.selecting(plan, false);
    // Always bound as the first value: the versions of the answer name it too.
    debug_assert_eq!(statement.binds.first(), Some(&Bind::Text(plan.dataset.clone())));
    let arms = |then: fn(Dimension) -> String| {
        let each = open.iter().map(|d| format!("WHEN grouping(s.{d}) = 0 THEN {}", then(*d)));
        each.collect::<Vec<_>>().join(" ")
    };
    let (mut axis, mut code) = (format!("'{EVERYTHING}'"), "s.frequency".to_owned());
    if !open.is_empty() {
        axis = format!("CASE {} ELSE {axis} END", arms(|d| format!("'{d}'")));
        code = format!("CASE {} ELSE {code} END", arms(|d| format!("s.{d}")));
    }
    let sets = open.iter().map(|d| format!("(s.frequency, s.{d})"));
    let sets = ["(s.frequency)".to_owned()].into_iter().chain(sets).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT {axis} AS axis, {code} AS code, s.frequency, {COUNTS} {condition} \
         GROUP BY GROUPING SETS ({sets})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::period::Frequency;
    use crate::timeseries::plan::Selection;

    #[test]
    fn a_narrowed_dimension_is_counted_as_if_it_were_open() {
        let dataset = Dataset {
            dimensions: vec![Dimension::Measure, Dimension::Source, Dimension::Geo],
            frequencies: vec![Frequency::A, Frequency::M],
            ..Dataset::default()
        };
        let selection = [(Dimension::Measure, Selection::one("sales")), (Dimension::Geo, Selection::Any)];
        let plan = Plan {
            dataset: "production".to_owned(),
            selection: selection.into_iter().collect(),
            sources: Sources::All,
            frequencies: vec![Frequency::M],
            ..Plan::default()
        };
        let Statement { text, binds } = availability(&plan, &dataset);
        let branches: Vec<&str> = text.split(" UNION ALL ").collect();
        assert_eq!(branches.len(), 3);
        assert!(
            branches[0]
                .contains("GROUPING SETS ((s.frequency), (s.frequency, s.source), (s.frequency, s.geo))")
        );
        assert!(branches[0].contains("s.frequency = ANY($2) AND s.measure = ANY($3)"));
        assert!(branches[1].starts_with("SELECT 'measure'") && !branches[1].contains("s.measure = ANY"));
        assert!(branches[2].starts_with("SELECT 'frequency'") && branches[2].contains("s.measure = ANY($8)"));
        assert_eq!(binds[6], Bind::Texts(vec!["A".to_owned(), "M".to_owned()]));
    }
}
