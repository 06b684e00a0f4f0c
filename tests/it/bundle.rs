//! Bundles: the one that ships is sound, and each fault of another is said clearly.

use sekisho::policy::{Bundle, BundleSource};

#[test]
fn the_bundle_that_ships_is_sound() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(bundle.rules().len() >= 25);
}
