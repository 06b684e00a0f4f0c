//! How a browser came to the page, and whether the personal message may be shown to it at once.

use url::Url;

use crate::domain::merchant::Merchant;

/// What the browser says about how it came. Every part may be absent.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// `Sec-Fetch-Dest`: `iframe`, `document` and so on (Fetch Metadata Request Headers, section 2.1).
    pub destination: Option<String>,
    /// `Origin`.
    pub origin: Option<String>,
    /// `Referer`.
    pub referrer: Option<String>,
}

impl Arrival {
    /// Whether the page stands in somebody's frame.
    pub fn is_framed(&self) -> bool {
        matches!(self.destination.as_deref(), Some("iframe" | "frame" | "embed" | "object"))
    }

    /// Whether the browser came by the merchant: in a frame, since `frame-ancestors` shows the page in that
    /// merchant's frames alone; or from a page of a registered origin. Anybody else sees the neutral page first.
    pub fn is_expected(&self, merchant: &Merchant) -> bool {
        if self.is_framed() {
            return true;
        }
        let origins = merchant.origins();
        [&self.origin, &self.referrer]
            .into_iter()
            .flatten()
            .filter_map(|text| Url::parse(text).ok())
            .any(|url| origins.contains(&url.origin().ascii_serialization()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::challenge::{ReturnBy, TimeBase};
    use crate::domain::id::MerchantId;
    use crate::domain::merchant::{Environment, ReturnUrl};

    fn merchant() -> Merchant {
        let url = ReturnUrl::parse("https://shop.example/return", Environment::Test);
        Merchant {
            id: MerchantId::from_uuid(uuid::Uuid::nil()),
            name: "Shop".to_owned(),
            category_code: "5411".to_owned(),
            country: "JP".to_owned(),
            time_base: TimeBase::Japan,
            return_by: ReturnBy::FormPost,
            return_urls: url.into_iter().collect(),
        }
    }

    #[test]
    fn only_who_comes_by_the_merchant_sees_the_full_page_at_once() {
        let cases = [
            ((Some("iframe"), None, None), true),
            ((Some("frame"), None, None), true),
            ((Some("document"), None, Some("https://shop.example/checkout")), true),
            ((Some("document"), None, Some("https://shop.example/")), true),
            ((Some("document"), Some("https://shop.example"), None), true),
            ((None, None, None), false),
            ((Some("document"), None, None), false),
            ((Some("document"), Some("null"), None), false),
            ((Some("document"), None, Some("https://mail.example/")), false),
            ((Some("document"), None, Some("https://shop.example.evil.example/")), false),
            ((Some("document"), None, Some("https://shop.example@evil.example/")), false),
            ((Some("document"), None, Some("http://shop.example/")), false),
            ((Some("document"), None, Some("https://shop.example:8443/")), false),
            ((Some("empty"), None, Some("about:blank")), false),
        ];
        for ((destination, origin, referrer), expected) in cases {
            let text = |value: Option<&str>| value.map(str::to_owned);
            let arrival = Arrival { destination: text(destination), origin: text(origin), referrer: text(referrer) };
            assert_eq!(arrival.is_expected(&merchant()), expected, "{arrival:?}");
        }
    }
}
