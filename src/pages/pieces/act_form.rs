//! Forms of fields and buttons, and the small pieces that stand beside them.

use askama::Template;

use super::Field;

/// What a form takes from the page that it stands on.
pub(in crate::pages) trait Around {
    /// The text with this key.
    fn text(&self, key: &str) -> String;
    /// The hidden field that every form carries.
    fn token_field(&self) -> String;
}

/// A form with its fields and one button or several.
#[derive(Template)]
#[template(path = "piece_act_form.html")]
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
    pub(in crate::pages) fn new(around: &impl Around, action: impl Into<String>, button: &str) -> Self {
        Self {
            title: String::new(),
            action: action.into(),
            token_field: around.token_field(),
            hidden: Vec::new(),
            fields: Vec::new(),
            buttons: vec![("", around.text(button))],
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
#[template(path = "piece_words.html")]
pub(in crate::pages) struct Words {
    pub(in crate::pages) title: String,
    pub(in crate::pages) sentences: Vec<String>,
}

/// Ways to other pages of ours, as buttons.
#[derive(Template)]
#[template(path = "piece_ways.html")]
pub(in crate::pages) struct Ways {
    /// Path and text.
    pub(in crate::pages) ways: Vec<(String, String)>,
}
