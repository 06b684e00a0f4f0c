//! What fraudsters buy on a day: stolen numbers, accounts taken over, numbers being tried, and the buyers of a merchant
//! whose data were taken, for 28 days as in the Handbook.

use super::chance::{Chance, digest};
use super::habits::{DAY_SECONDS, Day, amount, moment};
use super::people::{Device, Person, address_of_network};
use super::purchase::{Buyer, Network, Purchase, Shipping, all_match};
use super::shops::{Goods, Shop};
use crate::domain::facts::{Claims, DeliveryKind, Match, MatchFacts, OsFamily};

/// A merchant's data are taken once in so many days.
const LEAK_EVERY: u64 = 10;
/// For so many days its buyers' cards are used.
const LEAK_DAYS: u64 = 28;

/// Everybody and every merchant.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) people: &'a [Person],
    pub(super) shops: &'a [Shop],
}

/// A fraudster at work: one device, one address of the network, one place for the goods.
struct Fraudster {
    chance: Chance,
    device: Device,
    network: Network,
    drop: [u8; 32],
    buyer: Buyer,
    quiet: bool,
}

/// What is bought that day by others than the cardholders.
pub(super) fn purchases(day: Day, world: World<'_>, into: &mut Vec<Purchase>) {
    let cards = f64::from(u32::try_from(world.people.len()).unwrap_or(u32::MAX));
    let mut chance = Chance::of(day.seed, "fraud", [day.number, 0]);
    // In a small sandbox there is some fraud to be seen all the same.
    for serial in 0..chance.count((cards / 600.0).max(1.0)) {
        stolen_number(day, serial, world, into);
    }
    for serial in 0..chance.count((cards / 1_500.0).max(0.5)) {
        takeover(day, serial, world, into);
    }
    if chance.is((cards / 15_000.0).min(0.6) + 0.05) {
        card_testing(day, world, into);
    }
    for leak in 0..=day.number / LEAK_EVERY {
        compromised_merchant(day, leak, world, into);
    }
}

impl Fraudster {
    fn new(day: Day, buyer: Buyer, serial: u64) -> Self {
        let mut chance = Chance::of(day.seed, buyer.source(), [day.number, serial]);
        let of = |what| digest(day.seed, what, [day.number, serial]);
        let name = buyer.source();
        let quiet = buyer != Buyer::CardTesting && chance.is(0.4);
        let hidden = quiet || chance.is(0.5);
        let country = *chance.pick(&["VN", "US", "RO", "BR", "NG"]).unwrap_or(&"US");
        Self {
            device: Device {
                digest: of(&format!("{name} device")),
                os: *chance.pick(&[OsFamily::Windows, OsFamily::Android, OsFamily::Linux]).unwrap_or(&OsFamily::Other),
                keeps_cookie: chance.is(0.3),
            },
            network: Network {
                ip: address_of_network(&mut chance, 3),
                digest: of(&format!("{name} network")),
                // Half of them come through an address of the cardholder's own country.
                country: if hidden { "JP" } else { country },
                prefecture: hidden.then(|| "13".to_owned()),
                time_zone: if !quiet && chance.is(0.5) { Match::No } else { Match::Yes },
            },
            drop: of(&format!("{name} drop")),
            chance,
            buyer,
            quiet,
        }
    }

    /// A purchase of this person's card.
    fn buys(
        &mut self,
        (day, seconds): (Day, f64),
        world: World<'_>,
        (person, shop): (usize, usize),
        amount: i64,
    ) -> Option<Purchase> {
        let trade = world.shops.get(shop)?.trade;
        let at = moment(day, seconds.clamp(0.0, DAY_SECONDS - 1.0), &mut self.chance);
        Some(Purchase {
            id: self.chance.id(at),
            at,
            person,
            shop,
            amount,
            instalments: 1,
            recurring: false,
            buyer: self.buyer,
            quiet: self.quiet,
            device: Some(self.device),
            first_party: self.chance.is(0.4),
            network: self.network.clone(),
            shipping: self.shipping(trade.goods),
            claims: self.claims(),
            matches: self.typed(),
            expiry_matches: self.buyer != Buyer::CardTesting || self.chance.is(0.4),
            cards_around: [0; 2],
        })
    }

    fn shipping(&self, goods: Goods) -> Shipping {
        let (kind, digital) = match goods {
            Goods::Digital => (DeliveryKind::Electronic, true),
            Goods::Tickets => (DeliveryKind::Ticket, false),
            Goods::Pickup => (DeliveryKind::StorePickup, false),
            Goods::Parcels => (DeliveryKind::NewAddress, false),
        };
        let parcels = goods == Goods::Parcels;
        Shipping {
            kind,
            digital,
            country: parcels.then_some("JP"),
            address: parcels.then_some(self.drop),
            same_as_billing: if parcels { Match::No } else { Match::NotGiven },
        }
    }

    /// An account of their own is new; one that was taken over is old, with a new password.
    fn claims(&mut self) -> Claims {
        let chance = &mut self.chance;
        if chance.is(0.2) {
            return Claims::default();
        }
        let (account, password) = match self.buyer {
            Buyer::Takeover => (chance.whole(90, 1_500), chance.whole(0, 1)),
            _ => (chance.whole(0, 2), chance.whole(0, 1)),
        };
        Claims {
            account_age_days: Some(account),
            password_age_days: Some(password.min(account)),
            purchases_six_months: Some(if self.buyer == Buyer::Takeover { chance.whole(1, 20) } else { 0 }),
            first_purchase: Some(account == 0),
            suspicious_activity: chance.is(0.5).then(|| chance.is(0.15)),
            reorder: Some(false),
        }
    }

    fn typed(&mut self) -> MatchFacts {
        let (chance, quiet) = (&mut self.chance, self.quiet);
        match self.buyer {
            Buyer::Takeover | Buyer::Holder => all_match(),
            Buyer::CardTesting => MatchFacts {
                email: Match::No,
                phone: Match::NotGiven,
                name: if chance.is(0.5) { Match::No } else { Match::NotGiven },
                billing_address: Match::NotGiven,
            },
            Buyer::StolenNumber | Buyer::CompromisedMerchant => MatchFacts {
                email: if quiet { Match::NotGiven } else { Match::No },
                phone: if !quiet && chance.is(0.5) { Match::No } else { Match::NotGiven },
                name: Match::Yes,
                billing_address: if quiet || chance.is(0.7) { Match::Yes } else { Match::No },
            },
        }
    }
}

/// Goods that are easily sold on, for some hours, to another place.
fn stolen_number(day: Day, serial: u64, world: World<'_>, into: &mut Vec<Purchase>) {
    let mut fraudster = Fraudster::new(day, Buyer::StolenNumber, serial);
    let person = fraudster.chance.place(world.people.len());
    let mut seconds = fraudster.chance.between(0.0, DAY_SECONDS * 0.9);
    for _ in 0..fraudster.chance.whole(1, 5) {
        let Some(shop) = worthwhile(&mut fraudster.chance, world) else { return };
        spend(&mut fraudster, (day, seconds), world, (person, shop), 2.5, into);
        seconds += fraudster.chance.between(60.0, 3_600.0);
    }
}

/// Her own merchants, with her own data, but another device, another address and more money.
fn takeover(day: Day, serial: u64, world: World<'_>, into: &mut Vec<Purchase>) {
    let mut fraudster = Fraudster::new(day, Buyer::Takeover, serial);
    let person = fraudster.chance.place(world.people.len());
    let Some(victim) = world.people.get(person) else { return };
    let mut seconds = fraudster.chance.between(0.0, DAY_SECONDS * 0.9);
    for _ in 0..fraudster.chance.whole(2, 4) {
        let Some(shop) = fraudster.chance.pick(&victim.reach).copied() else { return };
        spend(&mut fraudster, (day, seconds), world, (person, shop), 4.0, into);
        seconds += fraudster.chance.between(120.0, 7_200.0);
    }
}

/// Small amounts within minutes, card after card, from one device.
fn card_testing(day: Day, world: World<'_>, into: &mut Vec<Purchase>) {
    let mut fraudster = Fraudster::new(day, Buyer::CardTesting, 0);
    let digital = |shop: usize| world.shops.get(shop).is_some_and(|shop| shop.trade.goods == Goods::Digital);
    let tries = (0..200).map(|_| fraudster.chance.place(world.shops.len()));
    let tries: Vec<usize> = tries.collect();
    let shop = tries.into_iter().find(|shop| digital(*shop)).unwrap_or(0);
    let mut seconds = fraudster.chance.between(0.0, DAY_SECONDS * 0.95);
    for _ in 0..fraudster.chance.whole(20, 80) {
        let person = fraudster.chance.place(world.people.len());
        let yen = fraudster.chance.whole(1, 5) * 100;
        into.extend(fraudster.buys((day, seconds), world, (person, shop), yen));
        seconds += fraudster.chance.between(3.0, 40.0);
    }
}

/// Cards of who bought at one merchant, used elsewhere.
fn compromised_merchant(day: Day, leak: u64, world: World<'_>, into: &mut Vec<Purchase>) {
    let mut plan = Chance::of(day.seed, "leak", [leak, 0]);
    let begins = leak * LEAK_EVERY + plan.whole(0, 9).unsigned_abs();
    let leaked = plan.place(world.shops.len());
    if !(begins..begins + LEAK_DAYS).contains(&day.number) {
        return;
    }
    let buys_there = |(_, person): &(usize, &Person)| person.reach.contains(&leaked);
    let buyers: Vec<usize> = world.people.iter().enumerate().filter(buys_there).map(|(at, _)| at).collect();
    let count = f64::from(u32::try_from(buyers.len()).unwrap_or(0));
    let mut many = Chance::of(day.seed, "leak day", [leak, day.number]);
    for serial in 0..many.count(count * 0.02) {
        let mut fraudster = Fraudster::new(day, Buyer::CompromisedMerchant, leak * 10_000 + serial);
        let (Some(person), Some(shop)) =
            (fraudster.chance.pick(&buyers).copied(), worthwhile(&mut fraudster.chance, world))
        else {
            return;
        };
        let seconds = fraudster.chance.between(0.0, DAY_SECONDS);
        spend(&mut fraudster, (day, seconds), world, (person, shop), 2.0, into);
    }
}

fn spend(
    fraudster: &mut Fraudster,
    when: (Day, f64),
    world: World<'_>,
    (person, shop): (usize, usize),
    times: f64,
    into: &mut Vec<Purchase>,
) {
    let usual = world.people.get(person).map_or(5_000.0, |victim| victim.mean);
    let price = world.shops.get(shop).map_or(1.0, |shop| shop.trade.price);
    // Who wants to stay unseen spends as the cardholder would.
    let mean = if fraudster.quiet { usual.max(2_000.0) } else { usual.max(3_000.0) * price * times };
    let yen = amount(&mut fraudster.chance, mean, mean / 3.0);
    into.extend(fraudster.buys(when, world, (person, shop), yen));
}

/// A merchant whose goods can be sold on, if chance finds one.
fn worthwhile(chance: &mut Chance, world: World<'_>) -> Option<usize> {
    let tries: Vec<usize> = (0..12).map(|_| chance.place(world.shops.len())).collect();
    let resold = |shop: &&usize| world.shops.get(**shop).is_some_and(|shop| shop.trade.resold);
    tries.iter().find(resold).or(tries.first()).copied().filter(|_| !world.shops.is_empty())
}
