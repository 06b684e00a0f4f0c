//! Where codes go: an e-mail address or a mobile number in the form in which it is sent to, and how it is shown.

use std::fmt;

use zeroize::Zeroizing;

use super::cardholder::{deliverable_email, normal_phone};
use super::member::ContactChannel;

/// No e-mail address is longer, in bytes (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const EMAIL_BYTES_MAX: usize = 254;
/// Stands in the place of what is not shown.
const HIDDEN: &str = "•••";

/// An address or number. Does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactAddress {
    channel: ContactChannel,
    text: Zeroizing<String>,
}

/// Why a text is no address that codes can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactAddressError {
    /// It is no e-mail address.
    #[error("not an e-mail address\nhint: write it as `name@host`")]
    Email,
    /// It is no telephone number.
    #[error("not a telephone number\nhint: write it as in `090-1234-5678`, or with `+` and the country's code")]
    Phone,
}

impl ContactAddress {
    /// The address in the form in which it is sent to: of mail as a relay takes it, of a telephone in E.164, read as
    /// a Japanese number unless it begins with a country's code.
    ///
    /// # Errors
    /// [`ContactAddressError`].
    pub fn parse(channel: ContactChannel, typed: &str) -> Result<Self, ContactAddressError> {
        let text = match channel {
            ContactChannel::Email => deliverable_email(typed)
                .filter(|address| address.len() <= EMAIL_BYTES_MAX)
                .ok_or(ContactAddressError::Email)?,
            ContactChannel::Sms => normal_phone(typed, "JP").ok_or(ContactAddressError::Phone)?,
        };
        Ok(Self { channel, text: Zeroizing::new(text) })
    }

    /// The address as it was stored.
    pub fn stored(channel: ContactChannel, text: String) -> Self {
        Self { channel, text: Zeroizing::new(text) }
    }

    /// The way that a code takes to it.
    pub fn channel(&self) -> ContactChannel {
        self.channel
    }

    /// The address itself, for whoever sends.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What its owner recognises and nobody else can use: `h•••@e•••.jp`, `•••678`.
    pub fn masked(&self) -> String {
        match self.channel {
            ContactChannel::Email => masked_email(&self.text),
            ContactChannel::Sms => {
                let digits = self.text.char_indices().rev().nth(2).and_then(|(at, _)| self.text.get(at..));
                format!("{HIDDEN}{}", digits.unwrap_or_default())
            }
        }
    }
}

fn masked_email(address: &str) -> String {
    let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = |text: &str| text.trim_start_matches('"').chars().next().map_or(String::new(), String::from);
    let end = host.rsplit_once('.').map_or("", |(_, end)| end);
    format!("{}{HIDDEN}@{}{HIDDEN}.{end}", first(local), first(host))
}

impl fmt::Debug for ContactAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContactAddress({})", self.channel.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_in_many_spellings_and_shown_masked() {
        use ContactChannel::{Email, Sms};
        let cases = [
            (Email, " Hanako@Example.JP ", Some(("Hanako@example.jp", "H•••@e•••.jp"))),
            (Email, "x..y.@docomo.ne.jp", Some(("\"x..y.\"@docomo.ne.jp", "x•••@d•••.jp"))),
            (Email, "hanako", None),
            (Email, "a@b.jp\r\nBcc: c@d.jp", None),
            (Sms, "０９０−１２３４−５６７８", Some(("+819012345678", "•••678"))),
            (Sms, "+1 650 253 0000", Some(("+16502530000", "•••000"))),
            (Sms, "110", None),
            (Sms, "hanako@example.jp", None),
        ];
        for (channel, typed, expected) in cases {
            let address = ContactAddress::parse(channel, typed).ok();
            let found = address.as_ref().map(|address| (address.expose().to_owned(), address.masked()));
            assert_eq!(found, expected.map(|(text, masked)| (text.to_owned(), masked.to_owned())), "{typed:?}");
        }
        assert!(ContactAddress::parse(Email, &format!("{}@example.jp", "a".repeat(250))).is_err());
        let shown = format!("{:?}", ContactAddress::parse(Email, "hanako@example.jp"));
        assert!(!shown.contains("hanako"), "{shown}");
    }
}
