//! What pages say of bundles: where one stands, and why a step was not taken.

use crate::app::bundles::LoadError;
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{BundleApproval, BundleHead};
use crate::domain::note::{Note, REASON_CHARS_MAX};
use crate::domain::staff::ActSubject;
use crate::flow::policies::PoliciesError;
use crate::flow::staff::names::{self, Names};
use crate::pages::pieces::{Notice, Tone};
use crate::pages::staff::answer::Refusal;
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::signed::Signed;
use crate::pages::staff::typed_note;

/// A bundle as rights see it: with its author.
pub(super) fn subject(head: &BundleHead) -> ActSubject {
    let subject = ActSubject::of(&head.digest);
    match names::staff_id(head.proposer()) {
        Some(author) => subject.by(author),
        None => subject,
    }
}

/// Where a bundle stands after these words of others.
pub(super) fn standing(console: &Console<'_>, names: &Names, head: &BundleHead, words: &[BundleApproval]) -> Notice {
    let (tone, text) = match Standing::of(head, words) {
        Standing::First => (Tone::Good, console.text("policies-standing-first")),
        Standing::Approved => (Tone::Good, console.text("policies-standing-approved")),
        Standing::ApprovedInEmergency => (Tone::Bad, console.text("policies-standing-emergency")),
        Standing::Refused { by } => (Tone::Bad, console.wording.with("policies-standing-refused", "by", names.of(&by))),
        Standing::Waiting { .. } => (Tone::Plain, console.text(missing(head))),
    };
    Notice { tone, text }
}

/// What a bundle that waits lacks.
fn missing(head: &BundleHead) -> &'static str {
    match (head.findings.passed(), head.weakens.is_empty()) {
        (true, true) => "policies-missing-one",
        (true, false) => "policies-missing-two",
        (false, true) => "policies-missing-emergency",
        (false, false) => "policies-missing-emergency-two",
    }
}

/// A text that somebody typed, or the key of what is wrong with it; nothing where nothing was typed.
pub(super) fn note(typed: &str) -> Result<String, &'static str> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    Note::parse(typed, REASON_CHARS_MAX).map(|note| note.to_string()).map_err(|error| typed_note::key(&error))
}

/// Why a step was not taken, for a notice; what is a page of its own is refused.
pub(super) fn told(
    signed: &Signed,
    console: &Console<'_>,
    names: &Names,
    error: PoliciesError,
) -> Result<String, Refusal> {
    let with = |key: &str, name: &'static str, value: String| Ok(console.wording.with(key, name, value));
    let key = match error {
        PoliciesError::Rights(error) => return Err(signed.refuse(error)),
        PoliciesError::Store(error) | PoliciesError::Unusable(LoadError::Store(error)) => {
            return Err(signed.refuse(error));
        }
        PoliciesError::Unknown(_) => return Err(signed.refuse(Failure::NotFound)),
        PoliciesError::Unusable(error) => return with("policies-error-unusable", "why", error.to_string()),
        PoliciesError::DropsProgrammes(lost) => {
            return with("policies-error-programmes", "programmes", lost.join(", "));
        }
        PoliciesError::Refused(by) => return with("policies-standing-refused", "by", names.of(&by)),
        PoliciesError::Overtaken(Some(now)) => return with("policies-error-overtaken", "by", now.name),
        PoliciesError::Text(error) => typed_note::key(&error),
        PoliciesError::Stale => "policies-error-stale",
        PoliciesError::JudgedAnew => "policies-error-judged-anew",
        PoliciesError::Degraded => "policies-error-degraded",
        PoliciesError::OfFolder => "policies-error-of-folder",
        PoliciesError::LocksOut => "policies-error-locks-out",
        PoliciesError::StillInUse(_) => "policies-error-still-in-use",
        PoliciesError::NotInUse | PoliciesError::Overtaken(None) => "policies-error-over",
        PoliciesError::Own => "policies-error-own",
        PoliciesError::Decided => "policies-error-decided",
        PoliciesError::NotPassed => "policies-error-not-passed",
        PoliciesError::NoEmergency => "policies-error-no-emergency",
        PoliciesError::NoReason(_) => "policies-error-no-reason",
        PoliciesError::NotApproved(_) => "policies-error-not-approved",
        PoliciesError::InUse(_) => "policies-error-in-use",
        PoliciesError::Senseless(_) => "policies-error-senseless",
        PoliciesError::NothingBefore => "policies-error-nothing-before",
        PoliciesError::NothingToReview => "policies-error-nothing-to-review",
        PoliciesError::Reviewed => "policies-error-reviewed",
        PoliciesError::OwnEmergency => "policies-error-own-emergency",
        PoliciesError::Broken => return Err(signed.refuse(Failure::Internal)),
    };
    Ok(console.text(key))
}
