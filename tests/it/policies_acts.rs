//! What compliance staff do with bundles on their pages: the same rules as on the command line, and those of forms.

use sekisho::domain::bundle::{BundleActivation, BundleMode, FindingState};
use sekisho::domain::staff::Role;

use crate::support::bundles::reworded;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::Call;
use crate::support::policies::{changed_bundle, findings};
use crate::support::staff::{TestStaff, signed_in};

async fn in_use(deployment: &Deployment, mode: BundleMode) -> Option<BundleActivation> {
    let current = deployment.app.store.current_bundles().await.unwrap();
    current.into_iter().find(|activation| activation.mode == mode)
}

/// A bundle by `author` whose proof came out so; its page.
async fn submitted(deployment: &Deployment, author: &TestStaff, proof: FindingState, weakens: &[&str]) -> String {
    let actor = author.who.actor();
    let digest = deployment.stored_bundle(&changed_bundle(), &actor, "a lower limit", &findings(proof), weakens).await;
    format!("/staff/policies/bundles/{digest}")
}

async fn people(deployment: &Deployment) -> [TestStaff; 3] {
    [
        signed_in(&deployment.app, "kaori", &[Role::Compliance]).await,
        signed_in(&deployment.app, "ren", &[Role::Compliance]).await,
        signed_in(&deployment.app, "mio", &[Role::Administrator]).await,
    ]
}

/// What a form on a page saw in use.
fn seen(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"instead_of\" value=\"").expect("a form");
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_second_person_approves_and_what_is_approved_goes_live_and_back() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let [author, other, administrator] = people(deployment).await;
        let path = submitted(deployment, &author, FindingState::Passed, &[]).await;
        let (decide, live) = (format!("{path}/decide"), format!("{path}/activate/live"));
        let form = deployment.send(administrator.get(&live)).await;
        let fields = [("instead_of", seen(&form.text))];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let early = deployment.send(administrator.post(&live, &fields)).await;
        assert!(early.status == 200 && early.text.contains("notice bad"), "{}", early.text);
        assert_eq!(deployment.send(author.get(&decide)).await.status, 403);
        assert_eq!(deployment.send(author.post(&decide, &[("decision", "approve")])).await.status, 403);
        assert!(!deployment.send(author.get(&path)).await.text.contains("/decide"));
        assert!(deployment.send(other.get(&path)).await.text.contains("/decide"));
        for note in ["a\u{7}b", "a\u{202e}b"] {
            let answer = deployment.send(other.post(&decide, &[("decision", "approve"), ("note", note)])).await;
            assert!(answer.status == 200 && answer.text.contains("id=\"note-error\""), "{}", answer.text);
        }
        assert_eq!(deployment.send(other.post(&decide, &[("decision", "perhaps")])).await.status, 400);
        let done = deployment.send(other.post(&decide, &[("decision", "approve"), ("note", "<b>ok</b>")])).await;
        assert_eq!(done.header("location"), format!("{path}?done=decided"), "{}", done.text);
        let again = deployment.send(other.post(&decide, &[("decision", "refuse"), ("note", "no")])).await;
        assert!(again.status == 200 && again.text.contains("notice bad"), "{}", again.text);
        assert!(deployment.send(other.get(&path)).await.text.contains("&#60;b&#62;ok&#60;/b&#62;"));

        // Ids of one millisecond stand in no order.
        deployment.clock.advance(1);
        let done = deployment.send(administrator.post(&live, &fields)).await;
        assert_eq!(done.header("location"), format!("{path}?done=activated"), "{}", done.text);
        let now = in_use(deployment, BundleMode::Live).await.unwrap();
        assert!(path.ends_with(&now.digest) && now.started_by == administrator.who.actor());
        let late = deployment.send(other.post(&live, &fields)).await;
        assert!(late.status == 200 && late.text.contains("notice bad"), "{}", late.text);
        let end = format!("/staff/policies/uses/{}/end", now.id);
        let unsaid = deployment.send(other.post(&end, &[("reason", " ")])).await;
        assert!(unsaid.text.contains("id=\"reason-error\""), "{}", unsaid.text);
        deployment.clock.advance(1);
        let back = deployment.send(other.post(&end, &[("reason", "too many challenges")])).await;
        assert_eq!(back.header("location"), "/staff/policies?done=ended", "{}", back.text);
        assert_ne!(in_use(deployment, BundleMode::Live).await.unwrap().digest, now.digest);
        assert_eq!(deployment.send(other.post(&end, &[("reason", "again")])).await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn a_canary_is_begun_with_its_band_and_ended_alone() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let [author, other, administrator] = people(deployment).await;
        let path = submitted(deployment, &author, FindingState::Passed, &[]).await;
        deployment.send(other.post(&format!("{path}/decide"), &[("decision", "approve")])).await;
        let (canary, shadow) = (format!("{path}/activate/canary"), format!("{path}/activate/shadow"));
        let wrong = deployment.send(administrator.post(&canary, &[("share", "all"), ("until", "soon")])).await;
        assert!(
            wrong.text.contains("id=\"share-error\"") && wrong.text.contains("id=\"until-error\""),
            "{}",
            wrong.text
        );
        let past = deployment.send(administrator.post(&canary, &[("share", "5"), ("until", "2020-01-01T00:00")])).await;
        assert!(past.status == 200 && past.text.contains("notice bad"), "{}", past.text);
        let band = [("challenge_least", "1"), ("challenge_most", "30"), ("reject_least", "0"), ("reject_most", "5.5")];
        let fields = [&[("share", "5%"), ("with_band", "yes"), ("decisions_min", "200")], &band[..]].concat();
        let done = deployment.send(administrator.post(&canary, &fields)).await;
        assert_eq!(done.header("location"), format!("{path}?done=activated"), "{}", done.text);
        deployment.send(administrator.post(&shadow, &[("share", "10")])).await;
        let begun = in_use(deployment, BundleMode::Canary).await.unwrap();
        let band = begun.band.unwrap();
        assert_eq!((begun.share, band.challenge, band.reject), (500, (100, 3_000), (0, 550)));
        let trials = deployment.send(other.get("/staff/policies/trials")).await;
        let end = format!("/staff/policies/uses/{}/end", begun.id);
        assert!(trials.text.contains(&end), "{}", trials.text);
        let done = deployment.send(other.post(&end, &[("reason", "seen enough")])).await;
        assert_eq!(done.header("location"), "/staff/policies/trials?done=ended", "{}", done.text);
        assert!(in_use(deployment, BundleMode::Canary).await.is_none());
        assert!(in_use(deployment, BundleMode::Shadow).await.is_some(), "the shadow stays");
        assert_eq!(deployment.send(other.post(&end, &[("reason", "again")])).await.status, 409);
        let entries = deployment.audited("policy.end").await;
        assert!(entries.iter().any(|entry| entry.ends_with("seen enough")), "{entries:?}");
    })
    .await;
}

#[tokio::test]
async fn a_form_that_was_refused_still_replaces_nothing_but_what_it_saw() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let [author, other, administrator] = people(deployment).await;
        let path = submitted(deployment, &author, FindingState::Passed, &[]).await;
        let (actor, sound) = (author.who.actor(), findings(FindingState::Passed));
        let digest = deployment.stored_bundle(&reworded("faster"), &actor, "other words", &sound, &[]).await;
        let faster = format!("/staff/policies/bundles/{digest}");
        deployment.send(other.post(&format!("{faster}/decide"), &[("decision", "approve")])).await;
        let (live, decide) = (format!("{path}/activate/live"), format!("{path}/decide"));
        let saw = seen(&deployment.send(administrator.get(&live)).await.text);
        deployment.clock.advance(1);
        let done = deployment.send(other.post(&format!("{faster}/activate/live"), &[("instead_of", &saw)])).await;
        assert_eq!(done.status, 303, "{}", done.text);
        let now = in_use(deployment, BundleMode::Live).await.unwrap();
        let early = deployment.send(administrator.post(&live, &[("instead_of", &saw)])).await;
        assert!(early.status == 200 && early.text.contains("notice bad"), "{}", early.text);
        assert_eq!(seen(&early.text), saw, "she was told of something else: what she saw stays");
        assert!(early.text.contains(&now.digest[..8]), "what is in use now stands there");
        deployment.send(other.post(&decide, &[("decision", "approve")])).await;
        let late = deployment.send(administrator.post(&live, &[("instead_of", &seen(&early.text))])).await;
        assert!(late.status == 200 && late.text.contains("notice bad"), "{}", late.text);
        assert_eq!(seen(&late.text), now.id.to_string(), "she was told who was faster");
        assert_eq!(in_use(deployment, BundleMode::Live).await.unwrap().id, now.id);
        assert!(!deployment.send(other.get(&faster)).await.text.contains("/activate/live"), "it is live already");
    })
    .await;
}

#[tokio::test]
async fn a_running_canary_is_changed_from_what_it_is() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let [author, other, administrator] = people(deployment).await;
        let path = submitted(deployment, &author, FindingState::Passed, &[]).await;
        deployment.send(other.post(&format!("{path}/decide"), &[("decision", "approve")])).await;
        let canary = format!("{path}/activate/canary");
        let band = [("challenge_least", "1.5"), ("challenge_most", "22"), ("reject_least", "0"), ("reject_most", "7")];
        let rest = [("with_band", "yes"), ("decisions_min", "321"), ("until", "2030-02-03T04:05")];
        let done =
            deployment.send(administrator.post(&canary, &[&[("share", "12.5")], &band[..], &rest].concat())).await;
        assert_eq!(done.status, 303, "{}", done.text);
        let form = deployment.send(administrator.get(&canary)).await.text;
        for value in ["12.5", "1.5", "22", "7", "321", "2030-02-03T04:05"] {
            assert!(form.contains(&format!("value=\"{value}\"")), "{value}: {form}");
        }
        assert!(form.contains("カナリアの条件を変更") && !form.contains("カナリアとして試す"), "{form}");
    })
    .await;
}

#[tokio::test]
async fn an_emergency_needs_two_people_and_stands_there_until_a_third_reviews_it() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let [author, other, administrator] = people(deployment).await;
        let third = signed_in(&deployment.app, "yui", &[Role::Compliance]).await;
        let path = submitted(deployment, &author, FindingState::NotProved, &["`approve-below-ceiling` is gone"]).await;
        let decide = format!("{path}/decide");
        let form = deployment.send(other.get(&decide)).await;
        assert!(
            form.text.contains("value=\"let_through\"") && !form.text.contains("value=\"approve\""),
            "{}",
            form.text
        );
        let weakens = form.text.find("approve-below-ceiling").unwrap();
        assert!(weakens < form.text.find("class=\"facts\"").unwrap(), "what it takes away stands first");
        let plain = deployment.send(other.post(&decide, &[("decision", "approve")])).await;
        assert!(plain.status == 200 && plain.text.contains("notice bad"), "{}", plain.text);
        for person in [&other, &administrator] {
            let word = [("decision", "let_through"), ("note", "attack under way")];
            assert_eq!(deployment.send(person.post(&decide, &word)).await.status, 303);
        }
        let live = format!("{path}/activate/live");
        let saw = seen(&deployment.send(administrator.get(&live)).await.text);
        let done = deployment.send(administrator.post(&live, &[("instead_of", &saw)])).await;
        assert_eq!(done.status, 303, "{}", done.text);
        let shown = async || deployment.send(third.get("/staff/policies")).await.text;
        assert!(shown().await.contains("id=\"emergencies\""), "{}", shown().await);
        let review = format!("{path}/review");
        let own = deployment.send(other.post(&review, &[("note", "fine")])).await;
        assert!(own.status == 200 && own.text.contains("notice bad"), "{}", own.text);
        let done = deployment.send(third.post(&review, &[("note", "it was right")])).await;
        assert_eq!(done.header("location"), format!("{path}?done=reviewed"), "{}", done.text);
        assert!(!shown().await.contains("id=\"emergencies\""));
    })
    .await;
}

#[tokio::test]
async fn forged_forms_stale_one_time_passwords_and_other_roles_change_nothing() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let [author, other, _] = people(deployment).await;
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let path = submitted(deployment, &author, FindingState::Passed, &[]).await;
        let live = in_use(deployment, BundleMode::Live).await.unwrap();
        let forms = [
            (format!("{path}/decide"), ("decision", "approve")),
            (format!("{path}/activate/live"), ("share", "5")),
            (format!("{path}/review"), ("note", "x")),
            (format!("/staff/policies/uses/{}/end", live.id), ("reason", "x")),
        ];
        for (form, field) in &forms {
            let cookie = format!("__Host-staff={}", other.token);
            let forged = Call::post(form).header("cookie", &cookie).header("origin", "https://evil.example");
            assert_eq!(deployment.send(forged.form(&[*field])).await.status, 403, "{form}");
            assert_eq!(deployment.send(agent.post(form, &[*field])).await.status, 403, "{form}");
            assert_eq!(deployment.send(agent.get(form)).await.status, 403, "{form}");
        }
        deployment.clock.advance(301);
        for (form, field) in &forms {
            assert_eq!(deployment.send(other.post(form, &[*field])).await.status, 403, "{form}");
            let led = deployment.send(other.get(form)).await;
            assert!(led.header("location").starts_with("/staff/reauthenticate?next="), "{form}: {led:?}");
        }
        let words = deployment.app.store.bundle_approvals(path.rsplit('/').next().unwrap()).await.unwrap();
        assert!(words.is_empty());
        assert_eq!(in_use(deployment, BundleMode::Live).await.unwrap().id, live.id);
    })
    .await;
}
