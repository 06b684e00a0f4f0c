//! A second person's word on a bundle: approved, let through in an emergency, or refused.

use axum::extract::Path;
use serde::Deserialize;

use super::bundle::{look, said, short_facts};
use super::changes::{against, changes};
use super::findings::{findings, weakens};
use super::words::{self, note, subject};
use super::{Places, bundle_path, short};
use crate::domain::bundle::BundleHead;
use crate::domain::staff::Act;
use crate::flow::policies::approve::{self, Word};
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet, Words};
use crate::pages::staff::signed::Signed;

#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    note: String,
}

/// What was typed, and what is wrong with it: at the note, or with the whole.
#[derive(Default)]
struct Typed<'a> {
    note: &'a str,
    at_note: Option<&'a str>,
    notice: Option<String>,
}

/// `GET /staff/policies/bundles/{digest}/decide`
pub(super) async fn open(signed: Signed, Path(digest): Path<String>) -> Answer {
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyApprove, &subject(&head)).await?;
    page(&signed, &head, Typed::default()).await
}

/// `POST /staff/policies/bundles/{digest}/decide`
pub(super) async fn decide(Path(digest): Path<String>, form: StaffForm<Fields>) -> Answer {
    let StaffForm { signed, fields } = form;
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyApprove, &subject(&head)).await?;
    let note = match note(&fields.note) {
        Ok(note) => note,
        Err(key) => {
            return page(&signed, &head, Typed { note: &fields.note, at_note: Some(key), notice: None }).await;
        }
    };
    let word = match fields.decision.as_str() {
        "approve" => Word::Approve { note },
        "let_through" => Word::LetThrough { reason: note },
        "refuse" => Word::Refuse { note },
        _ => return Err(signed.refuse(Failure::Malformed)),
    };
    match approve::decide(signed.app(), signed.who(), &head.digest, word).await {
        Ok(_) => Ok(signed.go(&format!("{}?done=decided", bundle_path(&head.digest)))),
        Err(error) => {
            let names = signed.names().await?;
            let notice = words::told(&signed, &signed.console("policies-decide"), &names, error)?;
            page(&signed, &head, Typed { note: &fields.note, at_note: None, notice: Some(notice) }).await
        }
    }
}

async fn page(signed: &Signed, head: &BundleHead, typed: Typed<'_>) -> Answer {
    let names = signed.names().await?;
    let store = &signed.app().store;
    let words = store.bundle_approvals(&head.digest).await.map_err(|error| signed.refuse(error))?;
    let current = store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let against = against(signed, &head.digest, "", &current).await?;
    let console = signed.console("policies-decide");
    let changed = changes(signed, &console, against.as_deref(), &head.digest).await?;
    let said = said(&console, &names, &words);
    let about = against.map(|old| Words {
        title: console.text("policies-changes"),
        sentences: vec![console.wording.with("policies-compared", "bundle", short(&old))],
    });
    let (places, facts) = (Places::at(&console, ""), short_facts(&console, &names, head));
    let (weakens, findings) = (weakens(&console, head), findings(&console, head));
    let text = |key: &str| console.text(key);
    let field = Field::new("note", text("policies-note"), FieldKind::Text)
        .hint(text("policies-note-hint"))
        .error(typed.at_note.map(text))
        .value(typed.note)
        .optional();
    let mut form = ActForm::new(&console, format!("{}/decide", bundle_path(&head.digest)), "").field(field);
    let yes = if head.findings.passed() {
        ("approve", text("policies-approve"))
    } else {
        ("let_through", text("policies-let-through"))
    };
    form.buttons = vec![yes, ("refuse", text("policies-refuse"))];
    let mut sheet = Sheet::new(console).among(&places);
    if let Some(notice) = typed.notice {
        sheet = sheet.told(Tone::Bad, notice);
    }
    if let Some(weakens) = weakens {
        sheet = sheet.add(&weakens);
    }
    sheet = sheet.add(&facts);
    for finding in &findings {
        sheet = sheet.add(finding);
    }
    sheet = sheet.add(&said);
    if let Some(about) = about {
        sheet = sheet.add(&about);
    }
    for html in changed {
        sheet = sheet.add_rendered(html);
    }
    Ok(signed.page(&sheet.add(&form)))
}
