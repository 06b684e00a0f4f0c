//! What is said about a new password that cannot be chosen.

use crate::credential::password::PasswordError;
use crate::credential::strength::Weakness;
use crate::flow::member::registration::NewPasswordError;

/// The key of what is wrong.
pub(super) fn password_fault(error: NewPasswordError) -> &'static str {
    match error {
        NewPasswordError::Rules(PasswordError::TooShort) => "member-password-too-short",
        NewPasswordError::Rules(PasswordError::TooLong) => "member-password-too-long",
        NewPasswordError::Rules(PasswordError::Guessable) => "member-password-guessable",
        NewPasswordError::Weak(weakness) => match weakness {
            Some(Weakness::Personal) => "member-password-personal",
            Some(Weakness::Keys | Weakness::Repeat | Weakness::Sequence) => "member-password-pattern",
            Some(Weakness::Date) => "member-password-date",
            _ => "member-password-weak",
        },
    }
}
