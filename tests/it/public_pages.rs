//! What anybody may read: the pages about privacy, contact and help, and the receipt that is printed.

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use sekisho::domain::challenge::Language;
use sekisho::domain::consent::Channel;
use sekisho::domain::id::{ConsentEventId, ReceiptId};
use sekisho::domain::receipt::{Receipt, ReceiptScope, SentBefore};

use crate::support::browser::Setup;
use crate::support::deployment::{Wanted, on_every_database};
use crate::support::exchange::Call;
use crate::support::served::served_once;

const PAGES: [&str; 3] = ["/privacy", "/contact", "/help"];

#[tokio::test]
async fn anybody_can_read_them_without_a_cookie_and_nobody_can_frame_them() {
    on_every_database(Wanted::default(), async |deployment| {
        for path in PAGES {
            let page = deployment.send(Call::get(path)).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!((page.header("set-cookie"), page.header("x-robots-tag")), ("", ""));
            assert_eq!((page.header("cache-control"), page.header("vary")), ("public, max-age=300", "Accept-Language"));
            let policy = page.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; base-uri 'none'; frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("script-src") && !page.text.contains("<script"), "no script");
            for landmark in ["<header>", "<main", "<footer>", "<nav aria-label"] {
                assert!(page.text.contains(landmark), "{landmark}");
            }
            assert_eq!(page.text.matches("<h1>").count(), 1);
        }
    })
    .await;
}

#[tokio::test]
async fn the_language_is_the_one_asked_for_else_the_browsers_else_japanese() {
    on_every_database(Wanted::default(), async |deployment| {
        let cases = [
            ("", "", "ja"),
            ("", "en-GB,en", "en"),
            ("?language=ja", "en", "ja"),
            ("?language=en", "ja", "en"),
            ("?language=fr", "", "ja"),
            ("?language=%ff", "en", "en"),
            ("?language=en&language=ja", "", "ja"),
        ];
        for path in PAGES {
            for (query, accepted, language) in cases {
                let page =
                    deployment.send(Call::get(format!("{path}{query}")).header("accept-language", accepted)).await;
                assert!(page.text.contains(&format!("<html lang=\"{language}\">")), "{path}{query} {accepted}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_privacy_page_tells_the_notice_and_every_recipient() {
    let wanted = Wanted::default().with("SEKISHO__ISSUER__POLICY_URL_JA", "https://issuer.example/policy");
    on_every_database(wanted, async |deployment| {
        let ja = deployment.send(Call::get("/privacy")).await.text;
        let loaded = deployment.app.bundle.load();
        for recipient in loaded.bundle.reference().recipients() {
            for part in
                [recipient.name.as_str(), recipient.privacy_url.as_str(), &format!("{}日間", recipient.retention_days)]
            {
                assert!(ja.contains(part), "{part}");
            }
        }
        for part in [
            "不正利用の分析に関するお知らせ",
            "2026-04版（2026年4月1日から）",
            "アメリカ合衆国",
            "いつでもお止めいただけます",
            "同意をいただいた方",
            "氏名・メールアドレス・電話番号",
            "元に戻しにくい値",
            "hreflang=\"en\"",
            "0120-000-000",
            "href=\"https://issuer.example/policy\"",
        ] {
            assert!(ja.contains(part), "`{part}` is not in the page");
        }
        let en = deployment.send(Call::get("/privacy?language=en")).await.text;
        for part in [
            "United States of America",
            "You can stop it",
            "Version 2026-04, in force from 1 Apr 2026",
            "365 days",
            "Privacy policy of Sekisho Card (Japanese)",
        ] {
            assert!(en.contains(part), "`{part}` is not in the page");
        }
    })
    .await;
}

#[tokio::test]
async fn the_contact_page_names_the_office_and_when_it_answers() {
    let wanted = Wanted::default().with("SEKISHO__ISSUER__OFFICE_JA", "お客さま<b>センター</b>");
    on_every_database(wanted, async |deployment| {
        let page = deployment.send(Call::get("/contact")).await.text;
        for part in [
            "お客さま&#60;b&#62;センター",
            "href=\"tel:0120000000\"",
            "9:00〜17:00",
            "土・日・祝日・年末年始",
            "/privacy?language=ja",
        ] {
            assert!(page.contains(part), "`{part}` is not in:\n{page}");
        }
    })
    .await;
}

fn receipt(app: &sekisho::app::App) -> Receipt {
    Receipt {
        id: ReceiptId::new(app.now(), app.randomness.as_ref()),
        event_id: ConsentEventId::new(app.now(), app.randomness.as_ref()),
        recorded_at: app.now(),
        effective_from: app.now().plus_seconds(-3_600),
        channel: Channel::Letter,
        scope: ReceiptScope::AllCards,
        recipient: Some("gone<b>".to_owned()),
        language: Language::Ja,
        sent_before: Vec::new(),
        maybe_sent: Vec::new(),
    }
}

#[tokio::test]
async fn the_printed_receipt_says_what_the_letter_says() {
    on_every_database(Wanted::default(), async |deployment| {
        let receipt = receipt(&deployment.app);
        let page = |receipt: &Receipt, language| {
            let response = sekisho::pages::receipt::page(&deployment.app, receipt, language);
            assert_eq!(response.headers()["cache-control"], "no-store");
            async move { String::from_utf8(Body::collect(response.into_body()).await.unwrap().to_bytes().to_vec()).unwrap() }
        };
        let ja = page(&receipt, Language::Ja).await;
        for part in [&receipt.id.to_string(), "書面", "お申し出の日時", "11:00（日本時間）", "これまでに提供した情報はありません", "gone&#60;b&#62;", "@media print"] {
            assert!(ja.contains(part), "`{part}` is not in:\n{ja}");
        }
        assert!(!ja.contains("送信された可能性"));
        let sent = SentBefore { recipient: "tmx".into(), count: 1, last_at: receipt.recorded_at };
        let en = page(&Receipt { sent_before: vec![sent], ..receipt }, Language::En).await;
        assert!(en.contains("<html lang=\"en\">") && en.contains("fraud analytics: once (last"), "{en}");
    })
    .await;
}

#[tokio::test]
async fn the_help_page_says_what_to_do_and_is_linked_from_everywhere() {
    let wanted = Wanted::default().with("SEKISHO__CHALLENGE__TOTAL_SECONDS", "300");
    on_every_database(wanted, async |deployment| {
        let ja = deployment.send(Call::get("/help?language=ja")).await.text;
        let en = deployment.send(Call::get("/help?language=en")).await.text;
        for part in
            ["5分以内", "3回まで", "関所カードだけです", "href=\"tel:0120000000\"", "9:00〜17:00", "href=\"/my\""]
        {
            assert!(ja.contains(part), "`{part}` is not in {ja}");
        }
        for part in ["within 5 minutes", "3 tries", "you and Sekisho Card", "weekends, public holidays"] {
            assert!(en.contains(part), "`{part}` is not in {en}");
        }
        for anchor in ["what", "message", "care", "refused", "lost", "contact"] {
            assert!(ja.contains(&format!("<h2 id=\"{anchor}\">")), "{anchor}");
        }
        for path in ["/privacy", "/contact", "/challenge/AAAA", "/my/sign-in"] {
            let page = deployment.send(Call::get(path).header("accept-language", "ja")).await.text;
            assert!(page.contains("href=\"/help?language=ja\""), "{path}: {page}");
        }
    })
    .await;
}

#[tokio::test]
async fn they_fit_every_window_and_break_no_rule() {
    served_once(Setup::default(), Wanted::provider(), async |_, url, browser| {
        for page in ["privacy", "contact", "help"] {
            for language in ["ja", "en"] {
                browser.client.goto(&format!("{url}/{page}?language={language}")).await.unwrap();
                browser.wait("main h1").await;
                browser
                    .is_right(&format!("{page}-{language}"), &["main h1", ".switch", "footer nav a:last-child"])
                    .await;
            }
        }
    })
    .await;
}
