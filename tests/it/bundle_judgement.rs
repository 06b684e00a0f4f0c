//! What a bundle is judged by, and for how long that counts: the live bundle of that moment, its checks, its solver.

use sekisho::app::App;
use sekisho::app::bundles::{Origin, refresh};
use sekisho::domain::bundle::standing::Standing;
use sekisho::domain::bundle::{BundleMode, FindingState, SHARE_WHOLE};
use sekisho::flow::policies::PoliciesError;
use sekisho::flow::policies::activate::activate;
use sekisho::flow::policies::approve::{Word, decide};
use sekisho::flow::policies::review::review;
use sekisho::flow::policies::rollback::{RolledBack, comes_back};
use sekisho::flow::policies::submit::{Submission, submit};
use sekisho::policy::BundleSource;
use sekisho::policy::prove::Options;

use crate::support::bundles::{reworded, taken_back};
use crate::support::deployment::{Deployment, Wanted as Setup, on_every_database};
use crate::support::randomness::SeededRandomness;
use crate::support::solvers::cvc5;
use crate::support::staff::signed_in;

fn approve() -> Word {
    Word::Approve { note: "looked at it".to_owned() }
}

fn let_through() -> Word {
    Word::LetThrough { reason: "fraud under way".to_owned() }
}

fn refuse() -> Word {
    Word::Refuse { note: "not like this".to_owned() }
}

/// The shipped bundle with one more invariant.
fn stricter() -> BundleSource {
    let text = BundleSource::shipped().text("invariants/lost-or-stolen.cedar").unwrap().to_owned();
    let text = text.replace("\"lost-or-stolen\"", "\"lost-again\"");
    BundleSource::shipped().with("invariants/lost-again.cedar", &text)
}

/// The shipped bundle with a rule by which nobody of the staff may do this.
fn forbidding(act: &str) -> BundleSource {
    let rule = format!(
        "@id(\"nobody-may\")\n@title(\"Nobody may\")\n@reason(\"card_stolen\")\n@owner(\"tests\")\n\
         forbid (principal, action == Action::\"{act}\", resource);\n"
    );
    BundleSource::shipped().with("staff/nobody-may.cedar", &rule)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_was_judged_before_the_live_one_got_an_invariant_is_submitted_again() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let first = deployment.live_digest().await;
        let waiting = deployment.keep(&reworded("waits"), &people.author.who.actor(), FindingState::Passed, &[]).await;
        let approved = deployment.approved(&people, &reworded("approved")).await;
        let strict = deployment.approved(&people, &stricter()).await;
        deployment.use_bundle(who, &strict, BundleMode::Live, SHARE_WHOLE).await;
        let stale = decide(app, who, &waiting, approve()).await.unwrap_err();
        assert!(matches!(stale, PoliciesError::Stale), "{stale}");
        for digest in [&approved, &first] {
            for mode in [BundleMode::Live, BundleMode::Canary] {
                let wanted = deployment.wanted(digest, mode, SHARE_WHOLE).await;
                let stale = activate(app, who, wanted).await.unwrap_err();
                assert!(matches!(stale, PoliciesError::Stale), "{stale}");
            }
        }
        // Judged by what is live now, it takes the invariant away, and what was said before does not count.
        let again = deployment.submit(&people.author.who, reworded("approved")).await.unwrap();
        assert!(again.judged && !again.new && again.head.judgement == 2, "{:?}", again.head);
        assert!(again.head.weakens.iter().any(|line| line.contains("lost-again")), "{:?}", again.head.weakens);
        let wanted = deployment.wanted(&approved, BundleMode::Live, SHARE_WHOLE).await;
        let waits = activate(app, who, wanted).await.unwrap_err();
        assert!(matches!(waits, PoliciesError::NotApproved(_)), "{waits}");
        // A bundle with the same yardsticks changes nothing of all that.
        let alike = deployment.approved(&people, &stricter().with("README.md", "alike")).await;
        let waits_still = deployment.approved(&people, &stricter().with("README.md", "waits")).await;
        deployment.use_bundle(who, &alike, BundleMode::Live, SHARE_WHOLE).await;
        deployment.use_bundle(who, &waits_still, BundleMode::Canary, 500).await;
        // Whoever goes back is not held up.
        for _ in 0..3 {
            taken_back(app, who, "too strict").await.unwrap();
        }
        assert_eq!(deployment.live_digest().await, first);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_was_not_proved_is_submitted_again_with_a_solver_and_approved() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, source) = (&deployment.app, reworded("proved later"));
        let digest = source.digest();
        let without = deployment.submit(&people.author.who, source.clone()).await.unwrap();
        assert_eq!(without.head.findings.proof.state, FindingState::NotProved);
        decide(app, &people.second.who, &digest, let_through()).await.unwrap();
        let submission = Submission {
            source,
            message: "with a solver".to_owned(),
            signature: None,
            proofs: cvc5(&["lost-or-stolen"]),
        };
        let proved = submit(app, &people.second.who, submission).await.unwrap().head;
        assert!(proved.findings.passed(), "{:?}", proved.findings);
        let (author, second) = (people.author.who.actor(), people.second.who.actor());
        assert_eq!((proved.author, proved.judged_by, proved.judgement), (author, second, 2));
        assert_eq!(proved.message, "a change", "it is the author's");
        let kept = app.store.bundle_head(&digest).await.unwrap().unwrap();
        assert!(!Standing::of(&kept, &app.store.bundle_approvals(&digest).await.unwrap()).is_usable());
        assert_eq!(decide(app, &people.second.who, &digest, approve()).await.unwrap(), Standing::Approved);
        assert_eq!(deployment.audited("policy.submit").await.len(), 2);
        let change = deployment.tables.run("UPDATE bundle_checks SET passed = 1", Vec::new()).await;
        assert!(change.is_err(), "judgements are append-only");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_bundle_stays_refused_and_cannot_be_submitted_again() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let submitted = deployment.submit(&people.author.who, reworded("refused")).await.unwrap();
        decide(&deployment.app, &people.second.who, &submitted.head.digest, refuse()).await.unwrap();
        let again = deployment.submit(&people.author.who, reworded("refused")).await.unwrap_err();
        assert!(matches!(again, PoliciesError::Refused(_)), "{again}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_check_finds_stands_against_a_submitted_bundle() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let groups = BundleSource::shipped().text("reference/categories.toml").unwrap().to_owned();
        let bad_id = BundleSource::shipped()
            .with("reference/categories.toml", &groups.replace("\"travel\"", "\"Travel!\""));
        let rule = "@id(\"overflows\")\n@title(\"Calculates\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n\
                    forbid (principal, action == Action::\"approve\", resource)\n\
                    when { context.purchase.amount_minor == 12800 && context.purchase.amount_minor * 9000000000000000 > 1 };\n";
        let overflowing = BundleSource::shipped().with("approve/overflows.cedar", rule);
        for (source, told) in [(bad_id, "is no id"), (overflowing, "may overflow")] {
            let submitted = deployment.submit(&people.author.who, source).await.unwrap().head;
            let check = &submitted.findings.check;
            assert_eq!(check.state, FindingState::Failed, "{check:?}");
            assert!(check.details.iter().any(|line| line.contains(told)), "{check:?}");
            let refused = decide(&deployment.app, &people.second.who, &submitted.digest, approve()).await.unwrap_err();
            assert!(matches!(refused, PoliciesError::NotPassed), "{refused}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_comes_after_both_words_of_an_emergency_and_ends_it() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let app = &deployment.app;
        let author = people.author.who.actor();
        let digest = deployment.keep(&reworded("urgent"), &author, FindingState::NotProved, &[]).await;
        let third = signed_in(app, "third", &[sekisho::domain::staff::Role::Compliance]).await;
        let fourth = signed_in(app, "fourth", &[sekisho::domain::staff::Role::Compliance]).await;
        decide(app, &people.second.who, &digest, let_through()).await.unwrap();
        let early = review(app, &third.who, &digest, "too early").await.unwrap_err();
        assert!(matches!(early, PoliciesError::NothingToReview), "{early}");
        decide(app, &people.administrator.who, &digest, let_through()).await.unwrap();
        let own = review(app, &people.second.who, &digest, "my own").await.unwrap_err();
        assert!(matches!(own, PoliciesError::OwnEmergency), "{own}");
        review(app, &third.who, &digest, "it was right").await.unwrap();
        for late in [&third.who, &fourth.who] {
            let late = decide(app, late, &digest, let_through()).await.unwrap_err();
            assert!(matches!(late, PoliciesError::Reviewed), "{late}");
        }
    })
    .await;
}

/// The live bundle of the database becomes one that no process can load.
async fn broken(deployment: &Deployment) -> String {
    let people = deployment.people().await;
    let digest = deployment.approved(&people, &reworded("good when it was approved")).await;
    let wanted = deployment.wanted(&digest, BundleMode::Live, SHARE_WHOLE).await;
    activate(&deployment.app, &people.second.who, wanted).await.unwrap();
    let unloadable = reworded("for a later version").with("schema.cedarschema", "nothing");
    let unloadable = deployment.keep(&unloadable, "system", FindingState::Passed, &[]).await;
    let sql = "UPDATE bundle_activations SET digest = $1 WHERE ended_at IS NULL";
    deployment.tables.run(sql, vec![unloadable.into()]).await.unwrap();
    digest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_cannot_follow_the_live_bundle_decides_about_none_and_goes_back_all_the_same() {
    on_every_database(Setup::default(), async |deployment| {
        let first = deployment.live_digest().await;
        let digest = broken(deployment).await;
        let (app, who) = (
            &deployment.app,
            signed_in(&deployment.app, "third", &[sekisho::domain::staff::Role::Compliance]).await.who,
        );
        let wanted = deployment.wanted(&digest, BundleMode::Canary, 500).await;
        let refusals = [
            deployment.submit(&who, reworded("now")).await.map(|_| ()),
            decide(app, &who, &digest, approve()).await.map(|_| ()),
            activate(app, &who, wanted).await.map(|_| ()),
            review(app, &who, &digest, "looked at").await,
        ];
        for refused in refusals {
            assert!(matches!(refused, Err(PoliciesError::Degraded)), "{refused:?}");
        }
        let back = taken_back(app, &who, "it cannot be loaded").await.unwrap();
        assert!(matches!(&back, RolledBack::Live(now) if now.digest == first), "{back:?}");
        refresh(app).await.unwrap();
        assert!(app.bundle.degraded().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_decides_by_a_folder_decides_about_no_bundle() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("of the database")).await;
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in reworded("of the folder").files() {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let (config, clock) = (deployment.app.config.clone(), deployment.clock.clone());
        let origin = Origin::Folder(folder.path().to_owned());
        let app = App::build_with(config, clock, SeededRandomness::new(77), origin).await.unwrap();
        let wanted = deployment.wanted(&digest, BundleMode::Live, SHARE_WHOLE).await;
        let who = &people.second.who;
        let proofs = Options { solver: "/nonexistent/cvc5".into(), ..Options::default() };
        let submission = Submission { source: reworded("new"), message: "new".to_owned(), signature: None, proofs };
        let refusals = [
            submit(&app, who, submission).await.map(|_| ()),
            decide(&app, who, &digest, approve()).await.map(|_| ()),
            activate(&app, who, wanted).await.map(|_| ()),
            review(&app, who, &digest, "looked at").await,
            taken_back(&app, who, "away").await.map(|_| ()),
        ];
        for refused in refusals {
            assert!(matches!(refused, Err(PoliciesError::OfFolder)), "{refused:?}");
        }
        app.store.clone().close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_by_which_its_activator_could_take_nothing_back_is_not_activated() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &forbidding("policy_activate")).await;
        for mode in [BundleMode::Live, BundleMode::Canary] {
            let wanted = deployment.wanted(&digest, mode, SHARE_WHOLE).await;
            let refused = activate(&deployment.app, &people.second.who, wanted).await.unwrap_err();
            assert!(matches!(refused, PoliciesError::LocksOut), "{refused}");
        }
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Shadow, SHARE_WHOLE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_not_refused_and_nobody_goes_back_to_what_was() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let first = deployment.live_digest().await;
        let one = deployment.approved(&people, &reworded("one")).await;
        let two = deployment.approved(&people, &reworded("two")).await;
        deployment.use_bundle(who, &one, BundleMode::Live, SHARE_WHOLE).await;
        let refused = decide(app, &people.administrator.who, &one, refuse()).await.unwrap_err();
        assert!(matches!(refused, PoliciesError::StillInUse(BundleMode::Live)), "{refused}");
        deployment.use_bundle(who, &two, BundleMode::Live, SHARE_WHOLE).await;
        assert_eq!(comes_back(app).await.unwrap().unwrap().digest, one);
        decide(app, &people.administrator.who, &one, refuse()).await.unwrap();
        assert_eq!(comes_back(app).await.unwrap().unwrap().digest, first);
        taken_back(app, who, "complaints").await.unwrap();
        assert_eq!(deployment.live_digest().await, first);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_others_read_later_are_one_line_of_plain_text() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let hidden = || "fine\u{1b}[2K".to_owned();
        let proofs = Options { solver: "/nonexistent/cvc5".into(), ..Options::default() };
        let submission = Submission { source: reworded("x"), message: hidden(), signature: None, proofs };
        let passed = deployment.keep(&reworded("one"), &people.author.who.actor(), FindingState::Passed, &[]).await;
        let open = deployment.keep(&reworded("two"), &people.author.who.actor(), FindingState::NotProved, &[]).await;
        let refusals = [
            submit(app, &people.author.who, submission).await.map(|_| ()),
            decide(app, who, &passed, Word::Approve { note: hidden() }).await.map(|_| ()),
            decide(app, who, &passed, Word::Refuse { note: hidden() }).await.map(|_| ()),
            decide(app, who, &open, Word::LetThrough { reason: hidden() }).await.map(|_| ()),
            review(app, who, &open, &hidden()).await,
            taken_back(app, who, &hidden()).await.map(|_| ()),
        ];
        for refused in refusals {
            assert!(matches!(refused, Err(PoliciesError::Text(_))), "{refused:?}");
        }
        assert!(app.store.bundle_approvals(&passed).await.unwrap().is_empty());
    })
    .await;
}
