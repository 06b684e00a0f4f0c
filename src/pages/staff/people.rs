//! Staff people, for administrators: who there is, adding, resetting, disabling. A setup code is shown once.

use std::collections::BTreeSet;

use askama::Template;
use serde::Deserialize;

use super::answer::Answer;
use super::console::Console;
use super::failure::{Failure, Outcome};
use super::form::StaffForm;
use super::pieces::{Cell, Facts, Field, FieldKind, Table, Tone};
use super::sheet::{ActForm, Sheet, Ways};
use super::signed::Signed;
use crate::domain::staff::{Act, ActSubject, Role};
use crate::flow::staff::account::{self, AccountError, Issued, NewStaff};
use crate::flow::staff::rights;
use crate::store::staff::StaffPerson;

#[derive(Default, Deserialize)]
pub(super) struct NewFields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    supervisor: String,
    #[serde(default)]
    compliance: String,
    #[serde(default)]
    administrator: String,
    #[serde(default)]
    auditor: String,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    name: String,
    decision: String,
}

/// Two buttons beside a person.
#[derive(Template)]
#[template(path = "staff_person_acts.html")]
struct PersonActs {
    token_field: String,
    name: String,
    reset: String,
    disable: Option<String>,
}

impl NewFields {
    fn roles(&self) -> BTreeSet<Role> {
        Role::ALL.iter().copied().filter(|role| self.has(*role)).collect()
    }

    fn has(&self, role: Role) -> bool {
        let field = match role {
            Role::Agent => &self.agent,
            Role::Supervisor => &self.supervisor,
            Role::Compliance => &self.compliance,
            Role::Administrator => &self.administrator,
            Role::Auditor => &self.auditor,
        };
        field == "yes"
    }
}

/// `GET /staff/people`
pub(super) async fn open(signed: Signed) -> Answer {
    signed.require(Act::StaffLook, &ActSubject::none()).await?;
    let people = signed.app().store.staff().await.map_err(|error| signed.refuse(error))?;
    let console = signed.console("supervisor-people");
    let may = rights::offers(signed.app(), signed.who(), Act::StaffManage);
    let table = table(&signed, &console, &people, may);
    let add = Ways { ways: vec![("/staff/people/new".to_owned(), console.text("supervisor-person-new"))] };
    let sheet = Sheet::new(console);
    let sheet = if may { sheet.add(&add) } else { sheet };
    Ok(signed.page(&sheet.add(&table)))
}

/// `GET /staff/people/new`
pub(super) async fn open_new(signed: Signed) -> Answer {
    signed.require(Act::StaffManage, &ActSubject::none()).await?;
    Ok(new_page(&signed, &NewFields::default(), None))
}

/// `POST /staff/people/new`
pub(super) async fn create(form: StaffForm<NewFields>) -> Answer {
    let StaffForm { signed, fields } = form;
    let new = NewStaff { name: fields.name.clone(), display_name: fields.display_name.clone(), roles: fields.roles() };
    let wrong = match account::create(signed.app(), Some(signed.who()), new).await {
        Ok(issued) => return Ok(code_page(&signed, &fields.name, &issued)),
        Err(AccountError::Name(_)) => ("name", "supervisor-person-name-wrong"),
        Err(AccountError::Taken(_)) => ("name", "supervisor-person-name-taken"),
        Err(AccountError::DisplayName) => ("display_name", "supervisor-person-display-name-wrong"),
        Err(AccountError::NoRole) => ("", "supervisor-person-no-role"),
        Err(error) => return Err(signed.refuse(outcome(error))),
    };
    Ok(new_page(&signed, &fields, Some(wrong)))
}

/// `POST /staff/people`
pub(super) async fn change(form: StaffForm<Chosen>) -> Answer {
    let StaffForm { signed, fields } = form;
    match fields.decision.as_str() {
        "reset" => match account::reset(signed.app(), signed.who(), &fields.name).await {
            Ok(issued) => Ok(code_page(&signed, &fields.name, &issued)),
            Err(error) => Err(signed.refuse(outcome(error))),
        },
        "disable" => match account::disable(signed.app(), signed.who(), &fields.name).await {
            Ok(_) => Ok(signed.go("/staff/people")),
            Err(error) => Err(signed.refuse(outcome(error))),
        },
        _ => Err(signed.refuse(Failure::Malformed)),
    }
}

fn outcome(error: AccountError) -> Outcome {
    match error {
        AccountError::Rights(error) => error.into(),
        AccountError::Store(error) => error.into(),
        AccountError::Unknown(_) => Failure::NotFound.into(),
        AccountError::Oneself => Failure::Denied.into(),
        error => {
            tracing::error!(%error, "a staff person cannot be changed");
            Failure::Malformed.into()
        }
    }
}

fn new_page(signed: &Signed, fields: &NewFields, wrong: Option<(&str, &str)>) -> axum::response::Response {
    let mut console = signed.console("supervisor-person-new");
    console.error = wrong.is_some();
    let error = |name: &str| wrong.filter(|(field, _)| *field == name).map(|(_, key)| console.text(key));
    let mut form = ActForm::new(&console, "/staff/people/new", "supervisor-person-add")
        .field(
            Field::new("name", console.text("staff-name"), FieldKind::Text)
                .value(&fields.name)
                .hint(console.text("supervisor-person-name-hint"))
                .error(error("name"))
                .first(),
        )
        .field(
            Field::new("display_name", console.text("staff-display-name"), FieldKind::Text)
                .value(&fields.display_name)
                .error(error("display_name")),
        );
    for role in Role::ALL.iter().copied() {
        let label = console.text(&format!("staff-role-{}", role.as_str()));
        let value = if fields.has(role) { "yes" } else { "" };
        form = form.field(Field::new(role.as_str(), label, FieldKind::Check).value(value).optional());
    }
    let notice = wrong.filter(|(field, _)| field.is_empty()).map(|(_, key)| (Tone::Bad, key));
    signed.page(&Sheet::new(console).maybe_notice(notice).add(&form))
}

/// Shows a setup code, this once.
fn code_page(signed: &Signed, name: &str, issued: &Issued) -> axum::response::Response {
    let console = signed.console("supervisor-setup-code");
    let facts = Facts {
        rows: vec![
            (console.text("staff-name"), Cell::Text(name.to_owned())),
            (console.text("staff-setup-code"), Cell::Figure(issued.code.expose().to_owned())),
            (console.text("supervisor-good-until"), Cell::Figure(console.moment(issued.expires_at))),
        ],
    };
    let ways = Ways { ways: vec![("/staff/people".to_owned(), console.text("supervisor-people"))] };
    let lead = console.text("supervisor-setup-code-lead");
    signed.page(&Sheet::new(console).lead(lead).add(&facts).add(&ways))
}

fn table(signed: &Signed, console: &Console<'_>, people: &[StaffPerson], may: bool) -> Table {
    let row = |person: &StaffPerson| {
        let roles: Vec<String> =
            person.roles.iter().map(|role| console.text(&format!("staff-role-{}", role.as_str()))).collect();
        let own = person.id == signed.who().staff_id;
        let acts = PersonActs {
            token_field: console.token_field(),
            name: person.name.clone(),
            reset: console.text("supervisor-person-reset"),
            disable: (!own && person.disabled_at.is_none()).then(|| console.text("supervisor-person-disable")),
        };
        vec![
            Cell::Text(person.name.clone()),
            Cell::Text(person.display_name.clone()),
            Cell::Text(roles.join(&console.text("staff-list-separator"))),
            state(signed, console, person),
            if may { Cell::Piece(acts.render().unwrap_or_default()) } else { Cell::Text(String::new()) },
        ]
    };
    let headings = ["staff-name", "staff-display-name", "staff-roles", "supervisor-h-state", "supervisor-h-act"];
    Table {
        caption: console.text("supervisor-people"),
        headings: headings.map(|key| console.text(key)).to_vec(),
        rows: people.iter().map(row).collect(),
        empty: String::new(),
    }
}

fn state(signed: &Signed, console: &Console<'_>, person: &StaffPerson) -> Cell {
    let now = signed.app().now();
    let (word, tone) = if person.disabled_at.is_some() {
        ("disabled", Tone::Bad)
    } else if person.setup_until.is_some() {
        ("setup", Tone::Plain)
    } else if person.locked_until.is_some_and(|until| until > now) {
        ("locked", Tone::Bad)
    } else {
        ("active", Tone::Good)
    };
    Cell::State(console.text(&format!("supervisor-person-{word}")), tone)
}
