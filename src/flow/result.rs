//! The signed result of an authentication.

use serde::Serialize;

use crate::app::App;
use crate::domain::authentication::Authentication;
use crate::domain::merchant::Merchant;

#[derive(Serialize)]
struct Claims<'a> {
    aud: String,
    sub: String,
    status: &'a str,
    merchant_reference: &'a str,
    amount_minor: i64,
    currency: &'a str,
    card_last_four: &'a str,
}

/// The result as a compact JWS for this merchant.
pub fn sign_result(app: &App, authentication: &Authentication, merchant: &Merchant) -> String {
    let claims = Claims {
        aud: merchant.id.to_string(),
        sub: authentication.id.to_string(),
        status: authentication.status.as_str(),
        merchant_reference: &authentication.merchant_reference,
        amount_minor: authentication.money.amount_minor,
        currency: authentication.money.currency.code(),
        card_last_four: &authentication.card_last_four,
    };
    app.keys.sign_result(&claims).unwrap_or_default()
}
