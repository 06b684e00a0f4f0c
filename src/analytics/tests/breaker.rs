//! When the connector stops asking, and when it tries again.

use super::*;
use crate::analytics::breaker::{Breaker, Grade};
use crate::analytics::settings::BreakerConfig;

const SETTINGS: BreakerConfig =
    BreakerConfig { window_calls: 4, open_after: 3, slow_ms: 500, open_ms: 5_000, refused_open_ms: 60_000 };

fn breaker() -> (Arc<TestClock>, Breaker) {
    let clock = Arc::new(TestClock(AtomicU64::new(0)));
    (clock.clone(), Breaker::new(SETTINGS, clock))
}

fn run(breaker: &Breaker, grades: &[Grade]) {
    for grade in grades {
        breaker.admit().unwrap().grade(*grade);
    }
}

#[test]
fn enough_failures_among_the_last_calls_open_it() {
    use Grade::{Failed, Good, Neutral};
    for (grades, open) in [
        (&[Failed, Failed, Failed][..], true),
        (&[Failed, Good, Failed, Failed], true),
        (&[Failed, Good, Failed, Good, Failed], false),
        (&[Failed, Neutral, Neutral, Failed, Neutral], false),
        (&[Good; 9], false),
    ] {
        let (_, breaker) = breaker();
        run(&breaker, grades);
        assert_eq!(breaker.is_available(), !open, "{grades:?}");
    }
}

#[test]
fn slow_calls_count_as_failures() {
    let (clock, breaker) = breaker();
    for _ in 0..3 {
        let permit = breaker.admit().unwrap();
        clock.advance_ms(500);
        permit.grade(Grade::Good);
    }
    assert!(breaker.admit().is_none());
}

#[test]
fn one_call_tries_again_and_decides() {
    let (clock, breaker) = breaker();
    run(&breaker, &[Grade::Failed; 3]);
    clock.advance_ms(4_999);
    assert!(breaker.admit().is_none());
    clock.advance_ms(1);
    let probe = breaker.admit().unwrap();
    assert!(breaker.admit().is_none(), "only one call tries");
    probe.grade(Grade::Failed);
    assert!(breaker.admit().is_none());
    clock.advance_ms(5_000);
    drop(breaker.admit().unwrap());
    assert!(breaker.admit().is_none(), "an abandoned call is a failed one");
    clock.advance_ms(5_000);
    breaker.admit().unwrap().grade(Grade::Neutral);
    breaker.admit().unwrap().grade(Grade::Good);
    run(&breaker, &[Grade::Failed, Grade::Failed]);
    assert!(breaker.is_available(), "what was before it opened is forgotten");
}

#[test]
fn a_late_answer_from_before_does_not_close_it() {
    let (_, breaker) = breaker();
    let early = breaker.admit().unwrap();
    run(&breaker, &[Grade::Failed; 3]);
    early.grade(Grade::Good);
    assert!(breaker.admit().is_none());
}

#[tokio::test]
async fn refused_credentials_and_a_used_up_quota_open_it_at_once() {
    for (status, reason) in [(401, NoAnswer::Auth), (402, NoAnswer::Quota), (403, NoAnswer::Auth)] {
        let setup = setup(|_| ()).await;
        let refused = setup.ask_steered(Control { status: Some(status), ..Control::default() }).await;
        assert_eq!(outcome(&refused), unanswered(reason, Settled::Sent));
        assert_eq!(outcome(&setup.ask().await), unanswered(NoAnswer::BreakerOpen, Settled::NotSent));
        assert!(!setup.connector.health().available);
        assert_eq!(setup.provider.calls().len(), 1);

        setup.clock.advance_ms(60_000);
        let answer = setup.ask_steered(Control::default()).await;
        assert_eq!((answer.assessment.status(), setup.connector.health().available), ("answered", true));
        assert_eq!(setup.ask().await.assessment.status(), "answered");
    }
}
