//! The privacy page: the current notice, and the recipients as the bundle's register has them.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;

use super::Pages;
use super::frame::Frame;
use super::public::{Wish, frame, language, published};
use super::visitor::Visitor;
use crate::domain::challenge::Language;
use crate::domain::consent::DataClass;
use crate::notices::{Block, Document};
use crate::policy::reference::{Recipient, Reference};
use crate::texts::moment;

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage<'a> {
    frame: Frame<'a>,
    title: String,
    version: String,
    notice: &'a Document,
    recipients: Vec<RecipientView>,
    policy: Option<Link>,
}

/// A link to a text of somebody else's.
struct Link {
    url: String,
    text: String,
    language: String,
}

/// A recipient as a reader sees it.
struct RecipientView {
    name: String,
    rows: Vec<(String, String)>,
    classes: Vec<(String, String)>,
    link: Option<Link>,
}

/// `GET /privacy`
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    wish: Result<Query<Wish>, QueryRejection>,
    visitor: Visitor,
) -> Response {
    let frame = frame(&pages, language(wish, &visitor));
    let current = pages.app.notices.current(pages.app.now());
    let loaded = pages.app.bundle.load();
    let reference = loaded.bundle.reference();
    let notice = current.notice(frame.wording.language());
    let from = moment::day(current.valid_from, frame.wording);
    let page = PrivacyPage {
        title: notice.title.clone(),
        version: [
            frame.wording.with("privacy-version", "version", current.version.as_str()),
            frame.wording.with("privacy-from", "day", from),
        ]
        .concat(),
        notice,
        recipients: reference.recipients().map(|recipient| recipient_view(recipient, reference, &frame)).collect(),
        policy: policy(&frame),
        frame,
    };
    published(&page)
}

fn recipient_view(recipient: &Recipient, reference: &Reference, frame: &Frame<'_>) -> RecipientView {
    let reuse = if recipient.reuse { "recipient-reuse-yes" } else { "recipient-reuse-no" };
    let rows = [
        ("recipient-country", known(frame, "country", &recipient.country)),
        ("recipient-basis", frame.text(&format!("basis-{}", recipient.basis.as_str()))),
        ("recipient-retention", frame.wording.with("retention-days", "days", recipient.retention_days)),
        ("recipient-reuse", frame.text(reuse)),
    ];
    let class = |class: &DataClass| {
        let names = reference.data_class(*class);
        let name = names.map_or(class.as_str(), |names| frame.choose(&names.name_ja, &names.name_en));
        let mode = format!("mode-{}", recipient.mode(*class).as_str().replace('_', "-"));
        (name.to_owned(), frame.text(&mode))
    };
    let text = frame.wording.with("recipient-link", "name", recipient.name.as_str());
    let language = known(frame, "language", &recipient.privacy_language);
    RecipientView {
        name: recipient.name.clone(),
        rows: rows.into_iter().map(|(key, value)| (frame.text(key), value)).collect(),
        classes: DataClass::ALL.iter().map(class).collect(),
        link: is_web(&recipient.privacy_url).then(|| Link {
            url: recipient.privacy_url.clone(),
            text: format!("{text} ({language})"),
            language: recipient.privacy_language.clone(),
        }),
    }
}

/// The issuer's own policy, in the page's language where there is one.
fn policy(frame: &Frame<'_>) -> Option<Link> {
    let issuer = frame.issuer();
    let ja = (&issuer.policy_url_ja, Language::Ja);
    let choices = match frame.wording.language() {
        Language::Ja => [ja, (&issuer.policy_url_en, Language::En)],
        Language::En => [(&issuer.policy_url_en, Language::En), ja],
    };
    let (url, language) = choices.into_iter().find(|(url, _)| is_web(url))?;
    let name = known(frame, "language", language.as_str());
    let text = frame.wording.with("privacy-policy-link", "issuer", frame.issuer_name());
    Some(Link { url: url.clone(), text: format!("{text} ({name})"), language: language.as_str().to_owned() })
}

/// The name of a country or language by its code; the code where no text names it.
fn known(frame: &Frame<'_>, kind: &str, code: &str) -> String {
    let key = format!("{kind}-{}", code.to_ascii_lowercase());
    Some(frame.text(&key)).filter(|name| *name != key).unwrap_or_else(|| code.to_owned())
}

/// Whether a link may be made of it: a `javascript:` address is none.
fn is_web(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}
