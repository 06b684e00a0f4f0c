//! The life of a change to the policies: who may do what to whose bundle, and what comes of two who do it at once.

use std::collections::BTreeSet;

use sekisho::app::bundles::refresh;
use sekisho::domain::bundle::standing::Standing;
use sekisho::domain::bundle::{BundleMode, FindingState, SHARE_WHOLE};
use sekisho::flow::policies::PoliciesError;
use sekisho::flow::policies::activate::{Wanted, activate};
use sekisho::flow::policies::approve::{Word, decide};
use sekisho::flow::policies::review::review;
use sekisho::flow::policies::rollback::{RolledBack, rollback, what};
use sekisho::flow::policies::status::status;
use sekisho::flow::staff::rights::RightsError;
use sekisho::policy::BundleSource;
use serde_json::json;

use crate::support::bundles::{rejecting, reworded, taken_back};
use crate::support::deployment::{Wanted as Setup, on_every_database};
use crate::support::staff::agent;

fn approve() -> Word {
    Word::Approve { note: "looked at it".to_owned() }
}

fn let_through() -> Word {
    Word::LetThrough { reason: "fraud under way".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_records_the_shipped_bundle_as_the_first_and_the_second_process_reads_it() {
    on_every_database(Setup::default(), async |deployment| {
        let shipped = BundleSource::shipped().digest();
        assert_eq!(deployment.live_digest().await, shipped);
        let stored = deployment.app.store.bundle(&shipped).await.unwrap().unwrap();
        assert_eq!(stored.head.author, "system");
        assert_eq!(BundleSource::of(stored.files).digest(), shipped);
        assert_eq!(deployment.audited("policy.first").await, [format!("system {shipped} live")]);
        let (twin, _) = deployment.twin(8).await;
        assert_eq!(twin.bundle.snapshot().live.digest(), shipped);
        assert_eq!(twin.store.bundle_activations(10).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_submitted_is_kept_with_its_results_and_an_unsound_bundle_is_not() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let submitted = deployment.submit(&people.author.who, reworded("another text")).await.unwrap();
        assert!(submitted.new && submitted.head.findings.test.state == FindingState::Passed);
        assert_ne!(submitted.head.findings.proof.state, FindingState::Passed, "without a solver nothing is proved");
        let again = deployment.submit(&people.second.who, reworded("another text")).await.unwrap();
        assert!(!again.new && !again.judged && again.head == submitted.head, "nothing new: all stays as it was");
        let failing = rejecting("card_stolen");
        let failed = deployment.submit(&people.author.who, failing.clone()).await.unwrap();
        assert_eq!(failed.head.findings.test.state, FindingState::Failed);
        assert!(deployment.app.store.bundle(&failing.digest()).await.unwrap().is_some());
        let unsound = BundleSource::shipped().with("approve/low-risk.cedar", "permit (principal");
        let refused = deployment.submit(&people.author.who, unsound.clone()).await.unwrap_err();
        assert!(matches!(refused, PoliciesError::Unusable(_)), "{refused}");
        assert!(deployment.app.store.bundle(&unsound.digest()).await.unwrap().is_none());
        assert_eq!(deployment.audited("policy.submit").await.len(), 2);
        let denied = deployment.submit(&agent(), reworded("an agent's")).await.unwrap_err();
        assert!(matches!(denied, PoliciesError::Rights(RightsError::Denied { .. })), "{denied}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_an_invariant_or_changing_a_staff_rule_is_told_as_weakening() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let shipped = BundleSource::shipped;
        let rule =
            shipped().text("staff/compliance.cedar").unwrap().replacen("         Action::\"queue_look\",\n", "", 1);
        for (source, told) in [
            (shipped().without("invariants/lost-or-stolen.cedar"), "the invariant `lost-or-stolen` is removed"),
            (shipped().without("staff/own-request.cedar"), "the staff rule `own-request` is removed"),
            (shipped().with("staff/compliance.cedar", &rule), "is changed"),
        ] {
            let submitted = deployment.submit(&people.author.who, source).await.unwrap();
            assert!(submitted.head.weakens.iter().any(|line| line.contains(told)), "{:?}", submitted.head);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_her_own_bundle() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let author = &people.author.who;
        let digest = deployment.keep(&reworded("mine"), &author.actor(), FindingState::Passed, &[]).await;
        let own = decide(&deployment.app, author, &digest, approve()).await.unwrap_err();
        assert!(matches!(own, PoliciesError::Own), "{own}");
        // Not even where the rules of a bundle would let her.
        let permissive = BundleSource::shipped().without("staff/own-request.cedar").without("staff/cases.yaml");
        let permissive = deployment.keep(&permissive, &author.actor(), FindingState::Passed, &[]).await;
        let own = decide(&deployment.app, author, &permissive, approve()).await.unwrap_err();
        assert!(matches!(own, PoliciesError::Own), "{own}");
        assert!(deployment.app.store.bundle_approvals(&digest).await.unwrap().is_empty());
        assert_eq!(deployment.audited("staff.denied").await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approving_needs_a_fresh_one_time_password_and_a_word_is_said_once() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let author = people.author.who.actor();
        let digest = deployment.keep(&reworded("one"), &author, FindingState::Passed, &[]).await;
        let mut stale = people.second.who.clone();
        stale.reauthenticated = false;
        let refused = decide(&deployment.app, &stale, &digest, approve()).await.unwrap_err();
        assert!(matches!(refused, PoliciesError::Rights(RightsError::ReauthenticationNeeded)), "{refused}");
        let standing = decide(&deployment.app, &people.second.who, &digest, approve()).await.unwrap();
        assert_eq!(standing, Standing::Approved);
        let twice = decide(&deployment.app, &people.second.who, &digest, approve()).await.unwrap_err();
        assert!(matches!(twice, PoliciesError::Decided), "{twice}");
        let refusal = Word::Refuse { note: "not like this".to_owned() };
        let standing = decide(&deployment.app, &people.administrator.who, &digest, refusal).await.unwrap();
        assert!(!standing.is_usable(), "a refusal stands, whoever approved");
        let wanted = deployment.wanted(&digest, BundleMode::Live, SHARE_WHOLE).await;
        let refused = activate(&deployment.app, &people.second.who, wanted).await.unwrap_err();
        assert!(matches!(refused, PoliciesError::Refused(_)), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_bundle_s_own_rules_about_staff_judge_its_approval_too() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let rule = "@id(\"no-approvals\")\n@title(\"Nobody approves\")\n@reason(\"staff_role\")\n@owner(\"tests\")\n\
                    forbid (principal, action == Action::\"policy_approve\", resource);\n";
        let source =
            BundleSource::shipped().with("staff/no-approvals.cedar", &rule.replace("staff_role", "card_stolen"));
        let digest = deployment.keep(&source, &people.author.who.actor(), FindingState::Passed, &[]).await;
        let refused = decide(&deployment.app, &people.second.who, &digest, approve()).await.unwrap_err();
        assert!(matches!(refused, PoliciesError::Rights(RightsError::Denied { .. })), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activating_an_unapproved_bundle_is_refused_in_every_mode() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (author, second) = (people.author.who.actor(), &people.second.who);
        let unapproved = deployment.keep(&reworded("unapproved"), &author, FindingState::Passed, &[]).await;
        let failed = deployment.keep(&reworded("failed"), &author, FindingState::Failed, &[]).await;
        let weak =
            deployment.keep(&reworded("weak"), &author, FindingState::Passed, &["an invariant is removed"]).await;
        let refused = decide(&deployment.app, second, &failed, approve()).await.unwrap_err();
        assert!(matches!(refused, PoliciesError::NotPassed), "{refused}");
        assert!(!decide(&deployment.app, second, &weak, approve()).await.unwrap().is_usable());
        for digest in [&unapproved, &failed, &weak] {
            for mode in [BundleMode::Live, BundleMode::Canary, BundleMode::Shadow] {
                let wanted = deployment.wanted(digest, mode, SHARE_WHOLE).await;
                let refused = activate(&deployment.app, second, wanted).await.unwrap_err();
                assert!(matches!(refused, PoliciesError::NotApproved(_)), "{refused}");
            }
        }
        let nobody = deployment.wanted(&"0".repeat(64), BundleMode::Live, SHARE_WHOLE).await;
        assert!(matches!(activate(&deployment.app, second, nobody).await, Err(PoliciesError::Unknown(_))));
        assert_eq!(deployment.app.store.bundle_activations(10).await.unwrap().len(), 1);
        let standing = decide(&deployment.app, &people.administrator.who, &weak, approve()).await.unwrap();
        assert_eq!(standing, Standing::Approved, "another role is the second pair of eyes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_activations_at_once_one_wins_and_the_other_is_told_who() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        for (round, mode) in [BundleMode::Live, BundleMode::Canary, BundleMode::Shadow].into_iter().enumerate() {
            let one = deployment.approved(&people, &reworded(&format!("one {round}"))).await;
            let other = deployment.approved(&people, &reworded(&format!("other {round}"))).await;
            let (one, other) =
                (deployment.wanted(&one, mode, 10_000).await, deployment.wanted(&other, mode, 10_000).await);
            let (twin, _) = deployment.twin(20 + round as u64).await;
            let (second, administrator) = (&people.second.who, &people.author.who);
            let both = tokio::join!(
                activate(&deployment.app, second, one.clone()),
                activate(&twin, administrator, other.clone())
            );
            let (won, lost, by, name) = match both {
                (Ok(won), Err(lost)) => (won, lost, second.actor(), &second.name),
                (Err(lost), Ok(won)) => (won, lost, administrator.actor(), &administrator.name),
                both => panic!("{both:?}"),
            };
            let PoliciesError::Overtaken(Some(winner)) = &lost else { panic!("{lost:?}") };
            assert_eq!((winner.activation.id, winner.activation.started_by.as_str()), (won.id, by.as_str()));
            assert!(lost.to_string().contains(name), "{lost}");
            let current = deployment.app.store.current_bundles().await.unwrap();
            let of_mode: Vec<_> = current.iter().filter(|used| used.mode == mode).collect();
            assert_eq!(of_mode.len(), 1);
            assert_eq!(of_mode[0].digest, won.digest);
        }
        assert_eq!(deployment.audited("policy.activate").await.len(), 3, "who lost left nothing behind");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_needs_two_others_and_is_shown_until_a_third_reviewed_it() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, author) = (&deployment.app, &people.author.who);
        let digest = deployment.keep(&reworded("urgent"), &author.actor(), FindingState::NotProved, &[]).await;
        let own = decide(app, author, &digest, let_through()).await.unwrap_err();
        assert!(matches!(own, PoliciesError::Own), "{own}");
        let silent = Word::LetThrough { reason: " ".to_owned() };
        assert!(matches!(decide(app, &people.second.who, &digest, silent).await, Err(PoliciesError::NoReason(_))));
        assert!(!decide(app, &people.second.who, &digest, let_through()).await.unwrap().is_usable());
        let standing = decide(app, &people.administrator.who, &digest, let_through()).await.unwrap();
        assert_eq!(standing, Standing::ApprovedInEmergency);
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Live, SHARE_WHOLE).await;
        assert_eq!(app.bundle.snapshot().live.digest(), digest);
        let ready = deployment.send(crate::support::exchange::Call::get("/readyz")).await.ok(200);
        assert_eq!(ready["unreviewed_emergencies"], json!([digest]));
        assert_eq!(status(app).await.unwrap().unreviewed_emergencies, std::slice::from_ref(&digest));
        for own in [&people.second.who, &people.administrator.who, author] {
            assert!(review(app, own, &digest, "fine").await.is_err(), "{}", own.name);
        }
        let third = crate::support::staff::signed_in(app, "third", &[sekisho::domain::staff::Role::Compliance]).await;
        review(app, &third.who, &digest, "it was right").await.unwrap();
        assert!(matches!(review(app, &third.who, &digest, "again").await, Err(PoliciesError::Reviewed)));
        assert!(status(app).await.unwrap().unreviewed_emergencies.is_empty());
        assert_eq!(deployment.audited("policy.let_through").await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_without_a_programme_that_cards_use_is_refused_at_submission_and_at_activation() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let text = BundleSource::shipped().text("reference/programmes.toml").unwrap().to_owned();
        let without =
            BundleSource::shipped().with("reference/programmes.toml", &text.replace("\"student\"", "\"pupil\""));
        let approved = deployment.approved(&people, &without).await;
        deployment.card(&json!({"programme": "student"})).await;
        let reworded = without.with("README.md", "the same, submitted later");
        let refused = deployment.submit(&people.author.who, reworded).await.unwrap_err();
        assert!(matches!(&refused, PoliciesError::DropsProgrammes(dropped) if *dropped == ["student"]), "{refused}");
        let wanted = deployment.wanted(&approved, BundleMode::Live, SHARE_WHOLE).await;
        let refused = activate(&deployment.app, &people.second.who, wanted).await.unwrap_err();
        assert!(matches!(&refused, PoliciesError::DropsProgrammes(dropped) if *dropped == ["student"]), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_ends_trials_first_and_then_goes_back_one_bundle_at_a_time() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let first = deployment.live_digest().await;
        let one = deployment.approved(&people, &reworded("one")).await;
        let two = deployment.approved(&people, &reworded("two")).await;
        let nothing = taken_back(app, who, "too early").await.unwrap_err();
        assert!(matches!(nothing, PoliciesError::NothingBefore), "{nothing}");
        deployment.use_bundle(who, &one, BundleMode::Live, SHARE_WHOLE).await;
        deployment.use_bundle(who, &two, BundleMode::Canary, 500).await;
        deployment.use_bundle(who, &two, BundleMode::Live, SHARE_WHOLE).await;
        assert!(app.bundle.snapshot().canary.is_none(), "what was tried is live now");
        deployment.use_bundle(who, &one, BundleMode::Canary, 500).await;
        let ended = taken_back(app, who, "complaints").await.unwrap();
        assert!(matches!(&ended, RolledBack::Ended(trials) if trials.len() == 1), "{ended:?}");
        assert_eq!(deployment.live_digest().await, two);
        for expected in [&one, &first] {
            taken_back(app, who, "complaints").await.unwrap();
            refresh(app).await.unwrap();
            assert_eq!(app.bundle.snapshot().live.digest(), expected);
        }
        assert!(matches!(taken_back(app, who, "more").await, Err(PoliciesError::NothingBefore)));
        assert_eq!(deployment.audited("policy.rollback").await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_not_activated() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("fine")).await;
        let past = Some(deployment.app.now().plus_seconds(-1));
        let plain = deployment.wanted(&digest, BundleMode::Canary, 500).await;
        for wanted in [
            Wanted { share: 0, ..plain.clone() },
            Wanted { share: 10_001, ..plain.clone() },
            Wanted { until: past, ..plain.clone() },
            Wanted { mode: BundleMode::Live, ..plain.clone() },
        ] {
            let refused = activate(&deployment.app, &people.second.who, wanted).await.unwrap_err();
            assert!(matches!(refused, PoliciesError::Senseless(_)), "{refused}");
        }
        let modes: BTreeSet<_> =
            deployment.app.store.current_bundles().await.unwrap().iter().map(|used| used.mode).collect();
        assert_eq!(modes, BTreeSet::from([BundleMode::Live]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rollbacks_at_once_one_goes_back_once() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let one = deployment.approved(&people, &reworded("one")).await;
        let two = deployment.approved(&people, &reworded("two")).await;
        deployment.use_bundle(who, &one, BundleMode::Live, SHARE_WHOLE).await;
        deployment.use_bundle(who, &two, BundleMode::Live, SHARE_WHOLE).await;
        let (twin, _) = deployment.twin(41).await;
        // A trial first: whoever is second does not take back the live one instead.
        deployment.use_bundle(who, &one, BundleMode::Canary, 500).await;
        for live in [&two, &one] {
            let seen = what(app, false).await.unwrap();
            let both = tokio::join!(rollback(app, who, "one", seen.clone()), rollback(&twin, who, "other", seen));
            let lost = match both {
                (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
                both => panic!("{both:?}"),
            };
            assert!(matches!(lost, PoliciesError::Overtaken(_)), "{lost}");
            assert_eq!(deployment.live_digest().await, *live);
        }
        assert_eq!(deployment.audited("policy.rollback").await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_begins_after_all_before_it_whatever_the_clock_of_another_machine_said() {
    on_every_database(Setup::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let one = deployment.approved(&people, &reworded("one")).await;
        let two = deployment.approved(&people, &reworded("two")).await;
        let ahead = deployment.use_bundle(who, &one, BundleMode::Live, SHARE_WHOLE).await.started_at;
        deployment.clock.shift_wall(-3_600);
        let begun = deployment.use_bundle(who, &two, BundleMode::Live, SHARE_WHOLE).await;
        assert!(begun.started_at > ahead, "{begun:?}");
        taken_back(app, who, "complaints").await.unwrap();
        assert_eq!(deployment.live_digest().await, one);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_programmes_of_cards_are_found_one_by_one() {
    on_every_database(Setup::default(), async |deployment| {
        assert!(deployment.app.store.programmes_in_use().await.unwrap().is_empty());
        for programme in ["student", "classic", "student", "gold"] {
            deployment.card(&json!({"programme": programme})).await;
        }
        assert_eq!(deployment.app.store.programmes_in_use().await.unwrap(), ["classic", "gold", "student"]);
    })
    .await;
}
