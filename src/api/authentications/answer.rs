//! The answer: what a merchant learns of an authentication. Rendered from the record every time.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::authentication::{Authentication, Status};
use crate::domain::clock::Micros;
use crate::flow::result::{authentication_value, codes_of, sign_result};
use crate::flow::{cardholder_message, challenge_link};

/// An authentication, as its merchant sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthenticationResponse {
    /// Its id.
    pub id: String,
    /// Where it stands; all but `challenge_required` are final.
    pub status: Status,
    /// The merchant's own reference.
    pub merchant_reference: String,
    /// The amount in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The card number's last four digits.
    pub card_last_four: String,
    /// Public reason codes, sorted.
    pub reasons: Vec<String>,
    /// EMV 3DS `transStatus`.
    pub trans_status: String,
    /// EMV 3DS `transStatusReason`, two digits; absent when approved or open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trans_status_reason: Option<String>,
    /// EMV 3DS `eci`; absent while open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eci: Option<String>,
    /// 20 bytes in base64, only when approved. Keyed by this service; not the scheme's own algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_value: Option<String>,
    /// The signed result (compact JWS), once final. Act on this or on the API, never on what the browser carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The challenge, while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeResponse>,
    /// What to tell the buyer, when turned back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cardholder_message: Option<MessageResponse>,
    /// The bundle that decided, 64 hexadecimal digits.
    pub bundle_digest: String,
    /// When the request came, RFC 3339.
    pub created_at: String,
    /// When the status became final, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// A challenge that waits for the buyer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeResponse {
    /// The page to show in a frame or to send the buyer to.
    pub url: String,
    /// Until when the page must be shown, RFC 3339.
    pub first_visit_by: String,
    /// Until when the buyer must have finished, RFC 3339.
    pub expires_at: String,
}

/// A message to the buyer, at most 128 characters in each language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageResponse {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl AuthenticationResponse {
    /// Renders the record.
    pub async fn render(app: &App, authentication: &Authentication) -> Self {
        let money = authentication.money;
        let message = cardholder_message::of(app, authentication).await;
        let codes = codes_of(app, authentication);
        Self {
            id: authentication.id.to_string(),
            status: authentication.status,
            merchant_reference: authentication.merchant_reference.clone(),
            amount_minor: money.amount_minor,
            currency: money.currency.code().to_owned(),
            card_last_four: authentication.card_last_four.clone(),
            reasons: codes.public_reasons,
            trans_status: authentication.status.trans_status(authentication.ending).to_owned(),
            trans_status_reason: codes.emv_reason,
            eci: authentication.status.eci().map(str::to_owned),
            authentication_value: authentication_value(app, authentication),
            result: sign_result(app, authentication),
            challenge: challenge(app, authentication),
            cardholder_message: message.map(|(ja, en)| MessageResponse { ja, en }),
            bundle_digest: authentication.bundle_digest.clone(),
            created_at: authentication.created_at.rfc3339(),
            finished_at: authentication.finished_at.map(Micros::rfc3339),
        }
    }
}

fn challenge(app: &App, authentication: &Authentication) -> Option<ChallengeResponse> {
    let settings = &app.config.challenge;
    (authentication.status == Status::ChallengeRequired).then(|| ChallengeResponse {
        url: challenge_link::url(app, authentication.id),
        first_visit_by: authentication.created_at.plus_seconds(settings.first_visit_seconds).rfc3339(),
        expires_at: authentication.created_at.plus_seconds(settings.total_seconds).rfc3339(),
    })
}
