//! What quotes are computed from: every instrument with its rules and its rates in words, read once for a request.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::rules::{Cells, Form, Meaning};
use crate::timeseries::span::Span;

/// All instruments.
#[derive(Debug, Default)]
pub struct Book {
    /// Each with its rules and rates, national ones first, then by id.
    pub(super) instruments: Vec<Terms>,
}

/// An instrument with what it grants.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) jurisdiction: String,
    pub(super) level: String,
    pub(super) span: Span,
    pub(super) document: String,
    pub(super) rules: Vec<Rule>,
    pub(super) rates: Vec<Rate>,
}

/// A computable rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) span: Span,
    pub(super) part: String,
    pub(super) scheme: Option<String>,
    pub(super) concerns: Concerns,
    pub(super) meaning: Meaning,
    pub(super) value: Option<Decimal>,
    pub(super) unit: Option<String>,
    pub(super) supersedes: Option<String>,
    pub(super) verification: String,
    pub(super) document: String,
    /// The last day that the date of the document may mean; `None` where it is undated.
    pub(super) published: Option<NaiveDate>,
    pub(super) note: Option<String>,
}

/// Which vehicles a rule or rate is for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Concerns {
    pub(super) vehicle_class: Option<String>,
    pub(super) powertrains: Vec<String>,
}

/// A rate as a document words it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Rate {
    #[serde(flatten)]
    pub(super) span: Span,
    #[serde(flatten)]
    pub(super) concerns: Concerns,
    pub(super) criterion: Option<String>,
    pub(super) min_value: Option<Decimal>,
    pub(super) max_value: Option<Decimal>,
    pub(super) unit: Option<String>,
    pub(super) amount: Option<Decimal>,
    pub(super) cap: Option<Decimal>,
    pub(super) condition: Option<String>,
    pub(super) document: String,
    /// The last day that the date of the document may mean; `None` where it is undated.
    pub(super) published: Option<NaiveDate>,
}

/// An instrument as the database has it.
#[derive(Debug, Deserialize)]
pub struct InstrumentRow {
    id: String,
    name: String,
    kind: String,
    jurisdiction: String,
    level: String,
    #[serde(flatten)]
    span: Span,
    document: String,
    rules: Vec<RuleRow>,
    rates: Vec<Rate>,
}

#[derive(Debug, Deserialize)]
struct RuleRow {
    id: String,
    #[serde(flatten)]
    span: Span,
    part: String,
    scheme: Option<String>,
    #[serde(flatten)]
    concerns: Concerns,
    criterion: Option<String>,
    min: Option<Decimal>,
    max: Option<Decimal>,
    value: Option<Decimal>,
    unit: Option<String>,
    supersedes: Option<String>,
    verification: String,
    document: String,
    published: Option<NaiveDate>,
    note: Option<String>,
}

impl Book {
    /// What a vehicle can be asked for, and what each criterion takes.
    pub fn criteria(&self) -> BTreeMap<String, Form> {
        Form::all(self.instruments.iter().flat_map(|terms| &terms.rules).map(|rule| &rule.meaning))
    }

    /// The first day on which anything is known to have been in force.
    pub(super) fn first_day(&self) -> Option<NaiveDate> {
        self.instruments.iter().filter_map(|terms| terms.span.from).min()
    }

    /// The regions that grant anything.
    pub(super) fn jurisdictions(&self) -> Vec<&str> {
        unique(self.instruments.iter().map(|terms| terms.jurisdiction.as_str()))
    }

    /// The classes that rules and rates are for.
    pub(super) fn classes(&self) -> Vec<&str> {
        let rules = self.instruments.iter().flat_map(|terms| terms.rules.iter().map(|rule| &rule.concerns));
        let rates = self.instruments.iter().flat_map(|terms| terms.rates.iter().map(|rate| &rate.concerns));
        unique(rules.chain(rates).filter_map(|concerns| concerns.vehicle_class.as_deref()))
    }

    /// The names of all schemes.
    pub fn schemes(&self) -> Vec<&str> {
        let rules = self.instruments.iter().flat_map(|terms| &terms.rules);
        unique(rules.filter_map(|rule| rule.scheme.as_deref()))
    }
}

/// Each of some words once, in order.
fn unique<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    words.collect::<BTreeSet<_>>().into_iter().collect()
}

impl TryFrom<Vec<InstrumentRow>> for Book {
    type Error = Error;

    fn try_from(rows: Vec<InstrumentRow>) -> Result<Self> {
        let instruments = rows.into_iter().map(Terms::try_from).collect::<Result<_>>()?;
        Ok(Self { instruments })
    }
}

impl TryFrom<InstrumentRow> for Terms {
    type Error = Error;

    fn try_from(row: InstrumentRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            jurisdiction: row.jurisdiction,
            level: row.level,
            span: row.span,
            document: row.document,
            rules: row.rules.into_iter().map(Rule::try_from).collect::<Result<_>>()?,
            rates: row.rates,
        })
    }
}

impl TryFrom<RuleRow> for Rule {
    type Error = Error;

    fn try_from(row: RuleRow) -> Result<Self> {
        let cells = Cells {
            part: &row.part,
            criterion: row.criterion.as_deref().unwrap_or_default(),
            min: row.min,
            max: row.max,
            value: row.value,
            unit: row.unit.as_deref().unwrap_or_default(),
        };
        let meaning = Meaning::read(&cells).map_err(|(column, reason)| {
            Error::internal(format!("reading the rule {}", row.id), format!("{column}: {reason}"))
        })?;
        Ok(Self {
            id: row.id,
            span: row.span,
            part: row.part,
            scheme: row.scheme,
            concerns: row.concerns,
            meaning,
            value: row.value,
            unit: row.unit,
            supersedes: row.supersedes,
            verification: row.verification,
            document: row.document,
            published: row.published,
            note: row.note,
        })
    }
}

impl Concerns {
    /// Whether it is for a vehicle of these: its class and its powertrain with all that is above them.
    pub(super) fn vehicle(&self, class: &[String], powertrain: &[String]) -> bool {
        self.vehicle_class.as_ref().is_none_or(|of| class.contains(of))
            && self.powertrains.iter().any(|of| powertrain.contains(of))
    }
}
