//! A form with one small button, as it stands in a table's row.

use askama::Template;

/// One button that says what it does and, unseen, about what.
#[derive(Template)]
#[template(path = "piece_small_form.html")]
pub(in crate::pages) struct SmallForm {
    pub(in crate::pages) action: String,
    pub(in crate::pages) token_field: String,
    /// What is sent along: its name.
    pub(in crate::pages) name: &'static str,
    /// And its value.
    pub(in crate::pages) value: String,
    pub(in crate::pages) text: String,
    pub(in crate::pages) about: String,
}
