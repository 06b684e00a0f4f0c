//! Codes that are sent: six digits, derived with a key from a random nonce and all that the code is bound to.
//!
//! Only the nonce and a keyed digest are stored, so that a copy of the database holds no code, and the code is derived
//! again at the moment in which it is sent. Who may still use it is the store's knowledge.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::domain::authentication::Authentication;
use crate::domain::id::{ChallengeId, ContactId, EnrolmentId};
use crate::domain::sent_code::CodeSubject;
use crate::keys::Keys;

/// How many digits a code has.
pub const DIGITS: usize = 6;
/// How many codes there are.
const CODES: u64 = 1_000_000;

/// What a code is bound to: for anything else it is wrong.
#[derive(Clone, Copy, Debug)]
pub enum BoundTo<'a> {
    /// A challenge, with its merchant, amount and currency.
    Challenge(ChallengeId, &'a Authentication),
    /// A contact that is to be verified.
    Contact(ContactId),
    /// An enrolment whose password is forgotten.
    Reset(EnrolmentId),
}

impl BoundTo<'_> {
    /// What the code is good for.
    pub fn subject(self) -> CodeSubject {
        match self {
            Self::Challenge(id, _) => CodeSubject::Challenge(id),
            Self::Contact(id) => CodeSubject::Contact(id),
            Self::Reset(id) => CodeSubject::Reset(id),
        }
    }

    /// The purchase as bytes; empty where there is none.
    fn terms(self) -> Vec<u8> {
        let Self::Challenge(_, authentication) = self else { return Vec::new() };
        let merchant = authentication.merchant_id.uuid();
        let money = authentication.money;
        [merchant.as_bytes().as_slice(), &money.amount_minor.to_be_bytes(), money.currency.code().as_bytes()].concat()
    }

    fn with_parts<T>(self, work: impl FnOnce([&[u8]; 3]) -> T) -> T {
        let subject = self.subject();
        work([subject.purpose().as_str().as_bytes(), subject.uuid().as_bytes(), &self.terms()])
    }
}

/// The digest under which the code of this nonce is stored.
pub fn digest(keys: &Keys, bound_to: BoundTo<'_>, nonce: &[u8]) -> [u8; 32] {
    bound_to.with_parts(|[purpose, subject, terms]| {
        let code = code_of(&keys.mac("sent_code", &[purpose, subject, terms, nonce]));
        keys.mac("sent_code_digest", &[purpose, subject, terms, code.as_bytes()])
    })
}

/// The code of this nonce, if it is the one that was stored: whichever key was active then.
pub fn code(keys: &Keys, bound_to: BoundTo<'_>, nonce: &[u8], digest: &[u8]) -> Option<Zeroizing<String>> {
    let macs =
        bound_to.with_parts(|[purpose, subject, terms]| keys.macs("sent_code", &[purpose, subject, terms, nonce]));
    macs.iter().map(code_of).find(|code| is_stored(keys, bound_to, code, digest))
}

/// Whether what was typed is the code with this digest, compared in constant time. Spaces, hyphens and full-width digits
/// are taken as people type them.
pub fn matches(keys: &Keys, bound_to: BoundTo<'_>, typed: &str, digest: &[u8]) -> bool {
    is_stored(keys, bound_to, &normal(typed), digest)
}

/// Whether what was typed has the form of a sent code: six digits.
pub fn has_form(typed: &str) -> bool {
    let signs = typed.nfkc().filter(|c| !c.is_whitespace() && *c != '-').take(DIGITS + 1);
    let signs: Zeroizing<String> = Zeroizing::new(signs.collect());
    signs.chars().count() == DIGITS && signs.chars().all(|c| c.is_ascii_digit())
}

/// The digits of what was typed.
fn normal(typed: &str) -> Zeroizing<String> {
    Zeroizing::new(typed.nfkc().filter(char::is_ascii_digit).take(2 * DIGITS).collect())
}

fn is_stored(keys: &Keys, bound_to: BoundTo<'_>, code: &str, digest: &[u8]) -> bool {
    bound_to.with_parts(|[purpose, subject, terms]| {
        keys.verify_mac("sent_code_digest", &[purpose, subject, terms, code.as_bytes()], digest)
    })
}

/// A million divides 2^64 but for a remainder that favours no code by more than one part in 10^13.
fn code_of(mac: &[u8; 32]) -> Zeroizing<String> {
    let first = mac.first_chunk::<8>().copied().unwrap_or_default();
    Zeroizing::new(format!("{:0DIGITS$}", u64::from_be_bytes(first) % CODES))
}
