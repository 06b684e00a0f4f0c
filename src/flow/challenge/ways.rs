//! The ways in which the buyer may prove who she is: what the policy offered, as far as the card still has it and a code
//! can get through.

use super::ChallengeError;
use super::passkey;
use crate::app::App;
use crate::domain::challenge::ChallengeState;
use crate::domain::facts::Method;
use crate::domain::id::ContactId;
use crate::domain::member::ContactChannel;
use crate::domain::sent_code::CodeSubject;
use crate::flow::contact;
use crate::flow::sent_code::{self, Delivery, Standing};
use crate::store::challenges::Challenge;

/// One way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The password.
    Password,
    /// A one-time password.
    Totp,
    /// A code that is sent to a contact.
    Code {
        /// The contact.
        contact_id: ContactId,
        /// By mail or short message.
        channel: ContactChannel,
        /// Its address, masked.
        masked: String,
    },
    /// A passkey, where the page fills the whole window.
    Passkey,
}

impl Way {
    /// The method.
    pub fn method(&self) -> Method {
        match self {
            Self::Password => Method::Password,
            Self::Totp => Method::Totp,
            Self::Code { .. } => Method::Code,
            Self::Passkey => Method::Passkey,
        }
    }

    /// How a form names it.
    pub fn name(&self) -> String {
        match self {
            Self::Code { contact_id, .. } => format!("code:{contact_id}"),
            other => other.method().as_str().to_owned(),
        }
    }

    /// Where a code goes.
    pub fn contact_id(&self) -> Option<ContactId> {
        match self {
            Self::Code { contact_id, .. } => Some(*contact_id),
            Self::Password | Self::Totp | Self::Passkey => None,
        }
    }
}

/// Where the code of the present way stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeState {
    /// Whether one is being sent or has arrived; none when none was sent to this contact.
    pub delivery: Option<Delivery>,
    /// Whether it is still good.
    pub is_live: bool,
    /// How many may still be sent.
    pub sends_left: i64,
}

/// What the buyer can do now.
#[derive(Clone, Debug)]
pub struct Ways {
    /// The present way: the one that she chose, else the first.
    pub present: Way,
    /// The others.
    pub others: Vec<Way>,
    /// Where the code stands, when the present way is a code.
    pub code: Option<CodeState>,
    /// What the browser is asked, when the present way is a passkey.
    pub passkey: Option<String>,
}

impl Ways {
    /// The way with this name among all.
    pub fn named(&self, name: &str) -> Option<&Way> {
        std::iter::once(&self.present).chain(&self.others).find(|way| way.name() == name)
    }
}

/// The ways of an open challenge; none when none is left.
pub(super) async fn of(app: &App, challenge: &Challenge) -> Result<Option<Ways>, ChallengeError> {
    let mut ways = all(app, challenge).await?;
    let chosen = |way: &Way| Some(way.method()) == challenge.chosen && way.contact_id() == challenge.contact_id;
    let at = ways.iter().position(chosen).unwrap_or(0);
    if ways.is_empty() {
        return Ok(None);
    }
    let present = ways.remove(at);
    let code = match present.contact_id() {
        Some(contact_id) => Some(code_state(app, challenge, contact_id).await?),
        None => None,
    };
    let passkey = if present == Way::Passkey { passkey::options(app, challenge).await? } else { None };
    Ok(Some(Ways { present, others: ways, code, passkey }))
}

/// Whether no way is left: the last code was given up and there is nothing beside it, or its contact is gone.
pub(super) async fn is_undeliverable(app: &App, challenge: &Challenge) -> Result<bool, ChallengeError> {
    let needs_nothing = |method: &Method| matches!(method, Method::Password | Method::Totp);
    if challenge.state != ChallengeState::Open || challenge.methods.iter().all(needs_nothing) {
        return Ok(false);
    }
    let ways = all(app, challenge).await?;
    let standing = sent_code::standing(app, CodeSubject::Challenge(challenge.id)).await?;
    let failed = standing.filter(|standing| standing.delivery == Delivery::Failed).map(|code| code.contact_id);
    Ok(ways.iter().all(|way| way.contact_id().is_some() && way.contact_id() == failed))
}

/// What was offered and the card still has. Where all of it is locked it is shown all the same: the page does not tell.
async fn all(app: &App, challenge: &Challenge) -> Result<Vec<Way>, ChallengeError> {
    let now = app.now();
    let held = |method: &Method| challenge.held.iter().find(|(held, _)| held == method);
    let is_free = |method: &Method| held(method).is_some_and(|(_, until)| until.is_none_or(|until| until <= now));
    let mut methods: Vec<Method> = challenge.methods.iter().copied().filter(is_free).collect();
    if methods.is_empty() {
        methods.clone_from(&challenge.methods);
    }
    let mut ways = Vec::new();
    for method in methods.iter().copied() {
        match method {
            Method::Password => ways.push(Way::Password),
            Method::Totp => ways.push(Way::Totp),
            Method::Code => ways.extend(codes(app, challenge).await?),
            Method::Passkey => {}
        }
    }
    // The last: in a frame it is not to be had.
    if app.passkeys.is_some() && methods.contains(&Method::Passkey) {
        ways.push(Way::Passkey);
    }
    Ok(ways)
}

async fn codes(app: &App, challenge: &Challenge) -> Result<Vec<Way>, ChallengeError> {
    let Some(enrolment) = &challenge.enrolment else { return Ok(Vec::new()) };
    let contacts = contact::usable(app, enrolment.id, app.now()).await?;
    let way = |contact: contact::ContactView| Way::Code {
        contact_id: contact.id,
        channel: contact.row.channel,
        masked: contact.masked,
    };
    Ok(contacts.into_iter().map(way).collect())
}

async fn code_state(app: &App, challenge: &Challenge, contact_id: ContactId) -> Result<CodeState, ChallengeError> {
    let standing = sent_code::standing(app, CodeSubject::Challenge(challenge.id)).await?;
    let sends_left = standing.as_ref().map_or(sent_code::SENDS, |standing| standing.sends_left);
    let here = standing.filter(|standing: &Standing| standing.contact_id == contact_id);
    Ok(CodeState {
        delivery: here.map(|standing| standing.delivery),
        is_live: here.is_some_and(|standing| standing.expires_at > app.now()),
        sends_left,
    })
}
