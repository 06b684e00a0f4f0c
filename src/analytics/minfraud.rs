//! The connector for the interface minFraud v2.0: score, insights or factors, and the transaction report.
//!
//! The specification is public: new fields and new words in answers are no change of it, so that answers are read
//! tolerantly. Knows requests and answers; when to ask is not its business.

mod answer;
mod email;
mod report;
mod request;
mod signals;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::disclosable::Disclosable;
use super::envelope::{Envelope, Prepared};
use super::feedback::{Feedback, FeedbackError, Reported};
use super::line::{Heard, Line};
use super::pseudonym::Pseudonyms;
use super::settings::{AnalyticsConfig, MinfraudService, ScoreDirection, SettingsError};
use super::{Description, Erase, Health, Provider, ProviderAnswer};
use crate::domain::assessment::NoAnswer;
use crate::domain::clock::SharedClock;
use crate::outbound::Outbound;

pub use request::INTERFACE;

/// The version of the tables by which answers become assessments.
pub const MAPPING_VERSION: &str = "minfraud 1";

/// The largest body that minFraud takes, in bytes.
pub const BODY_BYTES_MAX: usize = 20_000;

/// The media type of error answers. Others have a body of whatever stood on the way.
const ERROR_TYPE: &str = "application/vnd.maxmind.com-error+json";
/// What stands for a figure that no answer has told yet.
const NOT_TOLD: i64 = i64::MIN;

/// One account at minFraud.
pub struct MinFraud {
    description: Description,
    settings: AnalyticsConfig,
    authorization: SecretString,
    line: Line,
    warnings: AtomicU64,
    funds_remaining_cents: AtomicI64,
    queries_remaining: AtomicI64,
}

impl MinFraud {
    /// A connector with checked settings. `outbound` should serve this provider alone, so that its connections stay warm.
    pub fn new(settings: AnalyticsConfig, outbound: Outbound, clock: SharedClock) -> Result<Self, SettingsError> {
        let account = format!("{}:{}", settings.org_id, settings.api_key.expose_secret());
        Ok(Self {
            description: Description {
                recipient: settings.recipient.clone(),
                name: INTERFACE.name,
                score_range: (0, 99),
                score_direction: ScoreDirection::HigherIsWorse,
                idempotent: false,
                feedback: true,
                erase: Erase::Letter,
                mapping_version: MAPPING_VERSION,
                limit_ms: settings.limit_ms,
            },
            authorization: format!("Basic {}", STANDARD.encode(account)).into(),
            line: Line::new(&settings, outbound, clock)?,
            settings,
            warnings: AtomicU64::new(0),
            funds_remaining_cents: AtomicI64::new(NOT_TOLD),
            queries_remaining: AtomicI64::new(NOT_TOLD),
        })
    }

    /// HTTP Basic (RFC 7617) with account id and license key.
    fn headers(&self) -> Vec<(String, String)> {
        vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), self.authorization.expose_secret().to_owned()),
        ]
    }

    fn read(&self, heard: &Heard<'_>) -> ProviderAnswer {
        if let Some(reason) = heard.failure {
            return ProviderAnswer { kept: error_code(heard), ..ProviderAnswer::none(reason, heard.settled) };
        }
        let read = || serde_json::from_slice::<Value>(&heard.answer.body).ok().filter(Value::is_object);
        let fitting = heard.answer.status == 200 && heard.is_of_type(media_type(self.settings.service));
        let Some(body) = fitting.then(read).flatten() else {
            return ProviderAnswer::none(NoAnswer::Malformed, heard.settled);
        };
        self.note(&body);
        let (kept, request_id) = (Some(answer::kept(&body)), answer::request_id(&body));
        let assessment = answer::assess(&body, &self.settings.signals);
        ProviderAnswer { assessment, request_id, kept, settled: heard.settled }
    }

    /// Keeps the figures that are about the account and the interface, and about no person.
    fn note(&self, body: &Value) {
        self.line.count_unknown_keys(answer::drift(body));
        self.warnings.fetch_add(answer::warnings(body).count() as u64, Ordering::Relaxed);
        if let Some(cents) = answer::cents(body.get("funds_remaining")) {
            self.funds_remaining_cents.store(cents, Ordering::Relaxed);
        }
        if let Some(queries) = body.get("queries_remaining").and_then(Value::as_i64) {
            self.queries_remaining.store(queries, Ordering::Relaxed);
        }
    }
}

impl Provider for MinFraud {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn check(&self, pseudonyms: &Pseudonyms) -> Result<(), SettingsError> {
        INTERFACE.check(&self.settings.recipient, pseudonyms)
    }

    fn prepare(&self, data: &Disclosable, pseudonyms: &Pseudonyms) -> Prepared {
        request::prepare(data, pseudonyms, &self.settings)
    }

    fn assess(&self, envelope: Envelope, deadline_boot_nanos: u64) -> BoxFuture<'_, ProviderAnswer> {
        self.line.call(envelope, self.headers(), deadline_boot_nanos, |heard| self.read(&heard)).boxed()
    }

    fn prepare_feedback(&self, feedback: &Feedback, pseudonyms: &Pseudonyms) -> Result<Prepared, FeedbackError> {
        report::prepare(feedback, pseudonyms, &self.settings)
    }

    /// The interface has no call by which it would erase.
    fn prepare_erase(&self, _provider_request_id: &str, _pseudonyms: &Pseudonyms) -> Option<Prepared> {
        None
    }

    fn report(&self, envelope: Envelope, deadline_boot_nanos: u64) -> BoxFuture<'_, Reported> {
        let read = |heard: Heard<'_>| match heard.failure {
            Some(reason) => Reported::refused(reason, heard.settled),
            // A report is answered with 204 and no content.
            None => Reported::accepted(None, heard.settled),
        };
        self.line.call(envelope, self.headers(), deadline_boot_nanos, read).boxed()
    }

    fn health(&self) -> Health {
        let told = |figure: &AtomicI64| Some(figure.load(Ordering::Relaxed)).filter(|figure| *figure != NOT_TOLD);
        Health {
            warnings: self.warnings.load(Ordering::Relaxed),
            funds_remaining_cents: told(&self.funds_remaining_cents),
            queries_remaining: told(&self.queries_remaining),
            ..self.line.health()
        }
    }
}

fn media_type(service: MinfraudService) -> &'static str {
    match service {
        MinfraudService::Score => "application/vnd.maxmind.com-minfraud-score+json",
        MinfraudService::Insights => "application/vnd.maxmind.com-minfraud-insights+json",
        MinfraudService::Factors => "application/vnd.maxmind.com-minfraud-factors+json",
    }
}

/// The code of an error answer, for the ledger. Its text may say anything and is not looked at.
fn error_code(heard: &Heard<'_>) -> Option<Value> {
    let body: Value = heard.is_of_type(ERROR_TYPE).then(|| serde_json::from_slice(&heard.answer.body).ok())??;
    let code = body.get("code").and_then(Value::as_str).filter(|code| answer::is_code(code))?;
    Some(serde_json::json!({ "code": code }))
}
