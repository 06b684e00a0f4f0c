//! The console's home: the search for a caller first, then the places that one may go to.

use askama::Template;

use super::answer::Answer;
use super::console::Console;
use super::pieces::{Notice, Tone};
use super::search::{SearchRow, row};
use super::signed::Signed;
use super::typed::Typed;
use crate::domain::staff::Act;
use crate::flow::staff::rights;

/// So many are counted; more are as many.
const COUNTED: i64 = 100;

#[derive(Template)]
#[template(path = "staff_home.html")]
struct HomePage<'a> {
    console: Console<'a>,
    lead: String,
    search: Option<SearchRow>,
    unmatched: Option<Notice>,
}

/// `GET /staff`
pub(super) async fn open(signed: Signed) -> Answer {
    let console = signed.console("staff-home");
    let roles: Vec<String> =
        signed.who().roles.iter().map(|role| console.text(&format!("staff-role-{}", role.as_str()))).collect();
    let lead = console.wording.with("staff-home-lead", "roles", roles.join(&console.text("staff-list-separator")));
    let searches = rights::offers(signed.app(), signed.who(), Act::CardholderSearch);
    let search = searches.then(|| row(&console, &Typed::default()));
    let unmatched = if searches { waiting(&signed, &console).await? } else { None };
    Ok(signed.page(&HomePage { console, lead, search, unmatched }))
}

/// How many objections wait for somebody to say whom they are about.
async fn waiting(signed: &Signed, console: &Console<'_>) -> Result<Option<Notice>, super::answer::Refusal> {
    let open = signed.app().store.open_unmatched(COUNTED).await.map_err(|error| signed.refuse(error))?;
    let count = i64::try_from(open.len()).unwrap_or(COUNTED);
    let text = console.wording.with("console-unmatched-count", "count", count);
    Ok((count > 0).then_some(Notice { tone: Tone::Plain, text }))
}
