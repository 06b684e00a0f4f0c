//! Bundles of a test: made from the shipped one, kept in the database, put into use past it.

use std::sync::Arc;

use sekisho::app::App;
use sekisho::app::bundles::{InUse, Snapshot, refresh};
use sekisho::domain::bundle::{BundleActivation, BundleMode, Finding, FindingState, Findings, SHARE_WHOLE};
use sekisho::domain::staff::{Role, SignedIn};
use sekisho::flow::policies::PoliciesError;
use sekisho::flow::policies::activate::{Wanted, activate};
use sekisho::flow::policies::approve::{Word, decide};
use sekisho::flow::policies::rollback::{RolledBack, rollback, what};
use sekisho::flow::policies::submit::{Submission, Submitted, submit};
use sekisho::policy::prove::Options;
use sekisho::policy::{Bundle, BundleSource};
use serde_json::Value;

use super::deployment::Deployment;
use super::staff::{TestStaff, signed_in};

/// Has a bundle decide in this process, whatever the database says.
pub(crate) fn put_live(app: &App, bundle: Bundle) {
    let live = InUse {
        loaded: Arc::new(app.bundle.loader.fit(bundle).unwrap()),
        mode: BundleMode::Live,
        share: SHARE_WHOLE,
        since: app.now(),
        activation: app.bundle.snapshot().live.activation,
    };
    app.bundle.swap(Snapshot { live, canary: None, shadow: None });
}

/// The shipped bundle with other words for people: it decides as before.
pub(crate) fn reworded(words: &str) -> BundleSource {
    BundleSource::shipped().with("README.md", words)
}

/// The shipped bundle with a rule by which nobody passes, for this reason.
pub(crate) fn rejecting(reason: &str) -> BundleSource {
    let rule = format!(
        "@id(\"nobody\")\n@title(\"Nobody passes\")\n@reason(\"{reason}\")\n@owner(\"tests\")\n\
         forbid (principal, action in Action::\"authenticate\", resource);\n"
    );
    BundleSource::shipped().with("authenticate/nobody.cedar", &rule)
}

/// Takes back what is in use now.
pub(crate) async fn taken_back(app: &App, who: &SignedIn, reason: &str) -> Result<RolledBack, PoliciesError> {
    let what = what(app, false).await?;
    rollback(app, who, reason, what).await
}

/// What was found of a bundle whose proofs came out so.
fn findings(proof: FindingState) -> String {
    let finding = |state| Finding { state, summary: "of the test".to_owned(), details: Vec::new() };
    let passed = || finding(FindingState::Passed);
    let findings = Findings { program: "test".to_owned(), check: passed(), test: passed(), proof: finding(proof) };
    serde_json::to_string(&findings).unwrap()
}

/// People who may decide about bundles.
pub(crate) struct People {
    pub(crate) author: TestStaff,
    pub(crate) second: TestStaff,
    pub(crate) administrator: TestStaff,
}

impl Deployment {
    /// The people of a change.
    pub(crate) async fn people(&self) -> People {
        People {
            author: signed_in(&self.app, "author", &[Role::Compliance]).await,
            second: signed_in(&self.app, "second", &[Role::Compliance]).await,
            administrator: signed_in(&self.app, "administrator", &[Role::Administrator]).await,
        }
    }

    /// Keeps a bundle in the database as if it had been submitted, with proofs that came out so.
    pub(crate) async fn keep(
        &self,
        source: &BundleSource,
        author: &str,
        proof: FindingState,
        weakens: &[&str],
    ) -> String {
        let files: std::collections::BTreeMap<_, _> = source.files().collect();
        let before = source.text("bundle.toml").unwrap().contains("facts_version = 1");
        let sql = "INSERT INTO bundles (digest, facts_version, content, author, message, submitted_at) \
                   VALUES ($1, $2, $3, $4, 'a change', $5)";
        let values = vec![
            source.digest().into(),
            (if before { 1_i64 } else { 2 }).into(),
            serde_json::to_string(&files).unwrap().into(),
            author.into(),
            self.clock_now().into(),
        ];
        self.tables.run(sql, values).await.unwrap();
        self.judged(&source.digest(), 1, author, &findings(proof), weakens).await;
        source.digest()
    }

    /// Keeps a judgement of a bundle by what is live now.
    pub(crate) async fn judged(&self, digest: &str, number: i64, by: &str, results: &str, weakens: &[&str]) {
        let passed = serde_json::from_str::<Findings>(results).unwrap().passed();
        let sql = "INSERT INTO bundle_checks (digest, number, against, submitted_by, checked_at, passed, results, weakens) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        let values = vec![
            digest.into(),
            number.into(),
            self.live_digest().await.into(),
            by.into(),
            self.clock_now().into(),
            i64::from(passed).into(),
            results.into(),
            serde_json::to_string(weakens).unwrap().into(),
        ];
        self.tables.run(sql, values).await.unwrap();
    }

    /// A bundle that somebody made and somebody else approved.
    pub(crate) async fn approved(&self, people: &People, source: &BundleSource) -> String {
        let digest = self.keep(source, &people.author.who.actor(), FindingState::Passed, &[]).await;
        let word = Word::Approve { note: String::new() };
        assert!(decide(&self.app, &people.second.who, &digest, word).await.unwrap().is_usable());
        digest
    }

    /// Puts a bundle into use instead of whatever is, and has this process follow.
    pub(crate) async fn use_bundle(
        &self,
        who: &SignedIn,
        digest: &str,
        mode: BundleMode,
        share: u16,
    ) -> BundleActivation {
        // One after another, as people do it.
        self.clock.advance(1);
        let wanted = self.wanted(digest, mode, share).await;
        let begun = activate(&self.app, who, wanted).await.unwrap();
        refresh(&self.app).await.unwrap();
        begun
    }

    /// What somebody wants who has just looked at what is in use.
    pub(crate) async fn wanted(&self, digest: &str, mode: BundleMode, share: u16) -> Wanted {
        let current = self.app.store.current_bundles().await.unwrap();
        let instead_of = current.iter().find(|used| used.mode == mode).map(|used| used.id);
        Wanted { digest: digest.to_owned(), mode, share, band: None, until: None, instead_of }
    }

    /// Submits a bundle where there is no solver.
    pub(crate) async fn submit(&self, who: &SignedIn, source: BundleSource) -> Result<Submitted, PoliciesError> {
        let proofs = Options { solver: "/nonexistent/cvc5".into(), ..Options::default() };
        let submission = Submission { source, message: "a change".to_owned(), signature: None, proofs };
        submit(&self.app, who, submission).await
    }

    /// The digest that decides in the database.
    pub(crate) async fn live_digest(&self) -> String {
        let current = self.app.store.current_bundles().await.unwrap();
        current.into_iter().find(|used| used.mode == BundleMode::Live).unwrap().digest
    }
}

/// The digest of the bundle that an answer was decided by, as it is recorded.
pub(crate) async fn bundle_that_decided(deployment: &Deployment, answer: &Value) -> String {
    let id = answer["id"].as_str().unwrap().parse().unwrap();
    deployment.app.store.any_authentication(id).await.unwrap().unwrap().bundle_digest
}
