//! Merchants, their return URLs, and API keys.

use sea_orm::Value;

use super::audit::{self, Entry};
use super::sql::{self, Row, nullable};
use super::{Store, StoreError};
use crate::domain::challenge::{ReturnBy, TimeBase};
use crate::domain::clock::Micros;
use crate::domain::id::{ApiKeyId, MerchantId};
use crate::domain::merchant::{Environment, Merchant, ReturnUrl};

/// How many keys of one owner may be live at a time, so that a key can be replaced without a pause.
pub const LIVE_KEYS_MAX: i64 = 2;

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyOwner {
    /// The issuer's core system.
    Issuer,
    /// A merchant.
    Merchant(MerchantId),
}

impl KeyOwner {
    fn merchant_id(self) -> Option<MerchantId> {
        match self {
            Self::Issuer => None,
            Self::Merchant(id) => Some(id),
        }
    }
}

/// An API key as the store knows it: a digest, never the key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The key's last four characters, for people to tell keys apart.
    pub last_four: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
}

impl Store {
    /// Registers a merchant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_merchant(&self, merchant: Merchant, created_at: Micros, entry: Entry) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO merchants (id, name, category_code, country, time_base, return_by, \
                                   created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
                let values: [Value; 7] = [
                    merchant.id.uuid().into(),
                    merchant.name.clone().into(),
                    merchant.category_code.clone().into(),
                    merchant.country.clone().into(),
                    merchant.time_base.as_str().into(),
                    merchant.return_by.as_str().into(),
                    created_at.0.into(),
                ];
                sql::execute(transaction, SQL, values).await?;
                for url in &merchant.return_urls {
                    const URL: &str = "INSERT INTO merchant_return_urls (merchant_id, url) VALUES ($1, $2)";
                    sql::execute(transaction, URL, [merchant.id.uuid().into(), url.as_str().into()]).await?;
                }
                audit::append(transaction, &entry).await
            })
        })
        .await
    }

    /// Replaces a merchant's return URLs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_return_urls(&self, id: MerchantId, urls: Vec<ReturnUrl>, entry: Entry) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const FORGET: &str = "DELETE FROM merchant_return_urls WHERE merchant_id = $1";
                const ADD: &str = "INSERT INTO merchant_return_urls (merchant_id, url) VALUES ($1, $2)";
                sql::execute(transaction, FORGET, [id.uuid().into()]).await?;
                for url in &urls {
                    sql::execute(transaction, ADD, [id.uuid().into(), url.as_str().into()]).await?;
                }
                audit::append(transaction, &entry).await
            })
        })
        .await
    }

    /// A merchant with its return URLs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn merchant(&self, id: MerchantId, environment: Environment) -> Result<Option<Merchant>, StoreError> {
        const SQL: &str = "SELECT id, name, category_code, country, time_base, return_by FROM merchants WHERE id = $1";
        let Some(row) = sql::first(self.reader(), "merchants", SQL, [id.uuid().into()]).await? else {
            return Ok(None);
        };
        self.with_return_urls(&row, environment).await.map(Some)
    }

    /// All merchants, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn merchants(&self, environment: Environment) -> Result<Vec<Merchant>, StoreError> {
        const SQL: &str =
            "SELECT id, name, category_code, country, time_base, return_by FROM merchants ORDER BY created_at, id";
        let mut merchants = Vec::new();
        for row in sql::all(self.reader(), "merchants", SQL, []).await? {
            merchants.push(self.with_return_urls(&row, environment).await?);
        }
        Ok(merchants)
    }

    async fn with_return_urls(&self, row: &Row, environment: Environment) -> Result<Merchant, StoreError> {
        const SQL: &str = "SELECT url FROM merchant_return_urls WHERE merchant_id = $1 ORDER BY url";
        let id = MerchantId::from_uuid(row.get("id")?);
        let mut return_urls = Vec::new();
        for url in sql::all(self.reader(), "merchant_return_urls", SQL, [id.uuid().into()]).await? {
            let text: String = url.get("url")?;
            return_urls.push(ReturnUrl::parse(&text, environment).map_err(|_| url.corrupt("url"))?);
        }
        Ok(Merchant {
            id,
            name: row.get("name")?,
            category_code: row.get("category_code")?,
            country: row.get("country")?,
            time_base: row.word("time_base", TimeBase::parse)?,
            return_by: row.word("return_by", ReturnBy::parse)?,
            return_urls,
        })
    }

    /// Whose live key has this digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_owner(&self, digest: &[u8; 32]) -> Result<Option<KeyOwner>, StoreError> {
        const SQL: &str = "SELECT merchant_id FROM api_keys WHERE digest = $1 AND revoked_at IS NULL";
        let row = sql::first(self.reader(), "api_keys", SQL, [digest.to_vec().into()]).await?;
        row.map(|row| {
            let merchant: Option<uuid::Uuid> = row.get("merchant_id")?;
            Ok(merchant.map_or(KeyOwner::Issuer, |id| KeyOwner::Merchant(MerchantId::from_uuid(id))))
        })
        .transpose()
    }

    /// Adds a key; answers `false`, and adds none, when two are live already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_key(
        &self,
        owner: KeyOwner,
        key: ApiKey,
        digest: [u8; 32],
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let added = self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO api_keys (id, merchant_id, digest, last_four, created_at) \
                    SELECT $1, $2, $3, $4, $5 WHERE (SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL AND \
                    (merchant_id = $2 OR (merchant_id IS NULL AND $6 = 1))) < $7";
                let issuer = i64::from(owner == KeyOwner::Issuer);
                let values: [Value; 7] = [
                    key.id.uuid().into(),
                    nullable(owner.merchant_id().map(MerchantId::uuid)),
                    digest.to_vec().into(),
                    key.last_four.into(),
                    key.created_at.0.into(),
                    issuer.into(),
                    LIVE_KEYS_MAX.into(),
                ];
                if sql::execute(transaction, SQL, values).await? == 0 {
                    return Err(StoreError::GivenUp);
                }
                audit::append(transaction, &entry).await
            })
        });
        match added.await {
            Ok(()) => Ok(true),
            Err(StoreError::GivenUp) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Revokes a key of this owner; answers whether it had this one and it was live.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_key(
        &self,
        owner: KeyOwner,
        id: ApiKeyId,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let revoked = self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND \
                    (merchant_id = $3 OR (merchant_id IS NULL AND $4 = 1))";
                let merchant = nullable(owner.merchant_id().map(MerchantId::uuid));
                let issuer = i64::from(owner == KeyOwner::Issuer);
                let values: [Value; 4] = [id.uuid().into(), now.0.into(), merchant, issuer.into()];
                if sql::execute(transaction, SQL, values).await? == 0 {
                    return Err(StoreError::GivenUp);
                }
                audit::append(transaction, &entry).await
            })
        });
        match revoked.await {
            Ok(()) => Ok(true),
            Err(StoreError::GivenUp) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The keys of an owner, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys(&self, owner: KeyOwner) -> Result<Vec<ApiKey>, StoreError> {
        let (condition, values) = match owner {
            KeyOwner::Issuer => ("merchant_id IS NULL", Vec::new()),
            KeyOwner::Merchant(id) => ("merchant_id = $1", vec![id.uuid().into()]),
        };
        let sql = format!(
            "SELECT id, last_four, created_at, revoked_at FROM api_keys WHERE {condition} ORDER BY created_at, id"
        );
        let rows = sql::all(self.reader(), "api_keys", &sql, values).await?;
        rows.iter()
            .map(|row| {
                Ok(ApiKey {
                    id: ApiKeyId::from_uuid(row.get("id")?),
                    last_four: row.get("last_four")?,
                    created_at: Micros(row.get("created_at")?),
                    revoked_at: row.get::<Option<i64>>("revoked_at")?.map(Micros),
                })
            })
            .collect()
    }
}
