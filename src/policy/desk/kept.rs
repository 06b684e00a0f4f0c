//! What was made before, in two generations: what is asked for moves to the young one, and when that is full, what is left of
//! the old one goes. So memory is bounded, and what is often needed stays, however much is needed once.

use std::collections::HashMap;

/// Things by a key that may stand for several of them.
pub(super) struct Kept<T> {
    young: HashMap<String, Vec<T>>,
    old: HashMap<String, Vec<T>>,
    /// Things in the young generation.
    count: usize,
    /// Things that one generation holds at most.
    max: usize,
}

impl<T> Kept<T> {
    pub(super) fn new(max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), count: 0, max }
    }

    /// The place of a thing among those of its key; none where it has to be made.
    pub(super) fn place(&mut self, key: &str, same: impl Fn(&T) -> bool) -> Option<usize> {
        if let Some(place) = self.young.get(key).and_then(|things| things.iter().position(&same)) {
            return Some(place);
        }
        let things = self.old.get_mut(key)?;
        let thing = things.swap_remove(things.iter().position(same)?);
        Some(self.keep(key, thing))
    }

    /// Keeps a thing, and answers its place.
    pub(super) fn keep(&mut self, key: &str, thing: T) -> usize {
        if self.count >= self.max {
            self.old = std::mem::take(&mut self.young);
            self.count = 0;
        }
        self.count += 1;
        let things = self.young.entry(key.to_owned()).or_default();
        things.push(thing);
        things.len() - 1
    }

    /// The thing at a place that was just answered.
    pub(super) fn at(&self, key: &str, place: usize) -> Option<&T> {
        self.young.get(key)?.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;

    /// Asks for a thing, and answers whether it was still there.
    fn ask(kept: &mut Kept<u32>, thing: u32) -> bool {
        let key = (thing % 3).to_string();
        let found = kept.place(&key, |one| *one == thing);
        let place = found.unwrap_or_else(|| kept.keep(&key, thing));
        assert_eq!(kept.at(&key, place), Some(&thing));
        found.is_some()
    }

    #[test]
    fn what_is_asked_for_stays_and_memory_is_bounded() {
        let mut kept = Kept::new(8);
        for thing in 0..100 {
            let again = ask(&mut kept, 1_000);
            assert_eq!(again, thing > 0, "{thing}");
            assert!(!ask(&mut kept, thing));
            let all = kept.young.values().chain(kept.old.values()).map(Vec::len).sum::<usize>();
            assert!(all <= 16, "{all}");
        }
        assert!(ask(&mut kept, 99) && !ask(&mut kept, 5));
    }

    #[test]
    fn as_many_as_two_generations_hold_are_all_kept() {
        let mut kept = Kept::new(8);
        let made = |kept: &mut Kept<u32>| (0..8).filter(|thing| !ask(kept, *thing)).count();
        assert_eq!([made(&mut kept), made(&mut kept), made(&mut kept)], [8, 0, 0]);
    }
}
