//! The device page, through the pages' router, with the real store.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use sekisho::domain::id::MerchantId;
use sekisho::flow::collect_device;
use sekisho::store::device_sessions::DeviceSession;

use crate::support::challenge_fixture::{Bench, Page, Setting, on_every_database};

async fn session(bench: &Bench) -> (DeviceSession, String) {
    let key = hex::encode(bench.app.randomness.bytes::<8>());
    let (session, url) = collect_device::create(&bench.app, bench.merchant.id, key).await.unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8480").unwrap().to_owned();
    (session, path)
}

async fn found(bench: &Bench, session: &DeviceSession) -> DeviceSession {
    bench.app.store.device_session(bench.merchant.id, session.id, bench.app.now()).await.unwrap().unwrap()
}

async fn report(bench: &Bench, path: &str, kind: &str, body: &str) -> StatusCode {
    let request = Request::post(path).header("content-type", kind).body(Body::from(body.to_owned()));
    bench.send(request.unwrap()).await.status
}

fn cookie(page: &Page) -> &str {
    page.header("set-cookie").split(';').next().unwrap()
}

const REPORT: &str = r#"{"language":"ja-JP","time_zone":"Asia/Tokyo","screen":"1920x1080x24"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_script_reports_once_and_the_headers_are_known_before() {
    on_every_database(Setting::default(), async |bench| {
        let (session, path) = session(&bench).await;
        let page =
            bench.get(&path, &[("user-agent", "Mozilla/5.0 (Android 15)"), ("accept-language", "en-GB,en")]).await;
        assert_eq!(page.status, StatusCode::OK);
        let opened = found(&bench, &session).await;
        assert_eq!(opened.stated.user_agent.as_deref(), Some("Mozilla/5.0 (Android 15)"));
        assert_eq!(opened.stated.language.as_deref(), Some("en-GB"));
        assert!(opened.opened_at.is_some() && opened.collected_at.is_none() && opened.cookie_digest.is_some());
        assert_eq!(report(&bench, &path, "application/json", REPORT).await, StatusCode::NO_CONTENT);
        let again = r#"{"screen":"1x1x1"}"#;
        assert_eq!(report(&bench, &path, "application/json", again).await, StatusCode::NO_CONTENT);
        let collected = found(&bench, &session).await;
        assert_eq!(collected.stated.language.as_deref(), Some("ja-JP"));
        assert_eq!(collected.stated.screen.as_deref(), Some("1920x1080x24"));
        assert_eq!(collected.stated.time_zone.as_deref(), Some("Asia/Tokyo"));
        assert_eq!(collected.stated.user_agent.as_deref(), Some("Mozilla/5.0 (Android 15)"));
        assert!(collected.collected_at.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_again_by_its_partitioned_cookie() {
    on_every_database(Setting::default(), async |bench| {
        let ((first, first_path), (second, second_path)) = (session(&bench).await, session(&bench).await);
        let page = bench.framed(&first_path).await;
        let whole = page.header("set-cookie");
        assert!(whole.starts_with("__Host-device="));
        for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=None", "; Partitioned"] {
            assert!(whole.contains(attribute), "{attribute}");
        }
        let known = format!("other=1; {}", cookie(&page));
        let again = bench.get(&second_path, &[("cookie", &known)]).await;
        assert_eq!(cookie(&again), cookie(&page));
        let (first, second) = (found(&bench, &first).await, found(&bench, &second).await);
        assert_eq!(first.cookie_digest, second.cookie_digest);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_cookie_is_replaced_and_a_second_browser_changes_nothing() {
    on_every_database(Setting::default(), async |bench| {
        let (session, path) = session(&bench).await;
        let page = bench.get(&path, &[("cookie", "__Host-device=short")]).await;
        assert_ne!(cookie(&page), "__Host-device=short");
        let first = found(&bench, &session).await;
        bench.get(&path, &[("user-agent", "another")]).await;
        let second = found(&bench, &session).await;
        assert_eq!((first.cookie_digest, first.stated), (second.cookie_digest, second.stated));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_may_be_framed_by_the_merchant_and_calls_home_only() {
    on_every_database(Setting::default(), async |bench| {
        let (_, path) = session(&bench).await;
        let page = bench.framed(&path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; base-uri 'none'; frame-ancestors https://shop.example;"));
        assert!(policy.contains("connect-src 'self'") && policy.contains("script-src 'sha256-"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.headers.get("x-frame-options").is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_script_would_not_send_is_refused() {
    on_every_database(Setting::default(), async |bench| {
        let (session, path) = session(&bench).await;
        bench.framed(&path).await;
        let huge = format!(r#"{{"screen":"{}"}}"#, "1".repeat(1_000_000));
        let cases = [
            ("text/plain", REPORT, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/json", "{", StatusCode::BAD_REQUEST),
            ("application/json", r#"{"merchant_id":"x"}"#, StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", r#"{"screen":5}"#, StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", r#"{"screen":"<script>"}"#, StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", r#"{"user_agent":"forged"}"#, StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", &huge, StatusCode::PAYLOAD_TOO_LARGE),
        ];
        for (kind, body, status) in cases {
            assert_eq!(report(&bench, &path, kind, body).await, status, "{kind} {}", &body[..body.len().min(60)]);
        }
        assert!(found(&bench, &session).await.collected_at.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_one_merchants_for_half_an_hour() {
    on_every_database(Setting::default(), async |bench| {
        let (session, path) = session(&bench).await;
        let other = MerchantId::new(bench.app.now(), &*bench.app.randomness);
        assert!(bench.app.store.device_session(other, session.id, bench.app.now()).await.unwrap().is_none());
        assert_eq!(bench.framed(&format!("/device/{}", "A".repeat(43))).await.status, StatusCode::NOT_FOUND);
        bench.clock.advance(1_800);
        assert_eq!(bench.framed(&path).await.status, StatusCode::GONE);
        assert_eq!(report(&bench, &path, "application/json", REPORT).await, StatusCode::GONE);
        assert!(
            bench.app.store.device_session(bench.merchant.id, session.id, bench.app.now()).await.unwrap().is_none()
        );
    })
    .await;
}
