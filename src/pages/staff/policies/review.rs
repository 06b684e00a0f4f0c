//! Somebody looks again at a bundle that was let through in an emergency.

use axum::extract::Path;
use serde::Deserialize;

use super::bundle::{look, said, short_facts};
use super::findings::{findings, weakens};
use super::words::{self, note, subject};
use super::{Places, bundle_path};
use crate::domain::bundle::BundleHead;
use crate::domain::staff::Act;
use crate::flow::policies::review;
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet};
use crate::pages::staff::signed::Signed;

#[derive(Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    note: String,
}

/// `GET /staff/policies/bundles/{digest}/review`
pub(super) async fn open(signed: Signed, Path(digest): Path<String>) -> Answer {
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyReview, &subject(&head)).await?;
    page(&signed, &head, &Fields::default(), None, None).await
}

/// `POST /staff/policies/bundles/{digest}/review`
pub(super) async fn keep(Path(digest): Path<String>, form: StaffForm<Fields>) -> Answer {
    let StaffForm { signed, fields } = form;
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyReview, &subject(&head)).await?;
    let found = match note(&fields.note) {
        Ok(found) => found,
        Err(key) => return page(&signed, &head, &fields, Some(key), None).await,
    };
    match review::review(signed.app(), signed.who(), &head.digest, &found).await {
        Ok(()) => Ok(signed.go(&format!("{}?done=reviewed", bundle_path(&head.digest)))),
        Err(error) => {
            let names = signed.names().await?;
            let notice = words::told(&signed, &signed.console("policies-review"), &names, error)?;
            page(&signed, &head, &fields, None, Some(notice)).await
        }
    }
}

async fn page(
    signed: &Signed,
    head: &BundleHead,
    typed: &Fields,
    wrong: Option<&str>,
    notice: Option<String>,
) -> Answer {
    let names = signed.names().await?;
    let words = signed.app().store.bundle_approvals(&head.digest).await.map_err(|error| signed.refuse(error))?;
    let console = signed.console("policies-review");
    let (places, facts) = (Places::at(&console, ""), short_facts(&console, &names, head));
    let said = said(&console, &names, &words);
    let (weakens, findings) = (weakens(&console, head), findings(&console, head));
    let field = Field::new("note", console.text("policies-found-out"), FieldKind::Text)
        .hint(console.text("policies-note-hint"))
        .error(wrong.map(|key| console.text(key)))
        .value(&typed.note);
    let action = format!("{}/review", bundle_path(&head.digest));
    let form = ActForm::new(&console, action, "policies-review-keep").field(field);
    let mut sheet = Sheet::new(console).among(&places);
    if let Some(notice) = notice {
        sheet = sheet.told(Tone::Bad, notice);
    }
    if let Some(weakens) = weakens {
        sheet = sheet.add(&weakens);
    }
    sheet = sheet.add(&facts);
    for finding in &findings {
        sheet = sheet.add(finding);
    }
    Ok(signed.page(&sheet.add(&said).add(&form)))
}
