//! A staff person unlocks a card's challenges, with a reason; what is locked for good stays so.

use sekisho::domain::facts::Method;
use sekisho::domain::id::CardId;
use sekisho::flow::unlock::{UnlockError, Unlocked, unlock};
use serde_json::{Value, json};

use crate::support::deployment::{Deployment, PASSWORD, TestCard, Wanted, on_every_database};
use crate::support::staff::agent;

async fn asked(deployment: &Deployment, card: &TestCard) -> Value {
    deployment.buys(card, &json!({"challenge": {"wish": "challenge"}})).await
}

async fn unlocked(deployment: &Deployment, card: &TestCard, reason: &str) -> Result<Unlocked, UnlockError> {
    let (card_id, _) = deployment.ids(card).await;
    unlock(&deployment.app, &agent(), card_id, reason.to_owned()).await
}

/// A card whose password was typed wrong ten times over four challenges.
async fn locked(deployment: &Deployment) -> TestCard {
    let card = deployment.enrolled().await;
    for guesses in [3, 3, 3, 1] {
        let answer = asked(deployment, &card).await;
        for _ in 0..guesses {
            deployment.prove(&answer, "wrong wrong").await;
        }
        assert_eq!(deployment.read(&answer).await.ok(200)["status"], "rejected");
    }
    card
}

#[tokio::test(flavor = "multi_thread")]
async fn after_unlocking_the_member_can_prove_herself_again() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = locked(deployment).await;
        assert_eq!(asked(deployment, &card).await["status"], "unavailable");
        let done = unlocked(deployment, &card, " ご本人から電話、生年月日を確認 ").await.unwrap();
        assert_eq!(done, Unlocked { methods: 1, hours: 1, closed: Vec::new() });
        let answer = asked(deployment, &card).await;
        assert_eq!(answer["status"], "challenge_required");
        assert_eq!(deployment.facts(&answer).await.velocity.failed_challenges_24h, 0);
        deployment.prove(&answer, "wrong wrong").await;
        deployment.prove(&answer, PASSWORD).await;
        assert_eq!(deployment.read(&answer).await.ok(200)["status"], "approved");
        let (card_id, _) = deployment.ids(&card).await;
        let line = format!("{} {card_id} ご本人から電話、生年月日を確認", agent().actor());
        assert_eq!(deployment.audited("challenge.unlock").await, [line]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_full_of_failed_challenges_or_opened_pages_is_set_back() {
    on_every_database(Wanted::default(), async |deployment| {
        for (column, count) in [("failed_challenges", 5), ("challenge_pages", 10)] {
            let card = deployment.enrolled().await;
            let (card_id, _) = deployment.ids(&card).await;
            let hour = deployment.app.now().hour_bucket();
            let sql = format!("INSERT INTO card_hours (card_id, hour, {column}) VALUES ($1, $2, $3)");
            let values = vec![card_id.uuid().into(), (hour - 23).into(), i64::from(count).into()];
            deployment.tables.run(&sql, values).await.unwrap();
            let turned_back = asked(deployment, &card).await;
            assert_eq!(turned_back["reasons"], json!(["too_many_attempts"]), "{column}");
            unlocked(deployment, &card, "checked").await.unwrap();
            assert_eq!(asked(deployment, &card).await["status"], "challenge_required", "{column}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_the_card_stay_counted() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = locked(deployment).await;
        unlocked(deployment, &card, "checked").await.unwrap();
        let facts = deployment.facts(&asked(deployment, &card).await).await;
        assert_eq!(facts.velocity.card_1h.count, 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_wrong_proofs_lock_until_the_password_is_changed_whatever_staff_do() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let close = "UPDATE credentials SET failures = 100, locked_until = $1";
        deployment.tables.run(close, vec![i64::MAX.into()]).await.unwrap();
        let refused = unlocked(deployment, &card, "checked").await.unwrap_err();
        assert!(matches!(&refused, UnlockError::Closed(methods) if *methods == [Method::Password]), "{refused}");
        assert_eq!(refused.to_string(), "locked for good: password\nhint: the member must choose a new one");
        assert_eq!(asked(deployment, &card).await["status"], "unavailable");
        assert_eq!(deployment.audited("challenge.unlock").await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reason_or_a_lock_nothing_is_unlocked() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = locked(deployment).await;
        for (reason, said) in [
            ("", "the reason is empty"),
            ("  \u{3000} ", "the reason is empty"),
            (&"x".repeat(201), "longer than 200 characters"),
            (&"x".repeat(10_240), "longer than 200 characters"),
            ("line\nline", "a control character as character 5"),
            ("a\u{202e}b", "a mark of writing direction"),
            ("a\u{200b}b", "an invisible character"),
        ] {
            let refused = unlocked(deployment, &card, reason).await.unwrap_err().to_string();
            assert!(refused.contains(said) && refused.contains("\nhint: "), "{said}: {refused}");
        }
        let nobody = CardId::from_uuid(uuid::Uuid::nil());
        let refused = unlock(&deployment.app, &agent(), nobody, "checked".to_owned()).await.unwrap_err();
        assert!(matches!(refused, UnlockError::UnknownCard(_)), "{refused}");
        assert_eq!(asked(deployment, &card).await["status"], "unavailable", "still locked");

        let free = deployment.enrolled().await;
        let refused = unlocked(deployment, &free, "checked").await.unwrap_err();
        assert!(matches!(refused, UnlockError::NotLocked), "{refused}");
        assert_eq!(deployment.audited("challenge.unlock").await.len(), 0);
    })
    .await;
}
