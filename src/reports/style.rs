//! The one style sheet of a report, and its digest: by that alone the page lets it in (Content Security Policy Level 3).

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::charts;

static SHEET: LazyLock<String> = LazyLock::new(|| format!("{}{}", include_str!("templates/report.css"), charts::STYLE));

/// The style sheet.
pub(super) fn sheet() -> &'static str {
    &SHEET
}

/// Its source expression.
pub(super) fn hash() -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(sheet().as_bytes())))
}
