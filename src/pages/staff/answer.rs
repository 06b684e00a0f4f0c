//! What handlers of the staff's pages answer.

use askama::Template;
use axum::response::Response;

use super::console::STYLE;
use crate::pages::answer::SessionCookie;
pub(super) use crate::pages::answer::go;
pub(in crate::pages) use crate::pages::answer::{Answer, Refusal};
use crate::pages::failure::rendered;
use crate::pages::headers::{Permissions, Sources};

/// The cookie of a staff person's session.
pub(super) const COOKIE: SessionCookie = SessionCookie("__Host-staff");

/// A page of the staff.
pub(super) fn page(template: &impl Template) -> Response {
    rendered(template, &Permissions { style: Some(STYLE), ..Permissions::default() })
}

/// A page of the staff that may run this script of ours, which may ask for the page again.
pub(super) fn refreshing_page(template: &impl Template, script: String) -> Response {
    let files = Sources { scripts: vec![script], ..Sources::default() };
    rendered(template, &Permissions { style: Some(STYLE), files, calls_home: true, ..Permissions::default() })
}
