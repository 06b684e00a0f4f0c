//! What any provider refuses among the values that are sent to it.

use crate::domain::card::mentions_card_number;

/// Whether this is an ISO 3166-1 alpha-2 code.
pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.parse::<phonenumber::country::Id>().is_ok()
}

/// Whether this is an ISO 4217 code.
pub(super) fn is_currency(text: &str) -> bool {
    iso_currency::Currency::from_code(text).is_some()
}

/// Whether this is an amount of money in decimal digits.
pub(super) fn is_amount(text: &str) -> bool {
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    decimal && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether this is one address, of either version.
pub(super) fn is_ip(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// Whether a card number stands in the text. Ids and tokens of letters and digits, which may hold as many digits, are none.
pub(super) fn holds_card_number(text: &str) -> bool {
    let is_part_of_id = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    !text.contains(is_part_of_id) && mentions_card_number(text)
}
