//! What happened, held against what was promised.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sekisho::domain::consent::Purpose;
use sekisho::domain::consent::line::{Disclosure, DisclosureState, LineEntry};
use sekisho::domain::id::AuthenticationId;

use super::fleet::Fleet;
use super::people::{Objector, Said};
use crate::support::chain;
use crate::support::company::Company;

/// One person's part of the run.
#[derive(Default)]
pub(super) struct Story {
    pub(super) purchases: u64,
    pub(super) answered: u64,
    /// Her objection; none when nobody could record it, which promises nothing.
    pub(super) said: Option<Said>,
}

/// The run as a whole.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) stories: Vec<Story>,
    pub(super) seconds: u64,
    pub(super) violations: Vec<String>,
    arrivals: usize,
    /// Requests that began after the answer, as the receipt had said that they might.
    named: usize,
    open_on_receipts: usize,
    troubles: [u64; 3],
}

impl Tally {
    /// Goes through the company's notes and every person's line.
    pub(super) fn judge(&mut self, company: &Company, objector: &Objector, fleet: &Fleet) {
        // What is still on its way must have arrived, or never will: the limit for sending is 400 ms.
        std::thread::sleep(Duration::from_secs(2));
        self.troubles = [&fleet.kills, &fleet.stops, &fleet.aborts].map(|count| count.load(Ordering::SeqCst));
        let rows = self.lines(objector);
        let arrivals = company.arrivals();
        self.arrivals = arrivals.len();
        let said: BTreeMap<_, _> =
            self.stories.iter().filter_map(|story| story.said.as_ref()).map(|said| (said.cardholder, said)).collect();
        self.open_on_receipts = said.values().map(|said| said.maybe_sent.len()).sum();
        for arrival in &arrivals {
            let about: Option<AuthenticationId> = arrival.about.parse().ok();
            let Some(row) = about.and_then(|id| rows.get(&id)) else {
                self.violations.push(format!("{arrival:?}: no row of the ledger stands for it"));
                continue;
            };
            let Some(said) = said.get(&row.cardholder_id).filter(|said| arrival.began > said.answered) else {
                continue;
            };
            if said.maybe_sent.contains(&row.id) {
                self.named += 1;
            } else {
                let late = arrival.began - said.answered;
                self.violations.push(format!(
                    "{}: {} to {} began {late:?} after the answer",
                    row.cardholder_id, row.id, arrival.path
                ));
            }
        }
    }

    /// Checks every person's line and answers the rows that may have been sent, by authentication.
    fn lines(&mut self, objector: &Objector) -> BTreeMap<AuthenticationId, Disclosure> {
        let mut rows = BTreeMap::new();
        for said in self.stories.iter().filter_map(|story| story.said.as_ref()) {
            let line = objector.run(objector.app.store.line(said.cardholder)).unwrap();
            if let Err(fault) = chain::check(said.cardholder, &line) {
                self.violations.push(format!("{}: {fault}", said.cardholder));
            }
            for row in line {
                if let LineEntry::Disclosure(row) = row.entry
                    && row.state == DisclosureState::Intended
                    && row.purpose == Purpose::Assess
                {
                    rows.insert(row.authentication_id, *row);
                }
            }
        }
        rows
    }

    /// The run in a line.
    pub(super) fn says(&self) -> String {
        let sum = |of: fn(&Story) -> u64| self.stories.iter().map(of).sum::<u64>();
        let mut took: Vec<u128> = self.stories.iter().filter_map(|story| Some(story.said.as_ref()?.took_ms)).collect();
        took.sort_unstable();
        let at = |share: usize| took.get((took.len().max(1) - 1) * share / 100).copied().unwrap_or(0);
        let [kills, stops, aborts] = self.troubles;
        format!(
            "{} objections answered in {} s (p50 {} ms, p99 {} ms, max {} ms), {} purchases ({} answered), {} requests \
             at the company, {kills} kills, {stops} stops, {aborts} aborts, {} rows named as possibly sent, {} requests \
             after the answer that were named, {} that were not",
            took.len(),
            self.seconds,
            at(50),
            at(99),
            at(100),
            sum(|story| story.purchases),
            sum(|story| story.answered),
            self.arrivals,
            self.open_on_receipts,
            self.named,
            self.violations.len()
        )
    }

    /// A race in which nobody ran shows nothing.
    pub(super) fn is_no_idle_run(&self) {
        let answered = self.stories.iter().filter(|story| story.said.is_some()).count();
        assert!(answered * 10 >= self.stories.len() * 9 && answered > 0, "{}", self.says());
        assert!(self.arrivals * 20 >= answered, "too few requests: {}", self.says());
        assert!(self.troubles.iter().sum::<u64>() > 0, "no trouble: {}", self.says());
    }
}
