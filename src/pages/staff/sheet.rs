//! A page of pieces, one under another, as most pages of the console are.

use askama::Template;

use super::console::Console;
use super::pieces::{Notice, Tone, rendered};
pub(in crate::pages) use crate::pages::pieces::act_form::{ActForm, Ways, Words};

/// A page: a notice, a sentence that says what it is for, and pieces.
#[derive(Template)]
#[template(path = "staff_sheet.html")]
pub(in crate::pages) struct Sheet<'a> {
    console: Console<'a>,
    /// The places that belong together with this page; none where it stands alone.
    places: Option<String>,
    notice: Option<Notice>,
    lead: String,
    pieces: Vec<String>,
}

impl<'a> Sheet<'a> {
    pub(in crate::pages) fn new(console: Console<'a>) -> Self {
        Self { console, places: None, notice: None, lead: String::new(), pieces: Vec::new() }
    }

    /// Among these places.
    #[must_use]
    pub(in crate::pages) fn among(self, places: &impl Template) -> Self {
        Self { places: Some(rendered(places)), ..self }
    }

    #[must_use]
    pub(in crate::pages) fn lead(self, lead: String) -> Self {
        Self { lead, ..self }
    }

    /// A notice with this text.
    #[must_use]
    pub(in crate::pages) fn told(mut self, tone: Tone, text: String) -> Self {
        self.console.error = tone == Tone::Bad;
        self.notice = Some(Notice { tone, text });
        self
    }

    /// A notice with the text of this key.
    #[must_use]
    pub(in crate::pages) fn notice(self, tone: Tone, key: &str) -> Self {
        let text = self.console.text(key);
        self.told(tone, text)
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
    pub(in crate::pages) fn add(self, piece: &impl Template) -> Self {
        let html = rendered(piece);
        self.add_rendered(html)
    }

    /// A piece that was rendered before.
    #[must_use]
    pub(in crate::pages) fn add_rendered(mut self, html: String) -> Self {
        self.pieces.push(html);
        self
    }
}
