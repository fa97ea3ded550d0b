//! How much is taken from whom: each key, or else each address, has so many requests of a kind a minute.
//!
//! The algorithm is GCRA: a minute's worth may come at once, then one more as each comes back, evenly. What is counted is of this
//! process: another one behind the same name counts for itself.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use super::address;
use super::negotiate::Format;
use super::problem::Problem;
use crate::config::Edge;
use crate::config::edge;
use crate::error::{Error, Result};

/// What is left, of what policy (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What the policy is.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The paths that answer observations; CSV and NDJSON of them come whole where no `limit` is named.
pub const OBSERVATIONS: [&str; 3] = ["/v1/production", "/v1/charging", "/v1/datasets/{dataset}/observations"];

/// After so many requests those are forgotten who have all of their quota again, so that what is remembered follows from how many
/// ask and not from how many ever did.
const FORGOTTEN_AFTER: u32 = 4096;

/// Where so many are remembered all the same, addresses are counted by their wider networks: one that has very many addresses
/// has few of these.
const MOST_REMEMBERED: usize = 100_000;

/// The key that a request came with, by its number: an extension of the request, put there by who knows keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub i32);

/// Whom a request is counted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Key(KeyId),
    /// An IPv4 address.
    Address(Ipv4Addr),
    /// An IPv6 network of 64 bits: what one line or machine is given.
    Network([u16; 4]),
    /// The first 16 bits of an IPv4 address.
    Wide([u8; 2]),
    /// The first 32 bits of an IPv6 address.
    Wider([u16; 2]),
}

impl Subject {
    fn of(address: IpAddr, widely: bool) -> Self {
        match address {
            IpAddr::V4(address) if widely => Self::Wide([address.octets()[0], address.octets()[1]]),
            IpAddr::V4(address) => Self::Address(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                if widely { Self::Wider([a, b]) } else { Self::Network([a, b, c, d]) }
            }
        }
    }
}

/// The kinds of requests that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Queries,
    Exports,
    Imports,
}

impl Kind {
    /// The kind of a request; `None` where it is not counted.
    fn of(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        if !path.starts_with("/v1") {
            return None;
        }
        Some(match *request.method() {
            Method::POST if path == "/v1/imports" => Self::Imports,
            Method::GET | Method::HEAD if is_download(request) => Self::Exports,
            Method::GET | Method::HEAD | Method::POST => Self::Queries,
            _ => Self::Imports,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Queries => "queries",
            Self::Exports => "exports",
            Self::Imports => "imports",
        }
    }

    const fn quota(self, limits: &edge::Limits) -> u32 {
        match self {
            Self::Queries => limits.queries,
            Self::Exports => limits.exports,
            Self::Imports => limits.imports,
        }
    }
}

/// Whether it asks for observations as CSV or NDJSON that come whole.
fn is_download(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if !route.is_some_and(|route| OBSERVATIONS.contains(&route)) {
        return false;
    }
    let pairs = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let (mut named, mut has_limit) = (None, false);
    for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
        has_limit |= name == "limit";
        if name == "format" {
            named = Some(Format::ALL.iter().any(|(word, format)| *word == value && *format != Format::Json));
        }
    }
    let accepted = || {
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        accept.and_then(|accept| Format::accepted(accept).ok()).is_some_and(|format| format != Format::Json)
    };
    !has_limit && named.unwrap_or_else(accepted)
}

/// What is counted of everybody. Clones count together.
#[derive(Debug, Clone)]
pub struct Limits {
    trusted_proxies: u8,
    by_address: [Option<Arc<Meter>>; 3],
    by_key: [Option<Arc<Meter>>; 3],
}

impl Limits {
    /// Nothing counted yet.
    pub fn new(edge: &Edge) -> Self {
        let meters = |factor: u32| {
            [Kind::Queries, Kind::Exports, Kind::Imports].map(|kind| {
                let quota = NonZeroU32::new(kind.quota(&edge.limits).saturating_mul(factor))?;
                Some(Arc::new(Meter::new(kind, quota)))
            })
        };
        Self { trusted_proxies: edge.trusted_proxies, by_address: meters(1), by_key: meters(edge.key_factor) }
    }

    /// The account of a request; `None` where it is not limited.
    fn account(&self, request: &Request) -> Option<Account> {
        let kind = Kind::of(request)?;
        let extensions = request.extensions();
        let (meter, subject) = if let Some(key) = extensions.get::<KeyId>() {
            (self.by_key[kind as usize].as_ref()?, Subject::Key(*key))
        } else {
            let meter = self.by_address[kind as usize].as_ref()?;
            let address = address::of_caller(request.headers(), extensions, self.trusted_proxies)?;
            (meter, Subject::of(address, meter.is_crowded.load(Ordering::Relaxed)))
        };
        Some(Account { meter: Arc::clone(meter), subject, left: Arc::default() })
    }
}

/// Counts one kind of requests.
struct Meter {
    kind: Kind,
    quota: NonZeroU32,
    /// The policy as it is told.
    policy: HeaderValue,
    limiter: RateLimiter<Subject, DefaultKeyedStateStore<Subject>, DefaultClock, StateInformationMiddleware>,
    counted: AtomicU32,
    is_crowded: AtomicBool,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Meter({}, {} a minute)", self.kind.name(), self.quota)
    }
}

impl Meter {
    fn new(kind: Kind, quota: NonZeroU32) -> Self {
        let limiter = RateLimiter::dashmap(Quota::per_minute(quota)).with_middleware();
        let policy = visible(format!("\"{}\";q={quota};w=60", kind.name()));
        Self { kind, quota, policy, limiter, counted: AtomicU32::new(0), is_crowded: AtomicBool::new(false) }
    }

    /// Takes so many from somebody's quota and tells what is left; or says in how many seconds they may be asked for again.
    fn take(&self, subject: Subject, count: NonZeroU32) -> std::result::Result<u32, Option<u32>> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGOTTEN_AFTER == FORGOTTEN_AFTER - 1 {
            self.limiter.retain_recent();
            self.is_crowded.store(self.limiter.len() > MOST_REMEMBERED, Ordering::Relaxed);
        }
        let taken = self.limiter.check_key_n(&subject, count).map_err(|_| None)?;
        let taken = taken.map(|state| state.remaining_burst_capacity());
        taken.map_err(|denied: NotUntil<_>| {
            let wait = denied.wait_time_from(DefaultClock::default().now());
            Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
        })
    }
}

/// What a request is counted to; an extension of the request, so that one that asks for more than one thing can have them counted.
#[derive(Debug, Clone)]
pub struct Account {
    meter: Arc<Meter>,
    subject: Subject,
    /// How much of the quota is left.
    left: Arc<AtomicU32>,
}

impl Account {
    /// Counts so many requests, or none of them where they are more than may be.
    pub fn take(&self, count: usize) -> Result<()> {
        let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new) else { return Ok(()) };
        let (name, quota) = (self.meter.kind.name(), self.meter.quota);
        match self.meter.take(self.subject, count) {
            Ok(left) => {
                self.left.store(left, Ordering::Relaxed);
                Ok(())
            }
            Err(Some(seconds)) => {
                let whose = if matches!(self.subject, Subject::Key(_)) { "this key" } else { "this address" };
                let detail = format!(
                    "{whose} may send {quota} {name} a minute; the next is taken in {seconds} s (Retry-After)"
                );
                Err(Error::TooOften { detail, seconds: Some(seconds) })
            }
            Err(None) => {
                let detail =
                    format!("{count} {name} at once are more than the {quota} that may come in a minute");
                Err(Error::TooOften { detail, seconds: None })
            }
        }
    }

    /// Tells the policy, what is left of the quota, and in how many seconds all of it is there again.
    fn tell(&self, headers: &mut HeaderMap) {
        let (name, quota) = (self.meter.kind.name(), self.meter.quota.get());
        let left = self.left.load(Ordering::Relaxed);
        let reset = (u64::from(quota - left.min(quota)) * 60).div_ceil(quota.into());
        headers.insert(RATE_LIMIT_POLICY, self.meter.policy.clone());
        headers.insert(RATE_LIMIT, visible(format!("\"{name}\";r={left};t={reset}")));
    }
}

fn visible(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("words and numbers are visible ASCII")
}

/// Counts a request, and refuses one too many.
pub async fn count(
    limits: &Limits,
    mut request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let Some(account) = limits.account(&request) else { return answer(request).await };
    let mut response = match account.take(1) {
        Ok(()) => {
            request.extensions_mut().insert(account.clone());
            answer(request).await
        }
        Err(refused) => Problem::from(refused).into_response(),
    };
    account.tell(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn kind(method: Method, path: &str, accept: &str) -> Option<Kind> {
        let request = Request::builder().method(method).uri(path).header(header::ACCEPT, accept);
        Kind::of(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn what_is_no_data_is_not_counted_and_what_changes_something_is_counted_apart() {
        for path in ["/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/problems", "/"] {
            assert_eq!(kind(Method::GET, path, ""), None, "{path}");
        }
        assert_eq!(kind(Method::GET, "/v1", ""), Some(Kind::Queries));
        assert_eq!(kind(Method::GET, "/v1/codes/geo?format=csv", ""), Some(Kind::Queries));
        assert_eq!(kind(Method::POST, "/v1/query", ""), Some(Kind::Queries));
        assert_eq!(kind(Method::GET, "/v1/imports", ""), Some(Kind::Queries));
        assert_eq!(kind(Method::POST, "/v1/imports", ""), Some(Kind::Imports));
        assert_eq!(kind(Method::DELETE, "/v1/releases/1", ""), Some(Kind::Imports));
    }

    #[test]
    fn a_quota_is_taken_whole_or_not_at_all_and_each_has_its_own() {
        let meter = Meter::new(Kind::Queries, NonZeroU32::new(3).unwrap());
        let [a, b] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(|of| Subject::of(IpAddr::from(of), false));
        let take = |subject, count| meter.take(subject, NonZeroU32::new(count).unwrap());
        assert_eq!(take(a, 2), Ok(1));
        assert_eq!(take(a, 4), Err(None), "more than there ever is");
        assert!(matches!(take(a, 2), Err(Some(1..=20))));
        assert_eq!(take(a, 1), Ok(0), "nothing was taken meanwhile");
        assert_eq!(take(b, 1), Ok(2));
    }

    #[test]
    fn one_line_is_one_whatever_addresses_it_takes() {
        let of = |address: &str| Subject::of(address.parse().unwrap(), false);
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn who_has_the_whole_quota_again_is_forgotten() {
        let meter = Meter::new(Kind::Queries, NonZeroU32::new(u32::MAX).unwrap());
        for number in 0..FORGOTTEN_AFTER * 3 {
            meter.take(Subject::of(IpAddr::from(number.to_be_bytes()), false), NonZeroU32::MIN).unwrap();
        }
        assert!(meter.limiter.len() <= FORGOTTEN_AFTER as usize, "{}", meter.limiter.len());
    }

    #[test]
    fn very_many_addresses_are_counted_by_their_networks() {
        let meter = Meter::new(Kind::Queries, NonZeroU32::MIN);
        let most = u32::try_from(MOST_REMEMBERED).unwrap() + FORGOTTEN_AFTER;
        for number in 0..most {
            let crowded = meter.is_crowded.load(Ordering::Relaxed);
            let _ = meter.take(Subject::of(IpAddr::from(number.to_be_bytes()), crowded), NonZeroU32::MIN);
        }
        assert!(meter.is_crowded.load(Ordering::Relaxed));
        let more = meter.limiter.len();
        let _ = meter.take(Subject::of(IpAddr::from([0, 0, 255, 255]), true), NonZeroU32::MIN);
        assert!(meter.limiter.len() <= more + 1);
    }
}
