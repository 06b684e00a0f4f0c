//! A cardholder wants sharing to go on: a strict check, the notice read out, and a request for a second person.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::answer::Answer;
use super::cardholder::look;
use super::check_list::{self, CheckList, Strictness};
use super::console::Console;
use super::failure::Failure;
use super::form::StaffForm;
use super::pieces::{Field, FieldKind, Notice, Tone};
use super::script::{Script, script};
use super::signed::Signed;
use super::statement;
use super::typed::{Mistakes, Typed, mistake};
use super::words::{self, StateWords};
use crate::domain::consent::line::ConsentEvent;
use crate::domain::staff::Act;
use crate::flow::cardholder::Person;
use crate::flow::consent::resume::{self, ResumeError};
use crate::flow::consent::{ConsentError, Statement};
use crate::flow::script as flow_script;

#[derive(Template)]
#[template(path = "console_resume.html")]
struct ResumePage<'a> {
    console: Console<'a>,
    path: String,
    state: StateWords,
    notice: Option<Notice>,
    check: CheckList,
    fields: Vec<Field>,
    script: Script,
}

/// `GET /staff/cardholders/{id}/resume`
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let (person, events) = look(&signed, &id, Act::ConsentResumeRequest).await?;
    let typed = Typed::default().preset("language", signed.language().as_str());
    Ok(show(&signed, &person, &events, &typed, &Mistakes::new()))
}

/// `POST /staff/cardholders/{id}/resume`
pub(super) async fn request(Path(id): Path<String>, form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    let (person, events) = look(&signed, &id, Act::ConsentResumeRequest).await?;
    let console = signed.console("console-resume");
    let mut mistakes = Mistakes::new();
    let identity = check_list::read(&console, Some(&person), Strictness::Strict, &fields, &mut mistakes);
    if !fields.is_ticked("read_out") {
        mistakes.push(("read_out", console.text("console-read-out-missing")));
    }
    let (Some(identity), true) = (identity, mistakes.is_empty()) else {
        return Ok(show(&signed, &person, &events, &fields, &mistakes));
    };
    let app = signed.app();
    let stated = Statement {
        identity,
        reference: fields.some("reference"),
        script_version: Some(flow_script::version(app)),
        language: Some(statement::read_language(&fields)),
        ..Statement::of_system(statement::read_channel(&fields))
    };
    let basis = flow_script::basis(app);
    let way = format!("/staff/cardholders/{}", person.id);
    let mistake = match resume::request(app, &signed.who().actor(), person.id, basis, stated).await {
        // Sent twice, or asked for by a colleague: her page shows the request that waits.
        Ok(_) | Err(ResumeError::Waiting) => return Ok(signed.go(&way)),
        Err(ResumeError::IdentityNotShown) => Some(("outcome", console.text("console-identity-not-shown"))),
        Err(ResumeError::Store(error) | ResumeError::Consent(ConsentError::Store(error))) => {
            return Err(signed.refuse(error));
        }
        Err(ResumeError::Consent(error)) => statement::refusal(&console, &error),
        Err(_) => None,
    };
    match mistake {
        Some(mistake) => Ok(show(&signed, &person, &events, &fields, &vec![mistake])),
        None => Err(signed.refuse(Failure::Malformed)),
    }
}

fn show(signed: &Signed, person: &Person, events: &[ConsentEvent], typed: &Typed, mistakes: &Mistakes) -> Response {
    let mut console = signed.console("console-resume");
    console.title = words::titled(&console, person);
    console.error = !mistakes.is_empty();
    let summary = mistake(mistakes, "form").or_else(|| console.error.then(|| console.text("console-mistakes")));
    let read_out = Field::new("read_out", console.text("console-read-out"), FieldKind::Check);
    let page = ResumePage {
        path: format!("/staff/cardholders/{}/resume", person.id),
        state: words::state(&console, person, events),
        notice: summary.map(|text| Notice { tone: Tone::Bad, text }),
        check: check_list::check_list(&console, Some(person), Strictness::Strict, typed, mistakes),
        fields: vec![
            read_out.value(typed.get("read_out")).error(mistake(mistakes, "read_out")),
            statement::reference(&console, typed, mistakes),
            statement::channel(&console, typed),
            statement::language(&console, typed),
        ],
        script: script(signed, &console),
        console,
    };
    signed.page(&page)
}
