//! Codes that are sent, for whatever purpose: derived, delivered, counted, used once.

use std::sync::Arc;

use sekisho::app::App;
use sekisho::credential::sent_code::BoundTo;
use sekisho::domain::challenge::Language;
use sekisho::domain::contact::ContactAddress;
use sekisho::domain::id::{ContactId, CredentialId, EnrolmentId};
use sekisho::domain::member::ContactChannel;
use sekisho::domain::member_notice::MemberEvent;
use sekisho::domain::outbox::OutboxKind;
use sekisho::flow::sent_code::{CodeCheck, SENDS, SENDS_PER_CONTACT, SendError, Sending};
use sekisho::flow::{contact, member_notice, outbox, sent_code};
use sekisho::store::contacts;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::gateway::Gateway;
use crate::support::relay::{Relay, Taken, free_port};

fn by_sms(gateway: &Gateway) -> Wanted {
    Wanted { settings: gateway.settings(), ..Wanted::default() }
}

/// A registered card's enrolment.
async fn enrolment(deployment: &Deployment) -> EnrolmentId {
    let card = deployment.enrolled().await;
    let id: uuid::Uuid = deployment
        .tables
        .value(
            "SELECT e.id FROM enrolments e JOIN cards c ON c.id = e.card_id WHERE c.reference = $1",
            vec![card.reference.into()],
        )
        .await;
    EnrolmentId::from_uuid(id)
}

/// Adds a contact that is not verified yet.
pub(crate) async fn add(app: &App, enrolment: EnrolmentId, channel: ContactChannel, text: &str) -> ContactId {
    let cardholder = app.store.cardholder_of_enrolment(enrolment).await.unwrap().unwrap();
    let address = ContactAddress::parse(channel, text).unwrap();
    let new = contact::seal(app, cardholder, enrolment, &address).await.unwrap();
    let (id, now) = (new.id, app.now());
    app.store.write(move |tx| Box::pin(async move { contacts::add(tx, &new, now).await })).await.unwrap();
    id
}

/// Marks a contact as hers.
pub(crate) async fn verify(app: &App, id: ContactId, wait_seconds: i64) -> bool {
    let now = app.now();
    let credential = CredentialId::new(now, app.randomness.as_ref());
    let usable = now.plus_seconds(wait_seconds);
    let work =
        app.store.write(move |tx| Box::pin(async move { contacts::verify(tx, id, usable, credential, now).await }));
    work.await.unwrap()
}

async fn remove(app: &App, id: ContactId) -> bool {
    let now = app.now();
    app.store.write(move |tx| Box::pin(async move { contacts::remove(tx, id, now).await })).await.unwrap()
}

async fn ask(app: &App, bound_to: BoundTo<'_>, to: ContactId) -> Result<(), SendError> {
    sent_code::send(app, Sending { actor: "member", bound_to, to, language: Language::Ja }).await
}

async fn deliver(app: &App, kind: OutboxKind) -> usize {
    let taken = outbox::take(app, kind, 20).await.unwrap();
    for claimed in &taken {
        outbox::send(app, claimed).await.unwrap();
    }
    taken.len()
}

/// Asks for a code and has it delivered.
async fn code(app: &App, gateway: &Gateway, bound_to: BoundTo<'_>, to: ContactId) -> String {
    ask(app, bound_to, to).await.unwrap();
    assert_eq!(deliver(app, OutboxKind::CodeSms).await, 1);
    gateway.code()
}

#[tokio::test]
async fn a_code_arrives_by_short_message_is_good_once_and_nowhere_in_the_database() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |deployment| {
        gateway.telephone.forget();
        let app = &deployment.app;
        let enrolment = enrolment(deployment).await;
        let to = add(app, enrolment, ContactChannel::Sms, "090-1234-5678").await;
        let code = code(app, &gateway, BoundTo::Contact(to), to).await;
        let message = gateway.telephone.messages().pop().unwrap();
        assert_eq!((message.to.as_str(), message.sender.as_str()), ("+819012345678", "Sekisho"));
        assert!(
            message.text.encode_utf16().count() <= 70 && message.text.contains("連絡先の登録コード"),
            "{message:?}"
        );
        for (place, bytes) in deployment.tables.dump().await {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(&code) && !text.contains("9012345678"), "{place} holds a code or a number");
        }

        let typed: String = code.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        let typed = format!(" {} ", typed.chars().map(String::from).collect::<Vec<_>>().join(" "));
        let elsewhere = sent_code::check(app, "member", BoundTo::Reset(enrolment), &code).await.unwrap();
        assert_eq!(elsewhere, CodeCheck::Gone, "a code for one purpose is none for another");
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let check = async |typed: &str| sent_code::check(app, "member", BoundTo::Contact(to), typed).await.unwrap();
        for other in [wrong, "", "12345", &format!("{code}0"), "コード"] {
            assert_eq!(check(other).await, CodeCheck::Wrong, "{other}");
        }
        assert_eq!(check(&typed).await, CodeCheck::Right(to));
        assert_eq!(check(&code).await, CodeCheck::Gone, "it was used");
    })
    .await;
}

#[tokio::test]
async fn replay_of_a_sent_code_at_once_is_right_for_one_alone() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |deployment| {
        gateway.telephone.forget();
        let (twin, _) = deployment.twin(9).await;
        let app = &deployment.app;
        let enrolment = enrolment(deployment).await;
        let to = add(app, enrolment, ContactChannel::Sms, "090-1234-5678").await;
        let code = code(app, &gateway, BoundTo::Reset(enrolment), to).await;
        let checks = (0..8).map(|number| {
            let (app, code) = (Arc::clone(if number % 2 == 0 { app } else { &twin }), code.clone());
            tokio::spawn(
                async move { sent_code::check(&app, "member", BoundTo::Reset(enrolment), &code).await.unwrap() },
            )
        });
        let found: Vec<CodeCheck> =
            futures_util::future::join_all(checks).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(found.iter().filter(|check| **check == CodeCheck::Right(to)).count(), 1, "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn parallel_guesses_at_a_sent_code_stop_at_ten_over_two_processes() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |deployment| {
        gateway.telephone.forget();
        let (twin, _) = deployment.twin(9).await;
        let app = &deployment.app;
        let enrolment = enrolment(deployment).await;
        let to = add(app, enrolment, ContactChannel::Sms, "090-1234-5678").await;
        let right = code(app, &gateway, BoundTo::Reset(enrolment), to).await;
        let guesses = (0..40_u32).map(|number| {
            let app = Arc::clone(if number % 2 == 0 { app } else { &twin });
            let guess = format!("{:06}", (right.parse::<u32>().unwrap() + 1 + number) % 1_000_000);
            tokio::spawn(
                async move { sent_code::check(&app, "member", BoundTo::Reset(enrolment), &guess).await.unwrap() },
            )
        });
        let found: Vec<CodeCheck> =
            futures_util::future::join_all(guesses).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(found.iter().filter(|check| **check == CodeCheck::Wrong).count(), 10, "{found:?}");
        let check = async |code: &str| sent_code::check(app, "member", BoundTo::Reset(enrolment), code).await.unwrap();
        assert_eq!(check(&right).await, CodeCheck::Gone, "the right one comes too late");
        // Another code does not bring more guesses.
        let next = code(app, &gateway, BoundTo::Reset(enrolment), to).await;
        assert_eq!(check(&next).await, CodeCheck::Gone);
        deployment.clock.advance(86_401);
        let tomorrow = code(app, &gateway, BoundTo::Reset(enrolment), to).await;
        assert_eq!(check(&tomorrow).await, CodeCheck::Right(to));
    })
    .await;
}

#[tokio::test]
async fn a_code_sent_again_replaces_the_last_one_and_there_is_a_limit() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |deployment| {
        gateway.telephone.forget();
        let app = &deployment.app;
        let enrolment = enrolment(deployment).await;
        let to = add(app, enrolment, ContactChannel::Sms, "090-1234-5678").await;
        let bound_to = BoundTo::Contact(to);
        let first = code(app, &gateway, bound_to, to).await;
        // One that waits while the next is asked for is not sent any more.
        ask(app, bound_to, to).await.unwrap();
        ask(app, bound_to, to).await.unwrap();
        let before = gateway.telephone.posts();
        assert_eq!(deliver(app, OutboxKind::CodeSms).await, 2);
        assert_eq!(gateway.telephone.posts(), before + 1);
        let third = gateway.code();
        assert_eq!(sent_code::check(app, "member", bound_to, &first).await.unwrap(), CodeCheck::Wrong);
        let standing = sent_code::standing(app, bound_to.subject()).await.unwrap().unwrap();
        assert_eq!((standing.sends_left, standing.delivery), (SENDS - 3, sent_code::Delivery::HandedOver));
        code(app, &gateway, bound_to, to).await;
        assert!(matches!(ask(app, bound_to, to).await, Err(SendError::TooMany)));
        assert_eq!(sent_code::check(app, "member", bound_to, &third).await.unwrap(), CodeCheck::Wrong);
        let last = gateway.code();
        deployment.clock.advance(300);
        assert_eq!(sent_code::check(app, "member", bound_to, &last).await.unwrap(), CodeCheck::Gone, "too late");
        deployment.clock.advance(86_400);
        let tomorrow = code(app, &gateway, bound_to, to).await;
        assert_eq!(sent_code::check(app, "member", bound_to, &tomorrow).await.unwrap(), CodeCheck::Right(to));
    })
    .await;
}

#[tokio::test]
async fn a_telephone_is_not_flooded_whatever_the_codes_are_for() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |deployment| {
        gateway.telephone.forget();
        let app = &deployment.app;
        let to = add(app, enrolment(deployment).await, ContactChannel::Sms, "090-1234-5678").await;
        let mut sent = 0;
        for _ in 0..30 {
            let other = EnrolmentId::new(app.now(), app.randomness.as_ref());
            sent += i64::from(ask(app, BoundTo::Reset(other), to).await.is_ok());
        }
        assert_eq!(sent, SENDS_PER_CONTACT);
        let waiting: i64 = deployment.tables.value("SELECT COUNT(*) FROM outbox", Vec::new()).await;
        assert_eq!(waiting, SENDS_PER_CONTACT, "what was refused left nothing behind");
        deployment.clock.advance(86_400);
        ask(app, BoundTo::Contact(to), to).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_credential_for_codes_stands_and_falls_with_the_verified_contacts() {
    on_every_database(Wanted::default(), async |deployment| {
        let app = &deployment.app;
        let enrolment = enrolment(deployment).await;
        let usable = async || {
            let sql =
                "SELECT COALESCE(MAX(usable_from), -1) FROM credentials WHERE kind = 'code' AND enrolment_id = $1";
            deployment.tables.value::<i64>(sql, vec![enrolment.uuid().into()]).await
        };
        let mail = add(app, enrolment, ContactChannel::Email, "hanako@example.jp").await;
        let phone = add(app, enrolment, ContactChannel::Sms, "090-1234-5678").await;
        assert_eq!(usable().await, -1);
        assert!(verify(app, phone, 86_400).await && !verify(app, phone, 0).await);
        assert_eq!(usable().await, app.now().plus_seconds(86_400).0);
        assert!(verify(app, mail, 0).await);
        assert_eq!(usable().await, app.now().0, "the earliest counts");
        assert!(remove(app, mail).await && !remove(app, mail).await);
        assert_eq!(usable().await, app.now().plus_seconds(86_400).0);
        assert!(remove(app, phone).await);
        assert_eq!(usable().await, -1);
        assert!(!verify(app, phone, 0).await, "a removed contact is not verified");
        assert!(app.store.contacts(enrolment).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn every_change_is_told_to_all_contacts_and_to_the_registered_address_once() {
    let gateway = Gateway::new();
    gateway.listen().await;
    let port = free_port();
    let mut wanted = by_sms(&gateway);
    wanted.settings.extend([
        ("SEKISHO__MAIL__HOST", "127.0.0.1"),
        ("SEKISHO__MAIL__PORT", &*port.to_string().leak()),
        ("SEKISHO__MAIL__TLS", "none"),
        ("SEKISHO__MAIL__FROM", "cards@issuer.example"),
    ]);
    on_every_database(wanted, async |deployment| {
        gateway.telephone.forget();
        let relay = Relay::start(port);
        let app = &deployment.app;
        let enrolment = enrolment(deployment).await;
        for (channel, text, verified) in [
            (ContactChannel::Sms, "090-1234-5678", true),
            (ContactChannel::Email, "hanako.yamada@example.jp", true),
            (ContactChannel::Email, "other@example.jp", true),
            (ContactChannel::Email, "stranger@example.jp", false),
        ] {
            let id = add(app, enrolment, channel, text).await;
            assert!(!verified || verify(app, id, 0).await);
        }
        for event in MemberEvent::ALL {
            for language in [Language::Ja, Language::En] {
                let messages = member_notice::messages(app, enrolment, *event, language).await.unwrap();
                assert_eq!(messages.len(), 3, "{event:?}");
                app.store
                    .write(move |tx| {
                        Box::pin(async move {
                            for message in &messages {
                                sekisho::store::outbox::enqueue(tx, message).await?;
                            }
                            Ok(())
                        })
                    })
                    .await
                    .unwrap();
            }
        }
        while deliver(app, OutboxKind::MemberNoticeMail).await + deliver(app, OutboxKind::MemberNoticeSms).await > 0 {}
        let short: Vec<String> = gateway.telephone.messages().into_iter().map(|message| message.text).collect();
        let letters = relay.letters();
        let mut receivers: Vec<&str> = letters.iter().map(Taken::to).collect();
        receivers.sort_unstable();
        receivers.dedup();
        assert_eq!(receivers, ["hanako.yamada@example.jp", "other@example.jp"]);
        assert_eq!(letters.len(), 4 * MemberEvent::ALL.len());
        for text in short.iter().map(String::as_str).chain(letters.iter().map(Taken::text)) {
            assert!(!text.contains("notice-") && !text.contains("sms-") && !text.contains("http"), "{text}");
            assert!(!text.contains("山田") && text.contains("0120-000-000"), "{text}");
        }
        for text in &short {
            assert!(text.encode_utf16().count() <= 70, "{text}");
            assert!(text.contains("関所カード") || text.contains("Sekisho Card"), "{text}");
        }
        let untouched: i64 =
            deployment.tables.value("SELECT COUNT(*) FROM outbox WHERE state <> 'done'", Vec::new()).await;
        assert_eq!(untouched, 0);
        let bodies = deployment.tables.column::<String>("SELECT body FROM outbox", Vec::new()).await.concat();
        assert!(!bodies.contains("example.jp") && !bodies.contains("5678"), "{bodies}");
    })
    .await;
}
