//! Processes follow what the database says is in use: as a whole, each request by one bundle, and what cannot be followed
//! leaves the old one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sekisho::app::bundles::refresh;
use sekisho::domain::bundle::{BundleMode, FindingState, SHARE_WHOLE};
use sekisho::flow::policies::PoliciesError;
use sekisho::flow::policies::activate::activate;
use sekisho::flow::policies::instance;
use sekisho::flow::policies::status::status;
use sekisho::policy::BundleSource;
use serde_json::{Value, json};

use crate::facts_versions::version_1;
use crate::support::bundles::{bundle_that_decided, rejecting, reworded, taken_back};
use crate::support::deployment::{Deployment, Wanted, on_every_database, request};
use crate::support::exchange::Call;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_follow_as_a_whole() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let (twin, _) = deployment.twin(9).await;
        let one = deployment.approved(&people, &reworded("one")).await;
        let two = deployment.approved(&people, &reworded("two")).await;
        let three = deployment.approved(&people, &reworded("three")).await;
        let who = &people.second.who;
        deployment.use_bundle(who, &one, BundleMode::Live, SHARE_WHOLE).await;
        deployment.use_bundle(who, &two, BundleMode::Canary, 500).await;
        deployment.use_bundle(who, &three, BundleMode::Shadow, 1_000).await;
        assert_ne!(twin.bundle.snapshot().live.digest(), one, "it was not asked to look yet");
        assert!(refresh(&twin).await.unwrap());
        assert!(!refresh(&twin).await.unwrap(), "nothing changed since");
        for app in [&deployment.app, &twin] {
            let snapshot = app.bundle.snapshot();
            let used: Vec<&str> = snapshot.all().map(sekisho::app::bundles::InUse::digest).collect();
            assert_eq!(used, [&one, &two, &three]);
            instance::write_down(app).await.unwrap();
        }
        let known = status(&twin).await.unwrap().instances;
        assert_eq!(known.iter().map(|process| process.state).collect::<Vec<_>>(), ["up", "up"]);
        assert!(known.iter().all(|process| process.live == one && process.canary.as_ref() == Some(&two)));
        deployment.clock.advance(61);
        instance::write_down(&twin).await.unwrap();
        let states: BTreeSet<_> = status(&twin).await.unwrap().instances.iter().map(|process| process.state).collect();
        assert_eq!(states, BTreeSet::from(["gone", "up"]));
        deployment.clock.advance(86_401);
        instance::forget(&twin).await.unwrap();
        assert!(status(&twin).await.unwrap().instances.is_empty());
        // Whoever starts later finds the same.
        let (later, _) = deployment.twin(10).await;
        assert_eq!(
            later.bundle.snapshot().all().map(|used| used.digest().to_owned()).collect::<Vec<_>>(),
            [one, two, three]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_bundles_are_swapped_every_request_is_decided_by_one_of_them_from_start_to_end() {
    on_every_database(Wanted::default(), async |deployment| {
        // Each rejects, with its own reason; what is recorded must belong together.
        let bundles = [("card_stolen", rejecting("card_stolen")), ("card_lost", rejecting("card_lost"))];
        let reasons: BTreeMap<String, &str> =
            bundles.iter().map(|(reason, source)| (source.digest(), *reason)).collect();
        let card = deployment.enrolled().await;
        let over = Arc::new(AtomicBool::new(false));
        let (swapped, app) = (Arc::clone(&over), Arc::clone(&deployment.app));
        let built: Vec<_> =
            bundles.iter().map(|(_, source)| sekisho::policy::Bundle::build(source.clone()).unwrap()).collect();
        for bundle in built {
            crate::support::bundles::put_live(&app, bundle);
        }
        let loaded: Vec<_> = reasons.keys().map(|digest| app.bundle.recent(digest).unwrap()).collect();
        let swapping = tokio::task::spawn_blocking(move || {
            for turn in (0..).take_while(|_| !swapped.load(Ordering::SeqCst)) {
                let mut snapshot = app.bundle.snapshot().as_ref().clone();
                snapshot.live.loaded = Arc::clone(&loaded[turn % loaded.len()]);
                app.bundle.swap(snapshot);
                std::thread::yield_now();
            }
        });
        for _ in 0..8 {
            let calls = (0..8).map(|_| {
                let body = deployment.purchase(&card, &json!({}));
                request(&deployment.shop, &format!("swap-{}", deployment.next()), &body).to(&deployment.router)
            });
            for answer in futures_util::future::join_all(calls).await {
                answer.ok(201);
            }
        }
        over.store(true, Ordering::SeqCst);
        swapping.await.unwrap();
        let sql = "SELECT bundle_digest, verdict, reasons FROM authentications";
        let rows = deployment.tables.rows(sql, Vec::new()).await;
        assert_eq!(rows.len(), 64);
        for row in rows {
            let digest: String = row.try_get("", "bundle_digest").unwrap();
            let verdict: String = row.try_get("", "verdict").unwrap();
            let verdict: Value = serde_json::from_str(&verdict).unwrap();
            assert_eq!(verdict["bundle_digest"], json!(digest));
            assert!(verdict["reasons"].as_array().unwrap().contains(&json!(reasons[&digest])), "{verdict}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_cannot_be_loaded_leaves_the_old_one_and_the_process_says_so() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let old = deployment.live_digest().await;
        let digest = deployment.approved(&people, &reworded("good when it was approved")).await;
        let wanted = deployment.wanted(&digest, BundleMode::Live, SHARE_WHOLE).await;
        activate(&deployment.app, &people.second.who, wanted).await.unwrap();
        // Somebody changed the database past the program; this process has the bundle in no memory.
        let (broken, broken_router) = deployment.twin(15).await;
        drop((broken, broken_router));
        let change = "UPDATE bundles SET content = '{\"bundle.toml\":\"\"}' WHERE digest = $1";
        let refused = deployment.tables.run(change, vec![digest.clone().into()]).await;
        assert!(refused.is_err(), "what is kept cannot be changed");
        let unloadable = reworded("for a later version").with("schema.cedarschema", "nothing");
        let unloadable = deployment.keep(&unloadable, "system", FindingState::Passed, &[]).await;
        let sql = "UPDATE bundle_activations SET digest = $1 WHERE ended_at IS NULL";
        deployment.tables.run(sql, vec![unloadable.clone().into()]).await.unwrap();
        refresh(&deployment.app).await.unwrap();
        assert_eq!(deployment.app.bundle.snapshot().live.digest(), old, "the old one decides");
        let ready = deployment.send(Call::get("/readyz")).await.ok(200);
        assert!(ready["degraded"].as_str().unwrap().starts_with("live "), "{ready}");
        instance::write_down(&deployment.app).await.unwrap();
        assert_eq!(status(&deployment.app).await.unwrap().instances[0].state, "degraded");
        let metrics = deployment.send(Call::get("/metrics")).await;
        assert!(metrics.text.contains("\nbundle_degraded 1\n"));
        // A process that starts now takes the last one before it that can be loaded, and says so too.
        let (starting, _) = deployment.twin(16).await;
        assert_eq!(starting.bundle.snapshot().live.digest(), old);
        assert!(starting.bundle.degraded().is_some());
        let card = deployment.enrolled().await;
        let answer = deployment.buys(&card, &json!({})).await;
        assert_eq!(bundle_that_decided(deployment, &answer).await, old);
        // It is tried again later, and all is well again when it can be had.
        deployment.tables.run(sql, vec![digest.clone().into()]).await.unwrap();
        deployment.clock.advance(31);
        refresh(&deployment.app).await.unwrap();
        assert_eq!(
            (deployment.app.bundle.snapshot().live.digest(), deployment.app.bundle.degraded()),
            (digest.as_str(), None)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_drops_the_recipient_who_is_asked_is_refused() {
    on_every_database(Wanted::provider(), async |deployment| {
        let people = deployment.people().await;
        let text = BundleSource::shipped().text("reference/recipients.toml").unwrap().to_owned();
        let without =
            BundleSource::shipped().with("reference/recipients.toml", &text.replace("\"tmx\"", "\"another\""));
        let refused = deployment.submit(&people.author.who, without).await.unwrap_err();
        assert!(refused.to_string().contains("the bundle has no recipient `tmx`"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forms_of_data_follow_the_bundle_in_use() {
    on_every_database(Wanted::provider(), async |deployment| {
        let people = deployment.people().await;
        let text = BundleSource::shipped().text("reference/recipients.toml").unwrap().to_owned();
        let (before, after) = text.split_once("\n[recipient.data]\n").unwrap();
        let source = BundleSource::shipped().with(
            "reference/recipients.toml",
            &format!("{before}\n[recipient.data]\nemail = \"omit\"\n{}", without_email(after)),
        );
        let digest = deployment.approved(&people, &source).await;
        let card = deployment.enrolled().await;
        deployment.buys(&card, &json!({})).await;
        let sent =
            |deployment: &Deployment| !deployment.provider().calls().pop().unwrap().field("account_email").is_empty();
        assert!(sent(deployment));
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Live, SHARE_WHOLE).await;
        deployment.buys(&card, &json!({})).await;
        assert!(!sent(deployment), "the bundle in use leaves it out");
    })
    .await;
}

/// The rest of a table without what it says of the e-mail address.
fn without_email(text: &str) -> String {
    let (own, rest) = text.split_once("\n[[recipient]]").unwrap_or((text, ""));
    let own: Vec<&str> = own.lines().filter(|line| !line.trim_start().starts_with("email ")).collect();
    let rest = if rest.is_empty() { String::new() } else { format!("\n[[recipient]]{rest}") };
    format!("{}{rest}", own.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_for_the_facts_version_before_is_kept_and_decides() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &version_1()).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Live, SHARE_WHOLE).await;
        let card = deployment.enrolled().await;
        let answer = deployment.buys(&card, &json!({})).await;
        assert_eq!(bundle_that_decided(deployment, &answer).await, digest);
        let kept = deployment.app.store.bundle(&digest).await.unwrap().unwrap();
        assert_eq!(kept.head.facts_version, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_during_an_activation_leaves_nothing_half_done() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("never")).await;
        let wanted = deployment.wanted(&digest, BundleMode::Live, SHARE_WHOLE).await;
        let before = deployment.live_digest().await;
        let (twin, _) = deployment.twin(17).await;
        twin.store.clone().close().await;
        assert!(activate(&twin, &people.second.who, wanted.clone()).await.is_err());
        assert!(refresh(&twin).await.is_err(), "it goes on deciding by what it has");
        assert_eq!(twin.bundle.snapshot().live.digest(), before);
        // The last statement fails: what came before it in the transaction is gone too.
        let stop = match deployment.app.store.backend_name() {
            "sqlite" => vec![
                "CREATE TRIGGER no_audit BEFORE INSERT ON audit_entries WHEN NEW.action = 'policy.activate' \
                 BEGIN SELECT RAISE(ABORT, 'gone'); END"
                    .to_owned(),
            ],
            _ => vec![
                "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN IF NEW.action = ''policy.activate'' THEN RAISE EXCEPTION ''gone''; END IF; RETURN NEW; END'"
                    .to_owned(),
                "CREATE TRIGGER no_audit BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION no_audit()"
                    .to_owned(),
            ],
        };
        for sql in &stop {
            deployment.tables.run(sql, Vec::new()).await.unwrap();
        }
        assert!(activate(&deployment.app, &people.second.who, wanted).await.is_err());
        assert_eq!(deployment.live_digest().await, before);
        assert_eq!(deployment.app.store.bundle_activations(10).await.unwrap().len(), 1);
        assert!(deployment.audited("policy.end").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_does_not_stand_in_when_a_process_starts() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let good = deployment.approved(&people, &reworded("good")).await;
        let bad = deployment.approved(&people, &reworded("bad")).await;
        let last = deployment.approved(&people, &reworded("last")).await;
        for digest in [&good, &bad] {
            deployment.use_bundle(who, digest, BundleMode::Live, SHARE_WHOLE).await;
        }
        taken_back(app, who, "it does harm").await.unwrap();
        deployment.use_bundle(who, &last, BundleMode::Live, SHARE_WHOLE).await;
        taken_back(app, who, "it does harm too").await.unwrap();
        let unloadable = reworded("for a later version").with("schema.cedarschema", "nothing");
        let unloadable = deployment.keep(&unloadable, "system", FindingState::Passed, &[]).await;
        let sql = "UPDATE bundle_activations SET digest = $1 WHERE ended_at IS NULL";
        deployment.tables.run(sql, vec![unloadable.into()]).await.unwrap();
        let (starting, _) = deployment.twin(18).await;
        assert!(starting.bundle.degraded().is_some());
        assert_eq!(starting.bundle.snapshot().live.digest(), good, "neither what was taken back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_does_not_follow_for_seconds_is_behind() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let (twin, twin_router) = deployment.twin(19).await;
        let digest = deployment.approved(&people, &reworded("new")).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Live, SHARE_WHOLE).await;
        instance::write_down(&twin).await.unwrap();
        let state = async || status(&deployment.app).await.unwrap().instances[0].state;
        assert_eq!(state().await, "up", "it has a moment");
        deployment.clock.advance(6);
        assert_eq!(state().await, "behind");
        let ready = Call::get("/readyz").to(&twin_router).await.ok(200);
        assert!(ready["degraded"].as_str().unwrap().starts_with("behind: "), "{ready}");
        assert!(deployment.send(Call::get("/readyz")).await.ok(200)["degraded"].is_null());
        refresh(&twin).await.unwrap();
        assert!(Call::get("/readyz").to(&twin_router).await.ok(200)["degraded"].is_null());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_at_the_commit_of_an_activation_leaves_all_as_it_was() {
    on_every_database(Wanted::default(), async |deployment| {
        if deployment.app.store.backend_name() == "sqlite" {
            return; // It has no connection to lose.
        }
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("at last")).await;
        let before = deployment.live_digest().await;
        for sql in [
            "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
            "CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT ON bundle_activations DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION hang_up()",
        ] {
            deployment.tables.run(sql, Vec::new()).await.unwrap();
        }
        let wanted = deployment.wanted(&digest, BundleMode::Live, SHARE_WHOLE).await;
        let lost = activate(&deployment.app, &people.second.who, wanted.clone()).await.unwrap_err();
        assert!(matches!(&lost, PoliciesError::Store(error) if error.is_transient()), "{lost:?}");
        assert_eq!(deployment.live_digest().await, before);
        deployment.tables.run("DROP TRIGGER hang_up ON bundle_activations", Vec::new()).await.unwrap();
        activate(&deployment.app, &people.second.who, wanted).await.unwrap();
        assert_eq!(deployment.live_digest().await, digest);
    })
    .await;
}
