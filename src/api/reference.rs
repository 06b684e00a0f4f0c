//! The reference as a readable page, and a page for each problem: from our own origin, without scripts.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::problem::{Kind, Problem};

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage<'a> {
    operations: Vec<Operation>,
    schemas: Vec<Schema>,
    problems: &'a [Kind],
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    tag: String,
    parameters: Vec<Property>,
    body: Option<String>,
    answer: Option<String>,
}

struct Schema {
    name: String,
    description: String,
    words: Vec<String>,
    properties: Vec<Property>,
}

struct Property {
    name: String,
    kind: String,
    required: bool,
    description: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    kind: Kind,
}

/// The page, made once when the service starts.
pub(super) fn page(document: &OpenApi) -> String {
    let tree = serde_json::to_value(document).unwrap_or_default();
    let page = ReferencePage { operations: operations(&tree), schemas: schemas(&tree), problems: Kind::ALL };
    page.render().unwrap_or_default()
}

/// A page of ours with headers that let it do nothing but be read.
pub(super) fn html(body: String) -> Response {
    const POLICY: HeaderValue =
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (StatusCode::OK, headers, body).into_response()
}

/// The documentation page of a kind of problem.
pub(super) async fn problem(Path(slug): Path<String>) -> Result<Response, Problem> {
    let kind = Kind::ALL.iter().copied().find(|kind| kind.slug() == slug).ok_or(Problem::new(Kind::NotFound))?;
    Ok(html(ProblemPage { kind }.render().unwrap_or_default()))
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn entries<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

fn operations(tree: &Value) -> Vec<Operation> {
    let of_path = |(path, item): (&String, &Value)| {
        let path = path.clone();
        let item = item.as_object().cloned().unwrap_or_default();
        item.into_iter().filter(|(_, operation)| operation.get("responses").is_some()).map(
            move |(method, operation)| {
                let schema = |pointer: &str| operation.pointer(pointer).map(kind_of);
                Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    summary: text(&operation, "summary"),
                    tag: operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
                    parameters: operation
                        .get("parameters")
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten()
                        .map(parameter)
                        .collect(),
                    body: schema("/requestBody/content/application~1json/schema"),
                    answer: schema("/responses/200/content/application~1json/schema")
                        .or_else(|| schema("/responses/201/content/application~1json/schema")),
                }
            },
        )
    };
    entries(tree, "/paths").flat_map(of_path).collect()
}

fn parameter(value: &Value) -> Property {
    Property {
        name: format!("{} ({})", text(value, "name"), text(value, "in")),
        kind: value.get("schema").map(kind_of).unwrap_or_default(),
        required: value.get("required").and_then(Value::as_bool).unwrap_or(false),
        description: text(value, "description"),
    }
}

fn schemas(tree: &Value) -> Vec<Schema> {
    let schema = |(name, value): (&String, &Value)| {
        let required: Vec<&str> =
            value.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        Schema {
            name: name.clone(),
            description: text(value, "description"),
            words: value
                .get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            properties: entries(value, "/properties")
                .map(|(name, property)| Property {
                    name: name.clone(),
                    kind: kind_of(property),
                    required: required.contains(&name.as_str()),
                    description: text(property, "description"),
                })
                .collect(),
        }
    };
    entries(tree, "/components/schemas").map(schema).collect()
}

/// A schema in a word: its type, or the name of the schema it refers to.
fn kind_of(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(options) = schema.get("oneOf").or_else(|| schema.get("allOf")).and_then(Value::as_array) {
        return options.iter().map(kind_of).filter(|kind| kind != "null").collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => {
            format!("list of {}", schema.get("items").map(kind_of).unwrap_or_default())
        }
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    }
}
