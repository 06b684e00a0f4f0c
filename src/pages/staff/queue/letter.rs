//! A letter to a recipient that has no call for erasure: to be printed, sent, and closed by hand once it was answered.

use axum::extract::Path;
use serde::Deserialize;

use crate::domain::erasure::{Erasure, ErasureState};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::erasure;
use crate::flow::staff::rights;
use crate::pages::pieces::{Cell, Facts, Table, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet, Words};
use crate::pages::staff::signed::Signed;

#[derive(Deserialize)]
pub(in crate::pages::staff) struct Nothing {}

/// `GET /staff/queue/letters/{number}`
pub(in crate::pages::staff) async fn open(signed: Signed, Path(number): Path<String>) -> Answer {
    signed.require(Act::QueueLook, &ActSubject::of(&number)).await?;
    let number: i64 = number.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let requests = signed.app().store.letter(number).await.map_err(|error| signed.refuse(error))?;
    let Some(first) = requests.first() else { return Err(signed.refuse(Failure::NotFound)) };
    let console = signed.console("supervisor-letter");
    let country = signed.app().bundle.load();
    let country = country.bundle.reference().recipient(&first.recipient).map(|recipient| recipient.country.clone());
    let facts = Facts {
        rows: vec![
            (console.text("supervisor-h-number"), Cell::Figure(number.to_string())),
            (console.text("supervisor-letter-to"), Cell::Text(recipient_name(&signed, &first.recipient))),
            (console.text("supervisor-letter-country"), Cell::Text(country.unwrap_or_default())),
            (console.text("supervisor-letter-from"), Cell::Text(console.issuer().to_owned())),
            (console.text("supervisor-letter-date"), Cell::Figure(console.moment(first.requested_at))),
        ],
    };
    let body = Words {
        title: console.text("supervisor-letter-subject"),
        sentences: vec![console.text("supervisor-letter-body"), console.text("supervisor-letter-answer")],
    };
    let ids = Table {
        caption: console.text("supervisor-letter-ids"),
        headings: vec![console.text("supervisor-letter-id"), console.text("supervisor-letter-own-id")],
        rows: requests.iter().map(row).collect(),
        empty: String::new(),
    };
    let is_open = requests.iter().any(|request| request.state == ErasureState::Queued);
    let close = ActForm::new(&console, format!("/staff/queue/letters/{number}/close"), "supervisor-letter-close");
    let notice = (!is_open).then_some((Tone::Plain, "supervisor-letter-was-closed"));
    let mut sheet = Sheet::new(console).maybe_notice(notice).add(&facts).add(&body).add(&ids);
    if is_open && rights::offers(signed.app(), signed.who(), Act::ErasureClose) {
        sheet = sheet.add(&close);
    }
    Ok(signed.page(&sheet))
}

/// `POST /staff/queue/letters/{number}/close`
pub(in crate::pages::staff) async fn close(Path(number): Path<String>, form: StaffForm<Nothing>) -> Answer {
    let signed = form.signed;
    signed.require(Act::ErasureClose, &ActSubject::of(&number)).await?;
    let number: i64 = number.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let closed = erasure::close_letter(signed.app(), &signed.who().actor(), number).await;
    match closed.map_err(|error| signed.refuse(error))? {
        0 => Err(signed.refuse(Failure::Conflict)),
        _ => Ok(signed.go("/staff/queue?done=closed")),
    }
}

/// The name of a recipient; its id where the register does not know it any more.
pub(super) fn recipient_name(signed: &Signed, id: &str) -> String {
    let loaded = signed.app().bundle.load();
    loaded.bundle.reference().recipient(id).map_or_else(|| id.to_owned(), |recipient| recipient.name.clone())
}

fn row(request: &Erasure) -> Vec<Cell> {
    let theirs = request.provider_request_id.clone().unwrap_or_else(|| "–".to_owned());
    vec![Cell::Figure(theirs), Cell::Figure(request.disclosure_id.to_string())]
}
