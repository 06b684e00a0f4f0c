//! The closed words that facts may hold, by their path in the schema: a misspelt one would be silently false.

use crate::domain::assessment::{NoAnswer, NotAsked, Recommendation, Signal};
use crate::domain::card::CardStatus;
use crate::domain::consent::{Basis, ConsentState, DataClass};
use crate::domain::datum::Mode;
use crate::domain::facts::{
    ChallengeWish, DeliveryKind, EnrolmentState, LocationSource, Match, Method, OsFamily, Purpose, RecognisedBy,
};

macro_rules! all {
    ($kind:ident) => {
        $kind::ALL.iter().map(|word| word.as_str()).collect()
    };
}

/// The words that the fact at this path can hold; none where any text is possible.
pub(super) fn words_of(path: &str) -> Option<Vec<&'static str>> {
    let words: Vec<&'static str> = match path {
        "context.purpose" => all!(Purpose),
        "context.consent" => all!(ConsentState),
        "context.challenge_wish" => all!(ChallengeWish),
        "context.card.status" => all!(CardStatus),
        "context.enrolment.state" => all!(EnrolmentState),
        "context.enrolment.methods" | "context.enrolment.usable_methods" => all!(Method),
        "context.delivery.kind" => all!(DeliveryKind),
        "context.device.recognised_by" => all!(RecognisedBy),
        "context.device.os_family" => all!(OsFamily),
        "context.location.source" => all!(LocationSource),
        "context.assessment.status" => vec!["answered", "not_asked", "no_answer"],
        "context.assessment.reason" => {
            let not_asked = NotAsked::ALL.iter().map(|word| word.as_str());
            not_asked.chain(NoAnswer::ALL.iter().map(|word| word.as_str())).chain([""]).collect()
        }
        "context.assessment.recommendation" => all!(Recommendation),
        "context.assessment.signals" => all!(Signal),
        "context.data_class" => all!(DataClass),
        "context.mode" => all!(Mode),
        "resource.basis" => all!(Basis),
        "context.delivery.billing_matches_shipping"
        | "context.delivery.shipping_address_seen"
        | "context.claims.first_purchase"
        | "context.claims.suspicious_activity"
        | "context.claims.reorder"
        | "context.device.time_zone_matches_ip" => all!(Match),
        path if path.starts_with("context.matches.") => all!(Match),
        _ => return None,
    };
    Some(words)
}
