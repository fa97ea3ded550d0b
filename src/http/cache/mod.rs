//! Conditional requests, content coding, and the answers that are kept. All three decide over the tag, so they are one layer.
//!
//! An answer is kept with the state of the database that was last seen before it was made, so it is of that state or a later
//! one. It is sent again while the state that requests are answered at is still that one: what has changed is never answered
//! from here, and no statement is needed but the one by which [`Vocabularies`] looks for changes.

mod caller;
mod coding;
mod key;
mod ready;

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use moka::future::Cache;
use prometheus_client::metrics::gauge::Gauge;

pub use self::caller::Caller;
pub use self::coding::Coding;
use self::key::Key;
use self::ready::Ready;
use super::overload::Places;
use super::problem::Problem;
use super::{access, overload};
use crate::app::App;
use crate::catalog::{self, Sight, Vocabularies};
use crate::error::Result;
use crate::metrics::Metrics;

/// No answer may take more than this part of all that is kept: a few large ones would push out everything else.
const LARGEST_PART: u64 = 16;

/// Where an answer came from, as `Server-Timing` tells it.
#[derive(Debug, Clone, Copy)]
pub struct Origin(pub &'static str);

/// The answers that are kept.
#[derive(Debug)]
pub struct Answers {
    /// `None` where nothing is kept.
    kept: Option<Cache<Key, Arc<Kept>>>,
    /// The size of the largest answer that is kept, in bytes.
    largest: usize,
    vocabularies: Vocabularies,
    metrics: Metrics,
    /// Where those are made that are not kept: one that several wait for takes no more than one place.
    places: Places,
}

/// An answer that is kept.
#[derive(Debug)]
struct Kept {
    ready: Ready,
    /// The state that it may be older than no more.
    state: catalog::State,
    size: Counted,
}

/// Bytes that are counted for as long as they are held.
#[derive(Debug)]
struct Counted {
    bytes: u32,
    total: Gauge,
}

/// That an answer is not kept: the one that had it made has it, the others have their own made.
#[derive(Debug)]
struct Unkept;

impl Answers {
    /// No answers yet, and never more bytes of them than the service may keep.
    pub fn new(app: &App) -> Self {
        let weigh = |_: &Key, kept: &Arc<Kept>| kept.size.bytes;
        let cache = || Cache::builder().max_capacity(app.cache_bytes).weigher(weigh).build();
        Self {
            kept: (app.cache_bytes > 0).then(cache),
            largest: usize::try_from(app.cache_bytes / LARGEST_PART).unwrap_or(usize::MAX),
            vocabularies: app.vocabularies.clone(),
            metrics: app.metrics.clone(),
            places: Places::new(app.edge.most_requests),
        }
    }

    /// The answer that is kept, or one made for all who ask for it at this time.
    async fn answer(
        &self,
        cache: &Cache<Key, Arc<Kept>>,
        asked: (Key, &Caller),
        call: Call,
    ) -> Result<Response> {
        let (key, caller) = asked;
        if let Some(kept) = cache.get(&key).await {
            if let Some(answer) = self.again(&kept, caller).await? {
                return Ok(answer);
            }
            cache.invalidate(&key).await;
        }
        let (mut call, mut own) = (Some(call), None);
        let flight = async {
            let call = call.take().expect("a flight is flown once");
            let (response, kept) = self.make(&key, caller, call).await;
            own = Some(response);
            kept.ok_or(Unkept)
        };
        let made = cache.try_get_with_by_ref(&key, flight).await;
        if let Some(own) = own {
            return Ok(own);
        }
        if let Ok(kept) = made
            && let Some(answer) = self.again(&kept, caller).await?
        {
            return Ok(answer);
        }
        let call = call.expect("who has no answer of its own has not called");
        Ok(self.make(&key, caller, call).await.0)
    }

    /// What is kept, where it still holds: what another request had made may have been read before this one came.
    async fn again(&self, kept: &Kept, caller: &Caller) -> Result<Option<Response>> {
        let holds = self.vocabularies.state().await? == kept.state;
        let answer = holds.then(|| kept.ready.answer(caller)).flatten();
        Ok(answer.map(|mut answer| {
            self.metrics.hits.inc();
            answer.extensions_mut().insert(Origin("hit"));
            answer
        }))
    }

    /// Has an answer made, and what of it may be kept.
    async fn make(&self, key: &Key, caller: &Caller, call: Call) -> (Response, Option<Arc<Kept>>) {
        let state = self.vocabularies.last_seen();
        let (ready, response) = self.made(caller, call, Some("miss")).await;
        let Some(ready) = ready else { return (response, None) };
        self.metrics.misses.inc();
        let size = key.size() + ready.size() + size_of::<Kept>();
        // Where a change was seen meanwhile, nobody can tell from outside which state was read.
        let is_kept = ready.may_be_kept() && size <= self.largest && self.vocabularies.last_seen() == state;
        let kept =
            is_kept.then(|| Arc::new(Kept { ready, state, size: Counted::new(size, &self.metrics.kept) }));
        (response, kept)
    }

    /// Has a handler answer. What is no answer with data stays as it is.
    async fn made(
        &self,
        caller: &Caller,
        (request, next): Call,
        origin: Option<&'static str>,
    ) -> (Option<Ready>, Response) {
        let response = match Ready::stream(overload::bounded(&self.places, request, next).await, caller) {
            Ok(stream) => return (None, stream),
            Err(response) => response,
        };
        match Ready::of(response, caller) {
            Ok((ready, database)) => {
                let answer = ready.answer(caller);
                let mut answer = answer.expect("only what the caller has is not made");
                answer.extensions_mut().insert(database);
                if let Some(origin) = origin {
                    answer.extensions_mut().insert(Origin(origin));
                }
                (Some(ready), answer)
            }
            Err(response) => (None, response),
        }
    }
}

/// A request on its way to its handler.
type Call = (Request, Next);

/// Gives an answer its tag, answers 304 where the caller has it already, codes it where the caller takes that, and keeps it.
pub async fn conditional(answers: &Answers, request: Request, next: Next) -> Response {
    let sight = request.extensions().get::<access::Caller>().map_or(Sight::Public, access::Caller::sight);
    let caller = Caller::of(request.headers(), sight);
    let key = Key::of(&request, (caller.coding, &caller.sight));
    let mut response = answered(answers, key, &caller, (request, next)).await;
    access::own(&mut response, &caller.sight);
    response
}

async fn answered(answers: &Answers, key: Option<Key>, caller: &Caller, call: Call) -> Response {
    match (key, &answers.kept) {
        (None, _) => answers.made(caller, call, None).await.1,
        (Some(_), None) => answers.made(caller, call, Some("off")).await.1,
        (Some(_), Some(_)) if caller.wants_fresh => answers.made(caller, call, Some("bypass")).await.1,
        (Some(key), Some(cache)) => {
            let answer = answers.answer(cache, (key, caller), call).await;
            answer.unwrap_or_else(|error| Problem::from(error).into_response())
        }
    }
}

impl Counted {
    fn new(bytes: usize, total: &Gauge) -> Self {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        total.inc_by(i64::from(bytes));
        Self { bytes, total: total.clone() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.total.dec_by(i64::from(self.bytes));
    }
}
