//! The sandbox: the same seed gives the same data, its facts follow from its own history, and it never mixes with others'.

use std::collections::{BTreeMap, BTreeSet};

use sekisho::demo::sandbox::{SandboxError, generate};
use sekisho::domain::facts::Facts;
use sekisho::domain::verdict::Verdict;
use sekisho::flow::prove::{Scope, prove};
use sekisho::flow::retention;
use sekisho::policy::decide;
use sha2::{Digest, Sha256};

use crate::support::database::{OwnDatabase, databases};
use crate::support::deployment::{Wanted, on_every_database};
use crate::support::made_up::{in_every_sandbox, instance, small};

/// A digest of everything that the seed makes up, and of nothing that the keys do.
async fn digest(database: &OwnDatabase) -> String {
    let tables = database.connect().await;
    let mut hash = Sha256::new();
    for sql in [
        "SELECT facts || verdict || status || ending || reasons || CAST(created_at AS TEXT) FROM authentications ORDER BY id",
        "SELECT label || source || CAST(imported_at AS TEXT) FROM labels ORDER BY authentication_id",
        "SELECT reference || programme || CAST(issued_at AS TEXT) FROM cards ORDER BY reference",
        "SELECT name || category_code || country FROM merchants ORDER BY id",
        "SELECT state || methods || CAST(created_at AS TEXT) FROM challenges ORDER BY id",
        "SELECT kind || CAST(first_at AS TEXT) FROM familiars ORDER BY card_id, kind, digest",
        "SELECT CAST(hour AS TEXT) || ' ' || CAST(requests AS TEXT) FROM card_hours ORDER BY card_id, hour",
        "SELECT span || digest || mode || figure || word || CAST(bucket AS TEXT) || ' ' || CAST(count AS TEXT) \
         FROM policy_figures ORDER BY span, bucket, digest, mode, figure, word",
    ] {
        for row in tables.column::<String>(sql, Vec::new()).await {
            hash.update(row);
        }
    }
    for (table, order) in [("authentications", "id"), ("cards", "id"), ("cardholders", "id"), ("challenges", "id")] {
        let sql = format!("SELECT id FROM {table} ORDER BY {order}");
        for id in tables.column::<uuid::Uuid>(&sql, Vec::new()).await {
            hash.update(id.as_bytes());
        }
    }
    hex::encode(hash.finalize())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_data_and_another_seed_other_data() {
    let seeds = [7, 7, 8];
    let mut digests: BTreeMap<u64, Vec<Vec<String>>> = BTreeMap::new();
    for seed in seeds {
        let mut by_database = Vec::new();
        for database in databases().await {
            let app = instance(&database).await;
            let options = sekisho::demo::sandbox::SandboxOptions { seed, ..small(60, 3) };
            let made = generate(&app, options, |_, _| ()).await.unwrap();
            assert!(made.decisions > 150 && made.cards == 60, "{made:?}");
            by_database.push(digest(&database).await);
            app.store.clone().close().await;
            database.remove().await;
        }
        digests.entry(seed).or_default().push(by_database);
    }
    assert_eq!(digests[&7][0], digests[&7][1]);
    assert!(digests[&7][0].iter().zip(&digests[&8][0]).all(|(one, other)| one != other));
}

#[tokio::test(flavor = "multi_thread")]
async fn six_weeks_hold_every_kind_of_fraud_and_figures_by_the_minute_of_its_last_days_only() {
    in_every_sandbox(small(60, 45), async |_, database, made| {
        let tables = database.connect().await;
        let kinds = "SELECT DISTINCT source FROM labels WHERE label = 'fraud' ORDER BY source";
        let kinds = tables.column::<String>(kinds, Vec::new()).await;
        assert_eq!(
            kinds,
            ["card_testing", "compromised_merchant", "stolen_number", "takeover"].map(|kind| format!("sandbox:{kind}")),
            "{made:?}"
        );
        let first = "SELECT MIN(bucket) FROM policy_figures WHERE span = ";
        let [minute, hour] = ["'minute'", "'hour'"].map(|span| format!("{first}{span}"));
        let ends = jiff::civil::date(2026, 11, 20).at(15, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        let before_end =
            |days: i64| sekisho::domain::clock::Micros::from(ends.timestamp()).plus_seconds(-days * 86_400).0;
        let minute: i64 = tables.value(&minute, Vec::new()).await;
        let hour: i64 = tables.value(&hour, Vec::new()).await;
        assert!(minute >= before_end(3) && minute < before_end(2), "{minute}");
        assert!(hour >= before_end(45) && hour < before_end(44), "{hour}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_is_the_live_bundles_own_and_its_facts_follow_from_those_before() {
    in_every_sandbox(small(150, 6), async |app, database, made| {
        let live = app.bundle.load();
        let tables = database.connect().await;
        let sql = "SELECT facts, verdict, card_id, status FROM authentications ORDER BY created_at, id";
        let rows = tables.rows(sql, Vec::new()).await;
        assert_eq!(rows.len(), made.decisions);
        let mut by_card: BTreeMap<uuid::Uuid, (i64, i64)> = BTreeMap::new();
        let mut passed = BTreeSet::new();
        for row in &rows {
            let facts: Facts = serde_json::from_str(&row.try_get::<String>("", "facts").unwrap()).unwrap();
            let verdict: Verdict = serde_json::from_str(&row.try_get::<String>("", "verdict").unwrap()).unwrap();
            assert_eq!(decide(&live.bundle, &facts), verdict);
            let card: uuid::Uuid = row.try_get("", "card_id").unwrap();
            let (count, last) = by_card.entry(card).or_insert((0, 0));
            *count += 1;
            assert_eq!(facts.velocity.card_30d.count, *count, "six days lie within thirty");
            if *count > 1 {
                let since = facts.received_at_seconds - *last;
                assert!((facts.velocity.seconds_since_last.unwrap() - since).abs() <= 1);
            }
            *last = facts.received_at_seconds;
            let status: String = row.try_get("", "status").unwrap();
            if passed.contains(&(card, facts.merchant.id.clone())) {
                assert!(!facts.velocity.first_at_merchant, "it passed there before");
            }
            // A challenge may take minutes: the next purchase could come before its end.
            if status == "approved" && verdict.outcome == sekisho::domain::verdict::Outcome::Approve {
                passed.insert((card, facts.merchant.id.clone()));
            }
        }
        assert!(made.challenges > 0 && made.genuine > made.decisions * 9 / 10, "{made:?}");
        let kinds = "SELECT DISTINCT source FROM labels WHERE label = 'fraud'";
        assert!(tables.column::<String>(kinds, Vec::new()).await.len() >= 2);
        assert_eq!(made.frauds + made.genuine, made.decisions);
        for (kind, counted) in
            [("outcome", made.decisions), ("provider", made.decisions), ("challenge", made.challenges)]
        {
            let sql = format!("SELECT count FROM policy_figures WHERE span = 'hour' AND figure = '{kind}'");
            let sum: i64 = tables.column::<i64>(&sql, Vec::new()).await.iter().sum();
            assert_eq!(usize::try_from(sum).unwrap(), counted, "the overview shows every {kind}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_is_proved_and_pruned_like_any_database() {
    in_every_sandbox(small(80, 2), async |app, _, made| {
        prove(app, Scope::All, None).await.unwrap();
        let pruned = retention::run(app, "staff", true).await.unwrap();
        assert!(pruned.iter().all(|kind| kind.records == 0), "{pruned:?}: nothing of it is old");
        assert!(made.decisions > 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_purchases_never_mix_with_real_ones_nor_with_themselves() {
    on_every_database(Wanted::default(), async |deployment| {
        let refused = generate(&deployment.app, small(10, 1), |_, _| ()).await;
        assert!(matches!(refused, Err(SandboxError::Foreign)), "its merchants are nobody's sandbox: {refused:?}");
    })
    .await;
    for database in databases().await {
        let app = instance(&database).await;
        generate(&app, small(10, 1), |_, _| ()).await.unwrap();
        let again = generate(&app, small(10, 1), |_, _| ()).await;
        assert!(matches!(again, Err(SandboxError::Repeated(_))), "{again:?}");
        let other = sekisho::demo::sandbox::SandboxOptions { seed: 8, ..small(10, 1) };
        generate(&app, other, |_, _| ()).await.unwrap();
        database
            .connect()
            .await
            .run("UPDATE deployment SET value = 'being filled: x' WHERE name = 'sandbox'", vec![])
            .await
            .unwrap();
        let unfinished = generate(&app, small(10, 1), |_, _| ()).await;
        assert!(matches!(unfinished, Err(SandboxError::Unfinished(_))), "{unfinished:?}");
        app.store.clone().close().await;
        database.remove().await;
    }
}
