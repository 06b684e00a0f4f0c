//! Facts that hold each closed word once, so that an assumption that forgets one is found before it turns buyers back.

use super::least;
use crate::domain::assessment::{Answer, Assessment, NoAnswer, NotAsked, Recommendation};
use crate::domain::card::CardStatus;
use crate::domain::consent::ConsentState;
use crate::domain::facts::{
    ChallengeWish, DeliveryKind, EnrolmentState, Facts, LocationSource, Match, OsFamily, Purpose, RecognisedBy,
};

/// The least facts, with one fact at a time taking each of its words.
pub(super) fn every_word() -> Vec<Facts> {
    let mut found = Vec::new();
    let mut with = |change: &dyn Fn(&mut Facts)| {
        let mut facts = least();
        change(&mut facts);
        found.push(facts);
    };
    for word in Purpose::ALL {
        with(&|facts| facts.purpose = *word);
    }
    for word in ConsentState::ALL {
        with(&|facts| facts.consent = *word);
    }
    for word in ChallengeWish::ALL {
        with(&|facts| facts.challenge_wish = *word);
    }
    for word in CardStatus::ALL {
        with(&|facts| facts.card.status = word);
    }
    for word in EnrolmentState::ALL {
        with(&|facts| facts.enrolment.state = *word);
    }
    for word in DeliveryKind::ALL {
        with(&|facts| facts.delivery.kind = *word);
    }
    for word in RecognisedBy::ALL {
        with(&|facts| facts.device.recognised_by = *word);
    }
    for word in OsFamily::ALL {
        with(&|facts| facts.device.os_family = *word);
    }
    for word in LocationSource::ALL {
        with(&|facts| facts.location.source = *word);
    }
    for word in Match::ALL {
        with(&|facts| compare_all(facts, *word));
    }
    for reason in NotAsked::ALL {
        with(&|facts| facts.assessment = Assessment::NotAsked { reason: *reason });
    }
    for reason in NoAnswer::ALL {
        with(&|facts| facts.assessment = Assessment::NoAnswer { reason: *reason });
    }
    for word in Recommendation::ALL {
        with(&|facts| facts.assessment = answered(*word));
    }
    found
}

fn compare_all(facts: &mut Facts, word: Match) {
    let stated = match word {
        Match::Yes => Some(true),
        Match::No => Some(false),
        Match::NotGiven => None,
    };
    facts.matches = super::matches(word);
    facts.delivery.billing_matches_shipping = word;
    facts.delivery.shipping_address_seen = word;
    facts.device.time_zone_matches_ip = word;
    facts.claims.first_purchase = stated;
    facts.claims.suspicious_activity = stated;
    facts.claims.reorder = stated;
}

fn answered(recommendation: Recommendation) -> Assessment {
    let answer = Answer { risk: None, recommendation, signals: Vec::new(), device_known: false, degraded: false };
    Assessment::Answered(answer)
}
