//! SDMX-CSV 2.0: which columns are what, with or without the names of codes (`labels=id`, `both` or `name`).

use csv::StringRecord;

use super::layout::plain;
use super::mapping::{Rule, Texts};

/// What a column of such a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// A component, by its id in small letters.
    Component(String),
    /// One that says nothing that is not said elsewhere: the structure, keys, the names of codes.
    Aside,
    /// What is done with the row.
    Action,
}

/// The columns of a header; `None` where it is none of SDMX-CSV.
pub fn columns(header: &StringRecord) -> Option<Vec<Column>> {
    let ids: Vec<String> = header.iter().map(id).collect();
    let has = |wanted: &str| ids.iter().any(|id| id == wanted);
    if !has("structure") || !has("structure_id") {
        return None;
    }
    // With names in columns of their own, the name of each component stands right behind it.
    let (has_names, mut is_name) = (has("structure_name"), false);
    let column = |id: String| match id.as_str() {
        "structure" | "structure_id" | "structure_name" | "series_key" | "obs_key" => Column::Aside,
        "action" => Column::Action,
        _ if is_name => {
            is_name = false;
            Column::Aside
        }
        _ => {
            is_name = has_names;
            Column::Component(id)
        }
    };
    Some(ids.into_iter().map(column).collect())
}

/// Whether each id has its name behind it, in headers and fields.
pub fn has_labels(header: &StringRecord) -> bool {
    header.iter().any(|name| name.contains(": "))
}

/// The id of a column: `REF_AREA: Reference area` is `ref_area`, and `STRUCTURE[;]`, which names a separator, `structure`.
fn id(header: &str) -> String {
    let name = plain(header);
    let id = name.split(": ").next().unwrap_or_default();
    if id.starts_with("structure[") { "structure".to_owned() } else { id.to_owned() }
}

/// Whether it is SDMX's own id of what the project calls otherwise.
pub fn is_name(id: &str) -> bool {
    ["ref_area", "freq", "time_period", "obs_value", "obs_status", "comment_obs"].contains(&id)
}

/// A message may delete; taking figures in cannot.
pub fn no_deletions(action: String) -> Rule {
    Rule {
        when: [(action, Texts::One("D".to_owned()))].into(),
        refuse: Some("the row deletes figures; withdraw the release that states them instead".to_owned()),
        ..Rule::default()
    }
}
