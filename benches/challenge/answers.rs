//! Answers with the right password: as many as go, and many at the same moment. Their pages are opened before, so that
//! nothing but the answer is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::StatusCode;
use hyper::header::RETRY_AFTER;
use sekisho::domain::clock::Clock;
use sekisho::system::SystemClock;
use tokio::sync::Barrier;

use super::Load;
use super::browser::{Browser, form};

/// A challenge and the token of its form.
type Ready = Vec<(String, String)>;

async fn opened(load: &Load, count: usize) -> Ready {
    let mut browser = Browser::connect(load.address).await;
    let mut ready = Vec::new();
    for path in load.paths.iter().take(count) {
        ready.push((path.clone(), form(&browser.open(path).await)));
    }
    ready
}

/// Answers until the time is over; every answer has to be right.
pub(super) async fn steadily(load: Load, connections: u64, seconds: u64) -> String {
    let ready: Arc<Ready> = Arc::new(opened(&load, load.paths.len()).await);
    let turns = Arc::new(AtomicU64::new(0));
    let start = SystemClock.boot_nanos();
    let end = start + seconds * 1_000_000_000;
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let (ready, turns, address) = (Arc::clone(&ready), Arc::clone(&turns), load.address);
            tokio::spawn(async move {
                let (mut browser, mut answered) = (Browser::connect(address).await, 0_u64);
                while SystemClock.boot_nanos() < end {
                    let turn = turns.fetch_add(1, Ordering::Relaxed);
                    let (path, form) = ready.get(turn as usize).expect("enough challenges for the time");
                    let answer = browser.answer(path, form).await;
                    assert!(answer.text.contains("name=\"result\""), "not passed: {} {}", answer.status, answer.text);
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    let mut answered = 0;
    for worker in workers {
        answered += worker.await.expect("a connection");
    }
    let took = (SystemClock.boot_nanos() - start) as f64 / 1e9;
    format!("answers {answered} per_second {:.1}", answered as f64 / took)
}

/// All send their answer at once. Each is either right or asked to come again later, and never anything else.
pub(super) async fn at_once(load: Load, count: u64) -> String {
    let count = usize::try_from(count).expect("a small number");
    let ready = opened(&load, count).await;
    assert_eq!(ready.len(), count, "enough challenges");
    let start = Arc::new(Barrier::new(count));
    let people: Vec<_> = ready
        .into_iter()
        .map(|(path, form)| {
            let (start, address) = (Arc::clone(&start), load.address);
            tokio::spawn(async move {
                let mut browser = Browser::connect(address).await;
                start.wait().await;
                let answer = browser.answer(&path, &form).await;
                match answer.status {
                    StatusCode::OK if answer.text.contains("name=\"result\"") => true,
                    StatusCode::SERVICE_UNAVAILABLE if answer.headers.contains_key(RETRY_AFTER) => false,
                    status => panic!("neither passed nor asked to wait: {status} {}", answer.text),
                }
            })
        })
        .collect();
    let mut passed = 0;
    for person in people {
        passed += u64::from(person.await.expect("an answer"));
    }
    format!("passed {passed} asked_to_wait {}", count as u64 - passed)
}
