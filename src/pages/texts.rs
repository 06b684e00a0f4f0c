//! The words of the pages.

pub(super) use crate::texts::{Texts, Wording, accepted};

const JA: &[&str] = &[
    include_str!("translations/ja.ftl"),
    include_str!("translations/challenge.ja.ftl"),
    include_str!("translations/help.ja.ftl"),
    include_str!("translations/ending.ja.ftl"),
    include_str!("translations/staff.ja.ftl"),
    include_str!("translations/member.ja.ftl"),
    include_str!("translations/member_card.ja.ftl"),
    include_str!("translations/console.ja.ftl"),
    include_str!("translations/export.ja.ftl"),
    include_str!("translations/supervisor.ja.ftl"),
    include_str!("translations/policies.ja.ftl"),
];
const EN: &[&str] = &[
    include_str!("translations/en.ftl"),
    include_str!("translations/challenge.en.ftl"),
    include_str!("translations/help.en.ftl"),
    include_str!("translations/ending.en.ftl"),
    include_str!("translations/staff.en.ftl"),
    include_str!("translations/member.en.ftl"),
    include_str!("translations/member_card.en.ftl"),
    include_str!("translations/console.en.ftl"),
    include_str!("translations/export.en.ftl"),
    include_str!("translations/supervisor.en.ftl"),
    include_str!("translations/policies.en.ftl"),
];

/// The words of the pages, in the languages that there are.
pub(super) fn texts() -> Texts {
    Texts::new(JA, EN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_both_languages_and_can_be_read() {
        crate::texts::hold_complete(JA, EN);
    }
}
