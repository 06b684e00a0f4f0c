//! The personal message: words of a member's own that her challenge pages show, so that she knows them as genuine. Letters
//! of any script, emoji and signs; nothing that cannot be seen or makes text read otherwise than it is.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::note::{NoteError, refused};

/// The fewest signs of a message.
pub const SIGNS_MIN: usize = 2;
/// The most signs of a message: what fits on the smallest challenge page.
pub const SIGNS_MAX: usize = 40;
/// The most bytes of a message.
pub const BYTES_MAX: usize = 300;
/// So many marks may stand on one letter.
const MARKS_MAX: usize = 3;
/// So many pictures may be joined to one.
const JOINED_MAX: usize = 6;
/// As many digits in a row as the shortest card number has.
const CARD_DIGITS: usize = 12;

const JOINER: char = '\u{200d}';

/// A personal message that follows the rules, in Unicode's NFC.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalMessage(String);

/// Why a text cannot be a personal message. Places are counted in characters from 1, without the spaces around the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonalMessageError {
    /// It has hardly a sign.
    #[error("is shorter than {SIGNS_MIN} characters\nhint: write some words that you will know again")]
    TooShort,
    /// It has too many signs, or they take too much room.
    #[error("is longer than {SIGNS_MAX} characters\nhint: shorten it")]
    TooLong,
    /// A character that cannot be seen, or that turns what can.
    #[error(transparent)]
    Unseen(NoteError),
    /// More marks on one letter than any script needs.
    #[error("has too many marks on one letter as character {at}\nhint: leave some of them out")]
    Marks {
        /// Which character it is.
        at: usize,
    },
    /// It holds the digits of a card.
    #[error("holds digits of your card\nhint: write words that have nothing to do with your card")]
    CardDigits,
}

impl PersonalMessage {
    /// Reads a message; spaces around it are left out, and several in a row are one. `last_four` are the card's last digits.
    ///
    /// # Errors
    /// [`PersonalMessageError`].
    pub fn parse(text: &str, last_four: &str) -> Result<Self, PersonalMessageError> {
        // Nothing long is normalised to find out that it is too long.
        if text.len() > 8 * BYTES_MAX {
            return Err(PersonalMessageError::TooLong);
        }
        let composed: String = text.trim_matches([' ', '\u{3000}']).nfc().collect();
        check_characters(&composed)?;
        let message = composed.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let signs = signs(&message);
        if signs > SIGNS_MAX || message.len() > BYTES_MAX {
            return Err(PersonalMessageError::TooLong);
        }
        let seen: String = message.chars().filter(|sign| !sign.is_whitespace()).collect();
        if self::signs(&seen) < SIGNS_MIN {
            return Err(PersonalMessageError::TooShort);
        }
        if holds_card_digits(&message, last_four) { Err(PersonalMessageError::CardDigits) } else { Ok(Self(message)) }
    }

    /// The message.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// It does not show itself: whoever knows it can pretend to be the issuer.
impl fmt::Debug for PersonalMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalMessage(…)")
    }
}

fn check_characters(text: &str) -> Result<(), PersonalMessageError> {
    let (mut before, mut marks, mut joined) = (None, 0, 0);
    let mut characters = text.chars().peekable();
    let mut at = 0;
    while let Some(character) = characters.next() {
        at += 1;
        let joins = character == JOINER
            && joined < JOINED_MAX
            && before.is_some_and(is_joinable)
            && characters.peek().is_some_and(|next| is_picture(*next));
        if !joins {
            unseen(character, at)?;
        }
        let goes_on = is_selector(character) || is_skin(character) || before == Some(JOINER);
        joined = if joins { joined + 1 } else { joined * usize::from(goes_on) };
        marks = if is_combining_mark(character) { marks + 1 } else { 0 };
        if marks > MARKS_MAX || (marks > 0 && before.is_none_or(char::is_whitespace)) {
            return Err(PersonalMessageError::Marks { at });
        }
        before = Some(character);
    }
    Ok(())
}

fn unseen(character: char, at: usize) -> Result<(), PersonalMessageError> {
    let refused = refused(character, at).or_else(|| {
        let private = matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
        let space = character.is_whitespace() && !matches!(character, ' ' | '\u{3000}');
        let fill = matches!(character, '\u{2800}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}');
        (private || space || fill).then_some(NoteError::Invisible { at })
    });
    refused.map_or(Ok(()), |error| Err(PersonalMessageError::Unseen(error)))
}

/// How many signs a reader counts: a letter with its marks is one, and so is a picture made of several.
fn signs(text: &str) -> usize {
    let (mut count, mut before, mut flag) = (0, None, false);
    for character in text.chars() {
        let second_of_flag = is_flag_letter(character) && flag;
        let continues = is_combining_mark(character)
            || is_selector(character)
            || is_skin(character)
            || character == JOINER
            || before == Some(JOINER)
            || second_of_flag;
        count += usize::from(!continues || before.is_none());
        flag = is_flag_letter(character) && !flag;
        before = Some(character);
    }
    count
}

/// Pictures that may be joined (Unicode Technical Standard 51).
fn is_picture(character: char) -> bool {
    matches!(character, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}')
}

fn is_joinable(character: char) -> bool {
    is_picture(character) || is_selector(character)
}

fn is_selector(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_skin(character: char) -> bool {
    matches!(character, '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_flag_letter(character: char) -> bool {
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}')
}

fn holds_card_digits(message: &str, last_four: &str) -> bool {
    // However they are spaced or written.
    let plain: String = message.nfkc().filter(|sign| !matches!(sign, ' ' | '-' | '.')).collect();
    let mut runs = plain.split(|sign: char| !sign.is_ascii_digit()).filter(|run| !run.is_empty());
    runs.any(|run| run.len() >= CARD_DIGITS || run == last_four)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Result<String, PersonalMessageError> {
        PersonalMessage::parse(text, "1234").map(|message| message.as_str().to_owned())
    }

    #[test]
    fn words_of_any_script_pictures_and_signs_are_a_message() {
        for text in [
            "祖母の庭の金木犀",
            "葛\u{e0100}城の山",
            "My first bicycle was <red> & \"fast\"",
            "👩\u{200d}👩\u{200d}👧\u{200d}👦と海へ",
            "❤\u{fe0f}\u{200d}🔥 🏳\u{fe0f}\u{200d}🌈",
            "🇯🇵🇫🇷",
            "नमस्ते दुनिया",
            "שלום עולם",
            "สวัสดีชาวโลก",
            "since 1990",
            "e\u{323}\u{302}cole",
        ] {
            let kept: String = text.nfc().collect();
            assert_eq!(message(text), Ok(kept), "{text}");
        }
        assert_eq!(message("\u{3000}two   words "), Ok("two words".to_owned()));
        assert_eq!(message("か\u{3099}き"), Ok("がき".to_owned()));
        assert_eq!(signs("👩\u{200d}👩\u{200d}👧\u{200d}👦🇯🇵👍🏽e\u{301}"), 4);
    }

    #[test]
    fn what_cannot_be_seen_or_reads_otherwise_is_refused_with_its_place() {
        let unseen = PersonalMessageError::Unseen;
        let cases = [
            ("", PersonalMessageError::TooShort),
            ("犬", PersonalMessageError::TooShort),
            (" x ", PersonalMessageError::TooShort),
            ("a\nb", unseen(NoteError::Control { at: 2 })),
            ("ab\u{202e}cd", unseen(NoteError::Direction { at: 3 })),
            ("a\u{200b}b", unseen(NoteError::Invisible { at: 2 })),
            ("a\u{200d}b", unseen(NoteError::Invisible { at: 2 })),
            ("👩\u{200d}", unseen(NoteError::Invisible { at: 2 })),
            ("ab\u{e000}", unseen(NoteError::Invisible { at: 3 })),
            ("⠀⠀", unseen(NoteError::Invisible { at: 1 })),
            ("a\u{a0}b", unseen(NoteError::Invisible { at: 2 })),
            ("\u{301}ab", PersonalMessageError::Marks { at: 1 }),
            ("Z\u{351}\u{36b}\u{343}\u{36a}", PersonalMessageError::Marks { at: 5 }),
            ("my card 1234", PersonalMessageError::CardDigits),
            ("１２３４", PersonalMessageError::CardDigits),
            ("3569 0000 0000 0016", PersonalMessageError::CardDigits),
        ];
        for (text, error) in cases {
            assert_eq!(message(text), Err(error), "{text:?}");
        }
        assert_eq!(message(&"あ".repeat(40)), Ok("あ".repeat(40)));
        assert_eq!(message(&"あ".repeat(41)), Err(PersonalMessageError::TooLong));
        assert_eq!(message(&"x".repeat(500)), Err(PersonalMessageError::TooLong));
        assert_eq!(message(&"👩\u{200d}👧".repeat(35)), Err(PersonalMessageError::TooLong));
    }
}
