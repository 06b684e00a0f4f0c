//! The script that an agent reads out: the current version, in both languages.

use askama::Template;

use super::console::Console;
use super::signed::Signed;
use crate::domain::challenge::Language;
use crate::flow::script::{self, Part};

/// The script in both languages, that of the page first; the other one is folded away.
#[derive(Template)]
#[template(path = "console_script.html")]
pub(super) struct Script {
    title: String,
    version: String,
    languages: [(&'static str, &'static str, Vec<Part>); 2],
}

/// The script as it is read out now.
pub(super) fn script(signed: &Signed, console: &Console<'_>) -> Script {
    let app = signed.app();
    let ja = ("ja", "日本語", script::current(app, Language::Ja));
    let en = ("en", "English", script::current(app, Language::En));
    let languages = if console.wording.language() == Language::Ja { [ja, en] } else { [en, ja] };
    let version = script::version(app);
    Script { title: console.wording.with("console-script", "version", version.clone()), version, languages }
}
