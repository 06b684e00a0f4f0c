//! Consent to data sharing: states, actions, and the proof that something may be sent.

pub mod chain;
pub mod coverage;
pub mod line;
pub mod proof;
pub mod standing;

use super::assessment::words;
use super::clock::Micros;
use super::id::{CardholderId, DisclosureId};
use serde::{Deserialize, Serialize};

words! {
    /// Whether data about a person may leave. Only `permitted` lets data out.
    ConsentState {
        /// Data may be shared, on a recorded basis.
        Permitted = "permitted",
        /// The person objected.
        OptedOut = "opted_out",
        /// An objection is being checked; it already protects.
        Pending = "pending",
        /// Nothing permits sharing, or it could not be read.
        Unknown = "unknown",
    }
}

words! {
    /// What a consent event does.
    ConsentAction {
        /// The person was informed.
        Notify = "notify",
        /// The person agreed.
        Grant = "grant",
        /// The person objected.
        Object = "object",
        /// The person took back an agreement.
        Withdraw = "withdraw",
        /// The person took back an objection.
        Resume = "resume",
        /// What an earlier event says about itself is put right; no state changes.
        Correct = "correct",
        /// An agreement came to its end.
        Expire = "expire",
        /// The issuer's core system brought a basis along with an import; it never overwrites an objection.
        Import = "import",
    }
}

impl ConsentAction {
    /// Whether it forbids something, so that no restored backup may forget it.
    pub fn protects(self) -> bool {
        matches!(self, Self::Object | Self::Withdraw)
    }
}

words! {
    /// What data is sent for.
    Purpose {
        /// The analysis of one purchase.
        Assess = "assess",
        /// What became of a purchase that was analysed.
        Feedback = "feedback",
        /// The recipient's own use for other organisations.
        Reuse = "reuse",
        /// A request to erase what was sent.
        Erase = "erase",
    }
}

words! {
    /// How the person was identified.
    IdentityMethod {
        /// By facts that she knows, on a check list.
        KnownFacts = "known_facts",
        /// By calling her back at her registered number.
        CallBack = "call_back",
        /// By a document that she showed or sent.
        Document = "document",
        /// By her session on the member site.
        MemberSession = "member_session",
        /// By the issuer's own system, which answers for it.
        IssuerSystem = "issuer_system",
    }
}

words! {
    /// What the check of the person's identity came to. The answers are never kept.
    IdentityOutcome {
        /// She is who she says.
        Passed = "passed",
        /// She could not show it.
        Failed = "failed",
        /// Nobody asked.
        NotDone = "not_done",
    }
}

words! {
    /// How a consent event reached the issuer.
    Channel {
        /// By telephone.
        Phone = "phone",
        /// On the member site.
        Web = "web",
        /// By letter.
        Letter = "letter",
        /// At a branch.
        Branch = "branch",
        /// By the issuer's own system.
        System = "system",
    }
}

words! {
    /// The legal basis on which data is shared with a recipient.
    Basis {
        /// The person was informed and may object.
        Notice = "notice",
        /// The person agreed.
        Consent = "consent",
    }
}

words! {
    /// What a datum is about: the unit in which sharing is permitted.
    DataClass {
        /// Amount, currency, merchant.
        Transaction = "transaction",
        /// Name, e-mail address, telephone number.
        Identity = "identity",
        /// Billing and shipping address.
        Address = "address",
        /// Operating system, language, device identifier.
        Device = "device",
        /// IP address and location.
        Location = "location",
    }
}

/// Proof that the gate let one disclosure pass: the person's consent was `permitted` and the row `intended` is committed.
///
/// INVARIANT: only the gate makes one (`tests/it/architecture.rs` walks the crate for it). It can be spent once.
#[derive(Debug)]
pub struct Clearance {
    disclosure: DisclosureId,
    cardholder: CardholderId,
    recipient: String,
    send_until_boot_nanos: u64,
    send_until: Micros,
}

impl Clearance {
    /// The gate's own: call it nowhere else.
    pub(crate) fn grant(
        disclosure: DisclosureId,
        cardholder: CardholderId,
        recipient: String,
        send_until_boot_nanos: u64,
        send_until: Micros,
    ) -> Self {
        Self { disclosure, cardholder, recipient, send_until_boot_nanos, send_until }
    }

    /// The ledger row that was committed.
    pub fn disclosure(&self) -> DisclosureId {
        self.disclosure
    }

    /// About whom.
    pub fn cardholder(&self) -> CardholderId {
        self.cardholder
    }

    /// To whom.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The boot-time clock's reading past which nothing may leave any more.
    pub fn send_until_boot_nanos(&self) -> u64 {
        self.send_until_boot_nanos
    }

    /// The wall clock's reading past which nothing may leave any more: it goes on while a virtual machine is paused.
    pub fn send_until(&self) -> Micros {
        self.send_until
    }
}
