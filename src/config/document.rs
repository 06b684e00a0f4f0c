//! The page about the settings, written from the commented defaults.

use super::DEFAULTS;

const HEADING: &str = "\
# Configuration

Every setting has a default. A TOML file named by `--config` or `SEKISHO_CONFIG` goes over the defaults, and the
environment goes over both: `SEKISHO__SERVER__LISTEN` is the key `listen` in section `server`, and a list is written
with commas. A key that is not on this page is refused, wherever it stands.

Secrets are never written among the settings but named, by a file or a variable: `api_key = { file = \"/run/secrets/key\" }`
or `SEKISHO__ANALYTICS__API_KEY__FILE=/run/secrets/key`. `SEKISHO_KEYS` may hold the content of the key file.

This page is written from `src/config/config.default.toml`; a test compares the two.
";

/// The page in Markdown: a table for each section, with key, default and meaning.
pub fn markdown() -> String {
    let mut page = HEADING.to_owned();
    let mut comment: Vec<&str> = Vec::new();
    let mut started = false;
    for line in DEFAULTS.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
        } else if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            begin_section(&mut page, &format!("`{section}`"), &comment.join(" "));
            started = true;
            comment.clear();
        } else if let Some((key, default)) = line.split_once(" = ") {
            if !started {
                begin_section(&mut page, "Without a section", "");
                started = true;
            }
            let meaning = comment.join(" ").replace('|', "\\|");
            page.extend(["| `", key, "` | `", default, "` | ", &meaning, " |\n"]);
            comment.clear();
        } else {
            comment.clear();
        }
    }
    page
}

fn begin_section(page: &mut String, title: &str, about: &str) {
    page.extend(["\n## ", title, "\n"]);
    if !about.is_empty() {
        page.extend([about, "\n"]);
    }
    page.push_str("\n| key | default | meaning |\n| --- | --- | --- |\n");
}
