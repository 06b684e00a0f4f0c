//! The buyer's way back to the merchant after a final result.

use crate::app::App;
use crate::domain::challenge::ReturnBy;
use crate::domain::merchant::ReturnUrl;
use crate::flow::result::sign_result;
use crate::store::challenges::Challenge;

/// How the buyer returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnWay {
    /// A form posts the signed result to the URL.
    Post {
        /// The return URL.
        url: String,
        /// The signed result, a compact JWS.
        result: String,
    },
    /// A 303 leads to the URL, which carries the authentication id.
    Redirect {
        /// The return URL with the id.
        url: String,
    },
    /// The merchant gave no URL: a text says that it is done.
    Close,
}

impl ReturnWay {
    /// None when the result cannot be signed.
    pub(super) fn of(app: &App, challenge: &Challenge) -> Option<Self> {
        let (authentication, merchant) = (&challenge.authentication, &challenge.merchant);
        let url = authentication.return_url.as_deref();
        let Some(url) = url.and_then(|text| ReturnUrl::parse(text, app.config.environment).ok()) else {
            return Some(Self::Close);
        };
        Some(match merchant.return_by {
            ReturnBy::Redirect => Self::Redirect { url: url.with_authentication(&authentication.id.to_string()) },
            ReturnBy::FormPost => {
                Self::Post { url: url.as_str().to_owned(), result: sign_result(app, authentication)? }
            }
        })
    }
}
