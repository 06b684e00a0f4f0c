//! Stored decisions explained to staff: by the bundle that decided, with every look in the audit log.

use sekisho::domain::id::AuthenticationId;
use sekisho::domain::verdict::Outcome;
use sekisho::flow::explain::{ExplainError, decision, recorded};
use sekisho::policy::case::{Fixtures, render};
use sekisho::policy::explanation::Standing;
use sekisho::policy::question::Question;
use sekisho::policy::{Bundle, BundleSource, case, decide};
use serde_json::json;

use crate::support::deployment::{Wanted, on_every_database};
use crate::support::staff::agent;

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_decision_is_explained_by_the_bundle_that_decided_it() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let answer = deployment.buys(&card, &json!({})).await;
        let id: AuthenticationId = answer["id"].as_str().unwrap().parse().unwrap();
        let explained = decision(&deployment.app, &agent(), id, None, true).await.unwrap();
        assert!(explained.is_the_decision(), "{:?}", explained.recorded.verdict);
        assert_eq!(explained.bundle_digest, explained.recorded.verdict.bundle_digest);
        let approve = &explained.explanation.questions[0];
        assert_eq!(approve.question, Question::Approve);
        assert!(approve.rules.iter().any(|rule| rule.standing == Standing::Matched));
        assert_eq!(explained.sharing.len(), 10, "five data classes and two recipients");
        let amount = explained.facts.iter().find(|fact| fact.name == "context.purchase.amount_base_minor").unwrap();
        assert_eq!((amount.value.clone(), amount.words.ja.as_str()), (Some(12_800.into()), "金額（円換算）"));
        let looked = format!("{} {id} shown", agent().actor());
        assert_eq!(deployment.audited("authentication.explain").await, [looked]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_whose_bundle_is_gone_is_explained_by_another_only_when_that_is_named() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let answer = deployment.buys(&card, &json!({})).await;
        let id: AuthenticationId = answer["id"].as_str().unwrap().parse().unwrap();
        let gone = "f".repeat(64);
        let old = deployment.app.bundle.load().bundle.digest().to_owned();
        let sql = "UPDATE authentications SET verdict = REPLACE(verdict, $1, $2)";
        deployment.tables.run(sql, vec![old.into(), gone.clone().into()]).await.unwrap();
        let refused = decision(&deployment.app, &agent(), id, None, false).await.unwrap_err();
        assert!(matches!(&refused, ExplainError::NoBundle(digest) if *digest == gone), "{refused}");
        assert!(refused.to_string().contains("hint: name another with `--with`"), "{refused}");
        let strict = "@id(\"none\")\n@title(\"Nothing passes\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n\
                      forbid (principal, action == Action::\"approve\", resource);";
        let other = Bundle::build(BundleSource::shipped().with("approve/none.cedar", strict)).unwrap();
        let explained = decision(&deployment.app, &agent(), id, Some(&other), false).await.unwrap();
        assert!(!explained.is_the_decision() && explained.bundle_digest == other.digest());
        assert_eq!(explained.explanation.verdict.outcome, Outcome::Challenge);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_explained_and_the_look_stands_in_the_audit_log() {
    on_every_database(Wanted::provider(), async |deployment| {
        let id: AuthenticationId = "auth_0192f0c1a0b07000800000000000c0de".parse().unwrap();
        let refused = decision(&deployment.app, &agent(), id, None, false).await.unwrap_err();
        assert!(matches!(refused, ExplainError::Unknown(_)), "{refused}");
        assert_eq!(deployment.audited("authentication.explain").await, [format!("{} {id} unknown", agent().actor())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_decision_becomes_a_case_that_passes() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let answer = deployment.buys(&card, &json!({})).await;
        let id: AuthenticationId = answer["id"].as_str().unwrap().parse().unwrap();
        let stored = recorded(&deployment.app, &agent(), id).await.unwrap();
        let bundle = Bundle::build(BundleSource::shipped()).unwrap();
        let fixtures = Fixtures::read(&bundle).unwrap();
        assert_eq!(decide(&bundle, &stored.facts), stored.verdict);
        let text = render("recorded", &stored.facts, &stored.verdict, &fixtures);
        for secret in [&card.number, "みどり書店"] {
            assert!(!text.contains(secret), "{text}");
        }
        let with = Bundle::build(BundleSource::shipped().with("cases/recorded.yaml", &text)).unwrap();
        let report = case::run_some(&with, Some("cases/recorded.yaml")).unwrap();
        assert_eq!((report.run, report.failures.len()), (1, 0), "{text}");
    })
    .await;
}
