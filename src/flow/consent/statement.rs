//! What a person says, checked before anything is recorded.

use super::ConsentError;
use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::{ConsentEvent, HASH_VERSION, Identity};
use crate::domain::consent::{Channel, ConsentAction, ConsentState, IdentityMethod, IdentityOutcome, Purpose};
use crate::domain::id::{CardholderId, ConsentEventId};
use crate::domain::note::{CALL_REFERENCE_CHARS_MAX, Note};

/// What a person says, and how she was understood.
#[derive(Clone, Debug)]
pub struct Statement {
    /// About which cards, purpose and recipient.
    pub coverage: Coverage,
    /// How it came.
    pub channel: Channel,
    /// The call's or letter's reference.
    pub reference: Option<String>,
    /// How she was identified.
    pub identity: Identity,
    /// The script that was read out to her.
    pub script_version: Option<String>,
    /// In which language.
    pub language: Option<Language>,
    /// When she said it, where that was not now.
    pub effective_from: Option<Micros>,
    /// SHA-256 of what is kept as evidence elsewhere, hexadecimal.
    pub evidence_digest: Option<String>,
}

impl Statement {
    /// About everything, by the issuer's own system, which answers for the person's identity.
    pub fn of_system(channel: Channel) -> Self {
        Self {
            coverage: Coverage::everything(),
            channel,
            reference: None,
            identity: Identity { method: IdentityMethod::IssuerSystem, outcome: IdentityOutcome::Passed },
            script_version: None,
            language: None,
            effective_from: None,
            evidence_digest: None,
        }
    }

    /// An event for it, if everything in it can be true.
    pub(super) async fn event(
        self,
        app: &App,
        actor: &str,
        cardholder_id: CardholderId,
        action: ConsentAction,
    ) -> Result<ConsentEvent, ConsentError> {
        let now = app.now();
        self.check_coverage(app, cardholder_id).await?;
        self.check_date(app, cardholder_id, now).await?;
        let reference = match self.reference.filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(Note::parse(&text, CALL_REFERENCE_CHARS_MAX)?.as_str().to_owned()),
            None => None,
        };
        if let Some(version) = self.script_version.as_ref().filter(|version| app.notices.by_version(version).is_none())
        {
            return Err(ConsentError::UnknownNotice(version.clone()));
        }
        if self.evidence_digest.as_ref().is_some_and(|digest| hex::decode(digest).map(|bytes| bytes.len()) != Ok(32)) {
            return Err(ConsentError::Evidence);
        }
        Ok(ConsentEvent {
            hash_version: HASH_VERSION,
            id: ConsentEventId::new(now, app.randomness.as_ref()),
            cardholder_id,
            action,
            coverage: self.coverage,
            pending: action.protects() && self.identity.outcome != IdentityOutcome::Passed,
            state: ConsentState::Unknown,
            channel: self.channel,
            actor: actor.to_owned(),
            reference,
            identity: Some(self.identity),
            basis: None,
            notice_version: None,
            script_version: self.script_version,
            language: self.language,
            informed_at: None,
            effective_from: self.effective_from,
            recorded_at: now,
            corrects: None,
            receipt_id: None,
            evidence_digest: self.evidence_digest.map(|digest| digest.to_ascii_lowercase()),
            approval_id: None,
        })
    }

    async fn check_coverage(&self, app: &App, cardholder_id: CardholderId) -> Result<(), ConsentError> {
        if self.coverage.purpose == Some(Purpose::Erase) {
            return Err(ConsentError::Purpose);
        }
        if let Some(recipient) = &self.coverage.recipient
            && app.bundle.load().bundle.reference().recipient(recipient).is_none()
        {
            return Err(ConsentError::UnknownRecipient(recipient.clone()));
        }
        if let Some(cards) = &self.coverage.cards {
            let hers = app.store.cards_of(cardholder_id).await?;
            if let Some(card) = cards.iter().find(|card| !hers.iter().any(|own| own.id == **card)) {
                return Err(ConsentError::UnknownCard(*card));
            }
        }
        Ok(())
    }

    async fn check_date(&self, app: &App, cardholder_id: CardholderId, now: Micros) -> Result<(), ConsentError> {
        let Some(said_at) = self.effective_from else { return Ok(()) };
        if said_at > now {
            return Err(ConsentError::FutureDated);
        }
        let since = app.store.cardholder_since(cardholder_id).await?;
        if since.is_some_and(|since| said_at < since) { Err(ConsentError::BeforeRecord) } else { Ok(()) }
    }
}
