//! Where somebody goes on to after signing in: a path of ours, and nothing else.

use axum::http::Uri;

/// The longest path that is remembered, bytes.
const LONGEST: usize = 512;

/// A path among the staff's pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pages) struct ReturnPath(String);

impl ReturnPath {
    /// The console's home.
    pub(super) fn home() -> Self {
        Self("/staff".to_owned())
    }

    /// The path, if it is one of the staff's pages: no other host, no other scheme, nothing that a browser would read
    /// otherwise than we do.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~?=&%+".contains(&byte);
        let ours = text == "/staff" || text.starts_with("/staff/") || text.starts_with("/staff?");
        let path = text.split('?').next().unwrap_or_default();
        let straight = !path.contains("//") && !path.contains("..") && !path.contains('%');
        (ours && straight && text.len() <= LONGEST && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The path of a page that was asked for; home when it is none to come back to.
    pub(super) fn of(uri: &Uri) -> Self {
        let text = uri.path_and_query().map_or("", |path| path.as_str());
        Self::parse(text).unwrap_or_else(Self::home)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As the value of a query.
    pub(super) fn encoded(&self) -> String {
        url::form_urlencoded::byte_serialize(self.0.as_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_staff_lead_on() {
        for good in ["/staff", "/staff/account", "/staff?x=1", "/staff/cardholders/holder_01?tab=history&n=%E3%81%82"] {
            assert!(ReturnPath::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "/staff//evil.example",
            "https://evil.example/staff",
            "/staffevil",
            "/staff/../v1",
            "/staff/%2e%2e/v1",
            "/staff\\evil",
            "/staff/a b",
            "/staff/\r\nSet-Cookie: a",
            "javascript:alert(1)",
            "/\\evil.example",
        ] {
            assert!(ReturnPath::parse(bad).is_none(), "{bad}");
        }
    }
}
