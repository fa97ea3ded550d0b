//! What a handler is handed of a request: its parameters, read with their faults gathered, and how it wants its answer.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::header;
use axum::http::request::Parts;

use super::access;
use super::cache::Caller;
use super::negotiate::{Format, Language, accepted_language};
use super::page::Paging;
use super::problem::Problem;
use crate::error::{Error, Fault, Result};
use crate::params::Params;

/// How many records a page holds where `limit` is not given.
pub const DEFAULT_RECORDS: usize = 1_000;

/// How many records a page holds at most.
pub const MOST_RECORDS: usize = 10_000;
/// The longest id that is looked for, in bytes.
const MAX_ID_BYTES: usize = 500;

/// One request for data. Handlers take their parameters from it, then end the reading with [`Call::view`].
#[derive(Debug, Clone)]
pub struct Call {
    /// The parameters not yet taken.
    pub params: Params,
    target: Target,
    accept: String,
    accept_language: String,
    format: Option<Format>,
    language: Option<Language>,
    caller: Caller,
}

/// What was asked for: the path and the parameters, those apart that only choose the page.
#[derive(Debug, Clone)]
pub struct Target {
    /// The path of the request.
    pub path: String,
    /// The parameters as given, sorted, without `limit` and `cursor`.
    pub pairs: Vec<(String, String)>,
    /// `limit` and `cursor` as given.
    page: Vec<(String, String)>,
    /// Where the query was sent as a body, the path that it was sent to: its pages are asked for there, with the same body.
    posted_to: Option<&'static str>,
}

/// How an answer is to be made. It exists only where every parameter of the request was understood.
#[derive(Debug)]
pub struct View {
    /// The representation.
    pub format: Format,
    /// Where the page begins and how long it is.
    pub paging: Paging,
    /// The language of names; `None` where the answer has none that depend on it.
    pub language: Option<Language>,
    /// What was asked for.
    pub target: Target,
    /// What the caller has already, and how it takes what it has not.
    pub caller: Caller,
    /// What the answer depends on beside the target, the page and the version of its collection.
    pub basis: String,
}

impl Call {
    /// The same call as if it had asked for this path with these parameters.
    #[must_use]
    pub fn asking(&self, path: String, pairs: Vec<(String, String)>) -> Self {
        Self { params: Params::of(&pairs), target: Target::new(path, pairs), ..self.clone() }
    }

    /// The same call, with links to where its body was sent.
    #[must_use]
    pub fn posted_to(mut self, path: &'static str) -> Self {
        self.target.posted_to = Some(path);
        self
    }

    /// The call as one that takes JSON alone, where its header `Accept` does.
    pub fn as_json(mut self) -> Result<Self> {
        Format::Json.only(&self.accept)?;
        self.accept.clear();
        Ok(self)
    }

    /// How many bytes the query has in a URL.
    pub fn url_bytes(&self) -> usize {
        self.target.url(&self.target.page).len()
    }

    /// Whether the request names this parameter.
    pub fn has(&self, name: &str) -> bool {
        self.params.given(name).is_some()
    }

    /// Takes `lang`, or else the header `Accept-Language`.
    pub fn language(&mut self) -> Language {
        let chosen = self.params.choice("lang", &Language::ALL);
        let language = chosen.unwrap_or_else(|| accepted_language(&self.accept_language));
        self.language = Some(language);
        language
    }

    /// Takes `format`, or else the header `Accept`.
    pub fn format(&mut self) -> Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let named = self.params.choice("format", &Format::ALL);
        let format = named.map_or_else(|| Format::accepted(&self.accept), Ok)?;
        self.format = Some(format);
        Ok(format)
    }

    /// Ends the reading of a list's parameters: takes `format`, `limit` and `cursor`, and tells all faults at once.
    pub fn view(mut self, default_limit: usize, most: usize) -> Result<View> {
        let format = self.format();
        let paging = Paging::read(&mut self.params, &self.target.name(), default_limit, most);
        self.params.finish()?;
        Ok(View {
            format: format?,
            paging,
            language: self.language,
            target: self.target,
            caller: self.caller,
            basis: String::new(),
        })
    }

    /// Ends the reading of a list of records' parameters.
    pub fn page(self) -> Result<View> {
        self.view(DEFAULT_RECORDS, MOST_RECORDS)
    }

    /// Ends the reading of the parameters of a feed, which takes `limit` and has a place of its own to read on.
    pub fn stretch(mut self) -> Result<View> {
        let paging = Paging::limited(&mut self.params, DEFAULT_RECORDS, MOST_RECORDS);
        Ok(View { paging, ..self.single()? })
    }

    /// Ends the reading of the parameters of a request that changes something, which is answered as JSON alone.
    pub fn written(self) -> Result<View> {
        let call = self.as_json()?;
        Self { format: Some(Format::Json), ..call }.single()
    }

    /// Ends the reading of a single thing's parameters: takes `format`.
    pub fn single(mut self) -> Result<View> {
        let format = self.format();
        let paging = Paging::read(&mut Params::default(), "", 1, 1);
        self.params.finish()?;
        Ok(View {
            format: format?,
            paging,
            language: self.language,
            target: self.target,
            caller: self.caller,
            basis: String::new(),
        })
    }
}

impl View {
    /// The same for what is at another path.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        Self { target: Target::new(path.to_owned(), Vec::new()), ..self }
    }

    /// Adds to what the answer depends on: filters as resolved against the codes, versions of further collections.
    #[must_use]
    pub fn depending_on(mut self, what: impl std::fmt::Debug) -> Self {
        self.basis = format!("{what:?}");
        self
    }
}

impl Target {
    fn new(path: String, pairs: Vec<(String, String)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        pairs.sort();
        let (page, pairs) = pairs.into_iter().partition(|(name, _)| name == "limit" || name == "cursor");
        Self { path, pairs, page, posted_to: None }
    }

    /// The query by name, whatever page of it is read.
    pub fn name(&self) -> String {
        self.url(&[])
    }

    /// The first page, relative to the service.
    pub fn first(&self) -> String {
        self.link(&[])
    }

    /// This page, relative to the service.
    pub fn this(&self) -> String {
        self.link(&self.page)
    }

    /// The page of the same query that begins at this cursor, relative to the service.
    pub fn next(&self, cursor: &str, limit: usize) -> String {
        self.link(&[("cursor".to_owned(), cursor.to_owned()), ("limit".to_owned(), limit.to_string())])
    }

    /// Where the query is in a body, only the cursor is in the link.
    fn link(&self, page: &[(String, String)]) -> String {
        let Some(path) = self.posted_to else { return self.url(page) };
        let cursor = page.iter().find(|(name, _)| name == "cursor");
        // A cursor as given may be anything.
        let escaped =
            |(_, text): &(String, String)| form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let escaped: Option<String> = cursor.map(escaped);
        escaped.map_or(path.to_owned(), |cursor| format!("{path}?cursor={cursor}"))
    }

    fn url(&self, page: &[(String, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.pairs).extend_pairs(page);
        // Lists and series keys stay readable: a comma, a colon and an asterisk mean nothing to a query string.
        let query = query.finish().replace("%2C", ",").replace("%3A", ":").replace("%2A", "*");
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }
}

/// The last segment of a path, as the id of one thing: not longer than any id, and nothing that no id holds.
#[derive(Debug)]
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Problem> {
        let read = Path::<String>::from_request_parts(parts, state).await;
        let refused = |value: &str, detail: &str| Error::Malformed(vec![Fault::new("(path)", value, detail)]);
        let Path(id) = read.map_err(|_| refused(parts.uri.path(), "is not UTF-8"))?;
        if id.contains('\0') || id.len() > MAX_ID_BYTES {
            return Err(refused(&id, "holds a NUL or is longer than any id").into());
        }
        Ok(Self(id))
    }
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let text =
            |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Ok(Self {
            params: Params::parse(query),
            target: Target::new(parts.uri.path().to_owned(), pairs),
            accept: text(header::ACCEPT),
            accept_language: text(header::ACCEPT_LANGUAGE),
            format: None,
            language: None,
            caller: Caller::of(&parts.headers, access::Caller::of(parts).sight()),
        })
    }
}
