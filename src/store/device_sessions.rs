//! Device sessions: what our own collection page saw.

use super::sql;
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::device::StatedDevice;
use crate::domain::id::{DeviceSessionId, MerchantId};

/// A device session as an authentication uses it.
#[derive(Clone, Debug)]
pub struct DeviceSession {
    /// What the browser stated.
    pub stated: StatedDevice,
    /// The digest of the random id in the page's cookie.
    pub cookie_digest: Option<Vec<u8>>,
    /// When the page was opened.
    pub opened_at: Option<Micros>,
}

impl Store {
    /// The merchant's device session with this id, while it lives.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device_session(
        &self,
        merchant_id: MerchantId,
        id: DeviceSessionId,
        now: Micros,
    ) -> Result<Option<DeviceSession>, StoreError> {
        const SQL: &str = "SELECT stated, cookie_digest, opened_at FROM device_sessions \
                           WHERE id = $1 AND merchant_id = $2 AND expires_at > $3";
        let values = [id.uuid().into(), merchant_id.uuid().into(), now.0.into()];
        let row = sql::first(self.reader(), "device_sessions", SQL, values).await?;
        row.map(|row| {
            let stated: Option<String> = row.get("stated")?;
            let stated = stated.as_deref().map_or(Ok(StatedDevice::default()), serde_json::from_str);
            Ok(DeviceSession {
                stated: stated.map_err(|_| row.corrupt("stated"))?,
                cookie_digest: row.get("cookie_digest")?,
                opened_at: row.get::<Option<i64>>("opened_at")?.map(Micros),
            })
        })
        .transpose()
    }
}
