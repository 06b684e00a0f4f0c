//! The frame of the members' pages: who sees them, and which forms are read.

use super::support::deployment::{PASSWORD, Wanted, on_every_database};
use super::support::exchange::Call;
use super::support::staff::from_our_page;

#[tokio::test]
async fn a_member_signs_in_sees_her_card_and_signs_out() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let page = deployment.send(member.get("/my")).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains(&member.member_id), "{}", page.text);
        let out = deployment.send(member.post("/my/sign-out", &[])).await;
        assert_eq!((out.status.as_u16(), out.header("location")), (303, "/my/sign-in?out=1"));
        let after = deployment.send(member.get("/my")).await;
        assert_eq!((after.status.as_u16(), after.header("location")), (303, "/my/sign-in?next=%2Fmy&over=1"));
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_when_it_idles_and_in_any_case_after_its_time() {
    on_every_database(Wanted::default(), async |deployment| {
        let idle = deployment.member().await;
        deployment.clock.advance(601);
        assert_eq!(deployment.send(idle.get("/my")).await.status, 303);
        let busy = deployment.member_of(&idle.card).await;
        for _ in 0..12 {
            assert_eq!(deployment.send(busy.get("/my")).await.status, 200);
            deployment.clock.advance(300);
        }
        assert_eq!(deployment.send(busy.get("/my")).await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn sensitive_acts_want_the_password_again_and_renew_the_token() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let wrong = deployment.send(member.post("/my/prove", &[("password", "wrong wrong")])).await;
        assert_eq!(wrong.status, 200);
        assert_eq!(wrong.header("set-cookie"), "");
        let right =
            deployment.send(member.post("/my/prove", &[("password", PASSWORD), ("next", "/my/sessions")])).await;
        assert_eq!((right.status.as_u16(), right.header("location")), (303, "/my/sessions"));
        let cookie = right.header("set-cookie");
        assert!(cookie.starts_with("__Host-sekisho-my="), "{cookie}");
        assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"), "{cookie}");
        assert_eq!(deployment.send(member.get("/my")).await.status, 303, "the old token is no good any more");
    })
    .await;
}

#[tokio::test]
async fn a_form_of_another_site_is_not_read() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let cookie = format!("__Host-sekisho-my={}", member.token);
        let token = member.form_token();
        let plain = || Call::post("/my/sign-out").header("cookie", &cookie);
        let ours = deployment.app.config.server.public_url.origin().ascii_serialization();
        let foreign = [
            plain().form(&[("form_token", &token)]),
            plain().header("origin", "https://evil.example").form(&[("form_token", &token)]),
            plain().header("origin", "null").form(&[("form_token", &token)]),
            plain().header("origin", &ours).header("sec-fetch-site", "cross-site").form(&[("form_token", &token)]),
            from_our_page(&deployment.app, plain()).form(&[]),
            from_our_page(&deployment.app, plain()).form(&[("form_token", &"0".repeat(64))]),
        ];
        for call in foreign {
            assert_eq!(deployment.send(call).await.status, 403);
        }
        assert_eq!(deployment.send(member.get("/my")).await.status, 200, "she is still signed in");
    })
    .await;
}
