//! Posts a message to a merchant's endpoint and says what came of it. Knows nothing of what the message says.

use std::time::Duration;

use url::Url;

use crate::app::App;
use crate::outbound::{Fault, OutboundError, OutboundRequest};

/// So much of an answer is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4_096;

/// A message, signed.
pub struct SignedMessage {
    /// Where to.
    pub url: Url,
    /// The message's id, the same at every try.
    pub id: String,
    /// When it was signed, Unix seconds.
    pub seconds: i64,
    /// Its signatures, one for each live secret.
    pub signatures: Vec<String>,
    /// The bytes that are signed.
    pub body: String,
}

/// What came of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// A 2xx: the merchant has it.
    Delivered,
    /// 410: the merchant wants nothing there any more.
    Gone,
    /// Not this time.
    Failed {
        /// A short word: the status, or why there is none.
        reason: String,
        /// How long the receiver wants us to wait.
        after: Option<Duration>,
    },
}

/// Posts a message once, with the headers of Standard Webhooks. A redirect is a failure: it is not followed.
pub async fn post(app: &App, message: SignedMessage) -> Posted {
    let timeout_ms = app.config.webhooks.timeout_ms;
    let request = OutboundRequest {
        url: message.url,
        content_type: "application/json",
        headers: vec![
            ("webhook-id".to_owned(), message.id),
            ("webhook-timestamp".to_owned(), message.seconds.to_string()),
            ("webhook-signature".to_owned(), message.signatures.join(" ")),
        ],
        body: message.body.into_bytes(),
        send_until_boot_nanos: app.clock.boot_nanos().saturating_add(timeout_ms.saturating_mul(1_000_000)),
        send_until: app.now().plus_millis(i64::try_from(timeout_ms).unwrap_or(i64::MAX)),
        deadline_ms: timeout_ms,
        max_answer_bytes: ANSWER_BYTES_MAX,
    };
    let posted = match app.webhooks.notify(request).await {
        Ok(answer) if (200..300).contains(&answer.status) => Posted::Delivered,
        Ok(answer) if answer.status == 410 => Posted::Gone,
        Ok(answer) => Posted::Failed { reason: format!("status_{}", answer.status), after: answer.retry_after },
        Err(error) => Posted::Failed { reason: word(&error).to_owned(), after: None },
    };
    app.metrics.webhook(outcome(&posted));
    posted
}

fn word(error: &OutboundError) -> &'static str {
    match error.fault {
        Fault::Timeout | Fault::LimitPassed => "timeout",
        Fault::Connect => "unreachable",
        Fault::Forbidden => "address_not_allowed",
        Fault::TooLarge | Fault::Broken => "broken",
        Fault::Invalid => "invalid",
    }
}

/// The outcome as it is counted: a closed set, and none of it names a merchant.
fn outcome(posted: &Posted) -> &'static str {
    match posted {
        Posted::Delivered => "delivered",
        Posted::Gone => "gone",
        Posted::Failed { reason, .. } => match reason.as_str() {
            "timeout" => "timeout",
            "unreachable" => "unreachable",
            "address_not_allowed" => "address_not_allowed",
            reason if reason.starts_with("status_3") => "redirected",
            reason if reason.starts_with("status_4") => "refused",
            reason if reason.starts_with("status_") => "server_error",
            _ => "broken",
        },
    }
}
