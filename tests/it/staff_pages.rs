//! The pages of the staff, as requests: cookies, origins, form tokens, and the ways of somebody who is not signed in.

use axum::http::StatusCode;
use sekisho::domain::staff::Role;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::{Answer, Call};
use crate::support::staff::{PASSWORD, from_our_page, signed_in};

fn fields<'a>(name: &'a str, password: &'a str, code: &'a str) -> [(&'a str, &'a str); 4] {
    [("name", name), ("password", password), ("code", code), ("next", "/staff/account")]
}

fn seconds_of(deployment: &Deployment) -> u64 {
    deployment.app.now().unix_seconds().unsigned_abs()
}

#[tokio::test]
async fn the_cookie_is_for_this_host_and_the_policy_permits_nothing_else() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        deployment.clock.advance(60);
        let code = staff.totp.generate(seconds_of(deployment)).to_string();
        let form = Call::post("/staff/sign-in").form(&fields("ＡＯＩ", PASSWORD, &code));
        let answer = deployment.send(from_our_page(&deployment.app, form)).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/staff/account"));
        let cookie = answer.header("set-cookie");
        let (pair, flags) = cookie.split_once("; ").unwrap();
        assert!(pair.starts_with("__Host-staff=") && pair.len() == "__Host-staff=".len() + 43, "{pair}");
        assert_eq!(flags, "Path=/; Secure; HttpOnly; SameSite=Strict");
        assert!(!pair.ends_with(&staff.token), "each session has a token of its own");
        let page = deployment.send(Call::get("/staff/account").header("cookie", pair)).await;
        assert_eq!(page.status, StatusCode::OK);
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"));
        assert!(!policy.contains("script") && !policy.contains("unsafe"), "{policy}");
        assert_eq!((page.header("cache-control"), page.header("x-content-type-options")), ("no-store", "nosniff"));
    })
    .await;
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_sign_in_and_back_to_our_own_pages_alone() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let answer = deployment.send(Call::get("/staff/account?x=1")).await;
        let target = "/staff/sign-in?next=%2Fstaff%2Faccount%3Fx%3D1";
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, target));
        for evil in ["//evil.example", "https://evil.example/staff", "/staff/%2e%2e/v1", "/\\evil.example"] {
            let next: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
            let page = deployment.send(Call::get(format!("/staff/sign-in?next={next}"))).await;
            assert!(!page.text.contains("evil.example"), "{evil}");
            assert!(page.text.contains("name=\"next\" value=\"/staff\""), "{}", page.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_form_from_elsewhere_or_without_its_token_changes_nothing() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let other = signed_in(&deployment.app, "ren", &[Role::Agent]).await;
        let own = deployment.app.config.server.public_url.origin().ascii_serialization();
        let path = "/staff/account/language";
        let bare = || Call::post(path).header("cookie", &format!("__Host-staff={}", staff.token));
        let (good, foreign) = (staff.form_token(), other.form_token());
        let with =
            |token: &str| [("language".to_owned(), "en".to_owned()), ("form_token".to_owned(), token.to_owned())];
        let send = async |call: Call, token: &str| -> Answer {
            let fields = with(token);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            deployment.send(call.form(&fields)).await
        };
        let refused = [
            send(bare(), &good).await,
            send(bare().header("origin", "https://evil.example"), &good).await,
            send(bare().header("origin", "null"), &good).await,
            send(bare().header("origin", &own).header("sec-fetch-site", "cross-site"), &good).await,
            send(bare().header("origin", &own).header("sec-fetch-site", "same-site"), &good).await,
            send(bare().header("origin", &own), "").await,
            send(bare().header("origin", &own), &foreign).await,
        ];
        for (index, answer) in refused.iter().enumerate() {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{index}");
        }
        let language: Option<String> =
            deployment.tables.value("SELECT language FROM staff WHERE name = 'aoi'", Vec::new()).await;
        assert_eq!(language, None);
        assert_eq!(deployment.send(staff.post(path, &[("language", "en")])).await.status, StatusCode::SEE_OTHER);
        let page = deployment.send(staff.get("/staff")).await;
        assert!(page.text.contains("<html lang=\"en\">"), "{}", page.text);
        let form = Call::post("/staff/sign-in").header("origin", "https://evil.example");
        let answer = deployment.send(form.form(&fields("aoi", PASSWORD, "000000"))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "nobody is signed in from elsewhere");
    })
    .await;
}

#[tokio::test]
async fn a_form_after_the_end_of_the_session_is_told_to_be_lost() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        deployment.clock.advance(16 * 60);
        let answer = deployment.send(staff.post("/staff/account/language", &[("language", "en")])).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.text.contains("保存されていません"), "{}", answer.text);
        let page = deployment.send(staff.get("/staff/account")).await;
        assert_eq!(page.header("location"), "/staff/sign-in?next=%2Fstaff%2Faccount&over=1");
        assert!(page.header("set-cookie").starts_with("__Host-staff=; Max-Age=0;"));
    })
    .await;
}

#[tokio::test]
async fn a_session_is_ended_by_its_owner_alone() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let other = signed_in(&deployment.app, "ren", &[Role::Agent]).await;
        let session = staff.who.session_id.to_string();
        deployment.send(other.post("/staff/account/sessions/end", &[("session", &session)])).await;
        assert_eq!(deployment.send(staff.get("/staff")).await.status, StatusCode::OK);
        let out = deployment.send(staff.post("/staff/sign-out", &[])).await;
        assert_eq!(out.header("location"), "/staff/sign-in?out=1");
        assert_eq!(deployment.send(staff.get("/staff")).await.status, StatusCode::SEE_OTHER);
    })
    .await;
}

#[tokio::test]
async fn hostile_names_are_shown_as_text() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let form = Call::post("/staff/sign-in").form(&fields("\"><script>alert(1)</script>", "x", "y"));
        let answer = deployment.send(from_our_page(&deployment.app, form)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.text.contains("<script"), "{}", answer.text);
        let subject: String = deployment
            .tables
            .value("SELECT subject FROM audit_entries WHERE action = 'staff.sign_in'", Vec::new())
            .await;
        assert_eq!(subject, "none", "what was typed is not written down");
    })
    .await;
}
