//! Lists of records and single ones: the same envelope for every collection, as JSON, CSV or NDJSON.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::extract::View;
use super::negotiate::{Format, Language};
use super::reply::{Reply, tag};
use crate::database::Versioned;
use crate::error::{Error, Result};
use crate::spreadsheet::guarded;

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T: ToSchema> {
    /// The records, in the order of their ids unless the operation says otherwise.
    pub data: Vec<T>,
    /// What the answer was made from.
    pub meta: ListingMeta,
    /// Where this page and the next one are, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
}

/// A single record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Record)]
pub struct Single<T: ToSchema> {
    /// The record.
    pub data: T,
    /// What the answer was made from.
    pub meta: SingleMeta,
    /// Where this record is, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
}

/// What a page of records was made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListingMeta {
    /// The collection that was read; `catalog` where several were, with the sum of their versions.
    pub collection: String,
    /// The collection's version; it rises whenever the collection changes.
    pub version: i64,
    /// When the collection last changed.
    pub changed_at: chrono::DateTime<chrono::Utc>,
    /// The parameters that the answer was made for, as understood.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub applied: serde_json::Map<String, Value>,
    /// False where a next page follows.
    pub complete: bool,
    /// The page.
    pub page: Page,
}

/// What a single record was made from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordMeta)]
pub struct SingleMeta {
    /// The collection that was read; `catalog` where several were, with the sum of their versions.
    pub collection: String,
    /// The collection's version; it rises whenever the collection changes.
    pub version: i64,
    /// When the collection last changed.
    pub changed_at: chrono::DateTime<chrono::Utc>,
}

/// Where a page stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page {
    /// How many rows a page holds at most.
    pub limit: usize,
    /// How many rows this one holds.
    pub rows: usize,
    /// What `cursor` takes for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Links relative to the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    /// This answer.
    #[serde(rename = "self")]
    pub this: String,
    /// The next page; null where there is none.
    pub next: Option<String>,
}

/// Something to know before using an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AnswerWarning)]
pub struct Warning {
    /// One word for programs.
    pub code: String,
    /// What it means for this answer.
    pub detail: String,
}

/// A record that is a table too.
#[derive(Debug)]
pub struct Tabled<T, R> {
    /// The record.
    pub record: T,
    /// The same as rows; nobody reads them where the answer is no table.
    pub rows: Vec<R>,
    /// What to know before using it.
    pub warnings: Vec<Warning>,
    /// Whether nothing was left out.
    pub complete: bool,
}

impl Warning {
    /// A warning of this kind.
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }

    /// That nothing matches, although everything asked for is known.
    pub fn no_data() -> Self {
        Self::new("no_data", "everything that was asked for is known here, and nothing matches all of it")
    }
}

impl View {
    /// Answers with a page of records. `read` holds one row more than the page where another page follows.
    pub fn listing<T>(
        self,
        collection: &str,
        read: Versioned<Vec<T>>,
        key: impl FnOnce(&T) -> Vec<String>,
    ) -> Result<Reply>
    where
        T: Serialize + ToSchema,
    {
        let Versioned { version, changed_at, mut data } = read;
        let cursor = self.paging.cut(&mut data, key);
        let next = cursor.as_deref().map(|cursor| self.target.next(cursor, self.paging.limit));
        let applied = self.target.pairs.iter().map(|(k, v)| (k.clone(), Value::String(v.clone())));
        let meta = ListingMeta {
            collection: collection.to_owned(),
            version,
            changed_at,
            applied: applied.collect(),
            complete: cursor.is_none(),
            page: Page { limit: self.paging.limit, rows: data.len(), next_cursor: cursor },
        };
        let warnings = if data.is_empty() { vec![Warning::no_data()] } else { Vec::new() };
        let links = Links { this: self.target.this(), next: next.clone() };
        let body = match self.format {
            Format::Json => json(&Listing { data, meta, links, warnings })?,
            Format::Csv => csv(&data)?,
            Format::Ndjson => lines(&data, next.as_deref())?,
        };
        Ok(self.reply(collection, (version, changed_at), body, next))
    }

    /// Answers with one record.
    pub fn record<T: Serialize + ToSchema>(self, collection: &str, read: Versioned<T>) -> Result<Reply> {
        self.record_with(collection, read, Vec::new())
    }

    /// Answers with the record at a path that the request changed; `goes_on` says that the work is not done yet.
    pub fn written<T: Serialize + ToSchema>(
        self,
        (collection, path): (&str, String),
        read: Versioned<T>,
        goes_on: bool,
    ) -> Result<Reply> {
        Ok(self.at(&path).record(collection, read)?.of_writing(path, goes_on))
    }

    /// Answers with one record and what to know before using it.
    pub fn record_with<T: Serialize + ToSchema>(
        self,
        collection: &str,
        read: Versioned<T>,
        warnings: Vec<Warning>,
    ) -> Result<Reply> {
        let Versioned { version, changed_at, data } = read;
        let body = match self.format {
            Format::Json => {
                let meta = SingleMeta { collection: collection.to_owned(), version, changed_at };
                let links = Links { this: self.target.this(), next: None };
                json(&Single { data, meta, links, warnings })?
            }
            Format::Csv => csv(&[data])?,
            Format::Ndjson => lines([data], None)?,
        };
        Ok(self.reply(collection, (version, changed_at), body, None))
    }

    /// Whether the answer is a table: rows, and nothing around them.
    pub fn is_table(&self) -> bool {
        self.format != Format::Json
    }

    /// Answers with one record as JSON, and with its table in the formats that are tables.
    pub fn tabled<T, R>(self, collection: &str, read: Versioned<Tabled<T, R>>) -> Result<Reply>
    where
        T: Serialize + ToSchema,
        R: Serialize + ToSchema,
    {
        let Versioned { version, changed_at, data: Tabled { record, rows, warnings, complete } } = read;
        let body = match self.format {
            Format::Json => {
                let meta = SingleMeta { collection: collection.to_owned(), version, changed_at };
                let links = Links { this: self.target.this(), next: None };
                json(&Single { data: record, meta, links, warnings })?
            }
            Format::Csv => csv(&rows)?,
            Format::Ndjson => lines(&rows, None)?,
        };
        let reply = self.reply(collection, (version, changed_at), body, None);
        Ok(Reply { complete, ..reply })
    }

    /// The answer with a body written already.
    pub fn reply(
        self,
        collection: &str,
        (version, last_modified): (i64, chrono::DateTime<chrono::Utc>),
        body: Bytes,
        next: Option<String>,
    ) -> Reply {
        // The moment tells databases apart that were filled anew and count from 1 again.
        let version = format!("{version} {last_modified}");
        let page = format!("{} {:?} {:?}", self.paging.limit, self.paging.after, self.language);
        let language = self.language.map(Language::code);
        let query = self.target.name();
        let tag = tag([query.as_str(), &page, collection, &version, &self.basis, self.format.media_type()]);
        let reply = Reply::new(body, self.format, Some(tag), last_modified);
        Reply { complete: next.is_none(), next, language, ..reply }
    }
}

/// Writes a value as a JSON body.
pub fn json(value: &impl Serialize) -> Result<Bytes> {
    let bytes = serde_json::to_vec(value);
    bytes.map(Bytes::from).map_err(|error| Error::internal("writing an answer as JSON", error))
}

/// Writes rows as lines of JSON, and the line that says that they are all there.
pub fn lines<T: Serialize>(rows: impl IntoIterator<Item = T>, next: Option<&str>) -> Result<Bytes> {
    let (mut body, count) = lines_chunk(&mut rows.into_iter(), usize::MAX)?;
    body.extend(lines_end(count, next)?);
    Ok(body.into())
}

/// Takes rows until their lines fill so many bytes, and tells how many it took.
pub fn lines_chunk<T: Serialize>(
    rows: &mut impl Iterator<Item = T>,
    bytes: usize,
) -> Result<(Vec<u8>, usize)> {
    let (mut body, mut count) = (Vec::new(), 0);
    while body.len() < bytes
        && let Some(row) = rows.next()
    {
        serde_json::to_writer(&mut body, &row)
            .map_err(|error| Error::internal("writing an answer as NDJSON", error))?;
        body.push(b'\n');
        count += 1;
    }
    Ok((body, count))
}

/// The line behind so many rows.
pub fn lines_end(count: usize, next: Option<&str>) -> Result<Vec<u8>> {
    let end = serde_json::json!({"type": "end", "rows": count, "complete": next.is_none(), "next": next});
    let mut line =
        serde_json::to_vec(&end).map_err(|error| Error::internal("writing an answer as NDJSON", error))?;
    line.push(b'\n');
    Ok(line)
}

/// Writes records as CSV: a column a field, lists with semicolons, what is nested deeper as JSON. Texts are such that no
/// spreadsheet takes one for a formula.
pub fn csv<T: Serialize + ToSchema>(records: &[T]) -> Result<Bytes> {
    csv_without(records, &[])
}

/// The same without some columns.
pub fn csv_without<T: Serialize + ToSchema>(records: &[T], absent: &[&str]) -> Result<Bytes> {
    let failed = |error: csv::Error| Error::internal("writing an answer as CSV", error);
    let columns: Vec<String> =
        columns::<T>().into_iter().filter(|column| !absent.contains(&column.as_str())).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns).map_err(failed)?;
    for record in records {
        let value =
            serde_json::to_value(record).map_err(|e| Error::internal("writing an answer as CSV", e))?;
        writer.write_record(columns.iter().map(|column| guarded_cell(&value[column]))).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Error::internal("writing an answer as CSV", error.to_string()))?;
    Ok(bytes.into())
}

/// The fields of a record in their order, from its schema, so that an empty answer has its header too.
fn columns<T: ToSchema>() -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for column in properties(&T::schema()) {
        // Two records in one row may share a field.
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

fn properties(schema: &RefOr<Schema>) -> Vec<String> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        // A record that extends another one, which stands in it inline.
        RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(properties).collect(),
        _ => Vec::new(),
    }
}

/// A number is not guarded: it is no formula.
fn guarded_cell(value: &Value) -> String {
    let cell = cell(value);
    if value.is_number() { cell } else { guarded(&cell).into_owned() }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            items.iter().map(cell).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, ToSchema)]
    struct Thing {
        id: String,
        tags: Vec<String>,
        share: Option<f64>,
        parts: Vec<serde_json::Value>,
    }

    #[test]
    fn a_record_is_a_row_of_csv() {
        let things = [Thing {
            id: "a,b".into(),
            tags: vec!["x".into(), "y".into()],
            share: None,
            parts: vec![serde_json::json!({"n": 1})],
        }];
        let text = String::from_utf8(csv(&things).unwrap().to_vec()).unwrap();
        assert_eq!(text, "id,tags,share,parts\n\"a,b\",x;y,,\"[{\"\"n\"\":1}]\"\n");
        let formula =
            Thing { id: "=1+1".into(), tags: vec!["-a".into()], share: Some(-0.5), parts: Vec::new() };
        let text = String::from_utf8(csv(&[formula]).unwrap().to_vec()).unwrap();
        assert_eq!(text, "id,tags,share,parts\n'=1+1,'-a,-0.5,\n");
        let empty = String::from_utf8(csv::<Thing>(&[]).unwrap().to_vec()).unwrap();
        assert_eq!(empty, "id,tags,share,parts\n");
    }

    #[test]
    fn a_list_of_lines_ends_with_its_end() {
        let text = String::from_utf8(lines([1, 2], Some("/v1/x?cursor=c")).unwrap().to_vec()).unwrap();
        let end = r#"{"type":"end","rows":2,"complete":false,"next":"/v1/x?cursor=c"}"#;
        assert_eq!(text, format!("1\n2\n{end}\n"));
    }
}
