//! Plain values and rules of the trade. Knows nothing of IO, HTTP, SQL, Cedar or the system clock.

pub mod approval;
pub mod assessment;
pub mod authentication;
pub mod card;
pub mod cardholder;
pub mod challenge;
pub mod clock;
pub mod consent;
pub mod datum;
pub mod device;
pub mod erasure;
pub mod facts;
pub mod feedback;
pub mod id;
pub mod merchant;
pub mod money;
pub mod note;
pub mod outbox;
pub mod randomness;
pub mod reason;
pub mod receipt;
pub mod search;
pub mod staff;
pub mod unmatched;
pub mod verdict;
pub mod vouch;
