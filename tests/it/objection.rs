//! What is refused when a person's word is recorded, what her scopes come to, and who may take it back.

use sekisho::domain::consent::coverage::Coverage;
use sekisho::domain::consent::line::Identity;
use sekisho::domain::consent::{Basis, ConsentAction, ConsentState, IdentityMethod, IdentityOutcome, Purpose};
use sekisho::domain::id::{CardId, CardholderId};
use sekisho::flow::consent::correct::correct;
use sekisho::flow::consent::resume::{self, ResumeError};
use sekisho::flow::consent::{ConsentError, Statement, object as object_by_id};
use serde_json::json;
use uuid::Uuid;

use crate::support::consent::{object, statement};
use crate::support::deployment::{Deployment, TestCard, Wanted, on_every_database};
use crate::support::line::all_lines_are_whole;

async fn holder(deployment: &Deployment, card: &TestCard) -> CardholderId {
    deployment.app.store.cardholder_key(&card.cardholder).await.unwrap().unwrap().0
}

async fn refused(deployment: &Deployment, id: CardholderId, statement: Statement) -> String {
    let recorded = object_by_id(&deployment.app, "agent", id, ConsentAction::Object, statement).await;
    recorded.expect_err("it was recorded").to_string()
}

async fn events(deployment: &Deployment) -> Vec<i64> {
    deployment.tables.column("SELECT COUNT(*) FROM consent_events WHERE action <> 'notify'", Vec::new()).await
}

async fn assessed(deployment: &Deployment, card: &TestCard) -> &'static str {
    let answer = deployment.buys(card, &json!({})).await;
    let assessment = deployment.facts(&answer).await.assessment;
    if assessment.reason().is_empty() { assessment.status() } else { assessment.reason() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_true_is_refused_and_nothing_is_recorded() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        let id = holder(deployment, &card).await;
        let before = events(deployment).await;
        let now = deployment.app.now();
        let dated = |at| Statement { effective_from: Some(at), ..statement() };
        let called = |reference: &str| Statement { reference: Some(reference.to_owned()), ..statement() };
        let about = |coverage| Statement { coverage, ..statement() };
        let foreign = CardId::from_uuid(Uuid::from_u128(7));
        let purpose = |purpose| Coverage { purpose: Some(purpose), ..Coverage::default() };
        let recipient = Coverage { recipient: Some("nobody".to_owned()), ..Coverage::default() };
        let cards = Coverage { cards: Some([foreign].into()), ..Coverage::default() };
        for (statement, told) in [
            (dated(now.plus_seconds(1)), "in the future"),
            (dated(now.plus_seconds(-86_400 * 365)), "before her record began"),
            (called(&"a".repeat(10_240)), "longer than 64"),
            (called("CALL\u{7}"), "control character"),
            (called("CALL\u{202e}1"), "writing direction"),
            (called("two\nlines"), "control character"),
            (about(cards), "not one of this cardholder's"),
            (about(recipient), "no recipient `nobody`"),
            (about(purpose(Purpose::Erase)), "nobody can object to erasure"),
            (Statement { script_version: Some("1999".to_owned()), ..statement() }, "no notice has the version"),
            (Statement { evidence_digest: Some("abc".to_owned()), ..statement() }, "64 hexadecimal digits"),
        ] {
            let error = refused(deployment, id, statement).await;
            assert!(error.contains(told) && error.contains("hint:"), "{error}");
        }
        let stranger = CardholderId::from_uuid(Uuid::from_u128(7));
        assert!(refused(deployment, stranger, statement()).await.contains("no cardholder has the reference"));
        assert_eq!(events(deployment).await, before);
        assert_eq!(assessed(deployment, &card).await, "answered");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_objection_is_recorded_and_told_since_when_the_first_one_stands() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        let first = object(&deployment.app, &card.cardholder).await;
        deployment.clock.advance(60);
        let second = object(&deployment.app, &card.cardholder).await;
        assert_eq!((first.already_since, second.already_since), (None, Some(first.event.recorded_at)));
        assert_eq!(second.event.state, ConsentState::OptedOut);
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_show_who_she_is_is_protected_and_told_by_letter() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        let id = holder(deployment, &card).await;
        let identity = Identity { method: IdentityMethod::KnownFacts, outcome: IdentityOutcome::Failed };
        let failed = Statement { identity, ..statement() };
        let objection = object_by_id(&deployment.app, "agent", id, ConsentAction::Object, failed).await.unwrap();
        assert_eq!((objection.event.pending, objection.event.state), (true, ConsentState::Pending));
        assert_eq!(assessed(deployment, &card).await, "pending");
        let kinds = "SELECT kind FROM outbox WHERE cardholder_id IS NOT NULL";
        assert_eq!(deployment.tables.column::<String>(kinds, Vec::new()).await, ["pending_notice_mail"]);
        object(&deployment.app, &card.cardholder).await;
        assert_eq!(assessed(deployment, &card).await, "opted_out");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_for_one_card_follows_its_renewal_and_one_for_all_covers_new_cards() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        let other = deployment.card_of(&card.cardholder, &json!({})).await;
        let id = holder(deployment, &card).await;
        let own = deployment.app.store.card(&card.reference).await.unwrap().unwrap().id;
        let coverage = Coverage { cards: Some([own].into()), ..Coverage::default() };
        let narrow = Statement { coverage, ..statement() };
        object_by_id(&deployment.app, "agent", id, ConsentAction::Object, narrow).await.unwrap();
        assert_eq!(assessed(deployment, &card).await, "opted_out");
        assert_eq!(assessed(deployment, &other).await, "answered");
        object(&deployment.app, &card.cardholder).await;
        let added = deployment.card_of(&card.cardholder, &json!({})).await;
        assert_eq!(assessed(deployment, &added).await, "opted_out");
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_needs_a_passed_check_a_notice_and_a_second_person() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        let (app, id) = (&deployment.app, holder(deployment, &card).await);
        object(app, &card.cardholder).await;
        let identity = Identity { method: IdentityMethod::KnownFacts, outcome: IdentityOutcome::NotDone };
        let unchecked = Statement { identity, ..statement() };
        let asked = resume::request(app, "agent", id, Basis::Notice, unchecked).await;
        assert!(matches!(asked, Err(ResumeError::IdentityNotShown)));
        let unread = Statement { script_version: None, ..statement() };
        let asked = resume::request(app, "agent", id, Basis::Notice, unread).await;
        assert!(matches!(asked, Err(ResumeError::NoNotice)));
        let filed = resume::request(app, "agent", id, Basis::Notice, statement()).await.unwrap();
        assert_eq!(assessed(deployment, &card).await, "opted_out");
        let own = resume::approve(app, "agent", filed.id, None).await;
        assert!(matches!(own, Err(ResumeError::OwnRequest)));
        let again = resume::request(app, "agent", id, Basis::Notice, statement()).await;
        assert!(matches!(again, Err(ResumeError::Waiting)));
        resume::refuse(app, "supervisor", filed.id, Some("声が違う")).await.unwrap();
        let late = resume::approve(app, "other supervisor", filed.id, None).await;
        assert!(matches!(late, Err(ResumeError::Decided(_))));
        assert_eq!(assessed(deployment, &card).await, "opted_out");
        let filed = resume::request(app, "agent", id, Basis::Notice, statement()).await.unwrap();
        let event = resume::approve(app, "supervisor", filed.id, None).await.unwrap();
        assert_eq!((event.approval_id, event.state), (Some(filed.id), ConsentState::Permitted));
        assert_eq!(assessed(deployment, &card).await, "answered");
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_points_back_changes_no_state_and_is_not_corrected_itself() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        let objection = object(&deployment.app, &card.cardholder).await;
        let words = Statement { reference: Some("CALL-2".to_owned()), ..statement() };
        let correction = correct(&deployment.app, "agent", objection.event.id, words.clone()).await.unwrap();
        assert_eq!((correction.corrects, correction.state), (Some(objection.event.id), ConsentState::OptedOut));
        let again = correct(&deployment.app, "agent", correction.id, words).await;
        assert!(matches!(again, Err(ConsentError::CorrectionOfCorrection(_))));
        assert_eq!(assessed(deployment, &card).await, "opted_out");
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_works_by_agreement_gets_nothing_by_a_notice() {
    let wanted = Wanted::provider()
        .with("SEKISHO__ANALYTICS__PROVIDER", "minfraud")
        .with("SEKISHO__ANALYTICS__RECIPIENT", "minfraud");
    on_every_database(wanted, async |deployment| {
        let card = deployment.enrolled().await;
        assert_eq!(assessed(deployment, &card).await, "consent_unknown");
        let (app, id) = (&deployment.app, holder(deployment, &card).await);
        let filed = resume::request(app, "agent", id, Basis::Consent, statement()).await.unwrap();
        resume::approve(app, "supervisor", filed.id, None).await.unwrap();
        assert_eq!(assessed(deployment, &card).await, "answered");
        assert_eq!(deployment.provider().calls().len(), 1);
        object(app, &card.cardholder).await;
        assert_eq!(assessed(deployment, &card).await, "opted_out");
        all_lines_are_whole(deployment).await;
    })
    .await;
}
