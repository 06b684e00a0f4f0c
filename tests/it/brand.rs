//! Looks of programmes: their style sheets and logos, and what is refused at the start.

use axum::http::StatusCode;
use sekisho::app::load_brands;
use sekisho::app::load_bundle;
use sekisho::config::Config;
use serde_json::json;

use crate::support::browser::Setup;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::{Answer, Call};
use crate::support::served::served_once;

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 24\">\
     <rect width=\"64\" height=\"24\" rx=\"4\" fill=\"#8a6d1c\"/><circle cx=\"12\" cy=\"12\" r=\"6\" fill=\"#fff\"/></svg>";

/// Settings in which gold cards have a look of their own.
fn golden(folder: &tempfile::TempDir) -> Wanted {
    let logo = folder.path().join("logo.of.gold");
    std::fs::write(&logo, LOGO).unwrap();
    let file = format!(
        "[[brand]]\nprogrammes = [\"gold\"]\nlight = \"#6b5310\"\ndark = \"#e3c46a\"\nlogo = \"{}\"\n\
         name_ja = \"関所ゴールド\"\nname_en = \"Sekisho Gold\"\n",
        logo.display()
    );
    Wanted { file, ..Wanted::default() }
}

/// The address of a challenge with a card of this programme.
async fn asked(deployment: &Deployment, programme: &str) -> String {
    let card = deployment.card(&json!({"programme": programme})).await;
    deployment.enrol(&card).await;
    let answer = deployment.buys(&card, &json!({"challenge": {"wish": "challenge", "language": "en"}})).await;
    answer["challenge"]["url"].as_str().unwrap().to_owned()
}

async fn page(deployment: &Deployment, url: &str) -> Answer {
    let path = url.strip_prefix("http://127.0.0.1:8480").unwrap();
    deployment.send(Call::get(path).header("sec-fetch-dest", "iframe")).await
}

/// What stands between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {text}"));
    rest.split_once(after).unwrap().0
}

#[tokio::test]
async fn a_challenge_looks_as_the_programme_of_its_card() {
    let folder = tempfile::tempdir().unwrap();
    on_every_database(golden(&folder), async |deployment: &Deployment| {
        let gold = page(deployment, &asked(deployment, "gold").await).await;
        assert!(gold.text.contains("Sekisho Gold"), "{}", gold.text);
        let address = between(&gold.text, "<link rel=\"stylesheet\" href=\"http://127.0.0.1:8480", "\"");
        assert!(address.starts_with("/assets/brand/gold.css?v="), "{address}");
        let policy = gold.header("content-security-policy");
        assert!(policy.contains(" http://127.0.0.1:8480/assets/brand/gold.css;"), "{policy}");
        assert!(policy.contains("img-src http://127.0.0.1:8480/assets/brand/gold.svg"), "{policy}");
        let sheet = deployment.send(Call::get(address)).await;
        assert!(sheet.text.contains("--brand: #6b5310; --on-brand: #ffffff"), "{}", sheet.text);
        assert!(sheet.text.contains("--brand: #e3c46a; --on-brand: #0d1726"), "{}", sheet.text);
        assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
        let classic = page(deployment, &asked(deployment, "classic").await).await;
        assert!(!classic.text.contains("<link") && !classic.text.contains("<img"), "{}", classic.text);
        assert!(!classic.header("content-security-policy").contains("img-src"));
    })
    .await;
}

#[tokio::test]
async fn files_are_kept_for_long_under_their_version_and_not_under_another() {
    let folder = tempfile::tempdir().unwrap();
    on_every_database(golden(&folder), async |deployment: &Deployment| {
        let gold = page(deployment, &asked(deployment, "gold").await).await;
        for mark in ["<link rel=\"stylesheet\" href=\"http://127.0.0.1:8480", "<img src=\"http://127.0.0.1:8480"] {
            let address = between(&gold.text, mark, "\"");
            let current = deployment.send(Call::get(address)).await;
            assert_eq!(current.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(current.header("x-content-type-options"), "nosniff");
            let (path, _) = address.split_once('?').unwrap();
            for other in [path.to_owned(), format!("{path}?v=0123456789abcdef"), format!("{path}?v=")] {
                let other = deployment.send(Call::get(other)).await;
                assert_eq!((other.status, other.header("cache-control")), (StatusCode::OK, "no-store"));
            }
        }
        let logo = deployment.send(Call::get("/assets/brand/gold.svg")).await;
        assert_eq!(logo.text, LOGO);
        assert_eq!(logo.header("content-type"), "image/svg+xml");
        assert_eq!(logo.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'; sandbox");
        for path in ["classic.css", "gold.png", "gold", "gold.css.css", "..%2Fgold.css", ".css", "g%00old.css"] {
            let answer = deployment.send(Call::get(format!("/assets/brand/{path}"))).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
}

#[test]
fn a_look_that_cannot_be_shown_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, logo) = (folder.path().join("sekisho.toml"), folder.path().join("logo.svg"));
    std::fs::write(&logo, LOGO.replace("<circle", "<script>top.location='//evil.example'</script><circle")).unwrap();
    let told = |brand: &str| {
        std::fs::write(&settings, format!("[[brand]]\n{brand}\n")).unwrap();
        let config = Config::load(Some(&settings), []).map_err(|error| error.to_string())?;
        let bundle = load_bundle(&config).unwrap();
        load_brands(&config, &bundle).map(|_| ()).map_err(|error| error.to_string())
    };
    let good = "programmes = [\"gold\"]\nlight = \"#6b5310\"\ndark = \"#e3c46a\"";
    assert_eq!(told(good), Ok(()));
    let cases = [
        (good.replace("gold", "platinum"), "the bundle has no programme `platinum`"),
        (good.replace("#6b5310", "gold"), "`gold` is no colour"),
        (good.replace("#6b5310", "#c9a227"), "has a contrast of 2.41:1, and text needs 4.5:1"),
        (good.replace("dark", "drak"), "unknown field `drak`"),
        (format!("{good}\nlogo = \"{}\"", logo.display()), "the element `script` is not accepted"),
    ];
    for (brand, expected) in cases {
        let error = told(&brand).expect_err(&brand);
        assert!(error.contains(expected) && error.contains("hint:"), "{error}");
    }
}

#[tokio::test]
async fn a_browser_takes_the_look_and_refuses_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    served_once(Setup::default(), golden(&folder), async |deployment, _, browser| {
        browser.client.goto(&asked(deployment, "gold").await).await.unwrap();
        browser.click("main form button").await;
        let button = browser.wait("form.answer button.primary").await;
        assert_eq!(button.css_value("background-color").await.unwrap(), "rgba(107, 83, 16, 1)");
        let width = "return document.querySelector('.issuer img').naturalWidth";
        assert_ne!(browser.client.execute(width, Vec::new()).await.unwrap(), json!(0));
        browser.is_right("challenge-gold-en", &[".issuer img", ".words", "#password"]).await;
    })
    .await;
}
