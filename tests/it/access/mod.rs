//! Keys, and what exists for some callers only.

mod keys;
mod privacy;
mod walk;

use china_auto::access::{Actor, Scope, Wish, create};
use china_auto::database::Database;

use crate::client::{Answer, Client};
use crate::cluster::clock;

/// A key of these scopes, for these datasets or all, as the header that sends it.
pub async fn key(database: &Database, scopes: &[Scope], datasets: Option<&[&str]>) -> String {
    let datasets = datasets.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
    made(database, Wish { name: "a test".to_owned(), scopes: scopes.to_vec(), datasets, expires_at: None })
        .await
}

async fn made(database: &Database, wish: Wish) -> String {
    let made = create(database, &wish, &Actor::of_command_line(), clock().now()).await.unwrap();
    format!("Bearer {}", made.secret.reveal())
}

impl Client {
    /// Asks for a path with a key.
    pub async fn get_by(&self, key: &str, path: &str) -> Answer {
        self.get_with(path, &[("authorization", key)]).await
    }
}
