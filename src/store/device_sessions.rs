//! Device sessions: a merchant asks for one, our page fills it once, an authentication refers to it.

use sea_orm::Value;

use super::audit::{self, Entry};
use super::sql::{self, Row};
use super::{Store, StoreError, idempotency};
use crate::domain::clock::Micros;
use crate::domain::device::StatedDevice;
use crate::domain::id::{DeviceSessionId, MerchantId};

/// A device session.
#[derive(Clone, Debug)]
pub struct DeviceSession {
    /// Its id.
    pub id: DeviceSessionId,
    /// Who asked for it.
    pub merchant_id: MerchantId,
    /// SHA-256 of the random id in the browser's cookie; none before the page was opened.
    pub cookie_digest: Option<Vec<u8>>,
    /// What the browser stated, by headers and, if collected, by the page's script.
    pub stated: StatedDevice,
    /// When the page was first opened.
    pub opened_at: Option<Micros>,
    /// When the script reported.
    pub collected_at: Option<Micros>,
    /// Until when it can be filled and used.
    pub expires_at: Micros,
    /// When it was asked for.
    pub created_at: Micros,
}

/// The endpoint that a device session's idempotency keys belong to.
const ENDPOINT: &str = "POST /v1/device-sessions";

const COLUMNS: &str = "id, merchant_id, cookie_digest, stated, opened_at, collected_at, expires_at, created_at";

impl Store {
    /// Adds a session under an idempotency key, unless the key names one already; answers which one it names now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_device_session(
        &self,
        session: DeviceSession,
        token_digest: [u8; 32],
        key: String,
        entry: Entry,
    ) -> Result<DeviceSessionId, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO device_sessions (id, merchant_id, token_digest, expires_at, created_at) \
                                   VALUES ($1, $2, $3, $4, $5)";
                let (merchant, now) = (session.merchant_id, session.created_at);
                let named = idempotency::name(transaction, merchant, ENDPOINT, &key, session.id.uuid(), now).await?;
                if named != session.id.uuid() {
                    return Ok(DeviceSessionId::from_uuid(named));
                }
                let values: [Value; 5] = [
                    session.id.uuid().into(),
                    merchant.uuid().into(),
                    token_digest.to_vec().into(),
                    session.expires_at.0.into(),
                    now.0.into(),
                ];
                sql::execute(transaction, SQL, values).await?;
                audit::append(transaction, &entry).await?;
                Ok(session.id)
            })
        })
        .await
    }

    /// The merchant's session with this id, while it lives.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device_session(
        &self,
        merchant_id: MerchantId,
        id: DeviceSessionId,
        now: Micros,
    ) -> Result<Option<DeviceSession>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM device_sessions WHERE id = $1 AND merchant_id = $2 AND expires_at > $3");
        let values = [id.uuid().into(), merchant_id.uuid().into(), now.0.into()];
        sql::first(self.reader(), "device_sessions", &sql, values).await?.map(|row| read(&row)).transpose()
    }

    /// The session whose token has this digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device_session_by_token(&self, digest: &[u8; 32]) -> Result<Option<DeviceSession>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM device_sessions WHERE token_digest = $1");
        let values = [digest.to_vec().into()];
        sql::first(self.reader(), "device_sessions", &sql, values).await?.map(|row| read(&row)).transpose()
    }

    /// Notes the first browser that opened the page: its cookie and its headers. A second one changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_device_session(
        &self,
        id: DeviceSessionId,
        cookie_digest: [u8; 32],
        stated: &StatedDevice,
        now: Micros,
    ) -> Result<bool, StoreError> {
        let stated = json(stated)?;
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE device_sessions SET cookie_digest = $2, stated = $3, opened_at = $4 \
                                   WHERE id = $1 AND opened_at IS NULL AND expires_at > $4";
                let values: [Value; 4] = [id.uuid().into(), cookie_digest.to_vec().into(), stated.into(), now.0.into()];
                Ok(sql::execute(transaction, SQL, values).await? > 0)
            })
        })
        .await
    }

    /// Notes what the script reported, once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn collect_device_session(
        &self,
        id: DeviceSessionId,
        stated: &StatedDevice,
        now: Micros,
    ) -> Result<bool, StoreError> {
        let stated = json(stated)?;
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE device_sessions SET stated = $2, collected_at = $3 WHERE id = $1 \
                                   AND opened_at IS NOT NULL AND collected_at IS NULL AND expires_at > $3";
                let values: [Value; 3] = [id.uuid().into(), stated.into(), now.0.into()];
                Ok(sql::execute(transaction, SQL, values).await? > 0)
            })
        })
        .await
    }
}

fn json(stated: &StatedDevice) -> Result<String, StoreError> {
    serde_json::to_string(stated)
        .map_err(|error| StoreError::Corrupt { table: "device_sessions", reason: error.to_string() })
}

fn read(row: &Row) -> Result<DeviceSession, StoreError> {
    let micros = |column| row.get::<Option<i64>>(column).map(|at| at.map(Micros));
    let stated: Option<String> = row.get("stated")?;
    Ok(DeviceSession {
        id: DeviceSessionId::from_uuid(row.get("id")?),
        merchant_id: MerchantId::from_uuid(row.get("merchant_id")?),
        cookie_digest: row.get("cookie_digest")?,
        stated: match stated {
            Some(text) => serde_json::from_str(&text).map_err(|_| row.corrupt("stated"))?,
            None => StatedDevice::default(),
        },
        opened_at: micros("opened_at")?,
        collected_at: micros("collected_at")?,
        expires_at: Micros(row.get("expires_at")?),
        created_at: Micros(row.get("created_at")?),
    })
}
