//! Where a person stands: what her events come to. Pure; the events themselves are kept elsewhere.
//!
//! Permits and objections are kept apart. An objection stands until a resumption that includes all of it, so that where
//! scopes conflict the most protective one wins; a permit never removes an objection.

use serde::{Deserialize, Serialize};

use super::coverage::Coverage;
use super::{Basis, ConsentAction, ConsentState, Purpose};
use crate::domain::id::{CardId, ConsentEventId};

/// So many objections with a scope of their own may stand at once.
pub const MAX_OBJECTIONS: usize = 32;

/// What a person's events come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// What permits sharing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permits: Vec<Permit>,
    /// What forbids it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<Objection>,
}

/// An event that permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permit {
    /// The event.
    pub event: ConsentEventId,
    /// On what it stands.
    pub basis: Basis,
    /// About what.
    #[serde(default, skip_serializing_if = "Coverage::is_everything")]
    pub coverage: Coverage,
}

/// An event that forbids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// The event.
    pub event: ConsentEventId,
    /// Whether the person's identity is still being checked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// About what.
    #[serde(default, skip_serializing_if = "Coverage::is_everything")]
    pub coverage: Coverage,
}

/// What of an event changes where the person stands.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The event.
    pub event: ConsentEventId,
    /// What it does.
    pub action: ConsentAction,
    /// Whether the person's identity is still to be checked.
    pub pending: bool,
    /// The basis that it brings.
    pub basis: Option<Basis>,
    /// About what.
    pub coverage: &'a Coverage,
}

/// One sending, as consent sees it.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    /// The card; none where it is not known.
    pub card: Option<CardId>,
    /// What for.
    pub purpose: Purpose,
    /// To whom; none where there is nobody.
    pub recipient: Option<&'a str>,
    /// The basis on which that recipient works.
    pub basis: Basis,
    /// Whether it uses what it gets for others too.
    pub reuses: bool,
}

impl Standing {
    /// Where the person stands after one more event.
    #[must_use]
    pub fn after(mut self, step: &Step<'_>) -> Self {
        match step.action {
            ConsentAction::Notify | ConsentAction::Grant | ConsentAction::Import => self.permit(step),
            ConsentAction::Object => self.object(step),
            ConsentAction::Withdraw => {
                self.permits
                    .retain(|permit| permit.basis != Basis::Consent || !step.coverage.includes(&permit.coverage));
                self.object(step);
            }
            ConsentAction::Resume => {
                self.objections.retain(|objection| !step.coverage.includes(&objection.coverage));
                self.permit(step);
            }
            ConsentAction::Expire => {
                self.permits
                    .retain(|permit| permit.basis != Basis::Consent || !step.coverage.includes(&permit.coverage));
            }
            ConsentAction::Correct => {}
        }
        self
    }

    fn permit(&mut self, step: &Step<'_>) {
        let Some(basis) = step.basis else { return };
        let known = |permit: &Permit| permit.basis == basis && permit.coverage.includes(step.coverage);
        if !self.permits.iter().any(known) {
            self.permits.retain(|permit| permit.basis != basis || !step.coverage.includes(&permit.coverage));
            self.permits.push(Permit { event: step.event, basis, coverage: step.coverage.clone() });
        }
    }

    /// A checked objection takes the place of those that it includes; one that is still to be checked never does.
    fn object(&mut self, step: &Step<'_>) {
        let stronger = |objection: &Objection| !objection.pending || step.pending;
        if self.objections.iter().any(|objection| stronger(objection) && objection.coverage.includes(step.coverage)) {
            return;
        }
        self.objections.retain(|objection| {
            let weaker = objection.pending || !step.pending;
            !(weaker && step.coverage.includes(&objection.coverage))
        });
        let coverage = step.coverage.clone();
        self.objections.push(Objection { event: step.event, pending: step.pending, coverage });
    }

    /// Where the person stands as a whole: what the gate looks at first. `permitted` says only that something may be
    /// permitted; [`Self::towards`] says whether one sending is.
    pub fn general(&self) -> ConsentState {
        let whole = self.objections.iter().filter(|objection| objection.coverage.is_everything());
        match whole.map(|objection| objection.pending).min() {
            Some(false) => ConsentState::OptedOut,
            Some(true) => ConsentState::Pending,
            None if self.permits.is_empty() => ConsentState::Unknown,
            None => ConsentState::Permitted,
        }
    }

    /// Whether one sending is permitted, and the event that it relies on or fails by.
    pub fn towards(&self, sending: Sending<'_>) -> (ConsentState, Option<ConsentEventId>) {
        let mut purposes = vec![sending.purpose];
        if sending.reuses && sending.purpose != Purpose::Erase {
            purposes.push(Purpose::Reuse);
        }
        let forbids = |objection: &&Objection| {
            purposes.iter().any(|purpose| objection.coverage.covers(sending.card, *purpose, sending.recipient))
        };
        let against = self.objections.iter().filter(forbids).min_by_key(|objection| objection.pending);
        if let Some(objection) = against {
            let state = if objection.pending { ConsentState::Pending } else { ConsentState::OptedOut };
            return (state, Some(objection.event));
        }
        let mut permits =
            self.permits.iter().filter(|permit| sending.basis == Basis::Notice || permit.basis == Basis::Consent);
        let permit = permits.find(|permit| {
            purposes.iter().all(|purpose| permit.coverage.covers(sending.card, *purpose, sending.recipient))
        });
        permit.map_or((ConsentState::Unknown, None), |permit| (ConsentState::Permitted, Some(permit.event)))
    }

    /// Whether one more objection with a scope of its own can be taken up.
    pub fn has_room(&self) -> bool {
        self.objections.len() < MAX_OBJECTIONS
    }
}

#[cfg(test)]
mod tests;
