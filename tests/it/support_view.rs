//! The support view: plain words about one authentication, every look in the audit log, and nothing about the rules.

use sekisho::app::bundles::refresh;
use sekisho::demo::provider::steering::Control;
use sekisho::domain::authentication::{Ending, Status};
use sekisho::domain::bundle::{BundleMode, SHARE_WHOLE};
use sekisho::domain::challenge::ChallengeState;
use sekisho::domain::id::{AuthenticationId, CardId};
use sekisho::flow::support::{SupportError, SupportView, Words, authentication, recent};
use sekisho::policy::{Bundle, BundleSource};
use serde_json::{Value, json};

use crate::support::bundles::{rejecting, taken_back};
use crate::support::deployment::{Deployment, TestCard, Wanted, card_number, on_every_database};
use crate::support::exchange::Call;
use crate::support::staff::agent;

async fn shown(deployment: &Deployment, answer: &Value) -> SupportView {
    let id: AuthenticationId = answer["id"].as_str().unwrap().parse().unwrap();
    let view = authentication(&deployment.app, &agent(), id).await.unwrap();
    assert_eq!(view.summary.id, id);
    let texts = [&view.reasons, &view.advice, &vec![view.analysis.clone(), view.device.clone()]];
    for words in texts.into_iter().flatten().chain([&view.summary.status_words]) {
        assert_plain(&deployment.app.bundle.load().bundle, words);
    }
    view
}

/// Words that name a number in English.
const NUMBERS: [&str; 11] =
    ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "thirty", "hundred"];

/// Both languages are there; no digit, no number in words, no name of a rule or of a reason.
fn assert_plain(bundle: &Bundle, words: &Words) {
    assert!(!words.ja.is_ascii() && words.en.is_ascii(), "{words:?}");
    for text in [&words.ja, &words.en] {
        assert!(!text.chars().any(char::is_numeric), "{text}");
        assert!(!text.contains('_') && !text.contains('{'), "{text}");
        for rule in bundle.rules().iter().filter(|rule| rule.id.contains('-')) {
            assert!(!text.to_lowercase().contains(&rule.id), "{text} names {}", rule.id);
        }
    }
    let japanese: Vec<char> = words.ja.chars().collect();
    let counts =
        |pair: &[char]| "一二三四五六七八九十百千万億".contains(pair[0]) && "円回件日分枚度時".contains(pair[1]);
    assert!(!japanese.windows(2).any(counts), "{}", words.ja);
    let english = words.en.to_lowercase();
    let number = english.split(|c: char| !c.is_alphanumeric()).find(|word| NUMBERS.contains(word));
    assert!(number.is_none(), "{english}");
}

#[test]
fn no_text_for_staff_gives_a_limit_or_a_rule_away() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    let text = BundleSource::shipped();
    let table: toml::Table = text.text("reasons.toml").unwrap().parse().unwrap();
    let reasons = table["reason"].as_table().unwrap();
    assert!(reasons.len() > 50);
    for (code, reason) in reasons {
        let word = |field: &str| reason[field].as_str().unwrap_or_else(|| panic!("{code}: {field}")).to_owned();
        assert_plain(&bundle, &Words { ja: word("staff_ja"), en: word("staff_en") });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_was_turned_back_is_explained_in_plain_words() {
    on_every_database(Wanted::provider(), async |deployment| {
        let control =
            Control { score: Some("-100".to_owned()), review_status: Some("reject".to_owned()), ..Control::default() };
        deployment.provider().steer(control);
        let card = deployment.card(&json!({})).await;
        let answer = deployment.buys(&card, &json!({})).await;
        let view = shown(deployment, &answer).await;
        let (card_id, cardholder_id) = deployment.ids(&card).await;
        let summary = &view.summary;
        assert_eq!((summary.status, summary.ending), (Status::Rejected, Ending::Decided));
        assert_eq!(summary.merchant_name, "みどり書店 Online");
        assert_eq!((summary.money.to_string().as_str(), summary.card_id), ("JPY 12,800", Some(card_id)));
        assert_eq!((summary.card_last_four.as_str(), view.cardholder_id), (&card.number[12..], Some(cardholder_id)));
        assert_eq!(summary.created_at.rfc3339(), "2026-11-22T03:00:00.000000Z");
        let reasons: Vec<&str> = view.reasons.iter().map(|words| words.en.as_str()).collect();
        assert_eq!(reasons, ["The analysis recommends to reject", "The analysis sees a very high risk"]);
        assert_eq!(view.analysis.en, "The analysis company was asked and answered");
        assert_eq!(view.device.en, "A device that this card has not passed with before");
        assert!(view.challenge.is_none() && !view.vouched && view.vouch_would_help);
        assert!(view.advice[0].en.starts_with("After a check of the caller, record"), "{:?}", view.advice);
        let looked = format!("{} {} shown", agent().actor(), summary.id);
        assert_eq!(deployment.audited("authentication.look").await, [looked]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_advised_to_vouch_where_it_would_not_help() {
    on_every_database(Wanted::default(), async |deployment| {
        let stolen = deployment.card(&json!({"status": "stolen"})).await;
        let view = shown(deployment, &deployment.buys(&stolen, &json!({})).await).await;
        assert!(!view.vouch_would_help);
        assert_eq!(view.advice[0].en, "The card was reported lost or stolen: offer a new one");

        let card = deployment.card(&json!({})).await;
        let large = json!({"purchase": {"amount_minor": 3_000_001}});
        let view = shown(deployment, &deployment.buys(&card, &large).await).await;
        let advice: Vec<&str> = view.advice.iter().map(|words| words.en.as_str()).collect();
        assert_eq!(
            (view.vouch_would_help, advice),
            (false, vec!["This purchase cannot pass: suggest another way to pay"])
        );

        let turned_back = deployment.buys(&card, &json!({})).await;
        assert!(shown(deployment, &turned_back).await.vouch_would_help, "not enrolled: {turned_back}");
        let people = deployment.people().await;
        let (who, trial) = (&people.second.who, deployment.approved(&people, &rejecting("card_stolen")).await);
        deployment.use_bundle(who, &trial, BundleMode::Canary, SHARE_WHOLE).await;
        assert!(!shown(deployment, &turned_back).await.vouch_would_help, "the trial decides about the card now");
        taken_back(&deployment.app, who, "over").await.unwrap();
        refresh(&deployment.app).await.unwrap();
        assert!(shown(deployment, &turned_back).await.vouch_would_help);
        let path = format!("/v1/cards/{}/status", card.reference);
        deployment.issuer(Call::put(path), &json!({"status": "lost"})).await.ok(200);
        assert!(!shown(deployment, &turned_back).await.vouch_would_help, "lost since");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_shown_with_its_tries_and_locks() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let answer = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
        let view = shown(deployment, &answer).await;
        let challenge = view.challenge.unwrap();
        assert_eq!((challenge.state, challenge.tries, view.tries_allowed), (ChallengeState::Open, 0, 3));
        for _ in 0..3 {
            deployment.prove(&answer, "wrong wrong").await;
        }
        let view = shown(deployment, &answer).await;
        let challenge = view.challenge.unwrap();
        assert_eq!((challenge.state, challenge.tries), (ChallengeState::Failed, 3));
        assert_eq!(view.summary.status_words.en, "Turned back: the proof was wrong");
        assert_eq!((view.locks[0].lock.failures, view.locks[0].locked, view.locks[0].closed), (3, false, false));
        let until = deployment.clock_now() + 60_000_000;
        deployment.tables.run("UPDATE credentials SET locked_until = $1", vec![until.into()]).await.unwrap();
        let view = shown(deployment, &answer).await;
        assert!(view.locks[0].locked);
        assert!(view.advice[0].en.contains("unlock the proof"), "{:?}", view.advice);
        deployment.tables.run("UPDATE credentials SET failures = 100", Vec::new()).await.unwrap();
        let view = shown(deployment, &answer).await;
        assert!(view.locks[0].closed && view.advice[0].en.contains("chosen a new one"), "{:?}", view.advice);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_analysis_company_was_asked_is_said_for_every_reason() {
    on_every_database(Wanted::provider(), async |deployment| {
        let holder = deployment.cardholder(&json!({"sharing": null})).await;
        let silent = deployment.card_of(&holder, &json!({})).await;
        let view = shown(deployment, &deployment.buys(&silent, &json!({})).await).await;
        assert_eq!(view.analysis.en, "Not asked: it is not known that her data may be given away");
        deployment.provider().steer(Control { status: Some(500), ..Control::default() });
        let card = deployment.card(&json!({})).await;
        let view = shown(deployment, &deployment.buys(&card, &json!({})).await).await;
        assert_eq!(view.analysis.en, "Asked, but there was no usable answer");
        let unknown = TestCard { number: card_number(999_999), ..card };
        let view = shown(deployment, &deployment.buys(&unknown, &json!({})).await).await;
        assert_eq!(view.analysis.en, "It was decided before an analysis");
        assert_eq!((view.cardholder_id, view.summary.card_id), (None, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_listed_with_all_her_cards_newest_first_and_nobody_elses() {
    on_every_database(Wanted::default(), async |deployment| {
        let first = deployment.enrolled().await;
        let second = deployment.card_of(&first.cardholder, &json!({})).await;
        let other = deployment.enrolled().await;
        let mut bought = Vec::new();
        for card in [&first, &second, &other, &first, &second] {
            deployment.clock.advance(1);
            let id = deployment.buys(card, &json!({})).await["id"].as_str().unwrap().to_owned();
            if card.cardholder == first.cardholder {
                bought.insert(0, id);
            }
        }
        let (_, holder) = deployment.ids(&first).await;
        for (limit, expected) in [(50, 4), (3, 3), (usize::MAX, 4), (0, 0)] {
            let listed = recent(&deployment.app, &agent(), holder, limit).await.unwrap();
            let ids: Vec<String> = listed.iter().map(|summary| summary.id.to_string()).collect();
            assert_eq!(ids, bought[..expected]);
            assert!(listed.iter().all(|summary| summary.merchant_name == "みどり書店 Online"));
        }
        let looked = format!("{} {holder} listed", agent().actor());
        assert_eq!(deployment.audited("authentication.look").await, vec![looked; 4]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authentication_is_refused_and_the_look_is_kept() {
    on_every_database(Wanted::default(), async |deployment| {
        let id = AuthenticationId::from_uuid(CardId::from_uuid(uuid::Uuid::from_u128(5)).uuid());
        let refused = authentication(&deployment.app, &agent(), id).await.unwrap_err();
        assert!(matches!(refused, SupportError::Unknown(unknown) if unknown == id), "{refused}");
        let looked = format!("{} {id} unknown", agent().actor());
        assert_eq!(deployment.audited("authentication.look").await, [looked]);
    })
    .await;
}
