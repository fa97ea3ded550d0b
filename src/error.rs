//! The one error type of the service. It knows nothing of HTTP: `http::problem` turns it into an answer.

use serde::Serialize;
use utoipa::ToSchema;

/// The result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, by meaning.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be read at all: bad encoding, a value that is not of its type.
    #[error("the request is malformed: {}", join(.0))]
    Malformed(Vec<Fault>),
    /// The request can be read and asks for what cannot be: an unknown parameter or code, a contradiction.
    #[error("the request cannot be answered: {}", join(.0))]
    Rejected(Vec<Fault>),
    /// No such thing, although the path is of a known form.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// The kind of thing, as a reader would call it: `series`, `document`.
        what: &'static str,
        /// What was asked for.
        id: String,
        /// Ids that look like it, best first.
        did_you_mean: Vec<String>,
    },
    /// The answer would be larger than one answer may be.
    #[error("the answer would hold up to {estimate} observations; at most {limit} are sent at once")]
    TooLarge {
        /// How many observations the answer would hold, or a few more; never fewer.
        estimate: u64,
        /// How many it may hold.
        limit: u64,
        /// How to get the same data all the same.
        way_out: String,
    },
    /// An answer would have to be made of more than is read for one.
    #[error("the answer would have to be made of more than {limit} {what}; no more are read for one answer")]
    TooMuchRead {
        /// What it would be made of: series, figures.
        what: &'static str,
        /// How much is read.
        limit: u64,
        /// How to ask for less.
        way_out: &'static str,
    },
    /// A cursor whose pages can no longer be answered as the first was.
    #[error("{0}")]
    Gone(String),
    /// None of the media types that the caller accepts can be served.
    #[error("none of the accepted media types is served here: {accept}")]
    NotAcceptable {
        /// The `Accept` header as sent.
        accept: String,
        /// What is served.
        served: Vec<String>,
    },
    /// The data changed between understanding a request and reading for it; it has to be understood again.
    #[error("the data changed while it was read")]
    Moved,
    /// Somebody asked to end it; nothing was changed.
    #[error("it was cancelled; nothing was changed")]
    Cancelled,
    /// It takes a key, or one of use.
    #[error("{0}")]
    Unauthorized(String),
    /// The caller, or anybody here, may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// It contradicts how things stand.
    #[error("{0}")]
    Conflict(String),
    /// A body that stopped arriving.
    #[error("nothing more of the body came for {0} seconds, or hardly anything")]
    Stalled(u64),
    /// A body is larger than one may be.
    #[error("the body is larger than {0} bytes, which is the most that is taken")]
    Oversize(u64),
    /// There is no room left on disk, or none that may be used.
    #[error("{0}")]
    Full(String),
    /// The database cannot be reached; trying again later may help.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// As much as may be done at a time is under way; trying again later helps.
    #[error("as many {0} as may be at a time are under way: try again later")]
    Busy(&'static str),
    /// Somebody asks for more than may be asked for in a time.
    #[error("{detail}")]
    TooOften {
        /// What may be, and whose it is.
        detail: String,
        /// Seconds after which it may be asked for; `None` where it is more than may ever be at once.
        seconds: Option<u32>,
    },
    /// The database did not answer within the statement timeout.
    #[error("the database did not answer in time")]
    Timeout,
    /// Bundled or imported data that contradicts itself or the code lists; all faults at once.
    #[error("{} fault(s) in the data:\n{}", .0.len(), lines(.0))]
    Data(Vec<DataFault>),
    /// What keeps the service from starting, in words for the operator.
    #[error("{0}")]
    Startup(String),
    /// A fault of ours. Told to the log in full, to the caller never.
    #[error("{context}: {source}")]
    Internal {
        /// What was being done.
        context: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// That a query of time series would have to read too much.
    pub const fn too_much_of(what: &'static str, limit: u64) -> Self {
        Self::TooMuchRead {
            what,
            limit,
            way_out: "Name codes instead of * for some dimension, or a frequency",
        }
    }

    /// A fault of ours with what was being done when it came up.
    pub fn internal(
        context: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal { context: context.into(), source: source.into() }
    }
}

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemFault)]
pub struct Fault {
    /// The parameter at fault (a header's name where it is a header; in a body its field, as `queries[2].name`).
    pub parameter: String,
    /// The value as sent, cut after 200 characters.
    pub value: String,
    /// What is wrong with it.
    pub detail: String,
    /// What is allowed: the values, or a description of their form. Long lists are cut after 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub allowed: Vec<String>,
    /// Allowed values that look like the one sent, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub did_you_mean: Vec<String>,
    /// The kind of fault as one word for programs, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = FaultCode, required = false)]
    pub code: Option<FaultCode>,
}

/// The kinds of faults that a program may want to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemFaultCode)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// Codes whose sum is asked for are not declared to be different parts of one whole, or their measure does not add up.
    NotAdditive,
    /// Of codes whose sum is asked for, one is part of another.
    Overlap,
    /// No source ranks anything in the time that is asked for.
    NoRanking,
}

impl Fault {
    /// A fault of `parameter`, whose value was `value`.
    pub fn new(parameter: impl Into<String>, value: &str, detail: impl Into<String>) -> Self {
        Self {
            parameter: parameter.into(),
            value: value.chars().take(200).collect(),
            detail: detail.into(),
            allowed: Vec::new(),
            did_you_mean: Vec::new(),
            code: None,
        }
    }

    /// Says of which kind it is.
    #[must_use]
    pub const fn of_kind(mut self, code: FaultCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Says which values are allowed, and which of them look like the one sent.
    #[must_use]
    pub fn allowed<S: AsRef<str>>(mut self, allowed: impl IntoIterator<Item = S>) -> Self {
        let all: Vec<String> = allowed.into_iter().map(|a| a.as_ref().to_owned()).collect();
        self.did_you_mean = nearest(&self.value, all.iter().map(String::as_str));
        self.allowed = all.into_iter().take(50).collect();
        self
    }
}

/// The up to three candidates that look most like `wanted`, best first.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&wanted, &c.to_lowercase()), c))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, c)| c.to_owned()).collect()
}

/// One fault of a data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataFault {
    /// The file, relative to the data folder.
    pub file: String,
    /// The line, counted from 1 with the header; 0 where the fault is of the whole file.
    pub line: u64,
    /// The column at fault; empty where the whole row is.
    pub column: String,
    /// The value as found.
    pub value: String,
    /// What is wrong and what was expected.
    pub reason: String,
}

impl std::fmt::Display for DataFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, line, column, value, reason } = self;
        write!(f, "{file}:{line}: {column} {value:?}: {reason}")
    }
}

fn join(faults: &[Fault]) -> String {
    let all: Vec<String> = faults.iter().map(|f| format!("{}: {}", f.parameter, f.detail)).collect();
    all.join("; ")
}

fn lines(faults: &[DataFault]) -> String {
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    all.join("\n")
}
