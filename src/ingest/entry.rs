//! What the readers make of rows: records for a table each, and observations.

use serde_json::Value;

use crate::timeseries::key::Dimension;
use crate::timeseries::period::Frequency;

/// The tables of records, in the order in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Code lists, and the names of measures.
    Code,
    /// Units and kinds of measures.
    Measure,
    /// Descriptions of datasets.
    Dataset,
    /// Which parts make a whole.
    Partition,
    /// Which source answers by default.
    Precedence,
    /// Publishers.
    Source,
    /// Pages and files.
    Document,
    /// Carmakers, groups, investors.
    Organization,
    /// Joint ventures, stakes, alliances.
    Partnership,
    /// Who takes part in them.
    PartnershipMember,
    /// Dated events.
    Event,
    /// Schemes, taxes, quotas.
    SubsidyInstrument,
    /// Their amounts in words.
    SubsidyRate,
    /// Their amounts as rules.
    SubsidyRule,
    /// Credit targets.
    CreditMandate,
    /// Credits in words.
    CreditRule,
    /// Credits as formulas.
    CreditFormula,
    /// Money spent.
    SubsidySpend,
}

impl Table {
    /// The collection whose version its rows raise.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Code | Self::Measure | Self::Dataset | Self::Partition | Self::Precedence => "codes",
            Self::Source | Self::Document => "sources",
            Self::Organization => "organizations",
            Self::Partnership | Self::PartnershipMember => "partnerships",
            Self::Event => "events",
            Self::SubsidyInstrument
            | Self::SubsidyRate
            | Self::SubsidyRule
            | Self::CreditMandate
            | Self::CreditRule
            | Self::CreditFormula
            | Self::SubsidySpend => "subsidies",
        }
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it is written.
    pub table: Table,
    /// The document that states it; `None` for code lists, datasets and sources.
    pub document: Option<String>,
    /// Its columns, without the release.
    pub row: Value,
}

/// One row of a dataset's observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Its series, as an index into [`super::pack::Pack::series`].
    pub series: usize,
    /// The period as an integer.
    pub period: i32,
    /// The figure, scaled by the decimals of its measure; `None` where stated as missing.
    pub value: Option<i64>,
    /// SDMX `OBS_STATUS` letter.
    pub status: u8,
    /// Whether it only dates the knowledge of a figure.
    pub confirmation: bool,
    /// What the document or the compilers say of it.
    pub note: Option<String>,
}

/// One series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Where it is stored.
    pub id: i64,
    /// The dataset it belongs to.
    pub dataset: String,
    /// How often it states a figure.
    pub frequency: Frequency,
    /// Its public id.
    pub key: String,
    /// The key without the source.
    pub group_key: String,
    /// Its codes in the order of [`Dimension::ALL`]; `_T` where the dataset lacks the dimension.
    pub codes: [String; 11],
}

impl Series {
    /// Its code in a dimension.
    pub fn code(&self, dimension: Dimension) -> &str {
        &self.codes[dimension as usize]
    }
}
