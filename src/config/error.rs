//! What is wrong with the settings, all of it at once.

use std::fmt;

/// Everything that is wrong with the settings. Secret values are not shown.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// One line for each mistake: the key, where it was given, and what is wrong.
    pub mistakes: Vec<String>,
    /// What to do.
    pub hint: String,
}

impl ConfigError {
    pub(super) fn one(mistake: impl fmt::Display, hint: &str) -> Self {
        Self { mistakes: vec![mistake.to_string()], hint: hint.to_owned() }
    }

    /// The error when there are mistakes.
    pub(super) fn unless_none(mistakes: Vec<String>, hint: &str) -> Result<(), Self> {
        if mistakes.is_empty() { Ok(()) } else { Err(Self { mistakes, hint: hint.to_owned() }) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [mistake] => write!(f, "the configuration is not valid: {mistake}")?,
            mistakes => {
                write!(f, "the configuration is not valid:")?;
                mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
            }
        }
        write!(f, "\nhint: {}", self.hint)
    }
}

impl std::error::Error for ConfigError {}
