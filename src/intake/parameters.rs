//! How a file is to be taken in, as the parameters of a request say it: the flags of the command line under the same names.

use std::str::FromStr;

use utoipa::IntoParams;

use crate::error::Fault;
use crate::ingest::file::{Coverage, Jump, Mapping, Options, Target, forms};
use crate::params::Params;
use crate::timeseries::key::Dimension;

/// The largest step that can be asked to be refused.
const MOST_JUMP: u32 = 1_000_000;

/// From which size on a step from one figure to the next can be refused, in the unit of the measure.
const JUMPS_FROM: i64 = 1_000;

/// How the file is to be taken in.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
#[expect(dead_code, reason = "it describes the parameters that `read` takes")]
pub struct ImportParams {
    /// What the file is called; it is told with the import, and becomes the title of its document where no other is given.
    #[param(required = false, example = "registrations-2026-05.csv")]
    name: String,
    /// The dataset that the figures are for.
    #[param(required = false, example = "production")]
    dataset: String,
    /// What the columns mean: the name of a known form of file, or a mapping as the text of its TOML. Without it the form is recognised, or
    /// a mapping is guessed from the headers, shown in the report, and used with `accept_guess`.
    #[param(required = false, example = "oica-production-csv")]
    mapping: String,
    /// What columns are, as `geo=省份`, separated by commas.
    #[param(required = false, example = "geo=城市,value=销量")]
    map: String,
    /// What holds for all rows, as `measure=sales`, separated by commas.
    #[param(required = false, example = "measure=registered,source=caam")]
    set: String,
    /// Columns that are left aside, separated by commas; `*` for all that mean nothing else.
    #[param(required = false, example = "*")]
    ignore: String,
    /// The power of ten that values are multiplied by: `1e4` for 万.
    #[param(required = false, example = "1e4")]
    scale: String,
    /// What stands between thousands.
    #[param(required = false, example = ",")]
    thousands: String,
    /// A step of so many times from one figure to the next is refused.
    #[param(required = false, minimum = 2, maximum = 1_000_000, example = 100)]
    refuse_jump: u32,
    /// Whether a mapping that was guessed from the headers is used.
    #[param(required = false)]
    accept_guess: bool,
    /// Lists that unknown codes are added to, separated by commas, each below a code if one is given.
    #[param(required = false, example = "geo=CN-GD,model")]
    add_codes: String,
    /// Whether what is faulty is left out and the rest taken in.
    #[param(required = false)]
    skip_faulty: bool,
    /// Whether everything is done but written.
    #[param(required = false)]
    dry_run: bool,
    /// Whether it takes the place of what the same document stated before.
    #[param(required = false)]
    replace: bool,
    /// The sheet of a workbook; without it its first visible one.
    #[param(required = false, example = "2026")]
    sheet: String,
    /// The encoding of a text; without it UTF-8, or UTF-16 with its mark.
    #[param(required = false, example = "gb18030")]
    encoding: String,
    /// What stands between the fields of a text; without it it is found out.
    #[param(required = false, example = ";")]
    delimiter: String,
    /// The id of the document that the file is; without it it is made of name and checksum.
    #[param(required = false, example = "registrations-2026-05")]
    document: String,
    /// Who first published the figures, where no column says it.
    #[param(required = false, example = "caam")]
    source: String,
    /// The document's title.
    #[param(required = false, example = "Registrations of May 2026")]
    title: String,
    /// Who published the document.
    #[param(required = false, example = "Registry Office")]
    publisher: String,
    /// When it was published: 2024, 2024-05 or 2024-05-13. Without it, what dated documents state goes before what this one does.
    #[param(required = false, example = "2026-06-08")]
    published: String,
    /// Where it is found.
    #[param(required = false, example = "https://example.com/registrations")]
    url: String,
    /// Under which terms it may be used.
    #[param(required = false, example = "licensed")]
    licence: String,
    /// `patch`: what it does not list stays; `edition`: it speaks for its whole scope.
    #[param(required = false, example = "patch")]
    coverage: String,
}

/// Takes the name of the file and how it is to be taken in; faults are kept in `params`.
pub fn read(params: &mut Params) -> (String, Options) {
    let name = params.text("name").unwrap_or_else(|| "upload".to_owned());
    let (given, form) = mapping(params);
    let mut says = Mapping { dataset: params.text("dataset"), ..Mapping::default() };
    says.columns.extend(pairs(params, "map"));
    says.constants.extend(pairs(params, "set"));
    says.ignore = params.list("ignore").unwrap_or_default();
    says.scale = params.text("scale");
    says.thousands = character(params, "thousands");
    says.jump = params
        .value("refuse_jump", |text| {
            let factor = text.parse().ok().filter(|factor| (2..=MOST_JUMP).contains(factor));
            factor.ok_or_else(|| {
                Fault::new("refuse_jump", text, format!("is not a whole number from 2 to {MOST_JUMP}"))
            })
        })
        .map(|factor| Jump { factor, above: JUMPS_FROM, refuse: true });
    document(params, &mut says);
    let mut options = Options { given, form, says, ..Options::default() };
    options.sheet = params.text("sheet");
    options.encoding = params.text("encoding");
    options.delimiter = character(params, "delimiter");
    options.add_codes = lists(params);
    options.accept_guess = flag(params, "accept_guess");
    options.skip_faulty = flag(params, "skip_faulty");
    options.dry_run = flag(params, "dry_run");
    options.replace = flag(params, "replace");
    for (name, value, reason) in options.faults() {
        params.reject(Fault::new(name, &value, reason));
    }
    (name, options)
}

/// A mapping as TOML, which has an equals sign or a table, or the name of a form.
fn mapping(params: &mut Params) -> (Option<Mapping>, Option<String>) {
    let Some(text) = params.text("mapping") else { return (None, None) };
    let forms: Vec<String> = forms().into_iter().map(|form| form.name).collect();
    if forms.contains(&text) {
        return (None, Some(text));
    }
    match Mapping::parse(&text) {
        Ok(mapping) if text.contains(['=', '[']) => return (Some(mapping), None),
        Err(reason) if text.contains(['=', '[']) => params.reject(Fault::new("mapping", &text, reason)),
        _ => params.reject(Fault::new("mapping", &text, "is no known form, and no mapping").allowed(forms)),
    }
    (None, None)
}

fn document(params: &mut Params, says: &mut Mapping) {
    let document = &mut says.document;
    document.id = params.text("document");
    document.source = params.text("source");
    document.title = params.text("title");
    document.publisher = params.text("publisher");
    document.published = params.text("published");
    document.url = params.text("url");
    document.licence = params.text("licence");
    document.coverage =
        params.choice("coverage", &[("patch", Coverage::Patch), ("edition", Coverage::Edition)]);
}

fn pairs(params: &mut Params, name: &'static str) -> Vec<(Target, String)> {
    let mut found = Vec::new();
    for entry in params.list(name).unwrap_or_default() {
        let read = entry
            .split_once('=')
            .ok_or_else(|| "is not of the form what=text".to_owned())
            .and_then(|(target, text)| Ok((Target::from_str(target.trim())?, text.trim().to_owned())));
        match read {
            Ok(pair) => found.push(pair),
            Err(reason) => params.reject(Fault::new(name, &entry, reason)),
        }
    }
    found
}

fn lists(params: &mut Params) -> std::collections::BTreeMap<Dimension, Option<String>> {
    let mut lists = std::collections::BTreeMap::new();
    for entry in params.list("add_codes").unwrap_or_default() {
        let (name, parent) =
            entry.split_once('=').map_or((entry.as_str(), None), |(name, p)| (name, Some(p)));
        if let Some(dimension) = Dimension::from_name(name) {
            lists.insert(dimension, parent.map(str::to_owned));
        } else {
            let fault = Fault::new("add_codes", name, "is no dimension");
            params.reject(fault.allowed(Dimension::ALL.map(Dimension::name)));
        }
    }
    lists
}

fn character(params: &mut Params, name: &'static str) -> Option<char> {
    params.value(name, |text| {
        let mut characters = text.chars();
        let first = characters.next().filter(|_| characters.next().is_none());
        first.ok_or_else(|| Fault::new(name, text, "is not a single character"))
    })
}

fn flag(params: &mut Params, name: &'static str) -> bool {
    params.choice(name, &[("true", true), ("false", false)]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn faults(query: &str) -> Vec<String> {
        let mut params = Params::parse(query);
        read(&mut params);
        match params.finish() {
            Err(Error::Rejected(faults) | Error::Malformed(faults)) => {
                faults.into_iter().map(|fault| format!("{} {}", fault.parameter, fault.detail)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn parameters_say_what_flags_say() {
        let query = "name=a.csv&dataset=own&map=geo=城市,value=销量&set=measure=sales&scale=1e4&thousands=%2C\
                     &add_codes=geo=CN-GD,model&refuse_jump=50&skip_faulty=true&coverage=edition&published=2026-05";
        let mut params = Params::parse(query);
        let (name, options) = read(&mut params);
        params.finish().unwrap();
        assert_eq!(name, "a.csv");
        let geo = Dimension::from_name("geo").unwrap();
        assert_eq!(options.says.columns[&Target::Dimension(geo)], "城市");
        assert_eq!((options.says.thousands, options.says.scale.as_deref()), (Some(','), Some("1e4")));
        assert_eq!(options.add_codes[&geo].as_deref(), Some("CN-GD"));
        assert!(options.skip_faulty && !options.dry_run && options.says.jump.unwrap().refuse);
        assert_eq!(options.says.document.published.as_deref(), Some("2026-05"));
        let back: Options = serde_json::from_value(serde_json::to_value(&options).unwrap()).unwrap();
        assert_eq!(back, options);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_allowed() {
        for (query, told) in [
            ("map=geo", "map is not of the form what=text"),
            ("mapping=iea", "mapping is no known form, and no mapping"),
            ("mapping=dataset%3D1", "mapping "),
            ("thousands=..", "thousands is not a single character"),
            ("refuse_jump=1", "refuse_jump is not a whole number from 2 to 1000000"),
            ("add_codes=city", "add_codes is no dimension"),
            ("encoding=klingon", "encoding no such encoding is known"),
            ("scale=abc", "scale is no power of ten"),
            ("published=yesterday", "published "),
            ("dry_run=yes", "dry_run is not one of the allowed values"),
            ("dryrun=true", "dryrun is not a parameter of this resource"),
        ] {
            let faults = faults(query);
            assert!(faults.len() == 1 && faults[0].starts_with(told), "{query}: {faults:?}");
        }
        let mut params = Params::parse("mapping=dataset%3D'own'%0A[columns]%0Ageo%3D'x'");
        assert_eq!(read(&mut params).1.given.unwrap().dataset.as_deref(), Some("own"));
    }
}
