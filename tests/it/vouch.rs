//! Confirmed with the cardholder: a staff person's word lets one purchase pass, and never a card that is lost.

use iso_currency::Currency;
use sekisho::demo::provider::steering::Control;
use sekisho::domain::consent::line::Identity;
use sekisho::domain::consent::{IdentityMethod, IdentityOutcome};
use sekisho::domain::vouch::Vouch;
use sekisho::flow::vouch::{VouchEntry, VouchError, vouch};
use serde_json::{Value, json};

use crate::support::deployment::{Deployment, TestCard, Wanted, on_every_database};
use crate::support::exchange::Call;
use crate::support::staff::agent;

/// A word for 12,800 yen at the bookshop, with changes.
async fn entry(deployment: &Deployment, card: &TestCard, change: impl FnOnce(&mut VouchEntry)) -> VouchEntry {
    let mut entry = VouchEntry {
        card_id: deployment.ids(card).await.0,
        merchant_id: deployment.shop.id,
        ceiling_minor: 12_800,
        currency: Currency::JPY,
        minutes: 30,
        call_reference: "call-1".to_owned(),
        identity: Identity { method: IdentityMethod::KnownFacts, outcome: IdentityOutcome::Passed },
    };
    change(&mut entry);
    entry
}

async fn vouched(
    deployment: &Deployment,
    card: &TestCard,
    change: impl FnOnce(&mut VouchEntry),
) -> Result<Vouch, VouchError> {
    vouch(&deployment.app, &agent(), entry(deployment, card, change).await).await
}

/// The analysis company wants everything turned back.
fn suspect_all(deployment: &Deployment) {
    let control =
        Control { score: Some("-100".to_owned()), review_status: Some("reject".to_owned()), ..Control::default() };
    deployment.provider().steer(control);
}

async fn status(deployment: &Deployment, card: &TestCard, changes: &Value) -> String {
    deployment.buys(card, changes).await["status"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_was_turned_back_passes_once_after_somebody_vouched() {
    on_every_database(Wanted::provider(), async |deployment| {
        suspect_all(deployment);
        let card = deployment.card(&json!({})).await;
        assert_eq!(status(deployment, &card, &json!({})).await, "rejected");
        let given = vouched(deployment, &card, |_| ()).await.unwrap();
        let answer = deployment.buys(&card, &json!({})).await;
        assert_eq!((&answer["status"], &answer["reasons"]), (&json!("approved"), &json!(["approved"])), "{answer}");
        assert!(deployment.facts(&answer).await.vouched);
        let used = deployment.app.store.vouches_of(given.card_id, 5).await.unwrap();
        assert_eq!(used[0].used.unwrap().0.to_string(), answer["id"].as_str().unwrap());
        assert_eq!(status(deployment, &card, &json!({})).await, "rejected", "its time is not over, but it is used");
        let line = format!("{} {} {} {}", agent().actor(), given.id, given.card_id, given.merchant_id);
        let audited = deployment.audited("authentication.vouch").await;
        assert_eq!(audited, [format!("{line} until 2026-11-22T03:30:00.000000Z")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vouch_is_for_one_card_merchant_currency_amount_and_time() {
    on_every_database(Wanted::provider(), async |deployment| {
        suspect_all(deployment);
        let (card, other) = (deployment.card(&json!({})).await, deployment.card(&json!({})).await);
        vouched(deployment, &card, |_| ()).await.unwrap();
        for changes in [
            json!({"purchase": {"amount_minor": 12_801}}),
            json!({"purchase": {"amount_minor": 100, "currency": "USD"}}),
        ] {
            assert_eq!(status(deployment, &card, &changes).await, "rejected", "{changes}");
        }
        let elsewhere = deployment.purchase(&card, &json!({"challenge": null}));
        assert_eq!(deployment.ask_by(&deployment.grocer, &elsewhere).await.ok(201)["status"], "rejected");
        assert_eq!(status(deployment, &other, &json!({})).await, "rejected");
        deployment.clock.advance(30 * 60 - 1);
        assert_eq!(status(deployment, &card, &json!({})).await, "approved", "the last second");
        vouched(deployment, &card, |entry| entry.minutes = 1).await.unwrap();
        deployment.clock.advance(60);
        assert_eq!(status(deployment, &card, &json!({})).await, "rejected", "its time is over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_purchases_one_uses_the_vouch() {
    on_every_database(Wanted::provider(), async |deployment| {
        suspect_all(deployment);
        let card = deployment.card(&json!({})).await;
        vouched(deployment, &card, |entry| entry.ceiling_minor = 80_000).await.unwrap();
        // So much passes by nothing but the vouch, also where the device is known by then and the company is silent.
        let large = json!({"purchase": {"amount_minor": 80_000}});
        let asked = (0..8).map(|_| deployment.buys(&card, &large));
        let answers = futures_util::future::join_all(asked).await;
        let approved: Vec<_> = answers.iter().filter(|answer| answer["status"] == "approved").collect();
        assert_eq!(approved.len(), 1, "{answers:?}");
        assert!(deployment.facts(approved[0]).await.vouched);
        for answer in answers.iter().filter(|answer| answer["status"] != "approved") {
            assert!(!deployment.facts(answer).await.vouched, "decided on what was so");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_was_wanted_all_the_same_uses_the_vouch_when_it_is_given() {
    on_every_database(Wanted::provider(), async |deployment| {
        suspect_all(deployment);
        let card = deployment.enrolled().await;
        let given = vouched(deployment, &card, |_| ()).await.unwrap();
        let passed = deployment.pass(&card, &json!({})).await;
        let used = deployment.app.store.vouches_of(given.card_id, 5).await.unwrap();
        assert_eq!(used[0].used.map(|(by, _)| by.to_string()).as_deref(), passed["id"].as_str());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_vouch_takes_the_place_of_the_open_one() {
    on_every_database(Wanted::provider(), async |deployment| {
        suspect_all(deployment);
        let card = deployment.card(&json!({})).await;
        vouched(deployment, &card, |entry| entry.ceiling_minor = 900_000).await.unwrap();
        let newer = vouched(deployment, &card, |entry| entry.ceiling_minor = 1_000).await.unwrap();
        assert_eq!(status(deployment, &card, &json!({})).await, "rejected", "the higher ceiling has ended");
        let all = deployment.app.store.vouches_of(newer.card_id, 5).await.unwrap();
        let open = |vouch: &&Vouch| vouch.ended_at.is_none() && vouch.used.is_none();
        let ids: Vec<_> = all.iter().filter(open).map(|vouch| vouch.id).collect();
        assert_eq!((all.len(), ids), (2, vec![newer.id]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_vouches_for_a_card_that_is_lost_stolen_closed_or_expired() {
    on_every_database(Wanted::provider(), async |deployment| {
        for (status, word) in
            [("lost", "reported lost"), ("stolen", "reported stolen"), ("closed", "closed"), ("expired", "expired")]
        {
            let card = deployment.card(&json!({"status": status})).await;
            let refused = vouched(deployment, &card, |_| ()).await.unwrap_err().to_string();
            assert!(refused.contains(word) && refused.contains("hint: nobody can vouch for it"), "{refused}");
        }
        let card = deployment.card(&json!({})).await;
        vouched(deployment, &card, |_| ()).await.unwrap();
        let path = format!("/v1/cards/{}/status", card.reference);
        deployment.issuer(Call::put(path), &json!({"status": "stolen"})).await.ok(200);
        let answer = deployment.buys(&card, &json!({})).await;
        assert_eq!(answer["status"], "rejected", "stolen after somebody vouched: {answer}");
        assert_eq!(answer["reasons"], json!(["card_not_accepted"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_vouched_for_is_refused_and_leaves_nothing() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let base = entry(deployment, &card, |_| ()).await;
        let with = |change: fn(&mut VouchEntry)| {
            let mut entry = base.clone();
            change(&mut entry);
            entry
        };
        let cases = [
            (with(|entry| entry.ceiling_minor = 0), "the amount must be"),
            (with(|entry| entry.ceiling_minor = -1), "the amount must be"),
            (with(|entry| entry.ceiling_minor = i64::MAX), "the amount must be"),
            (with(|entry| entry.minutes = 0), "the time must be 1 to 30 minutes"),
            (with(|entry| entry.minutes = 31), "the time must be 1 to 30 minutes"),
            (with(|entry| entry.minutes = i64::MAX), "the time must be 1 to 30 minutes"),
            (with(|entry| entry.identity.outcome = IdentityOutcome::Failed), "was not confirmed"),
            (with(|entry| entry.call_reference = String::new()), "the reference of the call is empty"),
            (with(|entry| entry.call_reference = "x".repeat(10_240)), "longer than 64 characters"),
            (with(|entry| entry.call_reference = "a\u{202e}b".to_owned()), "a mark of writing direction"),
            (with(|entry| entry.merchant_id = sekisho::domain::id::Id::from_uuid(uuid::Uuid::nil())), "no merchant"),
            (with(|entry| entry.card_id = sekisho::domain::id::Id::from_uuid(uuid::Uuid::nil())), "there is no card"),
        ];
        for (entry, said) in cases {
            let refused = vouch(&deployment.app, &agent(), entry).await.unwrap_err().to_string();
            assert!(refused.contains(said) && refused.contains("\nhint: "), "{said}: {refused}");
        }
        let left: i64 = deployment.tables.value("SELECT COUNT(*) FROM vouches", Vec::new()).await;
        assert_eq!((left, deployment.audited("authentication.vouch").await.len()), (0, 0));
    })
    .await;
}
