//! Texts that others wrote, such as a merchant's name, as pages show them.

pub(super) use crate::texts::foreign::plain;
