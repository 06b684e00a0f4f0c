//! What cardholders say about sharing, said quickly.

use sekisho::app::App;
use sekisho::domain::challenge::Language;
use sekisho::domain::consent::line::{ConsentEvent, Identity};
use sekisho::domain::consent::{Basis, Channel, IdentityMethod, IdentityOutcome};
use sekisho::domain::outbox::OutboxKind;
use sekisho::flow::consent::resume::{self, ResumeError};
use sekisho::flow::consent::{Objection, Statement, object_by_reference};
use sekisho::flow::outbox;

/// The version of the notice that ships.
pub(crate) const NOTICE: &str = "2026-04";

/// A statement about everything, by somebody who was identified on the phone.
pub(crate) fn statement() -> Statement {
    Statement {
        reference: Some("CALL-2026-11-22-0001".to_owned()),
        identity: Identity { method: IdentityMethod::KnownFacts, outcome: IdentityOutcome::Passed },
        script_version: Some(NOTICE.to_owned()),
        language: Some(Language::Ja),
        ..Statement::of_system(Channel::Phone)
    }
}

/// She objects to everything.
pub(crate) async fn object(app: &App, cardholder: &str) -> Objection {
    object_by_reference(app, "agent", cardholder, statement()).await.unwrap()
}

/// She takes it back: one person files the request, another approves it.
pub(crate) async fn resume(app: &App, cardholder: &str) -> ConsentEvent {
    resume_unless_asked(app, cardholder).await.unwrap()
}

/// The same; an error where somebody else has asked for it and nobody has decided.
pub(crate) async fn resume_unless_asked(app: &App, cardholder: &str) -> Result<ConsentEvent, ResumeError> {
    let (id, ..) = app.store.cardholder_key(cardholder).await.unwrap().unwrap();
    let filed = resume::request(app, "agent", id, Basis::Notice, statement()).await?;
    resume::approve(app, "supervisor", filed.id, None).await
}

/// Tries every message of a kind that is due, once; what is left waits for later.
pub(crate) async fn send_messages(app: &App, kind: OutboxKind) {
    for claimed in outbox::take(app, kind, 100).await.unwrap() {
        outbox::send(app, &claimed).await.unwrap();
    }
}
