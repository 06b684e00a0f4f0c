//! The visitor: her language, and which cards she used from this browser.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use moka::sync::Cache;
use serde::Deserialize;

use crate::domain::challenge::Language;

const SESSION: &str = "shop";
const LANGUAGE: &str = "language";
/// From three cards on one device the service becomes suspicious.
const CARDS_ON_ONE_DEVICE: usize = 2;

/// What a browser's request tells.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) language: Language,
    /// The id in her cookie.
    pub(super) session: Option<String>,
    pub(super) ip: Option<IpAddr>,
    headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            language: cookie(&parts.headers, LANGUAGE).and_then(Language::parse).unwrap_or(Language::Ja),
            session: cookie(&parts.headers, SESSION).filter(|id| is_token(id)).map(str::to_owned),
            ip: peer.map(|ConnectInfo(address)| address.ip()),
            headers: parts.headers.clone(),
        })
    }
}

impl Visitor {
    /// The text in her language, out of Japanese and English.
    pub(super) fn say(&self, [ja, en]: [&'static str; 2]) -> &'static str {
        match self.language {
            Language::Ja => ja,
            Language::En => en,
        }
    }

    /// A header's text, at most `longest` characters of it.
    pub(super) fn header(&self, name: &HeaderName, longest: usize) -> Option<String> {
        let text = self.headers.get(name).and_then(|value| value.to_str().ok())?;
        Some(text.chars().take(longest).collect())
    }
}

/// 32 hexadecimal digits.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// The `Set-Cookie` header of a session.
pub(super) fn session_cookie(id: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{SESSION}={id}; Path=/; HttpOnly; SameSite=Lax")).ok()
}

/// Which cards each visitor used from her browser.
pub(super) struct Sessions {
    cards: Cache<String, BTreeSet<String>>,
}

impl Default for Sessions {
    fn default() -> Self {
        let idle = Duration::from_hours(24);
        Self { cards: Cache::builder().max_capacity(10_000).time_to_idle(idle).build() }
    }
}

impl Sessions {
    /// Notes that a card was used from this browser.
    pub(super) fn used(&self, session: &str, card: &str) {
        let mut cards = self.cards.get(session).unwrap_or_default();
        cards.insert(card.to_owned());
        self.cards.insert(session.to_owned(), cards);
    }

    /// Whether this browser used so many other cards that one more would look like card testing.
    pub(super) fn is_crowded(&self, session: Option<&str>, card: Option<&str>) -> bool {
        let cards = session.and_then(|session| self.cards.get(session)).unwrap_or_default();
        cards.iter().filter(|used| Some(used.as_str()) != card).count() >= CARDS_ON_ONE_DEVICE
    }
}

/// Where a visitor goes back to.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    to: String,
}

/// `GET /language/{language}`
pub(super) async fn choose_language(Path(language): Path<String>, Query(back): Query<Back>) -> Response {
    let language = Language::parse(&language).unwrap_or(Language::Ja);
    // A path of our own, never another host: `//evil.example` and `/\evil.example` are hosts for browsers.
    let own = back.to.starts_with('/') && !back.to.starts_with("//") && !back.to.contains('\\');
    let to = if own { back.to.as_str() } else { "/" };
    let cookie = format!("{LANGUAGE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", language.as_str());
    let Ok(to) = HeaderValue::try_from(to) else { return StatusCode::BAD_REQUEST.into_response() };
    let Ok(cookie) = HeaderValue::try_from(cookie) else { return StatusCode::BAD_REQUEST.into_response() };
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::SET_COOKIE, cookie)]).into_response()
}
