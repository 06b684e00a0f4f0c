//! The audit log for those who audit: read, filtered, paged, and taken out as CSV or JSON. Nothing here changes anything.

mod export;

use axum::extract::Query;
use serde::Deserialize;

pub(super) use self::export::{csv, json};
use super::answer::Answer;
use super::console::Console;
use super::failure::Failure;
use super::pieces::{Cell, Field, FieldKind, Table, Tone};
use super::sheet::{ActForm, Sheet, Ways};
use super::signed::Signed;
use crate::domain::clock::Micros;
use crate::domain::id::AuditId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::staff::names::Names;
use crate::flow::staff::rights;
use crate::store::audit::log::{LogFilter, LogRow};

/// So many entries stand on a page.
const ROWS: usize = 50;
/// No filter is longer, characters.
const LONGEST: usize = 128;

/// What is asked for, as the address carries it.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    before: String,
}

impl Asked {
    /// The filter, or the field that cannot be read.
    fn filter(&self) -> Result<LogFilter, &'static str> {
        let word = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        if [&self.actor, &self.action, &self.subject].iter().any(|text| text.chars().count() > LONGEST) {
            return Err("action");
        }
        let from = day(&self.from).map_err(|()| "from")?;
        let until = day(&self.until).map_err(|()| "until")?;
        Ok(LogFilter {
            actor: word(&self.actor),
            action: word(&self.action),
            subject: word(&self.subject),
            from,
            until: until.map(|day| day.plus_seconds(86_400)),
        })
    }

    /// The same question as a query, without the place in the list.
    fn query(&self) -> String {
        let fields = [
            ("actor", &self.actor),
            ("action", &self.action),
            ("subject", &self.subject),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let filled = fields.into_iter().filter(|(_, value)| !value.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish()
    }
}

/// The beginning of a day in Japan.
fn day(text: &str) -> Result<Option<Micros>, ()> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let date: jiff::civil::Date = text.trim().parse().map_err(|_| ())?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    let begin = date.to_zoned(zone).map_err(|_| ())?;
    Ok(Some(Micros(begin.timestamp().as_microsecond())))
}

/// `GET /staff/audit`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::AuditLook, &ActSubject::none()).await?;
    let before: Option<AuditId> = match asked.before.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| signed.refuse(Failure::NotFound))?),
    };
    let (filter, wrong) = match asked.filter() {
        Ok(filter) => (Some(filter), None),
        Err(field) => (None, Some(field)),
    };
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let mut rows = match &filter {
        Some(filter) => {
            signed.app().store.audit_log(filter, before, limit).await.map_err(|error| signed.refuse(error))?
        }
        None => Vec::new(),
    };
    let has_more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let names = signed.names().await?;
    let console = signed.console("supervisor-audit");
    let (form, table) = (form(&console, &names, &asked, wrong), table(&console, &names, &rows));
    let ways = Ways { ways: ways(&signed, &console, &asked, rows.last().filter(|_| has_more)) };
    let lead = console.text("supervisor-audit-lead");
    let notice = wrong.map(|_| (Tone::Bad, "supervisor-filter-wrong"));
    Ok(signed.page(&Sheet::new(console).lead(lead).maybe_notice(notice).add(&form).add(&table).add(&ways)))
}

fn form(console: &Console<'_>, names: &Names, asked: &Asked, wrong: Option<&str>) -> ActForm {
    let text = |key: &str| console.text(key);
    let anybody = (String::new(), text("supervisor-anybody"));
    let people = names.all().map(|(actor, name)| (actor.clone(), name.clone()));
    let people = std::iter::once(anybody).chain(people).collect();
    let error = |field: &str| wrong.filter(|wrong| *wrong == field).map(|_| text("supervisor-filter-wrong"));
    let field = |name, key: &str, kind| Field::new(name, text(key), kind).optional().error(error(name));
    ActForm::new(console, "/staff/audit", "supervisor-show")
        .question()
        .field(field("actor", "supervisor-h-by", FieldKind::Choice(people)).value(&asked.actor))
        .field(field("action", "supervisor-h-action", FieldKind::Text).value(&asked.action))
        .field(field("subject", "supervisor-h-about", FieldKind::Text).value(&asked.subject))
        .field(field("from", "supervisor-from", FieldKind::Date).value(&asked.from))
        .field(field("until", "supervisor-until", FieldKind::Date).value(&asked.until))
}

fn table(console: &Console<'_>, names: &Names, rows: &[LogRow]) -> Table {
    let row = |row: &LogRow| {
        vec![
            Cell::Figure(console.moment(row.recorded_at)),
            Cell::Text(names.of(&row.actor)),
            Cell::Text(row.action.clone()),
            Cell::Text(row.subject.clone()),
            Cell::Text(row.result.clone()),
        ]
    };
    let headings =
        ["when", "by", "action", "about", "result"].map(|name| console.text(&format!("supervisor-h-{name}")));
    Table {
        caption: console.text("supervisor-entries"),
        headings: headings.to_vec(),
        rows: rows.iter().map(row).collect(),
        empty: console.text("supervisor-no-entries"),
    }
}

fn ways(signed: &Signed, console: &Console<'_>, asked: &Asked, last: Option<&LogRow>) -> Vec<(String, String)> {
    let query = asked.query();
    let mut ways = Vec::new();
    if let Some(last) = last {
        ways.push((format!("/staff/audit?{query}&before={}", last.id), console.text("supervisor-older")));
    }
    if rights::offers(signed.app(), signed.who(), Act::SharingExport) {
        ways.push((format!("/staff/audit/entries.csv?{query}"), console.text("supervisor-as-csv")));
        ways.push((format!("/staff/audit/entries.json?{query}"), console.text("supervisor-as-json")));
    }
    ways
}
