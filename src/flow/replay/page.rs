//! One page of records: parsed, decided once more, summed up. Pure.

use super::ways::ByDigest;
use crate::domain::clock::Micros;
use crate::domain::facts::Facts;
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::domain::label::Label;
use crate::domain::money::Money;
use crate::domain::replay::{Course, Tally};
use crate::domain::verdict::Verdict;
use crate::policy::Bundle;
use crate::policy::replay::{Redecided, Replayed, Sharing};
use crate::store::recorded::RecordedDecision;

/// Records on their way to a thread.
pub(super) struct Page {
    pub(super) number: u64,
    /// Records that were read for it, in the sample or not.
    pub(super) passed: u64,
    pub(super) records: Vec<RecordedDecision>,
    pub(super) ways: ByDigest,
    /// The last record that was read for it, in the sample or not.
    pub(super) last: AuthenticationId,
    pub(super) reached: Micros,
}

/// What came of a page.
pub(super) struct Done {
    pub(super) number: u64,
    pub(super) passed: u64,
    pub(super) tally: Tally,
    pub(super) changes: Vec<Change>,
    pub(super) last: AuthenticationId,
    pub(super) reached: Micros,
}

/// A decision that goes elsewhere under the new bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which one.
    pub id: AuthenticationId,
    /// When it was asked for.
    pub created_at: Micros,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// The card's programme.
    pub programme: String,
    /// The amount.
    pub money: Money,
    /// The amount in minor units of the base currency; none without a rate.
    pub base_minor: Option<i64>,
    /// Where it went.
    pub from: Course,
    /// Where it goes.
    pub to: Course,
    /// Where it goes at the company's best and worst answer, when that matters.
    pub between: Option<[Course; 2]>,
    /// The rules that determine it now and did not before.
    pub added: Vec<String>,
    /// The rules that determined it and do not any more.
    pub removed: Vec<String>,
    /// What it turned out to be.
    pub label: Option<Label>,
}

/// Decides a page once more.
pub(super) fn work(new: &Bundle, recipients: &[String], page: Page) -> Done {
    let Page { number, passed, records, ways, last, reached } = page;
    let (mut tally, mut changes) = (Tally::default(), Vec::new());
    for record in records {
        tally.read += 1;
        match again(new, recipients, &ways, &record, &mut tally) {
            Ok((facts, verdict, replayed)) => {
                changes.extend(note(&mut tally, &record, &facts, &verdict, replayed));
            }
            Err(reason) => tally.skip(&reason),
        }
    }
    Done { number, passed, tally, changes, last, reached }
}

/// One record once more, or why it cannot be.
fn again(
    new: &Bundle,
    recipients: &[String],
    ways: &ByDigest,
    record: &RecordedDecision,
    tally: &mut Tally,
) -> Result<(Facts, Verdict, Replayed), String> {
    let missing = |what: &str| format!("{what}_missing");
    let facts = record.facts.as_deref().ok_or_else(|| missing("facts"))?;
    let verdict = record.verdict.as_deref().ok_or_else(|| missing("verdict"))?;
    let mut facts: Facts = Facts::of_record(facts).map_err(|_| "facts_unreadable".to_owned())?;
    let verdict: Verdict = serde_json::from_str(verdict).map_err(|_| "verdict_unreadable".to_owned())?;
    let way = ways.get(&record.bundle_digest).ok_or_else(|| missing("bundle"))?;
    let replay = way.replay.as_ref().map_err(ToString::to_string)?;
    let replayed = replay.decide(new, recipients, &mut facts, &verdict).map_err(|error| error.to_string())?;
    tally.unknown_bundle += u64::from(!way.known);
    Ok((facts, verdict, replayed))
}

/// Counts one decision; answers it when it goes elsewhere.
fn note(
    tally: &mut Tally,
    record: &RecordedDecision,
    facts: &Facts,
    before: &Verdict,
    replayed: Replayed,
) -> Option<Change> {
    tally.untouched += u64::from(replayed.answer == Redecided::Stands);
    tally.no_longer_asked += u64::from(replayed.sharing == Sharing::NoLonger);
    tally.newly_asked += u64::from(replayed.sharing == Sharing::Newly);
    tally.not_converted += u64::from(facts.purchase.amount_base_minor.is_none());
    let money = facts.purchase.amount_base_minor.unwrap_or(0);
    let from = Course::of(before);
    let (to, after, between) = match replayed.answer {
        Redecided::Stands => (from, None, None),
        Redecided::Decided(verdict) => (Course::of(&verdict), Some(verdict), None),
        Redecided::NotEligible => (Course::NotEligible, None, None),
        Redecided::Undetermined { best, worst } => {
            let between = [Course::of(&best), Course::of(&worst)];
            tally.at_best.add(from, between[0], money);
            tally.at_worst.add(from, between[1], money);
            (Course::Undetermined, None, Some(between))
        }
    };
    count(tally, record, facts, (from, to), money);
    if from == to {
        return None;
    }
    let only = |of: &[String], other: &[String]| -> Vec<String> {
        of.iter().filter(|rule| !other.contains(rule)).cloned().collect()
    };
    // Without a verdict of the new bundle nobody can say which rules make the difference.
    let (added, removed) = after.map_or_else(
        || (Vec::new(), Vec::new()),
        |verdict| (only(&verdict.policies, &before.policies), only(&before.policies, &verdict.policies)),
    );
    for rule in &added {
        tally.rules.entry(rule.clone()).or_default().added.add(money);
    }
    for rule in &removed {
        tally.rules.entry(rule.clone()).or_default().removed.add(money);
    }
    Some(Change {
        id: record.id,
        created_at: record.created_at,
        merchant_id: record.merchant_id,
        programme: facts.card.programme.clone(),
        money: record.money,
        base_minor: facts.purchase.amount_base_minor,
        from,
        to,
        between,
        added,
        removed,
        label: record.label.as_ref().map(|(label, _)| *label),
    })
}

fn count(tally: &mut Tally, record: &RecordedDecision, facts: &Facts, (from, to): (Course, Course), money: i64) {
    tally.courses.add(from, to, money);
    tally.merchants.entry(record.merchant_id.to_string()).or_default().add(from, to, money);
    tally.programmes.entry(facts.card.programme.clone()).or_default().add(from, to, money);
    tally.hours.entry(facts.local_hour).or_default().add(from, to, money);
    let Some((label, origin)) = &record.label else { return };
    tally.labels.entry(*label).or_default().add(from, to, money);
    if *label == Label::Fraud {
        tally.fraud(origin).add(from, to, money);
    }
}
