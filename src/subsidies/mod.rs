//! Subsidies, taxes, quotas and credits: what documents say in words, what can be computed, and what was spent.

mod contract;
mod credit;
mod dated;
mod filters;
mod model;
mod number;
mod queries;
mod quote;
mod routes;
mod schedule;

pub use contract::{
    CreditVehicleParams, NamedVehicle, QuoteParams, QuoteRequest, ScheduleParams, SeriesParams, Use,
    VehicleParams,
};
pub use dated::{Concerning, InstrumentDates, dated};
pub use model::{Credit, Instrument, InstrumentDetail, SubsidyRate, SubsidyRule, SubsidySpend};
pub use routes::routes;
