//! Which cards were seen lately on a device or an address of the network: across all cards, in the order of time.

use std::collections::HashMap;

use super::purchase::Purchase;

/// A window of 24 whole hours before the present one.
const HOURS: i64 = 24;
/// Distinct cards are counted up to here.
const CARDS_MAX: usize = 100;

/// Sightings of the last day.
#[derive(Default)]
pub(super) struct Around {
    seen: HashMap<[u8; 32], HashMap<usize, i64>>,
}

impl Around {
    /// Notes purchases, which are in the order of time, and what is around each of them.
    pub(super) fn look(&mut self, purchases: &mut [Purchase]) {
        for purchase in purchases {
            let hour = purchase.at.hour_bucket();
            let device = purchase.device.map(|device| device.digest);
            let on_device = device.map_or(0, |digest| self.sight(digest, purchase.person, hour));
            purchase.cards_around = [on_device, self.sight(purchase.network.digest, purchase.person, hour)];
        }
    }

    /// Forgets what lies before an hour's window.
    pub(super) fn forget(&mut self, hour: i64) {
        self.seen.retain(|_, cards| {
            cards.retain(|_, last| *last >= hour - HOURS);
            !cards.is_empty()
        });
    }

    fn sight(&mut self, digest: [u8; 32], person: usize, hour: i64) -> i64 {
        let cards = self.seen.entry(digest).or_default();
        cards.insert(person, hour);
        let lately = cards.values().filter(|last| **last >= hour - HOURS).count();
        i64::try_from(lately.min(CARDS_MAX)).unwrap_or(0)
    }
}
