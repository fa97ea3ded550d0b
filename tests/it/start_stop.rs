//! Starting and stopping, in order and otherwise.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use china_auto::database::embedded::Embedded;
use nix::sys::signal::{Signal, kill};
#[cfg(target_os = "linux")]
use nix::unistd::Pid;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::cluster::{self, skipped};
use crate::service::{Service, as_owner, command, eventually, postgres, runs};

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    cluster::open(folder.path());
    folder
}

fn root() -> bool {
    nix::unistd::geteuid().is_root()
}

async fn status(url: &str) -> u16 {
    reqwest::get(url).await.unwrap().status().as_u16()
}

/// The folders of clusters that were begun and not finished.
fn unfinished(data_dir: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(data_dir).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.to_string_lossy().contains("postgresql.unfinished")).collect()
}

/// Connects to the database of the server that runs on a data folder.
async fn connected(data_dir: &Path) -> PgConnection {
    let attached = Embedded::attach_or_start(&cluster::options(data_dir)).unwrap();
    assert_eq!(attached.pid(), None, "the server is the service's");
    PgConnection::connect_with(&attached.connect("china_auto")).await.unwrap()
}

#[tokio::test]
async fn a_start_says_what_it_did_and_a_stop_leaves_nothing_running() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    let url = service.url("/readyz");
    assert!(service.told("database").contains(folder.path().to_str().unwrap()));
    assert!(service.told("migrations").ends_with("applied"));
    assert_eq!(service.told("health"), url);
    assert!(!url.ends_with(":0/readyz"), "the port that it got: {url}");
    assert_eq!(status(&url).await, 200);
    let postgres = postgres(folder.path()).unwrap();
    service.stop();
    assert!(!runs(postgres));

    let mut again = Service::on(folder.path());
    assert_eq!(again.told("migrations"), "up to date");
    again.stop();
}

#[test]
fn anybody_may_write_only_where_this_machine_alone_can_call() {
    let folder = folder();
    let mut command = command(cluster::program(), folder.path());
    command.args(["--listen", "0.0.0.0:0", "--allow-anonymous-writes"]);
    let told = Service::spawn(command).refused();
    assert!(told.contains("lets anybody write") && told.contains("listen at 127.0.0.1"), "{told}");
}

#[tokio::test]
async fn a_second_service_on_a_data_folder_is_refused_and_told_who_holds_it() {
    let folder = folder();
    let mut first = Service::on(folder.path());
    let url = first.url("/readyz");
    let refused = Service::on(folder.path()).refused();
    assert!(refused.contains(&format!("process {} runs PostgreSQL", first.pid())), "{refused}");
    assert_eq!(status(&url).await, 200, "the first goes on");
    first.stop();
}

#[tokio::test]
async fn other_commands_use_the_running_server_or_start_it_for_their_own_length() {
    let folder = folder();
    let own = Embedded::attach_or_start(&cluster::options(folder.path())).unwrap();
    let started = own.pid().expect("nobody else runs it");
    drop(own);
    assert!(!runs(nix::unistd::Pid::from_raw(started)));

    let mut service = Service::on(folder.path());
    let url = service.url("/readyz");
    let mut connection = connected(folder.path()).await;
    let name: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&mut connection).await.unwrap();
    assert_eq!(name, "china_auto");
    connection.close().await.unwrap();
    assert_eq!(status(&url).await, 200, "who attached does not stop it");
    service.stop();
}

#[tokio::test]
async fn the_database_is_in_utf8_and_sorts_by_bytes() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    service.url("");
    let mut connection = connected(folder.path()).await;
    let locale: (String, String, String) = sqlx::query_as(
        "SELECT pg_encoding_to_char(encoding)::text, datcollate, datctype FROM pg_database WHERE datname = 'china_auto'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let ctype = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };
    assert_eq!(locale, ("UTF8".to_owned(), "C".to_owned(), ctype.to_owned()));
    let durable: String =
        sqlx::query_scalar("SELECT current_setting('fsync')").fetch_one(&mut connection).await.unwrap();
    assert_eq!(durable, "on");
}

#[tokio::test]
async fn a_stop_does_not_warn_of_the_connections_that_it_ends() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    service.url("");
    let _connection = connected(folder.path()).await;
    let said = service.stopped();
    assert!(!said.contains("terminating connection"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_service_takes_small_pages_of_memory_and_postgresql_what_it_likes() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    service.url("");
    let takes_large = |pid: Pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let told = status.lines().find_map(|line| line.strip_prefix("THP_enabled:"));
        told.map(|told| told.trim() == "1")
    };
    // Kernels before 5.0 do not tell.
    if takes_large(Pid::this()) == Some(true) {
        assert_eq!(takes_large(service.pid()), Some(false));
        assert_eq!(takes_large(postgres(folder.path()).unwrap()), Some(true));
    }
    service.stop();
}

#[tokio::test]
async fn when_the_service_is_killed_postgresql_stops_and_the_next_start_goes_on() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    service.url("");
    let mut connection = connected(folder.path()).await;
    sqlx::query("CREATE TABLE kept AS SELECT 1 AS one").execute(&mut connection).await.unwrap();
    let postgres = postgres(folder.path()).unwrap();
    service.signal(Signal::SIGKILL);
    service.ended();
    if cfg!(target_os = "linux") {
        eventually("the end of PostgreSQL", || (!runs(postgres)).then_some(()));
    }
    let mut next = Service::on(folder.path());
    next.url("");
    let mut connection = connected(folder.path()).await;
    let kept: i32 = sqlx::query_scalar("SELECT one FROM kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept, 1);
    next.stop();
}

#[tokio::test]
async fn a_start_right_after_a_kill_waits_for_the_server_that_is_stopping() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    service.url("");
    service.signal(Signal::SIGKILL);
    service.ended();
    let mut next = Service::on(folder.path());
    next.url("");
    next.stop();
}

#[tokio::test]
async fn when_postgresql_is_killed_the_service_is_not_ready_and_the_next_start_recovers() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    let url = service.url("/readyz");
    let mut connection = connected(folder.path()).await;
    sqlx::query("CREATE TABLE kept AS SELECT 1 AS one").execute(&mut connection).await.unwrap();
    kill(postgres(folder.path()).unwrap(), Signal::SIGKILL).unwrap();
    loop {
        // Each answer takes its time, so this is no busy loop; the test's patience is the client's.
        match status(&url).await {
            503 => break,
            other => assert_eq!(other, 200),
        }
    }
    // The pool may notice it before the end itself is told.
    for path in ["/readyz", "/v1/datasets"] {
        loop {
            let answer = reqwest::get(service.url(path)).await.unwrap();
            assert_eq!(answer.status(), 503);
            let problem: serde_json::Value = answer.json().await.unwrap();
            let detail = problem["detail"].as_str().unwrap();
            if detail.contains("the database has ended") {
                break;
            }
            assert!(detail.contains("cannot be reached"), "{path}: {detail}");
        }
    }
    service.stop();
    assert!(postgres(folder.path()).is_some(), "the dead server's record is there");

    let mut next = Service::on(folder.path());
    next.url("");
    let mut connection = connected(folder.path()).await;
    let kept: i32 = sqlx::query_scalar("SELECT one FROM kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept, 1);
    next.stop();
}

#[tokio::test]
async fn a_load_that_was_killed_is_done_again_by_the_next_start() {
    let bundled = |data_dir: &Path| {
        let mut command = command(cluster::program(), data_dir);
        command.arg("--no-bundled-data=false");
        Service::spawn(command)
    };
    let whole = folder();
    let loaded = bundled(whole.path()).told("data");
    for postgresql_dies in [false, true] {
        let folder = folder();
        let mut killed = bundled(folder.path());
        killed.told("migrations");
        let victim = if postgresql_dies { postgres(folder.path()).unwrap() } else { killed.pid() };
        kill(victim, Signal::SIGKILL).unwrap();
        // Where the load was faster than the signal there is nothing to repair.
        let done = killed.line("data").is_some();
        drop(killed);
        let mut next = bundled(folder.path());
        let repaired = next.told("data");
        assert!(repaired == loaded || done && repaired == "unchanged", "{repaired}, and {loaded} elsewhere");
        next.stop();
    }
}

#[tokio::test]
async fn a_stop_during_the_start_is_in_order_too() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    eventually("initdb at work", || (!unfinished(folder.path()).is_empty()).then_some(()));
    service.signal(Signal::SIGTERM);
    assert_eq!(service.ended().code(), Some(0));
    assert_eq!(postgres(folder.path()), None);
    let mut next = Service::on(folder.path());
    next.url("");
    next.stop();
}

#[tokio::test]
async fn a_record_of_a_server_that_is_another_process_is_seen_through() {
    let folder = folder();
    Embedded::start(&cluster::options(folder.path())).unwrap();
    let mut stranger = as_owner(folder.path(), "sleep").arg("600").spawn().unwrap();
    let record = format!("{}\n{}\n1\n5432\n", stranger.id(), folder.path().join("postgresql").display());
    for file in ["postgresql/postmaster.pid", "socket/.s.PGSQL.5432.lock"] {
        std::fs::write(folder.path().join(file), &record).unwrap();
    }
    let mut service = Service::on(folder.path());
    service.url("");
    assert!(stranger.try_wait().unwrap().is_none(), "and that process is left alone");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    service.stop();
}

#[tokio::test]
async fn a_server_that_was_left_behind_is_stopped_by_the_next_start() {
    let folder = folder();
    Embedded::start(&cluster::options(folder.path())).unwrap();
    // How the server was started is kept by itself.
    let options = std::fs::read_to_string(folder.path().join("postgresql/postmaster.opts")).unwrap();
    let mut orphan = as_owner(folder.path(), "sh")
        .args(["-c", &format!("exec {} 2> /dev/null", options.trim())])
        .spawn()
        .unwrap();
    eventually("a server of nobody", || postgres(folder.path()));
    let ended = std::thread::spawn(move || orphan.wait().unwrap());
    let mut service = Service::on(folder.path());
    service.url("");
    assert!(ended.join().unwrap().success(), "it was shut down in order");
    service.stop();
}

#[tokio::test]
async fn an_interrupted_initdb_is_cleared_away() {
    let folder = folder();
    let interrupted = folder.path().join("postgresql.unfinished-1-1");
    std::fs::create_dir(&interrupted).unwrap();
    std::fs::write(interrupted.join("PG_VERSION"), "1").unwrap();
    let mut service = Service::on(folder.path());
    service.url("");
    assert_eq!(unfinished(folder.path()), Vec::<PathBuf>::new());
    service.stop();
}

#[tokio::test]
async fn an_initdb_that_outlives_its_start_does_not_hinder_the_next_one() {
    let folder = folder();
    let (interrupted, over) =
        (folder.path().join("postgresql.unfinished-1-1"), Arc::new(AtomicBool::new(false)));
    let writer = std::thread::spawn({
        let (interrupted, over) = (interrupted.clone(), Arc::clone(&over));
        move || {
            for number in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                let _ = std::fs::create_dir_all(&interrupted);
                let _ = std::fs::write(interrupted.join(number.to_string()), "");
            }
        }
    });
    eventually("its writing", || interrupted.join("0").exists().then_some(()));
    let mut service = Service::on(folder.path());
    service.url("");
    over.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    service.stop();
}

#[tokio::test]
async fn a_data_folder_that_is_too_deep_for_a_socket_or_oddly_named_works() {
    let folder = folder();
    for name in ["deep-".repeat(30), "a, \"b\" c".to_owned()] {
        let data_dir = folder.path().join(name);
        let mut service = Service::on(&data_dir);
        assert_eq!(status(&service.url("/readyz")).await, 200);
        let mut connection = connected(&data_dir).await;
        let socket: String = sqlx::query_scalar("SELECT current_setting('unix_socket_directories')")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        service.stop();
        if socket.contains("/china-auto-") {
            std::fs::remove_dir_all(socket.trim_matches('"')).unwrap();
        }
    }
}

#[tokio::test]
async fn a_database_url_is_used_and_nothing_is_started() {
    let database = cluster::bare().await;
    let folder = folder();
    let data_dir = folder.path().join("none");
    let mut command = command(cluster::program(), &data_dir);
    command.env("DATABASE_URL", database.url());
    let mut service = Service::spawn(command);
    assert_eq!(status(&service.url("/readyz")).await, 200);
    assert!(service.told("migrations").ends_with("applied"));
    service.stop();
    // Files that are sent have a folder; a server has none.
    assert!(!data_dir.join("postgresql").exists() && !data_dir.join("socket").exists());
}

#[tokio::test]
async fn a_database_url_that_leads_nowhere_is_an_error_and_nothing_else_is_tried() {
    let folder = folder();
    let data_dir = folder.path().join("none");
    let mut command = command(cluster::program(), &data_dir);
    command.env("DATABASE_URL", "postgres://me:s3cret@127.0.0.1:1/market");
    let refused = Service::spawn(command).refused();
    assert!(refused.contains("database market at 127.0.0.1:1, which DATABASE_URL names"), "{refused}");
    assert!(!refused.contains("s3cret"), "{refused}");
    assert!(!data_dir.exists());
}

#[tokio::test]
async fn without_postgresql_the_ways_out_are_named() {
    let folder = folder();
    let mut command = command(cluster::program(), &folder.path().join("data"));
    command.env("PG_BINDIR", folder.path());
    let refused = Service::spawn(command).refused();
    for part in
        ["PostgreSQL 15 or newer is needed", "install PostgreSQL", "DATABASE_URL", "docker compose up"]
    {
        assert!(refused.contains(part), "{part} is not in: {refused}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_refused_before_anything_is_done() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = folder();
    let data_dir = folder.path().join("data");
    let mut command = command(cluster::program(), &data_dir);
    command.env("CHINA_AUTO_LISTEN", "ignored, for a flag goes first").args(["--listen", &address]);
    let refused = Service::spawn(command).refused();
    assert!(refused.contains(&format!("cannot listen at {address}")), "{refused}");
    assert!(!data_dir.exists());
}

#[tokio::test]
async fn a_user_without_privileges_can_run_it() {
    if !root() {
        skipped("all other tests run as a user without privileges");
        return;
    }
    let folder = folder();
    let program = folder.path().join("china-auto");
    std::fs::copy(cluster::program(), &program).unwrap();
    let data_dir = folder.path().join("data");
    std::fs::create_dir(&data_dir).unwrap();
    std::os::unix::fs::chown(&data_dir, Some(65534), Some(65534)).unwrap();
    let mut command = command(&program, &data_dir);
    command.uid(65534).gid(65534);
    let mut service = Service::spawn(command);
    assert_eq!(status(&service.url("/readyz")).await, 200);
    let postgres = postgres(&data_dir).unwrap();
    service.stop();
    assert!(!runs(postgres));
}

#[tokio::test]
async fn as_root_a_data_folder_that_postgresql_cannot_reach_is_named() {
    if !root() {
        skipped("only root has another user run PostgreSQL");
        return;
    }
    let folder = folder();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
    let refused = Service::on(&closed.join("data")).refused();
    assert!(refused.contains("under whom PostgreSQL runs, cannot reach"), "{refused}");
    assert!(refused.contains(closed.to_str().unwrap()), "{refused}");
}

#[tokio::test]
async fn the_health_command_asks_the_running_service() {
    let folder = folder();
    let mut service = Service::on(folder.path());
    let url = service.url("");
    let health = |address: &str| {
        let asked = Command::new(cluster::program()).args(["health", "--listen", address]).output();
        asked.unwrap().status.code()
    };
    let address = url.strip_prefix("http://").unwrap();
    assert_eq!(health(address), Some(0));
    service.stop();
    assert_eq!(health(address), Some(1));
}
