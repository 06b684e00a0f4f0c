//! The text of each letter: plain lines, no link to click and no name, so that a letter that goes astray tells little.

use crate::app::App;
use crate::domain::challenge::TimeBase;
use crate::domain::clock::Micros;
use crate::domain::member_notice::MemberNotice;
use crate::domain::receipt::{PendingNotice, Receipt};
use crate::domain::sent_code::{CodeMessage, CodeSubject};
use crate::texts::moment::{amount, date_and_time};

use super::code::Purchase;
use super::receipt::{ReceiptView, view};
use super::words;

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Its subject.
    pub(super) subject: String,
    /// Its text.
    pub(super) text: String,
}

/// The letter with the receipt of an objection.
pub(super) fn of_receipt(app: &App, receipt: &Receipt) -> Written {
    let wording = words::wording(receipt.language);
    let issuer = words::issuer_name(app, receipt.language);
    let view = view(app, receipt, receipt.language);
    let mut text = paragraph(&wording.with("letter-greeting", "issuer", issuer));
    text.push_str(&paragraph(&view.lead));
    text.push_str(&recorded(&view));
    text.push_str(&closing(&view.questions, &view.contact, &wording.text("letter-no-reply")));
    Written { subject: wording.with("receipt-subject", "issuer", issuer), text }
}

/// The letter that tells of an objection whose caller was not identified.
pub(super) fn of_pending(app: &App, notice: &PendingNotice) -> Written {
    let wording = words::wording(notice.language);
    let issuer = words::issuer_name(app, notice.language);
    let at = date_and_time(notice.recorded_at, TimeBase::Japan, wording);
    let channel = wording.text(&format!("channel-{}", notice.channel.as_str()));
    let mut text = paragraph(&wording.with("letter-greeting", "issuer", issuer));
    text.push_str(&paragraph(&wording.text("pending-lead")));
    text.extend([wording.text("pending-at"), format!(" {at}\n")]);
    text.extend([wording.text("pending-channel"), format!(" {channel}\n\n")]);
    for key in ["pending-protects", "pending-was-you", "pending-not-you"] {
        text.push_str(&paragraph(&wording.text(key)));
    }
    let contact = words::contact(app, notice.language);
    text.push_str(&closing(&wording.text("receipt-questions"), &contact, &wording.text("letter-no-reply")));
    Written { subject: wording.with("pending-subject", "issuer", issuer), text }
}

/// The letter with a code, good for so many minutes.
pub(super) fn of_code(app: &App, body: CodeMessage, code: &str, minutes: i64, purchase: Option<&Purchase>) -> Written {
    let wording = words::wording(body.language);
    let issuer = words::issuer_name(app, body.language);
    let lead = match body.subject {
        CodeSubject::Challenge(_) => "code-lead-challenge",
        CodeSubject::Contact(_) => "code-lead-contact",
        CodeSubject::Reset(_) => "code-lead-reset",
    };
    let mut text = paragraph(&wording.with("letter-greeting", "issuer", issuer));
    text.push_str(&paragraph(&wording.text(lead)));
    text.push_str(&paragraph(&wording.with("code-code", "code", code)));
    if let Some(purchase) = purchase {
        text.extend([wording.with("code-merchant", "merchant", purchase.merchant.as_str()), "\n".to_owned()]);
        text.push_str(&paragraph(&wording.with("code-amount", "amount", amount(purchase.money))));
    }
    text.push_str(&paragraph(&wording.with("code-valid", "minutes", minutes)));
    text.push_str(&paragraph(&wording.text("code-never")));
    let contact = words::contact(app, body.language);
    text.push_str(&closing(&wording.text("receipt-questions"), &contact, &wording.text("letter-no-reply")));
    Written { subject: wording.with("code-subject", "issuer", issuer), text }
}

/// The letter that tells a member of a change to her registration.
pub(super) fn of_notice(app: &App, notice: MemberNotice, at: Micros) -> Written {
    let wording = words::wording(notice.language);
    let issuer = words::issuer_name(app, notice.language);
    let event = notice.event.as_str().replace('_', "-");
    let at = date_and_time(at, TimeBase::Japan, wording);
    let mut text = paragraph(&wording.with("letter-greeting", "issuer", issuer));
    text.push_str(&paragraph(&wording.text(&format!("notice-{event}"))));
    text.push_str(&paragraph(&wording.with("notice-at", "at", at)));
    text.push_str(&paragraph(&wording.text("notice-not-you")));
    let contact = words::contact(app, notice.language);
    text.push_str(&closing(&wording.text("receipt-questions"), &contact, &wording.text("letter-no-reply")));
    Written { subject: wording.with("notice-subject", "issuer", issuer), text }
}

fn recorded(view: &ReceiptView) -> String {
    let mut text = heading(&view.recorded);
    text.extend(view.rows.iter().map(|(name, value)| format!("{name}: {value}\n")));
    text.push('\n');
    text.push_str(&heading(&view.before));
    text.extend(view.sent_before.iter().map(|line| item(line)));
    if let Some(maybe) = &view.maybe {
        text.push('\n');
        text.push_str(&heading(&maybe.heading));
        text.extend([maybe.lead.as_str(), "\n"]);
        text.extend(maybe.ids.iter().map(|id| item(id)));
    }
    text.push('\n');
    text
}

fn closing(questions: &str, contact: &[String; 2], no_reply: &str) -> String {
    let [office, line] = contact;
    format!("{}{office}\n{line}\n\n{no_reply}\n", heading(questions))
}

fn paragraph(text: &str) -> String {
    format!("{text}\n\n")
}

fn heading(text: &str) -> String {
    format!("■ {text}\n")
}

fn item(text: &str) -> String {
    format!("- {text}\n")
}
