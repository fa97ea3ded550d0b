//! The integration tests, in one binary, against a real PostgreSQL.

mod cluster;
mod ingest;
