//! What shows only where all figures of a series stand side by side: rows that repeat others, steps that are too large to be
//! believed, wholes that are not the sum of their parts.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::mapping::{Duplicates, Jump, Sums};
use super::progress::Progress;
use super::read::Content;
use super::report::{FaultKind, ImportFault};
use super::spool::{PARTITIONS, Row};
use crate::error::Result;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Period;

/// The step that is told where nothing else is said.
const JUMP: Jump = Jump { factor: 100, above: 1_000, refuse: false };

/// How far a whole may be from its parts where nothing else is said.
const SUMS: Sums = Sums { per_mille: 5, refuse: false };

/// How many sums are held against their whole; a file with more is checked up to here.
const MOST_SUMS: usize = 1_000_000;

/// Goes through all rows; leaves out what is at fault where that is asked for.
pub async fn check(
    connection: &mut PgConnection,
    content: &mut Content,
    skip_faulty: bool,
    progress: &Progress,
) -> Result<()> {
    let mut totals = Totals::of(content);
    for number in 0..PARTITIONS {
        progress.check()?;
        let mut rows = content.spool.partition(number)?;
        let count = rows.len();
        let before =
            if content.is_new { HashMap::new() } else { figures_before(connection, content, &rows).await? };
        let mut sieve = Sieve { content, before: &before, skip_faulty, earlier: None, last: None };
        // In place: a second list of as many rows would be the most that an import holds.
        rows.retain(|row| sieve.takes(row));
        for row in &rows {
            totals.add(row);
        }
        if rows.len() < count {
            content.report.rows_left_out += (count - rows.len()) as u64;
            content.report.observations -= (count - rows.len()) as u64;
            content.spool.replace(number, &rows)?;
        }
    }
    totals.tell(content);
    Ok(())
}

/// The last stored figure but 0 before the first of each series of these rows, where it is near.
async fn figures_before(
    connection: &mut PgConnection,
    content: &Content,
    rows: &[Row],
) -> Result<HashMap<u32, i64>> {
    let mut places: BTreeMap<i64, (u32, i32, i32)> = BTreeMap::new();
    for row in rows.chunk_by(|a, b| a.series == b.series).filter_map(<[Row]>::first) {
        let series = content.series.series(row.series, &content.lists);
        places.insert(series.id, (row.series, row.period, series.frequency.chunk(row.period - 1)));
    }
    let ids: Vec<i64> = places.keys().copied().collect();
    let chunks: Vec<i32> = places.values().map(|(_, _, chunk)| *chunk).collect();
    let periods: Vec<i32> = places.values().map(|(_, period, _)| *period).collect();
    // Mostly the figure of the period before is there, and no array has to be sent.
    let stored = sqlx::query!(
        "SELECT series_id, CASE WHEN \"values\"[period - first_period] <> 0 THEN ARRAY[\"values\"[period - first_period]]
                                ELSE \"values\"[:period - first_period] END AS \"values!: Vec<Option<i64>>\"
         FROM observation_chunk JOIN UNNEST($1::bigint[], $2::integer[], $3::integer[]) AS it (series_id, chunk, period)
                                USING (series_id, chunk)",
        &ids,
        &chunks,
        &periods,
    );
    let mut before = HashMap::new();
    for row in stored.fetch_all(connection).await? {
        let (series, ..) = places[&row.series_id];
        if let Some(last) = row.values.into_iter().flatten().rfind(|value| *value != 0) {
            before.insert(series, last);
        }
    }
    Ok(before)
}

/// Tells what is at fault with rows of whole series, one after the other in their order.
struct Sieve<'a> {
    content: &'a mut Content,
    before: &'a HashMap<u32, i64>,
    skip_faulty: bool,
    /// The last row that is taken in, without its note.
    earlier: Option<Row>,
    /// The series and the figure that the next one is held against.
    last: Option<(u32, i64)>,
}

impl Sieve<'_> {
    /// Whether a row is taken in.
    fn takes(&mut self, row: &Row) -> bool {
        let takes = !self.repeats(row) && (self.is_believed(row) || !self.skip_faulty);
        if takes {
            self.earlier = Some(Row { note: None, ..*row });
        }
        takes
    }

    /// Whether it is left out since it states again what the row before it does.
    fn repeats(&mut self, row: &Row) -> bool {
        let Some(earlier) = self.earlier.as_ref().filter(|earlier| is_same_cell(earlier, row)) else {
            return false;
        };
        let equal = (earlier.value, earlier.status) == (row.value, row.status);
        let is_told = equal && self.content.mapping.duplicates == Duplicates::Equal;
        let reason = format!(
            "repeats the figure of line {}{}",
            earlier.line,
            if equal { "" } else { " with another value" }
        );
        tell(self.content, is_told, FaultKind::Duplicate, row, reason);
        is_told || self.skip_faulty
    }

    /// Whether its figure is no step from the one before that is refused.
    fn is_believed(&mut self, row: &Row) -> bool {
        let jump = self.content.mapping.jump.unwrap_or(JUMP);
        let previous = self.last.filter(|(series, _)| *series == row.series).map(|(_, value)| value);
        let previous = previous.or_else(|| self.before.get(&row.series).copied());
        if let Some((value, previous)) = row.value.zip(previous)
            && is_jump(jump, self.content.unit(row.series), value, previous)
        {
            let reason = self.content.step(row.series, previous, jump);
            tell(self.content, !jump.refuse, FaultKind::Jump, row, reason);
            if jump.refuse {
                // What follows is held against the last figure that is believed.
                return false;
            }
        }
        // A zero often stands for what is not known: what is behind it is held against what was before it.
        if let Some(value) = row.value.filter(|value| *value != 0) {
            self.last = Some((row.series, value));
        }
        true
    }
}

fn is_same_cell(a: &Row, b: &Row) -> bool {
    (a.series, a.document, a.period, a.confirmation) == (b.series, b.document, b.period, b.confirmation)
}

/// Zeros are passed over: they often stand for what is not known.
fn is_jump(jump: Jump, unit: i64, value: i64, previous: i64) -> bool {
    let (small, large) = (value.abs().min(previous.abs()), value.abs().max(previous.abs()));
    small > 0
        && large >= jump.above.saturating_mul(unit)
        && i128::from(large) > i128::from(small) * i128::from(jump.factor)
}

fn tell(content: &mut Content, is_warning: bool, code: FaultKind, row: &Row, reason: String) {
    let value = row.value.map(|value| content.printed(row.series, value)).unwrap_or_default();
    let (sheet, column) = (content.sheet.clone(), content.column(row));
    let fault = ImportFault { code, sheet, line: row.line, column, value, reason, expected: Vec::new() };
    let report = &mut content.report;
    if is_warning { report.warnings.add(fault) } else { report.faults.add(fault) }
}

/// Wholes of the file with the parts that are declared for them, where it has all of these.
struct Totals {
    /// What each series is part of, and what it is the whole of.
    roles: HashMap<u32, Vec<(usize, bool)>>,
    wholes: Vec<(u32, usize)>,
    sums: HashMap<(usize, i32), Sum>,
}

#[derive(Default)]
struct Sum {
    whole: Option<(i64, u64)>,
    parts: i64,
    count: usize,
}

impl Totals {
    fn of(content: &Content) -> Self {
        let mut all = Self { roles: HashMap::new(), wholes: Vec::new(), sums: HashMap::new() };
        for (number, (frequency, codes)) in content.series.iter() {
            let code = |dimension: Dimension| content.lists.code(dimension, codes[dimension as usize]);
            for partition in content.dataset.partitions_of(code(Dimension::Source)) {
                let is_whole = content.dataset.dimensions.contains(&partition.dimension)
                    && code(partition.dimension) == partition.whole;
                let limits = partition.valid_from.is_some() || partition.valid_to.is_some();
                if !is_whole || limits {
                    continue;
                }
                let part = |part: &String| {
                    let mut codes = *codes;
                    codes[partition.dimension as usize] = content.lists.number(partition.dimension, part)?;
                    content.series.find(&(*frequency, codes))
                };
                let Some(parts) = partition.parts.iter().map(part).collect::<Option<Vec<u32>>>() else {
                    continue;
                };
                let group = all.wholes.len();
                all.wholes.push((number, parts.len()));
                all.roles.entry(number).or_default().push((group, true));
                for part in parts {
                    all.roles.entry(part).or_default().push((group, false));
                }
            }
        }
        all
    }

    fn add(&mut self, row: &Row) {
        let (Some(value), Some(roles)) = (row.value, self.roles.get(&row.series)) else { return };
        for (group, is_whole) in roles {
            let place = (*group, row.period);
            if self.sums.len() >= MOST_SUMS && !self.sums.contains_key(&place) {
                continue;
            }
            let sum = self.sums.entry(place).or_default();
            if *is_whole {
                sum.whole = Some((value, row.line));
            } else {
                sum.parts = sum.parts.saturating_add(value);
                sum.count += 1;
            }
        }
    }

    fn tell(self, content: &mut Content) {
        let limit = content.mapping.sums.unwrap_or(SUMS);
        let mut told: Vec<_> = self.sums.into_iter().collect();
        told.sort_by_key(|(place, _)| *place);
        for ((group, period), Sum { whole, parts, count }) in told {
            let (series, all) = self.wholes[group];
            let Some((whole, line)) = whole.filter(|_| count == all) else { continue };
            if (i128::from(whole) - i128::from(parts)).abs() * 1_000
                <= i128::from(whole).abs() * i128::from(limit.per_mille)
            {
                continue;
            }
            let key = content.series.series(series, &content.lists).key;
            let reason = format!("the parts of {key} add up to {}", content.printed(series, parts));
            let row = Row {
                series,
                document: 0,
                period,
                value: Some(whole),
                status: b'A',
                confirmation: false,
                line,
                note: None,
            };
            tell(content, !limit.refuse, FaultKind::Sum, &row, reason);
        }
    }
}

impl Content {
    /// The header of the column that a figure stands in.
    fn column(&self, row: &Row) -> String {
        let frequency = self.series.frequency(row.series);
        let is_its = |period: &Period| period.frequency() == frequency && period.ordinal() == row.period;
        let found = self.wide.iter().find(|(period, _)| is_its(period));
        found.map_or(&self.value_column, |(_, header)| header).clone()
    }

    fn step(&self, series: u32, from: i64, jump: Jump) -> String {
        let (key, was) = (self.series.series(series, &self.lists).key, self.printed(series, from));
        format!("a step of more than {} times from {was} before it in {key}", jump.factor)
    }

    fn decimals(&self, series: u32) -> u32 {
        let measure = self.series.code(series, Dimension::Measure, &self.lists);
        self.dataset.measure(measure).map(|measure| measure.decimals).unwrap_or_default()
    }

    /// What a stored value of 1 unit is.
    fn unit(&self, series: u32) -> i64 {
        10i64.checked_pow(self.decimals(series)).unwrap_or(i64::MAX)
    }

    /// A stored value as a decimal number.
    fn printed(&self, series: u32, value: i64) -> String {
        rust_decimal::Decimal::try_from_i128_with_scale(i128::from(value), self.decimals(series))
            .map_or_else(|_| value.to_string(), |value| value.normalize().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_by_factor_and_size() {
        let jump = Jump { factor: 20, above: 1_000, refuse: true };
        for (value, previous, is) in [
            (26, 23_836_083, true),
            (23_836_083, 26, true),
            (0, 5_000_000, false),
            (30, 1, false),
            (1_999, 100, false),
            (2_001, 100, true),
        ] {
            assert_eq!(is_jump(jump, 1, value, previous), is, "{previous} to {value}");
        }
        assert!(!is_jump(jump, 1_000, 2_001, 100));
    }
}
