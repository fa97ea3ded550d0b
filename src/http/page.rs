//! Pages: a keyset cursor that carries the query it belongs to and the key of the last row sent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Fault;
use crate::filter::Window;
use crate::params::Params;

/// Where a page begins and how long it is.
#[derive(Debug, Clone)]
pub struct Paging {
    /// At most so many rows.
    pub limit: usize,
    /// The key of the last row of the page before; `None` at the first page.
    pub after: Option<Vec<String>>,
    /// What the pages are read at, as the first page noted it; `None` at the first page and where nothing is noted.
    pub pin: Option<Pin>,
    query: String,
}

/// The state of the data that the pages of one answer are read at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The last release that counts.
    #[serde(rename = "r")]
    pub release: i32,
    /// How many releases had been withdrawn. One more, and the pages can no longer be read as the first was.
    #[serde(rename = "w")]
    pub withdrawn: usize,
}

/// The opaque text between two pages.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "q")]
    query: String,
    #[serde(rename = "k")]
    key: Vec<String>,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none", default)]
    pin: Option<Pin>,
}

const VERSION: u8 = 1;

impl Paging {
    /// Reads `limit` alone: for what is not read page by page.
    pub fn limited(params: &mut Params, default: usize, most: usize) -> Self {
        let allowed = format!("1 to {most}");
        let limit = params.value("limit", |text| {
            let number = text.parse().ok().filter(|n| (1..=most).contains(n));
            number.ok_or_else(|| {
                Fault::new("limit", text, format!("is not a whole number from 1 to {most}"))
                    .allowed([allowed.as_str()])
            })
        });
        Self { limit: limit.unwrap_or(default), after: None, pin: None, query: String::new() }
    }

    /// Reads `limit` and `cursor`. `query` names the query without these two, so that a cursor of another query is refused.
    pub fn read(params: &mut Params, query: &str, default: usize, most: usize) -> Self {
        let limited = Self::limited(params, default, most);
        let query = fingerprint(query);
        let cursor = params.value("cursor", |text| decode(text, &query));
        let (after, pin) = cursor.map_or((None, None), |c| (Some(c.key), c.pin));
        Self { after, pin, query, ..limited }
    }

    /// The rows to read for this page: one more than it holds, which tells whether another page follows.
    pub fn window(&self) -> Window {
        let rows = i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1);
        Window { after: self.after.clone().unwrap_or_default(), rows }
    }

    /// The cursor of the page behind the row with this key.
    pub fn next(&self, key: Vec<String>, pin: Option<Pin>) -> String {
        let cursor = Cursor { version: VERSION, query: self.query.clone(), key, pin };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).expect("a cursor holds only texts and numbers"))
    }

    /// Cuts the row that was read beyond the page and makes the cursor behind the last row that stays.
    pub fn cut<T>(&self, rows: &mut Vec<T>, key: impl FnOnce(&T) -> Vec<String>) -> Option<String> {
        if rows.len() <= self.limit {
            return None;
        }
        rows.truncate(self.limit);
        rows.last().map(|row| self.next(key(row), None))
    }
}

fn decode(text: &str, query: &str) -> Result<Cursor, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let cursor: Option<Cursor> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    // A NUL, which no key of ours holds, would be refused by PostgreSQL only.
    let cursor = cursor.filter(|c| c.version == VERSION && !c.key.iter().any(|part| part.contains('\0')));
    let cursor =
        cursor.ok_or_else(|| Fault::new("cursor", text, "is not a cursor that this service gave"))?;
    if cursor.query != query {
        let detail = "belongs to another query; a cursor goes with the parameters it was given for";
        return Err(Fault::new("cursor", text, detail));
    }
    Ok(cursor)
}

/// A short name for a query.
fn fingerprint(query: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(query.as_bytes())[..9])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, of: &str) -> (Paging, crate::error::Result<()>) {
        let mut params = Params::parse(query);
        let paging = Paging::read(&mut params, of, 10, 100);
        (paging, params.finish())
    }

    #[test]
    fn a_cursor_leads_to_the_row_behind_the_last_one() {
        let (first, outcome) = read("limit=2", "q");
        assert!(outcome.is_ok());
        let mut rows = vec!["a", "b", "c"];
        let cursor = first.cut(&mut rows, |row| vec![(*row).to_owned()]).unwrap();
        assert_eq!(rows, ["a", "b"]);
        let (second, outcome) = read(&format!("cursor={cursor}"), "q");
        assert!(outcome.is_ok());
        assert_eq!((second.after, second.limit), (Some(vec!["b".to_owned()]), 10));
    }

    #[test]
    fn a_cursor_of_another_query_is_refused() {
        let (first, _) = read("", "one");
        let pin = Some(Pin { release: 7, withdrawn: 1 });
        let cursor = first.next(vec!["x".to_owned()], pin);
        assert!(read(&format!("cursor={cursor}"), "two").1.is_err());
        assert!(read("cursor=nonsense", "one").1.is_err());
        let forged = first.next(vec!["\0".to_owned()], None);
        assert!(read(&format!("cursor={forged}"), "one").1.is_err());
        assert_eq!(read(&format!("cursor={cursor}"), "one").0.pin, pin);
    }

    #[test]
    fn limits_stay_within_their_bounds() {
        for wrong in ["0", "101", "-1", "ten", "1e3"] {
            assert!(read(&format!("limit={wrong}"), "q").1.is_err(), "{wrong}");
        }
    }
}
