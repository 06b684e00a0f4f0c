//! What was typed into a form, kept so that a page with a mistake shows it again.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::note::NoteError;
use crate::pages::staff::console::Console;

/// The fields of a form by their names. A field that comes twice counts once.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Typed {
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

impl Typed {
    /// What one field holds; nothing when it did not come.
    pub(super) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.trim())
    }

    /// The same; none where it is empty.
    pub(super) fn some(&self, name: &str) -> Option<String> {
        Some(self.get(name)).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }

    /// Whether a box is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.get(name) == "yes"
    }

    /// Presets a field that was not typed.
    pub(super) fn preset(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.entry(name.to_owned()).or_insert_with(|| value.into());
        self
    }
}

/// What is wrong with a form: the field and the text.
pub(super) type Mistakes = Vec<(&'static str, String)>;

/// What is wrong with one field.
pub(super) fn mistake(mistakes: &Mistakes, name: &str) -> Option<String> {
    mistakes.iter().find(|(field, _)| *field == name).map(|(_, text)| text.clone())
}

/// Why a note cannot be kept, in the page's words.
pub(super) fn note_mistake(console: &Console<'_>, error: NoteError) -> String {
    let with = |key: &str, name: &'static str, number: usize| {
        console.wording.with(key, name, i64::try_from(number).unwrap_or(i64::MAX))
    };
    match error {
        NoteError::Empty => console.text("console-note-empty"),
        NoteError::TooLong { max } => with("console-note-too-long", "max", max),
        NoteError::Control { at } => with("console-note-control", "at", at),
        NoteError::Direction { at } => with("console-note-direction", "at", at),
        NoteError::Invisible { at } => with("console-note-invisible", "at", at),
    }
}
