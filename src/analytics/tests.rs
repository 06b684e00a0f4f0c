//! The connector against the stand-in provider, over HTTP on the loopback interface.
//!
//! These tests live inside the crate because only the gate can make a clearance.

mod answers;
mod breaker;
mod mapping;
mod sending;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use iso_currency::Currency;
use uuid::Uuid;

use super::disclosable::{Disclosable, PurchaseData};
use super::envelope::Envelope;
use super::pseudonym::Pseudonyms;
use super::settings::{AnalyticsConfig, ProviderKind};
use super::threatmetrix::ThreatMetrix;
use super::{Provider, ProviderAnswer, Settled};
use crate::demo::provider::ProviderState;
use crate::demo::provider::steering::Control;
use crate::domain::assessment::{Answer, Assessment, NoAnswer};
use crate::domain::cardholder::Address;
use crate::domain::clock::{Clock, Micros};
use crate::domain::consent::{Clearance, DataClass};
use crate::domain::device::StatedDevice;
use crate::domain::id::{AuthenticationId, CardholderId, DisclosureId, MerchantId};
use crate::domain::money::Money;
use crate::outbound::destination::Destinations;
use crate::outbound::{Outbound, OutboundSettings, install_tls_provider};

const NANOS_PER_MS: u64 = 1_000_000;
const KEY: &str = "key-of-the-test";

/// A clock that stands still until it is advanced.
struct TestClock(AtomicU64);

impl TestClock {
    fn advance_ms(&self, ms: u64) {
        self.0.fetch_add(ms * NANOS_PER_MS, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(1_750_000_000_000_000)
    }

    fn boot_nanos(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A connector, the stand-in provider that it asks, and the clock of both.
struct Setup {
    clock: Arc<TestClock>,
    provider: ProviderState,
    connector: ThreatMetrix,
}

async fn setup(change: impl FnOnce(&mut AnalyticsConfig)) -> Setup {
    install_tls_provider();
    let clock = Arc::new(TestClock(AtomicU64::new(1_000 * NANOS_PER_MS)));
    let provider = ProviderState::new("org", KEY, clock.clone());
    let address = serve(provider.clone()).await;
    let mut config = config();
    config.base_url = format!("http://{address}");
    change(&mut config);
    let settings = OutboundSettings {
        connect_timeout_ms: 5_000,
        destinations: Destinations::PublicAndLoopback,
        ..OutboundSettings::default()
    };
    let outbound = Outbound::new(&settings, clock.clone()).unwrap();
    let pseudonyms = Pseudonyms::new(&[7; 32], "pseudonym-1", &config.recipient, &config.modes);
    let connector = ThreatMetrix::new(config, pseudonyms, outbound, clock.clone()).unwrap();
    Setup { clock, provider, connector }
}

async fn serve(provider: ProviderState) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(crate::demo::provider::serve(listener, provider));
    address
}

fn config() -> AnalyticsConfig {
    AnalyticsConfig {
        provider: ProviderKind::Threatmetrix,
        recipient: "tmx".to_owned(),
        org_id: "org".to_owned(),
        api_key: KEY.into(),
        deadline_ms: 800,
        ..AnalyticsConfig::default()
    }
}

impl Setup {
    /// Asks about the purchase, with plenty of time.
    async fn ask(&self) -> ProviderAnswer {
        let now = self.clock.boot_nanos();
        self.connector.assess(self.envelope(now + 400 * NANOS_PER_MS), now + 1_000 * NANOS_PER_MS).await
    }

    /// Asks after steering the answer.
    async fn ask_steered(&self, control: Control) -> ProviderAnswer {
        self.provider.steer(control);
        self.ask().await
    }

    fn envelope(&self, send_until_boot_nanos: u64) -> Envelope {
        Envelope::seal(clearance("tmx", send_until_boot_nanos), self.connector.prepare(&everything())).unwrap()
    }
}

fn clearance(recipient: &str, send_until_boot_nanos: u64) -> Clearance {
    let disclosure = DisclosureId::from_uuid(Uuid::from_u128(3));
    let cardholder = CardholderId::from_uuid(Uuid::from_u128(4));
    Clearance::grant(disclosure, cardholder, recipient.to_owned(), send_until_boot_nanos, Micros(i64::MAX))
}

fn answered(answer: &ProviderAnswer) -> &Answer {
    match &answer.assessment {
        Assessment::Answered(answer) => answer,
        other => panic!("expected an answer, got {other:?}"),
    }
}

fn outcome(answer: &ProviderAnswer) -> (&'static str, Settled) {
    (answer.assessment.reason(), answer.settled)
}

fn unanswered(reason: NoAnswer, settled: Settled) -> (&'static str, Settled) {
    (reason.as_str(), settled)
}

fn everything() -> Disclosable {
    purchase().restricted_to(&DataClass::ALL.iter().copied().collect::<BTreeSet<_>>())
}

fn purchase() -> PurchaseData {
    let address = |postal_code: &str, line1: &str| Address {
        country: "jp".to_owned(),
        postal_code: postal_code.to_owned(),
        region: Some("13".to_owned()),
        city: Some("港区".to_owned()),
        line1: line1.to_owned(),
        line2: Some("青山ハイツ ２０２".to_owned()),
    };
    PurchaseData {
        name: Some("ﾔﾏﾀﾞ ﾊﾅｺ".to_owned()),
        email: Some(" Hanako@Example.JP".to_owned()),
        phone: Some("０９０−１２３４−５６７８".to_owned()),
        billing: Some(address("１０７-００６２", "南青山５丁目１番２２号")),
        shipping: Some(address("1070062", "南青山5-1-22")),
        device: StatedDevice {
            user_agent: Some("Mozilla/5.0 (Linux; Android 15; Pixel 9)".to_owned()),
            language: Some("ja-JP,en;q=0.8".to_owned()),
            ..StatedDevice::default()
        },
        device_id: Some("device-of-hanako".to_owned()),
        ip: "203.0.113.77".parse().ok(),
        country: Some("JP".to_owned()),
        prefecture: Some("13".to_owned()),
        money: Some(Money { amount_minor: 1_990, currency: Currency::USD }),
        merchant: Some(MerchantId::from_uuid(Uuid::from_u128(5))),
        authentication: Some(AuthenticationId::from_uuid(Uuid::from_u128(6))),
        profiling_session: Some("profiling-session".to_owned()),
    }
}
