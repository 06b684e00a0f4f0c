//! Secrets in the settings: named by file or variable, resolved when the settings are read.

use std::collections::BTreeMap;
use std::fs;

use config::{Value, ValueKind};

/// The settings that are secrets.
pub(super) const SECRETS: [&str; 4] = ["analytics.api_key", "database.password", "mail.password", "sms.api_key"];

/// The secret that a setting names; None when it names none. The error never shows a value.
pub(super) fn resolve(
    key: &str,
    value: Value,
    environment: &BTreeMap<String, String>,
) -> Result<Option<String>, String> {
    let form = || format!("`{key}`: name the secret as {{ file = \"…\" }} or {{ env = \"…\" }}, do not write it here");
    let ValueKind::Table(table) = value.kind else { return Err(form()) };
    let mut named = table.into_iter();
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some((kind, name)), None) => {
            let name = name.into_string().map_err(|_| form())?;
            match kind.as_str() {
                "env" => variable(key, &name, environment).map(Some),
                "file" => file(key, &name).map(Some),
                _ => Err(form()),
            }
        }
        _ => Err(form()),
    }
}

fn variable(key: &str, name: &str, environment: &BTreeMap<String, String>) -> Result<String, String> {
    environment.get(name).cloned().ok_or_else(|| format!("`{key}`: the variable `{name}` is not set"))
}

/// The content of the file without the line break that editors put at its end.
fn file(key: &str, path: &str) -> Result<String, String> {
    let content = fs::read_to_string(path).map_err(|error| format!("`{key}`: cannot read `{path}`: {error}"))?;
    Ok(content.strip_suffix('\n').map_or(content.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned())
}
