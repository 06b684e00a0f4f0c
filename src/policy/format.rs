//! The form in which rules are written: Cedar's own formatter, with lines as wide as the rest of a bundle.

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
    policies_str_to_pretty(text, &config).map_err(|error| {
        let message = error.chain().last().map_or_else(|| error.to_string(), ToString::to_string);
        let fault = Fault::new(file, message).labelled(error.as_ref(), text);
        fault.hint("`sekisho policy check` says more")
    })
}
