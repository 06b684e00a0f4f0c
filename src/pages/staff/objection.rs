//! A cardholder objects on the telephone: one form, and the page that says it is recorded.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::answer::Answer;
use super::cardholder::look;
use super::check_list::{self, CheckList, Strictness};
use super::console::Console;
use super::failure::Failure;
use super::form::StaffForm;
use super::pieces::{Field, FieldKind, Notice, Tone};
use super::script::{Script, script};
use super::signed::Signed;
use super::typed::{Mistakes, Typed, mistake};
use super::words::{self, StateWords};
use super::{statement, typed};
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::consent::{Basis, ConsentAction, Purpose};
use crate::domain::id::ConsentEventId;
use crate::domain::staff::Act;
use crate::flow::cardholder::Person;
use crate::flow::consent::{self, ConsentError, Statement};
use crate::flow::outbox;
use crate::store::StoreError;

/// One of her cards, to be chosen.
struct CardChoice {
    name: String,
    label: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "console_object.html")]
struct ObjectPage<'a> {
    console: Console<'a>,
    path: String,
    form: String,
    state: StateWords,
    notice: Option<Notice>,
    check: CheckList,
    reference: Field,
    channel: Field,
    scope: Field,
    cards: Vec<CardChoice>,
    language: Field,
    mail: Option<Field>,
    more: Vec<Field>,
    more_open: bool,
    script: Script,
}

/// `GET /staff/cardholders/{id}/object`
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let (person, events) = look(&signed, &id, Act::ConsentObject).await?;
    let app = signed.app();
    let form = ConsentEventId::new(app.now(), &*app.randomness).to_string();
    let typed =
        Typed::default().preset("form", form).preset("scope", "all").preset("language", signed.language().as_str());
    Ok(show(&signed, &person, &events, &typed, &Mistakes::new()))
}

/// `POST /staff/cardholders/{id}/object`: sent twice it is recorded once.
pub(super) async fn record(Path(id): Path<String>, form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    let (person, events) = look(&signed, &id, Act::ConsentObject).await?;
    let own: ConsentEventId = fields.get("form").parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    let app = signed.app();
    let recorded = app.store.consent_event(own).await.map_err(|error| signed.refuse(error))?;
    if let Some(event) = recorded {
        let hers = event.cardholder_id == person.id;
        return if hers { Ok(signed.go(&path_of(own))) } else { Err(signed.refuse(Failure::Malformed)) };
    }
    let mut mistakes = Mistakes::new();
    let console = signed.console("console-object");
    let identity = check_list::read(&console, Some(&person), Strictness::Light, &fields, &mut mistakes);
    let stated = statement_of(&signed, &console, &person, &fields, &mut mistakes);
    let (Some(identity), Some(stated)) = (identity, stated) else {
        return Ok(show(&signed, &person, &events, &fields, &mistakes));
    };
    let action = if fields.get("action") == "withdraw" { ConsentAction::Withdraw } else { ConsentAction::Object };
    let stated = Statement { identity, ..stated };
    match consent::object_as(app, &signed.who().actor(), person.id, action, stated, own).await {
        Ok(objection) => {
            if fields.is_ticked("mail") && has_email(&person) && !objection.event.pending {
                mail_receipt(&signed, &objection.event).await.map_err(|error| signed.refuse(error))?;
            }
            Ok(signed.go(&path_of(own)))
        }
        // The other one of two at the same moment was recorded; or it was, and sharing is off: the page says so.
        Err(ConsentError::Store(StoreError::Duplicate { .. }) | ConsentError::Checkpoint(_)) => {
            Ok(signed.go(&path_of(own)))
        }
        Err(ConsentError::Store(error)) => Err(signed.refuse(error)),
        Err(ConsentError::UnknownCardholder(_)) => Err(signed.refuse(Failure::NotFound)),
        Err(error) => match statement::refusal(&console, &error) {
            Some(mistake) => Ok(show(&signed, &person, &events, &fields, &vec![mistake])),
            None => Err(signed.refuse(Failure::Malformed)),
        },
    }
}

/// Puts the receipt of an event into the outbox, once however often it is asked for.
pub(super) async fn mail_receipt(signed: &Signed, event: &ConsentEvent) -> Result<(), StoreError> {
    let app = signed.app();
    match consent::find_receipt(app, event.id).await? {
        Some(receipt) => outbox::mail_receipt(app, &signed.who().actor(), event.cardholder_id, &receipt).await,
        None => Ok(()),
    }
}

/// Whether a letter by e-mail can reach her.
pub(super) fn has_email(person: &Person) -> bool {
    person.record.as_ref().is_some_and(|record| record.email.is_some())
}

fn path_of(event: ConsentEventId) -> String {
    format!("/staff/consent-events/{event}")
}

/// What was stated, but for the check of identity.
fn statement_of(
    signed: &Signed,
    console: &Console<'_>,
    person: &Person,
    typed: &Typed,
    mistakes: &mut Mistakes,
) -> Option<Statement> {
    let cards = match typed.get("scope") {
        "cards" => {
            let chosen = person.cards.iter().filter(|card| typed.is_ticked(&format!("card_{}", card.id)));
            Some(chosen.map(|card| card.id).collect::<std::collections::BTreeSet<_>>())
        }
        _ => None,
    };
    if cards.as_ref().is_some_and(std::collections::BTreeSet::is_empty) {
        mistakes.push(("scope", console.text("console-scope-none")));
    }
    let effective_from = statement::read_said_on(console, typed, signed.app().now(), mistakes);
    let of_system = Statement::of_system(statement::read_channel(typed));
    mistakes.is_empty().then(|| Statement {
        coverage: Coverage { cards, purpose: Purpose::parse(typed.get("purpose")), recipient: typed.some("recipient") },
        reference: typed.some("reference"),
        script_version: typed.some("script_version"),
        language: Some(statement::read_language(typed)),
        effective_from,
        ..of_system
    })
}

fn show(signed: &Signed, person: &Person, events: &[ConsentEvent], typed: &Typed, mistakes: &Mistakes) -> Response {
    let mut console = signed.console("console-object");
    console.title = words::titled(&console, person);
    console.error = !mistakes.is_empty();
    let general = mistake(mistakes, "form");
    let summary = general.or_else(|| console.error.then(|| console.text("console-mistakes")));
    let choice = |word: &str| (word.to_owned(), console.text(&format!("console-scope-{word}")));
    let more = more(signed, &console, person, typed, mistakes);
    let page = ObjectPage {
        path: format!("/staff/cardholders/{}/object", person.id),
        form: typed.get("form").to_owned(),
        state: words::state(&console, person, events),
        notice: summary.map(|text| Notice { tone: Tone::Bad, text }),
        check: check_list::check_list(&console, Some(person), Strictness::Light, typed, mistakes),
        reference: statement::reference(&console, typed, mistakes),
        channel: statement::channel(&console, typed),
        scope: Field::new(
            "scope",
            console.text("console-scope"),
            FieldKind::Radio(vec![choice("all"), choice("cards")]),
        )
        .value(typed.get("scope"))
        .error(mistake(mistakes, "scope")),
        cards: cards(&console, person, typed),
        language: statement::language(&console, typed),
        mail: has_email(person).then(|| {
            Field::new("mail", console.text("console-mail-receipt"), FieldKind::Check)
                .optional()
                .value(typed.get("mail"))
        }),
        more_open: ["said_on", "recipient", "purpose"]
            .iter()
            .any(|name| !typed.get(name).is_empty() || mistake(mistakes, name).is_some()),
        more,
        script: script(signed, &console),
        console,
    };
    signed.page(&page)
}

fn cards(console: &Console<'_>, person: &Person, typed: &Typed) -> Vec<CardChoice> {
    let choice = |card: &crate::store::cards::Card| {
        let name = format!("card_{}", card.id);
        let status = console.text(&format!("console-card-{}", card.status.as_str()));
        CardChoice {
            label: format!("…{} {} {status}", card.number.last_four, card.programme),
            ticked: typed.is_ticked(&name),
            name,
        }
    };
    person.cards.iter().map(choice).collect()
}

/// What few calls need: one purpose, one recipient, another day, the withdrawal of an agreement.
fn more(signed: &Signed, console: &Console<'_>, person: &Person, typed: &Typed, mistakes: &Mistakes) -> Vec<Field> {
    let every = |key: &str| (String::new(), console.text(key));
    let purposes = [Purpose::Assess, Purpose::Feedback, Purpose::Reuse].map(|purpose| {
        let word = purpose.as_str();
        (word.to_owned(), console.text(&format!("console-purpose-{word}")))
    });
    let purposes = std::iter::once(every("console-purpose-all")).chain(purposes).collect();
    let loaded = signed.app().bundle.load();
    let recipients = loaded.bundle.reference().recipients();
    let recipients = recipients.map(|recipient| (recipient.id.clone(), recipient.name.clone()));
    let recipients = std::iter::once(every("console-recipient-all")).chain(recipients).collect();
    let mut fields = vec![
        statement::said_on(console, typed, mistakes),
        Field::new("purpose", console.text("console-purpose"), FieldKind::Choice(purposes))
            .optional()
            .value(typed.get("purpose")),
        Field::new("recipient", console.text("console-recipient"), FieldKind::Choice(recipients))
            .optional()
            .value(typed.get("recipient"))
            .error(typed::mistake(mistakes, "recipient")),
    ];
    if person.standing.permits.iter().any(|permit| permit.basis == Basis::Consent) {
        let actions =
            ["object", "withdraw"].map(|word| (word.to_owned(), console.text(&format!("console-action-{word}"))));
        let action = Field::new("action", console.text("console-what"), FieldKind::Choice(actions.to_vec()));
        fields.push(action.value(typed.get("action")));
    }
    fields
}
