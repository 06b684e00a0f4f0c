//! The two forms of the support view: unlocking, and "confirmed with the cardholder".

use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

use super::look;
use super::view::purchase;
use crate::domain::consent::line::Identity;
use crate::domain::consent::{IdentityMethod, IdentityOutcome};
use crate::domain::money::Money;
use crate::domain::staff::{Act, ActSubject};
use crate::domain::vouch::VOUCH_MINUTES_MAX;
use crate::flow::support::SupportView;
use crate::flow::unlock::{self as unlocking, UnlockError};
use crate::flow::vouch::{self as vouching, VouchEntry, VouchError};
use crate::pages::pieces::{Facts, Field, FieldKind, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet};
use crate::pages::staff::signed::Signed;
use crate::pages::staff::typed_note;

#[derive(Default, Deserialize)]
pub(in crate::pages::staff) struct UnlockFields {
    #[serde(default)]
    reason: String,
}

#[derive(Default, Deserialize)]
pub(in crate::pages::staff) struct VouchFields {
    #[serde(default)]
    ceiling: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    call_reference: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    outcome: String,
}

/// What is wrong with a form: the field, where it is one's, and the key of the text.
pub(super) type Wrong = Option<(&'static str, &'static str)>;

/// `GET /staff/authentications/{id}/unlock`
pub(in crate::pages::staff) async fn open_unlock(signed: Signed, Path(id): Path<String>) -> Answer {
    signed.require(Act::ChallengeUnlock, &ActSubject::of(&id)).await?;
    let view = look(&signed, &id).await?;
    Ok(unlock_page(&signed, &view, &UnlockFields::default(), None))
}

/// `POST /staff/authentications/{id}/unlock`
pub(in crate::pages::staff) async fn unlock(Path(id): Path<String>, form: StaffForm<UnlockFields>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::ChallengeUnlock, &ActSubject::of(&id)).await?;
    let view = look(&signed, &id).await?;
    let card_id = view.summary.card_id.ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let wrong = match unlocking::unlock(signed.app(), signed.who(), card_id, fields.reason.clone()).await {
        Ok(_) => return Ok(signed.go(&format!("/staff/authentications/{}?done=unlocked", view.summary.id))),
        Err(UnlockError::Reason(error)) => ("reason", typed_note::key(&error)),
        Err(UnlockError::Closed(_)) => ("", "supervisor-unlock-closed"),
        Err(UnlockError::NotLocked) => ("", "supervisor-unlock-nothing"),
        Err(UnlockError::UnknownCard(_)) => return Err(signed.refuse(Failure::NotFound)),
        Err(UnlockError::Store(error)) => return Err(signed.refuse(error)),
    };
    Ok(unlock_page(&signed, &view, &fields, Some(wrong)))
}

fn unlock_page(signed: &Signed, view: &SupportView, fields: &UnlockFields, wrong: Wrong) -> Response {
    let mut console = signed.console("supervisor-unlock-title");
    console.error = wrong.is_some();
    let reason = Field::new("reason", console.text("supervisor-reason"), FieldKind::Text)
        .hint(console.text("supervisor-unlock-reason-hint"))
        .error(of_field(wrong, "reason").map(|key| console.text(key)))
        .value(&fields.reason)
        .first();
    let action = format!("/staff/authentications/{}/unlock", view.summary.id);
    let form = ActForm::new(&console, action, "supervisor-unlock").field(reason);
    let facts = Facts { rows: purchase(&console, view) };
    let lead = console.text("supervisor-unlock-lead");
    let notice = of_field(wrong, "").map(|key| (Tone::Bad, key));
    signed.page(&Sheet::new(console).lead(lead).maybe_notice(notice).add(&facts).add(&form))
}

/// `GET /staff/authentications/{id}/vouch`
pub(in crate::pages::staff) async fn open_vouch(signed: Signed, Path(id): Path<String>) -> Answer {
    signed.require(Act::AuthenticationVouch, &ActSubject::of(&id)).await?;
    let view = look(&signed, &id).await?;
    let money = view.summary.money.to_string();
    let fields = VouchFields {
        ceiling: money.split(' ').next_back().unwrap_or_default().to_owned(),
        minutes: VOUCH_MINUTES_MAX.to_string(),
        ..VouchFields::default()
    };
    Ok(vouch_page(&signed, &view, &fields, None))
}

/// `POST /staff/authentications/{id}/vouch`
pub(in crate::pages::staff) async fn vouch(Path(id): Path<String>, form: StaffForm<VouchFields>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::AuthenticationVouch, &ActSubject::of(&id)).await?;
    let view = look(&signed, &id).await?;
    let entry = match entry(&view, &fields) {
        Ok(entry) => entry,
        Err(wrong) => return Ok(vouch_page(&signed, &view, &fields, Some(wrong))),
    };
    let wrong = match vouching::vouch(signed.app(), signed.who(), entry).await {
        Ok(_) => return Ok(signed.go(&format!("/staff/authentications/{}?done=vouched", view.summary.id))),
        Err(VouchError::NotChecked) => ("outcome", "supervisor-vouch-not-checked"),
        Err(VouchError::Amount) => ("ceiling", "supervisor-ceiling-wrong"),
        Err(VouchError::Minutes) => ("minutes", "supervisor-minutes-wrong"),
        Err(VouchError::CallReference(error)) => ("call_reference", typed_note::key(&error)),
        Err(VouchError::LostOrStolen(_)) => ("", "supervisor-vouch-lost"),
        Err(VouchError::Blocked) => ("", "supervisor-vouch-blocked"),
        Err(VouchError::NotActive(_)) => ("", "supervisor-vouch-inactive"),
        Err(VouchError::UnknownCard(_) | VouchError::UnknownMerchant(_)) => {
            return Err(signed.refuse(Failure::NotFound));
        }
        Err(VouchError::AtTheSameTime) => return Err(signed.refuse(Failure::Conflict)),
        Err(VouchError::Store(error)) => return Err(signed.refuse(error)),
    };
    Ok(vouch_page(&signed, &view, &fields, Some(wrong)))
}

fn entry(view: &SupportView, fields: &VouchFields) -> Result<VouchEntry, (&'static str, &'static str)> {
    let summary = &view.summary;
    // A purchase of an unknown card is shown, but there is nobody to vouch for.
    let card_id = summary.card_id.ok_or(("", "supervisor-vouch-inactive"))?;
    let ceiling_minor = minor(&fields.ceiling, summary.money).ok_or(("ceiling", "supervisor-ceiling-wrong"))?;
    let minutes = fields.minutes.trim().parse().map_err(|_| ("minutes", "supervisor-minutes-wrong"))?;
    let method = IdentityMethod::parse(&fields.method).filter(|method| offered(*method));
    let method = method.ok_or(("method", "supervisor-method-wrong"))?;
    let outcome = IdentityOutcome::parse(&fields.outcome).ok_or(("outcome", "supervisor-vouch-not-checked"))?;
    Ok(VouchEntry {
        card_id,
        merchant_id: summary.merchant_id,
        ceiling_minor,
        currency: summary.money.currency,
        minutes,
        call_reference: fields.call_reference.clone(),
        identity: Identity { method, outcome },
    })
}

/// Ways of a person on the telephone or at a branch; the others are not a staff person's.
fn offered(method: IdentityMethod) -> bool {
    matches!(method, IdentityMethod::KnownFacts | IdentityMethod::CallBack | IdentityMethod::Document)
}

/// An amount as it is written, `12,800` or `19.90`, in minor units.
fn minor(text: &str, like: Money) -> Option<i64> {
    let plain: String = text.trim().chars().filter(|sign| *sign != ',').collect();
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = usize::try_from(like.exponent()).ok()?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 13 || part.len() > digits || !is_number(whole) || !is_number(part) {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok()
}

fn vouch_page(signed: &Signed, view: &SupportView, fields: &VouchFields, wrong: Wrong) -> Response {
    let mut console = signed.console("supervisor-vouch-title");
    console.error = wrong.is_some();
    let error = |name| of_field(wrong, name).map(|key| console.text(key));
    let text = |key: &str| console.text(key);
    let methods = IdentityMethod::ALL.iter().copied().filter(|method| offered(*method));
    let methods =
        methods.map(|method| (method.as_str().to_owned(), text(&format!("supervisor-by-{}", method.as_str()))));
    let outcomes = [IdentityOutcome::Passed, IdentityOutcome::Failed]
        .map(|outcome| (outcome.as_str().to_owned(), text(&format!("supervisor-identity-{}", outcome.as_str()))));
    let ceiling = format!("{} ({})", text("supervisor-ceiling"), view.summary.money.currency.code());
    let action = format!("/staff/authentications/{}/vouch", view.summary.id);
    let form = ActForm::new(&console, action, "supervisor-vouch-record")
        .field(
            Field::new("method", text("supervisor-identity-method"), FieldKind::Radio(methods.collect()))
                .value(&fields.method)
                .error(error("method"))
                .first(),
        )
        .field(
            Field::new("outcome", text("supervisor-identity-outcome"), FieldKind::Radio(outcomes.to_vec()))
                .value(&fields.outcome)
                .error(error("outcome")),
        )
        .field(
            Field::new("call_reference", text("supervisor-call-reference"), FieldKind::Text)
                .value(&fields.call_reference)
                .error(error("call_reference")),
        )
        .field(Field::new("ceiling", ceiling, FieldKind::Text).value(&fields.ceiling).error(error("ceiling")))
        .field(
            Field::new("minutes", text("supervisor-minutes"), FieldKind::Digits)
                .hint(text("supervisor-minutes-hint"))
                .value(&fields.minutes)
                .error(error("minutes")),
        );
    let facts = Facts { rows: purchase(&console, view) };
    let lead = console.text("supervisor-vouch-lead");
    let notice = of_field(wrong, "").map(|key| (Tone::Bad, key));
    signed.page(&Sheet::new(console).lead(lead).maybe_notice(notice).add(&facts).add(&form))
}

pub(super) fn of_field(wrong: Wrong, name: &str) -> Option<&'static str> {
    wrong.filter(|(field, _)| *field == name).map(|(_, key)| key)
}
