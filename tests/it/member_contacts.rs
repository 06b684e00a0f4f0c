//! Contacts for sent codes: added, verified by a code, waiting, removed; the others are told.

use sekisho::credential::sent_code::{self, BoundTo};
use sekisho::domain::facts::Method;
use sekisho::domain::id::ContactId;
use sekisho::domain::member::ContactChannel;
use sekisho::flow::member_card::contacts::{self, ContactChangeError};
use serde_json::json;

use crate::member_card::own;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::member::TestMember;

fn with_mail() -> Wanted {
    let wanted = Wanted::default().with("SEKISHO__MAIL__HOST", "127.0.0.1");
    wanted.with("SEKISHO__MAIL__FROM", "noreply@issuer.example")
}

/// The code that was sent to a contact, as its message would say it.
async fn code(deployment: &Deployment, id: ContactId) -> String {
    let bound_to = BoundTo::Contact(id);
    let stored = deployment.app.store.sent_code(bound_to.subject()).await.unwrap().unwrap();
    sent_code::code(&deployment.app.keys, bound_to, &stored.nonce, &stored.digest).unwrap().to_string()
}

async fn adds(member: &TestMember, address: &str) -> Result<ContactId, ContactChangeError> {
    contacts::add(&member.app, &member.member, &own(member).await, ContactChannel::Email, address).await
}

async fn verifies(member: &TestMember, id: ContactId, code: &str) -> Result<(), ContactChangeError> {
    contacts::verify(&member.app, &member.member, &own(member).await, id, code).await
}

async fn notices(deployment: &Deployment, event: &str) -> usize {
    let bodies: Vec<String> = deployment.tables.column("SELECT body FROM outbox", Vec::new()).await;
    bodies.iter().filter(|body| body.contains(event)).count()
}

async fn can_use_codes(deployment: &Deployment, member: &TestMember) -> bool {
    let answer = deployment.buys(&member.card, &json!({"challenge": {"wish": "challenge"}})).await;
    deployment.facts(&answer).await.enrolment.usable_methods.contains(&Method::Code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_contact_waits_a_day_before_it_brings_codes_to_challenges() {
    on_every_database(with_mail(), async |deployment| {
        let member = deployment.member().await;
        let id = adds(&member, "hanako@work.example").await.unwrap();
        assert!(!can_use_codes(deployment, &member).await);
        let wrong = if code(deployment, id).await == "000000" { "000001" } else { "000000" };
        assert!(matches!(verifies(&member, id, wrong).await, Err(ContactChangeError::Code)));
        let typed = code(deployment, id).await;
        let (first, rest) = typed.split_at(3);
        verifies(&member, id, &format!(" {first} {rest} ")).await.unwrap();
        assert!(matches!(verifies(&member, id, &typed).await, Err(ContactChangeError::Gone)));
        assert_eq!(notices(deployment, "contact_added").await, 1, "the registered address is told");
        deployment.clock.advance(86_399);
        assert!(!can_use_codes(deployment, &member).await);
        deployment.clock.advance(1);
        assert!(can_use_codes(deployment, &member).await);
        contacts::remove(&member.app, &member.member, &own(&member).await, id).await.unwrap();
        assert!(!can_use_codes(deployment, &member).await);
        assert_eq!(notices(deployment, "contact_removed").await, 2, "the removed one and the registered address");
        let again = contacts::remove(&member.app, &member.member, &own(&member).await, id).await;
        assert!(matches!(again, Err(ContactChangeError::Unknown)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_and_codes_are_limited() {
    on_every_database(with_mail(), async |deployment| {
        let member = deployment.member().await;
        for address in ["not an address", "a@b\r\nBcc: c@d.example", ""] {
            assert!(matches!(adds(&member, address).await, Err(ContactChangeError::Address(_))), "{address:?}");
        }
        let first = adds(&member, "a1@example.jp").await.unwrap();
        assert!(matches!(adds(&member, " A1@EXAMPLE.jp").await, Ok(_) | Err(ContactChangeError::Known)));
        assert!(matches!(adds(&member, "a1@Example.JP").await, Err(ContactChangeError::Known)));
        let own_card = own(&member).await;
        for _ in 0..3 {
            contacts::send_code(&member.app, &member.member, &own_card, first).await.unwrap();
        }
        let fifth = contacts::send_code(&member.app, &member.member, &own_card, first).await;
        assert!(matches!(fifth, Err(ContactChangeError::Send(_))), "{fifth:?}");
        let mut added = Vec::new();
        for serial in 2..12 {
            match adds(&member, &format!("a{serial}@example.jp")).await {
                Ok(id) => added.push(id),
                Err(ContactChangeError::TooMany) => {
                    let Some(id) = added.pop() else { break };
                    contacts::remove(&member.app, &member.member, &own_card, id).await.unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
        let rows = "SELECT COUNT(*) FROM contacts";
        assert!(deployment.tables.value::<i64>(rows, Vec::new()).await <= contacts::ADDED_PER_DAY);
        deployment.clock.advance(86_401);
        let left = contacts::list(&member.app, &own_card).await.unwrap();
        assert!(i64::try_from(left.len()).unwrap() <= contacts::CONTACTS_MAX);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_for_one_contact_verifies_no_other_and_goes_after_five_minutes() {
    on_every_database(with_mail(), async |deployment| {
        let (member, other) = (deployment.member().await, deployment.member().await);
        let first = adds(&member, "a1@example.jp").await.unwrap();
        let second = adds(&member, "a2@example.jp").await.unwrap();
        let (of_first, of_second) = (code(deployment, first).await, code(deployment, second).await);
        if of_first != of_second {
            assert!(matches!(verifies(&member, second, &of_first).await, Err(ContactChangeError::Code)));
        }
        assert!(matches!(verifies(&other, first, &of_first).await, Err(ContactChangeError::Unknown)));
        deployment.clock.advance(301);
        assert!(matches!(verifies(&member, first, &of_first).await, Err(ContactChangeError::Gone)));
        contacts::send_code(&member.app, &member.member, &own(&member).await, first).await.unwrap();
        assert!(matches!(verifies(&member, first, "wrong").await, Err(ContactChangeError::Code)));
        verifies(&member, first, &code(deployment, first).await).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_shown_masked_and_stands_nowhere_in_plain() {
    on_every_database(with_mail(), async |deployment| {
        let member = deployment.member().await;
        let fields = [("channel", "email"), ("address", "secret.person@hidden.example")];
        let path = format!("/my/cards/{}/contacts", member.enrolment_id);
        let led = deployment.send(member.post(&path, &fields)).await;
        let page = deployment.send(member.get(led.header("location"))).await;
        assert!(page.text.contains("s•••@h•••.example"), "{}", page.text);
        assert!(!page.text.contains("secret.person"), "{}", page.text);
        for (place, bytes) in deployment.tables.dump().await {
            assert!(!bytes.windows(13).any(|window| window == b"secret.person"), "{place}");
        }
    })
    .await;
}
