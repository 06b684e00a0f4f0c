//! One-time passwords (RFC 6238: SHA-1, six digits, 30 seconds) and recovery codes, of staff and of members. Whether a
//! step or a code was used before is the store's knowledge.

use totp_rs::{Algorithm, Builder, Totp};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::domain::clock::Micros;
use crate::domain::randomness::Randomness;
use crate::keys::Keys;

/// How long one password lasts, seconds.
const STEP_SECONDS: i64 = 30;
/// The length of a secret, bytes (RFC 4226, section 4).
const SECRET_LENGTH: usize = 20;
/// How many recovery codes a person gets.
pub const RECOVERY_CODES: usize = 10;
/// Crockford's base 32: nothing in it is taken for something else.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const RECOVERY_LENGTH: usize = 10;

/// A fresh secret.
pub fn secret(randomness: &dyn Randomness) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(randomness.bytes::<SECRET_LENGTH>().to_vec())
}

/// The six digits of a code as people type them: with spaces or hyphens, in full width. None when it is no such code.
pub fn six_digits(typed: &str) -> Option<Zeroizing<String>> {
    const TYPED_MAX: usize = 64;
    let folded: Zeroizing<String> = Zeroizing::new(typed.chars().take(TYPED_MAX + 1).nfkc().collect());
    let is_gap = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}');
    let digits: Zeroizing<String> = Zeroizing::new(folded.chars().filter(|c| !is_gap(*c)).collect());
    let fits = typed.chars().count() <= TYPED_MAX && digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(digits)
}

/// The step whose one-time password this is: the current one or the one before, never a coming one.
pub fn matching_step(secret: &[u8], code: &str, now: Micros) -> Option<i64> {
    let code: Zeroizing<String> = Zeroizing::new(code.nfkc().filter(char::is_ascii_digit).collect());
    let totp = generator(secret, None, "account")?;
    let seconds = [now.unix_seconds(), now.unix_seconds() - STEP_SECONDS];
    seconds.into_iter().find_map(|seconds| {
        totp.check(&code, u64::try_from(seconds).ok()?)?;
        Some(seconds / STEP_SECONDS)
    })
}

/// The one-time password of this time.
pub fn password_at(secret: &[u8], now: Micros) -> Option<String> {
    Some(generator(secret, None, "account")?.generate(u64::try_from(now.unix_seconds()).ok()?).to_string())
}

/// The secret as an app takes it in: `otpauth://totp/…`.
pub fn url(secret: &[u8], issuer: &str, name: &str) -> Option<Zeroizing<String>> {
    let issuer: String = issuer.chars().filter(|c| *c != ':').collect();
    generator(secret, Some(issuer), name)?.to_url().ok().map(Zeroizing::new)
}

fn generator(secret: &[u8], issuer: Option<String>, name: &str) -> Option<Totp> {
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(0);
    let builder = builder.with_step_duration(STEP_SECONDS.unsigned_abs()).with_secret(secret.to_vec());
    builder.with_issuer(issuer).with_account_name(name.to_owned()).build().ok()
}

/// Fresh recovery codes, as they are shown.
pub fn recovery_codes(randomness: &dyn Randomness) -> Vec<String> {
    (0..RECOVERY_CODES).map(|_| written_code(randomness)).collect()
}

/// A fresh code that people copy from paper: `7qk2m-x9f4h`.
pub fn written_code(randomness: &dyn Randomness) -> String {
    let bytes = randomness.bytes::<RECOVERY_LENGTH>();
    let sign = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).map_or('0', |sign| char::from(*sign));
    let mut text: String = bytes.iter().map(sign).collect();
    text.insert(RECOVERY_LENGTH / 2, '-');
    text
}

/// The digests that a written code may be stored under, the active key's first; none when it has not the form of one.
/// `class` says what kind of account it opens, `owner` whose.
pub fn recovery_digests(keys: &Keys, class: &str, owner: &str, code: &str) -> Vec<[u8; 32]> {
    let normal = code.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric());
    let normal: Zeroizing<String> = Zeroizing::new(
        normal
            .map(|c| match c {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect(),
    );
    if normal.len() != RECOVERY_LENGTH || !normal.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return Vec::new();
    }
    let value = Zeroizing::new(format!("{owner}:{}", *normal));
    keys.blind_indexes_for_lookup(class, &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_as_people_type_them_and_nothing_else_is() {
        for typed in ["123456", " 123 456 ", "１２３４５６", "１２３　４５６", "123-456", "1 2 3 4 5 6", "123ー456"]
        {
            assert_eq!(six_digits(typed).as_deref().map(String::as_str), Some("123456"), "{typed:?}");
        }
        let long = format!("123456{}", " ".repeat(100));
        for typed in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456\u{0}", "123,456", &long] {
            assert!(six_digits(typed).is_none(), "{typed:?}");
        }
    }

    /// RFC 4226, appendix D: the counter is the step.
    #[test]
    fn passwords_of_the_first_ten_steps_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, expected) in (0_i64..).zip(expected) {
            let at = Micros(step * STEP_SECONDS * Micros::SECOND);
            assert_eq!(password_at(secret, at).as_deref(), Some(expected), "{step}");
            assert_eq!(matching_step(secret, expected, at), Some(step));
        }
    }

    /// RFC 6238, appendix B for SHA-1, the last six of its eight digits.
    #[test]
    fn passwords_of_all_times_of_the_standard_are_its_own() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = Micros(seconds * Micros::SECOND);
            assert_eq!(password_at(secret, at).as_deref(), Some(expected), "{seconds}");
        }
    }

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn passwords_are_those_of_the_standard_and_only_one_step_old() {
        let secret = b"12345678901234567890";
        let at = |seconds: i64| Micros(seconds * Micros::SECOND);
        assert_eq!(password_at(secret, at(59)).as_deref(), Some("287082"));
        assert_eq!(password_at(secret, at(1_111_111_109)).as_deref(), Some("081804"));
        for (seconds, step) in [(59, Some(1)), (60, Some(1)), (89, Some(1)), (90, None), (29, None)] {
            assert_eq!(matching_step(secret, "287082", at(seconds)), step, "{seconds}");
        }
        assert_eq!(matching_step(secret, "２８７ ０８２", at(59)), Some(1));
        assert_eq!(matching_step(secret, "", at(59)), None);
    }
}
