//! Production, sales, registrations, exports and stock of vehicles: the dataset `production` under a path of its own.

mod routes;

pub use routes::routes;
