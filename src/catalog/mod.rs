//! The catalog: what there is to ask for, in which words, and where each figure comes from.

mod codes;
mod datasets;
mod describe;
pub mod feed;
mod filters;
mod holdings;
mod load;
mod model;
mod queries;
mod routes;
mod seal;
mod search;
mod sight;
mod vocabularies;

pub use codes::{CodeEntry, list as code_list};
pub use load::{
    codes as read_codes, datasets as read_datasets, restricted as read_restricted, sources as read_sources,
};
pub use routes::routes;
pub use seal::Seal;
pub use sight::Sight;
pub use vocabularies::{State, Vocabularies};

/// What answers name as their collection where they read several; its version is the sum of theirs.
const CATALOG: &str = "catalog";
