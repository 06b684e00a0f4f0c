//! The headers of every page: what may frame it, where its forms may go, and that nobody keeps it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What a page's content security policy permits beyond nothing (Content Security Policy Level 3).
#[derive(Debug, Default)]
pub(super) struct Permissions {
    /// Origins that may frame it; nobody when empty.
    pub(super) framed_by: Vec<String>,
    /// Origins that its forms may post to, directly or by a redirect; ourselves always.
    pub(super) posts_to: Vec<String>,
    /// Its inline script.
    pub(super) script: Option<&'static str>,
    /// Its inline style sheet.
    pub(super) style: Option<&'static str>,
    /// Files of ours that it may load.
    pub(super) files: Sources,
    /// Whether its script may call home.
    pub(super) calls_home: bool,
}

/// Files of our own origin, by their addresses without a query.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// A style sheet.
    pub(super) style: Option<String>,
    /// Scripts.
    pub(super) scripts: Vec<String>,
    /// A picture.
    pub(super) image: Option<String>,
}

impl Permissions {
    fn policy(&self) -> String {
        let framed_by = origins(&self.framed_by);
        let framed_by = if framed_by.is_empty() { " 'none'".to_owned() } else { framed_by };
        let mut policy = format!(
            "default-src 'none'; base-uri 'none'; frame-ancestors{framed_by}; form-action 'self'{}",
            origins(&self.posts_to)
        );
        let directives = [
            ("style-src", self.style, self.files.style.as_slice()),
            ("script-src", self.script, &self.files.scripts),
            ("img-src", None, self.files.image.as_slice()),
        ];
        for (directive, inline, files) in directives {
            let inline =
                inline.map(|source| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(source.as_bytes()))));
            let files = files.iter().map(|address| format!(" {address}"));
            let sources: String = inline.into_iter().chain(files).collect();
            if !sources.is_empty() {
                policy.extend(["; ", directive, &sources]);
            }
        }
        if self.calls_home {
            policy.push_str("; connect-src 'self'");
        }
        policy
    }

    /// The headers. There is no `X-Frame-Options`: it knows no list of origins.
    pub(super) fn headers(&self) -> HeaderMap {
        // An origin is ASCII by construction, so the policy always is a header value.
        let policy = HeaderValue::try_from(self.policy()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        // With a stricter referrer policy the browser posts our forms with `Origin: null`.
        let fixed: [(HeaderName, &str); 5] = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "strict-origin"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("x-robots-tag"), "noindex"),
        ];
        let mut headers: HeaderMap =
            fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers
    }
}

/// The origins, each after a space. A host may hold `;`, `,` and `'`, which end or change a directive: an
/// origin with them is left out.
fn origins(origins: &[String]) -> String {
    let plain = |origin: &&String| {
        origin.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'/' | b'.' | b'-' | b'_' | b'[' | b']'))
    };
    origins.iter().filter(plain).flat_map(|origin| [" ", origin.as_str()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_permits_what_it_needs_and_nothing_else() {
        let nothing = Permissions::default().policy();
        assert_eq!(nothing, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'");
        let some = Permissions {
            framed_by: vec!["https://shop.example".to_owned(), "https://a;script-src *".to_owned()],
            posts_to: vec!["https://shop.example:8443".to_owned()],
            script: Some("x"),
            files: Sources {
                style: Some("https://issuer.example/a.css".to_owned()),
                scripts: vec!["https://issuer.example/a.js".to_owned()],
                image: Some("https://issuer.example/a.svg".to_owned()),
            },
            ..Permissions::default()
        };
        assert_eq!(
            some.policy(),
            "default-src 'none'; base-uri 'none'; frame-ancestors https://shop.example; form-action 'self' \
             https://shop.example:8443; style-src https://issuer.example/a.css; script-src \
             'sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=' https://issuer.example/a.js; img-src \
             https://issuer.example/a.svg"
        );
    }
}
