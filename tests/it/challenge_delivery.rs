//! What becomes of a challenge when the mail relay or the SMS gateway is down, slow or refuses.

use std::time::Duration;

use axum::http::StatusCode;
use sekisho::demo::telephone::Behaviour;
use sekisho::domain::authentication::{Ending, Status};
use sekisho::domain::challenge::ChallengeState;
use sekisho::domain::member::ContactChannel;
use sekisho::domain::outbox::OutboxKind;

use crate::challenge::{authentication, claims, ended};
use crate::challenge_methods::by_sms;
use crate::support::challenge_fixture::{Bench, Opened, PASSWORD, Page, Setting, on_every_database};
use crate::support::gateway::Gateway;
use crate::support::relay::{Relay, free_port};

const UNDELIVERABLE: (Status, Ending, &str) = (Status::Unavailable, Ending::Undeliverable, "code_undeliverable");

fn by_mail(port: u16, timeout: &'static str) -> Setting {
    let settings = [
        ("SEKISHO__MAIL__HOST", "127.0.0.1"),
        ("SEKISHO__MAIL__PORT", &*port.to_string().leak()),
        ("SEKISHO__MAIL__TLS", "none"),
        ("SEKISHO__MAIL__FROM", "cards@issuer.example"),
        ("SEKISHO__MAIL__TIMEOUT_MS", timeout),
    ];
    Setting { environment: settings.to_vec(), ..Setting::default() }
}

/// A challenge by these methods whose code was asked for.
async fn asked(bench: &Bench, methods: &str, channel: ContactChannel, address: &str) -> (Opened, Page) {
    let way = format!("code:{}", bench.with_contact(channel, address).await);
    let challenge = bench.challenge_by(methods).await;
    let page = bench.framed(&challenge.path).await;
    let page = bench.wish(&challenge, &page, "choose", &way).await;
    (challenge, page)
}

/// Why the last try failed, and in how many seconds the next one comes.
async fn waits(bench: &Bench) -> i64 {
    bench.number("SELECT due_at FROM outbox WHERE state = 'waiting'", Vec::new()).await / 1_000_000
        - bench.app.now().unix_seconds()
}

async fn count(bench: &Bench, state: &'static str, reason: &'static str) -> i64 {
    let sql = "SELECT COUNT(*) FROM outbox WHERE state = $1 AND COALESCE(reason, '') = $2";
    bench.number(sql, vec![state.into(), reason.into()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_refuses_leaves_the_other_methods_or_ends_the_challenge() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        gateway.answers(400);
        let (mixed, _) = asked(&bench, "password,code", ContactChannel::Sms, "090-1234-5678").await;
        assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 1);
        assert_eq!(count(&bench, "dead", "refused_400").await, 1);
        let page = bench.framed(&mixed.path).await;
        assert!(page.body.contains("届けることができませんでした") && page.body.contains("パスワードを入力する"));
        assert!(!page.body.contains("name=\"code\""), "{}", page.body);
        let page = bench.wish(&mixed, &page, "choose", "password").await;
        assert_eq!(claims(&bench, &bench.answer(&mixed, &page, PASSWORD).await).status, "approved");

        for status in [401, 302] {
            gateway.answers(status);
            bench.run("UPDATE contacts SET removed_at = 1", Vec::new()).await;
            let (alone, _) = asked(&bench, "code", ContactChannel::Sms, "090-1234-5679").await;
            bench.deliver(OutboxKind::CodeSms).await;
            // Nobody looked at the page: the courier ended it.
            ended(&bench, &alone, UNDELIVERABLE).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_for_want_of_delivery_is_told_to_buyer_and_merchant() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        gateway.answers(422);
        let (challenge, page) = asked(&bench, "code", ContactChannel::Sms, "090-1234-5678").await;
        bench.deliver(OutboxKind::CodeSms).await;
        let last = bench.answer_code(&challenge, &page, "123456").await;
        assert!(last.body.contains("認証コードを届けられませんでした"), "{}", last.body);
        let claims = claims(&bench, &last);
        assert_eq!(
            (claims.status.as_str(), claims.trans_status.as_str(), claims.eci.as_str()),
            ("unavailable", "U", "07")
        );
        assert_eq!(claims.reasons, ["method_unavailable"]);
        let told = authentication(&bench, &challenge).await.codes.unwrap();
        assert_eq!(told.emv_reason.as_deref(), Some("22"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_fails_for_now_is_tried_again_in_its_own_time() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        let (challenge, page) = asked(&bench, "code", ContactChannel::Sms, "090-1234-5678").await;
        let after = |status: u16, seconds| Behaviour {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: Some(seconds),
            pause: Duration::ZERO,
        };
        for (behaviour, reason, at_least) in [
            (after(429, 20), "deferred_429", 20),
            (after(503, 9_999), "deferred_503", 30),
            (Behaviour { status: StatusCode::BAD_GATEWAY, ..Behaviour::default() }, "deferred_502", 8),
            (Behaviour { pause: Duration::from_secs(3), ..Behaviour::default() }, "timeout", 15),
        ] {
            gateway.telephone.behave(behaviour);
            assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 1);
            assert_eq!(count(&bench, "waiting", reason).await, 1, "{reason}");
            let seconds = waits(&bench).await;
            assert!((at_least..=30).contains(&seconds), "{reason}: {seconds}");
            assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 0, "not before its time");
            bench.clock.advance(seconds.unsigned_abs() + 1);
        }
        assert!(bench.framed(&challenge.path).await.body.contains("送信しています"));
        gateway.telephone.behave(Behaviour::default());
        assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 1);
        assert_eq!(claims(&bench, &bench.answer_code(&challenge, &page, &gateway.code()).await).status, "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stays_down_is_given_up_before_the_challenge_is_over() {
    // Nobody listens.
    let gateway = Gateway::new();
    on_every_database(by_sms(&gateway), async |bench| {
        let (challenge, _) = asked(&bench, "code", ContactChannel::Sms, "090-1234-5678").await;
        let began = bench.app.now();
        for _ in 0..OutboxKind::CodeSms.schedule().attempts {
            bench.clock.advance(31);
            assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 1);
        }
        assert_eq!(count(&bench, "dead", "gateway_unreachable").await, 1);
        assert!(bench.app.now().unix_seconds() - began.unix_seconds() < 300);
        ended(&bench, &challenge, UNDELIVERABLE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_refuses_is_down_or_slow_leaves_the_other_methods() {
    let port = free_port();
    on_every_database(by_mail(port, "500"), async |bench| {
        // Down.
        let (challenge, page) = asked(&bench, "password,code", ContactChannel::Email, "hanako@example.jp").await;
        assert!(page.body.contains("h•••@e•••.jp に送信しています"), "{}", page.body);
        assert_eq!(bench.deliver(OutboxKind::CodeMail).await, 1);
        assert_eq!(count(&bench, "waiting", "relay_unreachable").await, 1);
        // Up again: the letter names the purchase and holds the code.
        let relay = Relay::start(port);
        bench.clock.advance(31);
        assert_eq!(bench.deliver(OutboxKind::CodeMail).await, 1);
        let letters = relay.letters();
        let letter = letters.last().unwrap();
        assert_eq!(letter.to(), "hanako@example.jp");
        for part in ["みどり書店 Online", "¥12,800", "5分間", "0120-000-000"] {
            assert!(letter.text().contains(part), "`{part}` is not in:\n{}", letter.text());
        }
        assert!(!letter.text().contains("http") && !letter.header("subject").chars().any(|c| c.is_ascii_digit()));
        let (_, rest) = letter.text().split_once("認証コード: ").unwrap();
        let code: String = rest.chars().take(6).collect();
        let page = bench.framed(&challenge.path).await;
        assert_eq!(claims(&bench, &bench.answer_code(&challenge, &page, &code).await).status, "approved");

        // Slow, refusing for now, refusing for good.
        bench.run("DELETE FROM outbox", Vec::new()).await;
        for (address, state, reason) in [
            ("slow@example.jp", "done", ""),
            ("later@example.jp", "waiting", "deferred_451"),
            ("nobody@example.jp", "dead", "refused_550"),
        ] {
            let (challenge, _) = asked(&bench, "password,code", ContactChannel::Email, address).await;
            assert_eq!(bench.deliver(OutboxKind::CodeMail).await, 1, "{address}");
            assert_eq!(count(&bench, state, reason).await, 1, "{address}");
            let page = bench.framed(&challenge.path).await;
            let page = bench.wish(&challenge, &page, "choose", "password").await;
            assert_eq!(
                claims(&bench, &bench.answer(&challenge, &page, PASSWORD).await).status,
                "approved",
                "{address}"
            );
            bench.run("DELETE FROM outbox", Vec::new()).await;
        }
        let (alone, _) = asked(&bench, "code", ContactChannel::Email, "nobody@example.jp").await;
        bench
            .run("UPDATE contacts SET removed_at = 1 WHERE id NOT IN (SELECT contact_id FROM sent_codes)", Vec::new())
            .await;
        bench.deliver(OutboxKind::CodeMail).await;
        let found = bench.app.store.challenge_by_id(alone.challenge_id, bench.app.config.environment, bench.app.now());
        assert_eq!(found.await.unwrap().unwrap().state, ChallengeState::Unavailable);
    })
    .await;
}
