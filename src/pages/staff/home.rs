//! The console's home: the places that one may go to.

use askama::Template;

use super::answer::Answer;
use super::console::Console;
use super::signed::Signed;

#[derive(Template)]
#[template(path = "staff_home.html")]
struct HomePage<'a> {
    console: Console<'a>,
    lead: String,
}

/// `GET /staff`
pub(super) async fn open(signed: Signed) -> Answer {
    let console = signed.console("staff-home");
    let roles: Vec<String> =
        signed.who().roles.iter().map(|role| console.text(&format!("staff-role-{}", role.as_str()))).collect();
    let lead = console.wording.with("staff-home-lead", "roles", roles.join(&console.text("staff-list-separator")));
    Ok(signed.page(&HomePage { console, lead }))
}
