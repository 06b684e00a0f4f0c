//! Strict JSON bodies: the documented fields and nothing else, errors with their place.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::problem::{FieldError, Kind, Problem};

/// A body that was read strictly, with its bytes.
pub(super) struct Strict<T> {
    /// What it says.
    pub(super) value: T,
    /// What it is compared by when the request is repeated: the same JSON gives the same bytes, however it was laid
    /// out and ordered.
    pub(super) canonical: Vec<u8>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Strict<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Kind::UnsupportedMediaType));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(Kind::BodyTooLarge)
            } else {
                Problem::new(Kind::InvalidBody).detail("the body did not arrive whole")
            }
        })?;
        read(&bytes)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Strict<T>, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        invalid(&path, error.inner())
    })?;
    reader.end().map_err(|error| invalid(".", &error))?;
    let mut tree: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| invalid(".", &error))?;
    tree.sort_all_objects();
    let canonical = serde_json::to_vec(&tree).map_err(|error| invalid(".", &error))?;
    Ok(Strict { value, canonical })
}

fn invalid(path: &str, error: &serde_json::Error) -> Problem {
    // The message names fields and types; values are cut out, for they may be personal data.
    let message = error.to_string();
    let message = if error.is_data() { without_value(&message) } else { message };
    let path = if path == "." || path == "?" { String::new() } else { path.to_owned() };
    Problem::new(Kind::InvalidBody).errors(vec![FieldError { path, message }])
}

/// What serde says before it repeats a value: `invalid type: string "…", expected i64 at line 1 column 5`.
const BEFORE_VALUES: [&str; 3] = ["invalid type", "invalid value", "unknown variant"];

/// The message without the value: what was wrong, and what was expected. What is expected stands last, since a value
/// can hold the same words.
pub(super) fn without_value(message: &str) -> String {
    let said = BEFORE_VALUES.iter().filter_map(|what| Some(message.find(what)? + what.len())).min();
    match said.zip(message.rfind(", expected ")) {
        Some((what, expected)) if what <= expected => {
            let (what, expected) = (message.get(..what), message.get(expected..));
            format!("{}{}", what.unwrap_or_default(), expected.unwrap_or_default())
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_never_repeats_a_value() {
        let cases = [
            (
                "invalid type: string \"3569990000000009\", expected i64 at line 1 column 9",
                "invalid type, expected i64 at line 1 column 9",
            ),
            ("invalid type: string \"x, expected 3569990000000009\", expected i64", "invalid type, expected i64"),
            (
                "query: purpose: unknown variant `3569990000000009`, expected one of `a`, `b`",
                "query: purpose: unknown variant, expected one of `a`, `b`",
            ),
            ("unknown field `status`, expected `card`", "unknown field `status`, expected `card`"),
        ];
        for (message, expected) in cases {
            assert_eq!(without_value(message), expected);
        }
    }
}
