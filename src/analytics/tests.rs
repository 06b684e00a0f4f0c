//! The connectors against the stand-in provider, over HTTP on the loopback interface.
//!
//! These tests live inside the crate because only the gate can make a clearance.

mod answers;
mod breaker;
mod feedback;
mod japanese;
mod mapping;
mod minfraud;
mod sending;
mod untrusted;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use iso_currency::Currency;
use uuid::Uuid;

use super::disclosable::{Disclosable, PurchaseData};
use super::envelope::{Envelope, Prepared};
use super::feedback::Reported;
use super::minfraud::MinFraud;
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
use crate::domain::datum::{Datum, Mode};
use crate::domain::device::StatedDevice;
use crate::domain::id::{AuthenticationId, CardholderId, DisclosureId, MerchantId};
use crate::domain::money::Money;
use crate::outbound::destination::Destinations;
use crate::outbound::{Outbound, OutboundSettings, install_tls_provider};
use crate::policy::{Bundle, BundleSource};

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
    recipient: &'static str,
    connector: Box<dyn Provider>,
    pseudonyms: Pseudonyms,
}

type Modes = BTreeMap<Datum, Mode>;

/// How the shipped register of recipients has every datum sent to this one.
fn shipped_modes(recipient: &str) -> Modes {
    static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::build(BundleSource::shipped()).unwrap());
    BUNDLE.reference().recipient(recipient).unwrap().data_modes()
}

/// Every datum as it is.
fn plain_modes() -> Modes {
    Datum::ALL.iter().map(|datum| (*datum, Mode::Plain)).collect()
}

/// A ThreatMetrix style provider with the shipped modes.
async fn setup(change: impl FnOnce(&mut AnalyticsConfig)) -> Setup {
    setup_of(ProviderKind::Threatmetrix, shipped_modes("tmx"), change).await
}

/// minFraud with the shipped modes.
async fn setup_minfraud(change: impl FnOnce(&mut AnalyticsConfig)) -> Setup {
    setup_of(ProviderKind::Minfraud, shipped_modes("minfraud"), change).await
}

async fn setup_of(kind: ProviderKind, modes: Modes, change: impl FnOnce(&mut AnalyticsConfig)) -> Setup {
    install_tls_provider();
    let clock = Arc::new(TestClock(AtomicU64::new(1_000 * NANOS_PER_MS)));
    let provider = ProviderState::new("org", KEY, clock.clone());
    let address = serve(provider.clone()).await;
    let recipient = if kind == ProviderKind::Minfraud { "minfraud" } else { "tmx" };
    let mut config = AnalyticsConfig { provider: kind, recipient: recipient.to_owned(), ..config() };
    config.base_url = format!("http://{address}");
    change(&mut config);
    let settings = OutboundSettings {
        connect_timeout_ms: 5_000,
        destinations: Destinations::PublicAndLoopback,
        ..OutboundSettings::default()
    };
    let outbound = Outbound::new(&settings, clock.clone()).unwrap();
    let pseudonyms = pseudonyms(recipient, modes);
    let connector: Box<dyn Provider> = if kind == ProviderKind::Minfraud {
        Box::new(MinFraud::new(config, outbound, clock.clone()).unwrap())
    } else {
        Box::new(ThreatMetrix::new(config, outbound, clock.clone()).unwrap())
    };
    connector.check(&pseudonyms).unwrap();
    Setup { clock, provider, recipient, connector, pseudonyms }
}

fn pseudonyms(recipient: &str, modes: Modes) -> Pseudonyms {
    Pseudonyms::new(("new", &[7; 32]), [("old", &[8; 32])], recipient, modes)
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

    fn seal(&self, prepared: Prepared, send_until_boot_nanos: u64) -> Envelope {
        Envelope::seal(clearance(self.recipient, send_until_boot_nanos), prepared).unwrap()
    }

    /// Reports, with plenty of time.
    async fn report(&self, prepared: Prepared) -> Reported {
        let now = self.clock.boot_nanos();
        let envelope = self.seal(prepared, now + 400 * NANOS_PER_MS);
        self.connector.report(envelope, now + 1_000 * NANOS_PER_MS).await
    }

    fn envelope(&self, send_until_boot_nanos: u64) -> Envelope {
        self.seal(self.connector.prepare(&everything(), &self.pseudonyms), send_until_boot_nanos)
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
