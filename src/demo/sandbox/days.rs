//! Day after day: what is bought is made up, brought into the order of time, decided on several threads, and handed on in
//! batches, so that memory is bounded however many days there are.

use super::around::Around;
use super::decided::Desk;
use super::fraud::{self, World};
use super::habits::{self, Day};
use super::history::History;
use super::people::Person;
use super::purchase::Purchase;
use super::shops::Shop;
use crate::store::sandbox::Batch;

/// So many purchases are decided and written at a time.
const AT_ONCE: usize = 10_000;
/// Threads that decide.
const THREADS: usize = 2;

/// Everybody, with their pasts.
pub(super) struct City {
    pub(super) people: Vec<Person>,
    pub(super) shops: Vec<Shop>,
    pub(super) histories: Vec<History>,
    pub(super) around: Around,
}

impl City {
    /// Everything that is bought on a day, in the order of time.
    pub(super) fn purchases(&mut self, day: Day) -> Vec<Vec<Purchase>> {
        let mut purchases = Vec::new();
        for (at, person) in self.people.iter().enumerate() {
            habits::purchases(day, at, person, &self.shops, &mut purchases);
        }
        fraud::purchases(day, World { people: &self.people, shops: &self.shops }, &mut purchases);
        purchases.sort_by_key(|purchase| (purchase.at, purchase.id));
        self.around.forget(day.begins.hour_bucket());
        self.around.look(&mut purchases);
        let mut rest = purchases.into_iter().peekable();
        let mut batches = Vec::new();
        while rest.peek().is_some() {
            batches.push(rest.by_ref().take(AT_ONCE).collect());
        }
        batches
    }

    /// Decides purchases; each card's own in their order, so that the outcome does not depend on the threads.
    pub(super) fn decide(&mut self, desk: &Desk<'_>, purchases: &[Purchase]) -> Batch {
        let mut by_person: Vec<Vec<&Purchase>> = self.people.iter().map(|_| Vec::new()).collect();
        for purchase in purchases {
            if let Some(own) = by_person.get_mut(purchase.person) {
                own.push(purchase);
            }
        }
        let share = self.people.len().div_ceil(THREADS).max(1);
        let parts = self.people.chunks(share).zip(self.histories.chunks_mut(share)).zip(by_person.chunks(share));
        let decided: Vec<Batch> = std::thread::scope(|scope| {
            let threads: Vec<_> = parts
                .map(|((people, histories), purchases)| scope.spawn(move || part(desk, people, histories, purchases)))
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let mut all = Batch::default();
        for mut one in decided {
            all.authentications.append(&mut one.authentications);
            all.challenges.append(&mut one.challenges);
            all.labels.append(&mut one.labels);
            all.familiars.append(&mut one.familiars);
        }
        all.authentications.sort_by_key(|record| record.id);
        all
    }
}

fn part(desk: &Desk<'_>, people: &[Person], histories: &mut [History], purchases: &[Vec<&Purchase>]) -> Batch {
    let mut batch = Batch::default();
    for ((person, history), own) in people.iter().zip(histories).zip(purchases) {
        for purchase in own {
            desk.decide(person, history, purchase, &mut batch);
        }
    }
    batch
}
