//! Letters to cardholders, by a real mail server: what arrives, what is tried again, and what never leaves.

use sekisho::app::App;
use sekisho::domain::challenge::Language;
use sekisho::domain::consent::Channel;
use sekisho::domain::id::{CardholderId, ConsentEventId, DisclosureId, OutboxId, ReceiptId};
use sekisho::domain::outbox::{OutboxKind, OutboxMessage};
use sekisho::domain::receipt::{PendingNotice, Receipt, ReceiptScope, SentBefore};
use sekisho::flow::outbox;
use serde_json::json;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::Call;
use crate::support::relay::{Certificates, Relay, Taken, free_port};

fn wanted(port: u16) -> Wanted {
    Wanted::default()
        .with("SEKISHO__MAIL__HOST", "127.0.0.1")
        .with("SEKISHO__MAIL__PORT", port.to_string().leak())
        .with("SEKISHO__MAIL__TLS", "none")
        .with("SEKISHO__MAIL__FROM", "cards@issuer.example")
        .with("SEKISHO__MAIL__TIMEOUT_MS", "5000")
}

pub(super) fn pending(app: &App) -> PendingNotice {
    PendingNotice {
        event_id: ConsentEventId::new(app.now(), app.randomness.as_ref()),
        recorded_at: app.now(),
        channel: Channel::Phone,
        language: Language::Ja,
    }
}

fn receipt(app: &App, language: Language) -> Receipt {
    let randomness = app.randomness.as_ref();
    Receipt {
        id: ReceiptId::new(app.now(), randomness),
        event_id: ConsentEventId::new(app.now(), randomness),
        recorded_at: app.now(),
        effective_from: app.now(),
        channel: Channel::Phone,
        scope: ReceiptScope::AllCards,
        recipient: None,
        language,
        sent_before: vec![SentBefore { recipient: "tmx".into(), count: 3, last_at: app.now().plus_seconds(-86_400) }],
        maybe_sent: vec![DisclosureId::new(app.now(), randomness)],
    }
}

/// A cardholder with this e-mail address.
async fn cardholder(deployment: &Deployment, email: Option<&str>) -> CardholderId {
    let reference = deployment.cardholder(&json!({ "email": email })).await;
    deployment.app.store.cardholder_key(&reference).await.unwrap().unwrap().0
}

async fn put(app: &App, message: OutboxMessage) -> OutboxId {
    let id = message.id;
    let put = app.store.write(move |transaction| {
        Box::pin(async move { sekisho::store::outbox::enqueue(transaction, &message).await })
    });
    put.await.unwrap();
    id
}

/// Tries whatever is due, as the service does; answers how many messages that were.
async fn deliver(app: &App, kind: OutboxKind) -> usize {
    let taken = outbox::take(app, kind, 10).await.unwrap();
    for claimed in &taken {
        outbox::send(app, claimed).await.unwrap();
    }
    taken.len()
}

/// Where a message stands and why.
async fn state(deployment: &Deployment, id: OutboxId) -> String {
    let sql = "SELECT state || ' ' || COALESCE(reason, '-') FROM outbox WHERE id = $1";
    deployment.tables.value(sql, vec![id.uuid().into()]).await
}

#[tokio::test]
async fn the_receipt_arrives_in_her_language_and_tells_what_was_recorded() {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| {
        let relay = Relay::start(port);
        let app = &deployment.app;
        let holder = cardholder(deployment, Some("Hanako.Yamada@example.jp")).await;
        let (ja, en) = (receipt(app, Language::Ja), receipt(app, Language::En));
        let id = put(app, outbox::receipt_mail(app, holder, &ja)).await;
        deliver(app, OutboxKind::ReceiptMail).await;
        assert_eq!(state(deployment, id).await, "done -");
        put(app, outbox::receipt_mail(app, holder, &en)).await;
        deliver(app, OutboxKind::ReceiptMail).await;
        let letters = relay.letters();
        let [first, second] = letters.as_slice() else { panic!("{letters:?}") };

        assert_eq!(first.to(), "Hanako.Yamada@example.jp");
        assert_eq!(first.header("from"), "関所カード <cards@issuer.example>");
        assert_eq!(first.header("subject"), "情報提供の停止を受け付けました（関所カード）");
        assert_eq!(first.header("message-id"), format!("<{id}@issuer.example>"));
        assert_eq!(first.header("auto-submitted"), "auto-generated");
        assert_eq!(first.header("content-language"), "ja");
        assert!(first.header("content-type").contains("text/plain; charset=\"utf-8\""), "{first:?}");
        assert_eq!(first.header("date"), "Sun, 22 Nov 2026 03:00:00 +0000");
        assert!(first.raw().is_ascii());
        for part in [
            &ja.id.to_string(),
            "2026年11月22日 12:00（日本時間）",
            "受付方法: お電話",
            "今後更新または追加されるすべてのカード",
            "ThreatMetrix-style fraud analytics：3回（最後は2026年11月21日 12:00（日本時間））",
            &ja.maybe_sent[0].to_string(),
            "会員サポートデスク",
            "0120-000-000",
            "土・日・祝日・年末年始",
        ] {
            assert!(first.text().contains(part), "`{part}` is not in:\n{}", first.text());
        }
        assert!(!first.text().contains("お申し出の日時"), "the same time is told once");
        assert_eq!(second.header("subject"), "We have stopped sharing your data (Sekisho Card)");
        for part in
            ["ThreatMetrix-style fraud analytics: 3 times (last 21 Nov 2026, 12:00 (Japan time))", "One sending"]
        {
            assert!(second.text().contains(part), "`{part}` is not in:\n{}", second.text());
        }
        for letter in &letters {
            assert!(!letter.raw().contains("山田") && !letter.text().contains("山田"), "a letter holds no name");
        }
    })
    .await;
}

#[tokio::test]
async fn a_cardholder_hears_of_an_objection_that_somebody_made_in_her_name() {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| {
        let relay = Relay::start(port);
        let app = &deployment.app;
        let holder = cardholder(deployment, Some("hanako@example.jp")).await;
        put(app, outbox::pending_notice_mail(app, holder, &pending(app))).await;
        assert_eq!(deliver(app, OutboxKind::PendingNoticeMail).await, 1);
        let letter = relay.letter();
        assert_eq!(letter.header("subject"), "情報提供の停止のお申し出を確認しています（関所カード）");
        for part in
            ["2026年11月22日 12:00", "お電話", "分析会社に提供されません", "お心あたりがないとき", "0120-000-000"]
        {
            assert!(letter.text().contains(part), "`{part}` is not in:\n{}", letter.text());
        }
    })
    .await;
}

#[tokio::test]
async fn while_the_relay_is_down_a_letter_waits_and_then_arrives_once() {
    on_every_database_with_port(async |deployment, port| {
        let app = &deployment.app;
        let holder = cardholder(deployment, Some("hanako@example.jp")).await;
        let id = put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
        for round in 0_u32..4 {
            assert_eq!(deliver(app, OutboxKind::ReceiptMail).await, 1, "round {round}");
            assert_eq!(state(deployment, id).await, "waiting relay_unreachable");
            assert_eq!(deliver(app, OutboxKind::ReceiptMail).await, 0, "it is not tried at once");
            // The longest pause after so many tries: a minute, doubled each time.
            deployment.clock.advance(60 << round);
        }
        let relay = Relay::start(port);
        assert_eq!(deliver(app, OutboxKind::ReceiptMail).await, 1);
        assert_eq!(state(deployment, id).await, "done -");
        deployment.clock.advance(1_000_000);
        assert_eq!(deliver(app, OutboxKind::ReceiptMail).await, 0);
        assert_eq!(relay.letter().header("message-id"), format!("<{id}@issuer.example>"));
    })
    .await;
}

/// A port of its own for each database, so that nobody listens on it at first.
async fn on_every_database_with_port(test: impl AsyncFn(&Deployment, u16)) {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| test(deployment, port).await).await;
}

#[tokio::test]
async fn a_refused_address_ends_dead_and_a_corrected_one_gets_the_letter_by_replay() {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| {
        let relay = Relay::start(port);
        let app = &deployment.app;
        let reference = deployment.cardholder(&json!({"email": "nobody@example.jp"})).await;
        let holder = app.store.cardholder_key(&reference).await.unwrap().unwrap().0;
        let id = put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
        deliver(app, OutboxKind::ReceiptMail).await;
        assert_eq!(state(deployment, id).await, "dead refused_550");
        assert!(relay.letters().is_empty());

        let record = json!({"email": "hanako@example.jp"});
        deployment.issuer(Call::put(format!("/v1/cardholders/{reference}")), &record).await.ok(200);
        assert_eq!(outbox::replay_dead(app, "operator", None).await.unwrap(), [id]);
        deliver(app, OutboxKind::ReceiptMail).await;
        assert_eq!(state(deployment, id).await, "done -");
        assert_eq!(relay.letter().to(), "hanako@example.jp");
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_for_now_is_tried_again_until_it_is_given_up() {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| {
        let relay = Relay::start(port);
        let app = &deployment.app;
        let holder = cardholder(deployment, Some("later@example.jp")).await;
        let id = put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
        let tries = OutboxKind::ReceiptMail.schedule().attempts;
        for _ in 1..tries {
            assert_eq!(deliver(app, OutboxKind::ReceiptMail).await, 1);
            assert_eq!(state(deployment, id).await, "waiting deferred_451");
            deployment.clock.advance(6 * 3_600);
        }
        assert_eq!(deliver(app, OutboxKind::ReceiptMail).await, 1);
        assert_eq!(state(deployment, id).await, "dead deferred_451");
        assert!(relay.letters().is_empty());
    })
    .await;
}

#[tokio::test]
async fn old_carrier_addresses_get_their_letters_and_what_is_no_address_gets_none() {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| {
        let relay = Relay::start(port);
        let app = &deployment.app;
        let cases = [
            (Some("x..y.@docomo.ne.jp"), "done -"),
            (None, "dead no_address"),
            (Some("a,b@example.jp"), "dead address_invalid"),
        ];
        for (email, end) in cases {
            let holder = cardholder(deployment, email).await;
            let id = put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
            deliver(app, OutboxKind::ReceiptMail).await;
            assert_eq!(state(deployment, id).await, end, "{email:?}");
        }
        // The server has taken the quotes off the envelope's address.
        assert_eq!(relay.letter().to(), "x..y.@docomo.ne.jp");
        assert!(relay.letter().raw().contains("\"x..y.\"@docomo.ne.jp"), "{:?}", relay.letter());
    })
    .await;
}

#[tokio::test]
async fn line_ends_in_a_name_make_no_header() {
    let port = free_port();
    let name = "Card\r\nBcc: thief@example.com\r\n\r\nhello";
    on_every_database(wanted(port).with("SEKISHO__ISSUER__NAME_EN", name), async |deployment| {
        let relay = Relay::start(port);
        let app = &deployment.app;
        let holder = cardholder(deployment, Some("hanako@example.jp")).await;
        put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::En))).await;
        deliver(app, OutboxKind::ReceiptMail).await;
        let letter = relay.letter();
        assert!(letter.headers("bcc").is_empty() && letter.header("to") == "hanako@example.jp", "{letter:?}");
        assert!(letter.header("from").ends_with("<cards@issuer.example>"), "{letter:?}");
        assert!(letter.text().contains("Receipt number"));
    })
    .await;
}

#[tokio::test]
async fn a_letter_leaves_by_trusted_tls_or_not_at_all() {
    let certificates = Certificates::make();
    let ca: &str = certificates.path("ca.pem").display().to_string().leak();
    for (settings, starttls, end) in [
        (vec![("SEKISHO__MAIL__CA_FILE", ca)], true, "done -"),
        (vec![], true, "waiting relay_not_trusted"),
        (vec![("SEKISHO__MAIL__CA_FILE", ca)], false, "waiting relay_unfit"),
    ] {
        let port = free_port();
        let mut wanted = wanted(port).with("SEKISHO__MAIL__TLS", "starttls");
        wanted.settings.extend(settings);
        on_every_database(wanted, async |deployment| {
            let relay = if starttls { Relay::with_starttls(port, &certificates) } else { Relay::start(port) };
            let app = &deployment.app;
            let holder = cardholder(deployment, Some("hanako@example.jp")).await;
            let id = put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
            deliver(app, OutboxKind::ReceiptMail).await;
            assert_eq!(state(deployment, id).await, end);
            assert_eq!(
                relay.letters().iter().map(Taken::by_tls).collect::<Vec<_>>(),
                vec![true; usize::from(end == "done -")]
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_letter_that_is_under_way_arrives_before_the_service_ends() {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| {
        let relay = Relay::start(port);
        let app = &deployment.app;
        let holder = cardholder(deployment, Some("slow@example.jp")).await;
        let id = put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let twin = deployment.twin(31).await.0;
        let serving = tokio::spawn(sekisho::service::serve(twin, listener, async move {
            let _ = ended.await;
        }));
        let under_way = async {
            while state(deployment, id).await != "sending -" {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), under_way).await.expect("the service sends by itself");
        assert!(relay.letters().is_empty());
        end.send(()).unwrap();
        serving.await.unwrap().unwrap();
        assert_eq!(state(deployment, id).await, "done -");
        assert_eq!(relay.letter().to(), "slow@example.jp");
    })
    .await;
}

#[tokio::test]
async fn the_outbox_holds_no_address() {
    let port = free_port();
    on_every_database(wanted(port), async |deployment| {
        let _relay = Relay::start(port);
        let app = &deployment.app;
        for address in ["hanako.secret@example.jp", "nobody@secret.example.jp"] {
            let holder = cardholder(deployment, Some(address)).await;
            put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
        }
        deliver(app, OutboxKind::ReceiptMail).await;
        for (place, bytes) in deployment.tables.dump().await {
            assert!(!String::from_utf8_lossy(&bytes).contains("secret"), "{place}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_relay_letters_are_dead_and_say_why() {
    on_every_database(Wanted::default(), async |deployment| {
        let app = &deployment.app;
        let holder = cardholder(deployment, Some("hanako@example.jp")).await;
        let id = put(app, outbox::receipt_mail(app, holder, &receipt(app, Language::Ja))).await;
        deliver(app, OutboxKind::ReceiptMail).await;
        assert_eq!(state(deployment, id).await, "dead no_relay");
    })
    .await;
}
