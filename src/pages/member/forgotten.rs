//! A forgotten password, in two pages: who she is, then the code and another password. Both look the same whether there
//! is such a member or not.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer;
use super::failure::Failure;
use super::form::OpenForm;
use super::frame::MemberFrame;
use super::new_password::password_fault;
use super::sheet::Sheet;
use super::sign_in::chosen;
use super::signed::refused;
use crate::domain::challenge::Language;
use crate::domain::member::ContactChannel;
use crate::flow::contact::ContactError;
use crate::flow::member::reset::{self, Claim, ClaimMistake, ResetError};
use crate::pages::Pages;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::visitor::Visitor;

/// What the address may carry.
#[derive(Deserialize)]
pub(super) struct Address {
    language: Option<String>,
}

/// What is typed.
#[derive(Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    member_id: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    expiry: String,
    /// How she proves it: `activation`, or the way that a code takes.
    #[serde(default)]
    way: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
    language: Option<String>,
}

/// A field and the key of what is wrong with it.
type Fault = (&'static str, &'static str);

/// `GET /my/forgotten`
pub(super) async fn open(
    State(pages): State<Arc<Pages>>,
    Query(address): Query<Address>,
    visitor: Visitor,
) -> Response {
    claim_page(&pages, chosen(address.language.as_deref(), &visitor), &Fields::default(), &[])
}

/// `POST /my/forgotten`
pub(super) async fn ask(State(pages): State<Arc<Pages>>, form: OpenForm<Fields>) -> Response {
    let OpenForm { visitor, fields } = form;
    let language = chosen(fields.language.as_deref(), &visitor);
    let claim = match Claim::read(&fields.member_id, &fields.number, &fields.expiry) {
        Ok(claim) => claim,
        Err(mistakes) => return claim_page(&pages, language, &fields, &faults(&mistakes)),
    };
    if let Some(channel) = ContactChannel::parse(&fields.way) {
        // Nobody waits for it: what takes longer would tell that the claim is right.
        let app = Arc::clone(&pages.app);
        tokio::spawn(async move {
            if let Err(error) = reset::ask(&app, &claim, channel, language).await {
                tracing::error!(%error, "a code for a forgotten password cannot be sent");
            }
        });
    }
    choice_page(&pages, language, &fields, &[], None)
}

/// `POST /my/forgotten/choose`
pub(super) async fn choose(State(pages): State<Arc<Pages>>, form: OpenForm<Fields>) -> Response {
    let OpenForm { visitor, fields } = form;
    let language = chosen(fields.language.as_deref(), &visitor);
    let claim = match Claim::read(&fields.member_id, &fields.number, &fields.expiry) {
        Ok(claim) => claim,
        Err(mistakes) => return claim_page(&pages, language, &fields, &faults(&mistakes)),
    };
    if fields.password != fields.again {
        return choice_page(&pages, language, &fields, &[("again", "member-again-differs")], None);
    }
    let password = Zeroizing::new(fields.password.clone());
    match reset::choose(&pages.app, &claim, &fields.code, &password, language).await {
        Ok(()) => answer::go(&format!("/my/sign-in?reset=1&language={}", language.as_str())),
        Err(ResetError::Password(error)) => {
            choice_page(&pages, language, &fields, &[("password", password_fault(error))], None)
        }
        Err(ResetError::Refused) => choice_page(&pages, language, &fields, &[], Some("member-forgotten-refused")),
        Err(error) => refused(failure(&error), &pages, &visitor),
    }
}

fn failure(error: &ResetError) -> Failure {
    match error {
        ResetError::Hasher(error) => Failure::of_hasher(error),
        ResetError::Store(error) | ResetError::Contact(ContactError::Store(error)) => Failure::of_store(error),
        error => Failure::of_fault(error),
    }
}

fn faults(mistakes: &[ClaimMistake]) -> Vec<Fault> {
    let fault = |mistake: &ClaimMistake| match mistake {
        ClaimMistake::Number(_) => ("number", "member-number-wrong"),
        ClaimMistake::Expiry => ("expiry", "member-expiry-wrong"),
    };
    mistakes.iter().map(fault).collect()
}

fn field(frame: &MemberFrame<'_>, name: &'static str, label: &str, kind: FieldKind, faults: &[Fault]) -> Field {
    let wrong = faults.iter().find(|(at, _)| *at == name).map(|(_, key)| frame.text(key));
    Field::new(name, frame.text(label), kind).error(wrong)
}

fn claim_page(pages: &Pages, language: Language, typed: &Fields, faults: &[Fault]) -> Response {
    let mut frame = MemberFrame::outside(pages, language, "member-forgotten", "/my/forgotten?".to_owned());
    frame.error = !faults.is_empty();
    let ways = ContactChannel::ALL.iter().filter(|channel| pages.app.reaches(**channel)).map(|way| way.as_str());
    let ways: Vec<(String, String)> = ways
        .chain(["activation"])
        .map(|way| (way.to_owned(), frame.text(&format!("member-forgotten-by-{way}"))))
        .collect();
    let way = if typed.way.is_empty() { ways.first().map_or("", |(way, _)| way) } else { &typed.way }.to_owned();
    let id = field(&frame, "member_id", "member-id", FieldKind::Text, faults).value(&typed.member_id);
    let number = field(&frame, "number", "member-number", FieldKind::Digits, faults).value(&typed.number);
    let expiry = field(&frame, "expiry", "member-expiry", FieldKind::Text, faults).value(&typed.expiry);
    let form = ActForm::new(&frame, "/my/forgotten", "member-go-on")
        .hidden("language", frame.language())
        .field(id.autocomplete("username").first())
        .field(number.autocomplete("cc-number"))
        .field(expiry.autocomplete("cc-exp").hint(frame.text("member-expiry-hint")))
        .field(field(&frame, "way", "member-forgotten-way", FieldKind::Radio(ways), faults).value(way));
    answer::page(&Sheet::new(frame).lead("member-forgotten-lead").add(&form))
}

fn choice_page(pages: &Pages, language: Language, typed: &Fields, faults: &[Fault], refused: Option<&str>) -> Response {
    let mut frame = MemberFrame::outside(pages, language, "member-forgotten-choose", String::new());
    frame.error = refused.is_some() || !faults.is_empty();
    let is_sent = ContactChannel::parse(&typed.way).is_some();
    let (label, hint, lead) = if is_sent {
        ("member-sent-code", "member-forgotten-code-hint", "member-forgotten-sent")
    } else {
        ("member-activation-code", "member-activation-code-hint", "member-forgotten-with-activation")
    };
    let code = field(&frame, "code", label, FieldKind::Text, faults).hint(frame.text(hint));
    let password = field(&frame, "password", "member-new-password", FieldKind::Password, faults);
    let again = field(&frame, "again", "member-new-password-again", FieldKind::Password, faults);
    let form = ActForm::new(&frame, "/my/forgotten/choose", "member-forgotten-button")
        .hidden("language", frame.language())
        .hidden("member_id", &typed.member_id)
        .hidden("number", &typed.number)
        .hidden("expiry", &typed.expiry)
        .hidden("way", &typed.way)
        .field(code.autocomplete(if is_sent { "one-time-code" } else { "off" }).first())
        .field(password.autocomplete("new-password").hint(frame.text("member-new-password-hint")))
        .field(again.autocomplete("new-password"));
    let notice = refused.map(|key| (Tone::Bad, key));
    answer::page(&Sheet::new(frame).lead(lead).maybe_notice(notice).add(&form))
}
