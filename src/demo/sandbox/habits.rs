//! What cardholders buy on a day: their own merchants, their own devices, at times around noon; sometimes a new device,
//! a gift to another address, a journey, a slip of the finger.

use super::chance::{Chance, digest, rounded};
use super::people::{Device, Person, address_of_network};
use super::purchase::{Buyer, Network, Purchase, Shipping};
use super::shops::{Goods, Shop};
use crate::domain::clock::Micros;
use crate::domain::facts::{Claims, DeliveryKind, Match, MatchFacts, OsFamily};

/// Seconds of a day.
pub(super) const DAY_SECONDS: f64 = 86_400.0;
const ABROAD: [&str; 5] = ["US", "KR", "TW", "FR", "TH"];

/// One day of the sandbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    pub(super) seed: u64,
    /// Which one, from the first.
    pub(super) number: u64,
    /// When it begins.
    pub(super) begins: Micros,
}

/// What one person buys on a day.
pub(super) fn purchases(day: Day, at: usize, person: &Person, shops: &[Shop], into: &mut Vec<Purchase>) {
    let mut chance = Chance::of(day.seed, "habit", [u64::from(person.number), day.number]);
    for _ in 0..chance.count(person.daily) {
        // As in the Handbook: around noon, and what falls out of the day is not bought.
        let seconds = chance.normal(DAY_SECONDS / 2.0, 20_000.0);
        if seconds > 0.0
            && seconds < DAY_SECONDS
            && let Some(shop) = chance.pick(&person.reach).copied()
        {
            into.extend(purchase(day, seconds, (at, person), (shop, shops), &mut chance));
        }
    }
}

fn purchase(
    day: Day,
    seconds: f64,
    (at, person): (usize, &Person),
    (shop, shops): (usize, &[Shop]),
    chance: &mut Chance,
) -> Option<Purchase> {
    let trade = shops.get(shop)?.trade;
    let amount = amount(chance, person.mean * trade.price, person.spread * trade.price);
    let abroad = person.abroad.is_some_and(|(from, to)| (from..to).contains(&day.number));
    let time = moment(day, seconds, chance);
    Some(Purchase {
        id: chance.id(time),
        at: time,
        person: at,
        shop,
        amount,
        instalments: if amount > 30_000 && chance.is(0.15) { 3 } else { 1 },
        recurring: trade.recurring && chance.is(0.8),
        buyer: Buyer::Holder,
        quiet: false,
        device: device(day, person, chance),
        first_party: chance.is(0.7),
        network: network(day, person, abroad, chance),
        shipping: shipping(person, trade.goods, chance),
        claims: claims(chance),
        matches: typed(chance),
        expiry_matches: !chance.is(0.004),
        cards_around: [0; 2],
    })
}

/// An amount as the Handbook draws it: around the mean, and never below nothing.
pub(super) fn amount(chance: &mut Chance, mean: f64, spread: f64) -> i64 {
    let drawn = chance.normal(mean, spread);
    let amount = if drawn < 0.0 { chance.between(0.0, mean * 2.0) } else { drawn };
    // Prices end in 0 or 8 more often than not.
    let yen = rounded(amount).max(100);
    if chance.is(0.5) { yen / 10 * 10 } else { yen / 10 * 10 + 8 }
}

/// A moment of a day, to the millisecond, as ids are.
pub(super) fn moment(day: Day, seconds: f64, chance: &mut Chance) -> Micros {
    day.begins.plus_millis(rounded(seconds * 1_000.0) + chance.whole(0, 999))
}

fn device(day: Day, person: &Person, chance: &mut Chance) -> Option<Device> {
    if chance.is(0.01) {
        return None;
    }
    if chance.is(0.03) {
        // A new telephone, an office, a friend's.
        let new = digest(day.seed, "new device", [u64::from(person.number), day.number]);
        return Some(Device { digest: new, os: OsFamily::Android, keeps_cookie: chance.is(0.5) });
    }
    let second = person.devices.get(1).filter(|_| chance.is(0.25));
    second.or_else(|| person.devices.first()).copied()
}

fn network(day: Day, person: &Person, abroad: bool, chance: &mut Chance) -> Network {
    if abroad {
        let country = ABROAD.get(usize::try_from(person.number).unwrap_or(0) % ABROAD.len()).copied();
        let of = [u64::from(person.number), day.number];
        return Network {
            ip: address_of_network(chance, 2),
            digest: digest(day.seed, "network abroad", of),
            country: country.unwrap_or("US"),
            prefecture: None,
            // The telephone follows the place, most of the time.
            time_zone: if chance.is(0.85) { Match::Yes } else { Match::No },
        };
    }
    // A carrier puts many telephones behind one address.
    let shared = chance.is(0.05);
    let carrier = chance.whole(0, 400).unsigned_abs();
    let network = if shared { ("carrier", [carrier, 0]) } else { ("network", [u64::from(person.number), 0]) };
    Network {
        ip: person.ip,
        digest: digest(day.seed, network.0, network.1),
        country: "JP",
        prefecture: Some(person.prefecture.clone()),
        time_zone: if chance.is(0.004) { Match::No } else { Match::Yes },
    }
}

fn shipping(person: &Person, goods: Goods, chance: &mut Chance) -> Shipping {
    let nothing =
        |kind, digital| Shipping { kind, digital, country: None, address: None, same_as_billing: Match::NotGiven };
    match goods {
        Goods::Digital => nothing(DeliveryKind::Electronic, true),
        Goods::Tickets => nothing(DeliveryKind::Ticket, false),
        Goods::Pickup => nothing(DeliveryKind::StorePickup, false),
        Goods::Parcels if chance.is(0.05) => {
            let friend = chance.whole(0, 5).unsigned_abs();
            Shipping {
                kind: if chance.is(0.6) { DeliveryKind::NewAddress } else { DeliveryKind::AddressOnFile },
                digital: false,
                country: Some("JP"),
                address: Some(digest(u64::from(person.number), "friend", [friend, 0])),
                same_as_billing: Match::No,
            }
        }
        Goods::Parcels => Shipping {
            kind: DeliveryKind::BillingAddress,
            digital: false,
            country: Some("JP"),
            address: Some(person.address),
            same_as_billing: Match::Yes,
        },
    }
}

fn claims(chance: &mut Chance) -> Claims {
    if chance.is(0.25) {
        return Claims::default();
    }
    let account_age = chance.whole(0, 1_500);
    Claims {
        account_age_days: Some(account_age),
        password_age_days: Some(chance.whole(0, account_age)),
        purchases_six_months: Some(chance.whole(0, 30)),
        first_purchase: Some(account_age == 0),
        suspicious_activity: chance.is(0.5).then(|| chance.is(0.003)),
        reorder: chance.is(0.5).then(|| chance.is(0.2)),
    }
}

/// People mistype, move, and give another e-mail address.
fn typed(chance: &mut Chance) -> MatchFacts {
    let mut slip = |share: f64, missing: f64| match (chance.is(share), chance.is(missing)) {
        (true, _) => Match::No,
        (_, true) => Match::NotGiven,
        _ => Match::Yes,
    };
    MatchFacts {
        email: slip(0.06, 0.05),
        phone: slip(0.03, 0.1),
        name: slip(0.004, 0.02),
        billing_address: slip(0.03, 0.15),
    }
}
