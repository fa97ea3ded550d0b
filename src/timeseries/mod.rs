//! Time series: periods, series keys, and the one pipeline from a request to a frame of observations.

pub mod answer;
pub mod complete;
pub mod dataset;
pub mod derive;
pub mod estimate;
pub mod fetch;
pub mod frame;
pub mod key;
pub mod overlay;
pub mod past;
pub mod period;
pub mod plan;
pub mod precedence;
pub mod ranking;
pub mod reach;
pub mod reconcile;
pub mod release;
pub mod request;
pub mod rollup;
pub mod selected;
pub mod span;
pub mod sql;
pub mod target;
pub mod transform;
pub mod walk;
