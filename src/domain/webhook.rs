//! Webhooks: where a merchant wants to be told what became of its authentications.

use url::Url;

use super::clock::Micros;
use super::id::{MerchantId, WebhookEndpointId};
use super::merchant::Environment;

/// So many endpoints a merchant may have.
pub const ENDPOINTS_MAX: usize = 4;
/// The longest address, in bytes.
const LENGTH_MAX: usize = 500;

/// An address that webhooks may be posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Why a text is no such address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WebhookUrlError {
    /// It cannot be read as a URL, is too long, or holds a backslash, white space or control characters.
    #[error("not an absolute URL of at most 500 characters, or one with a backslash, white space or control character")]
    Malformed,
    /// It is not `https`, nor `http` in a test deployment.
    #[error("only https URLs are accepted (http too in a test deployment)")]
    Scheme,
    /// It carries a user name or a password.
    #[error("a webhook URL carries no user name or password")]
    UserInfo,
    /// It carries a fragment.
    #[error("a webhook URL carries no fragment")]
    Fragment,
}

impl WebhookUrl {
    /// Reads an address. Where it leads is looked at when it is connected to.
    ///
    /// # Errors
    /// [`WebhookUrlError`].
    pub fn parse(text: &str, environment: Environment) -> Result<Self, WebhookUrlError> {
        let strange = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
        if text.len() > LENGTH_MAX || text.chars().any(strange) || !text.contains("://") {
            return Err(WebhookUrlError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| WebhookUrlError::Malformed)?;
        let plain = url.scheme() == "http" && environment == Environment::Test;
        if !(url.scheme() == "https" || plain) || url.host_str().is_none() {
            return Err(WebhookUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookUrlError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(WebhookUrlError::Fragment);
        }
        Ok(Self(url))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address to connect to.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

/// A receiver of a merchant's webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id; also the name of its lane in the outbox.
    pub id: WebhookEndpointId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Where it is.
    pub url: WebhookUrl,
    /// Until when the secret before the present one signs too.
    pub older_until: Option<Micros>,
    /// Since when nothing is sent there, and why.
    pub disabled: Option<(Micros, String)>,
    /// When it was added.
    pub created_at: Micros,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_be_read_in_two_ways_are_refused() {
        use WebhookUrlError::{Fragment, Malformed, Scheme, UserInfo};
        let cases = [
            ("https://shop.example/hooks?shop=1", Ok(())),
            ("http://localhost:8482/hooks", Ok(())),
            ("//shop.example/", Err(Malformed)),
            ("https://shop.example\\@evil.example/", Err(Malformed)),
            ("https://shop.example/\r\nhost: evil.example", Err(Malformed)),
            ("ftp://shop.example/", Err(Scheme)),
            ("file:///etc/passwd", Err(Scheme)),
            ("https://user@shop.example/", Err(UserInfo)),
            ("https://shop.example/#x", Err(Fragment)),
        ];
        for (text, expected) in cases {
            assert_eq!(WebhookUrl::parse(text, Environment::Test).map(|_| ()), expected, "{text}");
        }
        assert_eq!(WebhookUrl::parse("http://shop.example/", Environment::Live), Err(Scheme));
        let long = format!("https://shop.example/{}", "a".repeat(500));
        assert_eq!(WebhookUrl::parse(&long, Environment::Test), Err(Malformed));
    }
}
