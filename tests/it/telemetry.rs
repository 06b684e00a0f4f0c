//! The log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use sekisho::config::LogFormat;
use sekisho::telemetry;
use tracing_subscriber::fmt::MakeWriter;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Memory {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn logged(format: LogFormat, filter: &str) -> String {
    let memory = Memory::default();
    let subscriber = telemetry::subscriber(format, filter.parse().unwrap(), memory.clone());
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("request", request_id = "req_1").in_scope(|| {
            tracing::info!(status = 200, "answered");
            tracing::debug!("a detail");
        });
    });
    String::from_utf8(memory.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn every_line_of_a_request_carries_its_id() {
    let line: serde_json::Value = serde_json::from_str(logged(LogFormat::Json, "info").trim()).unwrap();
    assert_eq!(line["span"]["request_id"], "req_1");
    assert_eq!(line["message"], "answered");
    assert_eq!(line["status"], 200);
    let text = logged(LogFormat::Text, "debug");
    assert_eq!(text.lines().filter(|line| line.contains("request_id=\"req_1\"")).count(), 2, "{text}");
}
