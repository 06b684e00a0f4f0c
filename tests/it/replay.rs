//! Replay over recorded purchases: its sums are those of deciding one by one, it can be stopped and taken up again, and it
//! leaves out what it cannot read.

use std::sync::Arc;

use sekisho::app::App;
use sekisho::domain::authentication::Authentication;
use sekisho::domain::facts::Facts;
use sekisho::domain::id::{AuthenticationId, MerchantId};
use sekisho::domain::label::Label;
use sekisho::domain::replay::{Course, Matrix};
use sekisho::domain::verdict::Verdict;
use sekisho::flow::replay::{
    Change, Listener, Progress, ReplayError, SAMPLE_WHOLE, Selection, pinned, remaining, replay,
};
use sekisho::policy::{Bundle, decide};
use sekisho::store::sandbox::Batch;
use tokio_util::sync::CancellationToken;

use crate::support::database::OwnDatabase;
use crate::support::made_up::{edited, in_every_sandbox, small};

const ALL: Selection = Selection { from: None, to: None, merchant: None, sample: SAMPLE_WHOLE, ask_all: false };

/// Notes every change, and asks for an end after so many pages.
#[derive(Default)]
struct Notes {
    changes: Vec<Change>,
    pages: usize,
    stop_after: Option<(usize, CancellationToken)>,
}

impl Listener for Notes {
    fn page(&mut self, changes: &[Change], _: &Progress) -> std::io::Result<()> {
        self.changes.extend_from_slice(changes);
        self.pages += 1;
        if let Some((pages, stop)) = &self.stop_after
            && self.pages >= *pages
        {
            stop.cancel();
        }
        Ok(())
    }
}

async fn run(app: &Arc<App>, new: &Arc<Bundle>, selection: &Selection) -> (Progress, Notes) {
    let (mut progress, mut notes) = (Progress::default(), Notes::default());
    let stop = CancellationToken::new();
    let finished = replay(app, Arc::clone(new), selection, &mut progress, &mut notes, &stop).await.unwrap();
    assert!(finished);
    (progress, notes)
}

/// Every recorded decision, decided once more one by one.
async fn one_by_one(database: &OwnDatabase, new: &Bundle) -> Matrix {
    let tables = database.connect().await;
    let mut sums = Matrix::default();
    for row in tables.rows("SELECT facts, verdict FROM authentications", Vec::new()).await {
        let facts: Facts = serde_json::from_str(&row.try_get::<String>("", "facts").unwrap()).unwrap();
        let verdict: Verdict = serde_json::from_str(&row.try_get::<String>("", "verdict").unwrap()).unwrap();
        let money = facts.purchase.amount_base_minor.unwrap();
        sums.add(Course::of(&verdict), Course::of(&decide(new, &facts)), money);
    }
    sums
}

fn stricter() -> Arc<Bundle> {
    Arc::new(edited("approve/unknown-device.cedar", "30000", "3000"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sums_are_those_of_deciding_one_by_one_with_the_shortcut_and_without() {
    in_every_sandbox(small(250, 5), async |app, database, made| {
        let new = stricter();
        let expected = one_by_one(database, &new).await;
        assert!(expected.changed().count > 10, "the edit changes something");
        let (quick, notes) = run(app, &new, &ALL).await;
        let (whole, _) = run(app, &new, &Selection { ask_all: true, ..ALL }).await;
        assert_eq!(quick.tally.courses, expected);
        assert_eq!(quick.tally.read, made.decisions as u64);
        assert!(quick.tally.untouched > whole.tally.untouched && whole.tally.untouched == 0);
        let mut without = quick.tally.clone();
        without.untouched = 0;
        assert_eq!(without, whole.tally, "the shortcut changes nothing");

        assert!(made.decisions > 2_000, "several pages: {made:?}");
        assert_eq!(notes.changes.len() as u64, expected.changed().count);
        assert!(notes.changes.is_sorted_by_key(|change| change.id));
        assert!(notes.changes.iter().all(|change| change.added.contains(&"unknown-device".to_owned())));
        let by_merchant: u64 = quick.tally.merchants.values().map(|sums| sums.total().count).sum();
        let by_hour: u64 = quick.tally.hours.values().map(|sums| sums.total().count).sum();
        let labelled: u64 = quick.tally.labels.values().map(|sums| sums.total().count).sum();
        assert_eq!([by_merchant, by_hour, labelled], [made.decisions as u64; 3]);
        let fraud = &quick.tally.labels[&Label::Fraud];
        assert!(fraud.after(Course::Approve).count <= fraud.before(Course::Approve).count);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_is_taken_up_again_with_the_same_sums() {
    in_every_sandbox(small(250, 5), async |app, _, _| {
        let new = stricter();
        let (whole, all) = run(app, &new, &ALL).await;
        let (mut progress, stop) = (Progress::default(), CancellationToken::new());
        let mut notes = Notes { stop_after: Some((1, stop.clone())), ..Notes::default() };
        stop.cancel();
        let finished = replay(app, Arc::clone(&new), &ALL, &mut progress, &mut notes, &stop).await.unwrap();
        assert!(!finished && progress.tally.read == 0, "stopped before it began");

        // Each round reads on behind what was kept, as text, and is asked to end after its first page.
        let mut changes = Vec::new();
        for round in 0.. {
            assert!(round < 20, "it never comes to its end");
            let kept = serde_json::to_string(&progress).unwrap();
            progress = serde_json::from_str(&kept).unwrap();
            let left = remaining(app, &ALL, &progress).await.unwrap();
            assert_eq!(left, whole.tally.read - progress.tally.read);
            let stop = CancellationToken::new();
            let mut notes = Notes { stop_after: Some((1, stop.clone())), ..Notes::default() };
            let finished = replay(app, Arc::clone(&new), &ALL, &mut progress, &mut notes, &stop).await.unwrap();
            changes.extend(notes.changes);
            if finished && left == 0 {
                break;
            }
        }
        assert_eq!(progress, whole);
        assert_eq!(changes, all.changes);
    })
    .await;
}

/// Fails at its first page.
struct Broken;

impl Listener for Broken {
    fn page(&mut self, _: &[Change], _: &Progress) -> std::io::Result<()> {
        Err(std::io::Error::other("the disk is full"))
    }
}

/// So many copies of the newest record, each one later than the one before; without facts.
async fn copies(app: &App, count: u128) -> Batch {
    let newest = app.store.newest_recorded().await.unwrap().unwrap();
    let record = app.store.any_authentication(newest).await.unwrap().unwrap();
    let copy = |number: u128| {
        let id = AuthenticationId::from_uuid(uuid::Uuid::from_u128(newest.uuid().as_u128() + (number << 80)));
        Authentication { id, facts: None, ..record.clone() }
    };
    Batch { authentications: (1..=count).map(copy).collect(), ..Batch::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_what_it_finds_cannot_be_noted_however_much_is_left() {
    in_every_sandbox(small(10, 1), async |app, _, _| {
        // More pages than may wait in any queue.
        app.store.fill_sandbox(copies(app, 15_000).await, "tests", app.now()).await.unwrap();
        let (mut progress, stop) = (Progress::default(), CancellationToken::new());
        let mut broken = Broken;
        let run = replay(app, stricter(), &ALL, &mut progress, &mut broken, &stop);
        let ended = tokio::time::timeout(std::time::Duration::from_mins(1), run).await.expect("it hangs");
        assert!(matches!(ended, Err(ReplayError::Listener(_))), "{ended:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_an_end_does_not_chase_what_is_recorded_meanwhile() {
    in_every_sandbox(small(10, 1), async |app, _, made| {
        let selection = pinned(app, &ALL).await.unwrap();
        let early = Selection { to: Some(sekisho::domain::clock::Micros(1)), ..ALL };
        assert_eq!(pinned(app, &early).await.unwrap(), early, "an earlier end stays");
        app.store.fill_sandbox(copies(app, 3).await, "tests", app.now()).await.unwrap();
        let tally = run(app, &stricter(), &selection).await.0.tally;
        assert_eq!(tally.read, made.decisions as u64);
        assert_eq!(run(app, &stricter(), &ALL).await.0.tally.read, made.decisions as u64 + 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_takes_what_it_says_and_a_sample_is_always_the_same() {
    in_every_sandbox(small(100, 4), async |app, database, made| {
        let new = stricter();
        let tables = database.connect().await;
        let (merchant, count): (uuid::Uuid, i64) = {
            let sql =
                "SELECT merchant_id, COUNT(*) AS n FROM authentications GROUP BY merchant_id ORDER BY n DESC LIMIT 1";
            let row = tables.rows(sql, Vec::new()).await.remove(0);
            (row.try_get("", "merchant_id").unwrap(), row.try_get("", "n").unwrap())
        };
        let of_merchant = Selection { merchant: Some(MerchantId::from_uuid(merchant)), ..ALL };
        assert_eq!(run(app, &new, &of_merchant).await.0.tally.read, count.unsigned_abs());

        let noon = jiff::civil::date(2026, 11, 19).at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        let noon = sekisho::domain::clock::Micros::from(noon.timestamp());
        let before = run(app, &new, &Selection { to: Some(noon), ..ALL }).await.0.tally;
        let after = run(app, &new, &Selection { from: Some(noon), ..ALL }).await.0.tally;
        assert!(before.read > 0 && after.read > 0);
        assert_eq!(before.read + after.read, made.decisions as u64);

        let sampled = Selection { sample: SAMPLE_WHOLE / 4, ..ALL };
        let (first, second) = (run(app, &new, &sampled).await, run(app, &new, &sampled).await);
        assert_eq!(first.0, second.0);
        let share = first.0.tally.read * 100 / made.decisions as u64;
        assert!((15..35).contains(&share), "{share}%");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_counted_with_the_reason_and_never_guessed() {
    in_every_sandbox(small(40, 2), async |app, database, made| {
        let tables = database.connect().await;
        let ids = tables.column::<uuid::Uuid>("SELECT id FROM authentications ORDER BY id LIMIT 6", Vec::new()).await;
        let sets = [
            "facts = NULL",
            "verdict = NULL",
            "facts = '{\"version\":2}'",
            "verdict = '[]'",
            "facts = REPLACE(facts, '\"version\":2', '\"version\":9')",
            "facts = REPLACE(facts, '\"version\":2', '\"version\":0')",
        ];
        for (set, id) in sets.iter().zip(&ids) {
            let sql = format!("UPDATE authentications SET {set} WHERE id = $1");
            assert_eq!(tables.run(&sql, vec![(*id).into()]).await, Ok(1));
        }
        // One more is of a bundle that nobody has: all of its questions are asked.
        let unknown = "UPDATE authentications SET bundle_digest = $1 WHERE id = \
                       (SELECT id FROM authentications ORDER BY id LIMIT 1 OFFSET 6)";
        assert_eq!(tables.run(unknown, vec!["0".repeat(64).into()]).await, Ok(1));
        let tally = run(app, &stricter(), &ALL).await.0.tally;
        let reasons: Vec<(&str, u64)> = tally.skipped.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        assert_eq!(
            reasons,
            [
                ("facts_missing", 1),
                ("facts_too_new", 1),
                ("facts_too_old", 1),
                ("facts_unreadable", 1),
                ("verdict_missing", 1),
                ("verdict_unreadable", 1),
            ]
        );
        assert_eq!(tally.unknown_bundle, 1);
        assert_eq!(tally.replayed() + 6, made.decisions as u64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reference_data_of_the_new_bundle_apply() {
    in_every_sandbox(small(60, 3), async |app, _, _| {
        let eligible = "authentication_eligible = true\n\n[[programme]]\nid = \"gold\"";
        let new = Arc::new(edited(
            "reference/programmes.toml",
            eligible,
            "authentication_eligible = false\n\n[[programme]]\nid = \"gold\"",
        ));
        let tally = run(app, &new, &ALL).await.0.tally;
        let classic = &tally.programmes["classic"];
        assert!(classic.total().count > 0);
        assert_eq!(classic.after(Course::NotEligible), classic.total());
        assert_eq!(tally.programmes["gold"].changed().count, 0);
    })
    .await;
}
