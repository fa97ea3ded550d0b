//! Statements that read a few series with their figures, for one request or for several of the same kind at once.

use std::fmt::Write as _;

use super::{
    Bind, Cut, Dataset, MOST_SERIES, Plan, Statement, VERSIONS, columns, conditions, figures_of, notes,
    sums_of,
};

/// A few series that a request wants to read with all their figures. What the series are chosen by reaches the statement as rows, several
/// of a request or one, so that one text serves any number of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few {
    dataset: String,
    text: String,
    by: By,
}

/// What the series are chosen by.
#[derive(Debug, Clone, PartialEq, Eq)]
enum By {
    /// Their ids, be there such series or not.
    Ids(Vec<i64>),
    /// Their rollup, and codes, or lists of codes with commas between them.
    Lists(i64, Vec<String>),
}

impl Few {
    /// Stored series with these ids, and what is noted of their figures.
    pub fn with_ids(dataset: &Dataset, ids: Vec<i64>) -> Self {
        let codes = columns(dataset);
        let text = format!(
            "{VERSIONS} SELECT v.dataset, v.codes, v.sources, a.ask, s.series_id, s.frequency, ARRAY[{codes}] AS series_codes, \
             s.first_period AS first, s.last_period, s.observations, false AS is_sum, c.series_id AS chunk_of, {} \
             FROM versions v CROSS JOIN unnest($2::bigint[], $3::bigint[]) AS a(ask, id) \
             LEFT JOIN series s ON s.series_id = a.id AND s.dataset = $1 AND s.observations > 0 \
             LEFT JOIN observation_chunk c ON c.series_id = s.series_id {}",
            figures_of(dataset, &Cut::default()),
            notes(dataset)
        );
        Self { dataset: dataset.name.clone(), text, by: By::Ids(ids) }
    }

    /// The series of a rollup that a plan selects: sums, and stored ones without their figures. The limit and the offset keep the planner,
    /// which guesses that there are ten requests, from reading whole tables for them.
    pub fn of_rollup(plan: &Plan, dataset: &Dataset, rollup: i32) -> Self {
        let mut lists = Vec::new();
        let condition = conditions(plan, false, |codes| {
            // One code is no list: the planner takes a list that it does not see for ten codes, and a search of an index for five dimensions
            // of ten for dearer than reading a small table, each row of it with all lists taken apart.
            let is_one = codes.len() == 1;
            // A code with a comma, which the key of a series may hold as its source, is no code of any series.
            let codes: Vec<String> = codes.into_iter().filter(|code| !code.contains(',')).collect();
            lists.push(codes.join(","));
            let place = lists.len();
            if is_one {
                format!("a.list_{place}")
            } else {
                format!("ANY(string_to_array(a.list_{place}, ','))")
            }
        });
        let (mut arrays, mut names) = (String::new(), String::new());
        for list in 1..=lists.len() {
            // Writing to a String cannot fail.
            let _ = write!(arrays, ", ${}::text[]", list + 3);
            let _ = write!(names, ", list_{list}");
        }
        let (codes, limit) = (columns(dataset), MOST_SERIES + 1);
        let text = format!(
            "{VERSIONS} SELECT v.dataset, v.codes, v.sources, a.ask, s.*, c.* \
             FROM versions v CROSS JOIN unnest($2::bigint[], $3::bigint[]{arrays}) AS a(ask, rollup{names}) \
             LEFT JOIN LATERAL (SELECT s.series_id, s.frequency, ARRAY[{codes}] AS series_codes, s.first_period AS first, \
             s.last_period, s.observations, NOT s.is_stored AS is_sum FROM rollup_series s \
             WHERE s.dataset = $1 AND {condition} AND s.rollup_id = a.rollup::integer LIMIT {limit}) s ON true \
             LEFT JOIN LATERAL (SELECT c.series_id AS chunk_of, {} FROM rollup_chunk c \
             WHERE c.series_id = s.series_id AND s.is_sum OFFSET 0) c ON true",
            sums_of(&Cut::default())
        );
        Self { dataset: dataset.name.clone(), text, by: By::Lists(rollup.into(), lists) }
    }

    /// Whether one statement can read the series of both.
    pub fn is_like(&self, other: &Self) -> bool {
        self.dataset == other.dataset && self.text == other.text
    }

    /// Reads what several that are like each other want. Each row tells in `ask` whose it is, by its place among them; each has one at least.
    pub fn statement<'a>(several: impl IntoIterator<Item = &'a Self>) -> Statement {
        let (mut text, mut dataset) = (String::new(), String::new());
        let (mut asks, mut numbers, mut lists) = (Vec::new(), Vec::new(), Vec::<Vec<String>>::new());
        for (ask, one) in (0..).zip(several) {
            text.clone_from(&one.text);
            dataset.clone_from(&one.dataset);
            match &one.by {
                By::Ids(ids) => {
                    asks.extend(ids.iter().map(|_| ask));
                    numbers.extend(ids);
                }
                By::Lists(rollup, of_one) => {
                    asks.push(ask);
                    numbers.push(*rollup);
                    lists.resize(of_one.len(), Vec::new());
                    lists.iter_mut().zip(of_one).for_each(|(all, list)| all.push(list.clone()));
                }
            }
        }
        let binds = [Bind::Text(dataset), Bind::Numbers(asks), Bind::Numbers(numbers)];
        Statement { text, binds: binds.into_iter().chain(lists.into_iter().map(Bind::Texts)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Selection;
    use super::*;
    use crate::timeseries::key::Dimension;

    #[test]
    fn one_code_is_compared_and_several_are_searched() {
        let of = |codes: &[&str]| {
            let codes = codes.iter().map(ToString::to_string).collect();
            let mut plan = Plan::default();
            plan.selection.insert(Dimension::Geo, Selection::Codes { codes, written: None });
            Few::of_rollup(&plan, &Dataset::default(), 1)
        };
        let (one, two) = (of(&["CN-GD"]), of(&["CN-GD", "CN-SH"]));
        assert!(one.text.contains("s.geo = a.list_2 "), "{}", one.text);
        assert!(two.text.contains("s.geo = ANY(string_to_array(a.list_2, ',')) "), "{}", two.text);
        assert!(one.is_like(&of(&["CN-SH"])) && !one.is_like(&two));
        let lists = |few: &Few| Few::statement([few]).binds.last().cloned();
        assert_eq!(lists(&two), Some(Bind::Texts(vec!["CN-GD,CN-SH".to_owned()])));
        assert_eq!(lists(&of(&["a,b"])), Some(Bind::Texts(vec![String::new()])), "there is no such code");
    }
}
