//! Bundles beside the one that ships: in turn with it, so that a service under load takes another one again and again, or
//! approved for whoever puts them into use.

use std::sync::Arc;
use std::time::Duration;

use sekisho::app::App;
use sekisho::domain::bundle::{BundleMode, SHARE_WHOLE};
use sekisho::domain::staff::Role;
use sekisho::flow::policies::activate::{Wanted, activate};
use sekisho::flow::policies::approve::{Word, decide};
use sekisho::flow::policies::submit::{Submission, submit};
use sekisho::flow::staff::session;
use sekisho::flow::staff::sign_in::Begun;
use sekisho::policy::BundleSource;
use sekisho::policy::prove::Options;

use super::person;

/// Submits and approves a copy of the bundle that ships with one comment more, and has one of the two decide, in turn.
pub(super) async fn swap(app: Arc<App>, token: &str, count: u64, every: Duration) {
    let people = people(&app, token, "swap").await;
    let digests = [copy(&app, &people, "swapped").await, BundleSource::shipped().digest()];
    let mut beats = tokio::time::interval(every);
    for turn in 0..count {
        beats.tick().await;
        let digest = digests[usize::try_from(turn % 2).unwrap_or(0)].clone();
        let current = app.store.current_bundles().await.expect("the database");
        let instead_of = current.iter().find(|used| used.mode == BundleMode::Live).map(|used| used.id);
        let wanted = Wanted { digest, mode: BundleMode::Live, share: SHARE_WHOLE, band: None, until: None, instead_of };
        activate(&app, &people.second.who, wanted).await.expect("an activation");
    }
}

/// Submits and approves a copy of the bundle that ships; its digest, and the session of who approved it.
pub(super) async fn approved(app: &App, token: &str) -> (String, String) {
    let people = people(app, token, "approved").await;
    let digest = copy(app, &people, "approved").await;
    (digest, people.second.token.expose().to_owned())
}

/// Who submits, and who approves and activates.
struct People {
    author: Begun,
    second: Begun,
}

async fn people(app: &App, token: &str, of: &str) -> People {
    let administrator = session::find(app, token).await.expect("the database").expect("a session").who;
    let author = person(app, Some(&administrator), &format!("{of}-author"), Role::Compliance).await;
    let second = person(app, Some(&administrator), &format!("{of}-second"), Role::Compliance).await;
    People { author, second }
}

async fn copy(app: &App, people: &People, name: &str) -> String {
    let (path, shipped) = ("approve/low-risk.cedar", BundleSource::shipped());
    let text = format!("// A copy {name}.\n{}", shipped.text(path).expect("the rule"));
    let source = shipped.with(path, &text);
    let message = "a copy".to_owned();
    let submission = Submission { source, message, signature: None, proofs: Options::default() };
    let head = submit(app, &people.author.who, submission).await.expect("a submission").head;
    let word = Word::Approve { note: String::new() };
    assert!(decide(app, &people.second.who, &head.digest, word).await.expect("an approval").is_usable());
    head.digest
}
