//! Who calls, what they may see and do, and what they did: keys, and the audit.
//!
//! `secret` is the text of a key, `key` what it stands for, `keys` finds it for a request, `queries` has the statements. What is to be
//! seen is the catalog's ([`crate::catalog::Sight`]).

mod audit;
mod key;
mod keys;
mod queries;
mod routes;
mod secret;

pub use audit::{Action, Actor, note};
pub use key::{Key, Permit, Scope, Seeing};
pub use keys::Keys;
pub use queries::{Made, Wish, create, list, restrict, revoke};
pub use routes::routes;
pub use secret::{Secret, redacted};
