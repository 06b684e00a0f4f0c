//! The look of a card's programme on a page, and where browsers get it: from our own origin, kept as long as it stays
//! the same.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Pages;
use super::headers::{Permissions, Sources};
use crate::app::App;
use crate::brands::{Brand, Logo};
use crate::domain::challenge::Language;

/// A year; the address changes when the look does.
const FOR_LONG: &str = "public, max-age=31536000, immutable";
/// Beside one another, an older and a newer process may be asked for each other's looks: those are not kept.
const NOT_AT_ALL: &str = "no-store";
/// A picture that is opened by itself acts and loads nothing either.
const PICTURE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// The look of one programme.
#[derive(Clone, Debug)]
pub(super) struct Look<'a> {
    brand: &'a Brand,
    /// The address of its files, without their ending.
    address: String,
}

impl<'a> Look<'a> {
    /// The look of a card's programme; none: the shipped one.
    pub(super) fn of(app: &'a App, programme: Option<&str>) -> Option<Self> {
        let programme = programme?;
        let brand = app.brands.of(programme)?;
        let base = app.config.server.public_url.as_str().trim_end_matches('/');
        Some(Self { brand, address: format!("{base}/assets/brand/{programme}") })
    }

    /// The name, where the programme has one of its own.
    pub(super) fn name(&self, language: Language) -> Option<&'a str> {
        self.brand.name(language)
    }

    /// The address of the style sheet.
    pub(super) fn style(&self) -> String {
        format!("{}.css?v={}", self.address, self.brand.version)
    }

    /// The address of the logo.
    pub(super) fn logo(&self) -> Option<String> {
        let logo = self.brand.logo.as_ref()?;
        Some(format!("{}.{}?v={}", self.address, logo.format.extension(), self.brand.version))
    }

    /// What a page in this look has to permit. A policy names addresses without their query.
    pub(super) fn sources(&self) -> Sources {
        let logo = self.brand.logo.as_ref();
        Sources {
            style: Some(format!("{}.css", self.address)),
            image: logo.map(|logo| format!("{}.{}", self.address, logo.format.extension())),
            scripts: Vec::new(),
        }
    }
}

/// What the address of a file carries.
#[derive(Deserialize)]
pub(super) struct Version {
    v: String,
}

/// `GET /assets/brand/{programme}.{css,svg,png}`
pub(super) async fn file(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    version: Result<Query<Version>, QueryRejection>,
) -> Response {
    let found = name.rsplit_once('.').and_then(|(programme, ending)| Some((pages.app.brands.of(programme)?, ending)));
    let Some((brand, ending)) = found else { return nothing() };
    let is_current = version.is_ok_and(|Query(version)| version.v == brand.version);
    match (ending, &brand.logo) {
        ("css", _) => served("text/css; charset=utf-8", is_current, brand.style.clone().into_bytes()),
        (ending, Some(logo)) if ending == logo.format.extension() => picture(logo, is_current),
        _ => nothing(),
    }
}

fn picture(logo: &Logo, is_current: bool) -> Response {
    let mut response = served(logo.format.media_type(), is_current, logo.bytes.clone());
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE_POLICY));
    response
}

fn served(media_type: &'static str, is_current: bool, bytes: Vec<u8>) -> Response {
    let kept = if is_current { FOR_LONG } else { NOT_AT_ALL };
    let mut headers = Permissions::default().headers();
    headers.remove(HeaderName::from_static("x-robots-tag"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    (headers, bytes).into_response()
}

fn nothing() -> Response {
    let mut headers: HeaderMap = Permissions::default().headers();
    headers.remove(header::CONTENT_TYPE);
    (StatusCode::NOT_FOUND, headers).into_response()
}
