//! Purchases with a card, and "this was not me".

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::{find, path_of, titled};
use crate::domain::authentication::{Ending, Status};
use crate::domain::challenge::TimeBase;
use crate::domain::id::AuthenticationId;
use crate::flow::member_card::OwnCard;
use crate::flow::member_card::purchases::{self, DisownError, Purchase};
use crate::pages::member::answer::{Answer, Refusal};
use crate::pages::member::failure::Failure;
use crate::pages::member::form::{MemberForm, Nothing};
use crate::pages::member::frame::MemberFrame;
use crate::pages::member::sheet::Sheet;
use crate::pages::member::signed::Signed;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Cell, Facts, Table, Tone};
use crate::texts::foreign::plain;
use crate::texts::moment::{amount, date_and_time};

/// So many characters of a merchant's name are shown.
const MERCHANT_CHARS: usize = 60;

#[derive(Deserialize)]
pub(in crate::pages::member) struct Said {
    #[serde(default)]
    disowned: String,
}

/// Whom to call now.
#[derive(Template)]
#[template(path = "member_call.html")]
struct Call {
    heading: String,
    lead: String,
    phone: String,
    telephone: String,
    hours: String,
}

/// `GET /my/cards/{id}/purchases`
pub(in crate::pages::member) async fn open(signed: Signed, Path(id): Path<String>, Query(said): Query<Said>) -> Answer {
    let own = find(&signed, &id).await?;
    let list = purchases::list(signed.app(), &own).await.map_err(|error| signed.refuse(error))?;
    let frame = titled(&signed, &own, "my-purchases-title");
    let headings = ["at", "merchant", "amount", "result", "action"];
    let headings = headings.map(|name| frame.text(&format!("my-purchase-{name}")));
    let table = Table {
        caption: frame.text("my-purchases"),
        headings: headings.to_vec(),
        rows: list.iter().map(|purchase| row(&own, &frame, purchase)).collect(),
        empty: frame.text("my-purchases-none"),
    };
    let call = call(&frame);
    let blocked = own.card.blocked_at.is_some() || !said.disowned.is_empty();
    let notice = blocked.then_some((Tone::Bad, "my-card-blocked-lead"));
    let sheet = Sheet::new(frame).lead("my-purchases-lead").maybe_notice(notice);
    let sheet = if blocked { sheet.add(&call) } else { sheet };
    Ok(signed.page(&sheet.add(&table)))
}

/// `GET /my/cards/{id}/purchases/{authentication}/not-me`
pub(in crate::pages::member) async fn ask(
    signed: Signed,
    Path((id, authentication)): Path<(String, String)>,
) -> Answer {
    let own = find(&signed, &id).await?;
    let purchase = find_purchase(&signed, &own, &authentication).await?;
    let frame = titled(&signed, &own, "my-not-me-title");
    let facts = Facts { rows: facts(&frame, &purchase) };
    let form = ActForm::new(&frame, disown_path(&own, &purchase), "my-not-me");
    Ok(signed.page(&Sheet::new(frame).lead("my-not-me-lead").add(&facts).add(&form)))
}

/// `POST /my/cards/{id}/purchases/{authentication}/not-me`: no proof is asked for again. Who blocks by mistake calls; who
/// has to find her password first loses time.
pub(in crate::pages::member) async fn disown(
    Path((id, authentication)): Path<(String, String)>,
    form: MemberForm<Nothing>,
) -> Answer {
    let signed = form.signed;
    let own = find(&signed, &id).await?;
    let purchase = find_purchase(&signed, &own, &authentication).await?;
    let said = purchases::disown(signed.app(), signed.member(), &own, purchase.id).await;
    said.map_err(|error| refused(&signed, error))?;
    Ok(signed.go(&path_of(&own, "/purchases?disowned=1")))
}

async fn find_purchase(signed: &Signed, own: &OwnCard, id: &str) -> Result<Purchase, Refusal> {
    let id: AuthenticationId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    purchases::find(signed.app(), own, id).await.map_err(|error| refused(signed, error))
}

fn refused(signed: &Signed, error: DisownError) -> Refusal {
    match error {
        DisownError::Unknown => signed.refuse(Failure::NotFound),
        DisownError::Store(error) => signed.refuse(error),
    }
}

fn disown_path(own: &OwnCard, purchase: &Purchase) -> String {
    path_of(own, &format!("/purchases/{}/not-me", purchase.id))
}

fn row(own: &OwnCard, frame: &MemberFrame<'_>, purchase: &Purchase) -> Vec<Cell> {
    let action = if purchase.disowned {
        Cell::State(frame.text("my-purchase-disowned"), Tone::Bad)
    } else {
        Cell::Link { path: disown_path(own, purchase), text: frame.text("my-not-me-title") }
    };
    let mut cells: Vec<Cell> = facts(frame, purchase).into_iter().map(|(_, cell)| cell).collect();
    cells.push(action);
    cells
}

fn facts(frame: &MemberFrame<'_>, purchase: &Purchase) -> Vec<(String, Cell)> {
    let at = date_and_time(purchase.purchased_at, TimeBase::Japan, frame.wording);
    let (key, tone) = result(purchase);
    let cells = [
        ("my-purchase-at", Cell::Figure(at)),
        ("my-purchase-merchant", Cell::Text(plain(&purchase.merchant, MERCHANT_CHARS))),
        ("my-purchase-amount", Cell::Figure(amount(purchase.money))),
        ("my-purchase-result", Cell::State(frame.text(key), tone)),
    ];
    cells.into_iter().map(|(key, cell)| (frame.text(key), cell)).collect()
}

/// What became of it, in words that tell nothing of why.
fn result(purchase: &Purchase) -> (&'static str, Tone) {
    match (purchase.status, purchase.ending) {
        (Status::Approved, Ending::Decided) => ("my-result-approved", Tone::Good),
        (Status::Approved, _) => ("my-result-proved", Tone::Good),
        (Status::ChallengeRequired, _) => ("my-result-waiting", Tone::Plain),
        (Status::Rejected, Ending::Cancelled | Ending::MerchantCancelled) => ("my-result-cancelled", Tone::Plain),
        (Status::Rejected, Ending::TimedOut) => ("my-result-timed-out", Tone::Plain),
        (Status::Rejected, Ending::Challenge) => ("my-result-wrong", Tone::Bad),
        (Status::Rejected, _) => ("my-result-refused", Tone::Bad),
        (Status::NotEnrolled | Status::NotEligible | Status::Unavailable, _) => ("my-result-none", Tone::Plain),
    }
}

fn call(frame: &MemberFrame<'_>) -> Call {
    Call {
        heading: frame.text("my-call"),
        lead: frame.text("my-call-lead"),
        phone: frame.phone().to_owned(),
        telephone: frame.phone().chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect(),
        hours: frame.hours().to_owned(),
    }
}
