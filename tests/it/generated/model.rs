//! What people have forbidden, in the simplest words: the model that the service is held against.

use sekisho::domain::consent::Purpose;

/// What an objection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Everything,
    /// Everything, by somebody who could not show who she is.
    Unchecked,
    FirstCard,
    Assess,
    Feedback,
    /// The company's own use for others; the company of the tests does that.
    Reuse,
    Recipient,
}

impl Scope {
    pub(crate) const ALL: [Self; 7] = [
        Self::Everything,
        Self::Unchecked,
        Self::FirstCard,
        Self::Assess,
        Self::Feedback,
        Self::Reuse,
        Self::Recipient,
    ];

    fn forbids(self, card: usize, purpose: Purpose) -> bool {
        match self {
            Self::Everything | Self::Unchecked | Self::Reuse | Self::Recipient => true,
            Self::FirstCard => card == 0,
            Self::Assess => purpose == Purpose::Assess,
            Self::Feedback => purpose == Purpose::Feedback,
        }
    }
}

/// One person's wishes.
#[derive(Debug, Default)]
pub(crate) struct Wishes(Vec<Scope>);

impl Wishes {
    pub(crate) fn object(&mut self, scope: Scope) {
        self.0.push(scope);
    }

    pub(crate) fn resume(&mut self) {
        self.0.clear();
    }

    /// Whether something about this card of hers may be sent.
    pub(crate) fn permit(&self, card: usize, purpose: Purpose) -> bool {
        !self.0.iter().any(|scope| scope.forbids(card, purpose))
    }
}
