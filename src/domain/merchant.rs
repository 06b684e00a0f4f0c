//! Merchants: registration, return URLs, and the environment of a deployment.

use serde::{Deserialize, Serialize};
use url::Url;

use super::assessment::words;
use super::challenge::{ReturnBy, TimeBase};
use super::id::MerchantId;

words! {
    /// Whether a deployment decides about real purchases. Key prefixes must match it.
    Environment {
        /// For trying out.
        Test = "test",
        /// For real purchases.
        Live = "live",
    }
}

/// A merchant, as registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// The name that the challenge page shows.
    pub name: String,
    /// ISO 18245 merchant category code.
    pub category_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The time in which its challenges state the date of use.
    pub time_base: TimeBase,
    /// How its buyers return.
    pub return_by: ReturnBy,
    /// Registered return URLs.
    pub return_urls: Vec<ReturnUrl>,
}

impl Merchant {
    /// The origins of its return URLs, each once: they may frame the challenge and the device page.
    pub fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.return_urls.iter().map(ReturnUrl::origin).collect();
        origins.sort();
        origins.dedup();
        origins
    }
}

/// A URL that buyers may be sent back to. Compared whole: scheme, host, port and path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReturnUrl(Url);

/// Why a text is no return URL.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReturnUrlError {
    /// It cannot be read as a URL, or holds a backslash, white space or control characters.
    #[error("not an absolute URL, or one with a backslash, white space or control character")]
    Malformed,
    /// It is not `https`, nor `http` to this machine in a test deployment.
    #[error("only https URLs are accepted (http for localhost in a test deployment)")]
    Scheme,
    /// It carries a user name or a password.
    #[error("a return URL carries no user name or password")]
    UserInfo,
    /// It carries a fragment or a query.
    #[error("a return URL carries no query and no fragment")]
    QueryOrFragment,
}

impl ReturnUrl {
    /// Reads a return URL.
    pub fn parse(text: &str, environment: Environment) -> Result<Self, ReturnUrlError> {
        if text.chars().any(|c| c == '\\' || c.is_whitespace() || c.is_control()) || !text.contains("://") {
            return Err(ReturnUrlError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| ReturnUrlError::Malformed)?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let allowed = url.scheme() == "https" || (url.scheme() == "http" && local && environment == Environment::Test);
        if !allowed || url.host_str().is_none() {
            return Err(ReturnUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(ReturnUrlError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ReturnUrlError::QueryOrFragment);
        }
        Ok(Self(url))
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL with the authentication's id as its only query parameter.
    pub fn with_authentication(&self, id: &str) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair("authentication_id", id);
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_redirect_spellings_are_no_return_urls() {
        use ReturnUrlError::{Malformed, QueryOrFragment, Scheme, UserInfo};
        let cases = [
            ("https://shop.example/return", Ok(())),
            ("http://localhost:8482/return", Ok(())),
            ("//evil.example/", Err(Malformed)),
            ("https:\\\\evil.example", Err(Malformed)),
            ("https://shop.example\\@evil.example/", Err(Malformed)),
            ("https://shop.example@evil.example/", Err(UserInfo)),
            ("http://shop.example/", Err(Scheme)),
            ("javascript://shop.example/%0aalert(1)", Err(Scheme)),
            ("https://shop.example/?next=x", Err(QueryOrFragment)),
            ("https://shop.example/\u{0}", Err(Malformed)),
            ("shop.example", Err(Malformed)),
        ];
        for (text, expected) in cases {
            assert_eq!(ReturnUrl::parse(text, Environment::Test).map(|_| ()), expected, "{text}");
        }
        assert_eq!(ReturnUrl::parse("http://localhost:8482/return", Environment::Live).map(|_| ()), Err(Scheme));
    }
}
