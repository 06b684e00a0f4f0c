//! Cursors of lists: the last id shown, under a MAC that binds it to the merchant and the filters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::app::App;
use crate::domain::id::{AuthenticationId, MerchantId};

const MAC_BYTES: usize = 16;

/// The cursor for what comes after `last` in this merchant's list with these filters.
pub(super) fn make(app: &App, merchant: MerchantId, filters: &str, last: AuthenticationId) -> String {
    let mut bytes = last.uuid().as_bytes().to_vec();
    bytes.extend(mac(app, merchant, filters, last).iter().take(MAC_BYTES));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The id in a cursor that this service made for the same list.
pub(super) fn read(app: &App, merchant: MerchantId, filters: &str, text: &str) -> Option<AuthenticationId> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, tag) = bytes.split_at_checked(16)?;
    let id = AuthenticationId::from_uuid(Uuid::from_slice(id).ok()?);
    let expected = mac(app, merchant, filters, id);
    let same = subtle::ConstantTimeEq::ct_eq(expected.get(..MAC_BYTES)?, tag);
    bool::from(same).then_some(id)
}

fn mac(app: &App, merchant: MerchantId, filters: &str, id: AuthenticationId) -> [u8; 32] {
    app.keys.mac("cursor", &[merchant.uuid().as_bytes(), filters.as_bytes(), id.uuid().as_bytes()])
}
