//! What answers are kept under: all of a request that its answer depends on.

use axum::extract::Request;
use axum::http::{HeaderName, Method, header};

use super::coding::Coding;
use crate::catalog::Sight;
use crate::http::negotiate::{Format, Language, accepted_language};
use crate::params::MAX_QUERY_BYTES;

/// One form of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    path: String,
    /// The parameters, sorted: their order means nothing.
    pairs: Vec<(String, String)>,
    /// What the header `Accept` chooses, where no parameter does.
    format: Option<Format>,
    /// What `Accept-Language` chooses, where no parameter does.
    language: Option<Language>,
    coding: Coding,
    /// What the caller may see, and not what that hides now: who saw something before it was restricted shares nothing with who sees it
    /// still.
    sight: Sight,
}

impl Key {
    /// The key of a request for data; none where its answer is not one that is kept, or is a refusal at once.
    pub fn of(request: &Request, (coding, sight): (Coding, &Sight)) -> Option<Self> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read || !path.starts_with("/v1") || query.len() > MAX_QUERY_BYTES {
            return None;
        }
        let pairs = form_urlencoded::parse(query.as_bytes());
        let mut pairs: Vec<(String, String)> =
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        pairs.sort_unstable();
        let is_named = |name| pairs.iter().any(|(n, value)| n == name && !value.is_empty());
        let said = |name: HeaderName| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let format =
            if is_named("format") { None } else { Some(Format::accepted(said(header::ACCEPT)).ok()?) };
        let language =
            if is_named("lang") { None } else { Some(accepted_language(said(header::ACCEPT_LANGUAGE))) };
        Some(Self { path: path.to_owned(), pairs, format, language, coding, sight: sight.clone() })
    }

    /// How many bytes it takes, about.
    pub fn size(&self) -> usize {
        let pairs =
            self.pairs.iter().map(|(name, value)| name.len() + value.len() + size_of::<[String; 2]>());
        size_of::<Self>() + self.path.len() + pairs.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn key(path: &str, headers: &[(HeaderName, &str)]) -> Option<Key> {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        Key::of(&request.body(Body::empty()).unwrap(), (Coding::Identity, &Sight::Public))
    }

    #[test]
    fn the_same_question_has_one_key() {
        let first = key("/v1/production?geo=CN&start=2020", &[]);
        assert!(first.is_some());
        assert_eq!(key("/v1/production?start=2020&geo=%43N", &[(header::ACCEPT, "*/*")]), first);
        assert_eq!(key("/v1/production?start=2020&geo=CN", &[(header::ACCEPT_LANGUAGE, "de")]), first);
        let zh = key("/v1/production?lang=zh", &[(header::ACCEPT_LANGUAGE, "en")]);
        assert_eq!(key("/v1/production?lang=zh", &[]), zh);
        for other in ["/v1/production?geo=CN", "/v1/production?geo=CN&start=2020&x=", "/v1/charging"] {
            assert_ne!(key(other, &[]), first, "{other}");
        }
        assert_ne!(key("/v1/production?geo=CN&start=2020", &[(header::ACCEPT, "text/csv")]), first);
    }

    #[test]
    fn what_is_not_kept_has_none() {
        assert_eq!(key("/readyz", &[]), None);
        assert_eq!(key("/v1/production", &[(header::ACCEPT, "image/png")]), None);
        let post = Request::post("/v1/query").body(Body::empty()).unwrap();
        assert_eq!(Key::of(&post, (Coding::Identity, &Sight::Public)), None);
    }
}
