//! Subsidies, taxes, quotas and credits: what documents say in words, what can be computed, and what was spent.

mod dated;
mod filters;
mod model;
mod queries;
mod routes;

pub use dated::{Concerning, InstrumentDates, dated};
pub use model::{Credit, Instrument, InstrumentDetail, SubsidyRate, SubsidyRule, SubsidySpend};
pub use routes::routes;
