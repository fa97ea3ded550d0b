//! Queries drawn from the grammar: how many of them are answered from sums, and the slowest.

use std::collections::BTreeMap;

use crate::report::median;
use crate::sql::Sql;
use crate::stand::{Market, Server};
use crate::{DATASET, ROUNDS, Result};

/// The columns of the table.
pub const HEAD: [&str; 2] = ["of the random queries", "figure"];

/// The dimensions that a query may name.
const DIMENSIONS: [&str; 6] = ["geo", "maker", "brand", "model", "vehicle_class", "powertrain"];

/// How often, with the first period of an index.
const FREQUENCIES: [(&str, &str); 4] =
    [("", "2020-01"), ("frequency=M", "2020-01"), ("frequency=Q", "2020-Q1"), ("frequency=A", "2020")];

const TRANSFORMS: [&str; 12] =
    ["", "", "", "", "level", "diff", "pct", "yoy", "yoy_diff", "index:", "ma:3", "ytd"];
const WINDOWS: [&str; 6] =
    ["", "start=2024&end=2024", "start=2020&end=2024-06", "last=12", "start=2025-Q1", "end=2018"];
const RANKINGS: [&str; 6] = ["", "", "", "top=10", "transform=share", "transform=rank"];

/// Chances of a seed, the same on every machine (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % count.max(1) as u64).unwrap_or_default()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// The codes that a query may name, by dimension.
struct Codes(Vec<Vec<String>>);

impl Codes {
    fn read(sql: &mut Sql) -> Result<Self> {
        let codes = DIMENSIONS.map(|dimension| {
            sql.list(&format!(
                "SELECT DISTINCT {dimension} FROM series WHERE dataset = '{DATASET}' ORDER BY 1"
            ))
        });
        let mut codes = codes.into_iter().collect::<Result<Vec<Vec<String>>>>()?;
        // The codes of cities begin with those of provinces.
        let mut provinces: Vec<String> =
            codes[0].iter().filter_map(|geo| geo.get(..5)).map(str::to_owned).collect();
        provinces.dedup();
        codes[0].extend(provinces);
        Ok(Self(codes))
    }
}

/// Draws a query.
fn draw(dice: &mut Dice, codes: &Codes) -> String {
    let (mut words, mut grouped) = (Vec::new(), Vec::new());
    let groups = dice.below(2) == 0;
    for (dimension, codes) in DIMENSIONS.into_iter().zip(&codes.0) {
        let named = match dice.below(8) {
            0 | 1 => {
                let some = 1 + dice.below(3);
                (0..some).map(|_| codes[dice.below(codes.len())].as_str()).collect::<Vec<_>>().join(",")
            }
            2 => "*".to_owned(),
            3 if groups => {
                grouped.push(match dimension {
                    "geo" => dice.one(&["geo", "geo:province", "geo:city"]),
                    "maker" => dice.one(&["maker", "maker:group"]),
                    other => other,
                });
                continue;
            }
            _ => continue,
        };
        // Several codes that are not kept apart would be summed, which only a source may declare possible.
        if groups && (named == "*" || named.contains(',')) {
            grouped.push(dimension);
        }
        words.push(format!("{dimension}={named}"));
    }
    if !grouped.is_empty() {
        words.push(format!("group_by={}", grouped.join(",")));
    }
    words.extend(computed(dice, !grouped.is_empty()));
    words.retain(|word| !word.is_empty());
    words.join("&")
}

/// Draws what is computed, how often and when.
fn computed(dice: &mut Dice, is_grouped: bool) -> [String; 4] {
    let ranking = if is_grouped { dice.one(&RANKINGS) } else { "" };
    let (frequency, base) = FREQUENCIES[dice.below(FREQUENCIES.len())];
    let transform = match dice.one(&TRANSFORMS) {
        // A query has one transform, and a year is whole already.
        _ if ranking.starts_with("transform") => String::new(),
        "" => String::new(),
        "ytd" if base == "2020" => String::new(),
        "index:" => format!("transform=index:{base}"),
        other => format!("transform={other}"),
    };
    [ranking.to_owned(), transform, frequency.to_owned(), dice.one(&WINDOWS).to_owned()]
}

/// What was found out.
#[derive(Default)]
struct Found {
    statuses: BTreeMap<u16, usize>,
    answered: usize,
    explained: usize,
    from_sums: usize,
    /// The median of each answered query, in milliseconds.
    times: Vec<(f64, String)>,
}

impl Found {
    fn ask(&mut self, market: &Market, query: &str) -> Result<()> {
        let url = market.query(query);
        let (answer, first) = market.client().timed(&url)?;
        *self.statuses.entry(answer.status).or_default() += 1;
        if answer.status != 200 {
            return Ok(());
        }
        self.answered += 1;
        let mut times = vec![first];
        for _ in 1..ROUNDS {
            times.push(market.client().timed(&url)?.1);
        }
        self.times.push((median(times), query.to_owned()));
        let explained = if query.is_empty() { format!("{url}explain=1") } else { format!("{url}&explain=1") };
        let explained = market.client().get(&explained, &[])?.json()?;
        if let Some(explained) = explained["meta"]["explain"].as_object() {
            self.explained += 1;
            self.from_sums += usize::from(explained.get("grain").is_some_and(|grain| !grain.is_null()));
        }
        Ok(())
    }

    fn told(mut self) -> Vec<Vec<String>> {
        self.times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let statuses: Vec<String> =
            self.statuses.iter().map(|(status, times)| format!("{status}: {times}")).collect();
        let from_sums = match self.explained {
            0 => "the service does not tell".to_owned(),
            told => format!("{} of {told} answered ({:.0} %)", self.from_sums, percent(self.from_sums, told)),
        };
        let middle = self.times.get(self.times.len() / 2).map_or(f64::NAN, |(millis, _)| *millis);
        let slowest =
            self.times.iter().rev().take(3).map(|(millis, query)| format!("{millis:.1} ms (`{query}`)"));
        let slowest = slowest.collect::<Vec<_>>().join(", ");
        let row = |name: &str, figure: String| vec![name.to_owned(), figure];
        vec![
            row("statuses", statuses.join(", ")),
            row("answered from sums", from_sums),
            row("middle p50", format!("{middle:.1} ms")),
            row("worst p50, and the next two", slowest),
        ]
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    let number = |count: usize| u32::try_from(count).map_or(f64::NAN, f64::from);
    100.0 * number(part) / number(whole)
}

/// Asks so many queries drawn by a seed.
pub fn rows(server: &Server, market: &Market, queries: usize, seed: u64) -> Result<Vec<Vec<String>>> {
    let codes = Codes::read(&mut server.sql(&market.database)?)?;
    let (mut dice, mut found) = (Dice(seed), Found::default());
    for _ in 0..queries {
        found.ask(market, &draw(&mut dice, &codes))?;
    }
    Ok(found.told())
}
