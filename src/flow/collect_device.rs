//! A device session: a merchant asks for one, the buyer's browser opens our page within it, and what the
//! browser states is kept for the authentication that refers to it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::challenge_link::token_digest;
use crate::app::App;
use crate::credential::token::Token;
use crate::domain::device::StatedDevice;
use crate::domain::id::{DeviceSessionId, MerchantId};
use crate::domain::merchant::Merchant;
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::device_sessions::DeviceSession;

/// How long a session can be filled and used, in seconds.
const LIFETIME_SECONDS: i64 = 1_800;

/// Why a device session cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No session has this token.
    #[error("no device session has this token")]
    NotFound,
    /// Its time is over.
    #[error("the device session is over")]
    Gone,
    /// What the script reported is not what ours reports.
    #[error("the report is not of the form that the page sends")]
    Malformed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A session that was opened by a browser.
#[derive(Debug)]
pub struct Opened {
    /// Who may frame the page.
    pub merchant: Merchant,
    /// The random id by which the browser is known from now on: the value of its cookie.
    pub cookie: Token,
}

/// Makes a session for a merchant and the URL of its page; the same idempotency key answers the same session, while
/// it lives.
///
/// # Errors
/// [`DeviceError`]; then none was made.
pub async fn create(app: &App, merchant_id: MerchantId, key: String) -> Result<(DeviceSession, String), DeviceError> {
    let now = app.now();
    let session = DeviceSession {
        id: DeviceSessionId::new(now, &*app.randomness),
        merchant_id,
        cookie_digest: None,
        stated: StatedDevice::default(),
        opened_at: None,
        collected_at: None,
        expires_at: now.plus_seconds(LIFETIME_SECONDS),
        created_at: now,
    };
    let digest = token_digest(&token(app, session.id));
    let note = note(app, &format!("merchant:{merchant_id}"), "device_session.create", session.id.to_string());
    let id = app.store.add_device_session(session, digest, key, note).await?;
    let session = app.store.device_session(merchant_id, id, now).await?.ok_or(DeviceError::Gone)?;
    Ok((session, url(app, id)))
}

/// The URL of a session's page; the same one whenever it is asked for.
pub fn url(app: &App, id: DeviceSessionId) -> String {
    let base = app.config.server.public_url.as_str().trim_end_matches('/');
    format!("{base}/device/{}", token(app, id))
}

/// Derived from the id under a secret key, so that an answer can be rendered again without the token being stored.
fn token(app: &App, id: DeviceSessionId) -> String {
    URL_SAFE_NO_PAD.encode(app.keys.mac("device_token", &[id.uuid().as_bytes()]))
}

/// Opens the page: notes the headers and the id in the cookie, a new one where there is none.
///
/// # Errors
/// [`DeviceError`].
pub async fn open(app: &App, token: &str, headers: StatedDevice, cookie: Option<&str>) -> Result<Opened, DeviceError> {
    let session = find(app, token).await?;
    let merchant = app.store.merchant(session.merchant_id, app.config.environment).await?;
    let merchant = merchant.ok_or(DeviceError::NotFound)?;
    let cookie = cookie.and_then(Token::parse).unwrap_or_else(|| Token::generate(&*app.randomness));
    app.store.open_device_session(session.id, cookie.digest(), &headers, app.now()).await?;
    Ok(Opened { merchant, cookie })
}

/// Takes the script's report, once. What it states goes over the headers.
///
/// # Errors
/// [`DeviceError`].
pub async fn collect(app: &App, token: &str, reported: StatedDevice) -> Result<(), DeviceError> {
    let session = find(app, token).await?;
    if !is_report(&reported) {
        return Err(DeviceError::Malformed);
    }
    let stated = StatedDevice {
        user_agent: session.stated.user_agent,
        language: reported.language.or(session.stated.language),
        time_zone: reported.time_zone,
        screen: reported.screen,
    };
    app.store.collect_device_session(session.id, &stated, app.now()).await?;
    Ok(())
}

async fn find(app: &App, token: &str) -> Result<DeviceSession, DeviceError> {
    let digest = Token::parse(token).ok_or(DeviceError::NotFound)?.digest();
    let session = app.store.device_session_by_token(&digest).await?.ok_or(DeviceError::NotFound)?;
    if session.expires_at <= app.now() { Err(DeviceError::Gone) } else { Ok(session) }
}

fn is_report(stated: &StatedDevice) -> bool {
    let made_of = |text: &Option<String>, longest: usize, more: &[u8]| {
        text.as_deref().is_none_or(|text| {
            (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
        })
    };
    stated.user_agent.is_none()
        && made_of(&stated.language, 35, b"-")
        && made_of(&stated.time_zone, 64, b"/_+-")
        && made_of(&stated.screen, 20, b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_short_and_of_plain_characters() {
        let report = |language: &str, time_zone: &str, screen: &str| StatedDevice {
            user_agent: None,
            language: Some(language.to_owned()),
            time_zone: Some(time_zone.to_owned()),
            screen: Some(screen.to_owned()),
        };
        assert!(is_report(&report("ja-JP", "Asia/Tokyo", "1920x1080x24")));
        assert!(is_report(&StatedDevice::default()));
        assert!(!is_report(&report("ja\r\nX: y", "Asia/Tokyo", "1x1x1")));
        assert!(!is_report(&report("ja", &"A".repeat(65), "1x1x1")));
        assert!(!is_report(&report("ja", "UTC", "<script>")));
        assert!(!is_report(&StatedDevice { user_agent: Some("forged".to_owned()), ..StatedDevice::default() }));
    }
}
