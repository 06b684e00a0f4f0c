//! What an analysis company would have answered: it sees much and not all, is sometimes wrong both ways, and sometimes
//! silent. Its noise depends on the purchase alone.

use super::chance::{Chance, rounded};
use super::people::Person;
use super::purchase::{Buyer, Purchase};
use crate::domain::assessment::{Answer, Assessment, NoAnswer, NotAsked, RISK_MAX, Recommendation, Signal};
use crate::domain::consent::ConsentState;
use crate::domain::facts::Match;

/// The assessment that is recorded with a purchase; `permitted` says whether the policies let any data go.
pub(super) fn assessment(person: &Person, purchase: &Purchase, permitted: bool, chance: &mut Chance) -> Assessment {
    let not_asked = |reason| Assessment::NotAsked { reason };
    match person.consent {
        ConsentState::OptedOut => return not_asked(NotAsked::OptedOut),
        ConsentState::Pending => return not_asked(NotAsked::Pending),
        ConsentState::Unknown => return not_asked(NotAsked::ConsentUnknown),
        ConsentState::Permitted if !permitted => return not_asked(NotAsked::ByPolicy),
        ConsentState::Permitted => {}
    }
    if chance.is(0.006) {
        let reasons = [NoAnswer::Timeout, NoAnswer::Timeout, NoAnswer::Http5xx, NoAnswer::BreakerOpen];
        return Assessment::NoAnswer { reason: chance.pick(&reasons).copied().unwrap_or(NoAnswer::Timeout) };
    }
    Assessment::Answered(answer(purchase, chance))
}

fn answer(purchase: &Purchase, chance: &mut Chance) -> Answer {
    let signals = signals(purchase, chance);
    let noticed = f64::from(u32::try_from(signals.len()).unwrap_or(0));
    // Most of the cardholders' purchases are plainly theirs, most fraud is not; both have a long tail.
    let mean = match purchase.buyer {
        Buyer::Holder if chance.is(0.03) => 4_200.0,
        Buyer::Holder => 1_200.0,
        _ if purchase.quiet => 2_400.0,
        Buyer::Takeover => 4_500.0,
        Buyer::CompromisedMerchant => 5_200.0,
        Buyer::StolenNumber => 6_200.0,
        Buyer::CardTesting => 7_400.0,
    };
    let risk = rounded(chance.normal(mean + noticed * 900.0, 1_100.0)).clamp(0, RISK_MAX);
    let recommendation = match risk {
        0..=3_500 => Recommendation::Pass,
        3_501..=5_500 if chance.is(0.3) => Recommendation::Review,
        3_501..=6_500 => Recommendation::Challenge,
        6_501..=8_000 => Recommendation::Review,
        _ => Recommendation::Reject,
    };
    Answer {
        risk: (!chance.is(0.002)).then_some(risk),
        recommendation,
        device_known: purchase.buyer.is_holder() && chance.is(0.8),
        degraded: chance.is(0.01),
        signals,
    }
}

fn signals(purchase: &Purchase, chance: &mut Chance) -> Vec<Signal> {
    let inconspicuous = purchase.buyer.is_holder() || purchase.quiet;
    let often = |holder: f64, other: f64| if inconspicuous { holder } else { other };
    let testing = purchase.buyer == Buyer::CardTesting;
    let takeover = purchase.buyer == Buyer::Takeover;
    let shares = [
        (Signal::AnonymousNetwork, often(0.006, 0.3)),
        (Signal::Automation, if testing { 0.6 } else { often(0.0005, 0.02) }),
        (Signal::DeviceReputation, often(0.001, 0.15)),
        (Signal::EmailReputation, if takeover { 0.01 } else { often(0.002, 0.25) }),
        (Signal::IpReputation, often(0.003, 0.2)),
        (Signal::LocationMismatch, if purchase.network.time_zone == Match::No { 0.5 } else { often(0.002, 0.05) }),
        (Signal::RemoteAccess, if takeover { 0.1 } else { often(0.0003, 0.005) }),
        (Signal::Velocity, if testing { 0.9 } else { often(0.002, 0.1) }),
    ];
    shares.into_iter().filter(|(_, share)| chance.is(*share)).map(|(signal, _)| signal).collect()
}
