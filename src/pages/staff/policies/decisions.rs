//! The search among decisions: a form whose address can be kept, and a page of what fits.

use axum::extract::Query;
use serde::Deserialize;

use super::{Places, bundle_path, short};
use crate::domain::clock::Micros;
use crate::domain::id::AuthenticationId;
use crate::domain::staff::{Act, ActSubject};
use crate::domain::verdict::Outcome;
use crate::flow::decisions::{self, DecisionPage, DecisionQuery, DecisionSearchError};
use crate::pages::pieces::{Cell, Field, FieldKind, Table, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::sheet::{ActForm, Sheet, Ways};
use crate::pages::staff::signed::Signed;
use crate::store::decisions::DecisionRow;
use crate::texts::moment;

const PATH: &str = "/staff/policies/decisions";

/// What is asked for, as the address carries it.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    merchant: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    bundle: String,
    #[serde(default)]
    before: String,
}

/// The field that cannot be read, and the text that says why.
type Wrong = (&'static str, &'static str);

impl Asked {
    fn query(&self) -> Result<DecisionQuery, Wrong> {
        let word = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let outcome = match self.outcome.as_str() {
            "" => None,
            text => Some(Outcome::parse(text).ok_or(("outcome", "policies-wrong-outcome"))?),
        };
        Ok(DecisionQuery {
            from: local_time(&self.from).map_err(|()| ("from", "policies-wrong-time"))?,
            until: local_time(&self.until).map_err(|()| ("until", "policies-wrong-time"))?,
            merchant: word(&self.merchant),
            rule: word(&self.rule),
            outcome,
            reason: word(&self.reason),
            bundle: word(&self.bundle),
        })
    }

    /// The same question as an address, without the place in the list.
    fn address(&self) -> String {
        let fields = [
            ("from", &self.from),
            ("until", &self.until),
            ("merchant", &self.merchant),
            ("outcome", &self.outcome),
            ("rule", &self.rule),
            ("reason", &self.reason),
            ("bundle", &self.bundle),
        ];
        let filled = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish();
        format!("{PATH}?{query}")
    }
}

/// A time in Japan, as browsers send it: `2026-11-22T15:46`, or a day alone.
pub(super) fn local_time(text: &str) -> Result<Option<Micros>, ()> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let time: jiff::civil::DateTime = text.trim().parse().map_err(|_| ())?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    let at = time.to_zoned(zone).map_err(|_| ())?;
    Ok(Some(Micros(at.timestamp().as_microsecond())))
}

/// `GET /staff/policies/decisions`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::PolicyLook, &ActSubject::none()).await?;
    let before: Option<AuthenticationId> = match asked.before.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| signed.refuse(Failure::NotFound))?),
    };
    let (page, wrong) = match asked.query() {
        Ok(query) => found(&signed, &query, before).await?,
        Err(wrong) => (DecisionPage::default(), Some(wrong)),
    };
    let console = signed.console("policies-decisions");
    let places = Places::at(&console, PATH);
    let (form, table) = (form(&signed, &console, &asked, wrong), table(&signed, &console, &page));
    let ways = Ways { ways: ways(&console, &asked, &page) };
    let looked_back = page.next.filter(|_| page.gave_up).map(|id| console.moment(id.at()));
    let given_up = looked_back.map(|time| console.wording.with("policies-searched-far", "time", time));
    let mut sheet = Sheet::new(console).among(&places);
    sheet = match (wrong, given_up) {
        (Some((_, key)), _) => sheet.notice(Tone::Bad, key),
        (None, Some(text)) => sheet.told(Tone::Plain, text),
        (None, None) => sheet,
    };
    let sheet = sheet.add(&form);
    Ok(signed.page(&if wrong.is_none() { sheet.add(&table).add(&ways) } else { sheet }))
}

async fn found(
    signed: &Signed,
    query: &DecisionQuery,
    before: Option<AuthenticationId>,
) -> Result<(DecisionPage, Option<Wrong>), Refusal> {
    let wrong = match decisions::search(signed.app(), signed.who(), query, before).await {
        Ok(page) => {
            let wrong = unknown(signed, query).filter(|_| page.rows.is_empty() && !page.gave_up && before.is_none());
            return Ok((page, wrong));
        }
        Err(DecisionSearchError::Store(error)) => return Err(signed.refuse(error)),
        Err(DecisionSearchError::TooLong { field }) => (field, "policies-wrong-too-long"),
        Err(DecisionSearchError::EmptyTime) => ("until", "policies-wrong-order"),
        Err(DecisionSearchError::UnknownMerchant) => ("merchant", "policies-wrong-merchant"),
        Err(DecisionSearchError::ManyMerchants) => ("merchant", "policies-wrong-merchants"),
        Err(DecisionSearchError::UnknownBundle) => ("bundle", "policies-wrong-bundle"),
    };
    Ok((DecisionPage::default(), Some(wrong)))
}

/// The field with a rule or a reason that the live bundle does not have; those of earlier ones can be found all the same.
fn unknown(signed: &Signed, query: &DecisionQuery) -> Option<Wrong> {
    let live = super::live(signed);
    let is_rule = |id: &String| live.bundle.rules().iter().any(|rule| rule.id == *id);
    let is_reason = |code: &String| live.bundle.reference().reason(code).is_some();
    let rule = query.rule.as_ref().filter(|id| !is_rule(id)).map(|_| ("rule", "policies-wrong-rule"));
    let reason = query.reason.as_ref().filter(|code| !is_reason(code)).map(|_| ("reason", "policies-wrong-reason"));
    rule.or(reason)
}

fn form(signed: &Signed, console: &Console<'_>, asked: &Asked, wrong: Option<Wrong>) -> ActForm {
    let text = |key: &str| console.text(key);
    let loaded = super::live(signed);
    let rules = loaded.bundle.rules().iter().filter(|rule| !rule.reason.is_empty());
    let rules = rules.map(|rule| (rule.id.clone(), rule.title.clone())).collect();
    let reasons = loaded.bundle.reference().reasons();
    let reasons = reasons.map(|(code, reason)| (code.to_owned(), super::reason_text(console, reason))).collect();
    let outcomes = Outcome::ALL.iter().map(|outcome| super::outcome_choice(console, *outcome));
    let outcomes = std::iter::once((String::new(), text("supervisor-all"))).chain(outcomes).collect();
    let error = |name: &str| wrong.filter(|(field, _)| *field == name).map(|(_, key)| text(key));
    let field = |name, key: &str, kind, value: &str| {
        Field::new(name, text(key), kind).optional().error(error(name)).value(value)
    };
    ActForm::new(console, PATH, "policies-search")
        .question()
        .field(field("from", "policies-from", FieldKind::Moment, &asked.from))
        .field(field("until", "policies-until", FieldKind::Moment, &asked.until))
        .field(field("merchant", "policies-merchant", FieldKind::Text, &asked.merchant))
        .field(field("outcome", "policies-outcome", FieldKind::Choice(outcomes), &asked.outcome))
        .field(field("rule", "policies-rule", FieldKind::Proposed(rules), &asked.rule))
        .field(field("reason", "policies-reason", FieldKind::Proposed(reasons), &asked.reason))
        .field(field("bundle", "policies-bundle", FieldKind::Text, &asked.bundle))
}

fn table(signed: &Signed, console: &Console<'_>, page: &DecisionPage) -> Table {
    let live = super::live(signed);
    let reason = |code: &String| match live.bundle.reference().reason(code) {
        Some(reason) => super::reason_text(console, reason),
        None => code.clone(),
    };
    let separator = console.text("staff-list-separator");
    let row = |row: &DecisionRow| {
        let verdict = row.verdict.as_ref();
        let path = format!("{PATH}/{}", row.id);
        vec![
            Cell::Link { path, text: moment::stamp(row.created_at) },
            Cell::Text(super::merchant(&row.merchant_name, row.merchant_id)),
            Cell::Amount(moment::amount(row.money)),
            super::outcome_cell(console, verdict.map(|verdict| verdict.outcome)),
            Cell::Text(super::status_text(console, row.status, row.ending)),
            Cell::Text(row.reasons.iter().map(reason).collect::<Vec<_>>().join(&separator)),
            Cell::Text(verdict.map(|verdict| verdict.policies.join(", ")).unwrap_or_default()),
            Cell::Link { path: bundle_path(&row.bundle_digest), text: short(&row.bundle_digest) },
        ]
    };
    let headings = ["when", "merchant", "amount", "outcome", "result", "reasons", "rules", "bundle"];
    let empty = if page.gave_up { "policies-found-none-yet" } else { "policies-found-none" };
    Table {
        caption: console.text("policies-found"),
        headings: headings.map(|name| console.text(&format!("policies-h-{name}"))).to_vec(),
        rows: page.rows.iter().map(row).collect(),
        empty: console.text(empty),
    }
}

fn ways(console: &Console<'_>, asked: &Asked, page: &DecisionPage) -> Vec<(String, String)> {
    let key = if page.gave_up { "policies-search-on" } else { "policies-older" };
    let next = page.next.map(|id| (format!("{}&before={id}", asked.address()), console.text(key)));
    next.into_iter().collect()
}
