//! A receipt as a person reads it: the same sentences in a letter and on a printed page.

use crate::app::App;
use crate::domain::challenge::{Language, TimeBase};
use crate::domain::receipt::Receipt;
use crate::texts::Wording;
use crate::texts::moment::date_and_time;

use super::words;

/// A receipt in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptView {
    /// What it is.
    pub title: String,
    /// That nothing leaves any more.
    pub lead: String,
    /// The heading over what was recorded.
    pub recorded: String,
    /// What was recorded, by name and value.
    pub rows: Vec<(String, String)>,
    /// The heading over what had been sent before.
    pub before: String,
    /// What had been sent before, a line for each recipient; or one that says there was nothing.
    pub sent_before: Vec<String>,
    /// What may still have been sent; none when nothing may.
    pub maybe: Option<MaybeSent>,
    /// The heading over whom to call.
    pub questions: String,
    /// Whom to call.
    pub contact: [String; 2],
}

/// What may still have been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaybeSent {
    /// The heading.
    pub heading: String,
    /// Why it is not known.
    pub lead: String,
    /// The numbers in the ledger.
    pub ids: Vec<String>,
}

/// The receipt in a language: its own, or another that a reader asked for.
pub fn view(app: &App, receipt: &Receipt, language: Language) -> ReceiptView {
    let wording = words::wording(language);
    let issuer = words::issuer_name(app, language);
    ReceiptView {
        title: wording.text("receipt-title"),
        lead: wording.with("receipt-lead", "issuer", issuer),
        recorded: wording.text("receipt-recorded"),
        rows: rows(app, receipt, wording),
        before: wording.text("receipt-before"),
        sent_before: sent_before(app, receipt, wording),
        maybe: maybe_sent(receipt, wording),
        questions: wording.text("receipt-questions"),
        contact: words::contact(app, language),
    }
}

fn rows(app: &App, receipt: &Receipt, wording: Wording<'_>) -> Vec<(String, String)> {
    let at = |at| date_and_time(at, TimeBase::Japan, wording);
    let recipient = match &receipt.recipient {
        Some(id) => recipient_name(app, id),
        None => wording.text("recipient-all"),
    };
    let mut rows = vec![("receipt-id", receipt.id.to_string()), ("receipt-recorded-at", at(receipt.recorded_at))];
    if receipt.effective_from != receipt.recorded_at {
        rows.push(("receipt-effective-from", at(receipt.effective_from)));
    }
    rows.extend([
        ("receipt-channel", wording.text(&format!("channel-{}", receipt.channel.as_str()))),
        ("receipt-scope", wording.text(&format!("scope-{}", receipt.scope.as_str().replace('_', "-")))),
        ("receipt-recipient", recipient),
    ]);
    rows.into_iter().map(|(key, value)| (wording.text(key), value)).collect()
}

fn sent_before(app: &App, receipt: &Receipt, wording: Wording<'_>) -> Vec<String> {
    if receipt.sent_before.is_empty() {
        return vec![wording.text("before-nothing")];
    }
    let line = |sent: &crate::domain::receipt::SentBefore| {
        let count = wording.with("before-count", "count", i64::try_from(sent.count).unwrap_or(i64::MAX));
        let last = wording.with("before-last", "at", date_and_time(sent.last_at, TimeBase::Japan, wording));
        match wording.language() {
            Language::Ja => format!("{}：{count}（{last}）", recipient_name(app, &sent.recipient)),
            Language::En => format!("{}: {count} ({last})", recipient_name(app, &sent.recipient)),
        }
    };
    receipt.sent_before.iter().map(line).collect()
}

fn maybe_sent(receipt: &Receipt, wording: Wording<'_>) -> Option<MaybeSent> {
    let count = i64::try_from(receipt.maybe_sent.len()).unwrap_or(i64::MAX);
    (count > 0).then(|| MaybeSent {
        heading: wording.text("maybe-heading"),
        lead: wording.with("maybe-lead", "count", count),
        ids: receipt.maybe_sent.iter().map(ToString::to_string).collect(),
    })
}

/// The recipient's name in the bundle's register; its id where a later bundle does not have it any more.
fn recipient_name(app: &App, id: &str) -> String {
    let loaded = app.bundle.load();
    loaded.bundle.reference().recipient(id).map_or_else(|| id.to_owned(), |recipient| recipient.name.clone())
}
