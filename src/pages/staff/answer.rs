//! What handlers of the staff's pages answer.

use askama::Template;
use axum::response::Response;

use super::console::STYLE;
use crate::pages::answer::SessionCookie;
pub(super) use crate::pages::answer::go;
pub(in crate::pages) use crate::pages::answer::{Answer, Refusal};
use crate::pages::failure::rendered;
use crate::pages::headers::Permissions;

/// The cookie of a staff person's session.
pub(super) const COOKIE: SessionCookie = SessionCookie("__Host-staff");

/// A page of the staff.
pub(super) fn page(template: &impl Template) -> Response {
    rendered(template, &Permissions { style: Some(STYLE), ..Permissions::default() })
}
