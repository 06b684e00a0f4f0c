//! What can be wrong with a line, each in one sentence.

use crate::domain::consent::ConsentState;
use crate::domain::id::{CardholderId, ConsentEventId, DisclosureId};

/// The first thing that is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cardholder}, row {sequence}: {fault}")]
pub struct Violation {
    /// Whose line.
    pub cardholder: CardholderId,
    /// The number of the row.
    pub sequence: i64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The row is about somebody else.
    #[error("the row is about another person")]
    OtherPerson,
    /// Rows are missing before it.
    #[error("row {expected} is missing")]
    Gap {
        /// The number that should have come.
        expected: i64,
    },
    /// There are two rows with this number.
    #[error("the number was taken twice")]
    Twice,
    /// It does not follow the row before.
    #[error("the row names another row before it than the one that stands there")]
    OtherPrevious,
    /// Its fields are not those that it was recorded with.
    #[error("the row was changed after it was recorded: its hash does not fit its fields")]
    OtherHash,
    /// A consent event says how it was settled.
    #[error("a consent event has a settlement")]
    EventSettled,
    /// The recorded state does not follow from the events.
    #[error("the state `{}` is recorded, but `{}` follows from the events", recorded.as_str(), follows.as_str())]
    OtherState {
        /// What is recorded.
        recorded: ConsentState,
        /// What follows.
        follows: ConsentState,
    },
    /// A basis that nobody knows.
    #[error("the disclosure names a basis that does not exist")]
    UnknownBasis,
    /// Something was let out that was not permitted.
    #[error("{disclosure} to `{recipient}` was let out while the person stood at `{}`", state.as_str())]
    NotPermitted {
        /// The disclosure.
        disclosure: DisclosureId,
        /// To whom.
        recipient: String,
        /// Where the person stood towards it.
        state: ConsentState,
    },
    /// The event that it relies on permits nothing.
    #[error("{disclosure} relies on {event}, which does not stand as a permit")]
    ReliesOnNothing {
        /// The disclosure.
        disclosure: DisclosureId,
        /// The event.
        event: ConsentEventId,
    },
    /// Rows are missing at the end.
    #[error("the line ends here, but the person's row says that it goes on to row {head}")]
    Truncated {
        /// The number of the last row as the person's row says.
        head: i64,
    },
    /// The end is another one.
    #[error("the person's row names another hash for the end of the line")]
    OtherEnd,
    /// There are rows, but no person's row.
    #[error("there are rows, but the person's row is missing")]
    NoHead,
    /// There are rows beyond the end.
    #[error("the row lies beyond the end of the line, which is row {head}")]
    Beyond {
        /// The number of the last row as the person's row says.
        head: i64,
    },
}
