//! The signed result: what a merchant may act on.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::domain::authentication::{Authentication, ResultCodes, Status};
use crate::policy::Reference;

/// The claims of a signed result. Times are seconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultClaims {
    /// The service's public URL.
    pub iss: String,
    /// The merchant's id: the only audience.
    pub aud: String,
    /// The authentication's id.
    pub sub: String,
    /// When the status became final.
    pub iat: i64,
    /// The final status.
    pub status: String,
    /// EMV 3DS `transStatus`.
    pub trans_status: String,
    /// EMV 3DS `eci`.
    pub eci: String,
    /// The authentication value, base64 of 20 bytes; only when approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_value: Option<String>,
    /// The merchant's own reference.
    pub merchant_reference: String,
    /// The amount in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The card number's last four digits.
    pub card_last_four: String,
    /// Public reason codes.
    pub reasons: Vec<String>,
}

/// The signed result of a final authentication, as a compact JWS (RFC 7515); none while it is open. The same
/// authentication gives the same bytes every time.
pub fn sign_result(app: &App, authentication: &Authentication) -> Option<String> {
    let finished_at = authentication.finished_at?;
    let claims = ResultClaims {
        iss: app.config.server.public_url.as_str().trim_end_matches('/').to_owned(),
        aud: authentication.merchant_id.to_string(),
        sub: authentication.id.to_string(),
        iat: finished_at.unix_seconds(),
        status: authentication.status.as_str().to_owned(),
        trans_status: authentication.status.trans_status(authentication.ending).to_owned(),
        eci: authentication.status.eci().unwrap_or_default().to_owned(),
        authentication_value: authentication_value(app, authentication),
        merchant_reference: authentication.merchant_reference.clone(),
        amount_minor: authentication.money.amount_minor,
        currency: authentication.money.currency.code().to_owned(),
        card_last_four: authentication.card_last_four.clone(),
        reasons: codes_of(app, authentication).public_reasons,
    };
    app.keys.sign_result(&claims).inspect_err(|error| tracing::error!(%error, "a result cannot be signed")).ok()
}

/// The authentication value of an approval: 20 bytes in base64. Keyed and documented, not the scheme's own algorithm.
pub fn authentication_value(app: &App, authentication: &Authentication) -> Option<String> {
    (authentication.status == Status::Approved).then(|| {
        let money = authentication.money;
        app.keys.authentication_value(&[
            authentication.id.uuid().as_bytes(),
            authentication.merchant_id.uuid().as_bytes(),
            &money.amount_minor.to_be_bytes(),
            money.currency.code().as_bytes(),
            authentication.card_last_four.as_bytes(),
        ])
    })
}

/// What others are told of these reasons for this status, by the bundle's table of reasons.
pub fn codes(reference: &Reference, status: Status, reasons: &[String]) -> ResultCodes {
    let mut public_reasons: Vec<String> = reasons
        .iter()
        .map(|code| reference.reason(code).map_or("other", |reason| reason.public_code.as_str()).to_owned())
        .collect();
    public_reasons.sort();
    public_reasons.dedup();
    let told = !matches!(status, Status::Approved | Status::ChallengeRequired);
    // The EMV reason of the first internal code that has one.
    let emv_reason = reasons.iter().find_map(|code| reference.reason(code)).map(|reason| reason.emv_code.clone());
    ResultCodes { public_reasons, emv_reason: emv_reason.filter(|_| told) }
}

/// What others are told of an authentication's reasons: as it was kept, or by the live bundle for a record of a
/// release that did not keep it.
pub fn codes_of(app: &App, authentication: &Authentication) -> ResultCodes {
    let by_live_bundle = || {
        let loaded = app.bundle.load();
        codes(loaded.bundle.reference(), authentication.status, &authentication.reasons)
    };
    authentication.codes.clone().unwrap_or_else(by_live_bundle)
}
