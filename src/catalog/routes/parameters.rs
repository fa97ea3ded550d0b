//! Parameters that several lists take, and how their values are checked against what there is.

use utoipa::IntoParams;

use crate::error::Fault;
use crate::http::extract::View;
use crate::http::negotiate::{Format, Language};
use crate::params::Params;

/// What chooses the page and the representation of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what every list reads by itself")]
pub struct PageParameters {
    /// How many rows a page holds at most, from 1 to 10,000; 1,000 where it is not given.
    #[param(value_type = u16, required = false, minimum = 1, maximum = 10_000, example = 100)]
    limit: Option<usize>,
    /// Where the page begins: `next_cursor` of the page before, together with the same parameters.
    #[param(value_type = String, required = false)]
    cursor: Option<String>,
    /// The representation; the header `Accept` decides where it is not given.
    #[param(value_type = Format, required = false, inline, example = "csv")]
    format: Option<Format>,
}

/// What chooses the representation of a single thing.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what every single thing reads by itself")]
pub struct FormatParameter {
    /// The representation; the header `Accept` decides where it is not given.
    #[param(value_type = Format, required = false, inline, example = "json")]
    format: Option<Format>,
}

/// What chooses the language of names.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the answers with names read by themselves")]
pub struct LanguageParameter {
    /// The language of `name` and `title`; the header `Accept-Language` decides where it is not given.
    #[param(value_type = Language, required = false, inline, example = "zh")]
    lang: Option<Language>,
}

/// Takes a piece of text to find.
pub fn piece(params: &mut Params, name: &'static str) -> Option<String> {
    params.text(name).map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}

/// Takes a list of words, each of which has to be one of `known`; a fault is kept for every other one.
pub fn words<'a>(
    params: &mut Params,
    name: &'static str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<Vec<String>> {
    let asked = params.list(name).filter(|asked| !asked.is_empty())?;
    let known: Vec<&str> = known.into_iter().collect();
    for word in asked.iter().filter(|word| !known.contains(&word.as_str())) {
        params.reject(Fault::new(name, word, "is not known here").allowed(&known));
    }
    Some(asked)
}

/// The rows to read for a page: one more than it holds, which tells whether another one follows.
pub fn rows(view: &View) -> i64 {
    i64::try_from(view.paging.limit).unwrap_or(i64::MAX).saturating_add(1)
}
