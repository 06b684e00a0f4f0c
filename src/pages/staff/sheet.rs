//! A page of pieces, one under another, as most pages of the console are; and the pieces that only such pages have.

use askama::Template;

use super::console::Console;
use super::pieces::{Field, Notice, Tone};

/// A page: a notice, a sentence that says what it is for, and pieces.
#[derive(Template)]
#[template(path = "staff_sheet.html")]
pub(in crate::pages) struct Sheet<'a> {
    console: Console<'a>,
    notice: Option<Notice>,
    lead: String,
    pieces: Vec<String>,
}

impl<'a> Sheet<'a> {
    pub(in crate::pages) fn new(console: Console<'a>) -> Self {
        Self { console, notice: None, lead: String::new(), pieces: Vec::new() }
    }

    #[must_use]
    pub(in crate::pages) fn lead(self, lead: String) -> Self {
        Self { lead, ..self }
    }

    /// A notice with the text of this key.
    #[must_use]
    pub(in crate::pages) fn notice(mut self, tone: Tone, key: &str) -> Self {
        self.console.error = tone == Tone::Bad;
        self.notice = Some(Notice { tone, text: self.console.text(key) });
        self
    }

    /// The same, or none.
    #[must_use]
    pub(in crate::pages) fn maybe_notice(self, notice: Option<(Tone, &str)>) -> Self {
        match notice {
            Some((tone, key)) => self.notice(tone, key),
            None => self,
        }
    }

    #[must_use]
    pub(in crate::pages) fn add(mut self, piece: &impl Template) -> Self {
        match piece.render() {
            Ok(html) => self.pieces.push(html),
            Err(error) => tracing::error!(%error, "a piece of a page cannot be rendered"),
        }
        self
    }
}

/// A form with its fields and one button or several.
#[derive(Template)]
#[template(path = "staff_act_form.html")]
pub(in crate::pages) struct ActForm {
    pub(in crate::pages) title: String,
    pub(in crate::pages) action: String,
    pub(in crate::pages) token_field: String,
    /// Names and values that are sent along.
    pub(in crate::pages) hidden: Vec<(&'static str, String)>,
    pub(in crate::pages) fields: Vec<Field>,
    /// The value of `decision` that a button sends, and its text; the first is the one that Enter presses.
    pub(in crate::pages) buttons: Vec<(&'static str, String)>,
    /// By `GET`: it changes nothing, and its address can be kept.
    pub(in crate::pages) is_question: bool,
}

impl ActForm {
    /// A form with one button.
    pub(in crate::pages) fn new(console: &Console<'_>, action: impl Into<String>, button: &str) -> Self {
        Self {
            title: String::new(),
            action: action.into(),
            token_field: console.token_field(),
            hidden: Vec::new(),
            fields: Vec::new(),
            buttons: vec![("", console.text(button))],
            is_question: false,
        }
    }

    /// The form's heading.
    #[must_use]
    pub(in crate::pages) fn title(self, title: String) -> Self {
        Self { title, ..self }
    }

    #[must_use]
    pub(in crate::pages) fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    #[must_use]
    pub(in crate::pages) fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    /// Sent by `GET`, without a token.
    #[must_use]
    pub(in crate::pages) fn question(self) -> Self {
        Self { is_question: true, token_field: String::new(), ..self }
    }
}

/// A heading and sentences under it.
#[derive(Template)]
#[template(path = "staff_words.html")]
pub(in crate::pages) struct Words {
    pub(in crate::pages) title: String,
    pub(in crate::pages) sentences: Vec<String>,
}

/// Ways to other pages of ours, as buttons.
#[derive(Template)]
#[template(path = "staff_ways.html")]
pub(in crate::pages) struct Ways {
    /// Path and text.
    pub(in crate::pages) ways: Vec<(String, String)>,
}
