//! The report of a replay in a browser: both languages, light and dark, wide and narrow; held against WCAG 2.2 AA.

use std::sync::Arc;

use sekisho::demo::sandbox::{SandboxOptions, generate};
use sekisho::domain::challenge::Language;
use sekisho::flow::replay::{Change, Listener, Progress, Report, SAMPLE_WHOLE, Selection, replay};
use sekisho::reports::replay::page;
use tokio_util::sync::CancellationToken;

use crate::support::browser::{Browser, Setup, Sight, in_browser};
use crate::support::made_up::{edited, instance, small};

/// Notes nothing.
struct Nothing;

impl Listener for Nothing {
    fn page(&mut self, _: &[Change], _: &Progress) -> std::io::Result<()> {
        Ok(())
    }
}

async fn reports(options: SandboxOptions) -> [String; 2] {
    let database = crate::support::database::OwnDatabase::on_sqlite();
    let app = instance(&database).await;
    generate(&app, options, |_, _| ()).await.unwrap();
    let new = Arc::new(edited("approve/low-risk.cedar", "risk < 4000", "risk < 2500"));
    let selection = Selection { from: None, to: None, merchant: None, sample: SAMPLE_WHOLE, ask_all: false };
    let mut progress = Progress::default();
    let stop = CancellationToken::new();
    replay(&app, Arc::clone(&new), &selection, &mut progress, &mut Nothing, &stop).await.unwrap();
    let report = Report::of(&app, &new, selection, progress, true).await.unwrap();
    [Language::Ja, Language::En].map(|language| page(&report, language).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_labels_the_money_of_what_changes_is_drawn_and_rules_tell_from_where_to_where() {
    let [_, page] = reports(SandboxOptions { labelled: 0.0, ..small(200, 4) }).await;
    assert!(page.contains("No purchase is labelled as fraud, so this is the money of"));
    for label in [">Stricter: ", ">Easier: 0 yen<", ">Undetermined: 0 yen<"] {
        assert!(page.contains(label), "{label}");
    }
    assert!(page.contains("<td>ceases to decide</td><td>Approved → Proof</td>"));
}

async fn looks(browser: &Browser, name: &str, sight: Sight) {
    browser.sees(sight).await;
    browser.wait("main h1").await;
    browser.fits().await;
    browser.is_accessible().await;
    browser.whole_picture(&format!("replay-report-{name}-{}", sight.name())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_can_be_read_by_everybody_in_every_window() {
    let pages = reports(small(400, 6)).await;
    let folder = tempfile::tempdir().unwrap();
    in_browser(Setup::default(), async |browser| {
        for (name, page) in ["ja", "en"].into_iter().zip(&pages) {
            let file = folder.path().join(format!("{name}.html"));
            std::fs::write(&file, page).unwrap();
            browser.client.goto(&format!("file://{}", file.display())).await.unwrap();
            for window in [(1280, 900), (390, 844)] {
                looks(&browser, name, Sight::of(window)).await;
                looks(&browser, name, Sight::of(window).dark()).await;
            }
            browser.no_policy_was_violated().await;
        }
    })
    .await;
}
