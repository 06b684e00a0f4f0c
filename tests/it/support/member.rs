//! Members of a test, registered and signed in by the same flows as real ones.

use std::sync::Arc;

use sekisho::app::App;
use sekisho::credential::sent_code::{BoundTo, code};
use sekisho::credential::token::Token;
use sekisho::domain::challenge::Language;
use sekisho::domain::id::EnrolmentId;
use sekisho::domain::member::Member;
use sekisho::flow::arrival::Arrival;
use sekisho::flow::member::session;
use sekisho::flow::member::sign_in::{MemberSignInError, MemberStatement, sign_in};
use zeroize::Zeroizing;

use super::deployment::{Deployment, PASSWORD, TestCard};
use super::exchange::{Answer, Call};
use super::staff::from_our_page;

/// A member who is signed in.
pub(crate) struct TestMember {
    pub(crate) card: TestCard,
    pub(crate) member_id: String,
    pub(crate) enrolment_id: EnrolmentId,
    pub(crate) member: Member,
    /// The session's token.
    pub(crate) token: String,
    pub(crate) app: Arc<App>,
}

/// Signs in and answers the session's token.
pub(crate) async fn signs_in(
    app: &App,
    member_id: &str,
    password: &str,
    code: &str,
) -> Result<String, MemberSignInError> {
    let statement = MemberStatement {
        member_id: member_id.to_owned(),
        password: Zeroizing::new(password.to_owned()),
        code: Zeroizing::new(code.to_owned()),
        language: Some(Language::En),
        before: None,
    };
    let browser = Arrival::browser("192.0.2.7".parse().ok(), "Firefox/140");
    let begun = sign_in(app, statement, &browser).await?;
    Ok(begun.token.expose().to_owned())
}

impl Deployment {
    /// A member with one registered card, signed in.
    pub(crate) async fn member(&self) -> TestMember {
        let card = self.enrolled().await;
        self.member_of(&card).await
    }

    /// The member of a registered card, signed in.
    pub(crate) async fn member_of(&self, card: &TestCard) -> TestMember {
        let member_id = format!("member-{}", card.reference);
        let token = signs_in(&self.app, &member_id, PASSWORD, "").await.unwrap();
        let live = session::find(&self.app, &token).await.unwrap().unwrap();
        let enrolment_id = live.member.enrolment_id;
        let app = Arc::clone(&self.app);
        TestMember { card: card.clone(), member_id, enrolment_id, member: live.member, token, app }
    }
}

impl TestMember {
    /// What her forms carry.
    pub(crate) fn form_token(&self) -> String {
        session::form_token(&self.app, &Token::parse(&self.token).unwrap().digest())
    }

    /// A page that she asks for.
    pub(crate) fn get(&self, path: &str) -> Call {
        Call::get(path).header("cookie", &format!("__Host-sekisho-my={}", self.token)).header("accept-language", "en")
    }

    /// A form that she sends from a page of ours.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Call {
        let token = self.form_token();
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
        let call = Call::post(path).header("cookie", &format!("__Host-sekisho-my={}", self.token));
        from_our_page(&self.app, call.header("accept-language", "en")).form(&fields)
    }
}

/// The code that was sent last for this, as its message brings it.
pub(crate) async fn sent_code(app: &App, bound_to: BoundTo<'_>) -> String {
    let stored = app.store.sent_code(bound_to.subject()).await.unwrap().expect("a code was sent");
    let code = code(&app.keys, bound_to, &stored.nonce, &stored.digest).expect("the code of our own keys");
    (*code).clone()
}

/// What somebody types to register a card, with changes.
pub(crate) fn registration<'a>(
    card: &'a TestCard,
    code: &'a str,
    member_id: &'a str,
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("number", card.number.as_str()),
        ("expiry", "11/29"),
        ("activation_code", code),
        ("member_id", member_id),
        ("password", PASSWORD),
        ("again", PASSWORD),
        ("channel", "email"),
        ("contact", "hanako.yamada@example.jp"),
        ("language", "en"),
    ];
    for change in changes {
        fields.retain(|(name, _)| *name != change.0);
        fields.push(*change);
    }
    fields
}

impl Deployment {
    /// An activation code for a card, as the issuer's core system asks for it.
    pub(crate) async fn activation_code(&self, card: &TestCard) -> String {
        let path = format!("/v1/cards/{}/activation-codes", card.reference);
        let answer = self.send(Call::post(path).key(&self.issuer_key)).await.ok(201);
        answer["activation_code"].as_str().unwrap().to_owned()
    }

    /// A form that somebody who is not signed in sends from a page of ours.
    pub(crate) async fn posts(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(from_our_page(&self.app, Call::post(path).header("accept-language", "en")).form(fields)).await
    }
}
