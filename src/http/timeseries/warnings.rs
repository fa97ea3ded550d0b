//! What a reader should know of an answer before using it.

use std::collections::BTreeSet;

use super::Asked;
use crate::error::Result;
use crate::http::records::Warning;
use crate::timeseries::answer::Frame;
use crate::timeseries::fetch::Reader;
use crate::timeseries::key::TOTAL;
use crate::timeseries::period::Period;
use crate::timeseries::plan::Plan;
use crate::timeseries::ranking::Ranking;
use crate::timeseries::sql;

/// How many incomplete rankings are told of.
const MOST_RANKINGS: usize = 5;

/// That nothing was found and where there is something; that the past is incomplete.
pub(super) async fn warnings(reader: &Reader<'_>, asked: &Asked, frame: &Frame) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    if frame.is_empty() && asked.view.paging.after.is_none() {
        warnings.push(nothing(reader, &asked.named).await?);
    }
    let incomplete: Vec<&Ranking> = frame.rankings.iter().filter(|ranking| !ranking.complete).collect();
    let told = incomplete.iter().take(MOST_RANKINGS).map(|ranking| told(ranking));
    warnings.extend(told.map(|detail| Warning::new("incomplete_ranking", detail)));
    if incomplete.len() > MOST_RANKINGS {
        let detail = format!("{} rankings more are incomplete too", incomplete.len() - MOST_RANKINGS);
        warnings.push(Warning::new("incomplete_ranking", detail));
    }
    if frame.late > 0 {
        let detail = format!(
            "{} figures for this time are first stated by documents over 24 months younger, or undated: what was known \
             then may lack them",
            frame.late
        );
        warnings.push(Warning::new("vintage_incomplete", detail));
    }
    Ok(warnings)
}

/// That nothing was found, and where there is something.
pub(super) async fn nothing(reader: &Reader<'_>, named: &[&str]) -> Result<Warning> {
    let mut warning = Warning::no_data();
    if let Some(hint) = hint(reader, named).await? {
        warning.detail = format!("{}; {hint}", warning.detail);
    }
    Ok(warning)
}

/// What an incomplete ranking lacks.
fn told(ranking: &Ranking) -> String {
    let period = |ordinal| Period::new(ranking.frequency, ordinal).map(|p| p.to_string()).unwrap_or_default();
    let (first, last) = (period(ranking.window.0), period(ranking.window.1));
    let codes: Vec<&str> =
        ranking.codes.iter().map(|(_, code)| code.as_str()).filter(|c| *c != TOTAL).collect();
    let extent = ranking.coverage.map_or_else(
        || "not known to be enough of the whole in each period".to_owned(),
        |coverage| format!("only {coverage:.1} % of the whole where that is least"),
    );
    format!(
        "what {} lists by {} ({}) from {first} to {last} is {extent}: where it is below 80 %, it is no ranking of all, and there is \
         no share and no rest",
        ranking.source,
        ranking.dimension,
        codes.join(" "),
    )
}

/// What the parameters that were not named would have to be for there to be figures, changing as few of them as can be.
async fn hint(reader: &Reader<'_>, named: &[&str]) -> Result<Option<String>> {
    let found = reader.texts(&sql::nearest_with_figures(reader.plan, reader.dataset, named)).await?;
    let Some(best) = found.first() else { return Ok(None) };
    let changes = differences(reader.plan, best);
    let hint = match changes.as_slice() {
        [] => {
            let window = &reader.plan.window;
            let time = if window.start.or(window.end).is_some() { " for this time" } else { "" };
            let known = if reader.plan.as_of.is_some() { " that was known by then" } else { "" };
            let any = if time.is_empty() && known.is_empty() { " that is whole" } else { "" };
            format!("there are figures, but none{time}{known}{any}")
        }
        [(name, _)] => {
            let others = found.iter().map(|row| differences(reader.plan, row));
            let codes = others.filter_map(|other| match other.as_slice() {
                [(other, code)] if other == name => Some(*code),
                _ => None,
            });
            let codes: BTreeSet<&str> = codes.collect();
            let codes: Vec<&str> = codes.into_iter().take(8).collect();
            format!("there are figures with {name}={}", codes.join(","))
        }
        several => {
            let pairs: Vec<String> = several.iter().map(|(name, code)| format!("{name}={code}")).collect();
            format!("there are figures with {}", pairs.join("&"))
        }
    };
    Ok(Some(hint))
}

/// In which parameters the codes of a series, its frequency first, differ from what the plan selects.
fn differences<'a>(plan: &Plan, row: &'a [String]) -> Vec<(&'static str, &'a str)> {
    let Some((frequency, codes)) = row.split_first() else { return Vec::new() };
    let at_another = plan.frequencies.iter().all(|f| f.code() != frequency);
    let first = at_another.then_some(("frequency", frequency.as_str()));
    let rest = plan.selection.iter().zip(codes).filter_map(|((dimension, selection), code)| {
        let selected = selection.codes().is_none_or(|codes| codes.contains(code));
        (!selected).then_some((dimension.name(), code.as_str()))
    });
    first.into_iter().chain(rest).collect()
}
