//! Which representation a caller gets: media type and language, by parameter or by header.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, Result};
pub use crate::language::Language;

/// A representation of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `application/json`.
    Json,
    /// `text/csv`: a header row, RFC 4180 quoting.
    Csv,
    /// `application/x-ndjson`: one object a line, the last one of type `end`.
    Ndjson,
}

impl Format {
    /// Every format with the word that `format=` takes.
    pub const ALL: [(&'static str, Self); 3] =
        [("json", Self::Json), ("csv", Self::Csv), ("ndjson", Self::Ndjson)];

    /// Its `Content-Type`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// The format that an `Accept` header prefers. Without a header it is JSON.
    pub fn accepted(accept: &str) -> Result<Self> {
        let ranges = by_quality(accept);
        let quality = |format: Self| format.quality(&ranges);
        let mut best = (Self::Json, quality(Self::Json));
        for (_, format) in Self::ALL {
            if quality(format) > best.1 {
                best = (format, quality(format));
            }
        }
        if best.1 > 0.0 {
            return Ok(best.0);
        }
        Err(not_acceptable(accept, &Self::ALL.map(|(_, format)| format)))
    }

    /// Refuses an `Accept` header that does not take this format, where no other is served.
    pub fn only(self, accept: &str) -> Result<()> {
        if self.quality(&by_quality(accept)) > 0.0 {
            return Ok(());
        }
        Err(not_acceptable(accept, &[self]))
    }

    /// How much the entries of an `Accept` header like it. Without entries everything is liked.
    fn quality(self, ranges: &[(String, f32)]) -> f32 {
        if ranges.is_empty() {
            return 1.0;
        }
        let (essence, _) = self.media_type().split_once(';').unwrap_or((self.media_type(), ""));
        let (kind, _) = essence.split_once('/').unwrap_or((essence, ""));
        // The most specific range that matches decides, whatever its quality (RFC 9110, 12.5.1).
        [essence.to_owned(), format!("{kind}/*"), "*/*".to_owned()]
            .iter()
            .find_map(|range| ranges.iter().find(|(r, _)| r == range))
            .map_or(0.0, |(_, quality)| *quality)
    }
}

fn not_acceptable(accept: &str, served: &[Format]) -> Error {
    let served = served.iter().map(|format| format.media_type().to_owned()).collect();
    Error::NotAcceptable { accept: accept.chars().take(200).collect(), served }
}

/// The language that an `Accept-Language` header prefers; English where it names neither that is served.
pub fn accepted_language(header: &str) -> Language {
    let ranges = by_quality(header);
    let known = ranges.iter().filter(|(_, quality)| *quality > 0.0).find_map(|(range, _)| {
        let primary = range.split('-').next().unwrap_or_default();
        Language::ALL.iter().find(|(word, _)| *word == primary)
    });
    known.map_or(Language::En, |(_, language)| *language)
}

/// The entries of a header with qualities, best first, in lower case.
pub fn by_quality(header: &str) -> Vec<(String, f32)> {
    let mut entries: Vec<(String, f32)> = header
        .split(',')
        .filter_map(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?.to_lowercase();
            let quality = parts.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse().ok());
            Some((name, quality.unwrap_or(1.0)))
        })
        .collect();
    entries.sort_by(|a, b| b.1.total_cmp(&a.1));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_header_chooses_the_format() {
        let accepted = |header: &str| Format::accepted(header).ok();
        assert_eq!(accepted(""), Some(Format::Json));
        assert_eq!(accepted("*/*"), Some(Format::Json));
        assert_eq!(accepted("text/html, */*;q=0.1"), Some(Format::Json));
        assert_eq!(accepted("text/csv"), Some(Format::Csv));
        assert_eq!(accepted("application/json;q=0.5, application/x-ndjson"), Some(Format::Ndjson));
        assert_eq!(accepted("application/json;q=0, */*"), Some(Format::Csv));
        assert_eq!(accepted("image/png"), None);
        assert!(Format::Json.only("text/csv, application/json;q=0.1").is_ok());
        assert!(Format::Json.only("").is_ok());
        assert!(Format::Json.only("text/csv, */*;q=0").is_err());
    }

    #[test]
    fn the_accept_language_header_chooses_the_language() {
        assert_eq!(accepted_language("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh);
        assert_eq!(accepted_language("de, en;q=0.5, zh;q=0.7"), Language::Zh);
        assert_eq!(accepted_language("zh;q=0"), Language::En);
        assert_eq!(accepted_language(""), Language::En);
    }
}
