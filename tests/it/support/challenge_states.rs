//! Buyers before the pages of a challenge, with whatever ways to prove who they are.

use fantoccini::key::Key;
use sekisho::domain::contact::ContactAddress;
use sekisho::domain::id::{CredentialId, EnrolmentId};
use sekisho::domain::member::ContactChannel;
use sekisho::domain::outbox::OutboxKind;
use sekisho::flow::{contact, outbox};
use sekisho::store::contacts;
use serde_json::json;

use super::browser::Browser;
use super::deployment::{Deployment, TestCard, Wanted};
use super::gateway::Gateway;

/// A service that can send codes: messages by this gateway; mail is kept for a relay that never answers.
pub(crate) fn ready(gateway: &Gateway) -> Wanted {
    let wanted = Wanted { settings: gateway.settings(), ..Wanted::default() };
    let mail = [("HOST", "127.0.0.1"), ("TLS", "none"), ("FROM", "cards@issuer.example")];
    mail.into_iter().fold(wanted, |wanted, (name, value)| wanted.with(format!("SEKISHO__MAIL__{name}").leak(), value))
}

/// Somebody with an open challenge.
pub(crate) struct Buyer<'a> {
    pub(crate) url: String,
    deployment: &'a Deployment,
    reference: String,
}

impl<'a> Buyer<'a> {
    async fn buys(deployment: &'a Deployment, card: TestCard, language: &str) -> Self {
        let wish = json!({"challenge": {"wish": "challenge", "language": language}});
        let answer = deployment.buys(&card, &wish).await;
        let url = answer["challenge"]["url"].as_str().unwrap_or_else(|| panic!("no challenge: {answer}")).to_owned();
        Self { url, deployment, reference: card.reference }
    }

    /// With a password alone.
    pub(crate) async fn with_password(deployment: &'a Deployment, language: &str) -> Self {
        Self::buys(deployment, deployment.enrolled().await, language).await
    }

    /// With a password, a telephone and an address with a long name.
    pub(crate) async fn with_contacts(deployment: &'a Deployment, language: &str) -> Self {
        let card = deployment.enrolled().await;
        reachable(deployment, &card, ContactChannel::Sms, "090-1234-5678").await;
        // The telephone came first, and so it is the first way.
        deployment.clock.advance(1);
        reachable(deployment, &card, ContactChannel::Email, "hanako.yamada@a-rather-long-name.example.co.jp").await;
        Self::buys(deployment, card, language).await
    }

    /// With a telephone, and a password that is locked.
    pub(crate) async fn with_a_code_alone(deployment: &'a Deployment, language: &str) -> Self {
        let card = deployment.enrolled().await;
        reachable(deployment, &card, ContactChannel::Sms, "090-1234-5678").await;
        let sql = "UPDATE credentials SET locked_until = $1 WHERE kind = 'password' AND enrolment_id = $2";
        let until = deployment.app.now().plus_seconds(3_600).0;
        let enrolment = enrolment(deployment, &card).await.uuid();
        deployment.tables.run(sql, vec![until.into(), enrolment.into()]).await.unwrap();
        Self::buys(deployment, card, language).await
    }

    /// With an application for one-time passwords.
    pub(crate) async fn with_application(deployment: &'a Deployment, language: &str) -> Self {
        let card = deployment.enrolled().await;
        let app = &deployment.app;
        let sql = "INSERT INTO credentials (id, enrolment_id, kind, secret, created_at, changed_at) \
                   VALUES ($1, $2, 'totp', '00', $3, $3)";
        let id = CredentialId::new(app.now(), app.randomness.as_ref()).uuid();
        let enrolment = enrolment(deployment, &card).await.uuid();
        deployment.tables.run(sql, vec![id.into(), enrolment.into(), app.now().0.into()]).await.unwrap();
        Self::buys(deployment, card, language).await
    }

    /// From the neutral page to the question.
    pub(crate) async fn goes_on(&self, browser: &Browser) {
        browser.client.goto(&self.url).await.unwrap();
        browser.click("main form button").await;
        browser.wait("main.asking").await;
    }

    /// Answers the question, and waits until the page that follows is there.
    pub(crate) async fn answers(&self, browser: &Browser, css: &str, text: &str) {
        let form = browser.attribute("form.answer input[name='form']", "value").await;
        browser.wait(css).await.send_keys(&format!("{text}{}", char::from(Key::Enter))).await.unwrap();
        browser.wait(&format!("form.answer input[name='form']:not([value='{form}']), input[name='result']")).await;
    }

    /// Presses a button of a page that asks, and waits for the next such page.
    pub(crate) async fn presses(&self, browser: &Browser, css: &str) {
        let form = browser.attribute("form[action$='/cancel'] input[name='form']", "value").await;
        browser.click(css).await;
        browser.wait(&format!("form[action$='/cancel'] input[name='form']:not([value='{form}'])")).await;
    }

    /// The messages that wait are sent.
    pub(crate) async fn receives(&self) {
        let app = &self.deployment.app;
        let taken = outbox::take(app, OutboxKind::CodeSms, 20).await.unwrap();
        assert!(!taken.is_empty(), "no message waits");
        for claimed in &taken {
            outbox::send(app, claimed).await.unwrap();
        }
    }

    /// The pages of the card were opened as often as a day allows, and more.
    pub(crate) async fn has_opened_too_many(&self) {
        let sql = "INSERT INTO card_hours (card_id, hour, requests, challenge_pages) \
                   SELECT id, $1, 0, 1000 FROM cards WHERE reference = $2 \
                   ON CONFLICT (card_id, hour) DO UPDATE SET challenge_pages = 1000";
        let hour = self.deployment.app.now().hour_bucket();
        self.deployment.tables.run(sql, vec![hour.into(), self.reference.clone().into()]).await.unwrap();
    }

    /// Her last answer is on its way through the hasher.
    pub(crate) async fn is_being_compared(&self) {
        let hers = "SELECT h.id FROM challenges h JOIN authentications a ON a.id = h.authentication_id \
                    JOIN cards c ON c.id = a.card_id WHERE c.reference = $1";
        let count = format!("UPDATE challenges SET attempts = 3 WHERE id IN ({hers})");
        self.deployment.tables.run(&count, vec![self.reference.clone().into()]).await.unwrap();
        let id: uuid::Uuid = self.deployment.tables.value(hers, vec![self.reference.clone().into()]).await;
        let sql = "INSERT INTO challenge_answers (challenge_id, nonce, outcome, recorded_at) VALUES ($1, $2, NULL, $3)";
        let values = vec![id.into(), vec![7_u8; 16].into(), self.deployment.app.now().0.into()];
        self.deployment.tables.run(sql, values).await.unwrap();
    }
}

async fn enrolment(deployment: &Deployment, card: &TestCard) -> EnrolmentId {
    let sql = "SELECT e.id FROM enrolments e JOIN cards c ON c.id = e.card_id WHERE c.reference = $1";
    EnrolmentId::from_uuid(deployment.tables.value(sql, vec![card.reference.clone().into()]).await)
}

/// Adds a contact that is verified and at once good for codes.
async fn reachable(deployment: &Deployment, card: &TestCard, channel: ContactChannel, text: &str) {
    let (app, enrolment) = (&deployment.app, enrolment(deployment, card).await);
    let cardholder = app.store.cardholder_of_enrolment(enrolment).await.unwrap().unwrap();
    let address = ContactAddress::parse(channel, text).unwrap();
    let new = contact::seal(app, cardholder, enrolment, &address).await.unwrap();
    let (now, credential) = (app.now(), CredentialId::new(app.now(), app.randomness.as_ref()));
    let work = app.store.write(move |tx| {
        Box::pin(async move {
            contacts::add(tx, &new, now).await?;
            contacts::verify(tx, new.id, now, credential, now).await
        })
    });
    assert!(work.await.unwrap(), "the contact is verified");
}
