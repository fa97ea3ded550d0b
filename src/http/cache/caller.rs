//! What a caller says of the form of its answer, and of the answers that it has already.

use axum::http::{HeaderMap, header};
use chrono::{DateTime, NaiveDateTime, Utc};

use super::coding::Coding;
use crate::catalog::Sight;
use crate::http::reply::tag;

/// The form of a date in a header.
pub const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// What the headers of a request say.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The coding that its body is to have, where it is large enough for one.
    pub coding: Coding,
    /// Whether it takes gzip, in which a body is sent while it is written.
    pub takes_gzip: bool,
    /// Whether its answer is to be made anew, and not kept.
    pub wants_fresh: bool,
    /// What it may see.
    pub sight: Sight,
    /// What its tags end with for that: another sight is another answer. Empty for what everybody may see.
    pub mark: String,
    /// The tags of the answers that it has, with their quotes, without the mark of weak ones.
    tags: Vec<String>,
    /// The date of the answer that it has.
    since: Option<NaiveDateTime>,
}

impl Caller {
    /// Reads the headers of who may see so much.
    pub fn of(headers: &HeaderMap, sight: Sight) -> Self {
        let all = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let words = |name| all(name).flat_map(|list| list.split(',')).map(str::trim);
        let accepted = all(header::ACCEPT_ENCODING).collect::<Vec<_>>().join(",");
        let tags = words(header::IF_NONE_MATCH).map(|tag| tag.trim_start_matches("W/").to_owned());
        let since = all(header::IF_MODIFIED_SINCE).next();
        Self {
            coding: Coding::accepted(&accepted),
            takes_gzip: Coding::takes_gzip(&accepted),
            wants_fresh: words(header::CACHE_CONTROL)
                .any(|word| ["no-cache", "no-store"].iter().any(|no| word.eq_ignore_ascii_case(no))),
            mark: mark(&sight),
            sight,
            tags: tags.collect(),
            since: since.and_then(|date| NaiveDateTime::parse_from_str(date, HTTP_DATE).ok()),
        }
    }

    /// Whether it has this answer: by its tags, or, where it sends none, by its date (RFC 9110, 13.2.2).
    pub fn has(&self, tag: &str, last_modified: DateTime<Utc>) -> bool {
        if !self.tags.is_empty() {
            return self.tags.iter().any(|known| known == "*" || known == tag);
        }
        self.since.is_some_and(|since| last_modified.timestamp() <= since.and_utc().timestamp())
    }

    /// Whether it names any answer that it has.
    pub fn has_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    /// The coding of the form that it has of the answer with this tag, where it is certain before the answer is made that it
    /// would be sent that form. Whoever takes a coding and has the form without one may have it because the body is small, or
    /// because it took none before.
    pub fn holds(&self, tag: &str) -> Option<Coding> {
        let form = format!("\"{tag}{}{}\"", self.mark, self.coding.mark());
        self.tags.contains(&form).then_some(self.coding)
    }
}

fn mark(sight: &Sight) -> String {
    match sight {
        Sight::Public => String::new(),
        Sight::Datasets(datasets) => format!(".{}", tag(datasets.iter().map(String::as_str))),
        Sight::All => ".all".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn caller(headers: &[(HeaderName, &'static str)]) -> Caller {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Caller::of(&pairs.collect(), Sight::Public)
    }

    #[test]
    fn a_tag_goes_before_a_date() {
        let changed = "2026-11-24T10:00:00.5Z".parse().unwrap();
        let has = |headers: &[_]| caller(headers).has("\"abc\"", changed);
        let (tag, date) = (header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE);
        assert!(has(&[(tag.clone(), "\"x\", W/\"abc\"")]));
        assert!(has(&[(tag.clone(), "*")]));
        assert!(!has(&[(tag.clone(), "\"abc-gzip\"")]));
        assert!(has(&[(date.clone(), "Tue, 24 Nov 2026 10:00:00 GMT")]));
        assert!(!has(&[(date.clone(), "Tue, 24 Nov 2026 09:59:59 GMT")]));
        assert!(!has(&[(date, "Tue, 24 Nov 2026 10:00:00 GMT"), (tag, "\"other\"")]));
        assert!(!has(&[]));
    }

    #[test]
    fn a_form_is_known_before_it_is_made_where_no_other_can_be_meant() {
        let holds = |known, accepted| {
            caller(&[(header::IF_NONE_MATCH, known), (header::ACCEPT_ENCODING, accepted)]).holds("abc")
        };
        assert_eq!(holds("\"abc\"", ""), Some(Coding::Identity));
        assert_eq!(holds("\"x\", \"abc-gzip\"", "gzip"), Some(Coding::Gzip));
        assert_eq!(holds("\"abc\"", "gzip"), None);
        assert_eq!(holds("\"abc-gzip\"", ""), None);
        assert_eq!(holds("\"abc-gzip\"", "zstd, gzip"), None);
        assert_eq!(holds("*", ""), None);
    }

    #[test]
    fn an_answer_is_made_anew_where_the_caller_wants_that() {
        for (said, fresh) in [("no-cache", true), ("max-age=0, No-Store", true), ("max-age=0", false)] {
            assert_eq!(caller(&[(header::CACHE_CONTROL, said)]).wants_fresh, fresh, "{said}");
        }
        assert!(!caller(&[]).wants_fresh);
    }
}
