//! The rules of attribution against known ventures, and against ventures of chance.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::ownership::Ownership;
use super::share::{Basis, Part, Rule, parts};
use super::spread::{Figure, spread};
use crate::partnerships::{Holder, Holdings, Stake};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A stake that is written `holder>company percent from..until`; a percent of `?` is not stated, and `+` for `>` is an investment.
fn stake(text: &str) -> Stake {
    let [between, percent, span] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let (holder, of) = between.split_once(['>', '+']).unwrap();
    let (from, until) = span.split_once("..").unwrap();
    let date = |text: &str| (!text.is_empty()).then(|| day(text));
    Stake {
        of: of.to_owned(),
        is_venture: between.contains('>'),
        holder: holder.to_owned(),
        percent: percent.parse().ok(),
        from: date(from),
        until: date(until),
        valid_from: Some(from.to_owned()),
        valid_to: None,
        partnership: format!("{of} venture"),
        has_life: true,
        life_from: date(from),
        life_until: None,
        document: "document".to_owned(),
        published: None,
    }
}

/// An organization that is written `id country parent from`, of which the last two may be `-`.
fn organization(text: &str) -> Holder {
    let [id, country, parent, from] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let known = |text: &str| (text != "-").then(|| text.to_owned());
    Holder {
        id: id.to_owned(),
        name_en: id.to_owned(),
        name_zh: None,
        country: known(country),
        parent: known(parent),
        from: known(from).map(|from| day(&from)),
        until: None,
    }
}

fn ownership(organizations: &[&str], stakes: &[&str]) -> Ownership {
    holdings(
        organizations.iter().map(|text| organization(text)).collect(),
        stakes.iter().map(|text| stake(text)).collect(),
    )
}

fn holdings(organizations: Vec<Holder>, stakes: Vec<Stake>) -> Ownership {
    Ownership::new(Holdings { organizations, stakes, ..Holdings::default() })
}

/// Group, least and most of each part, in percent; `_O` is nobody.
fn counted(rule: Rule, ownership: &Ownership, (maker, on): (&str, &str)) -> Vec<(String, String, String)> {
    let told = |part: &Part<'_>| {
        let percent = |part: Decimal| (part * Decimal::ONE_HUNDRED).normalize().to_string();
        (part.group.unwrap_or("_O").to_owned(), percent(part.bounds.0), percent(part.bounds.1))
    };
    parts(rule, ownership, (maker, day(on))).iter().map(told).collect()
}

/// The only part, whose size is known: its group and why.
fn whole(rule: Rule, ownership: &Ownership, (maker, on): (&str, &str)) -> (String, Basis) {
    let parts = parts(rule, ownership, (maker, day(on)));
    let [part] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!(part.bounds, (Decimal::ONE, Decimal::ONE));
    (part.group.unwrap_or("_O").to_owned(), part.basis)
}

fn exactly<const N: usize>(shares: [(&str, &str); N]) -> Vec<(String, String, String)> {
    shares.map(|(group, percent)| (group.to_owned(), percent.to_owned(), percent.to_owned())).to_vec()
}

fn between<const N: usize>(shares: [(&str, &str, &str); N]) -> Vec<(String, String, String)> {
    shares.map(|(group, least, most)| (group.to_owned(), least.to_owned(), most.to_owned())).to_vec()
}

/// BMW Brilliance, whose shares changed on 11 February 2022.
fn brilliance() -> Ownership {
    ownership(
        &["bmw DE - -", "brilliance CN - -", "shenyang CN - -", "venture CN bmw -"],
        &[
            "bmw>venture 50 2003-05-01..2022-02-11",
            "brilliance>venture 40.5 2003-05-01..2022-02-11",
            "shenyang>venture 9.5 2003-05-01..2022-02-11",
            "bmw>venture 75 2022-02-11..",
            "brilliance>venture 25 2022-02-11..",
        ],
    )
}

#[test]
fn the_shares_are_those_of_the_day() {
    let (before, after) = (("venture", "2022-02-10"), ("venture", "2022-02-11"));
    let held = brilliance();
    let expected = exactly([("bmw", "50"), ("brilliance", "40.5"), ("shenyang", "9.5")]);
    assert_eq!(counted(Rule::Equity, &held, before), expected);
    assert_eq!(counted(Rule::Equity, &held, after), exactly([("bmw", "75"), ("brilliance", "25")]));
    assert_eq!(whole(Rule::Control, &held, before), ("_O".to_owned(), Basis::JointControl));
    assert_eq!(whole(Rule::Control, &held, after), ("bmw".to_owned(), Basis::Majority));
    assert_eq!(whole(Rule::Full, &held, before), ("bmw".to_owned(), Basis::LargestShare));
}

#[test]
fn a_venture_of_two_halves_is_controlled_by_nobody_and_counts_at_home_in_full() {
    let stakes = ["saic>venture 50 ..", "vw>venture 50 .."];
    let held = ownership(&["saic CN - -", "vw DE - -", "venture CN - -"], &stakes);
    let asked = ("venture", "2020-06-30");
    assert_eq!(counted(Rule::Equity, &held, asked), exactly([("saic", "50"), ("vw", "50")]));
    assert_eq!(whole(Rule::Control, &held, asked), ("_O".to_owned(), Basis::JointControl));
    assert_eq!(whole(Rule::Full, &held, asked), ("saic".to_owned(), Basis::HomePartner));
    let declared = ownership(&["saic CN - -", "vw DE - -", "venture CN vw -"], &stakes);
    assert_eq!(whole(Rule::Full, &declared, asked), ("vw".to_owned(), Basis::DeclaredParent));
    let abroad = ownership(&["saic JP - -", "vw DE - -", "venture CN - -"], &stakes);
    assert_eq!(whole(Rule::Full, &abroad, asked), ("_O".to_owned(), Basis::EqualShares));
}

#[test]
fn the_holders_of_one_group_count_together() {
    let held = ownership(
        &["faw CN - -", "xiali CN faw -", "toyota JP - -"],
        &["faw>venture 20 ..", "xiali>venture 31 ..", "toyota>venture 49 ..", "faw+xiali 51 2002-01-01.."],
    );
    assert_eq!(whole(Rule::Control, &held, ("venture", "2010-12-31")), ("faw".to_owned(), Basis::Majority));
    // Before it bought the other one they are two.
    let before = whole(Rule::Control, &held, ("venture", "2001-12-31"));
    assert_eq!(before, ("_O".to_owned(), Basis::JointControl));
}

#[test]
fn a_share_that_nobody_states_is_a_range_and_nothing_is_spread_evenly() {
    let held = ownership(
        &["renault FR - -", "jmcg CN - -", "other CN - -"],
        &["renault>venture 50 ..", "jmcg>venture ? .."],
    );
    let asked = ("venture", "2022-12-31");
    let expected = between([("renault", "50", "50"), ("jmcg", "0", "50"), ("_O", "0", "50")]);
    assert_eq!(counted(Rule::Equity, &held, asked), expected);
    // Neither can have more than half, whatever the other share is.
    assert_eq!(whole(Rule::Control, &held, asked), ("_O".to_owned(), Basis::JointControl));
    // Two halves or not, and whose the other one is, is open.
    let halves = between([("jmcg", "0", "100"), ("renault", "0", "100"), ("_O", "0", "100")]);
    assert_eq!(counted(Rule::Full, &held, asked), halves);
    let neither = ownership(&[], &["magna>venture ? ..", "baic>venture ? .."]);
    let open = between([("baic", "0", "100"), ("magna", "0", "100"), ("_O", "0", "100")]);
    for rule in [Rule::Control, Rule::Full] {
        assert_eq!(counted(rule, &neither, asked), open);
    }
}

#[test]
fn a_share_whose_start_is_not_told_may_be_nothing_until_its_document_was_published() {
    let published = Some(day("2023-12-06"));
    let told = Stake { valid_from: None, published, ..stake("vw+xpeng 4.99 2023-07-26..") };
    let held = holdings(Vec::new(), vec![told]);
    let parts = counted(Rule::Equity, &held, ("xpeng", "2023-07-31"));
    assert_eq!((parts[0].1.as_str(), parts[0].2.as_str()), ("0", "4.99"), "{parts:?}");
    let after = counted(Rule::Equity, &held, ("xpeng", "2023-12-31"));
    assert_eq!((after[0].1.as_str(), after[0].2.as_str()), ("4.99", "4.99"), "{after:?}");
}

#[test]
fn who_had_a_share_and_has_one_later_has_an_unknown_one_between() {
    let stakes = [
        "volvo>polestar 50 2017-01-01..2021-04-01",
        "volvo>polestar 49.5 2021-07-12..",
        "psd>polestar ? 2021-01-01..",
    ];
    let held = holdings(Vec::new(), stakes.map(stake).to_vec());
    let parts = counted(Rule::Equity, &held, ("polestar", "2021-05-31"));
    let groups: Vec<_> = parts.iter().map(|part| part.0.clone()).collect();
    assert!(groups.iter().any(|group| group == "volvo"), "{parts:?}");
}

#[test]
fn what_no_named_holder_has_of_a_venture_goes_to_nobody_and_of_a_company_stays_with_it() {
    let venture = ownership(&[], &["saic>im 54 ..", "alibaba>im 18 .."]);
    let expected = exactly([("saic", "54"), ("alibaba", "18"), ("_O", "28")]);
    assert_eq!(counted(Rule::Equity, &venture, ("im", "2023-12-31")), expected);
    let company = ownership(&["leap CN - -"], &["stellantis+leap 20 2023-01-01.."]);
    let expected = exactly([("stellantis", "20"), ("leap", "80")]);
    assert_eq!(counted(Rule::Equity, &company, ("leap", "2023-12-31")), expected);
    for rule in [Rule::Full, Rule::Control] {
        assert_eq!(whole(rule, &company, ("leap", "2023-12-31")), ("leap".to_owned(), Basis::Own));
    }
    assert_eq!(whole(Rule::Equity, &company, ("leap", "2022-12-31")), ("leap".to_owned(), Basis::Own));
}

#[test]
fn a_holder_who_is_not_named_may_be_the_largest() {
    let asked = ("im", "2023-12-31");
    let few = ownership(&[], &["saic>im 30 .."]);
    assert_eq!(whole(Rule::Control, &few, asked), ("_O".to_owned(), Basis::Unnamed));
    assert_eq!(counted(Rule::Full, &few, asked), between([("saic", "0", "100"), ("_O", "0", "100")]));
    let most = ownership(&[], &["saic>im 54 .."]);
    assert_eq!(whole(Rule::Full, &most, asked), ("saic".to_owned(), Basis::LargestShare));
    let declared = ownership(&["im CN saic -"], &["saic>im 30 .."]);
    for rule in [Rule::Full, Rule::Control] {
        assert_eq!(whole(rule, &declared, asked), ("saic".to_owned(), Basis::DeclaredParent));
    }
}

#[test]
fn a_declared_parent_without_a_stated_share_has_an_unknown_one_beside_those_that_are() {
    let held = ownership(&["baic CN - -", "bluepark CN baic -"], &["mercedes+bluepark 2.5 .."]);
    let asked = ("bluepark", "2023-12-31");
    let expected = between([("mercedes", "2.5", "2.5"), ("baic", "0", "97.5"), ("bluepark", "0", "97.5")]);
    assert_eq!(counted(Rule::Equity, &held, asked), expected);
    assert_eq!(whole(Rule::Control, &held, asked), ("baic".to_owned(), Basis::DeclaredParent));
}

#[test]
fn a_maker_without_stakes_counts_to_its_group_by_the_list_once_that_exists() {
    let held = ownership(&["group CN - 2025-07-29", "maker CN group -", "part CN maker -"], &[]);
    for rule in [Rule::Equity, Rule::Control, Rule::Full] {
        assert_eq!(whole(rule, &held, ("part", "2025-12-31")), ("group".to_owned(), Basis::DeclaredParent));
        assert_eq!(whole(rule, &held, ("maker", "2024-12-31")), ("maker".to_owned(), Basis::Own));
    }
}

#[test]
fn a_division_is_held_as_the_venture_that_it_is_a_part_of() {
    let held = ownership(&["division CN venture -"], &["dongfeng>venture 50 ..", "nissan>venture 50 .."]);
    let expected = exactly([("dongfeng", "50"), ("nissan", "50")]);
    assert_eq!(counted(Rule::Equity, &held, ("division", "2023-11-30")), expected);
    // A group is not taken apart for an investment in it.
    let group = ownership(&["maker CN group -"], &["vw+group 50 .."]);
    assert_eq!(whole(Rule::Equity, &group, ("maker", "2023-11-30")).0, "group");
}

#[test]
fn who_takes_over_all_shares_keeps_them_when_the_partnership_ends() {
    let of = |text: &str, until: Option<&str>| Stake { life_until: until.map(day), ..stake(text) };
    let until = Some("2024-09-01");
    let held = holdings(
        Vec::new(),
        vec![
            of("byd>denza 90 2022-07-01..2024-09-01", until),
            of("mercedes>denza 10 2022-07-01..2024-09-01", until),
            of("byd>denza 100 2024-09-01..", until),
        ],
    );
    let day = ("denza", "2025-12-31");
    assert_eq!(counted(Rule::Equity, &held, day), exactly([("byd", "100")]));
    // A share of unknown size ends with its partnership, and one that was only announced never began.
    let unknown = holdings(Vec::new(), vec![of("byd>denza ? 2022-07-01..", until)]);
    assert_eq!(whole(Rule::Equity, &unknown, day).0, "denza");
    let announced = Stake { has_life: false, ..stake("faw>denza 5 2022-07-01..") };
    assert_eq!(whole(Rule::Equity, &holdings(Vec::new(), vec![announced]), day).0, "denza");
}

#[test]
fn a_partnership_in_force_without_shares_for_the_day_leaves_its_holders_unknown_ones() {
    let held = ownership(&["jmcg CN - -", "jmc CN jmcg -"], &["ford+jmc 30 1998-01-01..2013-01-01"]);
    let expected = between([("ford", "0", "100"), ("jmcg", "0", "100"), ("jmc", "0", "100")]);
    assert_eq!(counted(Rule::Equity, &held, ("jmc", "2023-11-30")), expected);
    let then = between([("ford", "30", "30"), ("jmcg", "0", "70"), ("jmc", "0", "70")]);
    assert_eq!(counted(Rule::Equity, &held, ("jmc", "2012-12-31")), then);
}

#[test]
fn shares_that_are_more_than_the_whole_are_not_believed() {
    let held = ownership(&[], &["huawei>yinwang 90 ..", "avatr>yinwang 10 ..", "seres>yinwang 10 .."]);
    let asked = ("yinwang", "2024-12-31");
    let expected =
        between([("huawei", "0", "90"), ("avatr", "0", "10"), ("seres", "0", "10"), ("_O", "0", "100")]);
    assert_eq!(counted(Rule::Equity, &held, asked), expected);
}

/// A venture or company of chance: up to five holders, some of one group, with shares that may be unknown or contradict.
fn chance() -> impl Strategy<Value = (Ownership, bool)> {
    let holder = (0_usize..4, prop::option::of(1_i64..700_000), any::<bool>());
    (prop::collection::vec(holder, 0..6), any::<bool>(), any::<bool>()).prop_map(
        |(holders, venture, has_parent)| {
            let known = holders.iter().all(|(_, share, _)| share.is_some());
            let total: i64 = holders.iter().filter_map(|(_, share, _)| *share).sum();
            let stakes = holders.iter().enumerate().map(|(at, (group, share, _))| Stake {
                percent: share.map(|share| Decimal::new(share, 4)),
                ..stake(&format!("holder{at}of{group}{}company ? ..", if venture { '>' } else { '+' }))
            });
            let stakes: Vec<Stake> = stakes.collect();
            let organizations = stakes.iter().zip(&holders).map(|(stake, (group, _, home))| {
                let country = if *home { "CN" } else { "DE" };
                organization(&format!("{} {country} group{group} -", stake.holder))
            });
            let groups = (0..4).map(|group| organization(&format!("group{group} CN - -")));
            let parent = if has_parent { "group0" } else { "-" };
            let company = organization(&format!("company CN {parent} -"));
            let all = organizations.chain(groups).chain([company]).collect();
            (holdings(all, stakes), known && total <= 1_000_000 && !has_parent)
        },
    )
}

proptest! {
    #[test]
    fn what_is_attributed_and_what_is_not_add_up_to_the_figure((held, known) in chance(), value in 0_i64..100_000_000) {
        let value = Decimal::from(value);
        let figure = Figure { value, status: b'A', releases: None, low_trust: false };
        let figures = BTreeMap::from([("company".to_owned(), figure)]);
        for (_, rule) in Rule::ALL {
            let parts = parts(rule, &held, ("company", day("2023-12-31")));
            let sums = spread(&figures, |_| parts.as_slice());
            let least: Decimal = sums.values().map(|sum| sum.bounds.0).sum();
            let most: Decimal = sums.values().map(|sum| sum.bounds.1).sum();
            prop_assert!(least <= value && value <= most, "{:?}: {} to {}", rule, least, most);
            prop_assert!(sums.values().all(|sum| sum.bounds.0 <= sum.bounds.1 && sum.bounds.1 <= value));
            let exact = sums.values().all(|sum| sum.value().is_some());
            prop_assert!(!exact || least == value);
            // Whoever is not named may have the largest share, and that alone is asked in full.
            prop_assert!(!known || exact || rule == Rule::Full, "{:?}: every share is known", rule);
        }
    }
}

#[test]
fn digits_are_served_as_they_are() {
    let json = |text: &str| serde_json::to_string(&super::exact::Exact(number(text))).unwrap();
    assert_eq!(json("54175.635"), "54175.635");
    assert_eq!(json("69383.000000"), "69383");
    assert_eq!(json("12345678901234567.890123"), "12345678901234567.890123");
}
