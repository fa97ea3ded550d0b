//! Rules and rates of subsidies that contradict one another: of rules it is a fault, since what they say could not be computed;
//! rates are what documents say in words, which may differ, and it is told.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::Sheets;
use crate::ingest::fields::{End, Known, Span};
use crate::ingest::sheet::{Row, Sheet};
use crate::rules::{Base, Cells, Effect, Form, Meaning, Test, at_odds};
use crate::timeseries::key::Dimension;

/// Criteria that would be taken for what a quote is asked by.
const PARAMETERS: [&str; 15] = [
    "on",
    "from",
    "to",
    "jurisdiction",
    "scheme",
    "as_of",
    "powertrain",
    "vehicle_class",
    "name",
    "format",
    "limit",
    "cursor",
    "frequency",
    "start",
    "end",
];

/// A rule as far as another one may contradict it.
struct Stated<'a> {
    row: Row<'a>,
    meaning: Meaning,
    span: Span,
    powertrains: Vec<&'a str>,
}

/// Which codes lie above each.
struct Above<'a>(HashMap<(Dimension, &'a str), &'a str>);

/// Refuses rules that cannot be computed, alone or beside one another.
pub fn check_rules(sheets: &Sheets<'_>, instruments: &Known) {
    let above = Above::of(sheets);
    let all: Vec<Stated<'_>> = sheets.rules.rows().filter_map(stated).collect();
    let parents: HashMap<&str, &str> =
        all.iter().map(|one| (one.row.text("rule_id"), one.row.text("supersedes"))).collect();
    for (at, one) in all.iter().enumerate() {
        for other in all[..at].iter().filter(|other| one.contradicts(other, &above, &parents)) {
            let detail = format!(
                "says for the same vehicles and days, where both hold, what {} says otherwise; expected bands that do not \
                 overlap, or supersedes",
                other.row.text("rule_id")
            );
            one.row.fault("rule_id", detail);
        }
    }
    check_references(&all, instruments);
    check_criteria(&all);
}

/// What a rule names must be there, and a share be of what computes by itself.
fn check_references(all: &[Stated<'_>], instruments: &Known) {
    let of = |id: &str| all.iter().filter(|one| one.row.text("instrument_id") == id).collect::<Vec<_>>();
    let depends = |one: &&Stated<'_>| one.meaning.effect.share_of().is_some_and(Base::of_grants);
    for one in all {
        if let Some(id) = one.meaning.effect.share_of().and_then(Base::instrument) {
            match of(id) {
                rules if rules.is_empty() => {
                    one.row.fault("unit", format!("{id} is no instrument with rules"));
                }
                rules if rules.iter().any(depends) => {
                    one.row.fault("unit", format!("{id} is itself a share of what others grant"));
                }
                _ => {}
            }
        }
        if let Effect::Excludes(others) = &one.meaning.effect {
            for id in others.iter().filter(|id| !instruments.has(id)) {
                one.row.fault("unit", format!("{id} is no instrument"));
            }
        }
        let replaced = one.row.text("supersedes");
        let own = of(one.row.text("instrument_id"));
        if !replaced.is_empty() && !own.iter().any(|other| other.row.text("rule_id") == replaced) {
            one.row.fault("supersedes", "is no rule of the same instrument");
        }
    }
}

/// A criterion is of one kind for all rules, and none that a quote is asked by otherwise.
fn check_criteria(all: &[Stated<'_>]) {
    let mut forms: HashMap<&str, Form> = HashMap::new();
    for one in all {
        for (criterion, form) in one.meaning.criteria() {
            if PARAMETERS.contains(&criterion) {
                one.row.fault("criterion", "is the name of another parameter of a quote");
            }
            let known = forms.entry(criterion).or_insert_with(|| form.clone());
            if !known.is_like(&form) {
                one.row.fault(
                    "criterion",
                    "is a number for some rules and a word, or true or false, for others",
                );
            }
        }
    }
}

fn stated(row: Row<'_>) -> Option<Stated<'_>> {
    let number = |column: &str| row.text(column).parse::<Decimal>().ok();
    let cells = Cells {
        part: row.text("part"),
        criterion: row.text("criterion"),
        min: number("min"),
        max: number("max"),
        value: number("value"),
        unit: row.text("unit"),
    };
    let meaning = match Meaning::read(&cells) {
        Ok(meaning) => meaning,
        Err((column, reason)) => {
            row.fault(column, reason);
            return None;
        }
    };
    if meaning.effect.is_of_all() && !row.text("scheme").is_empty() {
        row.fault("scheme", format!("a {} holds whatever the scheme", cells.part));
    }
    let span = row.span("valid_from", "valid_to", End::Inclusive);
    let powertrains = row.text("powertrain").split('|').map(str::trim).collect();
    Some(Stated { row, meaning, span, powertrains })
}

impl<'a> Above<'a> {
    fn of(sheets: &'a Sheets<'_>) -> Self {
        let trees = sheets
            .codes
            .iter()
            .filter(|(dimension, _)| matches!(dimension, Dimension::Powertrain | Dimension::VehicleClass));
        let codes = trees.flat_map(|(dimension, sheet)| {
            sheet.rows().map(move |row| ((*dimension, row.text("code")), row.text("parent")))
        });
        Self(codes.collect())
    }

    /// Whether some vehicle is of both codes: one is the other, or lies above it.
    fn meet(&self, dimension: Dimension, one: &'a str, other: &'a str) -> bool {
        let within = |low: &'a str, high: &'a str| {
            let above = std::iter::successors(Some(low), |code| self.0.get(&(dimension, *code)).copied());
            // A tree is never deeper than its number of codes; rings are told elsewhere.
            above.take(self.0.len() + 1).any(|code| code == high)
        };
        within(one, other) || within(other, one)
    }
}

impl<'a> Stated<'a> {
    /// Whether some vehicle would be told two things at once on some day.
    fn contradicts(&self, other: &Self, above: &Above<'a>, parents: &HashMap<&'a str, &'a str>) -> bool {
        let same = |column: &str| self.row.text(column) == other.row.text(column);
        let schemes = [self, other].map(|stated| stated.row.text("scheme"));
        let classes = [self, other].map(|stated| stated.row.text("vehicle_class"));
        let meet = |one: &&'a str, two: &&'a str| above.meet(Dimension::Powertrain, one, two);
        let one_criterion = self.meaning.test.criterion() == other.meaning.test.criterion();
        // A tax is one whoever states it; amounts that depend on different things have no rule by which they go together.
        let is_tax = matches!(self.meaning.effect, Effect::Vat(_) | Effect::Tax(_));
        let is_amount = matches!(self.meaning.effect, Effect::Amount(_));
        same("part")
            && (same("instrument_id") || is_tax)
            && (schemes[0] == schemes[1] || schemes.contains(&""))
            && above.meet(Dimension::VehicleClass, classes[0], classes[1])
            && self.powertrains.iter().any(|one| other.powertrains.iter().any(|two| meet(one, two)))
            && self.span.overlaps(other.span)
            && self.is_alternative()
            && (one_criterion && self.meaning.test.overlaps(&other.meaning.test)
                || !one_criterion && is_amount)
            && !self.replaces(other, parents)
            && !other.replaces(self, parents)
    }

    /// Whether it supersedes the other, or what supersedes that.
    fn replaces(&self, other: &Self, parents: &HashMap<&'a str, &'a str>) -> bool {
        let replaced = std::iter::successors(parents.get(self.row.text("rule_id")), |id| parents.get(**id));
        replaced.take(parents.len()).any(|id| *id == other.row.text("rule_id"))
    }

    /// Whether there can be one such rule only: multipliers that depend on nothing all multiply, conditions must all hold, and of
    /// several limits the least counts.
    fn is_alternative(&self) -> bool {
        match self.meaning.effect {
            Effect::Amount(_) | Effect::Vat(_) | Effect::Tax(_) => true,
            Effect::Multiplier(_) => self.meaning.test != Test::Always,
            _ => false,
        }
    }
}

/// The rates that state different amounts for the same class, powertrain, bounds and days, each pair told once.
pub fn rates_at_odds(rates: &Sheet<'_>) -> Vec<String> {
    const ALIKE: [&str; 6] =
        ["instrument_id", "vehicle_class", "powertrain", "criterion", "min_value", "max_value"];
    let stated = rates.rows().filter(|row| row.text("unit") == "CNY" && !row.text("amount").is_empty());
    let stated: Vec<Row<'_>> = stated.collect();
    let amount = |row: &Row<'_>| {
        let span = row.span("effective_from", "effective_to", End::Inclusive);
        (ALIKE.map(|column| row.text(column).to_owned()), row.text("amount").to_owned(), span)
    };
    let pairs = at_odds(&stated.iter().map(amount).collect::<Vec<_>>()).into_iter();
    let told = |row: &Row<'_>| format!("{} CNY ({})", row.text("amount"), row.text("document_id"));
    let pair = |(one, other): (usize, usize)| {
        let [one, other] = [&stated[one], &stated[other]];
        format!("{}: {} and {}", one.text("instrument_id"), told(one), told(other))
    };
    pairs.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::error::{DataFault, Error};
    use crate::ingest::files::Files;
    use crate::ingest::read::subsidies::RULES;
    use crate::ingest::sheet::Faults;

    /// The faults of rules, each given by scheme, days, part, powertrain, criterion, bounds, value, unit and what it supersedes.
    fn faults(rules: &[[&str; 11]]) -> Vec<DataFault> {
        let mut text = format!("{}\n", RULES.join(","));
        for (
            at,
            [instrument, scheme, from, to, part, powertrain, criterion, min, max, value_unit, supersedes],
        ) in rules.iter().enumerate()
        {
            let (value, unit) = value_unit.split_once(' ').unwrap_or((value_unit, ""));
            let _ = writeln!(
                text,
                "R{at},{instrument},{from},{to},{part},{scheme},PV,{powertrain},{criterion},{min},{max},{value},{unit},\
                 {supersedes},read,d,"
            );
        }
        let faults = Faults::default();
        let files = Files::bundled().with("subsidies/rules.csv", &text);
        let mut instruments = Known::new("instrument");
        instruments.extend(["X", "Y"].map(str::to_owned));
        check_rules(&Sheets::read(&files, &faults), &instruments);
        match faults.finish() {
            Err(Error::Data(all)) => all,
            _ => Vec::new(),
        }
    }

    const BAND: [&str; 11] =
        ["X", "", "2020", "2020", "amount", "BEV", "range_km", "100", "200", "5 CNY", ""];

    fn but(changes: &[(usize, &'static str)]) -> [&'static str; 11] {
        let mut row = BAND;
        for (at, text) in changes {
            row[*at] = text;
        }
        row
    }

    #[test]
    fn bands_that_overlap_contradict_each_other() {
        let found = faults(&[BAND, but(&[(7, "150"), (8, "300")])]);
        assert_eq!((found.len(), found[0].line, found[0].column.as_str()), (1, 3, "rule_id"));
        assert!(found[0].reason.contains("R0"), "{}", found[0].reason);
        assert_eq!(faults(&[BAND, but(&[(5, "PHEV|BEV")])]).len(), 1, "one powertrain of two");
        assert_eq!(faults(&[BAND, but(&[(1, "a")])]).len(), 1, "a scheme has the rules of all schemes too");
        assert_eq!(faults(&[BAND, but(&[(5, "NEV")])]).len(), 1, "what is above a powertrain is for it too");
        assert_eq!(faults(&[BAND, but(&[(6, "battery_kwh")])]).len(), 1, "amounts by different criteria");
    }

    #[test]
    fn what_never_holds_together_does_not_contradict() {
        let apart = [
            but(&[(7, "200"), (8, "300")]),
            but(&[(2, "2021"), (3, "2021")]),
            but(&[(5, "PHEV")]),
            but(&[(4, "cap"), (6, ""), (7, ""), (8, "")]),
            but(&[(10, "R0")]),
            but(&[(0, "Y")]),
        ];
        for other in apart {
            assert_eq!(faults(&[BAND, other]), [], "{other:?}");
        }
        let third = [BAND, but(&[(10, "R0")]), but(&[(10, "R1")])];
        assert_eq!(faults(&third), [], "a revision of a revision");
        let schemes = [but(&[(1, "a")]), but(&[(1, "b")])];
        assert_eq!(faults(&schemes), []);
        let transitions = but(&[(4, "multiplier"), (6, ""), (7, ""), (8, ""), (9, "0.7 factor")]);
        assert_eq!(faults(&[transitions, transitions]), [], "both multiply");
    }

    #[test]
    fn a_row_that_cannot_be_computed_and_a_share_of_nothing_are_refused() {
        let unclear = faults(&[but(&[(9, "5 USD")])]);
        assert_eq!((unclear[0].column.as_str(), unclear.len()), ("unit", 1));
        let share = but(&[(0, "Y"), (6, ""), (7, ""), (8, ""), (9, "50 percent_of:X")]);
        assert_eq!(faults(&[BAND, share]), []);
        assert_eq!(faults(&[share])[0].column, "unit");
        let ring = but(&[(0, "X"), (6, ""), (7, ""), (8, ""), (9, "50 percent_of:Y")]);
        assert_eq!(faults(&[share, ring]).len(), 2, "each is a share of the other");
        let column = |changes: &[(usize, &'static str)]| {
            let found = faults(&[but(changes)]);
            assert_eq!(found.len(), 1, "{found:?}");
            found[0].column.clone()
        };
        let without = [(6, ""), (7, ""), (8, "")];
        let but_without = |changes: &[(usize, &'static str)]| column(&[&without[..], changes].concat());
        assert_eq!(but_without(&[(4, "excludes"), (9, " Z")]), "unit");
        assert_eq!(but_without(&[(4, "ceiling"), (6, "grants"), (1, "a")]), "scheme");
        assert_eq!(column(&[(6, "scheme")]), "criterion");
        assert_eq!(column(&[(10, "R9")]), "supersedes");
        let flag = but(&[(0, "Y"), (7, ""), (8, "")]);
        assert_eq!(faults(&[BAND, flag])[0].column, "criterion", "a range is a number");
        let taxes =
            ["X", "Y"].map(|id| but(&[&without[..], &[(0, id), (4, "tax"), (9, "10 percent")]].concat()));
        assert_eq!(faults(&taxes).len(), 1, "there is one tax, whoever states it");
    }

    #[test]
    fn rates_in_words_that_differ_are_told() {
        let faults = Faults::default();
        let files = Files::bundled();
        let columns = crate::ingest::read::subsidies::RATES;
        let odds = rates_at_odds(&Sheet::read(&files, "subsidies/rates.csv", columns, &faults));
        assert!(
            odds.iter()
                .any(|odd| odd.contains("CN-TRADEIN-2024: 10000 CNY (tradein_rules_2024) and 20000 CNY")),
            "{odds:?}"
        );
    }
}
