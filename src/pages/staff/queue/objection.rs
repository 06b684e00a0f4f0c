//! An objection of somebody who was not identified: confirmed after another check, or a request filed to take it back.

use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

use super::event;
use crate::domain::challenge::Language;
use crate::domain::consent::line::{ConsentEvent, Identity};
use crate::domain::consent::{Basis, ConsentAction, IdentityMethod, IdentityOutcome};
use crate::domain::id::ConsentEventId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::resume::{self, ResumeError};
use crate::flow::consent::{self, ConsentError, Statement};
use crate::flow::staff::names::Names;
use crate::flow::staff::rights;
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet};
use crate::pages::staff::signed::Signed;
use crate::pages::staff::typed_note;

#[derive(Default, Deserialize)]
pub(in crate::pages::staff) struct Fields {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    read_out: String,
}

/// What is wrong: the field, and the key of the text.
type Wrong = Option<(&'static str, &'static str)>;

/// `GET /staff/queue/objections/{id}`
pub(in crate::pages::staff) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    signed.require(Act::QueueLook, &ActSubject::of(&id)).await?;
    let event = find(&signed, &id).await?;
    page(&signed, &event, &Fields::default(), None).await
}

/// `POST /staff/queue/objections/{id}`
pub(in crate::pages::staff) async fn decide(Path(id): Path<String>, form: StaffForm<Fields>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::QueueLook, &ActSubject::of(&id)).await?;
    let event = find(&signed, &id).await?;
    if !is_open(&signed, &event).await? {
        return Err(signed.refuse(Failure::Conflict));
    }
    let Some(method) = IdentityMethod::parse(&fields.method).filter(|method| offered(*method)) else {
        return page(&signed, &event, &fields, Some(("method", "supervisor-method-wrong"))).await;
    };
    let decided = match fields.decision.as_str() {
        "confirm" => confirm(&signed, &event, method, &fields).await?,
        "dismiss" if fields.read_out != "yes" => Err(("read_out", "supervisor-notice-not-read")),
        "dismiss" => dismiss(&signed, &event, method, &fields).await?,
        _ => return Err(signed.refuse(Failure::Malformed)),
    };
    match decided {
        Ok(word) => Ok(signed.go(&format!("/staff/queue?done={word}"))),
        Err(wrong) => page(&signed, &event, &fields, Some(wrong)).await,
    }
}

type Decided = Result<Result<&'static str, (&'static str, &'static str)>, Refusal>;

/// A checked objection takes the place of the pending one: what it protected stays protected.
async fn confirm(signed: &Signed, event: &ConsentEvent, method: IdentityMethod, fields: &Fields) -> Decided {
    signed.require(Act::ConsentObject, &ActSubject::of(event.cardholder_id)).await?;
    let said = statement(event, method, fields, None);
    let actor = signed.who().actor();
    match consent::object(signed.app(), &actor, event.cardholder_id, ConsentAction::Object, said).await {
        Ok(_) => Ok(Ok("confirmed")),
        Err(error) => explained(signed, error),
    }
}

/// Nothing changes until a second person has agreed.
async fn dismiss(signed: &Signed, event: &ConsentEvent, method: IdentityMethod, fields: &Fields) -> Decided {
    signed.require(Act::ConsentResumeRequest, &ActSubject::of(event.cardholder_id)).await?;
    let app = signed.app();
    let version = app.notices.current(app.now()).version.clone();
    let said = statement(event, method, fields, Some(version));
    match resume::request(app, &signed.who().actor(), event.cardholder_id, Basis::Notice, said).await {
        Ok(_) => Ok(Ok("filed")),
        Err(ResumeError::Waiting) => Ok(Err(("", "supervisor-waits-already"))),
        Err(ResumeError::Consent(error)) => explained(signed, error),
        Err(ResumeError::Store(error)) => Err(signed.refuse(error)),
        Err(error) => {
            tracing::error!(%error, "a request cannot be filed");
            Err(signed.refuse(Failure::Internal))
        }
    }
}

fn explained(signed: &Signed, error: ConsentError) -> Decided {
    match error {
        ConsentError::Reference(error) => Ok(Err(("reference", typed_note::key(&error)))),
        ConsentError::Store(error) => Err(signed.refuse(error)),
        error => {
            tracing::error!(%error, "a pending objection cannot be settled");
            Err(signed.refuse(Failure::Internal))
        }
    }
}

/// About what she said then, with the check of now.
fn statement(event: &ConsentEvent, method: IdentityMethod, fields: &Fields, script: Option<String>) -> Statement {
    Statement {
        coverage: event.coverage.clone(),
        channel: event.channel,
        reference: Some(fields.reference.clone()),
        identity: Identity { method, outcome: IdentityOutcome::Passed },
        script_version: script,
        language: Some(event.language.unwrap_or(Language::Ja)),
        effective_from: None,
        evidence_digest: None,
    }
}

fn offered(method: IdentityMethod) -> bool {
    matches!(method, IdentityMethod::KnownFacts | IdentityMethod::CallBack | IdentityMethod::Document)
}

async fn find(signed: &Signed, id: &str) -> Result<ConsentEvent, Refusal> {
    let id: ConsentEventId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let found = signed.app().store.consent_event(id).await.map_err(|error| signed.refuse(error))?;
    found.filter(|event| event.pending).ok_or_else(|| signed.refuse(Failure::NotFound))
}

/// Whether nothing better is known since.
async fn is_open(signed: &Signed, event: &ConsentEvent) -> Result<bool, Refusal> {
    let standing = signed.app().store.standing(event.cardholder_id).await.map_err(|error| signed.refuse(error))?;
    Ok(standing.objections.iter().any(|objection| objection.event == event.id && objection.pending))
}

async fn page(signed: &Signed, event: &ConsentEvent, fields: &Fields, wrong: Wrong) -> Answer {
    let names = signed.names().await?;
    let is_open = is_open(signed, event).await?;
    let may = rights::offers(signed.app(), signed.who(), Act::ConsentObject);
    Ok(show(signed, event, &names, (is_open, may), (fields, wrong)))
}

fn show(
    signed: &Signed,
    event: &ConsentEvent,
    names: &Names,
    (is_open, may): (bool, bool),
    (fields, wrong): (&Fields, Wrong),
) -> Response {
    let mut console = signed.console("supervisor-objection");
    console.error = wrong.is_some();
    let facts = event::facts(&console, names, event);
    let form = form(&console, event, fields, wrong);
    let notice = wrong.filter(|(field, _)| field.is_empty()).map(|(_, key)| (Tone::Bad, key));
    let notice = notice.or((!is_open).then_some((Tone::Plain, "supervisor-objection-settled")));
    let lead = console.text("supervisor-objection-lead");
    let mut sheet = Sheet::new(console).lead(lead).maybe_notice(notice).add(&facts);
    if is_open && may {
        sheet = sheet.add(&form);
    }
    signed.page(&sheet)
}

fn form(console: &super::Console<'_>, event: &ConsentEvent, fields: &Fields, wrong: Wrong) -> ActForm {
    let text = |key: &str| console.text(key);
    let error = |name: &str| wrong.filter(|(field, _)| *field == name).map(|(_, key)| console.text(key));
    let methods = IdentityMethod::ALL.iter().copied().filter(|method| offered(*method));
    let methods =
        methods.map(|method| (method.as_str().to_owned(), text(&format!("supervisor-by-{}", method.as_str()))));
    let mut form = ActForm::new(console, format!("/staff/queue/objections/{}", event.id), "")
        .title(text("supervisor-objection-form"))
        .field(
            Field::new("method", text("supervisor-identity-method"), FieldKind::Radio(methods.collect()))
                .value(&fields.method)
                .error(error("method")),
        )
        .field(
            Field::new("reference", text("supervisor-call-reference"), FieldKind::Text)
                .value(&fields.reference)
                .error(error("reference"))
                .optional(),
        )
        .field(
            Field::new("read_out", text("supervisor-notice-read"), FieldKind::Check)
                .value(&fields.read_out)
                .hint(text("supervisor-notice-read-hint"))
                .error(error("read_out"))
                .optional(),
        );
    form.buttons = vec![("confirm", text("supervisor-confirm")), ("dismiss", text("supervisor-dismiss"))];
    form
}
