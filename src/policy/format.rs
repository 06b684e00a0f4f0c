//! The form in which rules are written: Cedar's own formatter, and then heads on one line and no brace alone on a line.

use std::str::FromStr;

use cedar_policy::PolicySet;
use cedar_policy_formatter::{Config, policies_str_to_pretty};

use super::fault::Fault;

/// Columns of a line.
const WIDTH: usize = 100;

/// Columns of an indent.
const INDENT: isize = 4;

/// The text of a file of rules in form, comments kept.
///
/// # Errors
/// A fault where the file cannot be read; nothing is changed then.
pub fn formatted(file: &str, text: &str) -> Result<String, Fault> {
    if text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    let config = Config { line_width: WIDTH, indent_width: INDENT };
    let pretty = policies_str_to_pretty(text, &config).map_err(|error| {
        let message = error.chain().last().map_or_else(|| error.to_string(), ToString::to_string);
        let fault = Fault::new(file, message).labelled(error.as_ref(), text);
        fault.hint("`sekisho policy check` says more")
    })?;
    let compact = compact(&pretty);
    // A text in quotes may look like a head: then the formatter's own form stands.
    Ok(if meaning(&compact).is_some_and(|compact| meaning(&pretty) == Some(compact)) { compact } else { pretty })
}

/// Puts heads that fit on one line, and each brace behind its word.
fn compact(pretty: &str) -> String {
    let (mut lines, mut rest): (Vec<String>, _) = (Vec::new(), pretty.lines().peekable());
    while let Some(line) = rest.next() {
        if matches!(line, "permit (" | "forbid (") {
            let mut head = vec![line.to_owned()];
            while let Some(part) = rest.next_if(|line| !line.starts_with(')')) {
                head.push(part.to_owned());
            }
            head.extend(rest.next().map(str::to_owned));
            lines.extend(joined(head));
        } else if matches!(line, "when" | "unless") && rest.next_if_eq(&"{").is_some() {
            lines.push(format!("{line} {{"));
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// The head on one line, where it holds no comment and fits.
fn joined(head: Vec<String>) -> Vec<String> {
    let parts: Vec<&str> = head.iter().map(|line| line.trim()).collect();
    let one = parts.join(" ").replacen("( ", "(", 1).replacen(" )", ")", 1);
    if one.len() <= WIDTH && !one.contains("//") { vec![one] } else { head }
}

/// What a text says, whatever its form.
fn meaning(text: &str) -> Option<Vec<serde_json::Value>> {
    let set = PolicySet::from_str(text).ok()?;
    let mut policies: Vec<_> = set.policies().collect();
    policies.sort_by_key(|policy| policy.id().to_string());
    policies.into_iter().map(|policy| policy.to_json().ok()).collect()
}
