//! Passkeys (Web Authentication Level 3): what a browser is asked, and whether its answer is right. User verification is
//! required, and a signature counter that does not rise is refused. Where passkeys and half-done ceremonies are kept, and
//! how long a ceremony lasts, is the store's and the flows' knowledge.
//!
//! The library draws its own challenges and reads the system clock, though only to judge certificates of authenticators,
//! which are not asked for here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// The longest answer of a browser that is looked at, bytes.
pub const ANSWER_BYTES_MAX: usize = 16_384;

/// Ceremonies at the address of this deployment: a passkey made here works nowhere else.
pub struct Passkeys {
    webauthn: Webauthn,
}

/// The first half of a ceremony.
#[derive(Clone, Debug)]
pub struct Begun {
    /// What the browser is asked, as JSON: options of `navigator.credentials`.
    pub options: Value,
    /// What has to be remembered until it answers, as JSON.
    pub state: String,
}

/// A passkey that was just made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its id, as the authenticator gave it.
    pub key_id: Vec<u8>,
    /// The passkey as it is stored: its public key and counter, as JSON.
    pub passkey: String,
}

/// A right answer by a passkey.
#[derive(Clone, Debug)]
pub struct Proved {
    /// Which one.
    pub key_id: Vec<u8>,
    /// The passkey with its new counter, as it is to be stored.
    pub passkey: String,
}

/// Why a ceremony does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// What the browser sent is no answer of a passkey.
    #[error("the browser's answer cannot be read")]
    Unreadable,
    /// It answers another question, comes from another address, is of another passkey, or its signature is wrong.
    #[error("the passkey's answer is not right")]
    Wrong,
    /// The passkey's counter did not rise: there may be a copy of it.
    #[error("the passkey's counter did not rise")]
    Counter,
    /// What was stored cannot be read, or the question cannot be asked.
    #[error("the ceremony cannot be held")]
    Ceremony,
}

/// What is read of a stored passkey beside the library.
#[derive(Deserialize)]
struct Stored {
    cred: StoredCredential,
}

#[derive(Deserialize)]
struct StoredCredential {
    counter: u32,
}

impl Passkeys {
    /// Passkeys for the pages at `public_url`; none where its host is an address of numbers: there browsers make none.
    pub fn new(public_url: &Url, issuer: &str) -> Option<Self> {
        let webauthn = WebauthnBuilder::new(public_url.domain()?, public_url).ok()?.rp_name(issuer).build().ok()?;
        Some(Self { webauthn })
    }

    /// Asks for a new passkey of `owner`, who has `known` ones already.
    pub fn begin_registration(&self, owner: Uuid, name: &str, known: &[String]) -> Result<Begun, PasskeyError> {
        let known = read_all(known)?.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let begun = self.webauthn.start_passkey_registration(owner, name, name, Some(known));
        let (options, state) = begun.map_err(|_| PasskeyError::Ceremony)?;
        begun_with(&options, &state)
    }

    /// Takes the answer to [`Passkeys::begin_registration`].
    pub fn end_registration(&self, answer: &str, state: &str) -> Result<Made, PasskeyError> {
        let answer: RegisterPublicKeyCredential = read_answer(answer)?;
        let state: PasskeyRegistration = serde_json::from_str(state).map_err(|_| PasskeyError::Ceremony)?;
        let made = self.webauthn.finish_passkey_registration(&answer, &state).map_err(|_| PasskeyError::Wrong)?;
        Ok(Made { key_id: made.cred_id().clone(), passkey: written(&made)? })
    }

    /// Asks for a proof by one of these passkeys.
    pub fn begin_proof(&self, known: &[String]) -> Result<Begun, PasskeyError> {
        let begun = self.webauthn.start_passkey_authentication(&read_all(known)?);
        let (options, state) = begun.map_err(|_| PasskeyError::Ceremony)?;
        begun_with(&options, &state)
    }

    /// Takes the answer to [`Passkeys::begin_proof`]. `known` are the passkeys as they are stored now: one that was removed
    /// since proves nothing, and a counter must have risen since it was last stored, not since the question.
    pub fn end_proof(&self, answer: &str, state: &str, known: &[String]) -> Result<Proved, PasskeyError> {
        let answer: PublicKeyCredential = read_answer(answer)?;
        let state: PasskeyAuthentication = serde_json::from_str(state).map_err(|_| PasskeyError::Ceremony)?;
        let found = self.webauthn.finish_passkey_authentication(&answer, &state).map_err(|_| PasskeyError::Wrong)?;
        let stored = known.iter().find_map(|text| {
            let passkey: Passkey = serde_json::from_str(text).ok()?;
            (passkey.cred_id() == found.cred_id()).then_some((text, passkey))
        });
        let (text, mut passkey) = stored.ok_or(PasskeyError::Wrong)?;
        let before = serde_json::from_str::<Stored>(text).map_err(|_| PasskeyError::Ceremony)?.cred.counter;
        // Authenticators without a counter always say nought.
        if (found.counter() > 0 || before > 0) && found.counter() <= before {
            return Err(PasskeyError::Counter);
        }
        if !found.user_verified() {
            return Err(PasskeyError::Wrong);
        }
        passkey.update_credential(&found);
        Ok(Proved { key_id: passkey.cred_id().clone(), passkey: written(&passkey)? })
    }
}

impl std::fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passkeys(…)")
    }
}

fn begun_with(options: &impl Serialize, state: &impl Serialize) -> Result<Begun, PasskeyError> {
    let options = serde_json::to_value(options).map_err(|_| PasskeyError::Ceremony)?;
    Ok(Begun { options, state: written(state)? })
}

fn written(value: &impl Serialize) -> Result<String, PasskeyError> {
    serde_json::to_string(value).map_err(|_| PasskeyError::Ceremony)
}

fn read_answer<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, PasskeyError> {
    if text.len() > ANSWER_BYTES_MAX {
        return Err(PasskeyError::Unreadable);
    }
    serde_json::from_str(text).map_err(|_| PasskeyError::Unreadable)
}

fn read_all(known: &[String]) -> Result<Vec<Passkey>, PasskeyError> {
    known.iter().map(|text| serde_json::from_str(text).map_err(|_| PasskeyError::Ceremony)).collect()
}
