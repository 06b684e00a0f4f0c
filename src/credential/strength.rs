//! How well a new password would stand against somebody who guesses, and why not better. It judges what [`Password::chosen`]
//! has let through; it knows no language and no page.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::feedback::{Feedback, Warning};
use zxcvbn::zxcvbn;

use super::password::{CONTEXT, Password};
use crate::domain::assessment::words;

/// So many characters are judged; more only makes a password stronger.
const JUDGED_CHARACTERS: usize = 72;

words! {
    /// How many guesses a password takes.
    Level {
        /// Fewer than a million: not accepted.
        Weak = "weak",
        /// Fewer than a hundred million.
        Fair = "fair",
        /// Fewer than ten thousand million.
        Good = "good",
        /// More.
        Strong = "strong",
    }
}

words! {
    /// What makes a password easier to guess than it looks.
    Weakness {
        /// It is one that many people use, or nearly so.
        Common = "common",
        /// It is a single word.
        Word = "word",
        /// It is a name.
        Name = "name",
        /// It holds something that is known about the person or the card.
        Personal = "personal",
        /// It is a row or a pattern of keys.
        Keys = "keys",
        /// It repeats itself.
        Repeat = "repeat",
        /// It is a sequence like `abc` or `6543`.
        Sequence = "sequence",
        /// It is a date or a year.
        Date = "date",
        /// There is little of it.
        Short = "short",
    }
}

/// What is said about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strength {
    /// How strong it is.
    pub level: Level,
    /// Why it is no stronger; none when it is strong enough.
    pub weakness: Option<Weakness>,
}

impl Strength {
    /// Judges a password. `context` is what is known about the person: member id, name, card digits.
    pub fn of(password: &Password, context: &[&str]) -> Self {
        let judged: String = password.text().chars().take(JUDGED_CHARACTERS).collect();
        let known = known_words(context);
        let inputs: Vec<&str> = CONTEXT.into_iter().chain(known.iter().map(String::as_str)).collect();
        let entropy = zxcvbn(&judged, &inputs);
        let level = match u8::from(entropy.score()) {
            0 | 1 => Level::Weak,
            2 => Level::Fair,
            3 => Level::Good,
            _ => Level::Strong,
        };
        let weakness = entropy.feedback().map(|feedback| {
            let folded = judged.to_lowercase();
            if known.iter().any(|word| folded.contains(word.as_str())) {
                return Weakness::Personal;
            }
            // A word of the context is told without a reason; what everybody knows about it is the reason.
            let common = || zxcvbn(&judged, &[]).feedback().and_then(Feedback::warning);
            feedback.warning().or_else(common).map_or(Weakness::Short, weakness)
        });
        Self { level, weakness }
    }

    /// Whether a password of this strength may be chosen.
    pub fn is_enough(self) -> bool {
        self.level != Level::Weak
    }
}

/// The words of the context that are long enough to matter.
fn known_words(context: &[&str]) -> Vec<String> {
    let normal = context.iter().map(|text| text.nfkc().collect::<String>().to_lowercase());
    let words = normal.flat_map(|text| {
        let parts: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
        parts.into_iter().chain([text])
    });
    words.filter(|word| word.chars().count() >= 4).collect()
}

fn weakness(warning: Warning) -> Weakness {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => Weakness::Keys,
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            Weakness::Repeat
        }
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Weakness::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => Weakness::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Weakness::Date,
        Warning::AWordByItselfIsEasyToGuess => Weakness::Word,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            Weakness::Name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> (Level, Option<Weakness>) {
        let strength = Strength::of(&Password::typed(text).unwrap(), &["hanako-yamada", "1234"]);
        (strength.level, strength.weakness)
    }

    #[test]
    fn a_weak_password_is_told_why() {
        let cases = [
            ("p@ssword1", Weakness::Common),
            ("qwertyuiop", Weakness::Common),
            ("hanako2024", Weakness::Personal),
            ("abcabcabcabc", Weakness::Repeat),
            ("19900401", Weakness::Date),
        ];
        for (text, weakness) in cases {
            assert_eq!(judged(text), (Level::Weak, Some(weakness)), "{text}");
        }
    }

    #[test]
    fn words_that_nobody_puts_together_are_strong_without_a_reason() {
        for text in ["correct gingko november", "祖母の庭の金木犀が咲いた", "vK7#mQz!x2Lp"] {
            assert_eq!(judged(text), (Level::Strong, None), "{text}");
        }
        // Long and strange texts take no longer, and break nothing.
        assert_ne!(judged(&"x1!ö漢".repeat(100)).0, Level::Weak);
    }
}
