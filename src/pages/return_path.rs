//! Where somebody goes on to after signing in: a path of ours, and nothing else.

use axum::http::Uri;

/// The longest path that is remembered, bytes.
const LONGEST: usize = 512;

/// The pages of the staff.
pub(super) const STAFF: Area = Area("/staff");
/// The pages of members.
pub(super) const MEMBER: Area = Area("/my");

/// The pages below one path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area(&'static str);

/// A path within an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReturnPath(String);

impl Area {
    /// The path, if it is one of the area's pages, else the area's home: no other host, no other scheme, nothing that a
    /// browser would read otherwise than we do.
    pub(super) fn path(self, text: &str) -> ReturnPath {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~?=&%+".contains(&byte);
        let below = text.strip_prefix(self.0);
        let ours = below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let path = text.split('?').next().unwrap_or_default();
        let straight = !path.contains("//") && !path.contains("..") && !path.contains('%');
        let good = ours && straight && text.len() <= LONGEST && text.bytes().all(plain);
        ReturnPath(if good { text } else { self.0 }.to_owned())
    }

    /// The path of a page that was asked for; home when it is none to come back to.
    pub(super) fn of(self, uri: &Uri) -> ReturnPath {
        self.path(uri.path_and_query().map_or("", |path| path.as_str()))
    }
}

impl ReturnPath {
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
    fn only_paths_of_the_area_lead_on() {
        for area in [STAFF, MEMBER] {
            let home = area.0;
            for rest in ["", "/account", "?x=1", "/cards/card_01?tab=history&n=%E3%81%82"] {
                let good = format!("{home}{rest}");
                assert_eq!(area.path(&good).as_str(), good);
            }
            for bad in [
                String::new(),
                "/".to_owned(),
                "//evil.example".to_owned(),
                format!("{home}//evil.example"),
                format!("https://evil.example{home}"),
                format!("{home}evil"),
                format!("{home}/../v1"),
                format!("{home}/%2e%2e/v1"),
                format!("{home}\\evil"),
                format!("{home}/a b"),
                format!("{home}/\r\nSet-Cookie: a"),
                format!("{home}/関所"),
                format!("{home}@evil.example"),
                "javascript:alert(1)".to_owned(),
                "/\\evil.example".to_owned(),
                format!("{home}/{}", "a".repeat(LONGEST)),
            ] {
                assert_eq!(area.path(&bad).as_str(), home, "{bad}");
            }
        }
        assert_eq!(STAFF.path("/my").as_str(), "/staff");
    }
}
