//! One demo for all tests of the process, on free ports, in a thread of its own. Tests share it and take different
//! cards.

use std::sync::OnceLock;

use sekisho::demo::{CardReport, Demo, DemoOptions, ProviderState, ReportFormat};
use tempfile::TempDir;

/// The running demo.
pub(crate) struct RunningDemo {
    pub(crate) shop_url: String,
    pub(crate) service_url: String,
    pub(crate) provider: ProviderState,
    cards: Vec<CardReport>,
}

impl RunningDemo {
    /// The card with this reference.
    pub(crate) fn card(&self, reference: &str) -> &CardReport {
        self.cards.iter().find(|card| card.reference == reference).unwrap()
    }
}

/// The demo, started by whoever comes first.
pub(crate) fn demo() -> &'static RunningDemo {
    static DEMO: OnceLock<RunningDemo> = OnceLock::new();
    DEMO.get_or_init(|| {
        let (ready, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            // A test has a runtime of its own that ends with it; the demo outlives them all.
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let folder = TempDir::new().unwrap();
                let demo = Demo::start(options(folder.path())).await.unwrap();
                let report = demo.report.clone();
                let running = RunningDemo {
                    shop_url: report.shop_url,
                    service_url: report.service_url,
                    provider: demo.provider.clone(),
                    cards: report.cards,
                };
                ready.send(running).unwrap();
                demo.until(std::future::pending()).await.unwrap();
            });
        });
        started.recv().expect("the demo starts")
    })
}

/// A demo on free ports with its data in `folder`.
pub(crate) fn options(folder: &std::path::Path) -> DemoOptions {
    DemoOptions { port: 0, data_dir: folder.to_owned(), database_url: None, format: ReportFormat::Json }
}
