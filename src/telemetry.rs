//! The log: its form and filter. What is logged is decided where it is logged; never personal data.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, LogSettings};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("`log.filter`: {0}\nhint: write directives such as `info,sekisho=debug`")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Another log was begun before.
    #[error("the log was begun twice")]
    Twice,
}

/// Begins the log of the process, on standard error.
pub fn begin(settings: &LogSettings) -> Result<(), TelemetryError> {
    let filter = settings.filter.parse()?;
    subscriber(settings.format, filter, io::stderr).try_init().map_err(|_| TelemetryError::Twice)
}

/// A log into `writer`. Every line carries the fields of the spans around it, such as the request's id.
pub fn subscriber<W>(format: LogFormat, filter: EnvFilter, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let log = fmt().with_env_filter(filter).with_writer(writer).with_target(true);
    match format {
        LogFormat::Text => Box::new(log.with_ansi(false).finish()),
        LogFormat::Json => Box::new(log.json().flatten_event(true).with_span_list(false).finish()),
    }
}
