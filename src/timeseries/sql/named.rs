//! Series of any dataset by codes of any dimension: those that say most of them stand first.

use std::collections::BTreeMap;

use super::{Bind, Statement};
use crate::timeseries::key::Dimension;
use crate::timeseries::key::TOTAL;
use crate::timeseries::period::Frequency;

/// Codes by dimension, any of which will do.
pub type Codes = BTreeMap<Dimension, Vec<String>>;

/// What is hidden from who may see the datasets bound first, and the version of everything else together.
const WHOLE: &str = "WITH h AS (SELECT hidden_from($1) AS hidden), \
     whole AS (SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection, h WHERE NOT name = ANY(hidden))";

/// Only series of datasets that may be seen.
const SEEN: &str = "NOT s.dataset = ANY((SELECT hidden FROM h)::text[])";

/// Up to `limit` series that have one of the codes of each group, and how many there are.
pub fn with_codes(
    seen: Option<&[String]>,
    groups: &[Codes],
    frequencies: &[Frequency],
    limit: usize,
) -> Statement {
    let mut statement = Statement::seeing(seen);
    let mut condition = format!("s.observations > 0 AND {SEEN}");
    if !frequencies.is_empty() {
        let codes = frequencies.iter().map(|f| f.code().to_owned()).collect();
        let at = statement.bind(Bind::Texts(codes));
        condition = format!("{condition} AND s.frequency = ANY(${at})");
    }
    for group in groups {
        let any = statement.any(group, |dimension, at| format!("s.{dimension} = ANY(${at})"));
        condition = format!("{condition} AND ({any})");
    }
    let limit = statement.bind(Bind::Number(i64::try_from(limit).unwrap_or(i64::MAX)));
    let (columns, order) = (columns(), order());
    statement.text = format!(
        "{WHOLE} SELECT w.version, s.* FROM whole w LEFT JOIN (\
         SELECT NULL AS dimension, NULL AS code, {columns}, count(*) OVER () AS matches \
         FROM series s WHERE {condition} ORDER BY {order} LIMIT ${limit}) s ON true"
    );
    statement
}

/// The first series of each of these codes, and how many it has.
pub fn first_of_each(seen: Option<&[String]>, codes: &Codes) -> Statement {
    let mut statement = Statement::seeing(seen);
    let any = statement.any(codes, |dimension, at| format!("s.{dimension} = ANY(${at})"));
    // The values are bound once and named twice: what restricts the series alone, an index can answer.
    let pair = |(dimension, at)| format!("d.dimension = '{dimension}' AND s.{dimension} = ANY(${at})");
    let each: Vec<String> = codes.keys().zip(2..).map(pair).collect();
    let pairs: Vec<String> = codes.keys().map(|d| format!("('{d}', s.{d})")).collect();
    let (columns, order, pairs) = (columns(), order(), pairs.join(", "));
    statement.text = format!(
        "{WHOLE} SELECT w.version, s.* FROM whole w LEFT JOIN (\
         SELECT DISTINCT ON (d.dimension, d.code) d.dimension, d.code, {columns}, \
         count(*) OVER (PARTITION BY d.dimension, d.code) AS matches \
         FROM series s CROSS JOIN LATERAL (VALUES {pairs}) d (dimension, code) \
         WHERE s.observations > 0 AND {SEEN} AND ({any}) AND ({}) ORDER BY d.dimension, d.code, {order}) s ON true",
        each.join(" OR ")
    );
    statement
}

impl Statement {
    /// A statement for who may see these restricted datasets; `None` is all.
    fn seeing(seen: Option<&[String]>) -> Self {
        let mut statement = Self::default();
        statement.bind(Bind::MaybeTexts(seen.map(<[String]>::to_vec)));
        statement
    }

    fn any(&mut self, codes: &Codes, condition: impl Fn(Dimension, usize) -> String) -> String {
        let each = codes.iter().map(|(dimension, codes)| {
            let at = self.bind(Bind::Texts(codes.clone()));
            condition(*dimension, at)
        });
        let each: Vec<String> = each.collect();
        if each.is_empty() { "false".to_owned() } else { each.join(" OR ") }
    }
}

fn columns() -> String {
    let codes = Dimension::ALL.map(|dimension| format!("s.{dimension}"));
    format!(
        "s.dataset, s.frequency, ARRAY[{}] AS all_codes, s.first_period, s.last_period, s.observations",
        codes.join(", ")
    )
}

/// What says most comes first: many figures, few dimensions away from their totals. A dimension more weighs as much as twelve
/// times the figures. Then China.
fn order() -> String {
    let pinned: Vec<String> =
        Dimension::ALL[3..].iter().map(|d| format!("(s.{d} <> '{TOTAL}')::int")).collect();
    format!("2.5 * ({}) - ln(s.observations), s.geo <> 'CN', s.group_key, s.source", pinned.join(" + "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_a_group_are_alternatives_and_groups_must_all_hold() {
        let group = |of: &[(Dimension, &str)]| -> Codes {
            of.iter().map(|(dimension, code)| (*dimension, vec![(*code).to_owned()])).collect()
        };
        let groups = [
            group(&[(Dimension::Maker, "byd"), (Dimension::Brand, "byd")]),
            group(&[(Dimension::Powertrain, "BEV")]),
        ];
        let statement = with_codes(None, &groups, &[Frequency::M], 5);
        let condition =
            "s.frequency = ANY($2) AND (s.maker = ANY($3) OR s.brand = ANY($4)) AND (s.powertrain = ANY($5))";
        assert!(statement.text.contains(condition), "{}", statement.text);
        assert_eq!(statement.binds[5], Bind::Number(5));
        assert!(with_codes(None, &[Codes::new()], &[], 5).text.contains("AND (false)"));
    }
}
