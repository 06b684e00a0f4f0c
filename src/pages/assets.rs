//! Scripts of our own: the one of the challenge's pages, the one that asks a browser for a passkey, the one that keeps a page
//! fresh, and the helper that merchants load. Knows nothing of pages.

use std::sync::LazyLock;

use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha384};
use url::Url;

/// Where the script of the challenge's pages is.
pub(super) const CHALLENGE_PATH: &str = "/assets/challenge.js";
/// Where the script is that asks the browser for a passkey.
pub(super) const PASSKEY_PATH: &str = "/assets/passkey.js";
/// Where the script is that keeps a page fresh.
pub(super) const REFRESH_PATH: &str = "/assets/refresh.js";
/// Where the merchants' helper is. What stands there never changes, or the pages that name its digest would refuse it: a
/// later helper gets another path.
pub(super) const HELPER_PATH: &str = "/v1/js/sekisho.js";

const CHALLENGE: &str = include_str!("assets/challenge.js");
const PASSKEY: &str = include_str!("assets/passkey.js");
const REFRESH: &str = include_str!("assets/refresh.js");
const HELPER: &str = include_str!("assets/sekisho.js");

/// The version in a script's address: it may be kept for good under it.
static CHALLENGE_VERSION: LazyLock<String> = LazyLock::new(|| version(CHALLENGE));
static PASSKEY_VERSION: LazyLock<String> = LazyLock::new(|| version(PASSKEY));
static REFRESH_VERSION: LazyLock<String> = LazyLock::new(|| version(REFRESH));
static HELPER_VERSION: LazyLock<String> = LazyLock::new(|| version(HELPER));

/// A year.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
/// Kept, and asked for at each use.
const ASKED_FOR: HeaderValue = HeaderValue::from_static("no-cache");

fn version(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes())).chars().take(16).collect()
}

/// The path and version of the challenge's script.
pub(super) fn challenge_script() -> String {
    format!("{CHALLENGE_PATH}?v={}", *CHALLENGE_VERSION)
}

/// The address of the challenge's script as a content security policy names it: one file.
pub(super) fn challenge_source(public_url: &Url) -> String {
    format!("{}{CHALLENGE_PATH}", public_url.origin().ascii_serialization())
}

/// The path and version of the script that asks for a passkey.
pub(super) fn passkey_script() -> String {
    format!("{PASSKEY_PATH}?v={}", *PASSKEY_VERSION)
}

/// The address of that script as a content security policy names it.
pub(super) fn passkey_source(public_url: &Url) -> String {
    format!("{}{PASSKEY_PATH}", public_url.origin().ascii_serialization())
}

/// The path and version of the script that keeps a page fresh.
pub(super) fn refresh_script() -> String {
    format!("{REFRESH_PATH}?v={}", *REFRESH_VERSION)
}

/// The address of that script as a content security policy names it.
pub(super) fn refresh_source(public_url: &Url) -> String {
    format!("{}{REFRESH_PATH}", public_url.origin().ascii_serialization())
}

/// The digest by which a merchant's page knows the helper (Subresource Integrity).
pub fn helper_integrity() -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(HELPER.as_bytes())))
}

/// `GET /assets/challenge.js`
pub(super) async fn challenge(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    versioned(CHALLENGE, &CHALLENGE_VERSION, query.as_deref(), &headers)
}

/// `GET /assets/passkey.js`
pub(super) async fn passkey(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    versioned(PASSKEY, &PASSKEY_VERSION, query.as_deref(), &headers)
}

/// `GET /assets/refresh.js`
pub(super) async fn refresh(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    versioned(REFRESH, &REFRESH_VERSION, query.as_deref(), &headers)
}

/// A script that may be kept for good when its address names its version.
fn versioned(text: &'static str, version: &str, query: Option<&str>, asked: &HeaderMap) -> Response {
    let named = query.is_some_and(|query| query.strip_prefix("v=") == Some(version));
    script(text, version, if named { FOR_GOOD } else { ASKED_FOR }, asked)
}

/// `GET /v1/js/sekisho.js`: for pages of any origin.
pub(super) async fn helper(headers: HeaderMap) -> Response {
    let mut response = script(HELPER, &HELPER_VERSION, FOR_A_DAY, &headers);
    let open: [(HeaderName, &str); 2] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    for (name, value) in open {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn script(text: &'static str, version: &str, kept: HeaderValue, asked: &HeaderMap) -> Response {
    let tag = format!("\"{version}\"");
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, kept);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_known { (StatusCode::NOT_MODIFIED, headers).into_response() } else { (headers, text).into_response() }
}
