//! What a member changes of a card on her own pages: message, password, one-time password, and what of it others cannot.

use sekisho::credential::one_time::password_at;
use sekisho::credential::password::PasswordError;
use sekisho::domain::facts::Method;
use sekisho::domain::personal_message::PersonalMessageError;
use sekisho::flow::member_card::message::{self, MessageError};
use sekisho::flow::member_card::one_time::{self, OneTimeError};
use sekisho::flow::member_card::password::{self, PasswordChangeError};
use sekisho::flow::member_card::{CardError, OwnCard, find};
use serde_json::json;

use crate::support::deployment::{Deployment, PASSWORD, Wanted, on_every_database};
use crate::support::exchange::Call;
use crate::support::member::{TestMember, signs_in};

const OTHER: &str = "lantern gingko november";

pub(crate) async fn own(member: &TestMember) -> OwnCard {
    find(&member.app, &member.member, member.enrolment_id).await.unwrap()
}

async fn challenged(deployment: &Deployment, member: &TestMember) -> serde_json::Value {
    deployment.buys(&member.card, &json!({"challenge": {"wish": "challenge"}})).await
}

/// The bytes of the secret in a URL for apps.
fn secret_of(url: &str) -> Vec<u8> {
    let url = url::Url::parse(url).unwrap();
    let text = url.query_pairs().find(|(name, _)| name == "secret").unwrap().1.into_owned();
    secret_of_text(&text)
}

/// The bytes of a secret as a page shows it (RFC 4648, section 6).
pub(crate) fn secret_of_text(text: &str) -> Vec<u8> {
    let fives = text.bytes().map(|sign| if sign.is_ascii_digit() { sign - b'2' + 26 } else { sign - b'A' });
    let bits: Vec<u8> = fives.flat_map(|five| (0..5).rev().map(move |at| five >> at & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |whole, bit| whole << 1 | bit)).collect()
}

/// Sets one-time passwords up; the secret and the recovery codes.
pub(crate) async fn sets_up(deployment: &Deployment, member: &TestMember) -> (Vec<u8>, Vec<String>) {
    let own = own(member).await;
    one_time::apply(&member.app, &member.member, &own).await.unwrap();
    let secret = secret_of(&one_time::shown(&member.app, &own).await.unwrap());
    let code = password_at(&secret, deployment.app.now()).unwrap();
    let codes = one_time::confirm(&member.app, &member.member, &own, &code).await.unwrap();
    (secret, codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_shown_in_the_next_challenge_as_it_was_typed() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        for (typed, shown) in [
            ("<b>祖母</b> & \"庭\"", "&#60;b&#62;祖母&#60;/b&#62; &#38; &#34;庭&#34;"),
            ("👩\u{200d}👩\u{200d}👧と海へ🇯🇵", "👩\u{200d}👩\u{200d}👧と海へ🇯🇵"),
            ("  か\u{3099}らす   窓 ", "がらす 窓"),
        ] {
            message::change(&member.app, &member.member, &own(&member).await, typed).await.unwrap();
            let answer = challenged(deployment, &member).await;
            let path = answer["challenge"]["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8480").unwrap();
            let page = deployment.send(Call::get(path).header("sec-fetch-dest", "iframe")).await;
            assert!(page.text.contains(&format!("<bdi>{shown}</bdi>")), "{typed}: {}", page.text);
        }
        let own = own(&member).await;
        assert!(!own.card.personal_message_provisional);
        assert_eq!(own.card.personal_message_at, Some(deployment.app.now()));
        let audited = deployment.audited("member.message").await;
        assert_eq!(audited, vec![format!("{} {} done", member.member.actor(), member.enrolment_id); 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_gives_something_away_or_cannot_be_seen_is_refused() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let own = own(&member).await;
        let before = message::read(&own).unwrap();
        let refused = async |text: &str| message::change(&member.app, &member.member, &own, text).await.unwrap_err();
        assert!(matches!(refused(PASSWORD).await, MessageError::Password));
        assert!(matches!(refused(&before).await, MessageError::Same));
        let digits = refused(&format!("card {}", own.card.last_four)).await;
        assert!(matches!(digits, MessageError::Rules(PersonalMessageError::CardDigits)));
        for text in ["", "x", &"x".repeat(500), "a\u{202e}b", "a\nb", "Z\u{351}\u{36b}\u{343}\u{36a}"] {
            assert!(matches!(refused(text).await, MessageError::Rules(_)), "{text:?}");
        }
        let now = find(&member.app, &member.member, member.enrolment_id).await.unwrap();
        assert_eq!(message::read(&now).unwrap(), before);
        assert!(deployment.audited("member.message").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_every_other_session_and_opens_the_next_challenge() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let elsewhere = signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.unwrap();
        let own = own(&member).await;
        assert_eq!(password::change(&member.app, &member.member, &own, OTHER).await.unwrap(), 1);
        let page = Call::get("/my").header("cookie", &format!("__Host-sekisho-my={elsewhere}"));
        assert_eq!(deployment.send(page).await.status, 303);
        assert_eq!(deployment.send(member.get("/my")).await.status, 200);
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.is_err());
        signs_in(&deployment.app, &member.member_id, OTHER, "").await.unwrap();
        let answer = challenged(deployment, &member).await;
        deployment.prove(&answer, PASSWORD).await;
        deployment.prove(&answer, OTHER).await;
        assert_eq!(deployment.read(&answer).await.ok(200)["status"], "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_short_common_weak_or_the_same_is_refused() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let own = own(&member).await;
        let refused = async |text: &str| password::change(&member.app, &member.member, &own, text).await.unwrap_err();
        let rules = PasswordChangeError::Rules;
        for (text, error) in [
            ("short", rules(PasswordError::TooShort)),
            ("password1", rules(PasswordError::Guessable)),
            (&member.member_id, rules(PasswordError::Guessable)),
            ("qwerty2024", PasswordChangeError::Weak(None)),
            (PASSWORD, PasswordChangeError::Same),
        ] {
            let found = refused(text).await;
            assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&error), "{text}: {found}");
        }
        assert!(matches!(refused(&"x".repeat(1 << 20)).await, PasswordChangeError::Rules(PasswordError::TooLong)));
        signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_time_passwords_take_the_place_of_the_password_until_they_are_removed() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let offered = async || {
            let answer = challenged(deployment, &member).await;
            deployment.facts(&answer).await.enrolment.usable_methods
        };
        assert!(offered().await.contains(&Method::Password));
        let (_, codes) = sets_up(deployment, &member).await;
        assert_eq!(codes.len(), 10);
        assert!(offered().await.contains(&Method::Totp));
        let answer = challenged(deployment, &member).await;
        let path = answer["challenge"]["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8480").unwrap();
        let page = deployment.send(Call::get(path).header("sec-fetch-dest", "iframe")).await;
        assert!(!page.text.contains("name=\"password\"") && page.text.contains("name=\"code\""), "{}", page.text);
        one_time::remove(&member.app, &member.member, &own(&member).await).await.unwrap();
        let answer = challenged(deployment, &member).await;
        deployment.prove(&answer, PASSWORD).await;
        assert_eq!(deployment.read(&answer).await.ok(200)["status"], "approved");
        let left: i64 = deployment.tables.value("SELECT COUNT(*) FROM recovery_codes", Vec::new()).await;
        let steps: i64 = deployment.tables.value("SELECT COUNT(*) FROM used_steps", Vec::new()).await;
        assert_eq!((left, steps), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_that_confirms_a_secret_signs_nobody_in_again() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let (secret, codes) = sets_up(deployment, &member).await;
        let now = deployment.app.now();
        let used = password_at(&secret, now).unwrap();
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, &used).await.is_err());
        deployment.clock.advance(30);
        let next = password_at(&secret, deployment.app.now()).unwrap();
        signs_in(&deployment.app, &member.member_id, PASSWORD, &next).await.unwrap();
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, &next).await.is_err());
        // A recovery code is good for one sign-in.
        signs_in(&deployment.app, &member.member_id, PASSWORD, &codes[0]).await.unwrap();
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, &codes[0]).await.is_err());
        let renewed = one_time::renew_recovery_codes(&member.app, &member.member, &own(&member).await).await.unwrap();
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, &codes[1]).await.is_err());
        signs_in(&deployment.app, &member.member_id, PASSWORD, &renewed[1]).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_confirmed_once_in_its_time_and_by_its_own_code_alone() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let own = own(&member).await;
        let confirm = async |code: &str| one_time::confirm(&member.app, &member.member, &own, code).await;
        assert!(matches!(confirm("000000").await, Err(OneTimeError::NoApplication)));
        one_time::apply(&member.app, &member.member, &own).await.unwrap();
        let url = one_time::shown(&member.app, &own).await.unwrap();
        // Asked for again, the same secret is shown: a reload does not spoil what the app has taken in.
        assert_eq!(*url, *one_time::shown(&member.app, &own).await.unwrap());
        let secret = secret_of(&url);
        let ahead = password_at(&secret, deployment.app.now().plus_seconds(30)).unwrap();
        assert!(matches!(confirm(&ahead).await, Err(OneTimeError::Code)));
        let code = password_at(&secret, deployment.app.now()).unwrap();
        let both = tokio::join!(confirm(&code), confirm(&code));
        assert_eq!([both.0.is_ok(), both.1.is_ok()].iter().filter(|done| **done).count(), 1);
        // Replaced: the old one is good until the new one is confirmed, and the same step may confirm both.
        one_time::apply(&member.app, &member.member, &own).await.unwrap();
        deployment.clock.advance(901);
        assert!(matches!(one_time::shown(&member.app, &own).await, Err(OneTimeError::NoApplication)));
        let code = password_at(&secret, deployment.app.now()).unwrap();
        signs_in(&deployment.app, &member.member_id, PASSWORD, &code).await.unwrap();
        sets_up(deployment, &member).await;
        deployment.clock.advance(60);
        let old = password_at(&secret, deployment.app.now()).unwrap();
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, &old).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_message_or_code_stands_in_the_database() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let (secret, codes) = sets_up(deployment, &member).await;
        message::change(&member.app, &member.member, &own(&member).await, "私だけの言葉です").await.unwrap();
        let plain = codes[0].replace('-', "");
        for (place, bytes) in deployment.tables.dump().await {
            let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!holds(&secret), "{place}");
            assert!(!holds(hex::encode(&secret).as_bytes()), "{place}");
            assert!(!holds(plain.as_bytes()) && !holds(codes[0].as_bytes()), "{place}");
            assert!(!holds("私だけの言葉です".as_bytes()), "{place}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_members_card_looks_like_one_that_does_not_exist() {
    on_every_database(Wanted::default(), async |deployment| {
        let (hers, his) = (deployment.member().await, deployment.member().await);
        let found = find(&hers.app, &hers.member, his.enrolment_id).await;
        assert!(matches!(found, Err(CardError::NotHers)));
        let unknown = "enrol_00000000000000000000000000000000";
        for end in ["", "/message", "/password", "/one-time", "/contacts", "/passkeys", "/purchases"] {
            let mut pages = Vec::new();
            for id in [his.enrolment_id.to_string().as_str(), unknown, "no-enrolment"] {
                let page = deployment.send(hers.get(&format!("/my/cards/{id}{end}"))).await;
                assert_eq!(page.status, 404, "{id}{end}");
                let text = page.text.replace(id, "");
                pages.push(text.split("<footer>").next().unwrap().split("req_").next().unwrap().to_owned());
            }
            assert!(pages.windows(2).all(|pair| pair[0] == pair[1]), "{end}");
        }
        let forged = hers.post(&format!("/my/cards/{}/one-time/remove", his.enrolment_id), &[]);
        assert_eq!(deployment.send(forged).await.status, 404);
    })
    .await;
}
