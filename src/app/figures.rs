//! What this process counted about decisions since it last wrote that down. A process that dies takes a second of it along:
//! these are figures to watch a change by, the records are elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::bundles::InUse;
use crate::domain::bundle::BundleMode;
use crate::domain::clock::Micros;
use crate::domain::policy_figure::{FigureKind, FigureSpan, PolicyFigure};
use crate::domain::verdict::Verdict;

/// While the database is away, so many different counts are kept at most.
const KEYS_MAX: usize = 100_000;

/// What a count is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    minute: Micros,
    /// Since when the bundle has been in use; none for one that is not any more.
    since: Option<Micros>,
    digest: String,
    mode: BundleMode,
    kind: FigureKind,
    word: String,
}

/// Counts that are not written down yet.
#[derive(Debug, Default)]
pub struct Figures(Mutex<BTreeMap<Key, i64>>);

/// What was taken to be written down.
#[derive(Debug, Default)]
pub struct Taken(BTreeMap<Key, i64>);

impl Figures {
    /// Counts a decision; `provider` is what the analysis company said or why it was not heard.
    pub fn decided(&self, used: &InUse, now: Micros, verdict: &Verdict, provider: &str) {
        self.add(used, now, counted(verdict, provider));
    }

    /// Counts a decision of a time at which nobody was there to count it.
    pub fn decided_then(&self, at: Micros, verdict: &Verdict, provider: &str) {
        self.put(None, &verdict.bundle_digest, BundleMode::Live, at, counted(verdict, provider));
    }

    /// Counts things about a bundle in use.
    pub fn add(&self, used: &InUse, now: Micros, counted: impl IntoIterator<Item = (FigureKind, String)>) {
        self.put(Some(used.since), used.digest(), used.mode, now, counted);
    }

    /// Counts something that a bundle began which is not in use any more.
    pub fn add_late(&self, digest: &str, now: Micros, kind: FigureKind, word: &str) {
        self.put(None, digest, BundleMode::Live, now, [(kind, word.to_owned())]);
    }

    fn put(
        &self,
        since: Option<Micros>,
        digest: &str,
        mode: BundleMode,
        now: Micros,
        counted: impl IntoIterator<Item = (FigureKind, String)>,
    ) {
        let minute = FigureSpan::Minute.begin(now);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, word) in counted {
            let key = Key { minute, since, digest: digest.to_owned(), mode, kind, word };
            add(&mut counts, key, 1);
        }
    }

    /// Everything counted since the last call.
    pub fn take(&self) -> Taken {
        Taken(std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Puts back what could not be written down.
    pub fn put_back(&self, taken: Taken) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, count) in taken.0 {
            add(&mut counts, key, count);
        }
    }
}

/// What is counted of one decision.
fn counted(verdict: &Verdict, provider: &str) -> Vec<(FigureKind, String)> {
    let words = |kind, words: &[String]| words.iter().map(move |word| (kind, word.clone())).collect::<Vec<_>>();
    let mut counted =
        vec![(FigureKind::Outcome, verdict.outcome.as_str().to_owned()), (FigureKind::Provider, provider.to_owned())];
    counted.extend(words(FigureKind::Rule, &verdict.policies));
    counted.extend(words(FigureKind::Reason, &verdict.reasons));
    counted.extend(verdict.methods.iter().map(|method| (FigureKind::Method, method.as_str().to_owned())));
    counted.extend(verdict.errors.iter().map(|error| (FigureKind::Error, error.policy.clone())));
    counted
}

fn add(counts: &mut BTreeMap<Key, i64>, key: Key, count: i64) {
    if counts.len() < KEYS_MAX || counts.contains_key(&key) {
        *counts.entry(key).or_default() += count;
    }
}

/// Where a count is added: span and beginning, then what is counted.
type Place<'a> = (FigureSpan, Micros, &'a str, BundleMode, FigureKind, &'a str);

impl Taken {
    /// The rows that it adds to, in the one order in which every instance adds.
    pub fn rows(&self) -> Vec<PolicyFigure> {
        let mut rows: BTreeMap<Place<'_>, i64> = BTreeMap::new();
        for (key, count) in &self.0 {
            for (span, bucket) in buckets(key) {
                *rows.entry((span, bucket, &key.digest, key.mode, key.kind, &key.word)).or_default() += count;
            }
        }
        let row = |((span, bucket, digest, mode, kind, word), count): (Place<'_>, i64)| PolicyFigure {
            span,
            bucket,
            digest: digest.to_owned(),
            mode,
            kind,
            word: word.to_owned(),
            count,
        };
        rows.into_iter().map(row).collect()
    }
}

/// What is looked at by the minute is counted so; rules, reasons and methods by the hour are enough.
fn buckets(key: &Key) -> impl Iterator<Item = (FigureSpan, Micros)> {
    let by_minute = !matches!(key.kind, FigureKind::Rule | FigureKind::Reason | FigureKind::Method);
    let minute = by_minute.then_some((FigureSpan::Minute, key.minute));
    let since = key.since.filter(|_| by_minute).map(|since| (FigureSpan::Activation, since));
    [minute, Some((FigureSpan::Hour, FigureSpan::Hour.begin(key.minute))), since].into_iter().flatten()
}
