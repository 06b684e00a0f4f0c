//! Attacks on the challenge: guessing, replay, strangers, payloads.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use sekisho::domain::authentication::{Ending, Status};
use sekisho::flow::challenge;

use crate::challenge::{MESSAGE, attempts, authentication, claims, ended};
use crate::support::challenge_fixture::{PASSWORD, Setting, on_every_database};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_form_twice_spends_one_try_and_shows_the_first_result() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let both = tokio::join!(
            bench.answer(&challenge, &page, "wrong wrong"),
            bench.answer(&challenge, &page, "wrong wrong")
        );
        for shown in [both.0, both.1, bench.answer(&challenge, &page, PASSWORD).await] {
            assert!(shown.body.contains("パスワードが違います。あと2回"), "{}", shown.body);
        }
        assert_eq!(attempts(&bench, &challenge).await, 1);
        let second = bench.framed(&challenge.path).await;
        let both =
            tokio::join!(bench.answer(&challenge, &second, PASSWORD), bench.answer(&challenge, &second, PASSWORD));
        assert_eq!(both.0.result(), both.1.result());
        assert_eq!(claims(&bench, &both.0).status, "approved");
        assert_eq!(attempts(&bench, &challenge).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_parallel_guesses_three_are_compared() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let bench = Arc::new(bench);
        let mut pages = Vec::new();
        for _ in 0..50 {
            pages.push(bench.framed(&challenge.path).await);
        }
        let guesses = pages.into_iter().map(|page| {
            let (bench, challenge) = (Arc::clone(&bench), challenge.clone());
            tokio::spawn(async move { bench.answer(&challenge, &page, "guess guess").await.status })
        });
        for status in futures_util::future::join_all(guesses).await {
            assert!(matches!(status.unwrap(), StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE));
        }
        assert_eq!(attempts(&bench, &challenge).await, 3);
        let compared = "SELECT COUNT(*) FROM audit_entries WHERE action = 'challenge.attempt'";
        assert_eq!(bench.number(compared, Vec::new()).await, 3);
        assert_eq!(bench.number("SELECT failures FROM credentials", Vec::new()).await, 3);
        let ends = "SELECT COUNT(*) FROM audit_entries WHERE action = 'challenge.fail'";
        assert_eq!(bench.number(ends, Vec::new()).await, 1);
        ended(&bench, &challenge, (Status::Rejected, Ending::Challenge, "challenge_failed")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_over_many_challenges_and_two_processes_stop_at_ten() {
    on_every_database(Setting::default(), async |bench| {
        let twin = Arc::new(bench.twin().await);
        let bench = Arc::new(bench);
        let mut guesses = Vec::new();
        for number in 0..24 {
            let challenge = bench.challenge().await;
            let page = bench.framed(&challenge.path).await;
            let process = Arc::clone(if number % 2 == 0 { &bench } else { &twin });
            guesses.push(tokio::spawn(async move { process.answer(&challenge, &page, "guess guess").await.status }));
        }
        for status in futures_util::future::join_all(guesses).await {
            assert_eq!(status.unwrap(), StatusCode::OK);
        }
        let compared = "SELECT COUNT(*) FROM audit_entries WHERE action = 'challenge.attempt'";
        assert_eq!(bench.number(compared, Vec::new()).await, 10);
        assert_eq!(bench.number("SELECT failures FROM credentials", Vec::new()).await, 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_locks_after_ten_wrong_proofs_over_many_challenges() {
    on_every_database(Setting::default(), async |bench| {
        for number in 1..=4_i64 {
            let challenge = bench.challenge().await;
            let mut page = bench.framed(&challenge.path).await;
            for _ in 0..3_i64.min(10 - (number - 1) * 3) {
                page = bench.answer(&challenge, &page, "guess guess").await;
            }
            ended(&bench, &challenge, (Status::Rejected, Ending::Challenge, "challenge_failed")).await;
        }
        assert_eq!(bench.number("SELECT failures FROM credentials", Vec::new()).await, 10);
        let locked = bench.challenge().await;
        let page = bench.framed(&locked.path).await;
        bench.answer(&locked, &page, PASSWORD).await;
        ended(&bench, &locked, (Status::Rejected, Ending::Challenge, "challenge_failed")).await;
        assert_eq!(bench.number("SELECT failures FROM credentials", Vec::new()).await, 10);
        bench.clock.advance(1_800);
        let free = bench.challenge().await;
        let page = bench.framed(&free.path).await;
        bench.answer(&free, &page, PASSWORD).await;
        ended(&bench, &free, (Status::Approved, Ending::Challenge, "challenge_passed")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_of_this_page_spends_nothing_and_shows_strangers_nothing() {
    on_every_database(Setting::default(), async |bench| {
        let (challenge, other) = (bench.challenge().await, bench.challenge().await);
        let (page, foreign) = (bench.framed(&challenge.path).await, bench.framed(&other.path).await);
        let (own, foreign) = (page.form("answer"), foreign.form("answer"));
        let mut altered = own.clone().into_bytes();
        altered[30] = if altered[30] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        for form in ["", "stale", &page.form("cancel"), &page.form("go_on"), &foreign, &altered] {
            let fields = [("step", "answer"), ("form", form), ("password", PASSWORD)];
            let shown = bench.post(&challenge.path, &fields).await;
            assert_eq!(shown.status, StatusCode::OK);
            assert!(!shown.body.contains(MESSAGE) && !shown.body.contains("name=\"result\""), "{form}");
        }
        assert_eq!(attempts(&bench, &challenge).await, 0);
        let fields = [("step", "answer"), ("form", own.as_str()), ("password", PASSWORD)];
        assert_eq!(claims(&bench, &bench.post(&challenge.path, &fields).await).status, "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_form_of_ours_gets_a_clear_page_and_spends_nothing() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let huge = "x".repeat(1_000_000);
        assert_eq!(bench.answer(&challenge, &page, &huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let long = bench.answer(&challenge, &page, &"x".repeat(2_000)).await;
        assert!(long.body.contains("パスワードが長すぎます"));
        assert!(bench.answer(&challenge, &page, "").await.body.contains("パスワードを入力してください。</p>"));
        let bodies = [
            ("text/plain", "step=answer", StatusCode::BAD_REQUEST),
            ("application/x-www-form-urlencoded", "password=%FF%FE&step=answer", StatusCode::OK),
            ("application/x-www-form-urlencoded", "form=a&form=b", StatusCode::BAD_REQUEST),
        ];
        for (kind, body, status) in bodies {
            let request = Request::post(&challenge.path).header(header::CONTENT_TYPE, kind);
            let shown = bench.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(shown.status, status, "{body}");
            assert!(!shown.body.contains(MESSAGE));
        }
        assert_eq!(attempts(&bench, &challenge).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_or_malformed_token_reveals_nothing() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let unknown = format!("/challenge/{}", "A".repeat(43));
        let long = format!("/challenge/{}", "A".repeat(5_000));
        for path in [&unknown, "/challenge/x", "/challenge/%00", "/challenge/%E2%80%AE", &long] {
            let page = bench.framed(path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
            assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
            let posted = bench.post(path, &[("step", "answer"), ("form", "x"), ("password", PASSWORD)]).await;
            assert_eq!(posted.status, StatusCode::NOT_FOUND, "{path}");
        }
        let wrong_case = challenge.path.to_ascii_uppercase().replace("/CHALLENGE", "/challenge");
        assert_eq!(bench.framed(&wrong_case).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_and_direction_marks_of_others_stay_text() {
    let setting = Setting {
        merchant_name: "<script>alert(1)</script>\u{202e}knaB\u{200b}\r\n\" onload=\"x",
        personal_message: "<img src=x onerror=alert(1)>\u{2066}'\"&\u{0}",
        ..Setting::default()
    };
    on_every_database(setting, async |bench| {
        let challenge = bench.challenge().await;
        let neutral = bench.get(&challenge.path, &[]).await;
        let page = bench.framed(&challenge.path).await;
        for shown in [&neutral, &page] {
            assert!(!shown.body.contains("<script>alert") && !shown.body.contains("<img src"));
            assert!(!shown.body.contains("\" onload=\""));
            assert!(shown.body.contains("alert(1)"));
            let unseen = |c: char| matches!(c, '\u{202e}' | '\u{200b}' | '\u{2066}' | '\u{0}' | '\r');
            assert!(!shown.body.contains(unseen));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_try_whose_comparison_was_lost_fails_the_challenge() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        bench.framed(&challenge.path).await;
        let id = challenge.challenge_id.uuid();
        bench.run("UPDATE challenges SET attempts = 3 WHERE id = $1", vec![id.into()]).await;
        let values = vec![id.into(), vec![1_u8; 16].into(), bench.app.now().0.into()];
        let insert = "INSERT INTO challenge_answers (challenge_id, nonce, recorded_at) VALUES ($1, $2, $3)";
        bench.run(insert, values).await;
        let waiting = bench.framed(&challenge.path).await;
        assert!(waiting.body.contains("確認しています") && !waiting.body.contains("name=\"password\""));
        bench.clock.advance(11);
        bench.framed(&challenge.path).await;
        ended(&bench, &challenge, (Status::Rejected, Ending::Challenge, "challenge_failed")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_first_ends_it_and_the_result_never_changes() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let cancel = format!("{}/cancel", challenge.path);
        let form = page.form("cancel");
        let fields = [("form", form.as_str())];
        let (passed, cancelled, withdrawn) = tokio::join!(
            bench.answer(&challenge, &page, PASSWORD),
            bench.post(&cancel, &fields),
            challenge::withdraw(&bench.app, challenge.authentication_id)
        );
        let withdrawn = withdrawn.unwrap().unwrap();
        let last = authentication(&bench, &challenge).await;
        assert_eq!(passed.result(), cancelled.result());
        assert_eq!(withdrawn.status, last.status);
        bench.clock.advance(601);
        challenge::expire_due(&bench.app, 10).await.unwrap();
        assert_eq!(bench.framed(&challenge.path).await.result(), passed.result());
        let ends = "SELECT COUNT(*) FROM audit_entries WHERE action IN ('challenge.pass', 'challenge.cancel', \
                    'challenge.withdraw', 'challenge.expire', 'challenge.fail')";
        assert_eq!(bench.number(ends, Vec::new()).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_service_spends_no_try() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let (first, second) = (bench.app.hasher.reserve().await.unwrap(), bench.app.hasher.reserve().await.unwrap());
        let busy = bench.answer(&challenge, &page, PASSWORD).await;
        assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!busy.header("retry-after").is_empty());
        assert_eq!(attempts(&bench, &challenge).await, 0);
        drop((first, second));
        assert_eq!(claims(&bench, &bench.answer(&challenge, &page, PASSWORD).await).status, "approved");
    })
    .await;
}
