//! Devices: what a browser states about itself.

use serde::{Deserialize, Serialize};

use super::facts::OsFamily;

/// What a browser states about itself, by headers, by our collection page or by the merchant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedDevice {
    /// The `User-Agent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The preferred language, BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The time zone, IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Screen width, height and colour depth: `1920x1080x24`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<String>,
}

impl StatedDevice {
    /// The family of the operating system, by the `User-Agent` header.
    pub fn os_family(&self) -> OsFamily {
        let Some(agent) = &self.user_agent else { return OsFamily::Unknown };
        // The order matters: Android and ChromeOS name Linux too, iPhones name Mac OS X.
        const MARKS: [(&str, OsFamily); 9] = [
            ("Android", OsFamily::Android),
            ("iPhone", OsFamily::Ios),
            ("iPad", OsFamily::Ios),
            ("Windows", OsFamily::Windows),
            ("Macintosh", OsFamily::Macos),
            ("Mac OS X", OsFamily::Macos),
            ("CrOS", OsFamily::Linux),
            ("Linux", OsFamily::Linux),
            ("X11", OsFamily::Linux),
        ];
        MARKS.iter().find(|(mark, _)| agent.contains(mark)).map_or(OsFamily::Other, |(_, family)| *family)
    }

    /// The primary language subtag in lower case (`ja` of `ja-JP,en;q=0.8`).
    pub fn primary_language(&self) -> Option<String> {
        let tag = self.language.as_deref()?.split([',', ';', '-', '_']).next()?.trim();
        (2..=3)
            .contains(&tag.len())
            .then(|| tag.to_ascii_lowercase())
            .filter(|t| t.bytes().all(|b| b.is_ascii_lowercase()))
    }

    /// What is digested to recognise the device; none when too little is stated.
    pub fn attributes(&self) -> Option<String> {
        let agent = self.user_agent.as_deref()?;
        let screen = self.screen.as_deref()?;
        let part = |value: &Option<String>| value.clone().unwrap_or_default();
        Some(format!("{agent}\n{screen}\n{}\n{}", part(&self.language), part(&self.time_zone)))
    }
}
