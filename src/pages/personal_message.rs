//! The personal message as it is shown: whole where it follows the rules, joined pictures included; an older one without
//! what cannot be seen.

use crate::domain::personal_message::PersonalMessage;
use crate::texts::foreign::plain;

/// So many characters are shown of a message from before the rules.
const LONGEST: usize = 100;

/// The message for a page.
pub(super) fn shown(message: &str) -> String {
    // The rule about a card's digits is for new messages.
    match PersonalMessage::parse(message, "none") {
        Ok(message) => message.as_str().to_owned(),
        Err(_) => plain(message, LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn joined_pictures_stay_joined_and_unseen_characters_go() {
        assert_eq!(shown("👩\u{200d}👧と海へ"), "👩\u{200d}👧と海へ");
        assert_eq!(shown("ab\u{202e}cd\u{200b}"), "abcd");
    }
}
