//! What somebody may do with a bundle, as ways on its page.

use super::{bundle_path, uses};
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{BundleActivation, BundleApproval, BundleHead, BundleMode};
use crate::domain::staff::Act;
use crate::flow::staff::rights;
use crate::pages::staff::console::Console;
use crate::pages::staff::signed::Signed;

/// The ways that are open to her: path and text. What the flows refuse anyway is not offered.
pub(super) fn ways(
    signed: &Signed,
    console: &Console<'_>,
    head: &BundleHead,
    words: &[BundleApproval],
    current: &[BundleActivation],
    reviewed: bool,
) -> Vec<(String, String)> {
    let may = |act| rights::offers(signed.app(), signed.who(), act);
    let (me, base) = (signed.who().actor(), bundle_path(&head.digest));
    let standing = Standing::of(head, words);
    let mut ways = Vec::new();
    let mut offer = |end: &str, key: &str| ways.push((format!("{base}/{end}"), console.text(key)));
    let own = head.author == me || head.proposer() == me;
    let spoken = own || words.iter().any(|word| word.person == me && word.judgement == head.judgement);
    if matches!(standing, Standing::Waiting { .. }) && !spoken && may(Act::PolicyApprove) {
        offer("decide", "policies-decide");
    }
    if standing.is_usable() && may(Act::PolicyActivate) {
        let is_live = uses::is_used(BundleMode::Live, &head.digest, current);
        let modes = [BundleMode::Live, BundleMode::Canary, BundleMode::Shadow];
        for mode in modes.into_iter().filter(|mode| !(is_live && *mode == BundleMode::Live)) {
            let title = uses::activation_title(mode, &head.digest, current);
            offer(&format!("activate/{}", mode.as_str()), &title);
        }
    }
    let emergency = words.iter().any(|word| word.emergency);
    let let_through = words.iter().any(|word| word.emergency && word.person == me);
    if emergency && !reviewed && !own && !let_through && may(Act::PolicyReview) {
        offer("review", "policies-review");
    }
    ways
}
