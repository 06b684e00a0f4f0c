//! Two bundles in turn, so that a service under load takes another one again and again.

use std::sync::Arc;
use std::time::Duration;

use sekisho::app::App;
use sekisho::domain::bundle::{BundleMode, SHARE_WHOLE};
use sekisho::domain::staff::{Role, SignedIn};
use sekisho::flow::policies::activate::{Wanted, activate};
use sekisho::flow::policies::approve::{Word, decide};
use sekisho::flow::policies::submit::{Submission, submit};
use sekisho::flow::staff::session;
use sekisho::policy::BundleSource;
use sekisho::policy::prove::Options;

use super::person;

/// Submits and approves a copy of the bundle that ships with one comment more, and has one of the two decide, in turn.
pub(super) async fn swap(app: Arc<App>, token: &str, count: u64, every: Duration) {
    let administrator = session::find(&app, token).await.expect("the database").expect("a session").who;
    let author = person(&app, Some(&administrator), "author", Role::Compliance).await.who;
    let second = person(&app, Some(&administrator), "second", Role::Compliance).await.who;
    let shipped = BundleSource::shipped();
    let digests = [copy(&app, &author, &second, &shipped).await, shipped.digest()];
    let mut beats = tokio::time::interval(every);
    for turn in 0..count {
        beats.tick().await;
        let digest = digests[usize::try_from(turn % 2).unwrap_or(0)].clone();
        let current = app.store.current_bundles().await.expect("the database");
        let instead_of = current.iter().find(|used| used.mode == BundleMode::Live).map(|used| used.id);
        let wanted = Wanted { digest, mode: BundleMode::Live, share: SHARE_WHOLE, band: None, until: None, instead_of };
        activate(&app, &second, wanted).await.expect("an activation");
    }
}

async fn copy(app: &App, author: &SignedIn, second: &SignedIn, shipped: &BundleSource) -> String {
    let path = "approve/low-risk.cedar";
    let text = format!("// Another copy.\n{}", shipped.text(path).expect("the rule"));
    let source = shipped.clone().with(path, &text);
    let message = "a copy".to_owned();
    let submission = Submission { source, message, signature: None, proofs: Options::default() };
    let head = submit(app, author, submission).await.expect("a submission").head;
    let word = Word::Approve { note: String::new() };
    assert!(decide(app, second, &head.digest, word).await.expect("an approval").is_usable());
    head.digest
}
