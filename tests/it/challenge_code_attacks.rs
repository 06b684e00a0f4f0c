//! Attacks on one-time passwords and sent codes in challenges: guessing, replay, transfer to another purchase.

use std::sync::Arc;

use axum::http::StatusCode;
use sea_orm::Value;
use sekisho::credential::sent_code::{self, BoundTo};
use sekisho::domain::authentication::{Ending, Status};
use sekisho::domain::challenge::ChallengeState;
use sekisho::domain::id::{CredentialId, MerchantId};
use sekisho::domain::member::ContactChannel;
use sekisho::domain::money::Money;
use sekisho::domain::outbox::OutboxKind;
use sekisho::flow::challenge;
use sekisho::store::used_steps;

use crate::challenge::{MESSAGE, attempts, authentication, claims, ended};
use crate::challenge_methods::by_sms;
use crate::support::challenge_fixture::{Bench, Opened, PASSWORD, Page, Setting, on_every_database};
use crate::support::gateway::Gateway;
use crate::support::proofs::another;

const PHONE: &str = "090-1234-5678";

/// A challenge by code whose code was delivered; the page with the field, and the code.
async fn with_code(bench: &Bench, gateway: &Gateway, way: &str) -> (Opened, Page, String) {
    let challenge = bench.challenge_by("code").await;
    let page = bench.framed(&challenge.path).await;
    let page = bench.wish(&challenge, &page, "send", way).await;
    assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 1);
    (challenge, page, gateway.code())
}

async fn way(bench: &Bench) -> String {
    format!("code:{}", bench.with_contact(ContactChannel::Sms, PHONE).await)
}

async fn status(bench: &Bench, challenge: &Opened) -> Status {
    authentication(bench, challenge).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_password_of_one_step_back_passes_and_of_one_ahead_or_two_back_does_not() {
    on_every_database(Setting::default(), async |bench| {
        let secret = bench.with_totp().await;
        for (steps, passes) in [(-2, false), (1, false), (-1, true), (0, true)] {
            let challenge = bench.challenge_by("totp").await;
            let page = bench.framed(&challenge.path).await;
            let code = bench.password_of(&secret, steps);
            bench.answer_code(&challenge, &page, &code).await;
            assert_eq!(status(&bench, &challenge).await == Status::Approved, passes, "{steps}");
        }
        // Up to the last moment of its second step, and not beyond.
        bench.clock.advance(3_600);
        for (seconds, passes) in [(60, false), (59, true)] {
            let code = bench.password_of(&secret, 0);
            bench.clock.advance(seconds);
            let challenge = bench.challenge_by("totp").await;
            let page = bench.framed(&challenge.path).await;
            bench.answer_code(&challenge, &page, &code).await;
            assert_eq!(status(&bench, &challenge).await == Status::Approved, passes, "{seconds}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_of_a_step_on_many_challenges_at_once_completes_one() {
    on_every_database(Setting::default(), async |bench| {
        let secret = bench.with_totp().await;
        let code = bench.password_of(&secret, 0);
        let twin = Arc::new(bench.twin().await);
        let bench = Arc::new(bench);
        let (mut challenges, mut answers) = (Vec::new(), Vec::new());
        for number in 0..6 {
            let challenge = bench.challenge_by("totp").await;
            let page = bench.framed(&challenge.path).await;
            let process = Arc::clone(if number % 2 == 0 { &bench } else { &twin });
            let (answered, code) = (challenge.clone(), code.clone());
            answers.push(tokio::spawn(async move { process.answer_code(&answered, &page, &code).await.body }));
            challenges.push(challenge);
        }
        let bodies: Vec<String> =
            futures_util::future::join_all(answers).await.into_iter().map(Result::unwrap).collect();
        let refused = bodies.iter().filter(|body| body.contains("すでに使われています。")).count();
        assert_eq!(refused, 5, "{bodies:?}");
        let passed = "SELECT COUNT(*) FROM challenges WHERE state = 'passed'";
        assert_eq!(bench.number(passed, Vec::new()).await, 1);
        // An older step is ruled out by a later one, too.
        let late = bench.challenge_by("totp").await;
        let page = bench.framed(&late.path).await;
        bench.answer_code(&late, &page, &bench.password_of(&secret, -1)).await;
        assert_eq!(status(&bench, &late).await, Status::ChallengeRequired);
        assert_eq!(attempts(&bench, &late).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_sign_in_is_not_good_for_a_challenge_nor_the_other_way_round() {
    on_every_database(Setting::default(), async |bench| {
        let secret = bench.with_totp().await;
        let credential = CredentialId::from_uuid(bench.only("SELECT id FROM credentials WHERE kind = 'totp'").await);
        let step = bench.app.now().unix_seconds() / 30;
        let sign_in = async |step: i64| {
            let used = bench.app.store.write(move |transaction| {
                Box::pin(async move { used_steps::use_step(transaction, credential, step).await })
            });
            used.await.unwrap()
        };
        assert!(sign_in(step).await && !sign_in(step).await);
        let challenge = bench.challenge_by("totp").await;
        let page = bench.framed(&challenge.path).await;
        let page = bench.answer_code(&challenge, &page, &bench.password_of(&secret, 0)).await;
        assert!(page.body.contains("すでに使われています"), "{}", page.body);
        bench.clock.advance(30);
        bench.answer_code(&challenge, &page, &bench.password_of(&secret, 0)).await;
        assert_eq!(status(&bench, &challenge).await, Status::Approved);
        assert!(!sign_in(step + 1).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_payment_a_is_wrong_on_payment_b() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        let way = way(&bench).await;
        let (a, page_a, code_a) = with_code(&bench, &gateway, &way).await;
        let (b, page_b, code_b) = with_code(&bench, &gateway, &way).await;
        let crossed = bench.answer_code(&b, &page_b, &code_a).await;
        assert!(crossed.body.contains("入力された数字が違います。あと2回"), "{}", crossed.body);
        assert_eq!((attempts(&bench, &a).await, attempts(&bench, &b).await), (0, 1));
        assert_eq!(claims(&bench, &bench.answer_code(&b, &crossed, &code_b).await).status, "approved");
        assert_eq!(claims(&bench, &bench.answer_code(&a, &page_a, &code_a).await).status, "approved");

        // The same challenge for another merchant, amount or currency is another thing.
        let record = authentication(&bench, &a).await;
        let nonce = [7; 32];
        let bound = |record| BoundTo::Challenge(a.challenge_id, record);
        let digest = sent_code::digest(&bench.app.keys, bound(&record), &nonce);
        let code = sent_code::code(&bench.app.keys, bound(&record), &nonce, &digest).unwrap();
        let money = |amount_minor, currency| Money { amount_minor, currency };
        let mut others = [record.clone(), record.clone(), record.clone()];
        others[0].merchant_id = MerchantId::from_uuid(uuid::Uuid::nil());
        others[1].money = money(record.money.amount_minor * 10, record.money.currency);
        others[2].money = money(record.money.amount_minor, iso_currency::Currency::USD);
        assert!(sent_code::matches(&bench.app.keys, bound(&record), &code, &digest));
        for other in &others {
            assert!(!sent_code::matches(&bench.app.keys, bound(other), &code, &digest));
            assert!(sent_code::code(&bench.app.keys, bound(other), &nonce, &digest).is_none());
        }
        assert!(!sent_code::matches(&bench.app.keys, BoundTo::Challenge(b.challenge_id, &record), &code, &digest));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_of_a_sent_code_and_a_completed_challenge_posted_again_change_nothing() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        let way = way(&bench).await;
        let twin = Arc::new(bench.twin().await);
        let (challenge, page, code) = with_code(&bench, &gateway, &way).await;
        let other = bench.framed(&challenge.path).await;
        let both =
            tokio::join!(bench.answer_code(&challenge, &page, &code), twin.answer_code(&challenge, &other, &code));
        let last = bench.framed(&challenge.path).await;
        assert_eq!(claims(&bench, &last).status, "approved");
        for shown in [both.0, both.1] {
            assert!(shown.body.contains("name=\"result\"") || shown.body.contains("入力された数字が違います"));
        }
        let spent = attempts(&bench, &challenge).await;
        for again in [page, other] {
            assert_eq!(bench.answer_code(&challenge, &again, &code).await.result(), last.result());
            assert_eq!(bench.answer(&challenge, &again, PASSWORD).await.result(), last.result());
            assert_eq!(bench.wish(&challenge, &again, "send", &way).await.result(), last.result());
        }
        assert_eq!(attempts(&bench, &challenge).await, spent);
        assert_eq!(bench.deliver(OutboxKind::CodeSms).await, 0);
        let ends = "SELECT COUNT(*) FROM audit_entries WHERE action = 'challenge.pass'";
        assert_eq!(bench.number(ends, Vec::new()).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_code_spends_no_try_and_a_restart_loses_no_expiry() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        let way = way(&bench).await;
        let (challenge, page, code) = with_code(&bench, &gateway, &way).await;
        bench.clock.advance(300);
        let late = bench.answer_code(&challenge, &page, &code).await;
        assert!(late.body.contains("有効な認証コードがありません"), "{}", late.body);
        assert!(late.body.contains("有効な時間が過ぎました"), "{}", late.body);
        assert_eq!(attempts(&bench, &challenge).await, 0);
        bench.wish(&challenge, &late, "send", &way).await;
        // The process goes away with the code on its way; another one comes.
        bench.clock.advance(300);
        let next = bench.twin().await;
        assert_eq!(challenge::expire_due(&next.app, 10).await.unwrap(), 1);
        ended(&bench, &challenge, (Status::Rejected, Ending::TimedOut, "challenge_timed_out")).await;
        assert_eq!(next.deliver(OutboxKind::CodeSms).await, 1);
        assert_eq!(gateway.telephone.messages().len(), 1, "no code goes out for what is over");
        assert_eq!(bench.number("SELECT COUNT(*) FROM outbox WHERE state <> 'done'", Vec::new()).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_victim_who_opens_an_attackers_challenge_sees_nothing_and_gets_no_code() {
    let gateway = Gateway::new();
    on_every_database(by_sms(&gateway), async |bench| {
        let way = way(&bench).await;
        let challenge = bench.challenge_by("password,code").await;
        let own = bench.framed(&challenge.path).await;
        let page = bench.get(&challenge.path, &[("sec-fetch-dest", "document")]).await;
        assert!(!page.body.contains(MESSAGE) && !page.body.contains("•••") && page.body.contains("ご本人確認に進む"));
        let stale = page.form("go_on");
        let cancel = own.form("cancel");
        for form in ["", "stale", stale.as_str(), cancel.as_str(), own.form("answer").as_str()] {
            for step in ["choose", "send"] {
                let fields = [("step", step), ("form", form), ("way", way.as_str()), ("language", "ja")];
                let shown = bench.post(&challenge.path, &fields).await;
                assert!(!shown.body.contains(MESSAGE) && !shown.body.contains("•••"), "{step} {form}");
            }
        }
        assert_eq!(bench.number("SELECT COUNT(*) FROM outbox", Vec::new()).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_guesses_in_one_challenge_three_are_compared_whatever_the_method() {
    let gateway = Gateway::new();
    gateway.listen().await;
    on_every_database(by_sms(&gateway), async |bench| {
        gateway.telephone.forget();
        let secret = bench.with_totp().await;
        let way = way(&bench).await;
        let twin = Arc::new(bench.twin().await);
        let bench = Arc::new(bench);
        let challenge = bench.challenge_by("totp,code,password").await;
        let page = bench.framed(&challenge.path).await;
        let coded = bench.wish(&challenge, &page, "choose", &way).await;
        bench.deliver(OutboxKind::CodeSms).await;
        let right = [bench.password_of(&secret, 0), bench.password_of(&secret, -1), gateway.code()];
        let mut guesses = Vec::new();
        for number in 0..30_u32 {
            let process = Arc::clone(if number % 2 == 0 { &bench } else { &twin });
            let challenge = challenge.clone();
            let choose = ["totp", way.as_str(), "password"][number as usize % 3].to_owned();
            let guess = (1..100).map(|by| another(&right[2], number + by)).find(|code| !right.contains(code)).unwrap();
            // Each guess by a form of its own.
            let page = bench.wish(&challenge, &coded, "choose", &choose).await;
            guesses.push(tokio::spawn(async move {
                if choose == "password" {
                    process.answer(&challenge, &page, "guess guess").await.status
                } else {
                    process.answer_code(&challenge, &page, &guess).await.status
                }
            }));
        }
        futures_util::future::join_all(guesses).await;
        assert_eq!(attempts(&bench, &challenge).await, 3);
        let compared = "SELECT COUNT(*) FROM audit_entries WHERE action = 'challenge.attempt'";
        assert_eq!(bench.number(compared, Vec::new()).await, 3);
        assert_eq!(bench.number("SELECT CAST(SUM(failures) AS BIGINT) FROM credentials", Vec::new()).await, 3);
        ended(&bench, &challenge, (Status::Rejected, Ending::Challenge, "challenge_failed")).await;
    })
    .await;
}

/// So many challenges that were visited, in one transaction each.
async fn many(bench: &Bench, count: usize) -> Vec<Opened> {
    let mut challenges = Vec::new();
    for _ in 0..count {
        challenges.push(bench.challenge().await);
    }
    bench.run("UPDATE challenges SET visited_at = created_at, methods = 'password,totp'", Vec::<Value>::new()).await;
    challenges
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_over_a_thousand_challenges_and_two_processes_stop_at_ten_for_each_credential() {
    on_every_database(Setting::default(), async |bench| {
        let secret = bench.with_totp().await;
        let twin = Arc::new(bench.twin().await);
        let bench = Arc::new(bench);
        let right = [bench.password_of(&secret, 0), bench.password_of(&secret, -1)];
        let challenges = many(&bench, 1_000).await;
        let mut guesses = tokio::task::JoinSet::new();
        for (number, challenge) in (0_u32..).zip(challenges) {
            if guesses.len() >= 12 {
                guesses.join_next().await.unwrap().unwrap();
            }
            let process = Arc::clone(if number % 2 == 0 { &bench } else { &twin });
            let guess = (1..100).map(|by| another(&right[0], number + by)).find(|code| !right.contains(code)).unwrap();
            guesses.spawn(async move {
                let mut page = process.framed(&challenge.path).await;
                while page.status == StatusCode::SERVICE_UNAVAILABLE {
                    page = process.framed(&challenge.path).await;
                }
                if number % 20 == 0 {
                    process.answer(&challenge, &page, "guess guess").await;
                    return;
                }
                let can_choose = page.body.contains("value=\"choose\"");
                let page = if can_choose { process.wish(&challenge, &page, "choose", "totp").await } else { page };
                if page.body.contains("value=\"answer\"") && page.body.contains("name=\"code\"") {
                    process.answer_code(&challenge, &page, &guess).await;
                }
            });
        }
        while let Some(guess) = guesses.join_next().await {
            guess.unwrap();
        }
        for method in ["password", "totp"] {
            let sql = "SELECT COUNT(*) FROM audit_entries WHERE action = 'challenge.attempt' AND result = $1";
            assert_eq!(bench.number(sql, vec![method.into()]).await, 10, "{method}");
            assert_eq!(bench.failures(method).await, 10, "{method}");
        }
        assert_eq!(bench.number("SELECT COUNT(*) FROM challenges WHERE state = 'passed'", Vec::new()).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_codes_of_many_challenges_stop_at_ten_and_the_telephone_rings_twenty_times() {
    let gateway = Gateway::new();
    on_every_database(by_sms(&gateway), async |bench| {
        let way = way(&bench).await;
        let mut guessed = 0;
        for number in 0..25_u32 {
            let challenge = bench.challenge_by("code").await;
            let page = bench.framed(&challenge.path).await;
            let page = bench.wish(&challenge, &page, "send", &way).await;
            if !page.body.contains("name=\"code\"") {
                continue;
            }
            guessed += 1;
            // One of a million is right; the seeded random numbers say that it is not among these.
            bench.answer_code(&challenge, &page, &another("000000", number)).await;
        }
        assert_eq!(bench.number("SELECT COUNT(*) FROM outbox", Vec::new()).await, guessed);
        assert!((10..=20).contains(&guessed), "{guessed}");
        assert_eq!(bench.failures("code").await, 10);
        assert_eq!(bench.number("SELECT COUNT(*) FROM challenges WHERE state = 'passed'", Vec::new()).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_of_the_counter_by_an_error_after_the_count_does_not_happen() {
    on_every_database(Setting::default(), async |bench| {
        let secret = bench.with_totp().await;
        bench.run("UPDATE credentials SET secret = 'broken'", Vec::new()).await;
        for method in ["totp", "password"] {
            let challenge = bench.challenge_by(method).await;
            for tried in 1..=3 {
                let page = bench.framed(&challenge.path).await;
                let shown = if method == "totp" {
                    bench.answer_code(&challenge, &page, &bench.password_of(&secret, 0)).await
                } else {
                    bench.answer(&challenge, &page, PASSWORD).await
                };
                assert_eq!(shown.status, 500, "{method}");
                assert_eq!((attempts(&bench, &challenge).await, bench.failures(method).await), (tried, tried));
            }
            let found =
                bench.app.store.challenge_by_id(challenge.challenge_id, bench.app.config.environment, bench.app.now());
            assert_ne!(found.await.unwrap().unwrap().state, ChallengeState::Passed);
        }
    })
    .await;
}
