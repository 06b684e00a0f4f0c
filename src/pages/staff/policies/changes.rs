//! What changes from one bundle to another: with which it is compared, and each piece that differs.

use super::difference::Changed;
use super::{bundle_path, short};
use crate::domain::bundle::{BundleActivation, BundleHead, BundleMode};
use crate::flow::bundle_difference::{DifferenceError, difference};
use crate::pages::pieces::{Field, FieldKind, Notice, Tone, rendered};
use crate::pages::staff::answer::Refusal;
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::sheet::ActForm;
use crate::pages::staff::signed::Signed;
use crate::policy::difference::ChangedText;

/// So many bundles can be chosen for a comparison.
const CHOICES: i64 = 50;
/// So many times in use are looked through for the bundle that was live before.
const LOOKED_BACK: i64 = 100;

/// The bundle to compare with: the one that is asked for, else the one that is live, else the one that was live before.
pub(super) async fn against(
    signed: &Signed,
    digest: &str,
    asked: &str,
    current: &[BundleActivation],
) -> Result<Option<String>, Refusal> {
    if !asked.is_empty() {
        return Ok(Some(asked.to_owned()));
    }
    let live = current.iter().find(|activation| activation.mode == BundleMode::Live && activation.digest != digest);
    if let Some(live) = live {
        return Ok(Some(live.digest.clone()));
    }
    let past = signed.app().store.bundle_activations(LOOKED_BACK).await.map_err(|error| signed.refuse(error))?;
    let before = past.into_iter().find(|activation| activation.mode == BundleMode::Live && activation.digest != digest);
    Ok(before.map(|activation| activation.digest))
}

/// The bundles that one may compare with: digest, and what is read.
pub(super) async fn choices(
    signed: &Signed,
    digest: &str,
    against: Option<&str>,
) -> Result<Vec<(String, String)>, Refusal> {
    let mut heads = signed.app().store.bundles(CHOICES).await.map_err(|error| signed.refuse(error))?;
    // What is compared with may be older than those.
    if let Some(old) = against.filter(|old| heads.iter().all(|head| head.digest != **old)) {
        let found = signed.app().store.bundle(old).await.map_err(|error| signed.refuse(error))?;
        heads.extend(found.map(|stored| stored.head));
    }
    let choice = |head: &BundleHead| {
        let message: String = head.message.chars().take(40).collect();
        (head.digest.clone(), format!("{}  {message}", short(&head.digest)))
    };
    Ok(heads.iter().filter(|head| head.digest != digest).map(choice).collect())
}

pub(super) fn comparison_form(
    console: &Console<'_>,
    digest: &str,
    against: Option<&str>,
    choices: Vec<(String, String)>,
) -> ActForm {
    let field = Field::new("against", console.text("policies-against"), FieldKind::Choice(choices));
    ActForm::new(console, bundle_path(digest), "policies-compare")
        .title(console.text("policies-changes"))
        .question()
        .field(field.value(against.unwrap_or_default()))
}

/// What differs, piece by piece, or why it cannot be said; nothing without a bundle to compare with.
pub(super) async fn changes(
    signed: &Signed,
    console: &Console<'_>,
    against: Option<&str>,
    digest: &str,
) -> Result<Vec<String>, Refusal> {
    let told = |key: &str| vec![rendered(&Notice { tone: Tone::Plain, text: console.text(key) })];
    let Some(old) = against else { return Ok(Vec::new()) };
    match difference(signed.app(), old, digest).await {
        Ok(texts) if texts.is_empty() => Ok(told("policies-changes-none")),
        Ok(texts) => Ok(texts.iter().map(|text: &ChangedText| rendered(&Changed::new(console, text))).collect()),
        Err(DifferenceError::Unknown(_)) => Err(signed.refuse(Failure::NotFound)),
        Err(DifferenceError::Unreadable(_)) => Ok(told("policies-changes-unreadable")),
        Err(DifferenceError::Store(error)) => Err(signed.refuse(error)),
    }
}
