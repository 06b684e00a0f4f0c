//! Messages on their way out: what kinds there are, where one stands, and what a try came to.
//!
//! A message names the record it is about and holds no permission and no address: both are looked up at each try.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::clock::Micros;
use super::id::{CardholderId, OutboxId};

words! {
    /// What a message is.
    OutboxKind {
        /// The receipt of an objection, by e-mail.
        ReceiptMail = "receipt_mail",
        /// Tells a cardholder that somebody objected in her name and could not be identified, by e-mail.
        PendingNoticeMail = "pending_notice_mail",
        /// What became of an authentication, to the analysis company.
        Feedback = "feedback",
        /// A request to the analysis company to erase what it got.
        Erasure = "erasure",
        /// A code, by e-mail.
        CodeMail = "code_mail",
        /// A code, by short message.
        CodeSms = "code_sms",
        /// Tells a member of a change to her registration, by e-mail.
        MemberNoticeMail = "member_notice_mail",
        /// The same by short message.
        MemberNoticeSms = "member_notice_sms",
        /// What became of an authentication, to an endpoint of its merchant's.
        Webhook = "webhook",
    }
}

words! {
    /// Where a message stands.
    OutboxState {
        /// It waits for its time.
        Waiting = "waiting",
        /// Somebody has it, until the lease runs out.
        Sending = "sending",
        /// It arrived.
        Done = "done",
        /// It is not tried any more, unless a person has it sent again.
        Dead = "dead",
    }
}

/// Messages that go to one receiver: it has places of its own, so that a receiver that hangs delays no other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// What its messages are.
    pub kind: OutboxKind,
    /// Whose they are; empty for kinds all of whose messages go the same way.
    pub name: String,
}

impl Lane {
    /// The lane of a kind all of whose messages go the same way.
    pub fn of(kind: OutboxKind) -> Self {
        Self { kind, name: String::new() }
    }

    /// Whether it is one of several of its kind.
    pub fn is_named(&self) -> bool {
        !self.name.is_empty()
    }
}

/// A message as it is put into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Its id; the same at every try, so that a receiver can tell a repeat.
    pub id: OutboxId,
    /// What it is.
    pub kind: OutboxKind,
    /// The name of its lane.
    pub lane: String,
    /// About whom; the address is read from her sealed record when it is sent.
    pub cardholder_id: Option<CardholderId>,
    /// The id of the record that it is about.
    pub subject: String,
    /// Parameters as JSON: never an address or another personal datum.
    pub body: String,
    /// When it was put in.
    pub created_at: Micros,
    /// When it is to be tried first.
    pub next_attempt_at: Micros,
}

/// What one try to send came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It arrived.
    Done,
    /// It may arrive another time.
    Retry {
        /// How long the receiver wants us to wait at least.
        after: Option<Duration>,
        /// Why not this time; a short word without personal data.
        reason: String,
    },
    /// It will never arrive like this.
    Dead {
        /// Why not; a short word without personal data.
        reason: String,
    },
}

impl Attempt {
    /// Another time, when the schedule says.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { after: None, reason: reason.into() }
    }

    /// Never like this.
    pub fn dead(reason: impl Into<String>) -> Self {
        Self::Dead { reason: reason.into() }
    }
}

/// How often and how patiently a kind of message is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// So many tries, the first one included.
    pub attempts: u32,
    /// Pause after the first try that failed; it doubles each time.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
    /// So many of a lane are under way at once in one process: a receiver that hangs holds up no more than these.
    pub places: u32,
    /// One try may take so long.
    pub deadline: Duration,
}

impl OutboxKind {
    /// Mail and webhooks are tried for one to two days, what goes to the analysis company for three to five, an erasure
    /// for one to two weeks: somebody waits for the ones, nobody for the others. A code is given up within minutes, while
    /// the buyer still has time for another way.
    pub fn schedule(self) -> Schedule {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let hours = |count: u64| minutes(60 * count);
        match self {
            Self::CodeMail | Self::CodeSms => Schedule {
                attempts: 6,
                first_pause: Duration::from_secs(4),
                longest_pause: Duration::from_secs(30),
                places: 16,
                deadline: Duration::from_secs(20),
            },
            Self::ReceiptMail | Self::PendingNoticeMail | Self::MemberNoticeMail | Self::MemberNoticeSms => Schedule {
                attempts: 18,
                first_pause: minutes(1),
                longest_pause: hours(6),
                places: 4,
                deadline: Duration::from_secs(30),
            },
            Self::Feedback => Schedule {
                attempts: 20,
                first_pause: minutes(1),
                longest_pause: hours(12),
                places: 8,
                deadline: Duration::from_secs(15),
            },
            Self::Erasure => Schedule {
                attempts: 22,
                first_pause: minutes(5),
                longest_pause: hours(24),
                places: 2,
                deadline: Duration::from_secs(30),
            },
            Self::Webhook => Schedule {
                attempts: 20,
                first_pause: Duration::from_secs(10),
                longest_pause: hours(6),
                places: 16,
                deadline: Duration::from_secs(35),
            },
        }
    }
}

impl Schedule {
    /// The pause after the `failed`th try (from 1): doubled each time up to the longest, of which a part between
    /// half and all is taken by `chance` (0 to 255), so that messages that failed together do not come back together.
    pub fn pause(&self, failed: u32, chance: u8) -> Duration {
        let doubled = 2_u32.checked_pow(failed.saturating_sub(1)).and_then(|times| self.first_pause.checked_mul(times));
        let full = doubled.unwrap_or(self.longest_pause).min(self.longest_pause);
        full / 2 + full / 2 * u32::from(chance) / u32::from(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread() {
        let schedule = OutboxKind::ReceiptMail.schedule();
        let seconds = |failed, chance| schedule.pause(failed, chance).as_secs();
        assert_eq!([1, 2, 3].map(|failed| seconds(failed, 255)), [60, 120, 240]);
        assert_eq!([1, 2, 3].map(|failed| seconds(failed, 0)), [30, 60, 120]);
        assert_eq!((seconds(40, 255), seconds(u32::MAX, 0)), (6 * 3_600, 3 * 3_600));
    }

    #[test]
    fn every_kind_is_given_up_in_its_time_after_the_first_try() {
        const DAY: u64 = 86_400;
        for kind in OutboxKind::ALL {
            let schedule = kind.schedule();
            let within = match kind {
                // With every try as long as it may take, a code is given up before it expires.
                OutboxKind::CodeMail | OutboxKind::CodeSms => 40..=300 - 20 * u64::from(schedule.attempts),
                _ => DAY..=15 * DAY,
            };
            for chance in [0, 255] {
                let total: Duration = (1..schedule.attempts).map(|failed| schedule.pause(failed, chance)).sum();
                assert!(within.contains(&total.as_secs()), "{kind:?}: {total:?}");
            }
        }
    }
}
