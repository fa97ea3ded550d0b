//! The document as it is served and committed. What holds of all of it is said once here, where no new operation or type
//! can forget it; everything else is made from the code.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::problem::Code;

const SCHEMAS: &str = "#/components/schemas/";

/// The response that says that the caller has the answer already.
pub const NOT_MODIFIED: &str = "NotModified";

/// Headers of every answer.
const EVERY: [&str; 2] = ["X-Request-Id", "Server-Timing"];

/// Headers of answers with data, beside those of every one.
const DATA: [&str; 7] =
    ["ETag", "Last-Modified", "Cache-Control", "Vary", "Link", "X-Complete", "Content-Language"];

/// Headers of every answer that is counted.
const COUNTED: [&str; 2] = ["RateLimit", "RateLimit-Policy"];

/// Those of answers with data by which one is known again.
const VALIDATORS: [&str; 2] = ["ETag", "Last-Modified"];

/// What each header says, with an example.
const HEADERS: [(&str, &str, &str); 13] = [
    (
        "ETag",
        "Names this very answer. Sent back as `If-None-Match` it saves the body while nothing has changed.",
        "\"9f1c4a7e20b35d6881e2f0aa\"",
    ),
    (
        "Last-Modified",
        "When one of the collections that were read last changed.",
        "Tue, 24 Nov 2026 04:00:00 GMT",
    ),
    (
        "Cache-Control",
        "Answers may be kept, and are to be asked for again with their tag; those to a body may not: `no-store`. Those to a key that sees \
         more than everybody are its own: `private, no-store`.",
        "public, max-age=0, must-revalidate",
    ),
    (
        "Vary",
        "The headers of the request that the answer depends on.",
        "Accept, Accept-Language, Accept-Encoding, Authorization",
    ),
    (
        "Link",
        "The next page (`rel=\"next\"`) where there is one, and this document (`rel=\"service-desc\"`).",
        "</openapi.json>; rel=\"service-desc\"",
    ),
    (
        "X-Complete",
        "`false` where a next page follows. Whether the body has arrived whole, its own end tells.",
        "true",
    ),
    ("Content-Language", "The language of the names; absent where there are none that depend on it.", "en"),
    (
        "X-Request-Id",
        "What the log knows the request by: the id that was sent under this name, else a new one.",
        "019abc12-7def-7000-8000-0123456789ab",
    ),
    (
        "Server-Timing",
        "Milliseconds that the database and the whole answer took, and where an answer with data came from: `hit` (kept in memory), \
         `miss` (made for this request), `bypass` (made anew, as `Cache-Control: no-cache` in a request asks), `off` (none are kept).",
        "cache;desc=miss, db;dur=0.9, total;dur=1.6",
    ),
    ("Location", "The path of what the request made or changed.", "/v1/imports/7"),
    ("Retry-After", "Seconds after which asking again may help.", "2"),
    (
        "RateLimit",
        "How many requests of the kind may follow at once (`r`), and in how many seconds all of them may again (`t`); absent where there \
         is no limit.",
        "\"queries\";r=5999;t=1",
    ),
    (
        "RateLimit-Policy",
        "How many requests of the kind (`queries`, `exports`, `imports`) may come (`q`) in so many seconds (`w`) from one key, or else \
         from one address; absent where there is no limit.",
        "\"queries\";q=6000;w=60",
    ),
];

/// The document.
pub fn document() -> Value {
    let document = serde_json::to_value(super::openapi::routes().into_openapi());
    let mut document = document.expect("a document holds only texts, numbers and lists");
    let named = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    for schema in children(&mut document["components"]["schemas"]) {
        refer(schema, &named);
        visit(schema, &mut flatten);
        visit(schema, &mut require);
        visit(schema, &mut open);
    }
    for part in children(&mut document) {
        visit(part, &mut name_words);
    }
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for operation in children(item) {
            if let Some(parameters) = operation.get_mut("parameters") {
                children(parameters).into_iter().for_each(loosen);
            }
            let is_counted = path.starts_with("/v1");
            if is_counted {
                name_refusals(operation);
            }
            name_headers(operation, is_counted);
        }
    }
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        if path.starts_with("/v1") {
            children(operations).into_iter().for_each(secure);
        }
    }
    document["components"]["securitySchemes"] = json!({"key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key that `china-auto keys create` made. Without one, what is public can be read.",
    }});
    document["components"]["responses"] = responses();
    document["components"]["headers"] = headers();
    rename(&mut document);
    document
}

/// The document as it is committed: for people and for comparisons.
pub fn text() -> String {
    format!("{:#}\n", document())
}

/// What stands written out within another type, as the arguments of generic types do, refers to the type itself: a generator
/// would make a second one of it.
fn refer(part: &mut Value, named: &Map<String, Value>) {
    for child in children(part) {
        let is_type = child.get("properties").or(child.get("allOf")).is_some();
        match named.iter().find(|(_, schema)| is_type && *schema == child) {
            Some((name, _)) => *child = json!({"$ref": format!("{SCHEMAS}{name}")}),
            None => refer(child, named),
        }
    }
}

/// A type that extends another one is the two together; what is said of the place where it does so is of no use to a reader.
fn flatten(schema: &mut Value) {
    let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) else { return };
    for part in parts {
        if let Some(extended) = part["allOf"].get(0).filter(|of| of.get("$ref").is_some()) {
            *part = extended.clone();
        }
    }
}

/// A field that can be null is always sent, so it is required. What may be absent is never null, and says of itself that it
/// is not required. Of what a request holds nothing is nullable, so that nothing becomes required here.
fn require(schema: &mut Value) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let is_required = |name: &String| schema["required"].as_array().is_some_and(|r| r.contains(&json!(name)));
    let required = properties.iter().filter(|(name, property)| is_required(name) || is_nullable(property));
    schema["required"] = required.map(|(name, _)| name.as_str()).collect();
}

/// An empty list is of every shape, so a union of shapes is of any, not of exactly one.
fn open(schema: &mut Value) {
    if schema["oneOf"].is_array() && !is_nullable(schema) {
        let schema = schema.as_object_mut().expect("it has a field");
        let shapes = schema.remove("oneOf").expect("it is a list");
        schema.insert("anyOf".to_owned(), shapes);
    }
}

/// A word with a sign before it is no name in any language: generators are told one.
fn name_words(schema: &mut Value) {
    let words = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<String> = words
        .map(|word| word.strip_prefix('-').map_or(word.to_owned(), |word| format!("{word}_descending")))
        .collect();
    if names.iter().any(|name| name.ends_with("_descending")) {
        schema["x-enum-varnames"] = json!(names);
    }
}

fn is_nullable(schema: &Value) -> bool {
    let null = json!("null");
    schema["type"].as_array().is_some_and(|types| types.contains(&null))
        || schema["oneOf"].as_array().is_some_and(|of| of.iter().any(|one| one["type"] == null))
}

/// The pages to try requests on fill in the `example` of a parameter: right for a path, but all filters at once find nothing.
/// Examples of the type they only show.
fn loosen(parameter: &mut Value) {
    if parameter["in"] != "query" {
        return;
    }
    if let Some(example) = parameter.as_object_mut().and_then(|fields| fields.remove("example")) {
        parameter["schema"]["examples"] = json!([example]);
    }
    // One without a value counts as not given.
    if parameter["required"] != true {
        parameter["allowEmptyValue"] = json!(true);
    }
}

/// What is refused before its handler sees it.
fn name_refusals(operation: &mut Value) {
    for code in [Code::UriTooLong, Code::RateLimited] {
        let row = Code::TABLE.iter().find(|(of, ..)| *of == code).expect("the table has a row for each code");
        operation["responses"][row.1.as_str()] = json!({"$ref": format!("#/components/responses/{code:?}")});
    }
}

/// Every answer names its headers. An operation answers with data where it says that the caller may have it already, or where it
/// takes a body; then it has no validators.
fn name_headers(operation: &mut Value, is_counted: bool) {
    let validated = operation["responses"].get("304").is_some();
    let data = validated || operation.get("requestBody").is_some();
    let names = DATA.iter().filter(|name| data && (validated || !VALIDATORS.contains(name))).chain(&EVERY);
    let names = names.chain(COUNTED.iter().filter(|_| is_counted));
    operation["responses"]["200"]["headers"] = references(names.clone());
    if let Some(accepted) = operation["responses"].get_mut("202") {
        accepted["headers"] = references(names.chain(&["Location"]));
    }
}

/// Every operation on data takes a key. Where it says nothing of that it needs none; one that is of no use is refused all the same.
fn secure(operation: &mut Value) {
    if operation.get("security").is_none() {
        operation["security"] = json!([{}, {"key": []}]);
    }
    operation["responses"]["401"] =
        json!({"$ref": format!("#/components/responses/{:?}", Code::Unauthorized)});
}

/// The answers without data, each once: that the caller has it already, and every kind of problem.
fn responses() -> Value {
    let unchanged = "The caller has this answer already, by its `ETag` or `Last-Modified`.";
    let headers = references(VALIDATORS.iter().chain(&["Cache-Control", "Vary"]).chain(&EVERY));
    let mut all = json!({NOT_MODIFIED: {"description": unchanged, "headers": headers}});
    for (code, _, _, title) in Code::TABLE {
        let again: &[&str] = match code {
            Code::RateLimited => &["Retry-After", "RateLimit", "RateLimit-Policy"],
            Code::Unavailable | Code::Overloaded => &["Retry-After"],
            _ => &[],
        };
        all[format!("{code:?}")] = json!({
            "description": title,
            "headers": references(EVERY.iter().chain(again)),
            "content": {"application/problem+json": {"schema": {"$ref": format!("{SCHEMAS}Problem")}}},
        });
    }
    all
}

fn headers() -> Value {
    let header = |(name, description, example): (&str, &str, &str)| {
        (
            name.to_owned(),
            json!({"description": description, "schema": {"type": "string"}, "example": example}),
        )
    };
    Value::Object(HEADERS.into_iter().map(header).collect())
}

fn references<'a>(names: impl Iterator<Item = &'a &'static str>) -> Value {
    let reference =
        |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    Value::Object(names.map(reference).collect())
}

/// Generic types get the name that a person would give them: `Listing_Event` is the `EventListing`.
fn rename(document: &mut Value) {
    let spoken = |name: &str| name.split_once('_').map(|(of, what)| format!("{what}{of}"));
    let Value::Object(schemas) = document["components"]["schemas"].take() else { return };
    let renamed = schemas.into_iter().map(|(name, schema)| (spoken(&name).unwrap_or(name), schema));
    let sorted: BTreeMap<String, Value> = renamed.collect();
    document["components"]["schemas"] = Value::Object(sorted.into_iter().collect());
    visit(document, &mut |part| {
        let name = part["$ref"].as_str().and_then(|to| to.strip_prefix(SCHEMAS));
        if let Some(name) = name.and_then(spoken) {
            part["$ref"] = json!(format!("{SCHEMAS}{name}"));
        }
    });
}

/// Does something with every object in a part of the document, the innermost last.
fn visit(part: &mut Value, then: &mut impl FnMut(&mut Value)) {
    if part.is_object() {
        then(part);
    }
    for child in children(part) {
        visit(child, then);
    }
}

/// What stands directly in a part of the document.
fn children(part: &mut Value) -> Vec<&mut Value> {
    match part {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_can_be_null_is_required_and_one_that_says_it_may_be_absent_is_not() {
        let mut schema = json!({
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string"},
                "note": {"type": ["string", "null"]},
                "last": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Last"}]},
                "maker": {"type": "string"},
            },
        });
        require(&mut schema);
        assert_eq!(schema["required"], json!(["id", "note", "last"]));
    }

    #[test]
    fn a_union_of_shapes_is_open_and_one_with_null_stays() {
        let mut union = json!({"oneOf": [{"type": "array"}, {"type": "object"}]});
        open(&mut union);
        assert_eq!(union, json!({"anyOf": [{"type": "array"}, {"type": "object"}]}));
        let mut nullable = json!({"oneOf": [{"type": "null"}, {"type": "object"}]});
        open(&mut nullable);
        assert!(nullable["oneOf"].is_array());
    }

    #[test]
    fn words_with_a_sign_are_given_names() {
        let mut sort = json!({"type": "string", "enum": ["date", "-date"]});
        name_words(&mut sort);
        assert_eq!(sort["x-enum-varnames"], json!(["date", "date_descending"]));
    }
}
