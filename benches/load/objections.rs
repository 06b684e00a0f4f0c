//! Objections by the issuer's interface, and how long their answers take: with nothing in flight, or while a purchase of
//! the person waits for a company that does not answer in time.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use sekisho::domain::clock::Clock;
use sekisho::system::SystemClock;

use super::{CARDS_OF_ONE, Plan, connect};

/// So long after the purchase the objection comes: the request is at the company by then.
const LATER: Duration = Duration::from_millis(100);

/// One person after the other, from the one with the card `plan.first` on.
pub(super) async fn object(plan: Plan, issuer_key: &str, count: u64, in_flight: bool) -> String {
    let mut issuer = connect(plan.address).await;
    let mut latencies = Vec::new();
    for person in 0..count {
        let card = plan.first + person * CARDS_OF_ONE;
        let purchase = if in_flight {
            let (mut merchant, request) = (connect(plan.address).await, plan.request(card - plan.first));
            let purchase = tokio::spawn(async move { merchant.send_request(request).await.expect("an answer") });
            tokio::time::sleep(LATER).await;
            Some(purchase)
        } else {
            None
        };
        issuer.ready().await.expect("the connection stays open");
        let began = SystemClock.boot_nanos();
        let answer = issuer.send_request(said(&plan, issuer_key, card)).await.expect("an answer");
        let status = answer.status();
        let text = answer.into_body().collect().await.expect("the whole answer").to_bytes();
        latencies.push(SystemClock.boot_nanos() - began);
        assert!(status == 200, "not recorded: {status} {}", String::from_utf8_lossy(&text));
        if let Some(purchase) = purchase {
            assert!(purchase.await.expect("the purchase").status() == 201, "the decision goes on");
        }
    }
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize] as f64 / 1e6;
    format!("objections {} p50_ms {:.2} p99_ms {:.2} max_ms {:.2}", latencies.len(), at(0.5), at(0.99), at(1.0))
}

fn said(plan: &Plan, issuer_key: &str, card: u64) -> Request<Full<Bytes>> {
    let body = serde_json::json!({
        "action": "object", "channel": "phone", "reference": format!("CALL-{card}"),
        "identity": {"method": "known_facts", "outcome": "passed"}
    });
    Request::post(format!("/issuer/v1/cardholders/holder-{}/consent-events", card / CARDS_OF_ONE))
        .header("host", "127.0.0.1")
        .header("authorization", format!("Bearer {issuer_key}"))
        .header("content-type", "application/json")
        .header("idempotency-key", format!("{}-object-{card}", plan.run))
        .body(Full::from(body.to_string()))
        .expect("a request")
}
