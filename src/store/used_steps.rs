//! Steps of one-time passwords that were used: each is good for one challenge or one sign-in, and no other.

use sea_orm::{ConnectionTrait, Value};

use super::StoreError;
use super::sql;
use crate::domain::id::CredentialId;

/// Steps further back are forgotten: the latest one already rules them out.
const KEPT_STEPS: i64 = 10;

/// Uses a step of a credential up, within the transaction that rests on it. Answers false when it or a later one was used
/// before; the transaction must then be given up.
///
/// # Errors
/// [`StoreError`].
pub async fn use_step(
    transaction: &impl ConnectionTrait,
    credential: CredentialId,
    step: i64,
) -> Result<bool, StoreError> {
    const USE: &str = "INSERT INTO used_steps (credential_id, step) SELECT $1, $2 WHERE NOT EXISTS \
                       (SELECT 1 FROM used_steps WHERE credential_id = $1 AND step >= $2) ON CONFLICT DO NOTHING";
    const FORGET: &str = "DELETE FROM used_steps WHERE credential_id = $1 AND step < $2";
    let values: [Value; 2] = [credential.uuid().into(), step.into()];
    let fresh = sql::execute(transaction, USE, values).await? == 1;
    sql::execute(transaction, FORGET, [credential.uuid().into(), (step - KEPT_STEPS).into()]).await?;
    Ok(fresh)
}
