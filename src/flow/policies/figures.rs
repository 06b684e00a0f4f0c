//! What this process counted is added to the figures of all.

use crate::app::App;
use crate::store::StoreError;

/// Adds what was counted since the last time.
///
/// # Errors
/// [`StoreError`]; what was counted is kept for the next time.
pub async fn write_down(app: &App) -> Result<(), StoreError> {
    let taken = app.figures.take();
    let written = app.store.add_policy_figures(taken.rows()).await;
    if written.is_err() {
        app.figures.put_back(taken);
    }
    written
}
