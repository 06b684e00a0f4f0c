//! The demo as a program: what it says, what it refuses, and that it goes on with the same data.

use std::os::unix::fs::PermissionsExt;

use sekisho::demo::{Demo, DemoError, DemoOptions, ReportFormat};
use tempfile::TempDir;

use crate::support::demo::options;

async fn refused(options: DemoOptions) -> (DemoError, String) {
    let error = Demo::start(options).await.err().expect("the demo is refused");
    let text = error.to_string();
    (error, text)
}

#[tokio::test]
async fn the_report_for_programs_is_one_document_with_everything_that_a_program_needs() {
    let folder = TempDir::new().unwrap();
    let demo = Demo::start(options(folder.path())).await.unwrap();
    let mut out = Vec::new();
    demo.report.write(ReportFormat::Json, &mut out).unwrap();
    demo.until(std::future::ready(())).await.unwrap();
    let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
    for url in ["service_url", "provider_url", "shop_url"] {
        assert!(report[url].as_str().unwrap().starts_with("http://"), "{url}");
    }
    assert!(report["issuer_api_key"].as_str().unwrap().starts_with("ik_test_"));
    assert_eq!(report["merchants"].as_array().unwrap().len(), 2);
    assert!(report["merchants"][0]["api_key"].as_str().unwrap().starts_with("sk_test_"));
    let cards = report["cards"].as_array().unwrap();
    assert!(cards.len() >= 20);
    for name in ["number", "expiry", "cardholder", "password", "personal_message", "shows"] {
        assert!(cards.iter().all(|card| card.get(name).is_some()), "{name}");
    }
}

#[tokio::test]
async fn a_second_start_goes_on_with_the_same_keys_and_cards_on_other_ports() {
    let folder = TempDir::new().unwrap();
    let mut reports = Vec::new();
    for _ in 0..2 {
        let demo = Demo::start(options(folder.path())).await.unwrap();
        reports.push(demo.report.clone());
        demo.until(std::future::ready(())).await.unwrap();
    }
    let keys = |at: usize| reports[at].merchants.iter().map(|merchant| merchant.api_key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(0), keys(1));
    assert_eq!(reports[0].issuer_api_key, reports[1].issuer_api_key);
    let mode = std::fs::metadata(folder.path().join("demo.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().min(65_533);
    let folder = TempDir::new().unwrap();
    let (error, text) = refused(DemoOptions { port, ..options(folder.path()) }).await;
    assert!(matches!(error, DemoError::Port { .. }), "{text}");
    assert!(text.contains("hint: stop what listens there, or choose another port with --port"), "{text}");
}

#[tokio::test]
async fn an_address_that_is_no_database_is_refused_without_being_repeated() {
    let folder = TempDir::new().unwrap();
    let url = Some("mysql://user:secret@host/name".into());
    let (error, text) = refused(DemoOptions { database_url: url, ..options(folder.path()) }).await;
    assert!(matches!(error, DemoError::Database { .. }), "{text}");
    assert!(text.contains("hint:") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    // A file in the folder's place: permissions would not stop a privileged user.
    let path = folder.path().join("file");
    std::fs::write(&path, "").unwrap();
    let (error, text) = refused(options(&path.join("data"))).await;
    assert!(matches!(error, DemoError::Folder { .. }), "{text}");
    assert!(text.contains("hint: name a writable one with --data"), "{text}");
}
