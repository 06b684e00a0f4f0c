//! The challenge, through the pages' router, with the real store, keys and hashes.

use axum::http::StatusCode;
use sekisho::domain::authentication::{Authentication, Ending, Status};
use sekisho::domain::challenge::{ChallengeState, ReturnBy, TimeBase};
use sekisho::domain::clock::Micros;
use sekisho::flow::challenge;
use sekisho::flow::result::ResultClaims;

use crate::support::challenge_fixture::{Bench, Opened, PASSWORD, Page, SHOP, Setting, on_every_database};

pub(crate) const MESSAGE: &str = "祖母の庭の金木犀";

pub(crate) async fn authentication(bench: &Bench, challenge: &Opened) -> Authentication {
    bench.app.store.any_authentication(challenge.authentication_id).await.unwrap().unwrap()
}

pub(crate) async fn attempts(bench: &Bench, challenge: &Opened) -> i64 {
    bench.number("SELECT attempts FROM challenges WHERE id = $1", vec![challenge.challenge_id.uuid().into()]).await
}

pub(crate) async fn ended(bench: &Bench, challenge: &Opened, ending: (Status, Ending, &str)) {
    let found = authentication(bench, challenge).await;
    assert_eq!((found.status, found.ending, found.reasons.join(",").as_str()), ending);
    assert_eq!(found.finished_at, Some(bench.app.now()));
}

pub(crate) fn claims(bench: &Bench, page: &Page) -> ResultClaims {
    bench.app.keys.verify_result(page.result()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_is_bought_and_the_personal_message() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        assert_eq!(page.status, StatusCode::OK);
        for text in ["みどり書店 Online", "¥12,800", "2026年11月22日 12:00（日本時間）", "4242", MESSAGE, "あと3回"]
        {
            assert!(page.body.contains(text), "{text} in {}", page.body);
        }
        assert!(page.body.contains("<html lang=\"ja\">"));
        let english = bench.get(&challenge.path, &[("sec-fetch-dest", "iframe"), ("accept-language", "en")]).await;
        assert!(
            english.body.contains("<html lang=\"en\">") && english.body.contains("22 Nov 2026, 12:00 (Japan time)")
        );
        let chosen = [("step", "go_on"), ("form", &english.form("go_on")), ("language", "ja")];
        assert!(bench.post(&challenge.path, &chosen).await.body.contains("<html lang=\"ja\">"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_is_in_greenwich_time_where_the_merchant_says_so() {
    on_every_database(Setting { time_base: TimeBase::Gmt, ..Setting::default() }, async |bench| {
        let challenge = bench.challenge().await;
        assert!(bench.framed(&challenge.path).await.body.contains("2026年11月22日 03:00（GMT）"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_passes_and_leads_back_with_the_signed_result() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let last = bench.answer(&challenge, &page, PASSWORD).await;
        assert_eq!(last.status, StatusCode::OK);
        assert!(last.body.contains("action=\"https://shop.example/return\""));
        assert_eq!(claims(&bench, &last).status, "approved");
        assert_eq!(claims(&bench, &last).sub, challenge.authentication_id.to_string());
        ended(&bench, &challenge, (Status::Approved, Ending::Challenge, "challenge_passed")).await;
        let again = bench.framed(&challenge.path).await;
        assert_eq!(again.result(), last.result());
        let failures = bench.number("SELECT failures FROM credentials", Vec::new()).await;
        assert_eq!(failures, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_passwords_fail_and_each_says_how_many_are_left() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let mut page = bench.framed(&challenge.path).await;
        for left in ["あと2回", "あと1回"] {
            page = bench.answer(&challenge, &page, "wrong wrong").await;
            assert!(page.body.contains("パスワードが違います") && page.body.contains(left), "{}", page.body);
            assert!(page.body.contains("<title>エラー："));
        }
        let last = bench.answer(&challenge, &page, "wrong wrong").await;
        assert_eq!(claims(&bench, &last).status, "rejected");
        assert_eq!(claims(&bench, &last).trans_status, "N");
        ended(&bench, &challenge, (Status::Rejected, Ending::Challenge, "challenge_failed")).await;
        let counted = bench.number("SELECT failed_challenges FROM card_hours", Vec::new()).await;
        assert_eq!(counted, 1);
        let right = bench.answer(&challenge, &page, PASSWORD).await;
        assert_eq!(right.result(), last.result());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_is_final() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let path = format!("{}/cancel", challenge.path);
        let stranger = bench.post(&path, &[("form", "AAAA")]).await;
        assert!(!stranger.body.contains("name=\"result\"") && !stranger.body.contains(MESSAGE));
        let last = bench.post(&path, &[("form", &page.form("cancel"))]).await;
        assert_eq!(claims(&bench, &last).status, "rejected");
        ended(&bench, &challenge, (Status::Rejected, Ending::Cancelled, "challenge_cancelled")).await;
        let right = bench.answer(&challenge, &page, PASSWORD).await;
        assert_eq!(right.result(), last.result());
        assert_eq!(attempts(&bench, &challenge).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_merchant_gives_up_for_the_buyer() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        challenge::withdraw(&bench.app, challenge.authentication_id).await.unwrap().unwrap();
        ended(&bench, &challenge, (Status::Rejected, Ending::MerchantCancelled, "merchant_cancelled")).await;
        bench.answer(&challenge, &page, PASSWORD).await;
        ended(&bench, &challenge, (Status::Rejected, Ending::MerchantCancelled, "merchant_cancelled")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_after_thirty_seconds_is_too_late() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        bench.clock.advance(30);
        let page = bench.framed(&challenge.path).await;
        assert!(page.body.contains("時間切れ") && !page.body.contains(MESSAGE));
        ended(&bench, &challenge, (Status::Rejected, Ending::TimedOut, "challenge_timed_out")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_ten_minutes_is_too_late_and_the_page_goes_an_hour_later() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        bench.clock.advance(29);
        let page = bench.framed(&challenge.path).await;
        bench.clock.advance(570);
        assert!(bench.framed(&challenge.path).await.body.contains(MESSAGE));
        bench.clock.advance(1);
        let late = bench.answer(&challenge, &page, PASSWORD).await;
        assert_eq!(claims(&bench, &late).status, "rejected");
        ended(&bench, &challenge, (Status::Rejected, Ending::TimedOut, "challenge_timed_out")).await;
        bench.clock.advance(3_600);
        let gone = bench.framed(&challenge.path).await;
        assert_eq!(gone.status, StatusCode::GONE);
        assert!(!gone.body.contains("みどり書店") && !gone.body.contains("12,800") && !gone.body.contains("4242"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweeper_ends_what_nobody_came_for() {
    on_every_database(Setting::default(), async |bench| {
        let (absent, slow, fresh) = (bench.challenge().await, bench.challenge().await, bench.challenge().await);
        bench.framed(&slow.path).await;
        bench.framed(&fresh.path).await;
        bench.clock.advance(31);
        assert_eq!(challenge::expire_due(&bench.app, 10).await.unwrap(), 1);
        ended(&bench, &absent, (Status::Rejected, Ending::TimedOut, "challenge_timed_out")).await;
        bench.clock.advance(600);
        assert_eq!(challenge::expire_due(&bench.app, 1).await.unwrap(), 1);
        assert_eq!(challenge::expire_due(&bench.app, 10).await.unwrap(), 1);
        assert_eq!(challenge::expire_due(&bench.app, 10).await.unwrap(), 0);
        ended(&bench, &slow, (Status::Rejected, Ending::TimedOut, "challenge_timed_out")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_comes_by_the_merchant_sees_the_personal_message_at_once() {
    on_every_database(Setting::default(), async |bench| {
        let shop = format!("{SHOP}/checkout");
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[("sec-fetch-dest", "iframe")], true),
            (&[("referer", &shop), ("sec-fetch-dest", "document")], true),
            (&[("origin", SHOP)], true),
            (&[], false),
            (&[("sec-fetch-dest", "document")], false),
            (&[("referer", "https://mail.example/"), ("sec-fetch-dest", "document")], false),
            (&[("origin", "https://shop.example.evil.example")], false),
        ];
        for (headers, full) in cases {
            let challenge = bench.challenge().await;
            let page = bench.get(&challenge.path, headers).await;
            assert_eq!(page.body.contains(MESSAGE), full, "{headers:?}");
            assert_eq!(page.body.contains("name=\"password\""), full, "{headers:?}");
            let switched = bench.get(&format!("{}?language=en", challenge.path), headers).await;
            assert_eq!(switched.body.contains(MESSAGE), full, "{headers:?}");
            if !full {
                let next = [("step", "go_on"), ("form", &page.form("go_on"))];
                let next = bench.post(&challenge.path, &next).await;
                assert!(next.body.contains(MESSAGE));
                assert_eq!(claims(&bench, &bench.answer(&challenge, &next, PASSWORD).await).status, "approved");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_beyond_the_day_limit_hide_the_personal_message() {
    let environment = vec![("SEKISHO__CHALLENGE__PAGES_PER_DAY", "2")];
    on_every_database(Setting { environment, ..Setting::default() }, async |bench| {
        for opened in 1..=3 {
            let challenge = bench.challenge().await;
            for _ in 0..3 {
                let page = bench.framed(&challenge.path).await;
                assert_eq!(page.body.contains(MESSAGE), opened <= 2);
                assert!(page.body.contains("name=\"password\""));
            }
        }
        assert_eq!(bench.number("SELECT challenge_pages FROM card_hours", Vec::new()).await, 3);
        bench.clock.advance(25 * 3_600);
        let challenge = bench.challenge().await;
        assert!(bench.framed(&challenge.path).await.body.contains(MESSAGE));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_let_the_merchant_frame_the_page_and_nobody_else() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let last = bench.answer(&challenge, &page, PASSWORD).await;
        for shown in [&page, &last] {
            let policy = shown.header("content-security-policy");
            assert!(policy.starts_with(
                "default-src 'none'; base-uri 'none'; frame-ancestors https://shop.example; \
                 form-action 'self' https://shop.example; style-src 'sha256-"
            ));
            assert!(!policy.contains("unsafe"));
            assert_eq!(shown.header("referrer-policy"), "strict-origin");
            assert_eq!(shown.header("cache-control"), "no-store");
            assert_eq!(shown.header("x-content-type-options"), "nosniff");
            assert!(shown.headers.get("x-frame-options").is_none() && shown.headers.get("set-cookie").is_none());
        }
        let one_file = "script-src http://127.0.0.1:8480/assets/challenge.js";
        for shown in [&page, &last] {
            assert!(shown.header("content-security-policy").contains(one_file));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_wants_a_redirect_gets_a_303_with_the_id_alone() {
    on_every_database(Setting { return_by: ReturnBy::Redirect, ..Setting::default() }, async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        for shown in [bench.answer(&challenge, &page, PASSWORD).await, bench.framed(&challenge.path).await] {
            assert_eq!(shown.status, StatusCode::SEE_OTHER);
            let id = challenge.authentication_id;
            assert_eq!(shown.header("location"), format!("https://shop.example/return?authentication_id={id}"));
            assert_eq!(shown.body, "");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_return_url_the_last_page_says_that_it_is_done() {
    on_every_database(Setting { return_url: None, ..Setting::default() }, async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let last = bench.answer(&challenge, &page, PASSWORD).await;
        assert!(last.body.contains("この画面を閉じてください") && !last.body.contains("<form"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_challenge_has_no_end_yet() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        bench.framed(&challenge.path).await;
        let now: Micros = bench.app.now();
        let environment = bench.app.config.environment;
        let found = bench.app.store.challenge_of(challenge.authentication_id, environment, now).await.unwrap().unwrap();
        assert_eq!((found.state, found.visited_at), (ChallengeState::Open, Some(now)));
        assert_eq!(authentication(&bench, &challenge).await.finished_at, None);
    })
    .await;
}
