//! A card is registered by its holder.

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
use crate::domain::contact::ContactAddressError;
use crate::domain::member::ContactChannel;
use crate::domain::member_id::MemberIdError;
use crate::flow::member::registration::{self, RegistrationEntry, RegistrationError, RegistrationMistake};
use crate::pages::Pages;
use crate::pages::pieces::act_form::{ActForm, Words};
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::visitor::Visitor;
use crate::policy::reference::Programme;

/// What the address may carry.
#[derive(Deserialize)]
pub(super) struct Address {
    language: Option<String>,
}

/// What is typed.
#[derive(Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    number: String,
    #[serde(default)]
    expiry: String,
    #[serde(default)]
    activation_code: String,
    #[serde(default)]
    member_id: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    contact: String,
    language: Option<String>,
}

/// `GET /my/register`
pub(super) async fn open(
    State(pages): State<Arc<Pages>>,
    Query(address): Query<Address>,
    visitor: Visitor,
) -> Response {
    Asking { pages: &pages, language: chosen(address.language.as_deref(), &visitor) }.show(
        &Fields::default(),
        &[],
        None,
    )
}

/// `POST /my/register`
pub(super) async fn register(State(pages): State<Arc<Pages>>, form: OpenForm<Fields>) -> Response {
    let OpenForm { visitor, fields } = form;
    let language = chosen(fields.language.as_deref(), &visitor);
    let asking = Asking { pages: &pages, language };
    if fields.password != fields.again {
        return asking.show(&fields, &[("again", "member-again-differs")], None);
    }
    match registration::register(&pages.app, entry(&fields, language)).await {
        Ok(registered) => {
            let marked = if registered.can_authenticate { "yes" } else { "only" };
            answer::go(&format!("/my/sign-in?registered={marked}&language={}", language.as_str()))
        }
        Err(RegistrationError::Mistakes(mistakes)) => {
            let faults: Vec<_> = mistakes.into_iter().map(fault).collect();
            asking.show(&fields, &faults, None)
        }
        Err(RegistrationError::MemberIdTaken) => asking.show(&fields, &[("member_id", "member-id-taken")], None),
        Err(RegistrationError::Refused) => asking.show(&fields, &[], Some(asking.text("member-register-refused"))),
        Err(RegistrationError::CardTaken) => asking.show(&fields, &[], Some(asking.text("member-register-card-taken"))),
        Err(RegistrationError::NotEligible(programme)) => {
            let notice = asking.with_name("member-register-not-eligible", &programme);
            asking.show(&fields, &[], Some(notice))
        }
        Err(RegistrationError::Hasher(error)) => refused(Failure::of_hasher(&error), &pages, &visitor),
        Err(RegistrationError::Store(error)) => refused(Failure::of_store(&error), &pages, &visitor),
        Err(RegistrationError::Enrol(error)) => refused(Failure::of_fault(&error), &pages, &visitor),
    }
}

fn entry(fields: &Fields, language: Language) -> RegistrationEntry {
    let channel = ContactChannel::parse(&fields.channel);
    RegistrationEntry {
        number: Zeroizing::new(fields.number.clone()),
        expiry: fields.expiry.clone(),
        activation_code: Zeroizing::new(fields.activation_code.clone()),
        member_id: fields.member_id.clone(),
        password: Zeroizing::new(fields.password.clone()),
        contact: channel.map(|channel| (channel, fields.contact.clone())),
        language,
    }
}

/// A field and the key of what is wrong with it.
fn fault(mistake: RegistrationMistake) -> (&'static str, &'static str) {
    match mistake {
        RegistrationMistake::Number(_) => ("number", "member-number-wrong"),
        RegistrationMistake::Expiry => ("expiry", "member-expiry-wrong"),
        RegistrationMistake::MemberId(MemberIdError::Form) => ("member_id", "member-id-form"),
        RegistrationMistake::MemberId(MemberIdError::OnlyDigits) => ("member_id", "member-id-digits"),
        RegistrationMistake::Password(error) => ("password", password_fault(error)),
        RegistrationMistake::Contact(ContactAddressError::Email) => ("contact", "member-contact-email-wrong"),
        RegistrationMistake::Contact(ContactAddressError::Phone) => ("contact", "member-contact-phone-wrong"),
        RegistrationMistake::Channel => ("channel", "member-contact-channel-wrong"),
    }
}

struct Asking<'a> {
    pages: &'a Pages,
    language: Language,
}

impl Asking<'_> {
    fn text(&self, key: &str) -> String {
        self.pages.texts.in_language(self.language).text(key)
    }

    fn with_name(&self, key: &str, programme: &Programme) -> String {
        let name = if self.language == Language::Ja { &programme.name_ja } else { &programme.name_en };
        self.pages.texts.in_language(self.language).with(key, "programme", name.clone())
    }

    fn show(&self, typed: &Fields, faults: &[(&'static str, &'static str)], notice: Option<String>) -> Response {
        let mut frame = MemberFrame::outside(self.pages, self.language, "member-register", "/my/register?".to_owned());
        frame.error = notice.is_some() || !faults.is_empty();
        let form = self.form(&frame, typed, faults);
        let excluded = registration::not_eligible(&self.pages.app);
        let names: Vec<String> =
            excluded.iter().map(|programme| self.with_name("member-register-excluded", programme)).collect();
        let sheet = Sheet::new(frame).lead("member-register-lead").maybe_said(Tone::Bad, notice).add(&form);
        if names.is_empty() {
            return answer::page(&sheet);
        }
        answer::page(&sheet.add(&Words { title: self.text("member-register-excluded-title"), sentences: names }))
    }

    fn form(&self, frame: &MemberFrame<'_>, typed: &Fields, faults: &[(&'static str, &'static str)]) -> ActForm {
        let field = |name: &'static str, label: &str, kind: FieldKind| {
            let wrong = faults.iter().find(|(at, _)| *at == name).map(|(_, key)| frame.text(key));
            Field::new(name, frame.text(label), kind).error(wrong)
        };
        let number = field("number", "member-number", FieldKind::Digits).value(&typed.number);
        let expiry = field("expiry", "member-expiry", FieldKind::Text).value(&typed.expiry);
        let code = field("activation_code", "member-activation-code", FieldKind::Text).value(&typed.activation_code);
        let id = field("member_id", "member-id", FieldKind::Text).value(&typed.member_id);
        let password = field("password", "member-new-password", FieldKind::Password);
        let again = field("again", "member-new-password-again", FieldKind::Password);
        let form = ActForm::new(frame, "/my/register", "member-register-button")
            .hidden("language", frame.language())
            .field(number.autocomplete("cc-number").first())
            .field(expiry.autocomplete("cc-exp").hint(frame.text("member-expiry-hint")))
            .field(code.hint(frame.text("member-activation-code-hint")))
            .field(id.autocomplete("username").hint(frame.text("member-id-hint")))
            .field(password.autocomplete("new-password").hint(frame.text("member-new-password-hint")))
            .field(again.autocomplete("new-password"));
        let ways: Vec<ContactChannel> =
            ContactChannel::ALL.iter().copied().filter(|channel| self.pages.app.reaches(*channel)).collect();
        let Some(first) = ways.first() else { return form };
        let choices =
            ways.iter().map(|way| (way.as_str().to_owned(), frame.text(&format!("member-contact-{}", way.as_str()))));
        let chosen = if typed.channel.is_empty() { first.as_str() } else { &typed.channel };
        let channel = field("channel", "member-contact-channel", FieldKind::Radio(choices.collect())).value(chosen);
        let contact = field("contact", "member-contact", FieldKind::Text).value(&typed.contact);
        form.field(channel).field(contact.hint(frame.text("member-contact-hint")))
    }
}
