//! E-mail addresses as minFraud normalises and hashes them, by its published steps, after our own folding (NFKC).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use md5::{Digest, Md5};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Domains {
    gmail_typos: BTreeSet<String>,
    outlook_typos: BTreeSet<String>,
    com_typos: BTreeSet<String>,
    fastmail: BTreeSet<String>,
    yahoo: BTreeSet<String>,
    equivalent: BTreeMap<String, String>,
}

/// The published domains. The file is a part of the program and read by a test, so that it can be read.
static DOMAINS: LazyLock<Domains> =
    LazyLock::new(|| toml::from_str(include_str!("email_domains.toml")).unwrap_or_default());

/// MD5 of the normal form, 32 hexadecimal digits, as the interface asks for. It protects nothing by itself.
pub(super) fn hash(address: &str) -> Option<String> {
    let (local, domain) = normal(address)?;
    Some(hex::encode(Md5::digest(format!("{local}@{domain}"))))
}

/// The mailbox and the domain of an address in their normal form. None when it has none.
pub(super) fn normal(address: &str) -> Option<(String, String)> {
    let folded = address.nfkc().collect::<String>().to_lowercase();
    let (local, domain) = folded.trim().rsplit_once('@')?;
    let domain = clean_domain(domain)?;
    let local: String = local.nfc().collect();
    let divider = if DOMAINS.yahoo.contains(&domain) { '-' } else { '+' };
    let mut local = match local.find(divider) {
        Some(at) if at > 0 => local.get(..at).unwrap_or_default().to_owned(),
        _ => local,
    };
    if domain == "gmail.com" {
        local.retain(|letter| letter != '.');
    }
    match domain.split_once('.') {
        Some((mailbox, rest)) if DOMAINS.fastmail.contains(rest) && !local.is_empty() => {
            Some((mailbox.to_owned(), rest.to_owned()))
        }
        _ => (!local.is_empty()).then_some((local, domain)),
    }
}

fn clean_domain(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii(domain.trim().trim_end_matches('.')).ok()?;
    let mut domain = ascii.as_str();
    while domain.strip_suffix(".com.com").is_some() {
        domain = domain.strip_suffix(".com").unwrap_or_default();
    }
    let undigited = domain.trim_start_matches(|letter: char| letter.is_ascii_digit());
    if undigited != domain && matches!(undigited, "gmail.com" | "gmai.com") {
        domain = "gmail.com";
    }
    let mut domain = domain.to_owned();
    if let Some((head, ending)) = domain.rsplit_once('.')
        && DOMAINS.com_typos.contains(ending)
    {
        domain = format!("{head}.com");
    }
    if DOMAINS.gmail_typos.contains(&domain) {
        "gmail.com".clone_into(&mut domain);
    } else if DOMAINS.outlook_typos.contains(&domain) {
        "outlook.com".clone_into(&mut domain);
    }
    let domain = DOMAINS.equivalent.get(&domain).cloned().unwrap_or(domain);
    domain.contains('.').then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_as_published() {
        for (address, expected) in [
            (" Test.User+news@Gmail.com ", "testuser@gmail.com"),
            ("f.o.o@googlemail.com", "foo@gmail.com"),
            ("user@123gmail.com", "user@gmail.com"),
            ("user@99gmai.com", "user@gmail.com"),
            ("user@gamil.com", "user@gmail.com"),
            ("user@putlook.com", "user@outlook.com"),
            ("user@example.com.com.com", "user@example.com"),
            ("user@example.con", "user@example.com"),
            ("user@example.comcom", "user@example.com"),
            ("user@example.com...", "user@example.com"),
            ("first-alias@yahoo.co.uk", "first@yahoo.co.uk"),
            ("first+alias@yahoo.com", "first+alias@yahoo.com"),
            ("first-last@yahoo.co.jp", "first-last@yahoo.co.jp"),
            ("-first@yahoo.com", "-first@yahoo.com"),
            ("+tag@example.com", "+tag@example.com"),
            ("alias@user.fastmail.com", "user@fastmail.com"),
            ("alias@user.sent.com", "user@sent.com"),
            ("user@ya.ru", "user@yandex.ru"),
            ("user@日本語.jp", "user@xn--wgv71a119e.jp"),
            ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp"),
            ("x..y@docomo.ne.jp", "x..y@docomo.ne.jp"),
            (".x@ezweb.ne.jp", ".x@ezweb.ne.jp"),
        ] {
            let found = normal(address).map(|(local, domain)| format!("{local}@{domain}"));
            assert_eq!(found.as_deref(), Some(expected), "{address}");
        }
        for address in ["", "nobody", "@example.com", "x@", "x@localhost"] {
            assert_eq!(normal(address), None, "{address}");
        }
    }

    #[test]
    fn the_hash_is_md5_of_the_normal_form() {
        assert_eq!(hash("Test.User+x@gmail.com"), hash("testuser@gmail.com"));
        // RFC 1321 itself is tested by the library; this is `printf test@maxmind.com | md5sum`.
        assert_eq!(hash("Test@MaxMind.com").as_deref(), Some("977577b140bfb7c516e4746204fbdb01"));
    }

    #[test]
    fn the_published_domains_can_be_read() {
        let domains: Domains = toml::from_str(include_str!("email_domains.toml")).unwrap();
        assert!(domains.fastmail.contains("fastmail.com") && domains.yahoo.contains("yahoo.com"));
        assert!(domains.equivalent.len() == 8 && domains.com_typos.contains("con"));
    }
}
