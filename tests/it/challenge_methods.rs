//! The challenge's methods: chosen, changed, sent, answered.

use axum::http::StatusCode;
use sekisho::domain::authentication::{Ending, Status};
use sekisho::domain::facts::Method;
use sekisho::domain::id::EnrolmentId;
use sekisho::domain::member::ContactChannel;
use sekisho::domain::outbox::OutboxKind;
use sekisho::flow::sent_code::SENDS;
use serde_json::json;

use crate::challenge::{attempts, claims, ended};
use crate::sent_codes;
use crate::support::challenge_fixture::{Bench, PASSWORD, Setting, on_every_database};
use crate::support::deployment::{self, Wanted};
use crate::support::gateway::Gateway;

const PHONE: &str = "090-1234-5678";

pub(crate) fn by_sms(gateway: &Gateway) -> Setting {
    Setting { environment: gateway.settings(), ..Setting::default() }
}

async fn codes_sent(bench: &Bench) -> i64 {
    bench.number("SELECT COUNT(*) FROM outbox", Vec::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_changes_from_password_to_a_code_and_back() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        let contact = bench.with_contact(ContactChannel::Sms, PHONE).await;
        bench.with_contact(ContactChannel::Email, "hanako@example.jp").await;
        let challenge = bench.challenge_by("password,code").await;
        let page = bench.framed(&challenge.path).await;
        assert!(page.body.contains("name=\"password\"") && !page.body.contains("name=\"code\""));
        assert!(page.body.contains("•••678 にSMSで認証コードを送る"), "{}", page.body);
        assert!(!page.body.contains("e•••.jp"), "no mail can be sent here: {}", page.body);
        assert!(!page.body.contains("90123"), "the number is masked");

        let way = format!("code:{contact}");
        let sending = bench.wish(&challenge, &page, "choose", &way).await;
        assert!(sending.body.contains("•••678 に送信しています"), "{}", sending.body);
        for mark in ["autocomplete=\"one-time-code\"", "inputmode=\"numeric\"", "name=\"code\""] {
            assert!(sending.body.contains(mark), "{mark}");
        }
        assert!(!sending.body.contains("name=\"password\""));
        assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 1);
        let text = gateway.telephone.messages().pop().unwrap().text;
        assert!(text.contains("みどり書店 Online") && text.contains("¥12,800"), "{text}");
        assert!(bench.framed(&challenge.path).await.body.contains("•••678 に送りました"), "the choice stays");

        let back = bench.wish(&challenge, &sending, "choose", "password").await;
        assert!(back.body.contains("name=\"password\""));
        let again = bench.wish(&challenge, &back, "choose", &way).await;
        assert_eq!(codes_sent(&bench).await, 1, "a live code is not sent anew");
        let wide: String = gateway.code().chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        let (front, rest) = wide.split_at(9);
        let passed = bench.answer_code(&challenge, &again, &format!(" {front} {rest} ")).await;
        assert_eq!(claims(&bench, &passed).status, "approved");
        ended(&bench, &challenge, (Status::Approved, Ending::Challenge, "challenge_passed")).await;
        assert_eq!((attempts(&bench, &challenge).await, bench.failures("code").await), (1, 0));
        assert_eq!(bench.number("SELECT COUNT(*) FROM sent_codes", Vec::new()).await, 0, "the code is used up");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_by_the_buyers_press_alone_and_a_repeated_form_sends_nothing_twice() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        let way = format!("code:{}", bench.with_contact(ContactChannel::Sms, PHONE).await);
        let challenge = bench.challenge_by("code").await;
        let page = bench.framed(&challenge.path).await;
        bench.framed(&challenge.path).await;
        assert_eq!(codes_sent(&bench).await, 0, "looking sends nothing");
        assert!(
            !page.body.contains("name=\"code\"") && page.body.contains("認証コードを送る</button>"),
            "{}",
            page.body
        );

        let both =
            tokio::join!(bench.wish(&challenge, &page, "send", &way), bench.wish(&challenge, &page, "send", &way));
        bench.wish(&challenge, &page, "send", &way).await;
        assert_eq!(codes_sent(&bench).await, 1);
        bench.deliver(OutboxKind::CodeSms).await;
        let first = gateway.code();
        let mut page = both.0;
        for sent in 2..=SENDS {
            assert!(page.body.contains(&format!("あと{}回送れます", SENDS - sent + 1)), "{}", page.body);
            page = bench.wish(&challenge, &page, "send", &way).await;
            assert_eq!(codes_sent(&bench).await, sent);
        }
        assert!(page.body.contains("これ以上送れません") && !page.body.contains("value=\"send\""), "{}", page.body);
        bench.deliver(OutboxKind::CodeSms).await;
        let last = gateway.code();
        assert_eq!(gateway.telephone.messages().len(), 2, "replaced codes are not sent");
        let old = bench.answer_code(&challenge, &page, &first).await;
        assert!(old.body.contains("入力された数字が違います。あと2回"), "{}", old.body);
        let passed = bench.answer_code(&challenge, &old, &last).await;
        assert_eq!(claims(&bench, &passed).status, "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_fields_and_malformed_codes_spend_no_try() {
    let gateway = Gateway::new();
    on_every_database(by_sms(&gateway), async |bench| {
        let secret = bench.with_totp().await;
        bench.with_contact(ContactChannel::Sms, PHONE).await;
        let challenge = bench.challenge_by("totp,code,password").await;
        let page = bench.framed(&challenge.path).await;
        let right = bench.password_of(&secret, 0);
        let post = async |fields: &[(&str, &str)]| {
            let form = bench.framed(&challenge.path).await.form("answer");
            let own = [("step", "answer"), ("form", form.as_str())];
            bench.post(&challenge.path, &[&own, fields].concat()).await
        };
        for (fields, text) in [
            (vec![("password", PASSWORD)], "別の方法の入力欄"),
            (vec![("password", PASSWORD), ("code", right.as_str())], "別の方法の入力欄"),
            (vec![], "6桁の数字を入力してください"),
            (vec![("code", "   ")], "6桁の数字を入力してください"),
            (vec![("code", "12345")], "数字6桁を入力"),
            (vec![("code", "1234567")], "数字6桁を入力"),
            (vec![("code", "12345a")], "数字6桁を入力"),
            (vec![("code", "<b>1</b>")], "数字6桁を入力"),
        ] {
            let shown = post(&fields).await;
            assert!(shown.body.contains(text), "{fields:?}: {}", shown.body);
        }
        let huge = "1".repeat(1_000_000);
        assert_eq!(post(&[("code", &huge)]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(post(&[("code", &"1".repeat(2_000))]).await.body.contains("数字6桁を入力"));
        let gone = bench.wish(&challenge, &page, "choose", "code:contact_00000000000000000000000000000007").await;
        assert!(gone.body.contains("選んだ方法は今は使えません"), "{}", gone.body);
        for way in ["", "passkey", "code:x", "totp\u{0}"] {
            assert_eq!(bench.wish(&challenge, &page, "send", way).await.status, StatusCode::OK, "{way}");
        }
        assert_eq!((attempts(&bench, &challenge).await, bench.failures("totp").await), (0, 0));
        assert_eq!(codes_sent(&bench).await, 0);
        // An answer by the form of another method is taken, as long as the method is on offer.
        let password = bench.wish(&challenge, &page, "choose", "password").await;
        let passed = bench.answer_code(&challenge, &page, &format!("{} {}", &right[..3], &right[3..])).await;
        assert!(password.body.contains("name=\"password\""));
        assert_eq!(claims(&bench, &passed).status, "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_the_card_lost_is_not_asked_for_any_more() {
    let gateway = Gateway::new();
    on_every_database(by_sms(&gateway), async |bench| {
        let contact = bench.with_contact(ContactChannel::Sms, PHONE).await;
        let (mixed, alone) = (bench.challenge_by("code,password").await, bench.challenge_by("code").await);
        bench.framed(&alone.path).await;
        let now = bench.app.now();
        let removed = bench.app.store.write(move |transaction| {
            Box::pin(async move { sekisho::store::contacts::remove(transaction, contact, now).await })
        });
        assert!(removed.await.unwrap());
        let page = bench.framed(&mixed.path).await;
        assert!(page.body.contains("name=\"password\"") && !page.body.contains("•••678"), "{}", page.body);
        let over = bench.framed(&alone.path).await;
        assert_eq!(claims(&bench, &over).status, "unavailable");
        ended(&bench, &alone, (Status::Unavailable, Ending::Undeliverable, "code_undeliverable")).await;
    })
    .await;
}

#[tokio::test]
async fn codes_are_offered_only_where_they_can_be_sent() {
    let gateway = Gateway::new();
    for (settings, offered) in [(Vec::new(), false), (gateway.settings(), true)] {
        deployment::on_every_database(Wanted { settings, ..Wanted::default() }, async |deployment| {
            let card = deployment.enrolled().await;
            let app = &deployment.app;
            let sql = "SELECT e.id FROM enrolments e JOIN cards c ON c.id = e.card_id WHERE c.reference = $1";
            let id: uuid::Uuid = deployment.tables.value(sql, vec![card.reference.clone().into()]).await;
            let usable = async || {
                let answer = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
                let enrolment = deployment.facts(&answer).await.enrolment;
                (enrolment.methods.contains(&Method::Code), enrolment.usable_methods.contains(&Method::Code))
            };
            assert_eq!(usable().await, (false, false));
            let contact = sent_codes::add(app, EnrolmentId::from_uuid(id), ContactChannel::Sms, PHONE).await;
            assert_eq!(usable().await, (false, false), "it is not verified");
            assert!(sent_codes::verify(app, contact, 3_600).await);
            assert_eq!(usable().await, (true, false), "it has to wait");
            deployment.clock.advance(3_601);
            assert_eq!(usable().await, (true, offered));
        })
        .await;
    }
}
