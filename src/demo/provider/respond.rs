//! The answer on the wire, well-behaved or not.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::steering::{Behaviour, Control};

const OVERSIZED_BYTES: usize = 10 * 1024 * 1024;

/// Answers as the rule says.
pub(super) fn respond(control: &Control, analysis: &Value) -> Response {
    let mut response = match control.behaviour {
        Behaviour::Answer => typed("application/json;charset=UTF-8", analysis.to_string()),
        Behaviour::Garbage => typed("application/json", "{\"request_result\": \"success\", \u{0}\u{1}]"),
        Behaviour::Oversized => typed("application/json", oversized(analysis)),
        Behaviour::OversizedStream => typed("application/json", in_pieces(oversized(analysis))),
        Behaviour::WrongContentType => typed("text/html", analysis.to_string()),
        Behaviour::Redirect => (StatusCode::SEE_OTHER, [(LOCATION, "/calls")]).into_response(),
        Behaviour::Drip => typed("application/json", drip()),
        Behaviour::Break => typed("application/json", broken()),
    };
    if let Some(status) = control.status.and_then(|code| StatusCode::from_u16(code).ok()) {
        *response.status_mut() = status;
    }
    response
}

fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn oversized(analysis: &Value) -> String {
    let mut answer = analysis.clone();
    if let Value::Object(fields) = &mut answer {
        fields.insert("policy_details".to_owned(), json!("x".repeat(OVERSIZED_BYTES)));
    }
    answer.to_string()
}

fn in_pieces(text: String) -> Body {
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        text.into_bytes().chunks(16 * 1024).map(|piece| Ok(piece.to_vec())).collect();
    Body::from_stream(stream::iter(pieces))
}

fn drip() -> Body {
    Body::from_stream(stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Some((Ok::<_, std::io::Error>(" "), ()))
    }))
}

fn broken() -> Body {
    let pieces = [Ok("{\"request_result\":"), Err(std::io::Error::other("the connection breaks here"))];
    Body::from_stream(stream::iter(pieces))
}
