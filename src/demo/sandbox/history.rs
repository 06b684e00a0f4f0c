//! What the service would know of a card when a request comes: how often and how much lately, and what it passed with.
//!
//! It counts by whole hours as the database does, so that facts of the sandbox and of live traffic mean the same.

use std::collections::{BTreeMap, BTreeSet};

use super::people::Person;
use super::purchase::Purchase;
use super::shops::Shop;
use crate::domain::clock::Micros;
use crate::domain::facts::{Count, VelocityFacts};
use crate::store::sandbox::{CardHour, Familiar};

/// Hours of the longest window.
const HOURS_30_DAYS: i64 = 720;
const HOURS_24: i64 = 24;

/// What a card can be familiar with.
type Known = (&'static str, Vec<u8>);

/// One card's past.
pub(super) struct History {
    hours: BTreeMap<i64, CardHour>,
    known: BTreeSet<Known>,
    /// What it will have passed with, when the buyer has proved it.
    coming: Vec<(Micros, Known)>,
}

impl History {
    /// A card that was used before the sandbox begins: at home, with its own devices, at most of its merchants.
    pub(super) fn before(person: &Person, shops: &[Shop], begins: Micros, rows: &mut Vec<Familiar>) -> Self {
        let mut known = BTreeSet::from([("address", person.address.to_vec())]);
        known.extend(person.devices.first().map(|device| ("device", device.digest.to_vec())));
        let usual = person.reach.iter().filter(|shop| *shop % 5 != 0).filter_map(|shop| shops.get(*shop));
        known.extend(usual.map(merchant));
        let first_at = Micros(begins.0 - 30 * Micros::DAY);
        let row = |(kind, digest): &Known| Familiar { card_id: person.card_id, kind, digest: digest.clone(), first_at };
        rows.extend(known.iter().map(row));
        Self { hours: BTreeMap::new(), known, coming: Vec::new() }
    }

    /// Counts a request, and answers what is known of the card then, this request included.
    pub(super) fn request(&mut self, person: &Person, purchase: &Purchase, shop: &Shop, base: i64) -> VelocityFacts {
        let (now, hour) = (purchase.at, purchase.at.hour_bucket());
        self.arrive(now);
        let last_at = self.hours.values().rev().find(|past| past.requests > 0).map(|past| past.last_at);
        let present = self.hour(person, hour);
        present.requests += 1;
        present.sum_base_minor = present.sum_base_minor.saturating_add(base);
        present.last_at = now;
        self.hours = self.hours.split_off(&(hour - HOURS_30_DAYS));
        let within = |hours: i64| self.hours.range(hour - hours..).map(|(_, past)| past);
        let count = |hours: i64| Count {
            count: within(hours).map(|past| past.requests).sum(),
            sum_base_minor: within(hours).fold(0, |sum, past| sum.saturating_add(past.sum_base_minor)),
        };
        VelocityFacts {
            card_1h: count(1),
            card_24h: count(HOURS_24),
            card_30d: count(HOURS_30_DAYS),
            cards_per_device_24h: purchase.device.map_or(0, |_| purchase.cards_around[0]),
            cards_per_ip_24h: purchase.cards_around[1],
            failed_challenges_24h: within(HOURS_24).map(|past| past.failed_challenges).sum(),
            challenge_pages_24h: within(HOURS_24).map(|past| past.challenge_pages).sum(),
            first_at_merchant: !self.known.contains(&merchant(shop)),
            seconds_since_last: last_at.map(|last| (now.0 - last.0).max(0) / Micros::SECOND),
        }
    }

    /// Whether the card passed with this device, or this address, before.
    pub(super) fn knows(&self, kind: &'static str, digest: &[u8; 32]) -> bool {
        self.known.contains(&(kind, digest.to_vec()))
    }

    /// A challenge page was opened, and perhaps failed.
    pub(super) fn challenged(&mut self, person: &Person, at: Micros, failed: bool) {
        let present = self.hour(person, at.hour_bucket());
        present.challenge_pages += 1;
        present.failed_challenges += i64::from(failed);
    }

    /// The card passes at `at` with this device, to this address, at this merchant. Answers what is new of it.
    pub(super) fn passes(&mut self, person: &Person, purchase: &Purchase, shop: &Shop, at: Micros) -> Vec<Familiar> {
        let device = purchase.device.map(|device| ("device", device.digest.to_vec()));
        let address = purchase.shipping.address.map(|address| ("address", address.to_vec()));
        let with = device.into_iter().chain(address).chain([merchant(shop)]);
        let new: Vec<Known> = with.filter(|one| !self.known.contains(one)).collect();
        self.coming.extend(new.iter().map(|one| (at, one.clone())));
        let row = |(kind, digest): Known| Familiar { card_id: person.card_id, kind, digest, first_at: purchase.at };
        new.into_iter().map(row).collect()
    }

    /// What the card did in each hour of the last 30 days.
    pub(super) fn hours(&self) -> impl Iterator<Item = CardHour> + '_ {
        self.hours.values().copied()
    }

    fn arrive(&mut self, now: Micros) {
        let (arrived, coming) = std::mem::take(&mut self.coming).into_iter().partition(|(at, _)| *at <= now);
        self.coming = coming;
        let arrived: Vec<(Micros, Known)> = arrived;
        self.known.extend(arrived.into_iter().map(|(_, one)| one));
    }

    /// A challenge may end in the hour after its request.
    fn hour(&mut self, person: &Person, hour: i64) -> &mut CardHour {
        self.hours.entry(hour).or_insert_with(|| CardHour {
            card_id: person.card_id,
            hour,
            requests: 0,
            sum_base_minor: 0,
            failed_challenges: 0,
            challenge_pages: 0,
            last_at: Micros(0),
        })
    }
}

fn merchant(shop: &Shop) -> Known {
    ("merchant", shop.merchant.id.uuid().as_bytes().to_vec())
}
