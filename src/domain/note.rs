//! A note: short words that a staff person writes, checked once. Reasons and references of calls are notes.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 200;
/// The longest reference of a call, in characters.
pub const CALL_REFERENCE_CHARS_MAX: usize = 64;

/// Words of a staff person: not empty, one line, in Unicode's NFC, with nothing in them that cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note(String);

/// Why a text is no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Nothing is written.
    #[error("is empty\nhint: write at least one character")]
    Empty,
    /// It is too long.
    #[error("is longer than {max} characters\nhint: shorten it")]
    TooLong {
        /// The most that is allowed.
        max: usize,
    },
    /// A control character, a line break or a tab among them.
    #[error("holds a control character as character {at}\nhint: write one line of plain text")]
    Control {
        /// Which character it is, counted from 1.
        at: usize,
    },
    /// A character that turns the direction of writing, which makes text read otherwise than it is.
    #[error("holds a mark of writing direction as character {at}\nhint: type the text instead of pasting it")]
    Direction {
        /// Which character it is, counted from 1.
        at: usize,
    },
    /// A character that cannot be seen.
    #[error("holds an invisible character as character {at}\nhint: type the text instead of pasting it")]
    Invisible {
        /// Which character it is, counted from 1.
        at: usize,
    },
}

impl Note {
    /// Reads a text of 1 to `max` characters; spaces around it are left out.
    ///
    /// # Errors
    /// [`NoteError`]; positions are counted in the text without the spaces around it.
    pub fn parse(text: &str, max: usize) -> Result<Self, NoteError> {
        // Ten thousand bytes are not normalised to find out that they are too many.
        let text = text.trim_matches([' ', '\u{3000}']);
        if text.chars().nth(max.saturating_mul(4)).is_some() {
            return Err(NoteError::TooLong { max });
        }
        for (at, character) in (1..).zip(text.chars()) {
            if let Some(error) = refused(character, at) {
                return Err(error);
            }
        }
        let text: String = text.nfc().collect();
        match text.chars().count() {
            0 => Err(NoteError::Empty),
            length if length > max => Err(NoteError::TooLong { max }),
            _ => Ok(Self(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with one character (Unicode Technical Report 36, sections 2.1 and 2.10). Variation selectors stay:
/// Japanese names need them.
pub(super) fn refused(character: char, at: usize) -> Option<NoteError> {
    match character {
        '\u{2028}' | '\u{2029}' => Some(NoteError::Control { at }),
        _ if character.is_control() => Some(NoteError::Control { at }),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(NoteError::Direction { at })
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some(NoteError::Invisible { at }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line_of_what_can_be_seen() {
        for (text, note) in [
            ("本人から電話あり", "本人から電話あり"),
            ("  two words ", "two words"),
            ("か\u{3099}", "\u{304c}"),
            ("葛\u{e0100}城市", "葛\u{e0100}城市"),
        ] {
            assert_eq!(Note::parse(text, 20).unwrap().as_str(), note);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused_with_its_place() {
        let cases = [
            ("", NoteError::Empty),
            (" \u{3000} ", NoteError::Empty),
            ("a\nb", NoteError::Control { at: 2 }),
            ("a\tb", NoteError::Control { at: 2 }),
            ("\u{1b}[31m", NoteError::Control { at: 1 }),
            ("ab\u{2028}", NoteError::Control { at: 3 }),
            ("a\u{202e}b", NoteError::Direction { at: 2 }),
            ("a\u{2067}b", NoteError::Direction { at: 2 }),
            ("\u{200b}", NoteError::Invisible { at: 1 }),
            ("a\u{feff}b", NoteError::Invisible { at: 2 }),
            ("123456", NoteError::TooLong { max: 5 }),
        ];
        for (text, error) in cases {
            assert_eq!(Note::parse(text, 5), Err(error), "{text:?}");
        }
        assert_eq!(Note::parse(&"x".repeat(10_240), 200), Err(NoteError::TooLong { max: 200 }));
        let hinted = NoteError::TooLong { max: 200 }.to_string();
        assert_eq!(hinted, "is longer than 200 characters\nhint: shorten it");
        assert_eq!(Note::parse(&"か\u{3099}".repeat(5), 5).unwrap().as_str().chars().count(), 5);
    }
}
