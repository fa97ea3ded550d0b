//! The time-series endpoints: every figure, every way to ask, every fault.

mod published;
mod whole;
