//! `sekisho migrate`: brings the database to this program's schema.

use std::io::Write;

use super::Failure;
use crate::app;
use crate::config::Config;

pub(super) async fn run(config: &Config, out: &mut dyn Write) -> Result<u8, Failure> {
    let applied = app::migrate(config).await?;
    match applied {
        0 => writeln!(out, "the schema is current")?,
        1 => writeln!(out, "1 migration applied")?,
        many => writeln!(out, "{many} migrations applied")?,
    }
    Ok(0)
}
