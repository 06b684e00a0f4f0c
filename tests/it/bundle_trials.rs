//! Bundles that are tried: on a share of the cards, and beside the one that decides. What is counted of them, and what ends
//! them.

use std::collections::BTreeSet;

use sekisho::app::bundles::{falls_within, refresh};
use sekisho::domain::bundle::{Band, BundleMode, SHARE_WHOLE};
use sekisho::domain::clock::Micros;
use sekisho::domain::id::AuthenticationId;
use sekisho::domain::policy_figure::{FigureKind, FigureSpan};
use sekisho::flow::challenge::expire_due;
use sekisho::flow::policies::activate::{Wanted as WantedUse, activate};
use sekisho::flow::policies::status::status;
use sekisho::flow::policies::{canary, figures, shadow};
use sekisho::policy::BundleSource;
use sekisho::store::policy_figures::FigureQuery;
use serde_json::json;

use crate::support::bundles::{bundle_that_decided, rejecting, reworded};
use crate::support::deployment::{Wanted, on_every_database, on_sqlite, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_decides_about_the_same_cards_and_a_larger_share_only_adds_some() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("tried")).await;
        let mut cards = Vec::new();
        for _ in 0..24 {
            cards.push(deployment.enrolled().await);
        }
        let mut before = BTreeSet::new();
        for share in [2_500, 6_000] {
            deployment.use_bundle(&people.second.who, &digest, BundleMode::Canary, share).await;
            for _ in 0..2 {
                let mut by_canary = BTreeSet::new();
                for card in &cards {
                    let answer = deployment.buys(card, &json!({})).await;
                    if bundle_that_decided(deployment, &answer).await == digest {
                        by_canary.insert(card.reference.clone());
                    }
                }
                assert!(before.is_subset(&by_canary), "no card leaves when the share grows, or by chance");
                assert!(!by_canary.is_empty() && by_canary.len() < cards.len(), "{}", by_canary.len());
                before = by_canary;
            }
        }
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Canary, SHARE_WHOLE).await;
        for card in &cards {
            let answer = deployment.buys(card, &json!({})).await;
            assert_eq!(bundle_that_decided(deployment, &answer).await, digest);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_canary_began_ends_in_its_words_after_it_is_gone() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let text = BundleSource::shipped().text("reasons.toml").unwrap().to_owned();
        let other_words: Vec<String> = text
            .lines()
            .map(|line| if line.starts_with("emv_code = ") { "emv_code = \"99\"".to_owned() } else { line.to_owned() })
            .collect();
        let source = BundleSource::shipped().with("reasons.toml", &other_words.join("\n"));
        let digest = deployment.approved(&people, &source).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Canary, SHARE_WHOLE).await;
        let card = deployment.enrolled().await;
        let answer = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
        assert_eq!(answer["status"], "challenge_required");
        crate::support::bundles::taken_back(&deployment.app, &people.second.who, "over").await.unwrap();
        refresh(&deployment.app).await.unwrap();
        // A process that never had it in use ends the challenge.
        let (twin, _) = deployment.twin(11).await;
        deployment.clock.advance(86_400);
        assert_eq!(expire_due(&twin, 10).await.unwrap(), 1);
        let id = answer["id"].as_str().unwrap().parse().unwrap();
        let ended = twin.store.any_authentication(id).await.unwrap().unwrap();
        assert_eq!(ended.codes.unwrap().emv_reason.as_deref(), Some("99"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_leaves_its_band_is_ended_by_one_process_over_the_sums_of_all() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &rejecting("card_stolen")).await;
        let band = Some(Band { challenge: (0, 10_000), reject: (0, 500), decisions_min: 6 });
        let wanted = WantedUse { band, ..deployment.wanted(&digest, BundleMode::Canary, SHARE_WHOLE).await };
        activate(&deployment.app, &people.second.who, wanted).await.unwrap();
        let (twin, twin_router) = deployment.twin(12).await;
        refresh(&deployment.app).await.unwrap();
        let card = deployment.enrolled().await;
        for round in 0..3 {
            assert_eq!(canary::judge(&deployment.app).await.unwrap(), None, "too few decisions at {round}");
            deployment.buys(&card, &json!({})).await;
            let body = deployment.purchase(&card, &json!({}));
            request(&deployment.shop, &format!("twin-{round}"), &body).to(&twin_router).await.ok(201);
            figures::write_down(&deployment.app).await.unwrap();
            figures::write_down(&twin).await.unwrap();
        }
        let (one, other) = tokio::join!(canary::judge(&deployment.app), canary::judge(&twin));
        let reasons: Vec<String> = [one.unwrap(), other.unwrap()].into_iter().flatten().collect();
        assert_eq!(reasons, ["the share of reject is 100 %, outside of 0 % to 5 %"], "one process ended it");
        assert_eq!(deployment.audited("policy.abort").await.len(), 1);
        refresh(&deployment.app).await.unwrap();
        assert!(deployment.app.bundle.snapshot().canary.is_none());
        let answer = deployment.buys(&card, &json!({})).await;
        assert_ne!(bundle_that_decided(deployment, &answer).await, digest);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_in_which_a_rule_errs_is_ended_at_once() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        // Neither the least nor the most facts make it err, so the bundle is sound; this deployment's purchase does.
        let rule = "@id(\"overflows\")\n@title(\"Errs for one amount\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n\
                    forbid (principal, action == Action::\"approve\", resource)\n\
                    when { context.purchase.amount_minor == 12800 && context.purchase.amount_minor * 9000000000000000 > 1 };\n";
        let source = BundleSource::shipped().with("approve/overflows.cedar", rule);
        let digest = deployment.approved(&people, &source).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Canary, SHARE_WHOLE).await;
        let card = deployment.enrolled().await;
        deployment.buys(&card, &json!({})).await;
        figures::write_down(&deployment.app).await.unwrap();
        let reason = canary::judge(&deployment.app).await.unwrap().unwrap();
        assert!(reason.contains("could not be evaluated"), "{reason}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_ends_by_its_time() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("for an hour")).await;
        let until = Some(deployment.app.now().plus_seconds(3_600));
        let wanted = WantedUse { until, ..deployment.wanted(&digest, BundleMode::Shadow, SHARE_WHOLE).await };
        activate(&deployment.app, &people.second.who, wanted).await.unwrap();
        refresh(&deployment.app).await.unwrap();
        assert_eq!(canary::end_what_is_over(&deployment.app).await.unwrap(), 0);
        assert!(deployment.app.bundle.snapshot().shadow.is_some());
        deployment.clock.advance(3_600);
        refresh(&deployment.app).await.unwrap();
        assert!(deployment.app.bundle.snapshot().shadow.is_none(), "whoever notes its end, it is over");
        assert_eq!(canary::end_what_is_over(&deployment.app).await.unwrap(), 1);
        assert_eq!(canary::end_what_is_over(&deployment.app).await.unwrap(), 0);
        assert_eq!(deployment.audited("policy.end").await, [format!("system {digest} time_over")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_changes_no_answer_and_its_differences_are_kept_and_counted() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &rejecting("card_stolen")).await;
        let card = deployment.enrolled().await;
        let alone = deployment.buys(&card, &json!({})).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Shadow, SHARE_WHOLE).await;
        let watched = deployment.buys(&card, &json!({})).await;
        assert_eq!(watched["status"], alone["status"]);
        assert_eq!(watched["reasons"], alone["reasons"]);
        let live = deployment.live_digest().await;
        assert_eq!(bundle_that_decided(deployment, &watched).await, live);
        assert_eq!(shadow::work_off(&deployment.app).await.unwrap(), 1);
        assert_eq!(shadow::work_off(&deployment.app).await.unwrap(), 0);
        let kept = deployment.app.store.shadow_differences(&digest, Micros(0), 10).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].authentication_id.to_string(), watched["id"].as_str().unwrap());
        assert_eq!(kept[0].shadow_outcome.as_str(), "reject");
        assert!(kept[0].shadow_policies.contains(&"nobody".to_owned()));
        figures::write_down(&deployment.app).await.unwrap();
        let counted = status(&deployment.app).await.unwrap();
        let shadow = counted.bundles.iter().find(|used| used.mode == "shadow").unwrap();
        let word = format!("{}_to_reject", kept[0].live_outcome.as_str());
        assert!(shadow.counted.iter().any(|count| count.word == word && count.count == 1), "{:?}", shadow.counted);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_shadow_has_no_time_for_is_dropped_and_counted() {
    on_sqlite(Wanted::default().with("SEKISHO__POLICIES__SHADOW_QUEUE", "2"), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("slow")).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Shadow, SHARE_WHOLE).await;
        let card = deployment.enrolled().await;
        for _ in 0..5 {
            deployment.buys(&card, &json!({})).await;
        }
        assert_eq!(shadow::work_off(&deployment.app).await.unwrap(), 2);
        figures::write_down(&deployment.app).await.unwrap();
        let used = deployment.app.store.current_bundles().await.unwrap();
        let used = used.iter().find(|used| used.mode == BundleMode::Shadow).unwrap();
        let counted = canary::counted(&deployment.app, used).await.unwrap();
        let of = |word: &str| counted.iter().find(|figure| figure.word == word).map(|figure| figure.count);
        assert_eq!((of("dropped"), of("same")), (Some(3), Some(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_all_processes_add_up_by_minute_and_by_hour() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let (twin, twin_router) = deployment.twin(14).await;
        let began = deployment.app.now();
        for round in 0..3 {
            deployment.buys(&card, &json!({})).await;
            let body = deployment.purchase(&card, &json!({}));
            request(&deployment.shop, &format!("figures-{round}"), &body).to(&twin_router).await.ok(201);
            figures::write_down(&deployment.app).await.unwrap();
            figures::write_down(&twin).await.unwrap();
        }
        for span in [FigureSpan::Minute, FigureSpan::Hour] {
            let query = FigureQuery {
                span,
                from: span.begin(began),
                until: deployment.app.now().plus_seconds(1),
                mode: Some(BundleMode::Live),
                digest: None,
                kind: Some(FigureKind::Outcome),
            };
            let found = deployment.app.store.policy_figures(&query).await.unwrap();
            assert_eq!(found.iter().map(|figure| figure.count).sum::<i64>(), 6, "{found:?}");
            assert!(found.iter().all(|figure| figure.bucket == span.begin(figure.bucket)));
        }
        let rules = FigureQuery {
            span: FigureSpan::Hour,
            from: FigureSpan::Hour.begin(began),
            until: deployment.app.now().plus_seconds(1),
            mode: None,
            digest: None,
            kind: Some(FigureKind::Rule),
        };
        assert!(!deployment.app.store.policy_figures(&rules).await.unwrap().is_empty());
        deployment.clock.advance(400 * 86_400);
        deployment.app.store.forget_policy_figures(deployment.app.now()).await.unwrap();
        assert_eq!(deployment.tables.value::<i64>("SELECT COUNT(*) FROM policy_figures", Vec::new()).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_is_asked_about_its_sample_and_its_differences_begin_with_its_time() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &rejecting("card_stolen")).await;
        let begun = deployment.use_bundle(&people.second.who, &digest, BundleMode::Shadow, 5_000).await;
        let card = deployment.enrolled().await;
        let mut sampled = 0;
        for _ in 0..24 {
            let answer = deployment.buys(&card, &json!({})).await;
            let id: AuthenticationId = answer["id"].as_str().unwrap().parse().unwrap();
            sampled += usize::from(falls_within(&digest, id.uuid().as_bytes(), 5_000));
        }
        assert!(0 < sampled && sampled < 24, "{sampled}");
        assert_eq!(shadow::work_off(&deployment.app).await.unwrap(), sampled);
        let store = &deployment.app.store;
        assert_eq!(store.shadow_differences(&digest, begun.started_at, 100).await.unwrap().len(), sampled);
        let later = deployment.app.now().plus_seconds(1);
        assert!(store.shadow_differences(&digest, later, 100).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_was_turned_back_by_a_trial_is_told_so_in_its_words_after_it_is_gone() {
    on_every_database(Wanted::default(), async |deployment| {
        let people = deployment.people().await;
        let source = rejecting("card_stolen");
        let text = source.text("reasons.toml").unwrap().to_owned();
        let said = "This card cannot be used. Please contact us";
        assert!(text.contains(said));
        let source = source.with("reasons.toml", &text.replace(said, "In the words of the trial"));
        let digest = deployment.approved(&people, &source).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Canary, SHARE_WHOLE).await;
        let card = deployment.enrolled().await;
        let answer = deployment.buys(&card, &json!({})).await;
        crate::support::bundles::taken_back(&deployment.app, &people.second.who, "over").await.unwrap();
        refresh(&deployment.app).await.unwrap();
        let read = deployment.read(&answer).await.ok(200);
        let message = read["cardholder_message"]["en"].as_str().unwrap();
        assert!(message.starts_with("In the words of the trial"), "{read}");
    })
    .await;
}
