//! What is shared about a member: how it stands, to whom, everything that was sent, and how to stop it.

use axum::extract::{Path, Query};
use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::failure::Failure;
use super::form::{MemberForm, Nothing};
use super::frame::MemberFrame;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::domain::consent::ConsentState;
use crate::domain::datum::Datum;
use crate::domain::id::ConsentEventId;
use crate::flow::consent::ConsentError;
use crate::flow::consent::resume::ResumeError;
use crate::flow::member_sharing::{self, MemberSharingError, SharingView, Told, ToldOutcome};
use crate::pages::pieces::act_form::{ActForm, Words};
use crate::pages::pieces::{Cell, Facts, Table, Tone};
use crate::pages::receipt;
use crate::store::StoreError;

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct Objecting {
    #[serde(default)]
    form: String,
}

/// `GET /my/sharing`
pub(super) async fn open(signed: Signed, Query(after): Query<After>) -> Answer {
    let view = member_sharing::view(signed.app(), signed.member()).await.map_err(|error| refused(&signed, error))?;
    let frame = signed.frame("my-sharing");
    let facts = facts(&signed, &frame, &view);
    let disclosures = disclosures(&frame, &view);
    let ways = Words { title: frame.text("my-sharing-stop"), sentences: vec![by_telephone(&frame)] };
    let notice = match after.done.as_str() {
        "asked" => Some((Tone::Good, "my-sharing-asked")),
        "waiting" => Some((Tone::Plain, "my-sharing-waits")),
        _ => None,
    };
    let form = form(&signed, &frame, &view);
    let mut sheet = Sheet::new(frame).lead("my-sharing-lead").maybe_notice(notice).add(&facts).add(&ways);
    if let Some(form) = form {
        sheet = sheet.add(&form);
    }
    Ok(signed.page(&sheet.add(&disclosures)))
}

/// `POST /my/sharing/object`: sent twice it is recorded once.
pub(super) async fn object(form: MemberForm<Objecting>) -> Answer {
    let MemberForm { signed, fields } = form;
    let id: ConsentEventId = fields.form.parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    let receipt = || signed.go(&format!("/my/sharing/receipts/{id}"));
    match member_sharing::object(signed.app(), signed.member(), id, signed.language()).await {
        // The same form again; or it is recorded, and sharing is off until the checkpoint can be written.
        Ok(_)
        | Err(MemberSharingError::Consent(
            ConsentError::Store(StoreError::Duplicate { .. }) | ConsentError::Checkpoint(_),
        )) => Ok(receipt()),
        Err(error) => Err(refused(&signed, error)),
    }
}

/// `GET /my/sharing/receipts/{id}`
pub(super) async fn show_receipt(signed: Signed, Path(id): Path<String>) -> Answer {
    let id: ConsentEventId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let found = member_sharing::receipt(signed.app(), signed.member(), id).await;
    let found = found.map_err(|error| refused(&signed, error))?.ok_or_else(|| signed.refuse(Failure::NotFound))?;
    Ok(receipt::page(signed.app(), &found, signed.language()))
}

/// `POST /my/sharing/resume`
pub(super) async fn ask_to_resume(form: MemberForm<Nothing>) -> Answer {
    let signed = form.signed;
    signed.require_proof()?;
    match member_sharing::ask_to_resume(signed.app(), signed.member(), signed.language()).await {
        Ok(()) => Ok(signed.go("/my/sharing?done=asked")),
        Err(MemberSharingError::Resume(ResumeError::Waiting)) => Ok(signed.go("/my/sharing?done=waiting")),
        Err(error) => Err(refused(&signed, error)),
    }
}

fn refused(signed: &Signed, error: MemberSharingError) -> Refusal {
    match error {
        MemberSharingError::NotHers | MemberSharingError::NotHere => signed.refuse(Failure::NotFound),
        MemberSharingError::Store(error)
        | MemberSharingError::Consent(ConsentError::Store(error))
        | MemberSharingError::Resume(ResumeError::Store(error)) => signed.refuse(error),
        error => signed.refuse(Failure::of_fault(&error)),
    }
}

fn facts(signed: &Signed, frame: &MemberFrame<'_>, view: &SharingView) -> Facts {
    let tone = if view.state == ConsentState::OptedOut { Tone::Good } else { Tone::Plain };
    let state = frame.text(&format!("my-sharing-{}", view.state.as_str().replace('_', "-")));
    let mut rows = vec![(frame.text("my-sharing-state"), Cell::State(state, tone))];
    let loaded = signed.app().bundle.load();
    for recipient in loaded.bundle.reference().recipients() {
        let country = frame.text(&format!("country-{}", recipient.country.to_ascii_lowercase()));
        rows.push((frame.text("my-sharing-recipient"), Cell::Text(format!("{} ({country})", recipient.name))));
    }
    let notice = Cell::Link { path: format!("/privacy?language={}", frame.language()), text: frame.text("my-notice") };
    rows.push((frame.text("my-sharing-notice"), notice));
    Facts { rows }
}

fn by_telephone(frame: &MemberFrame<'_>) -> String {
    format!("{} {} {}", frame.text("my-sharing-by-telephone"), frame.phone(), frame.hours())
}

/// What she can do right here: object, or ask that sharing be resumed.
fn form(signed: &Signed, frame: &MemberFrame<'_>, view: &SharingView) -> Option<ActForm> {
    if view.state == ConsentState::OptedOut {
        let form = ActForm::new(frame, "/my/sharing/resume", "my-sharing-resume");
        return (!view.resume_waits).then(|| form.title(frame.text("my-sharing-resume-title")));
    }
    let id = ConsentEventId::new(signed.app().now(), signed.app().randomness.as_ref());
    let form = ActForm::new(frame, "/my/sharing/object", "my-sharing-object").hidden("form", id.to_string());
    view.may_object_here.then(|| form.title(frame.text("my-sharing-object-title")))
}

fn disclosures(frame: &MemberFrame<'_>, view: &SharingView) -> Table {
    let word = |kind: &str, word: &str| frame.text(&format!("export-{kind}-{}", word.replace('_', "-")));
    let row = |told: &Told| {
        let item =
            |(datum, mode): &(Datum, String)| format!("{} ({})", word("datum", datum.as_str()), word("mode", mode));
        let items: Vec<String> = told.items.iter().map(item).collect();
        let (key, tone) = match told.outcome {
            ToldOutcome::Sent => ("my-told-sent", Tone::Plain),
            ToldOutcome::NotSent => ("my-told-not-sent", Tone::Good),
            ToldOutcome::Unknown => ("my-told-unknown", Tone::Plain),
        };
        vec![
            Cell::Figure(frame.moment(told.at)),
            Cell::Text(told.recipient.clone()),
            Cell::Text(items.join(&frame.text("staff-list-separator"))),
            Cell::Text(frame.text(&format!("my-purpose-{}", told.purpose.as_str()))),
            Cell::State(frame.text(key), tone),
        ]
    };
    let headings = ["at", "recipient", "what", "purpose", "outcome"];
    let more = i64::try_from(view.more).unwrap_or(i64::MAX);
    Table {
        caption: if more > 0 { frame.wording.with("my-told-more", "count", more) } else { frame.text("my-told") },
        headings: headings.map(|name| frame.text(&format!("my-told-{name}"))).to_vec(),
        rows: view.disclosures.iter().map(row).collect(),
        empty: frame.text("my-told-none"),
    }
}
