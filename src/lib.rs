//! China's auto market as a REST API: production volumes, EV subsidies, charging outlets and OEM partnerships,
//! each figure with the source and the document it comes from.

pub mod access;
pub mod app;
pub mod backup;
pub mod catalog;
pub mod charging;
pub mod clock;
pub mod config;
pub mod database;
pub mod error;
pub mod export;
pub mod filter;
pub mod formats;
pub mod generate;
pub mod health;
pub mod http;
pub mod import;
pub mod ingest;
pub mod intake;
pub mod keys;
pub mod language;
pub mod listener;
pub mod metrics;
pub mod params;
pub mod partnerships;
pub mod production;
pub mod rebuild;
pub mod rollups;
pub mod rules;
pub mod server;
pub mod spreadsheet;
pub mod subsidies;
pub mod telemetry;
pub mod timeseries;
pub mod words;
