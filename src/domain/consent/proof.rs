//! The proof: a person's line, checked from its rows alone.
//!
//! Knows what must hold of a line and says the first thing that does not. Knows neither database nor file: rows are fed to
//! it one by one, in the order of their sequences.

mod totals;
mod violation;

pub use totals::{Percentiles, Totals};
pub use violation::{Fault, Violation};

use serde::{Deserialize, Serialize};

use super::chain::RowHash;
use super::line::{ConsentEvent, Disclosure, DisclosureState, LineEntry, LineRow, Place};
use super::standing::{Objection, Permit, Sending, Standing};
use super::{Basis, ConsentAction, ConsentState, Purpose};
use crate::domain::clock::{Micros, rfc3339};
use crate::domain::id::CardholderId;

/// Where a line begins whose older rows were deleted in the end: the last of them, and where the person stood after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineStart {
    /// The number of the last row that was deleted.
    pub sequence: i64,
    /// Its hash.
    pub hash: RowHash,
    /// Where the person stood after it.
    pub standing: Standing,
    /// When the rows were deleted.
    #[serde(with = "rfc3339")]
    pub pruned_at: Micros,
}

/// Where a line ends, by the person's own row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineHead {
    /// Whose line.
    pub cardholder_id: CardholderId,
    /// The number of the last row.
    pub sequence: i64,
    /// Its hash.
    pub hash: RowHash,
}

/// One line as far as it has been checked.
#[derive(Clone, Debug)]
pub struct LineCheck {
    cardholder: CardholderId,
    sequence: i64,
    hash: RowHash,
    standing: Standing,
}

impl LineCheck {
    /// Before the first row of a person's line; after `start` where older rows were deleted.
    pub fn begin(cardholder: CardholderId, start: Option<&LineStart>) -> Self {
        match start {
            None => Self { cardholder, sequence: 0, hash: RowHash::NONE, standing: Standing::default() },
            Some(start) => {
                Self { cardholder, sequence: start.sequence, hash: start.hash, standing: start.standing.clone() }
            }
        }
    }

    /// The number of the last row that was checked.
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// The hash of the last row that was checked.
    pub fn hash(&self) -> RowHash {
        self.hash
    }

    /// Where the person stands after the last row that was checked.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Checks the next row and counts it.
    ///
    /// # Errors
    /// [`Violation`]: what is wrong with it. The check is of no use afterwards.
    pub fn add(&mut self, row: &LineRow, totals: &mut Totals) -> Result<(), Violation> {
        self.check_place(row)?;
        self.sequence = row.sequence;
        self.hash = row.hash;
        match &row.entry {
            LineEntry::Event(event) => {
                if row.settlement.is_some() {
                    return Err(self.violation(Fault::EventSettled));
                }
                self.check_event(event)?;
                totals.event(event);
            }
            LineEntry::Disclosure(disclosure) => {
                self.check_disclosure(disclosure)?;
                totals.disclosure(disclosure, row.settlement.as_ref());
            }
        }
        Ok(())
    }

    /// Checks that nothing is missing at the end, and counts the person.
    ///
    /// # Errors
    /// [`Violation`].
    pub fn end(&self, head: &LineHead, totals: &mut Totals) -> Result<(), Violation> {
        if self.sequence != head.sequence {
            return Err(self.violation(Fault::Truncated { head: head.sequence }));
        }
        if self.hash != head.hash {
            return Err(self.violation(Fault::OtherEnd));
        }
        totals.person();
        Ok(())
    }

    fn check_place(&self, row: &LineRow) -> Result<(), Violation> {
        let at = |fault| Violation { cardholder: self.cardholder, sequence: row.sequence, fault };
        if row.entry.cardholder_id() != self.cardholder {
            return Err(at(Fault::OtherPerson));
        }
        let expected = self.sequence.saturating_add(1);
        if row.sequence != expected {
            return Err(at(if row.sequence < expected { Fault::Twice } else { Fault::Gap { expected } }));
        }
        if row.previous_hash != self.hash {
            return Err(at(Fault::OtherPrevious));
        }
        let place = Place { sequence: row.sequence, previous_hash: row.previous_hash.bytes().to_vec() };
        if RowHash::of(row.entry.hash(&place)) == row.hash { Ok(()) } else { Err(at(Fault::OtherHash)) }
    }

    fn check_event(&mut self, event: &ConsentEvent) -> Result<(), Violation> {
        self.standing = if event.hash_version == 1 {
            first_version(event)
        } else {
            std::mem::take(&mut self.standing).after(&event.step())
        };
        let follows = self.standing.general();
        if event.state == follows {
            return Ok(());
        }
        Err(self.violation(Fault::OtherState { recorded: event.state, follows }))
    }

    /// What stands as `intended` had to be permitted, however it ended: how it ended is not in the chain of hashes.
    fn check_disclosure(&self, row: &Disclosure) -> Result<(), Violation> {
        if row.purpose == Purpose::Erase || row.state == DisclosureState::NotSent {
            return Ok(());
        }
        let Some(basis) = Basis::parse(&row.basis) else {
            return Err(self.violation(Fault::UnknownBasis));
        };
        let sending = Sending {
            card: row.card_id,
            purpose: row.purpose,
            recipient: Some(&row.recipient),
            basis,
            reuses: row.recipient_reuses,
        };
        let state = if row.hash_version == 1 { self.standing.general() } else { self.standing.towards(sending).0 };
        if state != ConsentState::Permitted {
            let (disclosure, recipient) = (row.id, row.recipient.clone());
            return Err(self.violation(Fault::NotPermitted { disclosure, recipient, state }));
        }
        if self.standing.permits.iter().any(|permit| permit.event == row.consent_event_id) {
            return Ok(());
        }
        Err(self.violation(Fault::ReliesOnNothing { disclosure: row.id, event: row.consent_event_id }))
    }

    fn violation(&self, fault: Fault) -> Violation {
        Violation { cardholder: self.cardholder, sequence: self.sequence, fault }
    }
}

/// Where a person stood after an event of the first version: by that one event alone, for there were no scopes.
fn first_version(event: &ConsentEvent) -> Standing {
    let (id, coverage) = (event.id, event.coverage.clone());
    match event.action {
        ConsentAction::Notify | ConsentAction::Grant | ConsentAction::Resume => {
            let basis = event.basis.unwrap_or(Basis::Notice);
            Standing { permits: vec![Permit { event: id, basis, coverage }], objections: Vec::new() }
        }
        ConsentAction::Object => {
            let objection = Objection { event: id, pending: false, coverage };
            Standing { permits: Vec::new(), objections: vec![objection] }
        }
        ConsentAction::Withdraw | ConsentAction::Correct | ConsentAction::Expire | ConsentAction::Import => {
            Standing::default()
        }
    }
}

#[cfg(test)]
mod tests;
