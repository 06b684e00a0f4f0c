//! What is sent, what is not, and how sure that is.

use super::*;
use crate::analytics::envelope::WrongRecipient;

#[tokio::test]
async fn nothing_is_sent_after_the_limit() {
    let setup = setup(|_| ()).await;
    let now = setup.clock.boot_nanos();
    let envelope = setup.envelope(now + 400 * NANOS_PER_MS);
    setup.clock.advance_ms(401);
    let answer = setup.connector.assess(envelope, now + 1_000 * NANOS_PER_MS).await;
    assert_eq!(outcome(&answer), unanswered(NoAnswer::Timeout, Settled::NotSent));
    assert!(setup.provider.calls().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_after_the_deadline() {
    let setup = setup(|_| ()).await;
    let now = setup.clock.boot_nanos();
    let answer = setup.connector.assess(setup.envelope(u64::MAX), now).await;
    assert_eq!(outcome(&answer), unanswered(NoAnswer::Timeout, Settled::NotSent));
    assert!(setup.provider.calls().is_empty());
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let port = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port();
    let setup = setup(|config| config.base_url = format!("http://127.0.0.1:{port}")).await;
    assert_eq!(outcome(&setup.ask().await), unanswered(NoAnswer::Http5xx, Settled::NotSent));
}

#[tokio::test]
async fn calls_past_the_limit_of_parallel_ones_are_shed_and_not_queued() {
    let setup = Arc::new(setup(|config| config.max_in_flight = 1).await);
    setup.provider.steer(Control { delay_ms: 60_000, ..Control::default() });
    let first = tokio::spawn({
        let setup = setup.clone();
        async move { setup.ask().await }
    });
    while setup.provider.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(outcome(&setup.ask().await), unanswered(NoAnswer::Shed, Settled::NotSent));
    assert_eq!(setup.provider.calls().len(), 1);
    assert_eq!(outcome(&first.await.unwrap()), unanswered(NoAnswer::Timeout, Settled::Unknown));
}

#[tokio::test]
async fn a_clearance_for_one_recipient_sends_nothing_to_another() {
    let setup = setup(|_| ()).await;
    let sealed =
        Envelope::seal(clearance("another", u64::MAX), setup.connector.prepare(&everything(), &setup.pseudonyms));
    assert!(matches!(sealed, Err(WrongRecipient { .. })));
}

#[tokio::test]
async fn the_bytes_that_arrive_are_the_bytes_of_the_digest() {
    use sha2::{Digest, Sha256};
    let setup = setup(|_| ()).await;
    let prepared = setup.connector.prepare(&everything(), &setup.pseudonyms);
    let digest = prepared.digest();
    let body = setup.seal(prepared, u64::MAX).open().body;
    assert_eq!(<[u8; 32]>::from(Sha256::digest(&body)), digest);
    setup.ask().await;
    let sent: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let call = &setup.provider.calls()[0];
    assert_eq!(call.fields.len(), sent.len());
    assert!(sent.iter().all(|(name, value)| name == "api_key" || call.field(name) == value));
}

#[tokio::test]
async fn nothing_is_sent_after_the_limit_by_the_wall_clock_though_the_boot_time_clock_stood_still() {
    let setup = setup(|_| ()).await;
    let (disclosure, cardholder) =
        (DisclosureId::from_uuid(Uuid::from_u128(3)), CardholderId::from_uuid(Uuid::from_u128(4)));
    for (late_ms, settled) in [(1, Settled::Sent), (-1, Settled::NotSent)] {
        let until = setup.clock.now().plus_millis(late_ms);
        let clearance = Clearance::grant(disclosure, cardholder, "tmx".to_owned(), u64::MAX, until);
        let envelope = Envelope::seal(clearance, setup.connector.prepare(&everything(), &setup.pseudonyms)).unwrap();
        let answer = setup.connector.assess(envelope, u64::MAX).await;
        assert_eq!(answer.settled, settled, "{late_ms}");
    }
    assert_eq!(setup.provider.calls().len(), 1);
}
