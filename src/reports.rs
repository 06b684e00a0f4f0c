//! Single pages to hand on: each holds all that it shows, asks for nothing from outside and runs no script.

pub mod replay;
mod style;

/// Why a report cannot be made.
pub type ReportError = askama::Error;
