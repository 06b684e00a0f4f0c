//! A page of pieces, one under another, as most pages of the members are.

use askama::Template;

use super::frame::MemberFrame;
use crate::pages::pieces::{Notice, Tone, rendered};

/// A page: a notice, a sentence that says what it is for, and pieces.
#[derive(Template)]
#[template(path = "member_sheet.html")]
pub(in crate::pages) struct Sheet<'a> {
    frame: MemberFrame<'a>,
    notice: Option<Notice>,
    lead: String,
    pieces: Vec<String>,
}

impl<'a> Sheet<'a> {
    pub(in crate::pages) fn new(frame: MemberFrame<'a>) -> Self {
        Self { frame, notice: None, lead: String::new(), pieces: Vec::new() }
    }

    /// The sentence with this key.
    #[must_use]
    pub(in crate::pages) fn lead(mut self, key: &str) -> Self {
        self.lead = self.frame.text(key);
        self
    }

    /// A notice with the text of this key.
    #[must_use]
    pub(in crate::pages) fn notice(mut self, tone: Tone, key: &str) -> Self {
        self.frame.error = tone == Tone::Bad;
        self.notice = Some(Notice { tone, text: self.frame.text(key) });
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

    /// A notice with a text that is put together already, or none.
    #[must_use]
    pub(in crate::pages) fn maybe_said(mut self, tone: Tone, text: Option<String>) -> Self {
        self.notice = text.map(|text| Notice { tone, text });
        self
    }

    /// A piece that was rendered before, because it borrows from the frame.
    #[must_use]
    pub(in crate::pages) fn add_html(mut self, html: String) -> Self {
        self.pieces.push(html);
        self
    }

    #[must_use]
    pub(in crate::pages) fn add(mut self, piece: &impl Template) -> Self {
        self.pieces.push(rendered(piece));
        self
    }
}
