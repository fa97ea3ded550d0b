//! Charging infrastructure: the dataset `charging` under a path of its own.

mod routes;

pub use routes::routes;
