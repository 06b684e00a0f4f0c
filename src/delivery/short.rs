//! Short messages: one part each, so within 70 characters of UCS-2 (3GPP TS 23.038), whatever the names are.

use crate::app::App;
use crate::domain::member_notice::MemberNotice;
use crate::domain::sent_code::{CodeMessage, CodeSubject};
use crate::texts::moment::amount;

use super::code::Purchase;
use super::words;

/// The longest text in UTF-16 code units.
const UNITS_MAX: usize = 70;

/// The text with a code: the code first, since a telephone shows the beginning; then what it is for.
pub(super) fn of_code(app: &App, body: CodeMessage, code: &str, purchase: Option<&Purchase>) -> String {
    let wording = words::wording(body.language);
    let issuer = words::issuer_name(app, body.language);
    let key = match body.subject {
        CodeSubject::Challenge(_) => "sms-code-challenge",
        CodeSubject::Contact(_) => "sms-code-contact",
        CodeSubject::Reset(_) => "sms-code-reset",
    };
    let (head, never) = (wording.with(key, "code", code), wording.text("sms-never"));
    let merchant = purchase.map_or("", |purchase| purchase.merchant.as_str());
    let amount = purchase.map(|purchase| amount(purchase.money));
    fitting(merchant, issuer, |merchant, issuer| {
        let parts = [head.as_str(), merchant, amount.as_deref().unwrap_or_default(), &never, issuer];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    })
}

/// The text of a notice: what happened, and whom to call.
pub(super) fn of_notice(app: &App, notice: MemberNotice) -> String {
    let wording = words::wording(notice.language);
    let issuer = words::issuer_name(app, notice.language);
    let event = wording.text(&format!("sms-{}", notice.event.as_str().replace('_', "-")));
    let call = wording.with("sms-call", "phone", app.config.issuer.phone.as_str());
    fitting("", issuer, |_, issuer| {
        let parts = [event.as_str(), &call, issuer];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    })
}

/// The text with as much of the first name as there is room for; the second one is left out where both have none.
fn fitting(first: &str, second: &str, compose: impl Fn(&str, &str) -> String) -> String {
    let fits = |text: &String| text.encode_utf16().count() <= UNITS_MAX;
    let whole = compose(first, second);
    if fits(&whole) {
        return whole;
    }
    let cuts: Vec<usize> = first.char_indices().map(|(at, _)| at).rev().collect();
    for second in [second, ""] {
        for end in &cuts {
            let shorter = compose(&format!("{}…", first.get(..*end).unwrap_or_default()), second);
            if *end > 0 && fits(&shorter) {
                return shorter;
            }
        }
        let without = compose("", second);
        if fits(&without) {
            return without;
        }
    }
    compose("", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_until_the_text_fits() {
        let compose = |first: &str, second: &str| format!("123456 {first} ¥1,000 {second}");
        assert_eq!(fitting("店", "関所", compose), "123456 店 ¥1,000 関所");
        let long = fitting(&"店".repeat(80), "関所", compose);
        assert_eq!((long.encode_utf16().count(), long.ends_with("店… ¥1,000 関所")), (70, true), "{long}");
        // A character outside the basic plane counts twice.
        let wide = fitting(&"𠮷".repeat(40), "関所", compose);
        assert!(wide.encode_utf16().count() <= 70 && wide.ends_with("𠮷… ¥1,000 関所"), "{wide}");
        let crowded = fitting(&"店".repeat(80), &"関".repeat(80), compose);
        assert!(crowded.encode_utf16().count() <= 70 && crowded.contains("店… ¥1,000"), "{crowded}");
    }
}
