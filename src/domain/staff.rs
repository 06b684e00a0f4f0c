//! The issuer's staff: roles, and the acts that somebody's rights decide. Who may do what is said by policies, not here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::id::{StaffId, StaffSessionId};

words! {
    /// What a staff person is there for. One person may have several.
    Role {
        /// Speaks with cardholders.
        Agent = "agent",
        /// Answers for the agents' work and approves what needs a second person.
        Supervisor = "supervisor",
        /// Keeps policies and reports.
        Compliance = "compliance",
        /// Keeps the service: staff, merchants, keys.
        Administrator = "administrator",
        /// Reads everything and changes nothing.
        Auditor = "auditor",
    }
}

words! {
    /// Something that a staff person does. Each is a right of its own.
    Act {
        /// Searches for a cardholder.
        CardholderSearch = "cardholder_search",
        /// Looks at one cardholder.
        CardholderLook = "cardholder_look",
        /// Takes out everything recorded about one cardholder's consent and disclosures.
        CardholderExport = "cardholder_export",
        /// Destroys a cardholder's key.
        CardholderErase = "cardholder_erase",
        /// Records an objection or a withdrawal.
        ConsentObject = "consent_object",
        /// Corrects what an event says about itself.
        ConsentCorrect = "consent_correct",
        /// Asks that sharing be resumed, or an agreement recorded.
        ConsentResumeRequest = "consent_resume_request",
        /// Decides about such a request of somebody else.
        ConsentResumeApprove = "consent_resume_approve",
        /// Looks at one authentication.
        AuthenticationLook = "authentication_look",
        /// Records that a purchase was confirmed with the cardholder.
        AuthenticationVouch = "authentication_vouch",
        /// Unlocks a challenge counter.
        ChallengeUnlock = "challenge_unlock",
        /// Opens a card again that its holder blocked.
        CardOpen = "card_open",
        /// Looks at queues.
        QueueLook = "queue_look",
        /// Looks at what agents did.
        ActivityLook = "activity_look",
        /// Closes an erasure request that goes by letter.
        ErasureClose = "erasure_close",
        /// Looks at the audit log.
        AuditLook = "audit_look",
        /// Runs the proof about sharing.
        SharingProve = "sharing_prove",
        /// Takes out records of all cardholders.
        SharingExport = "sharing_export",
        /// Accepts that the checkpoint of objections and the database differ.
        SharingCheckpointAccept = "sharing_checkpoint_accept",
        /// Looks at messages on their way out.
        OutboxLook = "outbox_look",
        /// Sends a dead message again.
        OutboxReplay = "outbox_replay",
        /// Lists staff.
        StaffLook = "staff_look",
        /// Makes, resets or disables staff.
        StaffManage = "staff_manage",
        /// Registers merchants and makes their keys.
        MerchantManage = "merchant_manage",
        /// Makes keys of the issuer's core system.
        IssuerKeyManage = "issuer_key_manage",
        /// Imports cardholders and cards.
        CardImport = "card_import",
        /// Deletes what is older than its period.
        RetentionRun = "retention_run",
        /// Looks at bundles, their checks and their figures, and at how decisions came about.
        PolicyLook = "policy_look",
        /// Submits a bundle.
        PolicySubmit = "policy_submit",
        /// Approves somebody else's bundle, or refuses it.
        PolicyApprove = "policy_approve",
        /// Has an approved bundle decide, or watch, or takes it back.
        PolicyActivate = "policy_activate",
        /// Reviews a bundle that was let through in an emergency.
        PolicyReview = "policy_review",
        /// Says which decisions turned out to be fraud and which genuine.
        LabelImport = "label_import",
    }
}

/// A staff person who has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub staff_id: StaffId,
    /// The name she signs in with.
    pub name: String,
    /// The name that colleagues read.
    pub display_name: String,
    /// What she is there for.
    pub roles: BTreeSet<Role>,
    /// The session.
    pub session_id: StaffSessionId,
    /// Whether she gave a one-time password lately enough for a sensitive act.
    pub reauthenticated: bool,
}

/// What an act is about, as far as rights depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActSubject {
    /// The record's id, where there is one: it stands in the audit log when the act is denied.
    pub id: Option<String>,
    /// Who asked for what is decided about.
    pub author: Option<StaffId>,
}

impl ActSubject {
    /// Nothing in particular: a list, a queue, a search.
    pub fn none() -> Self {
        Self::default()
    }

    /// The record with this id.
    pub fn of(id: impl std::fmt::Display) -> Self {
        Self { id: Some(id.to_string()), author: None }
    }

    /// The same, asked for by this person.
    #[must_use]
    pub fn by(self, author: StaffId) -> Self {
        Self { author: Some(author), ..self }
    }
}

impl SignedIn {
    /// How she stands in the audit log and in records: `staff:<id>`.
    pub fn actor(&self) -> String {
        format!("staff:{}", self.staff_id)
    }
}
