//! Time series: periods, series keys, and the one pipeline from a request to a frame of observations.

pub mod dataset;
pub mod key;
pub mod overlay;
pub mod period;
