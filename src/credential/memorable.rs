//! Memorable words: the first personal message of a member, until she chooses her own. Several words out of short lists
//! of everyday things, so that nobody who imitates our pages guesses them.

use crate::domain::challenge::Language;
use crate::domain::randomness::Randomness;

/// So many words make a message: with [`WORDS`] to choose from, one in 268 million.
const CHOSEN: usize = 4;
/// So many words has each list; a power of two, so that each is as likely as the others.
const WORDS: u8 = 128;

const JA: &str = include_str!("memorable/ja.txt");
const EN: &str = include_str!("memorable/en.txt");

/// A fresh message in this language.
pub fn message(language: Language, randomness: &dyn Randomness) -> String {
    let (list, between) = match language {
        Language::Ja => (JA, "・"),
        Language::En => (EN, " "),
    };
    let word = |byte: u8| list.lines().nth(usize::from(byte % WORDS)).unwrap_or_default();
    randomness.bytes::<CHOSEN>().map(word).join(between)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::personal_message::PersonalMessage;

    #[test]
    fn each_list_has_its_words_once_and_the_longest_make_a_message() {
        for (list, between) in [(JA, "・"), (EN, " ")] {
            let words: BTreeSet<&str> = list.lines().collect();
            assert_eq!((words.len(), list.lines().count()), (usize::from(WORDS), usize::from(WORDS)));
            let mut longest: Vec<&str> = words.into_iter().collect();
            longest.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
            assert!(PersonalMessage::parse(&longest[..CHOSEN].join(between), "1234").is_ok());
        }
    }
}
