//! The tables of a cardholder's page.

use super::super::answer::Refusal;
use super::super::console::Console;
use super::super::signed::Signed;
use super::super::words;
use crate::domain::approval::ApprovalState;
use crate::domain::authentication::Status;
use crate::domain::card::CardStatus;
use crate::domain::challenge::Language;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::erasure::ErasureState;
use crate::flow::cardholder::{History, Person};
use crate::flow::staff::names::{self, Names};
use crate::flow::support::Summary;
use crate::pages::pieces::{Cell, Table, Tone};
use crate::texts::foreign::plain;
use crate::texts::moment::amount;

/// The longest name of a merchant that is shown, in characters.
const MERCHANT_CHARS: usize = 40;

/// Every table that says something.
pub(super) async fn all(
    signed: &Signed,
    console: &Console<'_>,
    person: &Person,
    history: &History,
    recent: &[Summary],
) -> Result<Vec<Table>, Refusal> {
    let names = signed.names().await?;
    let mut tables =
        vec![cards(console, person), events(console, person, history, &names), sent(signed, console, history)];
    tables.extend((!history.approvals.is_empty()).then(|| approvals(console, history, &names)));
    tables.extend((!history.erasures.is_empty()).then(|| erasures(signed, console, history)));
    tables.push(authentications(console, recent));
    Ok(tables)
}

/// Who recorded something, as colleagues read it.
fn actor(console: &Console<'_>, names: &Names, actor: &str) -> String {
    if names::staff_id(actor).is_some() { names.of(actor) } else { console.text("console-by-system") }
}

fn table(console: &Console<'_>, name: &str, headings: &[&str], rows: Vec<Vec<Cell>>) -> Table {
    Table {
        caption: console.text(&format!("console-{name}")),
        headings: headings.iter().map(|heading| console.text(&format!("console-{heading}"))).collect(),
        rows,
        empty: console.text(&format!("console-{name}-none")),
    }
}

fn cards(console: &Console<'_>, person: &Person) -> Table {
    let row = |card: &crate::store::cards::Card| {
        let tone = if card.status == CardStatus::Active { Tone::Good } else { Tone::Bad };
        vec![
            Cell::Figure(format!("…{}", card.number.last_four)),
            Cell::Text(card.programme.clone()),
            Cell::State(console.text(&format!("console-card-{}", card.status.as_str())), tone),
            Cell::Figure(card.number.expiry.to_string()),
        ]
    };
    table(console, "cards", &["last-four", "programme", "status", "expiry"], person.cards.iter().map(row).collect())
}

fn events(console: &Console<'_>, person: &Person, history: &History, names: &Names) -> Table {
    let row = |event: &ConsentEvent| {
        let about = match event.corrects {
            Some(corrects) => corrected(console, history, corrects),
            None => words::coverage(console, person, &event.coverage),
        };
        vec![
            Cell::Figure(console.moment(event.recorded_at)),
            Cell::Link { path: format!("/staff/consent-events/{}", event.id), text: words::action(console, event) },
            Cell::Text(about),
            Cell::Text(console.text(&format!("console-channel-{}", event.channel.as_str()))),
            Cell::Text(event.reference.clone().unwrap_or_default()),
            Cell::Text(actor(console, names, &event.actor)),
        ]
    };
    let headings = ["at", "what", "about", "channel", "call-reference", "who"];
    table(console, "events", &headings, history.events.iter().map(row).collect())
}

fn corrected(console: &Console<'_>, history: &History, id: crate::domain::id::ConsentEventId) -> String {
    let at = history.events.iter().find(|event| event.id == id).map(|event| console.moment(event.recorded_at));
    console.wording.with("console-corrects", "at", at.unwrap_or_else(|| id.to_string()))
}

fn sent(signed: &Signed, console: &Console<'_>, history: &History) -> Table {
    let row = |sent: &crate::domain::receipt::SentBefore| {
        vec![
            Cell::Text(recipient(signed, &sent.recipient)),
            Cell::Figure(sent.count.to_string()),
            Cell::Figure(console.moment(sent.last_at)),
        ]
    };
    table(console, "sent", &["recipient", "count", "last"], history.sent.iter().map(row).collect())
}

/// The recipient's name in the bundle's register; its id where a later bundle does not have it any more.
fn recipient(signed: &Signed, id: &str) -> String {
    let loaded = signed.app().bundle.load();
    loaded.bundle.reference().recipient(id).map_or_else(|| id.to_owned(), |recipient| recipient.name.clone())
}

fn approvals(console: &Console<'_>, history: &History, names: &Names) -> Table {
    let row = |approval: &crate::domain::approval::Approval| {
        let tone = if approval.state == ApprovalState::Waiting { Tone::Bad } else { Tone::Plain };
        vec![
            Cell::Figure(console.moment(approval.requested_at)),
            Cell::Text(console.text("console-approval-resume")),
            Cell::State(console.text(&format!("console-approval-{}", approval.state.as_str())), tone),
            Cell::Text(actor(console, names, &approval.requested_by)),
        ]
    };
    table(console, "approvals", &["at", "what", "status", "who"], history.approvals.iter().map(row).collect())
}

fn erasures(signed: &Signed, console: &Console<'_>, history: &History) -> Table {
    let row = |erasure: &crate::domain::erasure::Erasure| {
        let tone = match erasure.state {
            ErasureState::Done => Tone::Good,
            ErasureState::Queued => Tone::Plain,
            ErasureState::Failed => Tone::Bad,
        };
        let way = match erasure.letter {
            Some(number) => console.wording.with("console-erasure-letter", "number", number),
            None => console.text("console-erasure-call"),
        };
        vec![
            Cell::Figure(console.moment(erasure.requested_at)),
            Cell::Text(recipient(signed, &erasure.recipient)),
            Cell::Text(way),
            Cell::State(console.text(&format!("console-erasure-{}", erasure.state.as_str())), tone),
        ]
    };
    table(console, "erasures", &["at", "recipient", "way", "status"], history.erasures.iter().map(row).collect())
}

fn authentications(console: &Console<'_>, recent: &[Summary]) -> Table {
    let row = |summary: &Summary| {
        let words = match console.wording.language() {
            Language::Ja => summary.status_words.ja.clone(),
            Language::En => summary.status_words.en.clone(),
        };
        let tone = if summary.status == Status::Approved { Tone::Good } else { Tone::Plain };
        let merchant = plain(&summary.merchant_name, MERCHANT_CHARS);
        vec![
            Cell::Figure(console.moment(summary.created_at)),
            Cell::Link { path: format!("/staff/authentications/{}", summary.id), text: merchant },
            Cell::Figure(amount(summary.money)),
            Cell::Figure(format!("…{}", summary.card_last_four)),
            Cell::State(words, tone),
        ]
    };
    let headings = ["at", "merchant", "amount", "last-four", "result"];
    table(console, "authentications", &headings, recent.iter().map(row).collect())
}
