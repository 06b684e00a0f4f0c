//! What handlers of the members' pages answer.

use askama::Template;
use axum::response::Response;

use super::frame::STYLE;
use crate::pages::answer::SessionCookie;
pub(super) use crate::pages::answer::go;
pub(in crate::pages) use crate::pages::answer::{Answer, Refusal};
use crate::pages::failure::rendered;
use crate::pages::headers::{Permissions, Sources};

/// The cookie of a member's session.
pub(super) const COOKIE: SessionCookie = SessionCookie("__Host-sekisho-my");

/// A page of the members that may run this script of ours.
pub(super) fn page_with_script(template: &impl Template, script: String) -> Response {
    let files = Sources { scripts: vec![script], ..Sources::default() };
    rendered(template, &Permissions { style: Some(STYLE), files, ..Permissions::default() })
}

/// A page of the members.
pub(super) fn page(template: &impl Template) -> Response {
    rendered(template, &Permissions { style: Some(STYLE), ..Permissions::default() })
}
