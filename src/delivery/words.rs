//! The words of letters and receipts.

use std::sync::LazyLock;

use crate::app::App;
use crate::domain::challenge::Language;
use crate::texts::{Texts, Wording};

const JA: &str = include_str!("translations/ja.ftl");
const EN: &str = include_str!("translations/en.ftl");

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(&[JA], &[EN]));

/// The words of one language.
pub(super) fn wording(language: Language) -> Wording<'static> {
    TEXTS.in_language(language)
}

/// The issuer's name in a language.
pub(super) fn issuer_name(app: &App, language: Language) -> &str {
    let issuer = &app.config.issuer;
    match language {
        Language::Ja => &issuer.name_ja,
        Language::En => &issuer.name_en,
    }
}

/// Whom to call: the office, its telephone number, and when it answers.
pub(super) fn contact(app: &App, language: Language) -> [String; 2] {
    let issuer = &app.config.issuer;
    let wording = wording(language);
    let (office, hours, closed) = match language {
        Language::Ja => (&issuer.office_ja, &issuer.hours_ja, &issuer.closed_days_ja),
        Language::En => (&issuer.office_en, &issuer.hours_en, &issuer.closed_days_en),
    };
    let closed = wording.with("contact-closed", "days", closed.as_str());
    let phone = wording.with("contact-phone", "phone", issuer.phone.as_str());
    let line = match language {
        Language::Ja => format!("{phone}（{hours}、{closed}）"),
        Language::En => format!("{phone} ({hours}; {closed})"),
    };
    [office.clone(), line]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_both_languages_and_can_be_read() {
        crate::texts::hold_complete(&[JA], &[EN]);
    }
}
