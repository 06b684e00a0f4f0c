//! Bundles as the database keeps them: who submitted what, what the checks said, who approved it, and since when it decides.
//!
//! Knows files as texts; what they mean is the policies' business.

pub mod earlier;
pub mod end_reason;
pub mod standing;
pub mod told;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::clock::Micros;
use super::id::BundleActivationId;
use super::staff::Role;

/// Who stands as the author of what nobody in particular did: the first bundle, ends that come by themselves.
pub const SYSTEM: &str = "system";
/// A whole, in basis points.
pub const SHARE_WHOLE: u16 = 10_000;

words! {
    /// What a bundle in use is used for.
    BundleMode {
        /// It decides.
        Live = "live",
        /// It decides about a share of the cards.
        Canary = "canary",
        /// It is asked beside the one that decides, and never answered.
        Shadow = "shadow",
    }
}

words! {
    /// How a check came out.
    FindingState {
        /// It found nothing wrong.
        Passed = "passed",
        /// It found something wrong.
        Failed = "failed",
        /// It came to no end: a solver was missing, crashed or took too long. Never the same as passed.
        NotProved = "not_proved",
    }
}

/// What one check said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How it came out.
    pub state: FindingState,
    /// In one line, for people.
    pub summary: String,
    /// What stands behind it, a line each.
    #[serde(default)]
    pub details: Vec<String>,
}

/// What the checks said when a bundle was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// The program and its version.
    pub program: String,
    /// Whether it is sound.
    pub check: Finding,
    /// Its cases.
    pub test: Finding,
    /// Its invariants, and those of the bundle that was live.
    pub proof: Finding,
}

impl Findings {
    /// Whether nothing stands against approving it.
    pub fn passed(&self) -> bool {
        [&self.check, &self.test, &self.proof].iter().all(|finding| finding.state == FindingState::Passed)
    }
}

/// A signature over a bundle's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleSignature {
    /// The key's name in the configuration.
    pub key: String,
    /// Ed25519 (RFC 8032), 64 bytes.
    pub bytes: Vec<u8>,
}

/// A submitted bundle without its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleHead {
    /// SHA-256 over its files, 64 hexadecimal digits.
    pub digest: String,
    /// The version of facts that it is written for.
    pub facts_version: u16,
    /// Who submitted it: `staff:<id>`, or `system` for the first one.
    pub author: String,
    /// What the author says of the change.
    pub message: String,
    /// When.
    pub submitted_at: Micros,
    /// Which of its judgements this is, counted from 1: each submission of the same content may bring another.
    pub judgement: i64,
    /// Who submitted it for this judgement.
    pub judged_by: String,
    /// When.
    pub judged_at: Micros,
    /// The digest of the bundle that was live then, by whose invariants, assumptions and staff rules it was judged too.
    pub against: String,
    /// What the checks said.
    pub findings: Findings,
    /// What it takes away from the bundle that was live then, a line each; where it is not empty, two people of
    /// different roles must approve it.
    pub weakens: Vec<String>,
    /// Its signature, where it came with one.
    pub signature: Option<BundleSignature>,
}

impl BundleHead {
    /// Whoever wants it used, and so has no say in whether it is: its author, or who submitted what nobody made.
    pub fn proposer(&self) -> &str {
        if self.author == SYSTEM { &self.judged_by } else { &self.author }
    }
}

/// A submitted bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBundle {
    /// All but its files.
    pub head: BundleHead,
    /// Path and text of each file.
    pub files: BTreeMap<String, String>,
}

words! {
    /// What somebody said about somebody else's bundle.
    ApprovalDecision {
        /// It may be used.
        Approved = "approved",
        /// It may not.
        Refused = "refused",
    }
}

/// One person's word on a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleApproval {
    /// The bundle.
    pub digest: String,
    /// The judgement of it that she saw; for another one her approval does not count.
    pub judgement: i64,
    /// Whose word: `staff:<id>`.
    pub person: String,
    /// Her roles at that moment.
    pub roles: BTreeSet<Role>,
    /// What she said.
    pub decision: ApprovalDecision,
    /// Whether she passes over what failed.
    pub emergency: bool,
    /// Why.
    pub note: String,
    /// When.
    pub decided_at: Micros,
}

/// The bounds that a canary must not leave, in basis points of its decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The least and the most share of challenges.
    pub challenge: (u16, u16),
    /// The least and the most share of rejects.
    pub reject: (u16, u16),
    /// Decisions before the shares are looked at.
    pub decisions_min: u32,
}

/// What somebody says later about a bundle that was let through in an emergency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleReview {
    /// The bundle.
    pub digest: String,
    /// Who reviewed it: `staff:<id>`.
    pub person: String,
    /// What she found.
    pub note: String,
    /// When.
    pub reviewed_at: Micros,
}

/// One process, and what it decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleInstance {
    /// Its name: the machine, the process, and some digits of its own.
    pub instance: String,
    /// The program and its version.
    pub program: String,
    /// When it started.
    pub started_at: Micros,
    /// When it was there last.
    pub seen_at: Micros,
    /// What decides there.
    pub live: String,
    /// What decides there about a share of the cards.
    pub canary: Option<String>,
    /// What is asked there beside.
    pub shadow: Option<String>,
    /// When what decides was loaded.
    pub loaded_at: Micros,
    /// Why it does not use what the database says, and since when.
    pub error: Option<(String, Micros)>,
}

/// One bundle's time in one mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleActivation {
    /// Its id.
    pub id: BundleActivationId,
    /// The bundle.
    pub digest: String,
    /// What it is used for.
    pub mode: BundleMode,
    /// Canary: the share of cards; shadow: the share of decisions; in basis points.
    pub share: u16,
    /// What ends a canary by itself.
    pub band: Option<Band>,
    /// When it ends by itself.
    pub until: Option<Micros>,
    /// Who began it.
    pub started_by: String,
    /// When.
    pub started_at: Micros,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// When; none while it is in use.
    pub ended_at: Option<Micros>,
    /// Why, as [`end_reason::EndReason`] writes it.
    pub end_reason: Option<String>,
}
