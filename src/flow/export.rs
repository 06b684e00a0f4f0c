//! Everything recorded about one person's consent and disclosures, for herself, for an auditor, and for the proof.
//!
//! Holds no name, no address and no card number: what she is called stays where it is sealed.

mod registrations;

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use self::registrations::{RegistrationExport, SignInExport};
use crate::app::App;
use crate::domain::approval::Approval;
use crate::domain::clock::{Micros, rfc3339};
use crate::domain::consent::ConsentState;
use crate::domain::consent::line::{Disclosure, LineEntry, LineRow, LineSettlement};
use crate::domain::consent::proof::{LineHead, LineStart};
use crate::domain::erasure::Erasure;
use crate::domain::id::{ApprovalId, CardholderId, ErasureId};
use crate::domain::receipt::Receipt;
use crate::flow::prove::LinesOfPerson;
use crate::flow::register::note;
use crate::store::audit::{self, Seen};
use crate::store::consent::line::LineEnds;
use crate::store::{Store, StoreError};

/// At most so many entries of each kind but the line's are taken out; the newest.
const ENTRIES_MAX: i64 = 10_000;

/// Everything about one person.
#[derive(Clone, Debug, Serialize)]
pub struct PersonExport {
    /// When it was taken out.
    #[serde(with = "rfc3339")]
    pub exported_at: Micros,
    /// The deployment: `test` or `live`.
    pub environment: &'static str,
    /// Whose.
    pub cardholder_id: CardholderId,
    /// Where she stands as a whole.
    pub state: ConsentState,
    /// The recipients that her disclosures name, as the register has them now.
    pub recipients: Vec<RecipientExport>,
    /// Receipts that she was given.
    pub receipts: Vec<Receipt>,
    /// What recipients were asked to erase.
    pub erasures: Vec<ErasureExport>,
    /// Her registrations on the member site.
    pub registrations: Vec<RegistrationExport>,
    /// Who signed in with her cards, or tried to.
    pub sign_ins: Vec<SignInExport>,
    /// What needed a second person.
    pub approvals: Vec<ApprovalExport>,
    /// Who did or looked at what about her.
    pub seen: Vec<Seen>,
    /// Her events and the disclosures about her, in order, as the proof reads them.
    pub lines: Option<LinesOfPerson>,
}

/// A recipient, by name.
#[derive(Clone, Debug, Serialize)]
pub struct RecipientExport {
    /// Its id.
    pub id: String,
    /// Its name; its id where the register does not have it any more.
    pub name: String,
    /// In which country it works on the data.
    pub country: Option<String>,
}

/// A request to erase.
#[derive(Clone, Debug, Serialize)]
pub struct ErasureExport {
    /// Its id.
    pub id: ErasureId,
    /// What is to be erased.
    pub disclosure_id: crate::domain::id::DisclosureId,
    /// Who is asked.
    pub recipient: String,
    /// How: by the recipient's call, or by letter.
    pub way: &'static str,
    /// Where it stands.
    pub state: &'static str,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub requested_at: Micros,
    /// When it was settled.
    #[serde(with = "rfc3339::option")]
    pub settled_at: Option<Micros>,
}

/// A request that needed a second person.
#[derive(Clone, Debug, Serialize)]
pub struct ApprovalExport {
    /// Its id.
    pub id: ApprovalId,
    /// What for.
    pub kind: &'static str,
    /// Where it stands.
    pub state: &'static str,
    /// Who asked.
    pub requested_by: String,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub requested_at: Micros,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    #[serde(with = "rfc3339::option")]
    pub decided_at: Option<Micros>,
}

/// Takes out everything about a person; that somebody did so is written down first.
///
/// # Errors
/// [`StoreError`].
pub async fn person(app: &App, actor: &str, id: CardholderId) -> Result<PersonExport, StoreError> {
    let entry = note(app, actor, "cardholder.export", id.to_string());
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    let lines = lines(&app.store, id).await?;
    let rows: &[LineRow] = lines.as_ref().map_or(&[], |lines| &lines.rows);
    let erasures = app.store.erasures_about(id, ENTRIES_MAX).await?;
    let approvals = app.store.approvals_about(&id.to_string(), ENTRIES_MAX).await?;
    Ok(PersonExport {
        exported_at: app.now(),
        environment: app.config.environment.as_str(),
        cardholder_id: id,
        state: app.store.consent_state(id).await?,
        recipients: recipients(app, rows),
        receipts: receipts(&app.store, rows).await?,
        erasures: erasures.into_iter().map(ErasureExport::from).collect(),
        registrations: registrations::registrations(&app.store, id).await?,
        sign_ins: registrations::sign_ins(&app.store, id, ENTRIES_MAX).await?,
        approvals: approvals.into_iter().map(ApprovalExport::from).collect(),
        seen: app.store.audit_about(&id.to_string(), ENTRIES_MAX).await?,
        lines,
    })
}

/// Her line up to where it ended when it was looked at.
async fn lines(store: &Store, id: CardholderId) -> Result<Option<LinesOfPerson>, StoreError> {
    let Some(LineEnds { start, head }) = store.ends(id).await? else { return Ok(None) };
    let mut rows = store.line(id).await?;
    rows.retain(|row| row.sequence <= head.sequence);
    Ok(Some(LinesOfPerson { start, head, rows }))
}

fn recipients(app: &App, rows: &[LineRow]) -> Vec<RecipientExport> {
    let mut ids: Vec<&str> =
        rows.iter().filter_map(|row| disclosure_of(row)).map(|(row, _)| row.recipient.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let loaded = app.bundle.load();
    let named = |id: &str| {
        let known = loaded.bundle.reference().recipient(id);
        let name = known.map_or_else(|| id.to_owned(), |recipient| recipient.name.clone());
        RecipientExport { id: id.to_owned(), name, country: known.map(|recipient| recipient.country.clone()) }
    };
    ids.into_iter().map(named).collect()
}

async fn receipts(store: &Store, rows: &[LineRow]) -> Result<Vec<Receipt>, StoreError> {
    let mut found = Vec::new();
    for row in rows {
        if let LineEntry::Event(event) = &row.entry
            && event.receipt_id.is_some()
        {
            found.extend(store.receipt(event.id).await?);
        }
    }
    Ok(found)
}

/// The disclosure in a row, and how it ended.
pub fn disclosure_of(row: &LineRow) -> Option<(&Disclosure, Option<&LineSettlement>)> {
    match &row.entry {
        LineEntry::Event(_) => None,
        LineEntry::Disclosure(disclosure) => Some((disclosure, row.settlement.as_ref())),
    }
}

impl PersonExport {
    /// The export as JSON, with the digest of all else in it.
    pub fn json(&self) -> serde_json::Value {
        let mut value = serde_json::json!(self);
        let digest = digest(&value);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("digest".to_owned(), digest.into());
        }
        value
    }

    /// Where her line begins, where it was cut.
    pub fn start(&self) -> Option<&LineStart> {
        self.lines.as_ref().and_then(|lines| lines.start.as_ref())
    }

    /// Where her line ends.
    pub fn head(&self) -> Option<&LineHead> {
        self.lines.as_ref().map(|lines| &lines.head)
    }
}

/// SHA-256 of the fields in sorted order, hexadecimal.
pub(super) fn digest(value: &serde_json::Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    hex::encode(Sha256::digest(sorted.to_string()))
}

impl From<Erasure> for ErasureExport {
    fn from(erasure: Erasure) -> Self {
        Self {
            id: erasure.id,
            disclosure_id: erasure.disclosure_id,
            recipient: erasure.recipient,
            way: erasure.way.as_str(),
            state: erasure.state.as_str(),
            requested_at: erasure.requested_at,
            settled_at: erasure.settled_at,
        }
    }
}

impl From<Approval> for ApprovalExport {
    fn from(approval: Approval) -> Self {
        Self {
            id: approval.id,
            kind: approval.kind.as_str(),
            state: approval.state.as_str(),
            requested_by: approval.requested_by,
            requested_at: approval.requested_at,
            decided_by: approval.decided_by,
            decided_at: approval.decided_at,
        }
    }
}
