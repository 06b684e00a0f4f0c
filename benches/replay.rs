//! The floor of `scripts/bench replay`: the recorded decisions read and parsed as a replay does it, and nothing decided.
//!
//! | command | does |
//! | --- | --- |
//! | `read DATA_DIR DATABASE_URL` | reads and parses every recorded decision; prints how many, and the seconds that took |
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use sekisho::app::connect;
use sekisho::config::Config;
use sekisho::domain::facts::Facts;
use sekisho::domain::id::AuthenticationId;
use sekisho::domain::verdict::Verdict;
use sekisho::store::recorded::{RecordedDecision, Span};
use tokio::sync::mpsc;

/// As the replay reads.
const PAGE: i64 = 1_000;
const WAITING: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match arguments.as_slice() {
        ["read", data_dir, database_url] => runtime.block_on(read(data_dir, database_url)),
        [] => {}
        other => panic!("`{other:?}` is no command: see the head of benches/replay.rs"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement takes the real clock")]
async fn read(data_dir: &str, database_url: &str) {
    let mut variables = vec![("SEKISHO__DATA_DIR".to_owned(), data_dir.to_owned())];
    if !database_url.is_empty() {
        variables.push(("SEKISHO__DATABASE__URL".to_owned(), database_url.to_owned()));
    }
    let store = connect(&Config::load(None, variables).expect("settings")).await.expect("a database");
    let began = std::time::Instant::now();
    let (pages, waiting) = mpsc::channel::<Vec<RecordedDecision>>(WAITING);
    let waiting = Arc::new(Mutex::new(waiting));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            tokio::task::spawn_blocking({
                let waiting = Arc::clone(&waiting);
                move || parse(&waiting)
            })
        })
        .collect();
    let mut after = AuthenticationId::from_uuid(uuid::Uuid::nil());
    loop {
        let page = store.recorded(&Span { after, before: None, merchant: None }, PAGE).await.expect("records");
        let Some(last) = page.last() else { break };
        after = last.id;
        pages.send(page).await.expect("a worker");
    }
    drop(pages);
    let mut records = 0;
    for worker in workers {
        records += worker.await.expect("a worker");
    }
    println!("records {records} seconds {:.3}", began.elapsed().as_secs_f64());
    store.close().await;
}

fn parse(waiting: &Mutex<mpsc::Receiver<Vec<RecordedDecision>>>) -> usize {
    let mut records = 0;
    loop {
        let page = waiting.lock().expect("the queue").blocking_recv();
        let Some(page) = page else { return records };
        for record in page {
            let facts: Facts = serde_json::from_str(record.facts.as_deref().expect("facts")).expect("facts");
            let verdict: Verdict =
                serde_json::from_str(record.verdict.as_deref().expect("a verdict")).expect("a verdict");
            records += usize::from(facts.version > 0 && !verdict.bundle_digest.is_empty());
        }
    }
}
