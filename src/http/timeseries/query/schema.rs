//! What the contract says of a body of queries: the parameters of a GET, made from what is said of them there.

use serde_json::{Value, json};
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Object, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::http::timeseries::parameters::{
    Annotating, Attributing, ChargingDimensions, Computation, EveryDimension, Form, Frequencies, Grouping,
    Knowledge, ProductionDimensions, Span,
};
use crate::timeseries::key::Dimension;

/// What is asked: either `query` or `queries`.
#[derive(Debug, ToSchema)]
pub struct QueryRequest {
    /// A single query.
    #[schema(required = false)]
    pub query: Query,
    /// Queries that are all answered from one state of the data, one after the other.
    #[schema(required = false, min_items = 1, max_items = 50)]
    pub queries: Vec<NamedQuery>,
}

/// A time-series query.
#[derive(Debug)]
pub struct Query;

/// A time-series query of a batch.
#[derive(Debug)]
pub struct NamedQuery;

impl PartialSchema for Query {
    fn schema() -> RefOr<Schema> {
        fields(ObjectBuilder::new()).description(Some(DESCRIPTION)).into()
    }
}

impl ToSchema for Query {}

impl PartialSchema for NamedQuery {
    fn schema() -> RefOr<Schema> {
        let name = text(
            "By what name the answer is known. No two queries of a batch have the same one.",
            &json!("sales"),
        );
        let name = ObjectBuilder::from(name).min_length(Some(1)).max_length(Some(100));
        fields(ObjectBuilder::new().property("name", name).required("name"))
            .description(Some(format!("{DESCRIPTION}, within a batch.")))
            .into()
    }
}

impl ToSchema for NamedQuery {}

const DESCRIPTION: &str =
    "A time-series query: the dataset, and the parameters that `/v1/datasets/{dataset}/observations` takes";

/// Parameters that take several codes. In a URL they are texts with commas, which a body may hold too.
fn takes_several(name: &str) -> bool {
    ["annotate", "frequency", "group_by"].contains(&name) || Dimension::from_name(name).is_some()
}

/// Adds the dataset and all parameters of a query.
fn fields(object: ObjectBuilder) -> ObjectBuilder {
    let dataset = text("The dataset's name.", &json!("production"));
    let mut object = object.property("dataset", dataset).required("dataset");
    for parameter in parameters() {
        object = object.property(parameter.name.clone(), property(parameter));
    }
    object.additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

/// Every parameter that a query of some dataset takes.
fn parameters() -> Vec<Parameter> {
    let all = [
        EveryDimension::into_params,
        ProductionDimensions::into_params,
        ChargingDimensions::into_params,
        Frequencies::into_params,
        Span::into_params,
        Knowledge::into_params,
        Computation::into_params,
        Grouping::into_params,
        Attributing::into_params,
        Annotating::into_params,
        Form::into_params,
    ];
    all.into_iter().flat_map(|parameters| parameters(|| None)).collect()
}

/// A parameter as a field of an object.
fn property(parameter: Parameter) -> RefOr<Schema> {
    let example = example(&parameter);
    let description = parameter.description.unwrap_or_default();
    if takes_several(&parameter.name) {
        let description = description.replace("codes with commas", "codes").replace(", with commas", "");
        let codes = ObjectBuilder::new().schema_type(Type::String);
        let example = example.map(|code| json!([code]));
        return ArrayBuilder::new().items(codes).description(Some(description)).examples(example).into();
    }
    match parameter.schema {
        Some(RefOr::T(Schema::Object(mut object))) => {
            object.description = Some(description);
            object.examples = example.into_iter().collect();
            object.into()
        }
        Some(RefOr::Ref(mut reference)) => {
            reference.description = description;
            reference.into()
        }
        other => other.unwrap_or_else(|| text(&description, &Value::Null).into()),
    }
}

/// The example of a parameter, which it tells nobody but who writes it.
fn example(parameter: &Parameter) -> Option<Value> {
    serde_json::to_value(parameter).ok()?.get_mut("example").map(Value::take)
}

fn text(description: &str, example: &Value) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    text.examples([example.clone()]).build()
}
