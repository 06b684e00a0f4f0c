//! Members sign in on their own pages: what is counted, what works once, and what an attacker learns.

use sekisho::credential::one_time;
use sekisho::domain::member::SignInOutcome;
use sekisho::flow::member::session;
use sekisho::flow::member_card::{self, one_time as setting};
use serde_json::json;
use totp_rs::Totp;

use crate::support::deployment::{Deployment, PASSWORD, Wanted, on_every_database};
use crate::support::exchange::{Answer, Call};
use crate::support::member::{TestMember, signs_in};
use crate::support::staff::from_our_page;

async fn counter(deployment: &Deployment, column: &str) -> i64 {
    let sql = format!("SELECT {column} FROM credentials WHERE kind = 'password'");
    deployment.tables.value(&sql, Vec::new()).await
}

/// What the sign-in page answers, and how many hashes it cost.
async fn answers(deployment: &Deployment, member_id: &str, password: &str, code: &str) -> (Answer, u64) {
    let before = deployment.app.hasher.taken_up();
    let fields = [("member_id", member_id), ("password", password), ("code", code), ("language", "en")];
    let answer = deployment.posts("/my/sign-in", &fields).await;
    (answer, deployment.app.hasher.taken_up() - before)
}

/// Sets up one-time passwords for her card. Answers how to make them, and the recovery codes.
async fn sets_up_one_time(deployment: &Deployment, member: &TestMember) -> (Totp, Vec<String>) {
    let app = &deployment.app;
    let own = member_card::find(app, &member.member, member.enrolment_id).await.unwrap();
    setting::apply(app, &member.member, &own).await.unwrap();
    let totp = Totp::from_url(setting::shown(app, &own).await.unwrap().as_str()).unwrap();
    let codes = setting::confirm(app, &member.member, &own, &at(deployment, &totp, 0)).await.unwrap();
    // The step of the setup is used up.
    deployment.clock.advance(60);
    (totp, codes)
}

fn at(deployment: &Deployment, totp: &Totp, seconds: i64) -> String {
    totp.generate((deployment.app.now().unix_seconds() + seconds).unsigned_abs()).to_string()
}

#[tokio::test]
async fn parallel_guesses_ten_are_compared_and_the_rest_refused_for_half_an_hour() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let (app, id) = (&deployment.app, &member.member_id);
        let guesses = (0..40)
            .map(|number| async move { signs_in(app, id, &format!("not her password {number}"), "").await.is_err() });
        let refused = futures_util::future::join_all(guesses).await;
        assert!(refused.into_iter().all(|refused| refused));
        assert_eq!(counter(deployment, "member_failures").await, 10, "no more than ten were compared");
        assert!(signs_in(app, id, PASSWORD, "").await.is_err(), "the right password is refused too");
        deployment.clock.advance(29 * 60);
        assert!(signs_in(app, id, PASSWORD, "").await.is_err());
        deployment.clock.advance(61);
        signs_in(app, id, PASSWORD, "").await.unwrap();
        assert_eq!(counter(deployment, "member_failures").await, 0);
    })
    .await;
}

#[tokio::test]
async fn parallel_guesses_over_two_processes_share_the_count() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let (twin, _) = deployment.twin(99).await;
        let id = &member.member_id;
        let guesses = (0..30).map(|number| {
            let app = if number % 2 == 0 { &deployment.app } else { &twin };
            async move { signs_in(app, id, &format!("not her password {number}"), "").await.is_err() }
        });
        assert!(futures_util::future::join_all(guesses).await.into_iter().all(|refused| refused));
        assert_eq!(counter(deployment, "member_failures").await, 10);
        assert!(signs_in(&twin, id, PASSWORD, "").await.is_err());
        twin.store.clone().close().await;
    })
    .await;
}

#[tokio::test]
async fn enumeration_unknown_locked_and_wrong_get_the_same_bytes_for_as_many_hashes() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let strip = |answer: &Answer, id: &str| answer.text.replace(id, "…");
        // What was typed is given back: of the same length, the pages are too.
        let nobody = member.member_id.replace("member-", "nobody-");
        let (unknown, cost) = answers(deployment, &nobody, "some password", "").await;
        assert_eq!((unknown.status.as_u16(), cost), (200, 1));
        let expected = strip(&unknown, &nobody);
        assert!(expected.contains("is not right"));
        let (wrong, cost) = answers(deployment, &member.member_id, "some password", "").await;
        assert_eq!((strip(&wrong, &member.member_id), cost), (expected.clone(), 1));
        assert_eq!(wrong.headers, unknown.headers);
        for _ in 0..9 {
            answers(deployment, &member.member_id, "some password", "").await;
        }
        let (locked, cost) = answers(deployment, &member.member_id, PASSWORD, "").await;
        assert_eq!((strip(&locked, &member.member_id), cost), (expected, 1));
        assert_eq!(locked.headers, unknown.headers);
    })
    .await;
}

#[tokio::test]
async fn enumeration_a_right_password_without_the_one_time_password_looks_like_a_wrong_one() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        sets_up_one_time(deployment, &member).await;
        let (wrong, costs) = answers(deployment, &member.member_id, "some password", "").await;
        let (right, cost) = answers(deployment, &member.member_id, PASSWORD, "").await;
        assert_eq!((right.text, right.headers, cost), (wrong.text, wrong.headers, costs));
        let (right, _) = answers(deployment, &member.member_id, PASSWORD, "000000").await;
        assert_eq!(right.status, 200);
    })
    .await;
}

#[tokio::test]
async fn replay_a_one_time_password_signs_in_once_even_for_two_at_the_same_time() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let (totp, _) = sets_up_one_time(deployment, &member).await;
        let (app, id, code) = (&deployment.app, &member.member_id, at(deployment, &totp, 0));
        let (one, other) = tokio::join!(signs_in(app, id, PASSWORD, &code), signs_in(app, id, PASSWORD, &code));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
        assert!(signs_in(app, id, PASSWORD, &code).await.is_err());
        assert!(signs_in(app, id, PASSWORD, &at(deployment, &totp, -30)).await.is_err(), "an earlier step");
        assert!(signs_in(app, id, PASSWORD, &at(deployment, &totp, 60)).await.is_err(), "a coming step");
    })
    .await;
}

#[tokio::test]
async fn replay_a_recovery_code_signs_in_once() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let (_, codes) = sets_up_one_time(deployment, &member).await;
        assert_eq!(codes.len(), one_time::RECOVERY_CODES);
        let typed = codes[3].to_uppercase().replace('-', " ");
        signs_in(&deployment.app, &member.member_id, PASSWORD, &typed).await.unwrap();
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, &codes[3]).await.is_err());
        let fresh = deployment.app.store.member_sign_ins(member.member.login_group, 10).await.unwrap();
        let by_code = fresh.iter().filter(|entry| entry.outcome == SignInOutcome::RecoveryCode).count();
        assert_eq!(by_code, 1, "the history tells of it");
    })
    .await;
}

#[tokio::test]
async fn fixation_a_sign_in_begins_a_new_session_and_ends_the_one_of_before() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let cookie = format!("__Host-sekisho-my={}", member.token);
        let fields = [("member_id", member.member_id.as_str()), ("password", PASSWORD)];
        let call = from_our_page(&deployment.app, Call::post("/my/sign-in").header("cookie", &cookie)).form(&fields);
        let answer = deployment.send(call).await;
        let fresh = answer.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
        assert_ne!(fresh, member.token);
        assert!(session::find(&deployment.app, &member.token).await.unwrap().is_none(), "the old one has ended");
        assert!(session::find(&deployment.app, &fresh).await.unwrap().is_some());
        let planted = "A".repeat(43);
        let cookie = format!("__Host-sekisho-my={planted}");
        let call = from_our_page(&deployment.app, Call::post("/my/sign-in").header("cookie", &cookie)).form(&fields);
        assert!(!deployment.send(call).await.header("set-cookie").contains(&planted));
        assert!(session::find(&deployment.app, &planted).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_lock_at_a_merchant_leaves_her_pages_usable_and_the_reverse() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        for _ in 0..5 {
            let bought = deployment.buys(&member.card, &json!({"challenge": {"wish": "challenge"}})).await;
            if bought["status"] != "challenge_required" {
                break;
            }
            for _ in 0..2 {
                deployment.prove(&bought, "not her password").await;
            }
        }
        let locked: Option<i64> =
            deployment.tables.value("SELECT locked_until FROM credentials WHERE kind = 'password'", Vec::new()).await;
        assert!(locked.is_some(), "the password is locked for challenges");
        signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.unwrap();
        let other = deployment.enrolled().await;
        let id = format!("member-{}", other.reference);
        for _ in 0..11 {
            assert!(signs_in(&deployment.app, &id, "not her password", "").await.is_err());
        }
        assert!(signs_in(&deployment.app, &id, PASSWORD, "").await.is_err(), "her pages are locked");
        deployment.pass(&other, &json!({})).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn login_flood_others_are_served_and_who_cannot_wait_is_told_when_to_come_back() {
    on_every_database(Wanted::default().with("SEKISHO__PASSWORD__QUEUE", "2"), async |deployment| {
        let member = deployment.member().await;
        let flood = (0..60).map(|_| async move { answers(deployment, "nobody.here", "some password", "").await.0 });
        let (flooded, page) = tokio::join!(futures_util::future::join_all(flood), deployment.send(member.get("/my")));
        assert_eq!(page.status, 200, "what needs no hash is served");
        let busy: Vec<&Answer> = flooded.iter().filter(|answer| answer.status == 503).collect();
        assert!(!busy.is_empty() && busy.len() < 60, "{} of 60 were turned away", busy.len());
        assert!(busy.iter().all(|answer| answer.header("retry-after") == "2"));
    })
    .await;
}

#[tokio::test]
async fn open_redirect_nothing_but_our_own_pages_follows_a_sign_in() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let cases = [
            ("/my/sessions", "/my/sessions"),
            ("", "/my"),
            ("//evil.example", "/my"),
            ("https://evil.example/my", "/my"),
            ("/my//evil.example", "/my"),
            ("/my\\@evil.example", "/my"),
            ("/my@evil.example", "/my"),
            ("/my/../staff", "/my"),
            ("/my/%2e%2e/staff", "/my"),
            ("/my/\r\nset-cookie: a=b", "/my"),
            ("/my/\u{202e}", "/my"),
            ("javascript:alert(1)", "/my"),
            ("/staff", "/my"),
        ];
        for (next, expected) in cases {
            let fields = [("member_id", member.member_id.as_str()), ("password", PASSWORD), ("next", next)];
            let answer = deployment.posts("/my/sign-in", &fields).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (303, expected), "{next:?}");
            let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            let page = deployment.send(Call::get(format!("/my/sign-in?next={query}"))).await;
            assert_eq!(page.field("action=\"/my/sign-in\"", "next"), expected, "{next:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn hostile_texts_are_given_back_as_text_or_not_at_all() {
    on_every_database(Wanted::default(), async |deployment| {
        for id in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE enrolments; --"] {
            let (page, _) = answers(deployment, id, id, id).await;
            assert_eq!(page.status, 200);
            assert!(!page.text.contains("<script>alert") && !page.text.contains("<img"), "{}", page.text);
        }
        let (page, cost) = answers(deployment, &"a".repeat(20_000), &"b".repeat(20_000), "").await;
        assert_eq!((page.status.as_u16(), cost), (200, 0), "a password that is none is not hashed");
        let huge = "x".repeat(1_000_000);
        let page = deployment.posts("/my/sign-in", &[("member_id", "somebody"), ("password", &huge)]).await;
        assert_eq!(page.status, 413);
    })
    .await;
}

#[tokio::test]
async fn her_history_shows_each_try_and_others_see_nothing_of_it() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let stranger = deployment.member().await;
        answers(deployment, &member.member_id, "not her password", "").await;
        let page = deployment.send(member.get("/my/sign-ins")).await;
        assert!(page.text.contains("refused") && page.text.contains("signed in"), "{}", page.text);
        let page = deployment.send(stranger.get("/my/sign-ins")).await;
        assert!(!page.text.contains(&member.member_id));
        let sessions = deployment.send(member.get("/my/sessions")).await;
        assert!(sessions.text.contains("192.0.2.0/24"), "{}", sessions.text);
        assert!(!sessions.text.contains("192.0.2.7"), "addresses are kept coarse");
    })
    .await;
}

#[tokio::test]
async fn she_ends_her_own_other_sessions_and_nobody_elses() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let other = deployment.member_of(&member.card).await;
        let stranger = deployment.member().await;
        let end = |session: &TestMember| {
            member.post("/my/sessions/end", &[("session", &session.member.session_id.to_string())])
        };
        assert_eq!(deployment.send(end(&stranger)).await.status, 303);
        assert_eq!(deployment.send(stranger.get("/my")).await.status, 200);
        assert_eq!(deployment.send(end(&other)).await.status, 303);
        assert_eq!(deployment.send(other.get("/my")).await.status, 303);
        assert_eq!(deployment.send(member.get("/my")).await.status, 200);
    })
    .await;
}
