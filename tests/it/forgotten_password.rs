//! A forgotten password is replaced: by the issuer's letter, or by a code to a contact that was verified before.

use std::sync::Arc;

use sekisho::credential::sent_code::BoundTo;
use sekisho::domain::challenge::Language;
use sekisho::domain::member::ContactChannel;
use sekisho::flow::member::reset::{Claim, ask};
use sekisho::flow::member_card::{self, contacts};

use crate::support::deployment::{Deployment, PASSWORD, Wanted, on_every_database};
use crate::support::exchange::Answer;
use crate::support::member::{TestMember, sent_code, signs_in};

const NEW: &str = "seven swans over the weir";

fn with_mail() -> Wanted {
    Wanted::default()
        .with("SEKISHO__MAIL__HOST", "127.0.0.1")
        .with("SEKISHO__MAIL__TLS", "none")
        .with("SEKISHO__MAIL__FROM", "cards@issuer.example")
        .with("SEKISHO__MEMBER__CONTACT_COOLING_SECONDS", "0")
}

/// A verified e-mail address of hers.
async fn verifies(deployment: &Deployment, member: &TestMember) {
    let app = &deployment.app;
    let own = member_card::find(app, &member.member, member.enrolment_id).await.unwrap();
    let id = contacts::add(app, &member.member, &own, ContactChannel::Email, "hanako@mail.example").await.unwrap();
    let code = sent_code(app, BoundTo::Contact(id)).await;
    contacts::verify(app, &member.member, &own, id, &code).await.unwrap();
}

async fn chooses(
    deployment: &Deployment,
    claim: (&str, &str, &str),
    code: &str,
    password: &str,
    way: &str,
) -> (Answer, u64) {
    let before = deployment.app.hasher.taken_up();
    let fields = [
        ("member_id", claim.0),
        ("number", claim.1),
        ("expiry", claim.2),
        ("way", way),
        ("code", code),
        ("password", password),
        ("again", password),
        ("language", "en"),
    ];
    let answer = deployment.posts("/my/forgotten/choose", &fields).await;
    (answer, deployment.app.hasher.taken_up() - before)
}

#[tokio::test]
async fn a_code_to_a_verified_contact_replaces_the_password_and_ends_all_sessions() {
    on_every_database(with_mail(), async |deployment| {
        let member = deployment.member().await;
        verifies(deployment, &member).await;
        for _ in 0..11 {
            let _ = signs_in(&deployment.app, &member.member_id, "not her password", "").await;
        }
        let claim = Claim::read(&member.member_id, &member.card.number, "11/29").unwrap();
        ask(&deployment.app, &claim, ContactChannel::Email, Language::En).await.unwrap();
        let code = sent_code(&deployment.app, BoundTo::Reset(member.enrolment_id)).await;
        let typed = (member.member_id.as_str(), member.card.number.as_str(), "11/29");
        let (weak, cost) = chooses(deployment, typed, &code, "short", "email").await;
        assert_eq!((weak.status.as_u16(), cost), (200, 0), "the password is looked at before the code is tried");
        let (done, _) = chooses(deployment, typed, &code, NEW, "email").await;
        assert_eq!(done.header("location"), "/my/sign-in?reset=1&language=en", "{}", done.text);
        assert_eq!(deployment.send(member.get("/my")).await.status, 303, "her sessions have ended");
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.is_err());
        signs_in(&deployment.app, &member.member_id, NEW, "").await.unwrap();
        let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'member_notice_mail' AND body LIKE '%password_reset%'";
        let told: i64 = deployment.tables.value(told, Vec::new()).await;
        assert_eq!(told, 2, "the contact and the address on her record");
        let (again, _) = chooses(deployment, typed, &code, PASSWORD, "email").await;
        assert_eq!(again.status, 200, "a code works once");
    })
    .await;
}

#[tokio::test]
async fn an_activation_code_replaces_the_password_of_its_own_card_alone() {
    on_every_database(Wanted::default(), async |deployment| {
        let (member, stranger) = (deployment.member().await, deployment.member().await);
        let code = deployment.activation_code(&stranger.card).await;
        let mixed = (member.member_id.as_str(), stranger.card.number.as_str(), "11/29");
        let (refused, _) = chooses(deployment, mixed, &code, NEW, "activation").await;
        assert!(refused.text.contains("is not right"), "{}", refused.text);
        let hers = (member.member_id.as_str(), member.card.number.as_str(), "11/29");
        let (refused, _) = chooses(deployment, hers, &code, NEW, "activation").await;
        assert_eq!(refused.status, 200, "another card's code");
        signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.unwrap();
        let code = deployment.activation_code(&member.card).await;
        let (done, _) = chooses(deployment, hers, &code, NEW, "activation").await;
        assert_eq!(done.status, 303, "{}", done.text);
        signs_in(&deployment.app, &member.member_id, NEW, "").await.unwrap();
        signs_in(&deployment.app, &stranger.member_id, PASSWORD, "").await.unwrap();
        let (again, _) = chooses(deployment, hers, &code, PASSWORD, "activation").await;
        assert_eq!(again.status, 200, "a code works once");
    })
    .await;
}

#[tokio::test]
async fn enumeration_both_pages_look_the_same_whether_the_member_exists_or_not() {
    on_every_database(with_mail(), async |deployment| {
        let member = deployment.member().await;
        verifies(deployment, &member).await;
        let number = member.card.number.as_str();
        // What was typed is given back: of the same length, the pages are too.
        let nobody = member.member_id.replace("member-", "nobody-");
        let asks = async |id: &str, expiry: &str| {
            let fields =
                [("member_id", id), ("number", number), ("expiry", expiry), ("way", "email"), ("language", "en")];
            let answer = deployment.posts("/my/forgotten", &fields).await;
            (answer.status, answer.headers, answer.text.replace(id, "…").replace(expiry, "…"))
        };
        let known = asks(&member.member_id, "11/29").await;
        assert_eq!(asks(&nobody, "11/29").await, known);
        assert_eq!(asks(&member.member_id, "12/29").await, known);
        for (code, way) in [("123456", "email"), ("00000-00000", "activation")] {
            let (one, cost) = chooses(deployment, (&member.member_id, number, "11/29"), code, NEW, way).await;
            let (other, costs) = chooses(deployment, (&nobody, number, "11/29"), code, NEW, way).await;
            assert_eq!((one.status.as_u16(), cost), (200, 1));
            assert_eq!((other.status.as_u16(), costs), (200, 1), "as many hashes");
            assert_eq!(one.headers, other.headers);
            assert_eq!(one.text.replace(&member.member_id, "…"), other.text.replace(&nobody, "…"));
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_unless_everything_that_was_typed_is_right() {
    on_every_database(with_mail(), async |deployment| {
        let member = deployment.member().await;
        verifies(deployment, &member).await;
        let number = member.card.number.as_str();
        for (id, expiry, channel) in [
            ("nobody.here", "11/29", ContactChannel::Email),
            (member.member_id.as_str(), "12/29", ContactChannel::Email),
            (member.member_id.as_str(), "11/29", ContactChannel::Sms),
        ] {
            let claim = Claim::read(id, number, expiry).unwrap();
            ask(&deployment.app, &claim, channel, Language::Ja).await.unwrap();
        }
        let sent = "SELECT COUNT(*) FROM sent_codes WHERE purpose = 'reset'";
        assert_eq!(deployment.tables.value::<i64>(sent, Vec::new()).await, 0);
    })
    .await;
}

#[tokio::test]
async fn guesses_at_a_sent_code_are_over_after_ten() {
    on_every_database(with_mail().with("SEKISHO__PASSWORD__QUEUE", "64"), async |deployment| {
        let member = deployment.member().await;
        verifies(deployment, &member).await;
        let app = Arc::clone(&deployment.app);
        let claim = Claim::read(&member.member_id, &member.card.number, "11/29").unwrap();
        ask(&app, &claim, ContactChannel::Email, Language::Ja).await.unwrap();
        let code = sent_code(&app, BoundTo::Reset(member.enrolment_id)).await;
        let typed = (member.member_id.as_str(), member.card.number.as_str(), "11/29");
        let wrong = |number: usize| format!("{:06}", (code.parse::<usize>().unwrap() + 1 + number) % 1_000_000);
        for number in 0..12 {
            let (refused, _) = chooses(deployment, typed, &wrong(number), NEW, "email").await;
            assert_eq!(refused.status, 200);
        }
        let (refused, _) = chooses(deployment, typed, &code, NEW, "email").await;
        assert_eq!(refused.status, 200, "after ten wrong ones the right one is no good");
        signs_in(&app, &member.member_id, PASSWORD, "").await.unwrap();
    })
    .await;
}
