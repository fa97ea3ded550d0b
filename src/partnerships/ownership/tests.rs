//! Drawn and chosen graphs of stakes, against what a matrix says of them.

use proptest::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::graph::Graph;
use super::model::Basis;
use super::reach::Reach;
use super::{Asked, Direction, Known, Ownership, Party, Stake, answer};

/// A stake of a holder in a held, in percent; `None` where the share is not stated.
type Drawn<'a> = (&'a str, &'a str, Option<&'a str>);

fn stake(holder: &str, held: &str, percent: Option<Decimal>) -> Stake {
    Stake {
        partnership: format!("{holder}-{held}"),
        name: format!("{holder} in {held}"),
        kind: "equity_stake".to_owned(),
        holder: holder.to_owned(),
        held: Some(held.to_owned()),
        role: "investor".to_owned(),
        equity_percent: percent,
        valid_from: None,
        valid_to: None,
        document: "d".to_owned(),
        placed: true,
        begun: true,
    }
}

fn party(id: &str, parent: Option<&str>) -> Party {
    Party {
        id: id.to_owned(),
        name_en: id.to_owned(),
        name_zh: None,
        kind: "oem".to_owned(),
        country: None,
        parent: parent.map(str::to_owned),
        document: None,
        founded: None,
        dissolved: None,
        exists: true,
    }
}

fn known(stakes: &[Drawn<'_>], parents: &[(&str, &str)]) -> Known {
    let mut ids: Vec<&str> = stakes.iter().flat_map(|(holder, held, _)| [*holder, *held]).collect();
    ids.extend(parents.iter().flat_map(|(child, parent)| [*child, *parent]));
    ids.sort_unstable();
    ids.dedup();
    let parent = |id: &str| parents.iter().find(|(child, _)| *child == id).map(|(_, parent)| *parent);
    let stakes = stakes.iter();
    Known {
        reached: ids.len(),
        stakes: stakes.map(|(a, b, share)| stake(a, b, share.map(|text| text.parse().unwrap()))).collect(),
        organizations: ids.iter().map(|id| party(id, parent(id))).collect(),
    }
}

fn asked(known: &Known, id: &str, direction: Direction) -> (Ownership, Vec<&'static str>) {
    let asked = Asked { id, on: "2024-01-01".parse().unwrap(), direction };
    let (ownership, rows, notices) = answer(known, asked, true).unwrap();
    assert_eq!(rows.len(), ownership.chains.len());
    (ownership, notices.into_iter().map(|notice| notice.code).collect())
}

/// The total of each, as `id: least` or `id: least..most`.
fn totals(ownership: &Ownership) -> Vec<String> {
    let all = ownership.totals.iter();
    all.map(|total| match &total.effective_percent {
        Some(percent) => format!("{} {percent}", total.id),
        None => format!("{} {}..{}", total.id, total.effective_percent_min, total.effective_percent_max),
    })
    .collect()
}

fn control(ownership: &Ownership) -> Vec<(&str, Basis, bool)> {
    ownership.control.iter().map(|it| (it.controller.as_str(), it.basis, it.of_record)).collect()
}

#[test]
fn a_chain_multiplies_and_chains_add_up() {
    let stakes = [("a", "b", Some("60")), ("b", "c", Some("50.1")), ("a", "c", Some("10"))];
    let (up, told) = asked(&known(&stakes, &[]), "c", Direction::Up);
    assert_eq!(totals(&up), ["b 50.1", "a 40.06"]);
    let chains: Vec<_> = up
        .chains
        .iter()
        .map(|c| (c.path.join(">"), c.effective_percent.clone().unwrap().to_string()))
        .collect();
    let expected = [("c>a", "10"), ("c>b", "50.1"), ("c>b>a", "30.06")];
    assert_eq!(chains, expected.map(|(path, share)| (path.to_owned(), share.to_owned())));
    assert!(told.is_empty() && up.complete);
    let (down, _) = asked(&known(&stakes, &[]), "a", Direction::Down);
    assert_eq!(totals(&down), ["b 60", "c 40.06"]);
    // A majority of a majority controls all of it, and owns less than half.
    assert_eq!(control(&up), [("a", Basis::Majority, false), ("b", Basis::Majority, false)]);
}

#[test]
fn a_share_that_is_not_stated_is_from_nothing_to_what_the_others_leave() {
    let stakes = [("a", "t", Some("51")), ("b", "t", None), ("c", "b", Some("50")), ("d", "t", Some("9"))];
    let (up, _) = asked(&known(&stakes, &[]), "t", Direction::Up);
    assert_eq!(totals(&up), ["a 51", "d 9", "b 0..40", "c 0..20"]);
    let chain = up.chains.iter().find(|chain| chain.path == ["t", "b", "c"]).unwrap();
    assert_eq!(
        (chain.effective_percent.clone(), chain.effective_percent_max.to_string()),
        (None, "20".to_owned())
    );
}

#[test]
fn two_unknown_shares_of_one_company_are_no_more_than_what_is_left_together() {
    // Whoever has half of both cannot come to more than half of what is left.
    let stakes = [
        ("k", "t", Some("20")),
        ("a", "t", None),
        ("b", "t", None),
        ("z", "a", Some("50")),
        ("z", "b", Some("50")),
    ];
    let (up, _) = asked(&known(&stakes, &[]), "t", Direction::Up);
    assert!(totals(&up).contains(&"z 0..40".to_owned()), "{:?}", totals(&up));
}

#[test]
fn shares_that_add_up_to_more_than_everything_stand_and_are_told() {
    let stakes = [("a", "t", Some("90")), ("b", "t", Some("20")), ("c", "t", None)];
    let (up, told) = asked(&known(&stakes, &[]), "t", Direction::Up);
    assert_eq!(totals(&up), ["a 90", "b 20", "c 0..100"]);
    assert_eq!(told, ["over_100"]);
}

#[test]
fn several_statements_of_one_share_bound_it_and_are_never_added() {
    let mut known = known(&[("a", "t", Some("10")), ("a", "t", Some("12.5"))], &[]);
    let (up, told) = asked(&known, "t", Direction::Up);
    assert_eq!(totals(&up), ["a 10..12.5"]);
    assert_eq!((told, up.links.len()), (vec!["several_shares"], 2));
    // One that states no share says nothing beside one that does, and one that may not have begun may be nothing.
    known.stakes[0].equity_percent = None;
    assert_eq!(totals(&asked(&known, "t", Direction::Up).0), ["a 12.5"]);
    known.stakes[1].begun = false;
    let (up, told) = asked(&known, "t", Direction::Up);
    assert_eq!((totals(&up), told), (vec!["a 0..12.5".to_owned()], vec!["start_unknown"]));
    known.stakes.iter_mut().for_each(|stake| stake.placed = false);
    let (up, told) = asked(&known, "t", Direction::Up);
    assert_eq!((totals(&up).len(), told), (0, vec!["no_data", "not_placed"]));
}

#[test]
fn circles_end_and_their_totals_are_of_all_rounds() {
    // a has 60 of b, b has 10 of a; x has the rest of a and y the rest of b.
    let stakes =
        [("a", "b", Some("60")), ("b", "a", Some("10")), ("x", "a", Some("90")), ("y", "b", Some("40"))];
    let (up, told) = asked(&known(&stakes, &[]), "b", Direction::Up);
    assert_eq!(told, ["circular"]);
    let share = |id: &str| {
        let total = up.totals.iter().find(|total| total.id == id).unwrap();
        total.effective_percent.as_ref().unwrap().as_f64().unwrap()
    };
    // (I - A)^-1: 0.9 * 0.6 / (1 - 0.06) and 0.4 / (1 - 0.06), which are everything together.
    assert!((share("x") - 54.0 / 0.94).abs() < 1e-12 && (share("y") - 40.0 / 0.94).abs() < 1e-12);
    assert!((share("x") + share("y") - 100.0).abs() < 1e-12);
    assert!((share("a") - 60.0).abs() < 1e-12, "what a holds of itself is not counted twice");
    assert_eq!(up.chains.len(), 3, "a chain passes nobody twice");
    let ultimate: Vec<_> =
        up.totals.iter().filter(|total| total.ultimate).map(|total| total.id.as_str()).collect();
    assert_eq!(ultimate, ["x", "y"]);
}

#[test]
fn a_company_that_holds_itself_belongs_to_the_others() {
    let stakes = [("t", "t", Some("20")), ("a", "t", Some("80"))];
    assert_eq!(totals(&asked(&known(&stakes, &[]), "t", Direction::Up).0), ["a 100"]);
    let closed = [("a", "b", Some("100")), ("b", "a", Some("100")), ("x", "a", None)];
    assert_eq!(totals(&asked(&known(&closed, &[]), "b", Direction::Up).0), ["a 100", "x 0"]);
}

#[test]
fn control_is_of_more_than_half_alone_or_together_and_never_of_halves() {
    let stakes = [
        ("h", "a", Some("60")),
        ("h", "b", Some("51")),
        ("a", "t", Some("30")),
        ("b", "t", Some("25")),
        ("o", "t", Some("45")),
        ("t", "j", Some("50")),
        ("p", "j", Some("50")),
    ];
    let known = known(&stakes, &[]);
    assert_eq!(control(&asked(&known, "t", Direction::Up).0), [("h", Basis::Combined, false)]);
    let joint = asked(&known, "j", Direction::Up).0;
    let expected = [("h", Basis::Joint, false), ("p", Basis::Joint, false), ("t", Basis::Joint, false)];
    assert_eq!(control(&joint), expected);
    let down = asked(&known, "h", Direction::Down).0;
    let told: Vec<_> = down.control.iter().map(|it| (it.controlled.as_str(), it.basis)).collect();
    let expected =
        [("a", Basis::Majority), ("b", Basis::Majority), ("j", Basis::Joint), ("t", Basis::Combined)];
    assert_eq!(told, expected);
}

#[test]
fn a_parent_of_record_counts_where_the_dated_shares_leave_it_more_than_half() {
    let stakes = [("s", "t", Some("51"))];
    let up = asked(&known(&stakes, &[("s", "g")]), "t", Direction::Up).0;
    assert_eq!(control(&up), [("g", Basis::Majority, true), ("s", Basis::Majority, false)]);
    assert_eq!(totals(&up), ["s 51"], "it is no share");
    assert_eq!((up.control[0].ultimate, up.control[1].ultimate), (Some(true), Some(false)));
    let sold = [("s", "t", Some("51")), ("f", "s", Some("50"))];
    let up = asked(&known(&sold, &[("s", "g")]), "t", Direction::Up).0;
    assert_eq!(control(&up), [("s", Basis::Majority, false)], "half is with somebody else");
    let minority = [("g", "s", Some("46")), ("s", "t", Some("51"))];
    let up = asked(&known(&minority, &[("s", "g")]), "t", Direction::Up).0;
    assert_eq!(control(&up), [("s", Basis::Majority, false)], "its own share is known");
}

#[test]
fn chains_are_cut_in_number_and_the_totals_are_still_of_all() {
    // Ten storeys of three: 3^10 chains.
    let name = |storey: usize, n: usize| format!("{storey}-{n}");
    let mut stakes = Vec::new();
    for storey in 0..10 {
        for (n, m) in (0..3).flat_map(|n| (0..3).map(move |m| (n, m))) {
            stakes.push((name(storey + 1, m), name(storey, n), Some("33")));
        }
    }
    let stakes: Vec<Drawn<'_>> =
        stakes.iter().map(|(a, b, share)| (a.as_str(), b.as_str(), *share)).collect();
    let (up, told) = asked(&known(&stakes, &[]), "0-0", Direction::Up);
    assert_eq!((up.chains.len(), up.complete, told), (1000, false, vec!["chains_cut"]));
    let total = up.totals.iter().find(|total| total.id == "10-0").unwrap();
    let expected = 100.0 * 0.33 * 0.99_f64.powi(9);
    assert!((total.effective_percent.as_ref().unwrap().as_f64().unwrap() - expected).abs() < 1e-9);
    assert_eq!(total.distance, 10);
}

/// The inverse of a matrix, by elimination.
fn inverse(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let size = matrix.len();
    for (at, row) in matrix.iter_mut().enumerate() {
        row.extend((0..size).map(|column| if column == at { 1.0 } else { 0.0 }));
    }
    for at in 0..size {
        let best = (at..size).max_by(|a, b| matrix[*a][at].abs().total_cmp(&matrix[*b][at].abs())).unwrap();
        matrix.swap(at, best);
        let pivot = matrix[at][at];
        matrix[at].iter_mut().for_each(|value| *value /= pivot);
        let own = matrix[at].clone();
        for (_, row) in matrix.iter_mut().enumerate().filter(|(other, _)| *other != at) {
            let factor = row[at];
            row.iter_mut().zip(&own).for_each(|(value, own)| *value -= factor * own);
        }
    }
    matrix.into_iter().map(|row| row[size..].to_vec()).collect()
}

/// Shares of each in each in percent, no more than 95 of one company; some not stated.
fn drawn() -> impl Strategy<Value = Vec<Vec<(u32, bool)>>> {
    (2usize..9).prop_flat_map(|size| {
        let share = prop_oneof![3 => Just((0, true)), 2 => (1u32..95, prop::bool::weighted(0.8))];
        prop::collection::vec(prop::collection::vec(share, size), size)
    })
}

/// The drawn shares as stakes, held by held, and as a matrix of fractions where all are stated as drawn.
fn stakes_of(drawn: &[Vec<(u32, bool)>]) -> (Known, Vec<Vec<f64>>) {
    let size = drawn.len();
    let names: Vec<String> = (0..size).map(|n| n.to_string()).collect();
    let mut known = Known {
        reached: size,
        stakes: Vec::new(),
        organizations: names.iter().map(|name| party(name, None)).collect(),
    };
    let mut shares = vec![vec![0.0; size]; size];
    for held in 0..size {
        let sum: u32 = drawn[held].iter().map(|(share, _)| share).sum();
        for (holder, (share, is_stated)) in
            drawn[held].iter().enumerate().filter(|(_, (share, _))| *share > 0)
        {
            // Four decimals of a percent, as the table holds them.
            let percent = Decimal::new(i64::from(*share) * 950_000 / i64::from(sum.max(95)), 4);
            shares[holder][held] = percent.to_f64().unwrap() / 100.0;
            known.stakes.push(stake(&names[holder], &names[held], is_stated.then_some(percent)));
        }
    }
    (known, shares)
}

proptest! {
    #[test]
    fn totals_are_those_of_the_matrix_and_bounds_hold_them(drawn in drawn()) {
        let (known, shares) = stakes_of(&drawn);
        let size = shares.len();
        let difference = |i: usize, j: usize| f64::from(u8::from(i == j)) - shares[i][j];
        let whole = inverse((0..size).map(|i| (0..size).map(|j| difference(i, j)).collect()).collect());
        let graph = Graph::of(&known);
        let reach = Reach::of(&graph);
        let is_stated = known.stakes.iter().all(|stake| stake.equity_percent.is_some());
        for (owner, own) in whole.iter().enumerate() {
            let found = reach.shares(graph.organization(&owner.to_string()).unwrap());
            for held in (0..size).filter(|held| *held != owner) {
                let (least, most) = found[graph.organization(&held.to_string()).unwrap()];
                let (least, most) = (least.to_f64().unwrap(), most.to_f64().unwrap());
                let expected = own[held] / own[owner];
                prop_assert!(least <= expected + 1e-9 && expected <= most + 1e-9, "{least} {expected} {most}");
                prop_assert!(!is_stated || (least - expected).abs() < 1e-9 && (most - least).abs() < 1e-12);
                prop_assert!((0.0..=1.0).contains(&least) && (0.0..=1.0).contains(&most));
            }
        }
    }

    #[test]
    fn without_circles_a_total_is_the_sum_of_its_chains(drawn in drawn()) {
        let (mut known, _) = stakes_of(&drawn);
        // Only who is earlier holds who is later.
        known.stakes.retain(|stake| stake.held.as_ref().is_some_and(|held| stake.holder < *held));
        let last = (drawn.len() - 1).to_string();
        let (up, _) = asked(&known, &last, Direction::Up);
        for total in &up.totals {
            let chains = up.chains.iter().filter(|chain| chain.path.last() == Some(&total.id));
            let sum: f64 = chains.map(|chain| chain.effective_percent_min.as_f64().unwrap()).sum();
            prop_assert!((sum - total.effective_percent_min.as_f64().unwrap()).abs() < 1e-9);
        }
    }
}
