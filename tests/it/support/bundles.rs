//! Bundles of a test: put into use past the database, made from the shipped one, and kept in the database.

use std::sync::Arc;

use sekisho::app::App;
use sekisho::app::bundles::{InUse, Snapshot};
use sekisho::domain::bundle::{BundleMode, SHARE_WHOLE};
use sekisho::policy::Bundle;

/// Has a bundle decide in this process, whatever the database says.
pub(crate) fn put_live(app: &App, bundle: Bundle) {
    let live = InUse {
        loaded: Arc::new(app.bundle.loader.fit(bundle).unwrap()),
        mode: BundleMode::Live,
        share: SHARE_WHOLE,
        since: app.now(),
        activation: app.bundle.snapshot().live.activation,
    };
    app.bundle.swap(Snapshot { live, canary: None, shadow: None });
}
