//! The answer on the wire, well-behaved or not.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::steering::{Behaviour, Control};

const OVERSIZED_BYTES: usize = 10 * 1024 * 1024;
/// Deeper than any reader should follow.
const DEPTH: usize = 20_000;

/// Whose answers.
#[derive(Clone, Copy)]
pub(super) enum Style {
    ThreatMetrix,
    /// With the name of the service: `score`, `insights`, `factors`.
    Minfraud(&'static str),
}

impl Style {
    fn media_type(self) -> &'static str {
        match self {
            Self::ThreatMetrix => "application/json;charset=UTF-8",
            Self::Minfraud("insights") => {
                "application/vnd.maxmind.com-minfraud-insights+json; charset=UTF-8; version=2.0"
            }
            Self::Minfraud("factors") => {
                "application/vnd.maxmind.com-minfraud-factors+json; charset=UTF-8; version=2.0"
            }
            Self::Minfraud(_) => "application/vnd.maxmind.com-minfraud-score+json; charset=UTF-8; version=2.0",
        }
    }
}

/// Answers as the rule says; `analysis` is a JSON object.
pub(super) fn respond(style: Style, control: &Control, analysis: &str) -> Response {
    let json = style.media_type();
    let mut response = match control.behaviour {
        Behaviour::Answer => typed(json, analysis.to_owned()),
        Behaviour::Garbage => typed(json, "{\"request_result\": \"success\", \u{0}\u{1}]"),
        Behaviour::Oversized => typed(json, with(analysis, &format!("\"{}\"", "x".repeat(OVERSIZED_BYTES)))),
        Behaviour::OversizedStream => {
            typed(json, in_pieces(with(analysis, &format!("\"{}\"", "x".repeat(OVERSIZED_BYTES)))))
        }
        Behaviour::Deep => typed(json, with(analysis, &format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)))),
        Behaviour::Renamed => typed(json, renamed(analysis)),
        Behaviour::WrongContentType => typed("text/html", analysis.to_owned()),
        Behaviour::Redirect => (StatusCode::SEE_OTHER, [(LOCATION, "/calls")]).into_response(),
        Behaviour::Drip => typed(json, drip()),
        Behaviour::Break => typed(json, broken()),
    };
    if let Some(status) = control.status.and_then(|code| StatusCode::from_u16(code).ok()) {
        *response.status_mut() = status;
    }
    response
}

pub(super) fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The object with one more key that the interface does not have.
fn with(analysis: &str, value: &str) -> String {
    let open = analysis.trim_end().strip_suffix('}').unwrap_or(analysis);
    format!("{open},\"policy_details\":{value}}}")
}

/// The object with every name changed, as after a new version that kept no promise.
fn renamed(analysis: &str) -> String {
    let answer: serde_json::Map<String, serde_json::Value> = serde_json::from_str(analysis).unwrap_or_default();
    let renamed: serde_json::Map<_, _> =
        answer.into_iter().map(|(name, value)| (format!("new_{name}"), value)).collect();
    serde_json::Value::Object(renamed).to_string()
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
