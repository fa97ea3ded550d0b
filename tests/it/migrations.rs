//! The schema goes up, down and up again, and each test has a database of its own.

use sqlx::Connection;

use crate::cluster::{self, TestDatabase};

async fn tables(of: &TestDatabase) -> Vec<String> {
    let mut connection = of.database.writer().await.unwrap();
    let tables = sqlx::query_scalar(
        "SELECT relkind::text || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    );
    let tables = tables.fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    tables
}

#[tokio::test]
async fn every_migration_can_be_taken_back_and_made_again() {
    let bare = cluster::bare().await;
    let applied = bare.database.migrate().await.unwrap();
    assert!(applied >= 16);
    let first = tables(&bare).await;
    assert_eq!(bare.database.migrate().await.unwrap(), 0, "once is enough");
    bare.database.undo_migrations().await.unwrap();
    let left: Vec<String> = tables(&bare).await.into_iter().filter(|name| !name.contains("_sqlx_")).collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(bare.database.migrate().await.unwrap(), applied);
    assert_eq!(tables(&bare).await, first);
}

#[tokio::test]
async fn what_one_test_writes_no_other_sees() {
    let (one, other) = (cluster::database().await, cluster::database().await);
    let mut connection = one.database.writer().await.unwrap();
    sqlx::query("CREATE TABLE mine ()").execute(&mut connection).await.unwrap();
    assert!(tables(&one).await.contains(&"r mine".to_owned()));
    assert!(!tables(&other).await.contains(&"r mine".to_owned()));
    assert_eq!(tables(&other).await, tables(&cluster::migrated().await).await);
}
