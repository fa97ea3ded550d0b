//! A fresh, migrated database for each test.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use china_auto::database::Database;
use sqlx::postgres::PgConnectOptions;

const SOCKET: &str = "/tmp/devpg";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A database that is dropped with its handle.
pub struct Fresh {
    pub database: Database,
    name: String,
}

/// A fresh, migrated database.
pub async fn database() -> Fresh {
    let name = format!("ing_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    admin("createdb", &name);
    let database = Database::new(PgConnectOptions::new().socket(SOCKET).username("postgres").database(&name));
    database.migrate().await.expect("the schema is up to date");
    Fresh { database, name }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        admin("dropdb", &self.name);
    }
}

fn admin(program: &str, name: &str) {
    let mut command = Command::new(program);
    command.args(["-h", SOCKET, "-U", "postgres", name]);
    if program == "dropdb" {
        command.arg("--force");
    }
    assert!(command.status().expect("the programs of PostgreSQL are installed").success());
}
