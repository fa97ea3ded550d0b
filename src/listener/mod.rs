//! Connections: how many, how long each may take for what, encrypted or not. axum's own server bounds none of it.
//!
//! HTTP/1.1 alone: the times that keep a slow caller from holding a connection are per request there, and HTTP/2 has nothing like
//! them. A proxy that speaks it stands before whoever needs it.

mod tls;
mod unproven;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

use crate::error::{Error, Result};
use crate::http::address::Peer;
use crate::http::overload::Crowded;
pub use tls::Tls;
pub use unproven::unproven;

/// How long the head of a request may take, from the end of the answer before: what says nothing for so long is closed. A little more
/// than the minute for which proxies mostly keep a connection, so that none of them sends into one that is being closed.
const HEAD_WITHIN: Duration = Duration::from_secs(65);

/// How long a caller may take nothing of an answer.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// How long the beginning of an encrypted connection may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// The most bytes that the head of a request may have: a little more than the longest URL that is told that it is too long.
const MOST_HEAD_BYTES: usize = 80 * 1024;

/// How many connections beyond the bound are told that they are; others are closed at once.
const TOLD: usize = 64;

/// How many files may be open beside connections: those of the database, of imports, of the program.
const OTHER_FILES: u64 = 1200;

/// How long to wait where the system has no more files, since closing is what helps.
const WITHOUT_FILES: Duration = Duration::from_millis(200);

/// Where connections are accepted.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
}

/// How many connections are served.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// In all.
    pub most: usize,
    /// Of one address: fewer than all, where that is a caller's and no proxy's, so that nobody takes the room of everybody.
    pub of_one: usize,
}

/// The room for connections.
#[derive(Debug)]
struct Room {
    bounds: Bounds,
    served: Arc<Semaphore>,
    told: Arc<Semaphore>,
    /// How many each address has that has any.
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection that was let in.
struct Guest {
    peer: IpAddr,
    is_crowded: bool,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// Takes an address, and accepts nothing yet.
    pub async fn bind(listen: &str, tls: Option<Tls>) -> Result<Self> {
        let refused = |error| Error::Startup(format!("cannot listen at {listen}: {error}"));
        Ok(Self { tcp: TcpListener::bind(listen).await.map_err(refused)?, tls })
    }

    /// The address that it got.
    pub fn address(&self) -> Result<SocketAddr> {
        self.tcp.local_addr().map_err(|error| Error::internal("the address bound", error))
    }

    /// Hands every request to a router until `stop`; then accepts nothing more, and ends when each connection has finished what
    /// is under way on it.
    pub async fn serve(self, router: Router, bounds: Bounds, stop: impl Future<Output = ()>) {
        let (mut stop, graceful, room) = (pin!(stop), GracefulShutdown::new(), Room::new(bounds));
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = self.tcp.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let Some(guest) = room.let_in(peer.ip()) else { continue };
                    tokio::spawn(met(stream, guest, (self.tls.clone(), router.clone()), graceful.watcher()));
                }
                Err(error) if is_of_the_caller(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(WITHOUT_FILES).await;
                }
            }
        }
        drop(self.tcp);
        graceful.shutdown().await;
    }
}

impl Room {
    fn new(bounds: Bounds) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self { bounds, served: places(bounds.most), told: places(TOLD), open: Arc::default() }
    }

    /// Lets a connection in; none where not even a refusal can be told.
    fn let_in(&self, peer: IpAddr) -> Option<Guest> {
        let place = |of: &Arc<Semaphore>| Arc::clone(of).try_acquire_owned().ok();
        let has = locked(&self.open).get(&peer).copied().unwrap_or_default();
        let served = if has < self.bounds.of_one { place(&self.served) } else { None };
        let is_crowded = served.is_none();
        let place = served.or_else(|| place(&self.told))?;
        *locked(&self.open).entry(peer).or_default() += 1;
        Some(Guest { peer, is_crowded, open: Arc::clone(&self.open), _place: place })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut open = locked(&self.open);
        if let Some(has) = open.get_mut(&self.peer) {
            *has -= 1;
            if *has == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

/// The counts; one that panicked while it held them left them whole.
fn locked(open: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The caller went away before it was accepted.
fn is_of_the_caller(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves a connection to its end.
async fn met(stream: TcpStream, guest: Guest, (tls, router): (Option<Tls>, Router), watcher: Watcher) {
    // An answer that is sent in parts should not wait for the next one. Where that cannot be said, it may.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return served(stream, guest, router, watcher).await };
    match timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
        Ok(Ok(stream)) => served(stream, guest, router, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "a connection was not encrypted"),
        Err(_) => tracing::debug!("a connection was not encrypted in time"),
    }
}

async fn served<S>(stream: S, guest: Guest, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(TAKEN_WITHIN));
    let (peer, is_crowded) = (Peer(guest.peer), guest.is_crowded);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        if is_crowded {
            request.extensions_mut().insert(Crowded);
        }
        // A router is always ready.
        let answer = router.clone().call(request);
        async move { answer.await as std::result::Result<Response, Infallible> }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_header_size(MOST_HEAD_BYTES)
        .keep_alive(!is_crowded)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Has the system let the process open as many files as connections need, as far as it does; tells how many connections that is.
pub fn room_for(connections: u32) -> usize {
    let wanted = u64::from(connections) + OTHER_FILES;
    let opened = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let raised = wanted.min(hard).max(soft);
        setrlimit(Resource::RLIMIT_NOFILE, raised, hard).map(|()| raised)
    });
    let Ok(opened) = opened else { return connections as usize };
    if opened >= wanted {
        return connections as usize;
    }
    // Half, where the system lets open few files at all.
    let most = opened.saturating_sub(OTHER_FILES).max(opened / 2);
    tracing::warn!(
        "the system lets {opened} files be opened, so {most} connections are served and not {connections}"
    );
    usize::try_from(most).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use axum::Extension;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpSocket;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep};

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n";
    const LARGE: usize = 64 << 20;

    /// Serves so many connections in virtual time, which passes where everybody waits.
    async fn serving(most: usize, of_one: usize) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let told = |crowded: Option<Extension<Crowded>>| async move {
            if crowded.is_some() { "crowded" } else { "served" }
        };
        let router = Router::new().route("/", get(told)).route("/large", get(|| async { vec![b'x'; LARGE] }));
        let listener = Listener::bind("127.0.0.1:0", None).await.unwrap();
        let address = listener.address().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = listener.serve(router, Bounds { most, of_one }, async { drop(stopped.await) });
        (address, stop, tokio::spawn(serving))
    }

    async fn connect(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends a request and reads its answer, on a connection that stays open.
    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    /// Reads to the end and tells what came and how long that took.
    async fn to_the_end(stream: &mut TcpStream) -> (String, Duration) {
        let (start, mut all) = (Instant::now(), Vec::new());
        // One that is reset has ended too.
        let _ = stream.read_to_end(&mut all).await;
        (String::from_utf8_lossy(&all).into_owned(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_is_closed_whether_it_has_asked_before_or_not() {
        let (address, _stop, _) = serving(8, 8).await;
        let mut silent = connect(address).await;
        let (said, took) = to_the_end(&mut silent).await;
        assert!(said.is_empty() && took >= HEAD_WITHIN && took < HEAD_WITHIN * 2, "{said} {took:?}");
        let mut kept = connect(address).await;
        assert!(ask(&mut kept).await.ends_with("served"));
        assert!(ask(&mut kept).await.ends_with("served"), "it is kept");
        let (said, took) = to_the_end(&mut kept).await;
        assert!(said.is_empty() && took >= HEAD_WITHIN && took < HEAD_WITHIN * 2, "{said} {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
        let (address, _stop, _) = serving(8, 8).await;
        let (mut reading, mut writing) = connect(address).await.into_split();
        let slow = tokio::spawn(async move {
            for byte in REQUEST.iter().cycle().take(1000) {
                if writing.write_all(&[*byte]).await.is_err() {
                    return;
                }
                sleep(Duration::from_secs(5)).await;
            }
        });
        let (start, mut all) = (Instant::now(), Vec::new());
        let _ = reading.read_to_end(&mut all).await;
        assert!(start.elapsed() < HEAD_WITHIN * 2, "{:?}", start.elapsed());
        slow.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_an_answer_is_left() {
        let (address, stop, serving) = serving(8, 8).await;
        let mut stream = connect(address).await;
        stream.write_all(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
        sleep(TAKEN_WITHIN * 2).await;
        let (said, _) = to_the_end(&mut stream).await;
        assert!(said.len() < LARGE, "{} bytes came", said.len());
        drop(stop);
        serving.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_without_an_end_is_refused() {
        let (address, _stop, _) = serving(8, 8).await;
        let mut stream = connect(address).await;
        let head = format!("GET / HTTP/1.1\r\nHost: here\r\nx: {}", "a".repeat(MOST_HEAD_BYTES));
        stream.write_all(head.as_bytes()).await.unwrap();
        let (said, _) = to_the_end(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 431"), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn connections_beyond_the_bound_are_told_so_once_and_those_beyond_that_are_closed() {
        let (address, _stop, _) = serving(1, 1).await;
        let mut first = connect(address).await;
        assert!(ask(&mut first).await.ends_with("served"));
        let mut told = connect(address).await;
        let answer = ask(&mut told).await;
        assert!(answer.contains("connection: close") && answer.ends_with("crowded"), "{answer}");
        let mut crowd = Vec::new();
        for _ in 0..TOLD {
            crowd.push(connect(address).await);
        }
        let (said, took) = to_the_end(&mut connect(address).await).await;
        assert!(said.is_empty() && took < HEAD_WITHIN, "{said} {took:?}");
        assert!(ask(&mut first).await.ends_with("served"), "who is there stays");
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_does_not_take_the_room_of_all() {
        let (address, _stop, _) = serving(8, 1).await;
        let mut first = connect(address).await;
        assert!(ask(&mut first).await.ends_with("served"));
        assert!(ask(&mut connect(address).await).await.ends_with("crowded"));
        drop(first);
        // When it is seen that the first one is gone, the system decides.
        while !ask(&mut connect(address).await).await.ends_with("served") {}
        let other = TcpSocket::new_v4().unwrap();
        other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let _mine = connect(address).await;
        let mut other = other.connect(address).await.unwrap();
        assert!(ask(&mut other).await.ends_with("served"));
    }

    #[tokio::test(start_paused = true)]
    async fn at_a_stop_idle_connections_are_closed_and_what_is_under_way_is_finished() {
        let (address, stop, serving) = serving(8, 8).await;
        let (mut fresh, mut idle, mut busy) =
            (connect(address).await, connect(address).await, connect(address).await);
        ask(&mut idle).await;
        busy.write_all(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
        busy.read_u8().await.unwrap();
        drop(stop);
        assert_eq!(to_the_end(&mut fresh).await.0, "");
        assert_eq!(to_the_end(&mut idle).await.0, "");
        assert!(!serving.is_finished());
        assert!(to_the_end(&mut busy).await.0.len() > LARGE);
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "nothing is accepted any more");
    }
}
