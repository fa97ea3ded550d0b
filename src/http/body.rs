//! The body of a request, read as JSON with nothing lost: a field that is given twice is there twice.

use std::fmt;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::REQUEST_ID;
use super::extract::Call;
use super::limits::Account;
use super::problem::{Code, Problem};
use crate::error::{Error, Fault};

/// The largest body that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// A request with a JSON body.
#[derive(Debug)]
pub struct Posted {
    /// The request apart from its body.
    pub call: Call,
    /// The body.
    pub body: Json,
    /// The request's id.
    pub id: String,
    /// What it is counted to; `None` where it is not limited.
    pub account: Option<Account>,
}

/// A value of a body. Whether 2020 came as a number or as a text makes no difference, as in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// Nothing.
    Null,
    /// A text, a number or a truth value, as a URL would have it.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object with its fields as they came.
    Object(Fields),
}

/// The fields of an object as they came.
pub type Fields = Vec<(String, Json)>;

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let text = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let (media, id) = (text(header::CONTENT_TYPE).to_owned(), text(REQUEST_ID).to_owned());
        if !is_json(&media) {
            let fault = Fault::new("Content-Type", &media, "is not the media type of JSON");
            let mut problem = Problem::new(Code::UnsupportedMediaType, "a body is read as application/json");
            problem.errors.push(fault.allowed(["application/json"]));
            return Err(problem);
        }
        let account = parts.extensions.get().cloned();
        let Ok(call) = Call::from_request_parts(&mut parts, state).await;
        let read = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let bytes = read.map_err(|why| match why.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(Code::TooLarge, format!("at most {MOST_BYTES} bytes of a body are read"))
            }
            _ => Problem::new(Code::Malformed, "the body did not arrive whole"),
        })?;
        let body = serde_json::from_slice(&bytes)
            .map_err(|why| Error::Malformed(vec![Fault::new("(body)", "", format!("is not JSON: {why}"))]))?;
        Ok(Self { call, body, id, account })
    }
}

/// Whether a media type is that of JSON, whatever its parameters.
fn is_json(media: &str) -> bool {
    media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

impl Json {
    /// The text; `None` where it is something else.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The value as a URL would have it, `None` where it counts as not given; or what is wrong with it.
    pub fn as_parameter(&self) -> Result<Option<String>, &'static str> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text.clone())),
            Self::List(items) => {
                let texts: Option<Vec<&str>> = items.iter().map(Self::text).collect();
                let texts = texts.ok_or("is a list of something else than texts and numbers")?;
                Ok(Some(texts.join(",")))
            }
            Self::Object(_) => Err("is neither a text, a number nor a list of them"),
        }
    }

    /// The value in short, as a fault shows it.
    pub fn shown(&self) -> &str {
        match self {
            Self::Null => "null",
            Self::Text(text) => text,
            Self::List(_) => "[…]",
            Self::Object(_) => "{…}",
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

/// Makes a [`Json`] of what the parser finds.
struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Json::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(field) = fields.next_entry()? {
            all.push(field);
        }
        Ok(Json::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Json {
        Json::Text(text.to_owned())
    }

    #[test]
    fn a_body_is_read_with_its_fields_in_order_and_those_that_come_twice() {
        let read: Json = serde_json::from_str(r#"{"b": [1, "x", null], "a": true, "b": {}}"#).unwrap();
        let expected = [
            ("b", Json::List(vec![text("1"), text("x"), Json::Null])),
            ("a", text("true")),
            ("b", Json::Object(Vec::new())),
        ];
        assert_eq!(read, Json::Object(expected.map(|(name, value)| (name.to_owned(), value)).to_vec()));
    }

    #[test]
    fn numbers_are_as_a_url_would_have_them() {
        for (number, written) in [("2020", "2020"), ("-1", "-1"), ("1.5", "1.5"), ("1e3", "1000")] {
            assert_eq!(serde_json::from_str::<Json>(number).unwrap(), text(written));
        }
    }

    #[test]
    fn media_types_of_json_may_have_parameters() {
        assert!(is_json("application/json") && is_json("Application/JSON ; charset=utf-8"));
        assert!(!is_json("") && !is_json("text/plain") && !is_json("application/jsonx"));
    }
}
