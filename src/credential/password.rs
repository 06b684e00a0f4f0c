//! Passwords: which are accepted, and their hashes (argon2id, RFC 9106) with a secret from the key file.

use std::fmt;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, ParamsBuilder, Version};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::domain::randomness::Randomness;
use crate::keys::Keys;

/// The longest text that is looked at, bytes.
pub const LONGEST_BYTES: usize = 1024;
/// The shortest new password, characters.
pub const SHORTEST_CHARACTERS: usize = 8;

/// Passwords that are tried first by everyone, one per line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Words that say what the password is for; with digits or signs around them they are guessed at once.
pub(super) const CONTEXT: [&str; 14] = [
    "password",
    "passwort",
    "passw0rd",
    "パスワード",
    "sekisho",
    "card",
    "creditcard",
    "カード",
    "issuer",
    "member",
    "netsecure",
    "jsecure",
    "jcb",
    "login",
];

/// A password in its normal form (NFKC). Wiped when dropped, and does not show itself.
pub struct Password(Zeroizing<String>);

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Longer than [`LONGEST_BYTES`].
    #[error("a password has at most 1024 bytes")]
    TooLong,
    /// Shorter than [`SHORTEST_CHARACTERS`].
    #[error("a password has at least 8 characters")]
    TooShort,
    /// Among those that everyone tries first, or made of what is known about the person.
    #[error("this password is easily guessed")]
    Guessable,
}

impl Password {
    /// A password as typed to prove who one is: only its length is looked at.
    pub fn typed(text: &str) -> Result<Self, PasswordError> {
        if text.len() > LONGEST_BYTES {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(Zeroizing::new(text.nfkc().collect())))
    }

    /// A new password. Refused when it is short, common, or little more than a word of the context:
    /// the brand's words, and those that the caller gives (member id, name, card digits).
    pub fn chosen(text: &str, context: &[&str]) -> Result<Self, PasswordError> {
        let password = Self::typed(text)?;
        if password.0.chars().count() < SHORTEST_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        if guessable(&password.0, context) { Err(PasswordError::Guessable) } else { Ok(password) }
    }

    /// Its text in the normal form, for whoever judges it.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn guessable(password: &str, context: &[&str]) -> bool {
    let folded = Zeroizing::new(password.to_lowercase());
    let word = folded.trim_matches(|c: char| !c.is_alphabetic());
    let known = |entry: &str| {
        let entry = entry.nfkc().collect::<String>().to_lowercase();
        !entry.is_empty() && (word == entry || *folded == entry)
    };
    COMMON.lines().any(known) || CONTEXT.into_iter().any(known) || context.iter().copied().any(known) || run(&folded)
}

/// One character again and again, or neighbours in a row: `aaaaaaaa`, `12345678`, `hgfedcba`.
fn run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let mut steps = codes.windows(2).map(|pair| match pair {
        [left, right] => right - left,
        _ => 0,
    });
    let first = steps.next().unwrap_or(0);
    (-1..=1).contains(&first) && steps.all(|step| step == first)
}

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallel: u32,
}

impl Cost {
    /// The most that a stored hash may ask for; beyond it somebody else wrote the row.
    pub const MOST: Self = Self { memory_kib: 262_144, iterations: 16, parallel: 16 };

    fn within(self, limit: Self) -> bool {
        self.memory_kib <= limit.memory_kib && self.iterations <= limit.iterations && self.parallel <= limit.parallel
    }
}

/// The memory of one hash, for the next one to use again. Allocated anew by whichever thread works, it would stay in the
/// heaps of them all: 500 buyers at once were seen to leave hundreds of megabytes there.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    /// So many blocks. What a dearer hash took beyond today's cost goes back.
    fn of(&mut self, blocks: usize) -> &mut [Block] {
        if self.0.len() != blocks {
            self.0 = Vec::new();
            self.0.resize(blocks, Block::default());
        }
        &mut self.0
    }
}

/// Why a password cannot be hashed or compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The cost is outside argon2's limits.
    #[error("argon2 does not work with this cost")]
    Cost,
    /// The stored text is no argon2id hash, or asks for more than [`Cost::MOST`].
    #[error("the stored hash is not one of ours")]
    Stored,
    /// The secret that went into the stored hash is not in the key file.
    #[error("the stored hash was made with the pepper `{0}`, which is not in the key file")]
    Pepper(String),
}

/// What came of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whether it is the password.
    pub matches: bool,
    /// Whether the hash should be made anew, with today's cost and secret.
    pub needs_rehash: bool,
}

/// The hash of a password in PHC form, with a fresh salt and the active pepper, whose id it names.
pub fn hash(
    password: &Password,
    cost: Cost,
    keys: &Keys,
    randomness: &dyn Randomness,
    memory: &mut Memory,
) -> Result<String, HashError> {
    let (pepper_id, pepper) = keys.pepper();
    let params = params(cost, pepper_id)?;
    let salt = randomness.bytes::<16>();
    let output = digest(password, &params, pepper, &salt, memory)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| HashError::Cost)?,
        salt: Some(Salt::new(&salt).map_err(|_| HashError::Cost)?),
        hash: Some(Output::new(output.as_slice()).map_err(|_| HashError::Cost)?),
    };
    Ok(hash.to_string())
}

/// Compares a password with a stored hash, in a time that does not tell where they differ.
pub fn compare(
    password: &Password,
    stored: &str,
    cost: Cost,
    keys: &Keys,
    memory: &mut Memory,
) -> Result<Comparison, HashError> {
    let stored = PasswordHash::new(stored).map_err(|_| HashError::Stored)?;
    let (found, params) = read(&stored)?;
    let id = std::str::from_utf8(params.keyid()).map_err(|_| HashError::Stored)?;
    let pepper = keys.pepper_by_id(id).ok_or_else(|| HashError::Pepper(id.to_owned()))?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Err(HashError::Stored) };
    let output = digest(password, &params, pepper, salt, memory)?;
    let matches = bool::from(output.as_slice().ct_eq(expected.as_bytes()));
    Ok(Comparison { matches, needs_rehash: !cost.within(found) || id != keys.pepper().0 })
}

/// The cost of a stored hash, looked at before any of it is spent.
fn read(stored: &PasswordHash) -> Result<(Cost, Params), HashError> {
    let ours = stored.algorithm == Algorithm::Argon2id.ident() && stored.version == Some(Version::V0x13.into());
    let params = Params::try_from(stored).map_err(|_| HashError::Stored)?;
    let cost = Cost { memory_kib: params.m_cost(), iterations: params.t_cost(), parallel: params.p_cost() };
    let length = stored.hash.as_ref().map(|hash| hash.as_bytes().len());
    if ours && cost.within(Cost::MOST) && length == Some(32) { Ok((cost, params)) } else { Err(HashError::Stored) }
}

fn params(cost: Cost, pepper_id: &str) -> Result<Params, HashError> {
    let id = argon2::KeyId::new(pepper_id.as_bytes()).map_err(|_| HashError::Cost)?;
    let mut builder = ParamsBuilder::new();
    builder.m_cost(cost.memory_kib).t_cost(cost.iterations).p_cost(cost.parallel).output_len(32).keyid(id);
    builder.build().map_err(|_| HashError::Cost)
}

fn digest(
    password: &Password,
    params: &Params,
    pepper: &[u8],
    salt: &[u8],
    memory: &mut Memory,
) -> Result<Zeroizing<[u8; 32]>, HashError> {
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params.clone())
        .map_err(|_| HashError::Cost)?;
    let mut output = Zeroizing::new([0; 32]);
    let blocks = memory.of(params.block_count());
    argon2
        .hash_password_into_with_memory(password.0.as_bytes(), salt, output.as_mut_slice(), blocks)
        .map_err(|_| HashError::Stored)?;
    Ok(output)
}
