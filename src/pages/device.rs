//! The page that collects what a browser states about itself. It shows nothing and stands in a small frame of
//! the merchant's; without scripts the headers are all that is known.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Pages;
use super::failure::{Failure, rendered};
use super::headers::Permissions;
use super::visitor::Visitor;
use crate::domain::challenge::Language;
use crate::domain::device::StatedDevice;
use crate::flow::collect_device::{self, DeviceError};

const SCRIPT: &str = include_str!("templates/device.js");
/// The prefix has browsers insist on `Secure`, `Path=/` and no domain (RFC 6265bis, section 4.1.3.2).
const COOKIE: &str = "__Host-device";
/// Browsers keep a cookie for at most 400 days (RFC 6265bis, section 5.5).
const COOKIE_SECONDS: u32 = 400 * 86_400;
/// So much of a header is kept, in characters.
const HEADER_LENGTH: usize = 512;

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    language: &'static str,
    title: String,
    script: &'static str,
}

/// `GET /device/{token}`
pub(super) async fn open(State(pages): State<Arc<Pages>>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let opened = collect_device::open(&pages.app, &token, stated(&visitor), visitor.cookie(COOKIE)).await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return failure(&error).page(&pages, &visitor),
    };
    let language = visitor.language().unwrap_or(Language::Ja);
    let title = pages.texts.in_language(language).text("device-title");
    let page = DevicePage { language: language.as_str(), title, script: SCRIPT };
    let permissions = Permissions {
        framed_by: opened.merchant.origins(),
        script: Some(SCRIPT),
        calls_home: true,
        ..Permissions::default()
    };
    let mut response = rendered(&page, &permissions);
    let cookie = format!(
        "{COOKIE}={}; Max-Age={COOKIE_SECONDS}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        opened.cookie.expose()
    );
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// `POST /device/{token}`
pub(super) async fn collect(
    State(pages): State<Arc<Pages>>,
    Path(token): Path<String>,
    report: Result<Json<StatedDevice>, JsonRejection>,
) -> Response {
    let collected = match report {
        Ok(Json(report)) => collect_device::collect(&pages.app, &token, report).await,
        Err(rejection) => return (rejection.status(), Permissions::default().headers()).into_response(),
    };
    let status = match collected {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(DeviceError::NotFound) => StatusCode::NOT_FOUND,
        Err(DeviceError::Gone) => StatusCode::GONE,
        Err(DeviceError::Malformed) => StatusCode::UNPROCESSABLE_ENTITY,
        Err(DeviceError::Store(error)) => {
            tracing::error!(%error, "a device report cannot be kept");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    let mut headers = Permissions::default().headers();
    headers.remove(header::CONTENT_TYPE);
    (status, headers).into_response()
}

fn failure(error: &DeviceError) -> Failure {
    match error {
        DeviceError::NotFound | DeviceError::Malformed => Failure::NotFound,
        DeviceError::Gone => Failure::Gone,
        DeviceError::Store(store) => {
            tracing::error!(%error, "a device page cannot be shown");
            if store.is_transient() { Failure::Busy } else { Failure::Internal }
        }
    }
}

/// What the headers alone say.
fn stated(visitor: &Visitor) -> StatedDevice {
    let kept = |text: &str| text.chars().take(HEADER_LENGTH).collect::<String>();
    let language = visitor.header(&header::ACCEPT_LANGUAGE).and_then(|value| value.split([',', ';']).next());
    StatedDevice {
        user_agent: visitor.header(&header::USER_AGENT).map(kept),
        language: language.map(str::trim).filter(|tag| !tag.is_empty()).map(kept),
        time_zone: None,
        screen: None,
    }
}
