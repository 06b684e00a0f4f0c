//! Asks at the terminal. Where there is none, answers are read from standard input, a line each.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::Failure;

/// Asks for something that may be seen.
pub(super) fn for_text(prompt: &str, out: &mut dyn Write) -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        write!(out, "{prompt}: ")?;
        out.flush()?;
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let answer = line.trim().to_owned();
    if answer.is_empty() { Err(Failure::failed(format!("{prompt}: nothing was entered"))) } else { Ok(answer) }
}

/// Asks for a secret: what is typed is not shown.
pub(super) fn for_secret(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        return Ok(Zeroizing::new(rpassword::prompt_password(format!("{prompt}: "))?));
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    Ok(without_line_end(&line))
}

/// Reads a secret from a file.
pub(super) fn from_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| Failure::failed(format!("cannot read `{}`: {error}", path.display())))?;
    Ok(without_line_end(&text))
}

fn without_line_end(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())
}
