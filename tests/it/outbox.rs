//! The outbox: who gets a message, how long it is tried, and what becomes of those that never arrive.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sekisho::app::App;
use sekisho::domain::id::OutboxId;
use sekisho::domain::outbox::{Attempt, OutboxKind, OutboxMessage, OutboxState};
use sekisho::flow::outbox;
use sekisho::store::StoreError;
use sekisho::store::outbox::{Claimed, OutboxFilter, OutboxRow, Outcome};

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::process;

const KIND: OutboxKind = OutboxKind::Feedback;

fn message(app: &App, subject: &str) -> OutboxMessage {
    outbox::message(app, KIND, None, subject.to_owned(), "{}".to_owned())
}

async fn put(app: &App, message: &OutboxMessage) {
    let message = message.clone();
    let put = app.store.write(move |transaction| {
        Box::pin(async move { sekisho::store::outbox::enqueue(transaction, &message).await })
    });
    put.await.unwrap();
}

async fn row(app: &App, id: OutboxId) -> OutboxRow {
    for state in OutboxState::ALL {
        let filter = OutboxFilter { state: Some(*state), ..OutboxFilter::default() };
        let rows = app.store.outbox(filter, None, 1_000).await.unwrap();
        if let Some(row) = rows.into_iter().find(|row| row.id == id) {
            return row;
        }
    }
    panic!("no message {id}")
}

/// Writes down that a try failed, as the flow does.
async fn fails(app: &App, claimed: &Claimed, seconds: i64) -> bool {
    let outcome = Outcome::Again { at: app.now().plus_seconds(seconds), reason: "timeout".to_owned() };
    app.store.settle_outbox(claimed, outcome, app.now()).await.unwrap()
}

async fn audited(deployment: &Deployment, action: &str) -> Vec<String> {
    let sql = "SELECT actor || ' ' || subject || ' ' || result FROM audit_entries WHERE action = $1 ORDER BY id";
    deployment.tables.column(sql, vec![action.into()]).await
}

#[tokio::test]
async fn a_message_of_a_transaction_that_failed_was_never_there() {
    on_every_database(Wanted::default(), async |deployment| {
        let message = message(&deployment.app, "auth_1");
        let failed: Result<(), StoreError> = deployment
            .app
            .store
            .write(move |transaction| {
                Box::pin(async move {
                    sekisho::store::outbox::enqueue(transaction, &message).await?;
                    Err(StoreError::GivenUp)
                })
            })
            .await;
        assert!(failed.is_err());
        assert!(outbox::take(&deployment.app, KIND, 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn of_several_instances_that_look_at_once_one_gets_a_message() {
    on_every_database(Wanted::default(), async |deployment| {
        let mut wanted = BTreeSet::new();
        for number in 0..30 {
            let message = message(&deployment.app, &format!("auth_{number}"));
            put(&deployment.app, &message).await;
            wanted.insert(message.id);
        }
        let mut instances = vec![deployment.app.clone()];
        for seed in [11, 12] {
            instances.push(deployment.twin(seed).await.0);
        }
        let take = |app: Arc<App>| tokio::spawn(async move { outbox::take(&app, KIND, 8).await.unwrap() });
        let mut taken = Vec::new();
        for _ in 0..2 {
            let together: Vec<_> = instances.iter().cloned().map(take).collect();
            for hand in together {
                let hand = hand.await.unwrap();
                assert!(hand.len() <= 8);
                taken.extend(hand.into_iter().map(|claimed| claimed.message.id));
            }
        }
        taken.extend(outbox::take(&deployment.app, KIND, 100).await.unwrap().iter().map(|claimed| claimed.message.id));
        assert_eq!(taken.len(), 30, "nobody has a message twice");
        assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), wanted);
        for (twin, _) in instances.iter().skip(1).zip([0, 1]) {
            twin.store.clone().close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_process_had_is_tried_by_another_when_the_lease_has_run_out() {
    on_every_database(Wanted::default(), async |deployment| {
        let app = &deployment.app;
        let message = message(app, "auth_1");
        put(app, &message).await;
        let lost = outbox::take(app, KIND, 1).await.unwrap().remove(0);
        let held = KIND.schedule().deadline.as_secs() + 60;
        deployment.clock.advance(held - 1);
        assert!(outbox::take(app, KIND, 1).await.unwrap().is_empty(), "the lease lives");
        deployment.clock.advance(1);
        let again = outbox::take(app, KIND, 1).await.unwrap().remove(0);
        assert_eq!((again.message.id, again.attempt), (message.id, 2));
        assert!(!fails(app, &lost, 1).await, "the first holder has nothing to say any more");
        assert!(app.store.settle_outbox(&again, Outcome::Done, app.now()).await.unwrap());
        assert!(!app.store.settle_outbox(&again, Outcome::Done, app.now()).await.unwrap(), "said once");
        assert_eq!(row(app, message.id).await.state, OutboxState::Done);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_ends_every_process_is_given_up() {
    on_every_database(Wanted::default(), async |deployment| {
        let app = &deployment.app;
        let message = message(app, "auth_1");
        put(app, &message).await;
        for _ in 0..KIND.schedule().attempts {
            assert_eq!(outbox::take(app, KIND, 1).await.unwrap().len(), 1);
            deployment.clock.advance(1_000);
        }
        let last = outbox::take(app, KIND, 1).await.unwrap().remove(0);
        outbox::send(app, &last).await.unwrap();
        let dead = row(app, message.id).await;
        assert_eq!((dead.state, dead.reason.as_deref()), (OutboxState::Dead, Some("given_up")));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_can_never_arrive_is_dead_until_a_person_has_it_sent_again() {
    on_every_database(Wanted::default(), async |deployment| {
        let app = &deployment.app;
        let message = message(app, "auth_1");
        put(app, &message).await;
        assert_eq!(outbox::attempt(app, &message).await, Attempt::dead("body_unreadable"));
        let claimed = outbox::take(app, KIND, 1).await.unwrap().remove(0);
        outbox::send(app, &claimed).await.unwrap();
        let dead = row(app, message.id).await;
        assert_eq!((dead.state, dead.attempts), (OutboxState::Dead, 1));
        let told = format!("system {} body_unreadable", message.id);
        assert_eq!(audited(deployment, "outbox.dead").await, [told]);
        deployment.clock.advance(1_000_000);
        assert!(outbox::take(app, KIND, 1).await.unwrap().is_empty());

        outbox::replay(app, "staff:x", message.id).await.unwrap();
        let error = outbox::replay(app, "staff:x", message.id).await.unwrap_err().to_string();
        assert!(error.contains(&message.id.to_string()) && error.contains("hint:"), "{error}");
        assert_eq!(audited(deployment, "outbox.replay").await, [format!("staff:x {} done", message.id)]);
        let again = outbox::take(app, KIND, 1).await.unwrap().remove(0);
        assert_eq!((again.message.id, again.attempt), (message.id, 1));
    })
    .await;
}

#[tokio::test]
async fn a_try_that_failed_is_made_again_at_its_time_and_others_are_not_held_up() {
    on_every_database(Wanted::default(), async |deployment| {
        let app = &deployment.app;
        let (slow, quick) = (message(app, "auth_1"), message(app, "auth_2"));
        put(app, &slow).await;
        let claimed = outbox::take(app, KIND, 1).await.unwrap().remove(0);
        assert!(fails(app, &claimed, 600).await);
        put(app, &quick).await;
        let next = outbox::take(app, KIND, 10).await.unwrap();
        assert_eq!(next.iter().map(|claimed| claimed.message.id).collect::<Vec<_>>(), [quick.id]);
        assert_eq!(row(app, slow.id).await.reason.as_deref(), Some("timeout"));
        deployment.clock.advance(599);
        let early: Vec<_> = outbox::take(app, KIND, 10).await.unwrap();
        assert!(early.iter().all(|claimed| claimed.message.id != slow.id));
        deployment.clock.advance(1);
        assert_eq!(outbox::take(app, KIND, 10).await.unwrap()[0].message.id, slow.id);
    })
    .await;
}

#[tokio::test]
async fn the_figures_tell_what_waits_and_what_is_dead() {
    on_every_database(Wanted::default(), async |deployment| {
        let app = &deployment.app;
        put(app, &message(app, "auth_1")).await;
        put(app, &message(app, "auth_2")).await;
        let claimed = outbox::take(app, KIND, 1).await.unwrap().remove(0);
        outbox::send(app, &claimed).await.unwrap();
        deployment.clock.advance(90);
        let figures = deployment.send(crate::support::exchange::Call::get("/metrics")).await.text;
        for line in [
            "outbox_waiting{kind=\"feedback\"} 1",
            "outbox_oldest_seconds{kind=\"feedback\"} 90",
            "outbox_dead{kind=\"feedback\"} 1",
            "outbox_dead{kind=\"erasure\"} 0",
            "outbox_attempts_total{kind=\"feedback\",result=\"dead\"} 1",
        ] {
            assert!(figures.contains(line), "{line} is not in:\n{figures}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_its_own_kind_alone() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let wanted = Wanted::default()
        .with("SEKISHO__MAIL__HOST", "127.0.0.1")
        .with("SEKISHO__MAIL__PORT", port.leak())
        .with("SEKISHO__MAIL__TLS", "none")
        .with("SEKISHO__MAIL__FROM", "cards@issuer.example")
        .with("SEKISHO__SERVER__DRAIN_TIMEOUT_MS", "200");
    on_every_database(wanted, async |deployment| {
        let app = &deployment.app;
        let reference = deployment.cardholder(&serde_json::json!({})).await;
        let holder = app.store.cardholder_key(&reference).await.unwrap().unwrap().0;
        let notice = super::mail::pending(app);
        let mut letters = Vec::new();
        for _ in 0..6 {
            let letter = outbox::pending_notice_mail(app, holder, &notice);
            put(app, &letter).await;
            letters.push(letter.id);
        }
        let other = message(app, "auth_1");
        put(app, &other).await;

        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let twin = deployment.twin(21).await.0;
        let serving = tokio::spawn(sekisho::service::serve(twin, listener, async move {
            let _ = ended.await;
        }));
        let other_is_through = async {
            while row(app, other.id).await.state != OutboxState::Dead {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), other_is_through).await.expect("the other kind goes on");
        let mut sending = 0;
        for letter in &letters {
            let found = row(app, *letter).await;
            assert!(matches!(found.state, OutboxState::Sending | OutboxState::Waiting), "{found:?}");
            sending += u32::from(found.state == OutboxState::Sending);
        }
        assert!(sending <= OutboxKind::PendingNoticeMail.schedule().places, "{sending} are under way");
        end.send(()).unwrap();
        serving.await.unwrap().unwrap();
    })
    .await;
}

#[test]
fn dead_messages_are_listed_and_sent_again_from_the_command_line() {
    for deployment in process::Deployment::on_every_database() {
        deployment.fine(&["merchant", "list"]);
        for (number, state) in [(1, "dead"), (2, "waiting"), (3, "done")] {
            let id = format!("'0000000000000000000000000000000{number}'");
            let id = if deployment.is_on_a_server() { id } else { format!("x{id}") };
            deployment.sql(&format!(
                "INSERT INTO outbox (id, kind, subject, body, state, attempts, due_at, reason, created_at) VALUES \
                 ({id}, 'receipt_mail', 'rcpt_{number}', '{{}}', '{state}', 3, 1795000000000000, 'refused_550', 1)"
            ));
        }
        let dead = "out_00000000000000000000000000000001";
        let all = deployment.fine(&["outbox", "list"]);
        assert_eq!(all.lines().count(), 2, "{all}");
        let listed = deployment.fine(&["outbox", "list", "--dead", "--kind", "receipt_mail"]);
        assert_eq!(listed, format!("{dead}  receipt_mail         dead     about rcpt_1  tries 3  last: refused_550\n"));
        assert_eq!(deployment.fine(&["outbox", "list", "--kind", "erasure"]), "");
        assert_eq!(deployment.run(&["outbox", "list", "--kind", "letter"]).code, 2);
        assert_eq!(deployment.run(&["outbox", "replay"]).code, 2);

        let refused = deployment.run(&["outbox", "replay", "out_00000000000000000000000000000002"]);
        assert!(refused.code == 1 && refused.err.contains("hint:"), "{refused:?}");
        assert_eq!(deployment.fine(&["outbox", "replay", dead]), format!("{dead} is tried again\n"));
        assert_eq!(deployment.fine(&["outbox", "replay", "--dead"]), "");
        assert_eq!(deployment.fine(&["outbox", "list", "--dead"]), "");
        assert_eq!(deployment.count("SELECT COUNT(*) FROM audit_entries WHERE action = 'outbox.replay'"), 1);
    }
}
