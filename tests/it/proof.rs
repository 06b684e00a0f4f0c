//! The proof about sharing: what it says of the records, from the database and from an export, and what it finds.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use sekisho::domain::consent::proof::{Fault, Totals};
use sekisho::domain::id::CardholderId;
use sekisho::flow::export;
use sekisho::flow::prove::{ExportFile, ProveError, Scope, prove, prove_export, prove_person};
use serde_json::json;

use crate::support::consent::{object, resume};
use crate::support::deployment::{Deployment, TestCard, Wanted, on_every_database};

/// Three people: one asked about, one who objected and resumed, one who objected for good.
async fn history(deployment: &Deployment) -> Vec<TestCard> {
    let mut cards = Vec::new();
    for _ in 0..3 {
        let card = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({})).await;
        cards.push(card);
    }
    for card in &cards[1..] {
        object(&deployment.app, &card.cardholder).await;
        deployment.buys(card, &json!({})).await;
    }
    resume(&deployment.app, &cards[1].cardholder).await;
    deployment.buys(&cards[1], &json!({})).await;
    cards
}

async fn holder(deployment: &Deployment, card: &TestCard) -> CardholderId {
    deployment.app.store.cardholder_key(&card.cardholder).await.unwrap().unwrap().0
}

fn file(path: &Path) -> ExportFile {
    Box::new(std::fs::File::create(path).unwrap())
}

fn figures(totals: &Totals) -> [u64; 5] {
    [totals.people, totals.events, totals.disclosures(), totals.objections, totals.after_objection]
}

async fn violation(deployment: &Deployment) -> Fault {
    match prove(&deployment.app, Scope::All, None).await {
        Err(ProveError::Violation(violation)) => violation.fault,
        other => panic!("a violation was wanted: {other:?}"),
    }
}

/// Changes what nobody may change, as somebody with the database's password could.
async fn tamper(deployment: &Deployment, sql: &str, values: Vec<sea_orm::Value>) {
    let triggers: &[&str] = if deployment.app.store.backend_name() == "sqlite" {
        &[
            "DROP TRIGGER IF EXISTS consent_events_no_update",
            "DROP TRIGGER IF EXISTS disclosures_no_update",
            "DROP TRIGGER IF EXISTS disclosures_no_delete",
            "DROP TRIGGER IF EXISTS disclosure_settlements_no_delete",
        ]
    } else {
        &["SET session_replication_role = replica"]
    };
    for trigger in triggers {
        deployment.tables.run(trigger, Vec::new()).await.unwrap();
    }
    assert!(deployment.tables.run(sql, values).await.unwrap() > 0, "{sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_did_is_proved_from_the_database_and_from_its_export() {
    on_every_database(Wanted::provider(), async |deployment| {
        let cards = history(deployment).await;
        let path: PathBuf = deployment.database.folder().join("export.jsonl");
        let totals = prove(&deployment.app, Scope::All, Some(file(&path))).await.unwrap();
        assert_eq!(figures(&totals), [3, 6, 4, 2, 0]);
        assert_eq!(totals.time_to_effect().unwrap().max, 0);
        let text = std::fs::read(&path).unwrap();
        assert_eq!(prove_export(Cursor::new(&text)).unwrap(), totals);
        let one = holder(deployment, &cards[1]).await;
        let totals = prove(&deployment.app, Scope::One(one), None).await.unwrap();
        assert_eq!(figures(&totals), [1, 3, 2, 1, 0]);
        let person = export::person(&deployment.app, "test", one).await.unwrap();
        assert_eq!(prove_person(&person.json().to_string()).unwrap(), totals);
        let lines = person.lines.as_ref().unwrap();
        assert_eq!((lines.rows.len(), person.receipts.len()), (5, 1));
        assert_eq!(person.recipients[0].country.as_deref().map(str::len), Some(2));
        assert!(person.seen.iter().any(|seen| seen.action == "cardholder.export"), "the export itself is written down");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_byte_of_an_export_is_found() {
    on_every_database(Wanted::provider(), async |deployment| {
        let cards = history(deployment).await;
        let path = deployment.database.folder().join("export.jsonl");
        prove(&deployment.app, Scope::All, Some(file(&path))).await.unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(7) {
            let mut changed = whole.clone();
            changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
            assert!(prove_export(Cursor::new(&changed)).is_err(), "byte {at}");
        }
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        for gone in 0..lines.len() {
            let rest: Vec<u8> =
                lines.iter().enumerate().filter(|(at, _)| *at != gone).flat_map(|(_, line)| line.to_vec()).collect();
            assert!(prove_export(Cursor::new(&rest)).is_err(), "line {gone} is gone");
        }
        let id = holder(deployment, &cards[2]).await;
        let person = export::person(&deployment.app, "test", id).await.unwrap().json().to_string();
        assert!(matches!(prove_person(&person.replace("tmx", "tmy")), Err(ProveError::BrokenExport { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_that_was_recorded_against_an_objection_is_found() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        object(&deployment.app, &card.cardholder).await;
        // Somebody sets the person's row by hand: the gate opens, and the line tells.
        let holder = holder(deployment, &card).await;
        let permits = deployment.app.store.line(holder).await.unwrap();
        let sekisho::domain::consent::line::LineEntry::Event(notify) = &permits[0].entry else { panic!("an event") };
        let standing = json!({"permits": [{"event": notify.id, "basis": "notice"}]}).to_string();
        let sql = "UPDATE consent_states SET state = 'permitted', standing = $1 WHERE cardholder_id = $2";
        deployment.tables.run(sql, vec![standing.into(), holder.uuid().into()]).await.unwrap();
        deployment.buys(&card, &json!({})).await;
        assert_eq!(deployment.provider().calls().len(), 1, "the row was believed");
        let fault = violation(deployment).await;
        assert!(matches!(&fault, Fault::NotPermitted { recipient, .. } if recipient == "tmx"), "{fault}");
        assert!(fault.to_string().contains("while the person stood at `opted_out`"), "{fault}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_or_taken_out_of_the_database_is_found() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({})).await;
        deployment.buys(&card, &json!({})).await;
        tamper(deployment, "UPDATE disclosures SET recipient = 'other' WHERE sequence = 2", Vec::new()).await;
        assert_eq!(violation(deployment).await, Fault::OtherHash);
        tamper(deployment, "UPDATE disclosures SET recipient = 'tmx' WHERE sequence = 2", Vec::new()).await;
        prove(&deployment.app, Scope::All, None).await.unwrap();
        let last = "disclosure_id IN (SELECT id FROM disclosures WHERE sequence = 3)";
        tamper(deployment, &format!("DELETE FROM disclosure_settlements WHERE {last}"), Vec::new()).await;
        tamper(deployment, "DELETE FROM disclosures WHERE sequence = 3", Vec::new()).await;
        assert_eq!(violation(deployment).await, Fault::Truncated { head: 3 });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_grow_while_they_are_read_are_no_violation() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({})).await;
        let writing = async {
            for _ in 0..15 {
                deployment.buys(&card, &json!({})).await;
            }
        };
        let proving = async {
            for _ in 0..15 {
                prove(&deployment.app, Scope::All, None).await.unwrap();
            }
        };
        tokio::join!(writing, proving);
        assert_eq!(figures(&prove(&deployment.app, Scope::All, None).await.unwrap()), [1, 1, 16, 0, 0]);
    })
    .await;
}
