//! The parameters that say what is computed of figures: conversion, transform, fill.

use crate::error::Fault;
use crate::params::Params;
use crate::timeseries::dataset::{Dataset, Measure};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::plan::{Aggregation, Fill, Plan, Transform};

/// The most periods of a moving average.
const MOST_AVERAGED: u8 = 120;

/// Reads `agg`, `partial`, `transform` and `fill` into a plan whose series are selected.
pub fn read(params: &mut Params, dataset: &Dataset, plan: &mut Plan) {
    plan.aggregation = params.choice("agg", &Aggregation::ALL);
    plan.partial = params.choice("partial", &[("keep", true), ("drop", false)]);
    plan.transform = params.value("transform", transform).unwrap_or_default();
    plan.fill = params.choice("fill", &Fill::ALL).unwrap_or_default();
    let measures = selected_measures(dataset, plan);
    if plan.aggregation.is_some() && !plan.converts {
        reject(params, "agg", plan, "says how finer figures are converted, and frequency=* converts none");
    }
    if plan.aggregation == Some(Aggregation::Sum) && measures.iter().any(|m| m.is_stock) {
        reject(params, "agg", plan, "does not go with a stock: states at several times do not add up");
    }
    if plan.fill == Fill::Previous && measures.iter().any(|m| !m.is_stock) {
        reject(params, "fill", plan, "does not go with a flow: what happened before did not happen again");
    }
    match plan.transform {
        Transform::Ytd if measures.iter().any(|m| m.is_stock) => {
            reject(params, "transform", plan, "does not go with a stock: states do not add up");
        }
        Transform::Ytd if plan.frequencies.contains(&Frequency::A) => {
            reject(params, "transform", plan, "needs frequency=M or Q: a year is already whole");
        }
        Transform::Index(base) if plan.frequencies != [base.frequency()] => {
            let detail = "takes a base period of the one frequency that is asked for";
            reject(params, "transform", plan, detail);
        }
        _ => {}
    }
}

fn reject(params: &mut Params, name: &str, plan: &Plan, detail: &str) {
    let applied = plan.applied();
    let value = applied.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    params.reject(Fault::new(name, &value, detail));
}

/// The measures that a plan selects.
pub fn selected_measures<'a>(dataset: &'a Dataset, plan: &Plan) -> Vec<&'a Measure> {
    let codes = plan.selection.get(&Dimension::Measure).and_then(|selection| selection.codes());
    dataset.measures.iter().filter(|m| codes.is_none_or(|codes| codes.contains(&m.code))).collect()
}

/// Reads what is computed of figures.
pub fn transform(text: &str) -> Result<Transform, Fault> {
    if let Some((_, transform)) = Transform::WORDS.iter().find(|(word, _)| *word == text) {
        return Ok(*transform);
    }
    if let Some(base) = text.strip_prefix("index:") {
        return base
            .parse::<Period>()
            .map(Transform::Index)
            .map_err(|why| Fault::new("transform", text, why));
    }
    if let Some(periods) = text.strip_prefix("ma:") {
        let periods = periods.parse().ok().filter(|n| (2..=MOST_AVERAGED).contains(n));
        let detail = format!("averages a whole number of periods, from 2 to {MOST_AVERAGED}");
        return periods.map(Transform::MovingAverage).ok_or_else(|| Fault::new("transform", text, detail));
    }
    let words = Transform::WORDS.iter().map(|(word, _)| *word);
    Err(Fault::new("transform", text, "is no transform").allowed(words.chain(["index:PERIOD", "ma:N"])))
}
