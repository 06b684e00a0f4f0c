//! A merchant is registered.

use crate::app::App;
use crate::domain::challenge::{ReturnBy, TimeBase};
use crate::domain::id::MerchantId;
use crate::domain::merchant::{Merchant, ReturnUrl, ReturnUrlError};
use crate::flow::register::note;
use crate::store::StoreError;

/// A merchant that is to be registered.
#[derive(Clone, Debug)]
pub struct MerchantEntry {
    /// The name that the challenge page shows.
    pub name: String,
    /// ISO 18245 merchant category code.
    pub category_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The time in which its challenges state the date of use.
    pub time_base: TimeBase,
    /// How its buyers return.
    pub return_by: ReturnBy,
    /// Where they may return to.
    pub return_urls: Vec<String>,
}

/// Why a merchant was not registered.
#[derive(Debug, thiserror::Error)]
pub enum MerchantError {
    /// The name is empty, too long, or holds control characters.
    #[error("the name must have 1 to 60 characters without control characters")]
    Name,
    /// The category code is none.
    #[error("`{0}` is no merchant category code\nhint: four digits by ISO 18245, such as 5732")]
    CategoryCode(String),
    /// The country is none.
    #[error("`{0}` is no country\nhint: two capital letters by ISO 3166-1, such as JP")]
    Country(String),
    /// A return URL is not allowed.
    #[error("`{0}`: {1}")]
    ReturnUrl(String, ReturnUrlError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers a merchant.
///
/// # Errors
/// [`MerchantError`]; then nothing was registered.
pub async fn register_merchant(app: &App, actor: &str, entry: MerchantEntry) -> Result<MerchantId, MerchantError> {
    let length = entry.name.chars().count();
    if !(1..=60).contains(&length) || entry.name.chars().any(char::is_control) {
        return Err(MerchantError::Name);
    }
    if entry.category_code.len() != 4 || !entry.category_code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MerchantError::CategoryCode(entry.category_code));
    }
    if entry.country.len() != 2 || !entry.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(MerchantError::Country(entry.country));
    }
    let mut return_urls = Vec::new();
    for text in entry.return_urls {
        let url = ReturnUrl::parse(&text, app.config.environment);
        return_urls.push(url.map_err(|error| MerchantError::ReturnUrl(text, error))?);
    }
    let id = MerchantId::new(app.now(), app.randomness.as_ref());
    let merchant = Merchant {
        id,
        name: entry.name,
        category_code: entry.category_code,
        country: entry.country,
        time_base: entry.time_base,
        return_by: entry.return_by,
        return_urls,
    };
    app.store.add_merchant(merchant, app.now(), note(app, actor, "merchant.register", id.to_string())).await?;
    Ok(id)
}
