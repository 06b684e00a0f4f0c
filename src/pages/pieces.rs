//! Pieces that pages are put together from, so that all look alike: fields, tables, lists of facts, notices. A template
//! shows one by `{{ piece|safe }}`: each escapes what it holds. Knows neither staff nor members.

pub(super) mod act_form;
pub(super) mod secret;
pub(super) mod small_form;

use askama::Template;

/// A piece as HTML; nothing, and a line in the log, where it cannot be rendered.
pub(in crate::pages) fn rendered(piece: &impl Template) -> String {
    piece.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a piece of a page cannot be rendered");
        String::new()
    })
}

/// One field of a form, with its label, its hint and what is wrong with it.
#[derive(Template)]
#[template(path = "piece_field.html")]
pub(in crate::pages) struct Field {
    pub(in crate::pages) name: &'static str,
    pub(in crate::pages) label: String,
    pub(in crate::pages) kind: FieldKind,
    pub(in crate::pages) value: String,
    pub(in crate::pages) hint: Option<String>,
    pub(in crate::pages) error: Option<String>,
    /// The token of `autocomplete` (HTML, section 4.10.18.7).
    pub(in crate::pages) autocomplete: &'static str,
    pub(in crate::pages) required: bool,
    /// Whether the page begins here.
    pub(in crate::pages) first: bool,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pages) enum FieldKind {
    /// One line.
    Text,
    /// A secret; what was typed is never given back.
    Password,
    /// Digits: a keyboard of digits on telephones.
    Digits,
    /// A day.
    Date,
    /// A day and a time of day.
    Moment,
    /// One line, with proposals: value and what it means.
    Proposed(Vec<(String, String)>),
    /// One of these: value and label.
    Choice(Vec<(String, String)>),
    /// One of these, all in view.
    Radio(Vec<(String, String)>),
    /// Yes or no.
    Check,
}

impl Field {
    /// A field that must be filled.
    pub(in crate::pages) fn new(name: &'static str, label: String, kind: FieldKind) -> Self {
        Self {
            name,
            label,
            kind,
            value: String::new(),
            hint: None,
            error: None,
            autocomplete: "off",
            required: true,
            first: false,
        }
    }

    #[must_use]
    pub(in crate::pages) fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    #[must_use]
    pub(in crate::pages) fn hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    #[must_use]
    pub(in crate::pages) fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }

    #[must_use]
    pub(in crate::pages) fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    #[must_use]
    pub(in crate::pages) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    #[must_use]
    pub(in crate::pages) fn first(self) -> Self {
        Self { first: true, ..self }
    }

    fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        error.into_iter().chain(hint).collect::<Vec<_>>().join(" ")
    }
}

/// A table with a caption and headings.
#[derive(Template)]
#[template(path = "piece_table.html")]
pub(in crate::pages) struct Table {
    pub(in crate::pages) caption: String,
    pub(in crate::pages) headings: Vec<String>,
    pub(in crate::pages) rows: Vec<Vec<Cell>>,
    /// What is said when there are no rows.
    pub(in crate::pages) empty: String,
}

/// What a cell of a table or a fact holds.
pub(in crate::pages) enum Cell {
    /// Text.
    Text(String),
    /// A text that is there in English alone.
    English(String),
    /// A number or a time: right-aligned figures of one width.
    Figure(String),
    /// An amount or a count in a column of such: ends at the right.
    Amount(String),
    /// A state: its word, and whether it is good, bad, or neither.
    State(String, Tone),
    /// A way to another page of ours.
    Link {
        /// Where to.
        path: String,
        /// What is read.
        text: String,
    },
    /// A piece of HTML that was rendered from a template of ours, such as a form with one button.
    Piece(String),
}

/// A list of facts: name and value.
#[derive(Template)]
#[template(path = "piece_facts.html")]
pub(in crate::pages) struct Facts {
    pub(in crate::pages) rows: Vec<(String, Cell)>,
}

/// How something is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Tone {
    /// Something to know.
    Plain,
    /// It went well.
    Good,
    /// It did not, or is about to not.
    Bad,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// A notice above a page's content.
#[derive(Template)]
#[template(path = "piece_notice.html")]
pub(in crate::pages) struct Notice {
    pub(in crate::pages) tone: Tone,
    pub(in crate::pages) text: String,
}
