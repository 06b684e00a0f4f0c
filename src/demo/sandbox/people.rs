//! Cardholders of the sandbox: where they live, what they usually spend and how often, and what they buy with.
//!
//! Place, mean amount, spread and daily number are drawn as in the transaction simulator of the Fraud Detection Handbook
//! (Le Borgne, Siblini, Lebichot, Bontempi, 2022); devices, addresses and enrolment are ours.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use super::chance::{Chance, digest};
use super::shops::Shop;
use crate::domain::clock::Micros;
use crate::domain::consent::ConsentState;
use crate::domain::facts::{EnrolmentState, Method, OsFamily};
use crate::domain::id::{CardId, CardholderId};

/// The side of the map.
const MAP: f64 = 100.0;
/// So many merchants are within a buyer's reach, on average.
const WITHIN_REACH: f64 = 20.0;

/// A place on the map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(f64, f64);

impl Place {
    pub(super) fn anywhere(chance: &mut Chance) -> Self {
        Self(chance.between(0.0, MAP), chance.between(0.0, MAP))
    }

    fn distance(self, other: Self) -> f64 {
        (self.0 - other.0).hypot(self.1 - other.1)
    }
}

/// A device as merchants see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Device {
    pub(super) digest: [u8; 32],
    pub(super) os: OsFamily,
    /// Whether it keeps our cookie.
    pub(super) keeps_cookie: bool,
}

/// A cardholder with her card.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) number: u32,
    pub(super) id: CardholderId,
    pub(super) card_id: CardId,
    pub(super) programme: &'static str,
    pub(super) card_age_days: i64,
    /// What she usually spends, yen.
    pub(super) mean: f64,
    pub(super) spread: f64,
    /// Purchases a day.
    pub(super) daily: f64,
    /// The merchants that she buys from, by their places in the list.
    pub(super) reach: Vec<usize>,
    /// Her own devices; the first is the one she mostly uses.
    pub(super) devices: Vec<Device>,
    pub(super) ip: IpAddr,
    pub(super) prefecture: String,
    pub(super) address: [u8; 32],
    pub(super) enrolment: EnrolmentState,
    pub(super) methods: BTreeSet<Method>,
    pub(super) consent: ConsentState,
    /// The days on which she travels abroad.
    pub(super) abroad: Option<(u64, u64)>,
}

/// What of the people is stated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    pub(super) seed: u64,
    pub(super) cards: u32,
    pub(super) days: u64,
}

/// Makes a person up; `at` is when she was registered.
pub(super) fn person(shares: Shares, number: u32, shops: &[Shop], at: Micros) -> Person {
    let mut chance = Chance::of(shares.seed, "person", [u64::from(number), 0]);
    let chance = &mut chance;
    let home = Place::anywhere(chance);
    let mean = chance.between(500.0, 10_000.0);
    let programme = match chance.between(0.0, 1.0) {
        value if value < 0.58 => "classic",
        value if value < 0.80 => "gold",
        value if value < 0.88 => "premier",
        value if value < 0.97 => "student",
        _ => "prepaid_gift",
    };
    let (enrolment, methods) = enrolment(chance, programme);
    let travels = chance.is(0.12);
    let leaves = chance.whole(0, i64::try_from(shares.days).unwrap_or(1)).unsigned_abs();
    Person {
        number,
        id: chance.id(at),
        card_id: chance.id(at),
        programme,
        card_age_days: chance.whole(2, 2_400),
        mean,
        spread: mean / 2.0,
        daily: chance.between(0.0, 4.0),
        reach: reach(home, shops),
        devices: devices(shares.seed, number, chance),
        ip: address_of_network(chance, 1),
        prefecture: format!("{:02}", chance.whole(1, 47)),
        address: digest(shares.seed, "home", [u64::from(number), 0]),
        enrolment,
        methods,
        consent: match chance.between(0.0, 1.0) {
            value if value < 0.04 => ConsentState::OptedOut,
            value if value < 0.07 => ConsentState::Unknown,
            _ => ConsentState::Permitted,
        },
        abroad: travels.then(|| (leaves, leaves + chance.whole(3, 9).unsigned_abs())),
    }
}

/// The merchants within reach; for who lives far from all the three nearest.
fn reach(home: Place, shops: &[Shop]) -> Vec<usize> {
    let count = f64::from(u32::try_from(shops.len()).unwrap_or(u32::MAX).max(1));
    let radius = MAP * (WITHIN_REACH / (std::f64::consts::PI * count)).sqrt();
    let mut near: Vec<(usize, f64)> = shops.iter().map(|shop| home.distance(shop.place)).enumerate().collect();
    near.sort_by(|one, other| one.1.total_cmp(&other.1));
    let inside = near.iter().filter(|(_, distance)| *distance < radius).count().max(3);
    near.into_iter().take(inside).map(|(at, _)| at).collect()
}

fn devices(seed: u64, number: u32, chance: &mut Chance) -> Vec<Device> {
    const SYSTEMS: [(OsFamily, f64); 4] =
        [(OsFamily::Ios, 0.5), (OsFamily::Android, 0.3), (OsFamily::Windows, 0.15), (OsFamily::Macos, 0.05)];
    let count = if chance.is(0.45) { 2 } else { 1 };
    (0..count)
        .map(|one| Device {
            digest: digest(seed, "device", [u64::from(number), one]),
            os: chance.weighted(&SYSTEMS, |(_, share)| *share).map_or(OsFamily::Other, |(os, _)| *os),
            keeps_cookie: chance.is(0.6),
        })
        .collect()
}

fn enrolment(chance: &mut Chance, programme: &str) -> (EnrolmentState, BTreeSet<Method>) {
    if programme == "prepaid_gift" || chance.is(0.12) {
        return (EnrolmentState::None, BTreeSet::new());
    }
    if chance.is(0.03) {
        return (EnrolmentState::Registered, BTreeSet::from([Method::Password]));
    }
    let mut methods = BTreeSet::from([Method::Password]);
    for (method, share) in [(Method::Code, 0.7), (Method::Totp, 0.2), (Method::Passkey, 0.12)] {
        if chance.is(share) {
            methods.insert(method);
        }
    }
    (EnrolmentState::Complete, methods)
}

/// An address of the range for documentation (RFC 3849): it leads nowhere.
pub(super) fn address_of_network(chance: &mut Chance, network: u16) -> IpAddr {
    let mut part = || u16::from_be_bytes(chance.bytes());
    let [one, two, three, four] = [part(), part(), part(), part()];
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x0db8, network, one, two, three, four, 1))
}
