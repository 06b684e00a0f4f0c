//! Scripts of our own: how they are served, kept and named, and what a page may load.

use axum::http::StatusCode;
use sekisho::pages::assets::helper_integrity;

use crate::support::challenge_fixture::{Bench, PASSWORD, Setting, on_every_database};

const SOURCE: &str = "script-src http://127.0.0.1:8480/assets/challenge.js";

/// The address of the script that a page loads.
fn script(body: &str) -> String {
    let (_, rest) = body.split_once("<script src=\"").expect("a script");
    rest.split_once('"').unwrap().0.to_owned()
}

async fn page_script(bench: &Bench) -> String {
    let challenge = bench.challenge().await;
    script(&bench.framed(&challenge.path).await.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_loads_exactly_one_script_and_nothing_stands_in_the_page_itself() {
    on_every_database(Setting::default(), async |bench| {
        let challenge = bench.challenge().await;
        let page = bench.framed(&challenge.path).await;
        let last = bench.answer(&challenge, &page, PASSWORD).await;
        for shown in [&page, &last] {
            let policy = shown.header("content-security-policy");
            assert!(policy.contains(SOURCE) && !policy.contains("'unsafe"), "{policy}");
            assert_eq!(shown.body.matches("<script").count(), 1);
            assert!(shown.body.contains("defer></script>"));
            for handler in ["onclick", "onload", "onsubmit", "javascript:"] {
                assert!(!shown.body.contains(handler), "{handler}");
            }
        }
        let neutral = bench.get(&bench.challenge().await.path, &[]).await;
        assert!(!neutral.body.contains("<script"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_is_kept_for_good_under_its_version_and_asked_for_otherwise() {
    on_every_database(Setting::default(), async |bench| {
        let address = page_script(&bench).await;
        let current = bench.get(&address, &[]).await;
        assert_eq!(current.status, StatusCode::OK);
        assert_eq!(current.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(current.header("x-content-type-options"), "nosniff");
        assert_eq!(current.header("cache-control"), "public, max-age=31536000, immutable");
        let (path, _) = address.split_once('?').unwrap();
        for other in [path.to_owned(), format!("{path}?v=0123456789abcdef")] {
            assert_eq!(bench.get(&other, &[]).await.header("cache-control"), "no-cache", "{other}");
        }
        let tag = current.header("etag").to_owned();
        assert!(address.ends_with(tag.trim_matches('"')));
        let known = bench.get(path, &[("if-none-match", &format!("\"other\", W/{tag}"))]).await;
        assert_eq!((known.status, known.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(bench.get(path, &[("if-none-match", "\"other\"")]).await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_merchants_helper_may_be_loaded_from_any_origin_and_kept_for_a_day() {
    on_every_database(Setting::default(), async |bench| {
        let helper = bench.get("/v1/js/sekisho.js", &[("origin", "https://shop.example")]).await;
        assert_eq!(helper.status, StatusCode::OK);
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("cache-control", "public, max-age=86400"),
            ("content-type", "text/javascript; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(helper.header(name), value, "{name}");
        }
        assert!(helper.headers.get("set-cookie").is_none());
        assert!(helper.body.len() < 6_000, "{} bytes", helper.body.len());
    })
    .await;
}

/// Pages of merchants name this digest: a helper that changes gets another path.
#[test]
fn the_documents_name_the_helper_by_its_digest() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/integration.md")).unwrap();
    let integrity = helper_integrity();
    let named: Vec<&str> = document.split("integrity=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
    assert!(!named.is_empty() && named.iter().all(|one| *one == integrity), "docs/integration.md: {integrity}");
}

#[test]
fn the_helper_speaks_the_javascript_of_2017() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let helper = std::fs::read_to_string(root.join("src/pages/assets/sekisho.js")).unwrap();
    for later in ["?.", "??", "import ", "export ", "catch {", "#private", "replaceAll("] {
        assert!(!helper.contains(later), "`{later}` is younger");
    }
}
