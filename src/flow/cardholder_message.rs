//! What a buyer who was turned back may be told: why in the coarsest words, and whom to call.

use crate::app::App;
use crate::domain::authentication::{Authentication, Status};

/// The message has at most so many characters.
const CHARS_MAX: usize = 128;

/// The message in Japanese and English, with the issuer's contact; none unless turned back.
pub async fn of(app: &App, authentication: &Authentication) -> Option<(String, String)> {
    if authentication.status != Status::Rejected {
        return None;
    }
    let issuer = &app.config.issuer;
    // The words of the bundle that turned the buyer back: the live one may not know the reason.
    let loaded = app.bundle.that_decided(&authentication.bundle_digest).await;
    let reference = loaded.bundle.reference();
    let reason = authentication
        .reasons
        .iter()
        .filter_map(|code| reference.reason(code))
        .find(|reason| reason.cardholder_ja.is_some() && reason.cardholder_en.is_some());
    let texts = reason.and_then(|reason| reason.cardholder_ja.clone().zip(reason.cardholder_en.clone()));
    let (ja, en) = texts.unwrap_or_else(|| {
        (
            "このお取引では本人認証ができませんでした。お問い合わせ: {contact}".to_owned(),
            "This purchase could not be authenticated. Questions: {contact}".to_owned(),
        )
    });
    let contact_ja = format!("{} {} {}", issuer.phone, issuer.hours_ja, issuer.closed_days_ja);
    let contact_en = format!("{} {} {}", issuer.phone, issuer.hours_en, issuer.closed_days_en);
    Some((fill(&ja, &contact_ja, &issuer.phone), fill(&en, &contact_en, &issuer.phone)))
}

/// The text with the whole contact, or with the telephone number alone where the whole is too long.
fn fill(text: &str, contact: &str, phone: &str) -> String {
    let whole = text.replace("{contact}", contact.trim());
    if whole.chars().count() <= CHARS_MAX {
        whole
    } else {
        text.replace("{contact}", phone).chars().take(CHARS_MAX).collect()
    }
}
