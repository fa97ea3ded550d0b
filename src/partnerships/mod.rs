//! Partnerships of carmakers, the organizations that take part in them with which shares, and dated events.

mod counts;
mod filters;
mod model;
mod network;
mod ownership;
mod queries;
mod routes;
mod timeline;

pub use model::{Event, Organization, OrganizationDetail, Partnership, PartnershipMember};
pub use routes::routes;
