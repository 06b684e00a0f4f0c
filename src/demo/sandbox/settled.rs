//! People and merchants of the sandbox, as they are registered: names, addresses and card numbers that nobody has.

use super::chance::Chance;
use super::people::Person;
use super::shops::Shop;
use super::{ACTOR, SandboxError};
use crate::app::App;
use crate::domain::card::{CardNumber, CardNumberError, CardStatus, Expiry};
use crate::domain::cardholder::{Address, CardholderRecord};
use crate::domain::clock::Micros;
use crate::domain::consent::{Basis, ConsentState};
use crate::flow::register::{CardEntry, CardholderEntry, SharingBasis, note};
use crate::flow::sandbox::{Resident, settle};

/// So many people are registered in one transaction.
const AT_ONCE: usize = 500;

const FAMILY: [(&str, &str, &str); 8] = [
    ("佐藤", "サトウ", "Sato"),
    ("鈴木", "スズキ", "Suzuki"),
    ("高橋", "タカハシ", "Takahashi"),
    ("田中", "タナカ", "Tanaka"),
    ("渡辺", "ワタナベ", "Watanabe"),
    ("中村", "ナカムラ", "Nakamura"),
    ("小林", "コバヤシ", "Kobayashi"),
    ("加藤", "カトウ", "Kato"),
];
const GIVEN: [(&str, &str, &str); 8] = [
    ("花子", "ハナコ", "Hanako"),
    ("太郎", "タロウ", "Taro"),
    ("美咲", "ミサキ", "Misaki"),
    ("健太", "ケンタ", "Kenta"),
    ("陽菜", "ヒナ", "Hina"),
    ("大輔", "ダイスケ", "Daisuke"),
    ("葵", "アオイ", "Aoi"),
    ("翔", "ショウ", "Sho"),
];

/// Registers merchants and people as if it had been at `at`.
pub(super) async fn register(
    app: &App,
    seed: u64,
    shops: &[Shop],
    people: &[Person],
    at: Micros,
) -> Result<(), SandboxError> {
    for shop in shops {
        let entry = note(app, ACTOR, "merchant.create", shop.merchant.id.to_string());
        app.store.add_merchant(shop.merchant.clone(), at, entry).await?;
    }
    for group in people.chunks(AT_ONCE) {
        let residents = group.iter().map(|person| resident(seed, person, at)).collect::<Result<_, _>>()?;
        settle(app, ACTOR, residents, at).await?;
    }
    Ok(())
}

fn resident(seed: u64, person: &Person, at: Micros) -> Result<Resident, CardNumberError> {
    let mut chance = Chance::of(seed, "resident", [u64::from(person.number), 0]);
    let reference = format!("sandbox-{seed}-{}", person.number);
    let informed = SharingBasis {
        basis: Basis::Notice,
        notice_version: "sandbox".to_owned(),
        informed_at: Micros(at.0 - Micros::DAY),
    };
    Ok(Resident {
        id: person.id,
        card_id: person.card_id,
        informed: chance.id(at),
        objects: (person.consent == ConsentState::OptedOut).then(|| chance.id(at)),
        holder: CardholderEntry {
            reference: reference.clone(),
            record: record(person, &mut chance),
            sharing: (person.consent != ConsentState::Unknown).then_some(informed),
        },
        card: CardEntry {
            reference: reference.clone(),
            cardholder_reference: reference,
            number: CardNumber::parse(&number(seed, person.number))?,
            expiry: Expiry::parse("2031-12").ok_or(CardNumberError::Length)?,
            programme: person.programme.to_owned(),
            status: CardStatus::Active,
            issued_at: Micros(at.0 - person.card_age_days * Micros::DAY),
        },
    })
}

fn record(person: &Person, chance: &mut Chance) -> CardholderRecord {
    let family = chance.pick(&FAMILY).copied().unwrap_or_default();
    let given = chance.pick(&GIVEN).copied().unwrap_or_default();
    let number = person.number;
    CardholderRecord {
        name_kanji: Some(format!("{} {}", family.0, given.0)),
        name_kana: Some(format!("{} {}", family.1, given.1)),
        name_latin: Some(format!("{} {}", given.2, family.2)),
        birth_date: Some(format!("{}-{:02}-{:02}", chance.whole(1946, 2006), chance.whole(1, 12), chance.whole(1, 28))),
        email: Some(format!("sandbox-{number}@mail.example")),
        phone: None,
        address: Some(Address {
            country: "JP".to_owned(),
            postal_code: format!("{:03}-{:04}", chance.whole(10, 999), chance.whole(0, 9_999)),
            region: Some(person.prefecture.clone()),
            city: None,
            line1: format!("砂場町{}-{}-{}", chance.whole(1, 9), chance.whole(1, 30), number),
            line2: None,
        }),
    }
}

/// The number of a card, with Luhn's check digit (ISO/IEC 7812-1).
fn number(seed: u64, person: u32) -> String {
    let body = format!("3569{:03}{person:08}", seed % 1_000);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| (u32::from(byte.saturating_sub(b'0')), at % 2 == 0))
        .map(|(digit, doubled)| if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// The last four digits of a card's number.
pub(super) fn last_four(seed: u64, person: u32) -> String {
    let number = number(seed, person);
    number.get(number.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_one_of_a_card_and_no_two_are_the_same() {
        let numbers: std::collections::BTreeSet<String> = (0..500).map(|person| number(7, person)).collect();
        assert_eq!(numbers.len(), 500);
        assert!(numbers.iter().all(|number| CardNumber::parse(number).is_ok()));
        assert!(number(8, 3) != number(7, 3) && number(7, 3).ends_with(&last_four(7, 3)));
    }
}
