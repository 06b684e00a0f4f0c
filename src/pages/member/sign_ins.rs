//! The history of sign-ins with a member's cards.

use super::answer::Answer;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::domain::member::SignInOutcome;
use crate::pages::pieces::{Cell, Table, Tone};
use crate::store::member::history::SignIn;

/// So many are shown, the latest.
const SHOWN: i64 = 50;

/// `GET /my/sign-ins`
pub(super) async fn open(signed: Signed) -> Answer {
    let found = signed.app().store.member_sign_ins(signed.member().login_group, SHOWN).await;
    let found = found.map_err(|error| signed.refuse(error))?;
    let frame = signed.frame("member-sign-ins");
    let row = |entry: &SignIn| {
        let word = frame.text(&format!("member-outcome-{}", entry.outcome.as_str().replace('_', "-")));
        let tone = match entry.outcome {
            SignInOutcome::SignedIn | SignInOutcome::RecoveryCode => Tone::Good,
            SignInOutcome::Refused | SignInOutcome::Locked => Tone::Bad,
        };
        vec![
            Cell::Figure(frame.moment(entry.recorded_at)),
            Cell::State(word, tone),
            Cell::Text(entry.member_id.clone()),
            Cell::Text(entry.agent.clone()),
            Cell::Text(entry.network.clone()),
        ]
    };
    let headings = ["at", "outcome", "id", "agent", "network"];
    let table = Table {
        caption: frame.text("member-sign-ins-caption"),
        headings: headings.map(|name| frame.text(&format!("member-sign-ins-{name}"))).to_vec(),
        rows: found.iter().map(row).collect(),
        empty: frame.text("member-sign-ins-none"),
    };
    Ok(signed.page(&Sheet::new(frame).lead("member-sign-ins-lead").add(&table)))
}
