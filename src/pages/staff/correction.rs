//! What an event says about itself is put right: channel, reference, day and language. Where the person stands stays.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::tz::{Offset, TimeZone};

use super::answer::Answer;
use super::consent_event::find;
use super::console::Console;
use super::failure::Failure;
use super::form::StaffForm;
use super::pieces::{Field, Notice, Tone};
use super::signed::Signed;
use super::statement;
use super::typed::{Mistakes, Typed, mistake};
use crate::domain::challenge::Language;
use crate::domain::consent::ConsentAction;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::id::ConsentEventId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::{ConsentError, Statement, correct};
use crate::store::StoreError;

#[derive(Template)]
#[template(path = "console_correct.html")]
struct CorrectPage<'a> {
    console: Console<'a>,
    path: String,
    form: String,
    notice: Option<Notice>,
    fields: Vec<Field>,
}

/// `GET /staff/consent-events/{id}/correct`: filled with what the event says now.
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let (event, person) = find(&signed, &id).await?;
    signed.require(Act::ConsentCorrect, &ActSubject::of(person.id)).await?;
    let app = signed.app();
    let japan = TimeZone::fixed(Offset::constant(9));
    let said_on = event.effective_from.map(|at| at.timestamp().to_zoned(japan).date().to_string());
    let typed = Typed::default()
        .preset("form", ConsentEventId::new(app.now(), &*app.randomness).to_string())
        .preset("channel", event.channel.as_str())
        .preset("reference", event.reference.clone().unwrap_or_default())
        .preset("language", event.language.unwrap_or(Language::Ja).as_str())
        .preset("said_on", said_on.unwrap_or_default());
    let mistakes = match event.action {
        ConsentAction::Correct => {
            let console = signed.console("console-correct");
            vec![("form", console.text("console-correction-of-correction"))]
        }
        _ => Mistakes::new(),
    };
    Ok(show(&signed, &event, &typed, &mistakes))
}

/// `POST /staff/consent-events/{id}/correct`: sent twice it is recorded once.
pub(super) async fn record(Path(id): Path<String>, form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    let (event, person) = find(&signed, &id).await?;
    signed.require(Act::ConsentCorrect, &ActSubject::of(person.id)).await?;
    let own: ConsentEventId = fields.get("form").parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    let console = signed.console("console-correct");
    let mut mistakes = Mistakes::new();
    let app = signed.app();
    let effective_from = statement::read_said_on(&console, &fields, app.now(), &mut mistakes);
    if !mistakes.is_empty() {
        return Ok(show(&signed, &event, &fields, &mistakes));
    }
    let of_system = Statement::of_system(statement::read_channel(&fields));
    let stated = Statement {
        identity: event.identity.unwrap_or(of_system.identity),
        reference: fields.some("reference"),
        language: Some(statement::read_language(&fields)),
        effective_from,
        ..of_system
    };
    match correct::correct_as(app, &signed.who().actor(), event.id, stated, own).await {
        Ok(_) | Err(ConsentError::Store(StoreError::Duplicate { .. })) => {
            Ok(signed.go(&format!("/staff/consent-events/{own}")))
        }
        Err(ConsentError::Store(error)) => Err(signed.refuse(error)),
        Err(error) => match statement::refusal(&console, &error) {
            Some(mistake) => Ok(show(&signed, &event, &fields, &vec![mistake])),
            None => Err(signed.refuse(Failure::Malformed)),
        },
    }
}

fn show(signed: &Signed, event: &ConsentEvent, typed: &Typed, mistakes: &Mistakes) -> Response {
    let mut console = signed.console("console-correct");
    console.error = !mistakes.is_empty();
    let summary = mistake(mistakes, "form").or_else(|| console.error.then(|| console.text("console-mistakes")));
    let page = CorrectPage {
        path: format!("/staff/consent-events/{}/correct", event.id),
        form: typed.get("form").to_owned(),
        notice: summary.map(|text| Notice { tone: Tone::Bad, text }),
        fields: vec![
            statement::reference(&console, typed, mistakes).first(),
            statement::channel(&console, typed),
            statement::said_on(&console, typed, mistakes),
            statement::language(&console, typed),
        ],
        console,
    };
    signed.page(&page)
}
