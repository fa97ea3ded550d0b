//! Downloads that do not come to their end: what they held is free again, and nobody takes a part for the whole.

use std::time::Duration;

use china_auto::http;
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::data::MADE;
use super::{SERIES, chunk, client, unread};
use crate::client::Client;

/// Other connections to the database of the test that do, or wait for, anything.
const BUSY: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
     AND backend_type = 'client backend' AND state <> 'idle'";

/// Those of them that wait for a lock.
const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

async fn watcher(client: &Client) -> PgConnection {
    PgConnection::connect_with(&client.database.options).await.unwrap()
}

async fn until(watcher: &mut PgConnection, count: &'static str, expected: i64) {
    for _ in 0..4000 {
        let found: i64 = sqlx::query_scalar(count).fetch_one(&mut *watcher).await.unwrap();
        if found == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never was {expected}: {count}");
}

/// Waits until so many downloads can begin, and then all that is not under way is free.
pub async fn idle(client: &Client, free: usize) {
    for _ in 0..4000 {
        let held = 2 - client.app.streams.free();
        let (size, idle) = (client.app.pool.size() as usize, client.app.pool.num_idle());
        if client.app.streams.free() >= free && size == idle + held {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{} places and {} connections are free", client.app.streams.free(), client.app.pool.num_idle());
}

/// The service at a socket, as callers that go away know it.
async fn served(client: &Client) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, http::router(client.app.clone())).into_future());
    address
}

async fn ask(address: std::net::SocketAddr) -> TcpStream {
    let mut caller = TcpStream::connect(address).await.unwrap();
    caller
        .write_all(format!("GET {MADE} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    caller
}

#[tokio::test]
async fn a_hundred_downloads_that_break_off_leave_nothing_behind() {
    let client = client(SERIES * 10).await;
    let address = served(&client).await;
    let mut begun = 0;
    for at in 0..100 {
        let mut caller = ask(address).await;
        // Some go at once, some with the head of the answer, some in the midst of it.
        if at % 10 != 0 {
            let mut head = [0; 12];
            timeout(Duration::from_secs(20), caller.read_exact(&mut head)).await.expect("a head").unwrap();
            let has_begun = head == *b"HTTP/1.1 200";
            begun += usize::from(has_begun);
            if has_begun && at % 3 == 0 {
                caller.read_exact(&mut vec![0; 100_000]).await.unwrap();
            }
        }
        drop(caller);
    }
    assert!(begun >= 10, "only {begun} were not refused");
    idle(&client, 2).await;
    let mut watcher = watcher(&client).await;
    until(&mut watcher, BUSY, 0).await;
    assert!(client.app.pool.size() <= 4);
    client.get("/v1/production").await.expect(200);
}

#[tokio::test]
async fn a_caller_that_goes_away_has_its_statement_cancelled() {
    let client = client(SERIES).await;
    never_timing_out(&client).await;
    client.get("/v1/production").await.expect(200);
    let address = served(&client).await;
    let held = client.database.hold(["observation_chunk"]).await;
    let mut watcher = watcher(&client).await;
    let caller = ask(address).await;
    until(&mut watcher, WAITING, 1).await;
    drop(caller);
    until(&mut watcher, WAITING, 0).await;
    idle(&client, 2).await;
    held.release().await;
    client.get(MADE).await.expect(200);
}

#[tokio::test]
async fn a_download_that_fails_midway_is_reset_and_never_looks_whole() {
    // More than the system keeps for a caller that reads nothing.
    let client = client(SERIES * 10).await;
    let address = served(&client).await;
    for format in ["csv", "ndjson"] {
        let path = MADE.replace("csv", format);
        let mut body = unread(&client, &path).await.into_body().into_data_stream();
        chunk(&mut body).await.unwrap().unwrap();
        terminate(&client).await;
        let mut last = Ok(axum::body::Bytes::new());
        while let Some(next) = chunk(&mut body).await {
            last = next;
        }
        assert!(last.is_err(), "{format} looks whole");
        idle(&client, 2).await;
    }
    let mut caller = ask(address).await;
    caller.read_exact(&mut [0; 1000]).await.unwrap();
    terminate(&client).await;
    let mut rest = Vec::new();
    let read = timeout(Duration::from_secs(20), caller.read_to_end(&mut rest)).await.expect("an end");
    assert!(read.is_err() || !rest.ends_with(b"0\r\n\r\n"), "it has the end of a whole body");
    // Before anything was sent, a failure is a problem like any other.
    let held = client.database.hold(["observation_chunk"]).await;
    client.get(MADE).await.expect(504).problem("timeout");
    held.release().await;
    idle(&client, 2).await;
}

/// Gives the service connections whose statements never end by themselves, so that one that ends was ended.
async fn never_timing_out(client: &Client) {
    let pool = &client.app.pool;
    let patient = pool.connect_options().as_ref().clone().options([("statement_timeout", "0")]);
    pool.set_connect_options(patient);
    while let Some(connection) = pool.try_acquire() {
        connection.close().await.unwrap();
    }
    let limit: String = sqlx::query_scalar("SHOW statement_timeout").fetch_one(pool).await.unwrap();
    assert_eq!(limit, "0");
}

/// Ends every connection that has a transaction open, be it reading or waiting for its caller.
async fn terminate(client: &Client) {
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    let ended: i64 = sqlx::query_scalar(end).fetch_one(&mut watcher(client).await).await.unwrap();
    assert!(ended >= 1, "no transaction was open");
}
