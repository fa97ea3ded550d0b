//! The integration tests, in one binary, against a real PostgreSQL that the service's own manager starts once a run.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod annotations;
mod architecture;
mod archive;
mod attribution;
mod backup;
mod bad_input;
mod cache;
mod catalog;
mod changes;
mod client;
mod cluster;
mod complete;
mod contract;
mod counts;
mod discovery;
mod files;
mod fuzz;
mod import;
mod import_command;
mod import_forms;
mod ingest;
mod intake;
mod kills;
mod migrations;
mod network;
mod observations;
mod ownership;
mod partnerships;
mod plans;
mod query;
mod quotes;
mod readme;
mod rebuild;
mod reconcile;
mod reference;
mod rollups;
mod service;
mod start_stop;
mod streams;
mod subsidies;
mod synthetic;
mod timeline;
