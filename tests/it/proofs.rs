//! Proofs.

use sekisho::policy::prove::{Options, Outcome, prove};
use sekisho::policy::{Bundle, BundleSource};

#[tokio::test]
async fn the_shipped_bundle_is_proved() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    let started = std::time::Instant::now();
    let proof = prove(&bundle, &Options::default()).await;
    for item in &proof.items {
        if !matches!(item.outcome, Outcome::Proved) || item.elapsed.as_millis() > 300 {
            println!("{} {:?} {:?}", item.id, item.elapsed, item.outcome);
        }
    }
    println!("{} items {:?} {:?}", proof.items.len(), started.elapsed(), proof.unavailable);
    assert!(proof.passed());
}
