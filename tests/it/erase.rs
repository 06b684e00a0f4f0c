//! A cardholder is erased: nothing of hers can be read or found, nothing about her leaves, and every proof still holds.

use sekisho::domain::consent::Basis;
use sekisho::flow::consent::resume;
use sekisho::flow::erase::{EraseError, erase_cardholder};
use sekisho::flow::prove::{Scope, prove};
use serde_json::json;

use crate::support::consent::statement;
use crate::support::deployment::{Wanted, on_every_database};
use crate::support::exchange::Call;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_cardholder_can_be_read_or_found_and_her_line_is_proved() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        deployment.buys(&card, &json!({})).await;
        let (id, key_id, wrapped) = deployment.app.store.cardholder_key(&card.cardholder).await.unwrap().unwrap();
        let filed = resume::request(&deployment.app, "agent", id, Basis::Notice, statement()).await.unwrap();
        let digests = "SELECT email_digest FROM cardholders WHERE email_digest IS NOT NULL";
        let digest: Vec<Vec<u8>> = deployment.tables.column(digests, Vec::new()).await;
        assert_eq!(digest.len(), 1);

        erase_cardholder(&deployment.app, "staff", id).await.unwrap();
        let again = erase_cardholder(&deployment.app, "staff", id).await;
        assert!(matches!(again, Err(EraseError::Erased)), "{again:?}");
        let texts = [card.cardholder.as_bytes(), card.reference.as_bytes(), &wrapped, &digest[0], key_id.as_bytes()];
        for (place, bytes) in deployment.tables.dump().await {
            for text in &texts[..4] {
                assert!(!bytes.windows(text.len()).any(|window| window == *text), "{place}");
            }
        }
        assert!(deployment.app.store.cardholder_key(&card.cardholder).await.unwrap().is_none());
        assert!(deployment.app.store.card(&card.reference).await.unwrap().is_none());

        let approved = resume::approve(&deployment.app, "supervisor", filed.id, None).await;
        assert!(approved.is_err(), "what waited is refused");
        let asked = resume::request(&deployment.app, "agent", id, Basis::Notice, statement()).await;
        assert!(asked.is_err(), "nothing can be asked for her");
        deployment.provider().forget();
        deployment.ask(&deployment.purchase(&card, &json!({}))).await;
        assert_eq!(deployment.provider().calls(), []);
        let totals = prove(&deployment.app, Scope::One(id), None).await.unwrap();
        assert_eq!((totals.people, totals.events, totals.disclosures(), totals.objections), (1, 2, 1, 1));
        let path = format!("/issuer/v1/cardholders/{id}/consent-events");
        deployment.send(Call::get(path).key(&deployment.issuer_key)).await.problem(404, "not-found");
    })
    .await;
}
