//! Partnerships of carmakers, the organizations that take part in them with which shares, and dated events.

mod counts;
mod dated;
mod filters;
mod model;
mod network;
mod ownership;
mod queries;
mod routes;
mod stakes;
mod timeline;

pub use dated::{About, PartnershipDates, dated, happened};
pub use model::{Event, Organization, OrganizationDetail, Partnership, PartnershipMember};
pub use routes::routes;
pub use stakes::{Holder, Holdings, Stake, holdings};
