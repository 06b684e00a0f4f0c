//! Passwords and their queue, API keys, tokens.

use std::sync::Arc;

use sekisho::credential::api_key::{ApiKey, ApiKeyError, KeyHolder};
use sekisho::credential::hasher::{Hasher, HasherError};
use sekisho::credential::password::{Comparison, Cost, HashError, Memory, Password, PasswordError, compare, hash};
use sekisho::credential::token::Token;
use sekisho::domain::clock::Micros;
use sekisho::domain::merchant::Environment;
use sekisho::keys::Keys;

use crate::support::randomness::SeededRandomness;

/// The smallest argon2 does: the rules are the same, and the tests are quick.
const SMALL: Cost = Cost { memory_kib: 64, iterations: 1, parallel: 1 };

fn keys(seed: u64) -> Keys {
    let folder = tempfile::tempdir().unwrap();
    Keys::load_or_create(&folder.path().join("keys.toml"), &*SeededRandomness::new(seed), Micros(0)).unwrap()
}

fn typed(text: &str) -> Password {
    Password::typed(text).unwrap()
}

#[test]
fn new_passwords_are_long_enough_and_not_easily_guessed() {
    let long = "x y".repeat(100);
    let too_long = "あ".repeat(342);
    let cases = [
        ("correct horse battery", Ok(())),
        ("夜道に提灯ゆらゆら", Ok(())),
        (long.as_str(), Ok(())),
        ("kq83mzpa", Ok(())),
        ("kq83mzp", Err(PasswordError::TooShort)),
        ("", Err(PasswordError::TooShort)),
        (too_long.as_str(), Err(PasswordError::TooLong)),
        ("Password123!", Err(PasswordError::Guessable)),
        ("ｐａｓｓｗｏｒｄ１", Err(PasswordError::Guessable)),
        ("iloveyou1", Err(PasswordError::Guessable)),
        ("Sekisho2026", Err(PasswordError::Guessable)),
        ("aaaaaaaaaa", Err(PasswordError::Guessable)),
        ("12345678", Err(PasswordError::Guessable)),
        ("hgfedcba", Err(PasswordError::Guessable)),
        ("yamadahanako", Err(PasswordError::Guessable)),
        ("YamadaHanako1985", Err(PasswordError::Guessable)),
    ];
    for (text, expected) in cases {
        assert_eq!(Password::chosen(text, &["yamadahanako"]).map(|_| ()), expected, "{text}");
    }
    assert!(Password::typed("short").is_ok(), "an old password is compared as it is");
}

#[test]
fn a_hash_matches_its_password_in_every_spelling_of_the_same_characters_and_no_other() {
    let (keys, random) = (keys(1), SeededRandomness::new(2));
    let stored = hash(&typed("ﾊﾟｽﾜｰﾄﾞabc１２"), SMALL, &keys, &*random, &mut Memory::default()).unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1,keyid="), "{stored}");
    assert_ne!(stored, hash(&typed("ﾊﾟｽﾜｰﾄﾞabc１２"), SMALL, &keys, &*random, &mut Memory::default()).unwrap());
    for (text, matches) in
        [("パスワードabc12", true), ("パスワードABC12", false), ("パスワードabc12 ", false), ("", false)]
    {
        let expected = Ok(Comparison { matches, needs_rehash: false });
        assert_eq!(compare(&typed(text), &stored, SMALL, &keys, &mut Memory::default()), expected, "{text}");
    }
}

#[test]
fn a_hash_is_made_anew_when_the_cost_rises_but_not_when_it_falls() {
    let (keys, random) = (keys(1), SeededRandomness::new(2));
    let stored = hash(&typed("kq83mzpa"), SMALL, &keys, &*random, &mut Memory::default()).unwrap();
    for (cost, needs_rehash) in [
        (SMALL, false),
        (Cost { memory_kib: 65, ..SMALL }, true),
        (Cost { iterations: 2, ..SMALL }, true),
        (Cost { memory_kib: 32, ..SMALL }, false),
    ] {
        let found = compare(&typed("kq83mzpa"), &stored, cost, &keys, &mut Memory::default()).unwrap();
        assert_eq!(found, Comparison { matches: true, needs_rehash }, "{cost:?}");
    }
}

#[test]
fn a_stored_hash_that_would_eat_the_machine_or_is_no_hash_of_ours_is_not_computed() {
    let keys = keys(1);
    let stored = hash(&typed("kq83mzpa"), SMALL, &keys, &*SeededRandomness::new(2), &mut Memory::default()).unwrap();
    let cases = [
        stored.replace("m=64", "m=4000000"),
        stored.replace("t=1", "t=1000000"),
        stored.replace("p=1", "p=255"),
        stored.replace("argon2id", "argon2i"),
        stored.replace("v=19", "v=16"),
        stored[..stored.len() - 30].to_owned(),
        "$2b$12$abcdefghijklmnopqrstuv".to_owned(),
        String::new(),
    ];
    for text in cases {
        assert_eq!(
            compare(&typed("kq83mzpa"), &text, SMALL, &keys, &mut Memory::default()),
            Err(HashError::Stored),
            "{text}"
        );
    }
}

#[test]
fn a_hash_cannot_be_compared_without_its_pepper() {
    let stored = hash(&typed("kq83mzpa"), SMALL, &keys(1), &*SeededRandomness::new(2), &mut Memory::default()).unwrap();
    let error = compare(&typed("kq83mzpa"), &stored, SMALL, &keys(3), &mut Memory::default()).unwrap_err();
    assert!(matches!(error, HashError::Pepper(_)), "{error}");
}

fn hasher(cost: Cost, at_once: usize, queue: usize) -> Hasher {
    Hasher::new(Arc::new(keys(1)), SeededRandomness::new(2), cost, at_once, queue).unwrap()
}

#[tokio::test]
async fn an_unknown_user_never_matches_and_costs_a_hash_too() {
    let hasher = hasher(SMALL, 1, 1);
    let stored = hasher.hash(typed("kq83mzpa")).await.unwrap();
    assert!(hasher.compare(typed("kq83mzpa"), Some(stored)).await.unwrap().matches);
    let unknown = hasher.compare(typed("kq83mzpa"), None).await.unwrap();
    assert_eq!(unknown, Comparison { matches: false, needs_rehash: false });
    assert_eq!(hasher.in_flight(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_logins_is_worked_on_one_by_one_and_the_rest_is_turned_away() {
    let cost = Cost { memory_kib: 19_456, iterations: 2, parallel: 1 };
    let hasher = Arc::new(hasher(cost, 1, 3));
    let logins = (0..50).map(|_| hasher.compare(typed("kq83mzpa"), None));
    let answers = futures_util::future::join_all(logins).await;
    let busy = answers.iter().filter(|answer| matches!(answer, Err(HasherError::Busy))).count();
    assert!((46..=49).contains(&busy), "one works and at most three wait; turned away: {busy}");
    assert!(answers.iter().any(Result::is_ok));
}

#[tokio::test]
async fn a_login_that_is_given_up_keeps_its_processor_until_the_work_is_done() {
    let cost = Cost { memory_kib: 19_456, iterations: 8, parallel: 1 };
    let hasher = hasher(cost, 1, 0);
    {
        let mut given_up = Box::pin(hasher.compare(typed("kq83mzpa"), None));
        assert!(futures_util::poll!(&mut given_up).is_pending());
    }
    assert_eq!(hasher.in_flight(), 1);
    assert!(matches!(hasher.compare(typed("kq83mzpa"), None).await, Err(HasherError::Busy)));
}

#[test]
fn an_api_key_says_whose_it_is_and_for_which_environment() {
    let random = SeededRandomness::new(1);
    for (holder, environment, prefix) in [
        (KeyHolder::Merchant, Environment::Test, "sk_test_"),
        (KeyHolder::Merchant, Environment::Live, "sk_live_"),
        (KeyHolder::Issuer, Environment::Test, "ik_test_"),
        (KeyHolder::Issuer, Environment::Live, "ik_live_"),
    ] {
        let key = ApiKey::generate(holder, environment, &*random);
        let read = ApiKey::parse(key.expose()).unwrap();
        assert!(key.expose().starts_with(prefix));
        assert_eq!((read.holder, read.environment, read.digest()), (holder, environment, key.digest()));
        assert!(!format!("{key:?}").contains(&key.expose()[10..]));
    }
}

#[test]
fn mistyped_api_keys_are_told_from_other_texts() {
    let key = ApiKey::generate(KeyHolder::Merchant, Environment::Test, &*SeededRandomness::new(1));
    let text = key.expose();
    let slip = if text.contains('a') { text.replacen('a', "b", 1) } else { text.replacen('1', "2", 1) };
    let cases = [
        (slip, ApiKeyError::Checksum),
        (text.replace("sk_test_", "sk_live_"), ApiKeyError::Checksum),
        (text.replace("sk_test_", "ik_test_"), ApiKeyError::Checksum),
        (text[..text.len() - 1].to_owned(), ApiKeyError::Form),
        (format!("{text} "), ApiKeyError::Form),
        (text.to_uppercase(), ApiKeyError::Form),
        (format!("{}é{}", &text[..20], &text[22..]), ApiKeyError::Form),
        (String::new(), ApiKeyError::Form),
    ];
    for (text, expected) in cases {
        assert_eq!(ApiKey::parse(&text).map(|_| ()), Err(expected), "{text}");
    }
}

#[test]
fn a_token_is_read_back_in_its_one_spelling_only() {
    let token = Token::generate(&*SeededRandomness::new(1));
    let text = token.expose().to_owned();
    assert_eq!(text.len(), 43);
    assert_eq!(Token::parse(&text).unwrap().digest(), token.digest());
    for other in [format!("{text}="), format!("{}!", &text[..42]), text[..42].to_owned(), String::new()] {
        assert!(Token::parse(&other).is_none(), "{other}");
    }
}
