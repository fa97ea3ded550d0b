//! Sums that are kept ready: which grains there are, what of them answers a plan, and the smallest that does.

use std::fmt;
use std::str::FromStr;

use super::dataset::{CodeList, Dataset, Vocabulary};
use super::key::{Dimension, TOTAL};
use super::plan::Plan;

/// Which dimensions the series of a rollup keep apart, each down to a level; the others are at their top.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grain(pub Vec<(Dimension, Level)>);

/// How far down a dimension is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Every code that the dataset states.
    Finest,
    /// The codes of a kind, such as `province`; what is not below one stays as it is.
    Kind(String),
}

/// A grain whose sums are kept ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// Where its series are.
    pub id: i32,
    /// Its grain.
    pub grain: Grain,
    /// How many series it has.
    pub series: i32,
    /// Whether its sums are kept period by period too, which a ranking of one period is read from. The codes of its dimension have none
    /// but the total above them then, and each stands in one series of those that are ranked together.
    pub by_period: bool,
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(TOTAL);
        }
        for (at, (dimension, level)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            match level {
                Level::Finest => write!(f, "{comma}{dimension}")?,
                Level::Kind(kind) => write!(f, "{comma}{dimension}:{kind}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Grain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut kept: Vec<(Dimension, Level)> = Vec::new();
        for word in text.split(',').filter(|_| text != TOTAL) {
            let (name, kind) = word.split_once(':').map_or((word, None), |(name, kind)| (name, Some(kind)));
            let dimension = Dimension::from_name(name).filter(|d| Self::may_sum(*d));
            let dimension = dimension.ok_or_else(|| format!("{name} is no dimension that is summed"))?;
            if kept.iter().any(|(known, _)| *known == dimension) {
                return Err(format!("{dimension} stands twice"));
            }
            kept.push((dimension, kind.map_or(Level::Finest, |kind| Level::Kind(kind.to_owned()))));
        }
        kept.sort();
        Ok(Self(kept))
    }
}

impl Grain {
    /// Whether sums over the codes of a dimension exist: of different measures or sources there are none.
    pub const fn may_sum(dimension: Dimension) -> bool {
        !matches!(dimension, Dimension::Measure | Dimension::Source)
    }

    /// How far down it keeps a dimension apart; `None` where not at all.
    pub fn level(&self, dimension: Dimension) -> Option<&Level> {
        self.0.iter().find(|(one, _)| *one == dimension).map(|(_, level)| level)
    }

    /// The one dimension that it keeps apart, down to every code, be it with some above it; `None` where it keeps several, or a level.
    pub fn alone(&self) -> Option<Dimension> {
        let is_finest = self.0.iter().all(|(_, level)| *level == Level::Finest);
        let is_above = |of: Dimension| self.0.iter().all(|(d, _)| *d == of || of.above().contains(d));
        self.0.iter().map(|(dimension, _)| *dimension).find(|dimension| is_finest && is_above(*dimension))
    }

    /// The code that a series of the grain has where one that is part of it has `code`.
    pub fn code<'a>(&self, list: Option<&'a CodeList>, dimension: Dimension, code: &'a str) -> &'a str {
        let Some(list) = list.filter(|_| Self::may_sum(dimension)) else { return code };
        at_level(list, self.level(dimension), code)
    }
}

/// The dimensions that a plan keeps further apart than a grain does. Where there is none, every series that the plan is answered
/// with is a sum of series of the grain.
pub fn lacks<'a>(
    grain: &'a Grain,
    plan: &'a Plan,
    vocabulary: &'a Vocabulary,
) -> impl Iterator<Item = Dimension> + 'a {
    let summed = plan.selection.iter().filter(|(dimension, _)| Grain::may_sum(**dimension));
    let lacking = summed.filter(|(dimension, selection)| {
        let Some(list) = vocabulary.codes.get(dimension) else { return false };
        match (grain.level(**dimension), selection.codes()) {
            (Some(Level::Finest), _) => false,
            (_, None) => true,
            (level, Some(codes)) => codes.iter().any(|code| at_level(list, level, code) != code),
        }
    });
    lacking.map(|(dimension, _)| *dimension)
}

/// The code at a level that one is, or is below: at the top of its tree where there is no level.
pub fn at_level<'a>(list: &'a CodeList, level: Option<&Level>, code: &'a str) -> &'a str {
    match level {
        Some(Level::Finest) => code,
        Some(Level::Kind(kind)) => {
            let is_kind = |code: &&str| list.get(code).is_some_and(|c| c.kind.as_ref() == Some(kind));
            std::iter::once(code).chain(list.above(code)).find(is_kind).unwrap_or(code)
        }
        None => list.above(code).last().unwrap_or(code),
    }
}

/// How many series of a rollup a plan selects at the most.
pub fn most(rollup: &Rollup, selecting: &Plan, vocabulary: &Vocabulary) -> usize {
    let each = selecting.selection.iter().map(|(dimension, selection)| match selection.codes() {
        Some(codes) => codes.len(),
        None => vocabulary.codes.get(dimension).map_or(1, |list| list.iter().count()),
    });
    let product = each.fold(1, usize::saturating_mul);
    product.min(usize::try_from(rollup.series).unwrap_or(usize::MAX))
}

/// The rollup with the fewest series that a plan can be answered from; `None` where only the finest series will do.
pub fn smallest<'a>(plan: &Plan, (dataset, vocabulary): (&'a Dataset, &Vocabulary)) -> Option<&'a Rollup> {
    let sufficient =
        dataset.rollups.iter().filter(|rollup| lacks(&rollup.grain, plan, vocabulary).next().is_none());
    // Of equally many, those that keep less apart.
    sufficient.min_by_key(|rollup| (rollup.series, rollup.grain.0.len()))
}

#[cfg(test)]
mod tests {
    use super::super::dataset::Code;
    use super::super::plan::Selection;
    use super::*;

    fn list(codes: &[(&str, Option<&str>, Option<&str>)]) -> CodeList {
        let code = |(code, parent, kind): &(&str, Option<&str>, Option<&str>)| Code {
            code: (*code).to_owned(),
            parent: parent.map(str::to_owned),
            kind: kind.map(str::to_owned),
            ..Code::default()
        };
        CodeList::new(codes.iter().map(code).collect())
    }

    fn geo() -> CodeList {
        list(&[
            ("CN", None, Some("country")),
            ("CN-GD", Some("CN"), Some("province")),
            ("CN-GD-1", Some("CN-GD"), Some("city")),
            ("CN-BJ", Some("CN"), Some("province")),
            ("US", None, Some("country")),
        ])
    }

    fn vocabulary() -> Vocabulary {
        let maker = list(&[(TOTAL, None, None), ("saic", None, None), ("saic-gm", Some("saic"), None)]);
        Vocabulary {
            codes: [(Dimension::Geo, geo()), (Dimension::Maker, maker)].into(),
            ..Vocabulary::default()
        }
    }

    #[test]
    fn a_grain_reads_as_it_is_written() {
        for text in ["_T", "geo", "geo:province,maker", "maker:group,powertrain"] {
            assert_eq!(text.parse::<Grain>().unwrap().to_string(), text);
        }
        assert_eq!("maker,geo".parse::<Grain>().unwrap().to_string(), "geo,maker");
        for wrong in ["", "source", "wheel", "geo,geo:province"] {
            assert!(wrong.parse::<Grain>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_grain_of_one_dimension_may_have_those_above_it() {
        let alone = |text: &str| text.parse::<Grain>().unwrap().alone();
        assert_eq!(alone("maker,brand,model"), Some(Dimension::Model));
        assert_eq!(alone("model"), Some(Dimension::Model));
        assert_eq!(alone("maker"), Some(Dimension::Maker));
        for text in ["_T", "geo:province", "maker,powertrain", "maker:group,brand"] {
            assert_eq!(alone(text), None, "{text}");
        }
    }

    #[test]
    fn a_code_becomes_the_one_that_its_level_keeps_apart() {
        let (list, of) = (geo(), |grain: &str, code| {
            grain.parse::<Grain>().unwrap().code(Some(&geo()), Dimension::Geo, code).to_owned()
        });
        assert_eq!(["CN-GD-1", "CN-BJ", "US"].map(|code| of("geo", code)), ["CN-GD-1", "CN-BJ", "US"]);
        assert_eq!(["CN-GD-1", "CN-BJ", "US"].map(|code| of("geo:province", code)), ["CN-GD", "CN-BJ", "US"]);
        assert_eq!(["CN-GD-1", "CN-BJ", "US"].map(|code| of("maker", code)), ["CN", "CN", "US"]);
        let measure = Grain::default().code(Some(&list), Dimension::Measure, "sales").to_owned();
        assert_eq!(measure, "sales");
    }

    #[test]
    fn a_plan_is_answered_by_the_smallest_grain_that_reaches_down_to_its_codes() {
        let grains =
            [("geo,maker", 900), ("geo:province,maker", 90), ("geo:province", 9), ("maker", 30), ("_T", 1)];
        let rollup = |(id, (grain, series)): (i32, &(&str, i32))| Rollup {
            id,
            grain: grain.parse().unwrap(),
            series: *series,
            by_period: false,
        };
        let dataset = Dataset { rollups: (0..).zip(&grains).map(rollup).collect(), ..Dataset::default() };
        let vocabulary = vocabulary();
        let grain = |geo: &[&str], maker: Selection| {
            let codes = geo.iter().map(|code| (*code).to_owned()).collect();
            let geo = Selection::Codes { codes, written: None };
            let selection = [(Dimension::Geo, geo), (Dimension::Maker, maker)].into();
            let plan = Plan { selection, ..Plan::default() };
            smallest(&plan, (&dataset, &vocabulary)).map(|rollup| rollup.grain.to_string())
        };
        let total = || Selection::one(TOTAL);
        assert_eq!(grain(&["CN"], total()).as_deref(), Some("_T"));
        assert_eq!(grain(&["CN", "CN-GD"], total()).as_deref(), Some("geo:province"));
        assert_eq!(grain(&["CN"], Selection::one("saic")).as_deref(), Some("maker"));
        assert_eq!(grain(&["CN-BJ"], Selection::Each).as_deref(), Some("geo:province,maker"));
        assert_eq!(grain(&["CN-GD-1"], total()).as_deref(), Some("geo,maker"));
        let without = Dataset { rollups: dataset.rollups[1..].to_vec(), ..Dataset::default() };
        let plan =
            Plan { selection: [(Dimension::Geo, Selection::one("CN-GD-1"))].into(), ..Plan::default() };
        assert_eq!(smallest(&plan, (&without, &vocabulary)), None);
    }
}
