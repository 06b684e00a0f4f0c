//! What is counted about a card, and what it is remembered with: facts that parallel requests agree on.

use std::collections::BTreeSet;

use sekisho::domain::card::CardStatus;
use sekisho::domain::consent::ConsentState;
use sekisho::domain::facts::{Count, EnrolmentState, Facts, Match};
use serde_json::{Value, json};

use crate::support::deployment::{Deployment, TestCard, Wanted, card_number, on_every_database, request};
use crate::support::exchange::Call;

/// The facts of one more purchase with this card.
async fn facts(deployment: &Deployment, card: &TestCard, changes: &Value) -> Facts {
    deployment.facts(&deployment.buys(card, changes).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_parallel_requests_of_one_card_see_each_other() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let (_, twin) = deployment.twin(17).await;
        let calls = (0..50).map(|number| {
            let body = deployment.purchase(&card, &json!({"purchase": {"amount_minor": 100}}));
            let call = request(&deployment.shop, &format!("k{number}"), &body);
            // SQLite has one writer, so that there is one process.
            let other = number % 2 == 1 && deployment.app.store.backend_name() == "postgresql";
            let router = if other { twin.clone() } else { deployment.router.clone() };
            tokio::spawn(async move { call.to(&router).await.ok(201) })
        });
        let mut seen = BTreeSet::new();
        for answer in futures_util::future::join_all(calls).await {
            let velocity = deployment.facts(&answer.unwrap()).await.velocity;
            assert_eq!(velocity.card_1h.sum_base_minor, velocity.card_1h.count * 100);
            assert_eq!((velocity.card_24h, velocity.card_30d), (velocity.card_1h, velocity.card_1h));
            seen.insert(velocity.card_1h.count);
        }
        assert_eq!(seen, (1..=50).collect());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_never_shorter_than_it_says() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let (hour, mut counts) = (3_600, Vec::new());
        deployment.clock.advance(hour - 1);
        for wait in [0, 1, hour, hour - 1, 22 * hour, hour, hour, 29 * 24 * hour, 25 * hour] {
            deployment.clock.advance(wait);
            let velocity = facts(deployment, &card, &json!({})).await.velocity;
            let windows = [velocity.card_1h, velocity.card_24h, velocity.card_30d];
            assert!(windows.iter().all(|window| window.sum_base_minor == window.count * 12_800));
            counts.push(windows.map(|window| window.count));
        }
        // The clock stands at 03:59:59 at first. Hours count as a whole, so that a window is at most one longer.
        let expected =
            [[1, 1, 1], [2, 2, 2], [2, 3, 3], [3, 4, 4], [1, 5, 5], [2, 5, 6], [2, 5, 7], [1, 1, 6], [1, 1, 2]];
        assert_eq!(counts, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_in_the_base_currency() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        facts(deployment, &card, &json!({"purchase": {"amount_minor": 700}})).await;
        let dollars = json!({"purchase": {"amount_minor": 1_000, "currency": "USD"}});
        let last = facts(deployment, &card, &dollars).await;
        let yen = last.purchase.amount_base_minor.unwrap();
        assert!((1_000..=2_500).contains(&yen), "ten dollars in yen: {yen}");
        assert_eq!(last.velocity.card_1h, Count { count: 2, sum_base_minor: 700 + yen });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn distinct_cards_are_counted_per_device_and_per_address_for_a_day() {
    on_every_database(Wanted::default(), async |deployment| {
        let elsewhere = json!({"device": {"ip": "203.0.113.8", "screen": "1920x1080x24", "user_agent": "Mozilla/5.0"}});
        let mut seen = Vec::new();
        let mut cards = Vec::new();
        for changes in [json!({}), json!({}), json!({"device": {"ip": "203.0.113.8"}}), elsewhere.clone(), elsewhere] {
            let card = deployment.card(&json!({})).await;
            for _ in 0..2 {
                let velocity = facts(deployment, &card, &changes).await.velocity;
                seen.push([velocity.cards_per_device_24h, velocity.cards_per_ip_24h]);
            }
            cards.push(card);
        }
        assert_eq!(seen, [[1, 1], [1, 1], [2, 2], [2, 2], [3, 1], [3, 1], [1, 2], [1, 2], [2, 3], [2, 3]]);
        let nothing = facts(deployment, &cards[0], &json!({"device": null})).await.velocity;
        assert_eq!([nothing.cards_per_device_24h, nothing.cards_per_ip_24h], [0, 0]);
        deployment.clock.advance(25 * 3_600);
        let later = facts(deployment, &cards[0], &json!({})).await.velocity;
        assert_eq!([later.cards_per_device_24h, later.cards_per_ip_24h], [1, 1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_challenges_and_opened_pages_count_for_a_day() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let open = deployment.buys(&card, &json!({})).await;
        for _ in 0..3 {
            deployment.prove(&open, "not the password").await;
        }
        assert_eq!(deployment.read(&open).await.ok(200)["status"], "rejected");
        let counted = |facts: Facts| [facts.velocity.failed_challenges_24h, facts.velocity.challenge_pages_24h];
        assert_eq!(counted(facts(deployment, &card, &json!({})).await), [1, 1]);
        let other = deployment.enrolled().await;
        assert_eq!(counted(facts(deployment, &other, &json!({})).await), [0, 0]);
        deployment.clock.advance(25 * 3_600);
        assert_eq!(counted(facts(deployment, &card, &json!({})).await), [0, 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn device_address_and_merchant_are_known_after_a_pass_and_to_that_card_alone() {
    on_every_database(Wanted::default(), async |deployment| {
        let (card, other) = (deployment.enrolled().await, deployment.enrolled().await);
        let known = async |card: &TestCard, changes: Value| {
            let facts = facts(deployment, card, &changes).await;
            (facts.device.known_to_card, facts.delivery.shipping_address_seen, facts.velocity.first_at_merchant)
        };
        assert_eq!(known(&card, json!({})).await, (false, Match::No, true));
        assert_eq!(known(&card, json!({})).await, (false, Match::No, true), "a challenge alone makes nothing known");
        deployment.pass(&card, &json!({})).await;
        assert_eq!(known(&card, json!({})).await, (true, Match::Yes, false));
        assert_eq!(known(&other, json!({})).await, (false, Match::No, true));
        let changes =
            json!({"device": {"screen": "1920x1080x24"}, "cardholder": {"shipping_address": {"line1": "1-1"}}});
        assert_eq!(known(&card, changes).await, (false, Match::No, false));
        assert_eq!(known(&card, json!({"device": null, "cardholder": null})).await, (false, Match::NotGiven, false));
        deployment.clock.advance(2 * 3_600);
        let (grocer, body) = (&deployment.grocer, deployment.purchase(&card, &json!({"challenge": null})));
        let answer = deployment.ask_by(grocer, &body).await.ok(201);
        assert_eq!(answer["status"], "approved", "a known device passes at another merchant too: {answer}");
        assert!(deployment.facts(&answer).await.velocity.first_at_merchant);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_since_the_last_request_is_told() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let mut seen = Vec::new();
        for wait in [0, 0, 90, 86_400, 29 * 86_400, 31 * 86_400] {
            deployment.clock.advance(wait);
            seen.push(facts(deployment, &card, &json!({})).await.velocity.seconds_since_last);
        }
        assert_eq!(seen, [None, Some(0), Some(90), Some(86_400), Some(29 * 86_400), None]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_card_keeps_device_consent_and_enrolment_and_its_old_number_is_closed() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        deployment.pass(&card, &json!({})).await;
        let number = card_number(deployment.next());
        let path = format!("/v1/cards/{}/number", card.reference);
        deployment.issuer(Call::put(path), &json!({"number": number, "expiry": "2031-11"})).await.ok(200);

        let renewed = TestCard { number, ..card.clone() };
        let changes = json!({"card": {"expiry": "2031-11"}});
        let facts_now = facts(deployment, &renewed, &changes).await;
        assert!(
            facts_now.device.known_to_card && facts_now.card.expiry_matches && !facts_now.velocity.first_at_merchant
        );
        assert_eq!(facts_now.consent, ConsentState::Permitted);
        assert_eq!((facts_now.enrolment.state, facts_now.card.status), (EnrolmentState::Complete, CardStatus::Active));
        assert_eq!(facts_now.velocity.card_1h.count, 2, "the counters are the card's, not the number's");
        deployment.pass(&renewed, &changes).await;

        let old = deployment.buys(&card, &json!({})).await;
        assert_eq!((&old["status"], &old["reasons"]), (&json!("rejected"), &json!(["card_not_accepted"])));
    })
    .await;
}
