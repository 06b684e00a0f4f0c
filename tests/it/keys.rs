//! Secret keys: the key file, and everything made with the keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use sekisho::domain::card::CardNumber;
use sekisho::domain::clock::{Clock, Micros};
use sekisho::domain::id::CardholderId;
use sekisho::keys::{KeyError, Keys, SealError, WrappedKey};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::clock::ManualClock;
use crate::support::randomness::SeededRandomness;

fn random() -> Arc<SeededRandomness> {
    SeededRandomness::new(1)
}

fn now() -> Micros {
    ManualClock::at("2026-11-22T09:00:00Z").now()
}

fn fresh_text(seed: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    Keys::load_or_create(&path, &*SeededRandomness::new(seed), now()).unwrap();
    fs::read_to_string(path).unwrap()
}

fn keys() -> Keys {
    Keys::from_toml(&fresh_text(1)).unwrap()
}

/// The keys of seed 1 after a rotation: those of seed 2 stand before them.
fn rotated() -> Keys {
    let old: toml::Table = fresh_text(1).parse().unwrap();
    let mut both: toml::Table = fresh_text(2).parse().unwrap();
    for (purpose, entries) in &mut both {
        entries.as_array_mut().unwrap().extend(old[purpose].as_array().unwrap().iter().cloned());
    }
    Keys::from_toml(&both.to_string()).unwrap()
}

fn holder(number: u128) -> CardholderId {
    CardholderId::from_uuid(Uuid::from_u128(number))
}

#[test]
fn the_first_start_makes_a_key_file_that_only_the_owner_reads_and_later_starts_use_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/keys.toml");
    let first = Keys::load_or_create(&path, &*random(), now()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let again = Keys::load_or_create(&path, &*SeededRandomness::new(99), now()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(first.mac("a", &[b"b"]), again.mac("a", &[b"b"]));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
}

#[test]
fn processes_that_start_at_once_agree_on_one_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let macs: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|seed| {
                scope.spawn({
                    let path = &path;
                    move || Keys::load_or_create(path, &*SeededRandomness::new(seed), now()).unwrap().mac("a", &[])
                })
            })
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(macs.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_key_file_that_others_may_read_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    Keys::load_or_create(&path, &*random(), now()).unwrap();
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Keys::load_or_create(&path, &*random(), now()).unwrap_err();
        assert!(matches!(error, KeyError::Exposed { .. }), "{mode:o}");
        assert!(error.to_string().contains("hint: chmod 600"));
    }
}

#[test]
fn a_broken_key_file_is_refused_and_its_keys_are_not_shown() {
    let good = fresh_text(1);
    let secret = good.lines().find_map(|line| line.strip_prefix("key = \"")).unwrap().trim_end_matches('"').to_owned();
    let first_id = good.lines().find(|line| line.starts_with("id = ")).unwrap().to_owned();
    let cut = good.split("[[api_cursor]]").next().unwrap().to_owned();
    let cases = [
        ("empty", String::new()),
        ("a purpose is missing", cut),
        ("an unknown purpose", format!("{good}\n[[other]]\nid = \"a\"\n")),
        ("an unknown field", good.replacen("created_at", "made_at", 1)),
        ("a short key", good.replacen(&secret, "AAAA", 1)),
        ("no base64", good.replacen(&secret, &format!("{}!", &secret[1..]), 1)),
        ("a long id", good.replacen(&first_id, "id = \"abcdefghi\"", 1)),
        ("an id in capitals", good.replacen(&first_id, "id = \"ABC\"", 1)),
        ("the line is broken", good.replacen("key = \"", "key = ", 1)),
        (
            "one id twice",
            good.replacen(
                "[[card_number]]",
                &format!("[[card_number]]\n{first_id}\nkey = \"{secret}\"\ncreated_at = \"\"\n\n[[card_number]]"),
                1,
            ),
        ),
    ];
    for (name, text) in cases {
        let error = Keys::from_toml(&text).expect_err(name).to_string();
        assert!(error.contains("hint:"), "{name}: {error}");
        assert!(!error.contains(&secret[1..20]), "{name}: {error}");
    }
}

#[test]
fn a_card_is_found_under_the_keys_before_a_rotation_and_new_work_uses_the_new_one() {
    let number = CardNumber::parse("3528000000000007").unwrap();
    let other = CardNumber::parse("3569990000000009").unwrap();
    let (before, after) = (keys(), rotated());
    let lookups = after.card_digests_for_lookup(&number);
    assert_eq!(lookups.len(), 2);
    assert_eq!(lookups[0], after.card_digest(&number));
    assert_eq!(lookups[1], before.card_digest(&number));
    assert_ne!(lookups[0].bytes, lookups[1].bytes);
    assert_ne!(before.card_digest(&number), before.card_digest(&other));
    assert_eq!(after.blind_indexes_for_lookup("email", "a@b.jp")[1], before.blind_index("email", "a@b.jp"));
    assert_eq!(after.pepper_by_id(before.pepper().0), Some(before.pepper().1));
    assert!(after.verify_mac("cursor", &[b"x"], &before.mac("cursor", &[b"x"])));
    assert!(!before.verify_mac("cursor", &[b"x"], &after.mac("cursor", &[b"x"])));
}

#[test]
fn values_of_two_classes_or_purposes_never_share_a_digest() {
    type Forged<'a> = (&'a str, &'a [&'a [u8]], &'a [u8]);
    let keys = keys();
    assert_ne!(keys.blind_index("email", "x"), keys.blind_index("phone", "x"));
    assert_ne!(keys.blind_index("a", "bc"), keys.blind_index("ab", "c"));
    let mac = keys.mac("cursor", &[b"ab", b"c"]);
    assert!(keys.verify_mac("cursor", &[b"ab", b"c"], &mac));
    let forged: [Forged; 5] = [
        ("form", &[b"ab", b"c"], &mac),
        ("cursor", &[b"a", b"bc"], &mac),
        ("cursor", &[b"abc"], &mac),
        ("cursor", &[b"ab", b"c"], &mac[..31]),
        ("cursor", &[b"ab", b"c"], &[]),
    ];
    for (purpose, parts, given) in forged {
        assert!(!keys.verify_mac(purpose, parts, given), "{purpose} {parts:?}");
    }
}

#[test]
fn what_is_sealed_for_one_place_opens_nowhere_else_and_not_after_tampering() {
    let (keys, random, row) = (keys(), random(), Uuid::from_u128(5));
    let (key, wrapped) = keys.new_person_key(holder(1), &*random).unwrap();
    let (other, _) = keys.new_person_key(holder(2), &*random).unwrap();
    let sealed = key.seal("cardholders", "record", row, b"hanako", &*random).unwrap();
    let again = keys.unwrap_person_key(holder(1), &wrapped).unwrap();
    assert_eq!(again.open("cardholders", "record", row, &sealed).unwrap().as_slice(), b"hanako");
    assert_ne!(sealed, key.seal("cardholders", "record", row, b"hanako", &*random).unwrap());

    let tampered = |index: usize| {
        let mut bytes = sealed.clone();
        bytes[index] ^= 1;
        bytes
    };
    let wrong = Err(SealError::Authentication);
    let form = Err(SealError::Form);
    let cases = [
        ("table", key.open("cards", "record", row, &sealed), wrong),
        ("column", key.open("cardholders", "name", row, &sealed), wrong),
        ("shifted", key.open("cardholdersr", "ecord", row, &sealed), wrong),
        ("row", key.open("cardholders", "record", Uuid::from_u128(6), &sealed), wrong),
        ("person", other.open("cardholders", "record", row, &sealed), wrong),
        ("nonce", key.open("cardholders", "record", row, &tampered(1)), wrong),
        ("ciphertext", key.open("cardholders", "record", row, &tampered(25)), wrong),
        ("tag", key.open("cardholders", "record", row, &tampered(sealed.len() - 1)), wrong),
        ("version", key.open("cardholders", "record", row, &tampered(0)), form),
        ("cut", key.open("cardholders", "record", row, &sealed[..20]), form),
        ("empty", key.open("cardholders", "record", row, &[]), form),
    ];
    for (name, opened, expected) in cases {
        assert_eq!(opened.map(|_| ()), expected, "{name}");
    }
}

#[test]
fn a_wrapped_key_opens_only_for_its_person_under_its_key_and_can_be_wrapped_anew() {
    let (before, after, random) = (keys(), rotated(), random());
    let (key, wrapped) = before.new_person_key(holder(1), &*random).unwrap();
    let renamed = WrappedKey { key_id: rotated_active_id(&after), ..wrapped.clone() };
    let unknown = WrappedKey { key_id: "none".into(), ..wrapped.clone() };
    let cut = WrappedKey { bytes: wrapped.bytes[..30].to_vec(), ..wrapped.clone() };
    for (name, holder, wrapped, expected) in [
        ("another person", holder(2), &wrapped, SealError::Authentication),
        ("another key id", holder(1), &renamed, SealError::Authentication),
        ("an unknown key id", holder(1), &unknown, SealError::UnknownKey),
        ("cut off", holder(1), &cut, SealError::Authentication),
    ] {
        assert_eq!(after.unwrap_person_key(holder, wrapped).unwrap_err(), expected, "{name}");
    }
    let anew = after.rewrap_person_key(holder(1), &wrapped, &*random).unwrap().unwrap();
    assert_ne!(anew.key_id, wrapped.key_id);
    assert_eq!(after.rewrap_person_key(holder(1), &anew, &*random).unwrap(), None);
    let sealed = key.seal("t", "c", Uuid::nil(), b"x", &*random).unwrap();
    let opened = after.unwrap_person_key(holder(1), &anew).unwrap().open("t", "c", Uuid::nil(), &sealed);
    assert_eq!(opened.unwrap().as_slice(), b"x");
}

fn rotated_active_id(keys: &Keys) -> String {
    keys.new_person_key(holder(9), &*random()).unwrap().1.key_id
}

#[test]
fn a_result_is_the_same_text_each_time_and_verifies_with_the_published_keys_alone() {
    let keys = keys();
    let claims = json!({"status": "approved", "amount": 1200, "exp": 1});
    let token = keys.sign_result(&claims).unwrap();
    assert_eq!(token, keys.sign_result(&claims).unwrap());

    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys.jwks()).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("sekisho-result+jwt"));
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    assert_eq!(jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap().claims, claims);
}

#[test]
fn forged_and_foreign_results_are_not_believed() {
    use base64::Engine;
    let encode = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let keys = keys();
    let token = keys.sign_result(&json!({"status": "approved"})).unwrap();
    let after = rotated();
    assert!(after.verify_result::<Value>(&token).is_ok(), "an older key still verifies");
    let parts: Vec<&str> = token.split('.').collect();
    let kid = keys.jwks()["keys"][0]["kid"].clone();
    let with_header = |header: Value| format!("{}.{}.{}", encode(header), parts[1], parts[2]);
    let cases = [
        ("claims changed", format!("{}.{}.{}", parts[0], encode(json!({"status": "rejected"})), parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("no algorithm", with_header(json!({"alg": "none", "kid": kid, "typ": "sekisho-result+jwt"}))),
        (
            "public key as a shared secret",
            with_header(json!({"alg": "HS256", "kid": kid, "typ": "sekisho-result+jwt"})),
        ),
        ("another type", with_header(json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"}))),
        ("no key id", with_header(json!({"alg": "EdDSA", "typ": "sekisho-result+jwt"}))),
        (
            "another's key",
            Keys::from_toml(&fresh_text(7)).unwrap().sign_result(&json!({"status": "approved"})).unwrap(),
        ),
        ("nothing", String::new()),
        ("words", "a.b.c".to_owned()),
    ];
    for (name, forged) in cases {
        assert!(keys.verify_result::<Value>(&forged).is_err(), "{name}");
    }
    assert!(keys.verify_result::<Value>(&after.sign_result(&json!({})).unwrap()).is_err());
}

#[test]
fn an_authentication_value_is_28_characters_and_depends_on_every_part() {
    let keys = keys();
    let value = keys.authentication_value(&[b"auth", b"1200", b"JPY"]);
    assert_eq!(value.len(), 28);
    assert_eq!(value, keys.authentication_value(&[b"auth", b"1200", b"JPY"]));
    for parts in [[&b"auth"[..], b"1201", b"JPY"], [b"auth", b"120", b"0JPY"], [b"autg", b"1200", b"JPY"]] {
        assert_ne!(value, keys.authentication_value(&parts), "{parts:?}");
    }
}

#[test]
fn no_secret_shows_when_keys_are_printed() {
    let (key, _) = keys().new_person_key(holder(1), &*random()).unwrap();
    let text = fresh_text(1);
    let shown = format!("{:?} {key:?}", keys());
    for secret in text.lines().filter_map(|line| line.strip_prefix("key = \"")) {
        assert!(!shown.contains(&secret[..20]));
    }
}

#[test]
fn an_older_pseudonym_secret_stays_readable_behind_the_new_one() {
    let (old, new) = (keys(), rotated());
    assert_eq!(old.older_pseudonym_secrets().count(), 0);
    let older: Vec<_> = new.older_pseudonym_secrets().collect();
    assert_eq!(older, [old.pseudonym_secret()]);
    assert_ne!(new.pseudonym_secret(), old.pseudonym_secret());
}
