//! What stands around every page: the issuer's name and telephone number, the style, the language.

use super::Pages;
use super::brand::Look;
use super::texts::Wording;
use crate::config::IssuerSettings;
use crate::domain::challenge::Language;

/// The style sheet of all pages, inline: one request, nothing to be kept.
pub(super) const STYLE: &str = concat!(include_str!("templates/colours.css"), include_str!("templates/style.css"));

/// The same with more width, for pages that are read and printed.
pub(super) const DOCUMENT_STYLE: &str = concat!(
    include_str!("templates/colours.css"),
    include_str!("templates/style.css"),
    include_str!("templates/document.css")
);

/// The frame of one page.
pub(super) struct Frame<'a> {
    issuer: &'a IssuerSettings,
    /// The words of its language.
    pub(super) wording: Wording<'a>,
    /// Its style sheet.
    pub(super) style: &'static str,
    /// The look of the card's programme; none: the shipped one.
    pub(super) look: Option<Look<'a>>,
    /// Whether its title says that something went wrong.
    pub(super) error: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn new(pages: &'a Pages, language: Language) -> Self {
        Self::around(&pages.app.config.issuer, pages.texts.in_language(language), STYLE)
    }

    /// The frame of a page with more to read than a challenge has.
    pub(super) fn of_document(issuer: &'a IssuerSettings, wording: Wording<'a>) -> Self {
        Self::around(issuer, wording, DOCUMENT_STYLE)
    }

    fn around(issuer: &'a IssuerSettings, wording: Wording<'a>, style: &'static str) -> Self {
        Self { issuer, wording, style, look: None, error: false }
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.wording.text(key)
    }

    pub(super) fn language(&self) -> &'static str {
        self.wording.language().as_str()
    }

    pub(super) fn other_language(&self) -> &'static str {
        match self.wording.language() {
            Language::Ja => Language::En.as_str(),
            Language::En => Language::Ja.as_str(),
        }
    }

    pub(super) fn issuer_name(&self) -> &str {
        let own = self.look.as_ref().and_then(|look| look.name(self.wording.language()));
        own.unwrap_or(self.choose(&self.issuer.name_ja, &self.issuer.name_en))
    }

    /// The address of the programme's logo; the shipped one stands in the page itself.
    pub(super) fn logo(&self) -> Option<String> {
        self.look.as_ref()?.logo()
    }

    pub(super) fn phone(&self) -> &str {
        &self.issuer.phone
    }

    /// When the telephone is answered: `9:00〜17:00（土・日・祝日を除く）`.
    pub(super) fn hours(&self) -> String {
        let closed = self.choose(&self.issuer.closed_days_ja, &self.issuer.closed_days_en);
        let closed = self.wording.with("contact-closed", "days", closed);
        match self.wording.language() {
            Language::Ja => format!("{}（{closed}）", self.issuer.hours_ja),
            Language::En => format!("{}, {closed}", self.issuer.hours_en),
        }
    }

    pub(super) fn issuer(&self) -> &'a IssuerSettings {
        self.issuer
    }

    pub(super) fn choose(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self.wording.language() {
            Language::Ja => ja,
            Language::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::brands::{DARK, LIGHT};

    #[test]
    fn looks_are_measured_on_the_grounds_of_the_style_sheet() {
        let (light, dark) = include_str!("templates/colours.css").split_once("@media").unwrap();
        for (sheet, grounds) in [(light, LIGHT), (dark, DARK)] {
            for (name, colour) in grounds {
                assert!(sheet.contains(&format!("--{name}: {colour};")), "{name} is not {colour} in {sheet}");
            }
        }
    }
}
