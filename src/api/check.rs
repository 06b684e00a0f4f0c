//! Collects what is wrong with a request, so that a merchant learns of everything at once.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::problem::{FieldError, Kind, Problem};
use crate::domain::cardholder::{Address, text_mistake};

/// The longest reference of a merchant's or the issuer's own, in characters.
const REFERENCE_CHARS_MAX: usize = 64;

/// The issuer's own reference, in the path.
#[derive(Debug)]
pub(super) struct Reference(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Reference {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) if is_reference(&text) => Ok(Self(text)),
            _ => Err(Problem::new(Kind::InvalidField).error(
                "reference",
                format!("must have 1 to {REFERENCE_CHARS_MAX} characters and no control characters"),
            )),
        }
    }
}

/// Whether a text can be a reference.
pub(super) fn is_reference(text: &str) -> bool {
    (1..=REFERENCE_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Notes that the value at `path` is not allowed.
    pub(super) fn wrong(&mut self, path: &str, message: impl Into<String>) {
        self.errors.push(FieldError { path: path.to_owned(), message: message.into() });
    }

    /// Notes it unless `fine`.
    pub(super) fn that(&mut self, fine: bool, path: &str, message: &str) {
        if !fine {
            self.wrong(path, message);
        }
    }

    /// The value, or none and a note.
    pub(super) fn result<T, E: std::fmt::Display>(&mut self, path: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.wrong(path, error.to_string())).ok()
    }

    /// The value, or none and a note.
    pub(super) fn some<T>(&mut self, path: &str, value: Option<T>, message: &str) -> Option<T> {
        if value.is_none() {
            self.wrong(path, message);
        }
        value
    }

    /// A text of 1 to `max` characters without control characters.
    pub(super) fn text(&mut self, path: &str, text: &str, max: usize) {
        if let Some(message) = text_mistake(text, max) {
            self.wrong(path, message);
        }
    }

    /// A text as above, where it is given.
    pub(super) fn optional_text(&mut self, path: &str, text: Option<&String>, max: usize) {
        if let Some(text) = text {
            self.text(path, text, max);
        }
    }

    /// A country: ISO 3166-1 alpha-2, upper case.
    pub(super) fn country(&mut self, path: &str, text: &str) {
        let fine = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        self.that(fine, path, "must be an ISO 3166-1 alpha-2 code such as `JP`");
    }

    /// The problem, if anything is wrong.
    pub(super) fn problem(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::new(Kind::InvalidField).errors(self.errors)) }
    }
}

/// Checks an address.
pub(super) fn address(check: &mut Check, path: &str, address: &Address) {
    for (field, message) in address.mistakes() {
        check.wrong(&format!("{path}.{field}"), message);
    }
}
