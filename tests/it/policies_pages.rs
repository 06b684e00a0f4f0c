//! What the pages of compliance staff say: figures that were counted, decisions explained, times in use, differences.

use sekisho::domain::bundle::{BundleMode, FindingState, SHARE_WHOLE};
use sekisho::domain::policy_figure::{FigureKind, FigureSpan, PolicyFigure};
use sekisho::domain::staff::Role;
use sekisho::flow::policies::end::end_trial;
use sekisho::flow::policies::figures::write_down;
use sekisho::policy::BundleSource;
use serde_json::json;

use crate::support::bundles::reworded;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::policies::{changed_bundle, findings};
use crate::support::staff::signed_in;

const BUNDLES: &str = "/staff/policies/bundles";

/// A page in English.
async fn page(deployment: &Deployment, staff: &crate::support::staff::TestStaff, path: &str) -> String {
    let answer = deployment.send(staff.get(path).header("accept-language", "en")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

/// The text of a page without its marks, with single spaces.
fn words(html: &str) -> String {
    let outside = html.split('<').filter_map(|part| part.split_once('>').map(|(_, text)| text));
    outside.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_overview_shows_what_was_counted() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let empty = words(&page(deployment, &staff, "/staff/policies").await);
        assert!(empty.contains("Nothing was counted in this time.") && !empty.contains("could not be evaluated"));
        let card = deployment.enrolled().await;
        for amount in [900, 900, 900, 400_000] {
            let back = "https://grocer.example/return";
            let changes = json!({"purchase": {"amount_minor": amount}, "challenge": {"return_url": back}});
            let body = deployment.purchase(&card, &changes);
            deployment.ask_by(&deployment.grocer, &body).await.ok(201);
        }
        write_down(&deployment.app).await.unwrap();
        let live = deployment.live_digest().await;
        count(deployment, FigureSpan::Hour, &live, BundleMode::Live, FigureKind::Error, "night", 2).await;
        for range in ["day", "week", "month"] {
            let html = page(deployment, &staff, &format!("/staff/policies?range={range}")).await;
            let text = words(&html);
            assert!(text.contains("4 decisions 75.0% Approve 25.0% Challenge 0.0% Reject"), "{text}");
            assert!(text.contains("large-amount"), "{text}");
            assert!(html.contains("id=\"errors\"") && text.contains("2 errors") && text.contains("night"), "{text}");
        }
    })
    .await;
}

/// Adds to one figure, at this moment.
async fn count(
    deployment: &Deployment,
    span: FigureSpan,
    digest: &str,
    mode: BundleMode,
    kind: FigureKind,
    word: &str,
    count: i64,
) {
    let (digest, word, bucket) = (digest.to_owned(), word.to_owned(), span.begin(deployment.app.now()));
    let figure = PolicyFigure { span, bucket, digest, mode, kind, word, count };
    deployment.app.store.add_policy_figures(vec![figure]).await.unwrap();
}

#[tokio::test]
async fn a_decision_is_explained_by_its_bundle_by_the_live_one_or_not_at_all() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let card = deployment.enrolled().await;
        let id = deployment.buys(&card, &json!({"purchase": {"amount_minor": 400_000}})).await["id"].clone();
        let path = format!("/staff/policies/decisions/{}", id.as_str().unwrap());
        let html = page(deployment, &staff, &path).await;
        assert!(html.contains("<bdi>password</bdi>"), "a list of words: {html}");
        let shown = words(&html);
        for text in
            ["…", "Challenge", "400,000 yen", "May it pass without a proof?", "large-amount", "in use", "(Japan time)"]
        {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        assert!(!shown.contains("The live bundle explains here"), "{shown}");
        let japanese = words(&deployment.send(staff.get(&path)).await.text);
        let live = deployment.app.bundle.load();
        let reason = live.bundle.reference().reason("amount_large").unwrap().staff_ja.clone();
        assert!(japanese.matches(&reason).count() >= 2, "as reason and as title: {japanese}");
        assert!(japanese.contains("400,000円") && japanese.contains("（日本時間）"), "{japanese}");

        let set = async |verdict: &str, instead: &str| {
            let sql = format!("UPDATE authentications SET verdict = {verdict}");
            deployment.tables.run(&sql, vec![live.bundle.digest().into(), instead.into()]).await.unwrap();
        };
        let looks = async || deployment.audited("authentication.explain").await.len();
        let before = looks().await;
        set("REPLACE(verdict, $1, $2)", &"f".repeat(64)).await;
        let shown = words(&page(deployment, &staff, &path).await);
        assert!(shown.contains("The live bundle explains here") && shown.contains("large-amount"), "{shown}");
        assert_eq!(looks().await, before + 1, "one look, one line");
        set("REPLACE('{}', $1, $2)", "").await;
        let shown = words(&page(deployment, &staff, &path).await);
        assert!(shown.contains("cannot be read by this version") && shown.contains("¥400,000"), "{shown}");
        assert_eq!(looks().await, before + 2);
        page(deployment, &staff, "/staff/policies/decisions").await;
        deployment.tables.run("UPDATE authentications SET verdict = NULL, facts = NULL", vec![]).await.unwrap();
        let shown = words(&page(deployment, &staff, &path).await);
        assert!(shown.contains("No rule was asked about this purchase."), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_bundle_that_changes_assumptions_alone_shows_them() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let [author, other] = [
            signed_in(&deployment.app, "kaori", &[Role::Compliance]).await,
            signed_in(&deployment.app, "ren", &[Role::Compliance]).await,
        ];
        let text = BundleSource::shipped().text("assumptions.cedar").unwrap().replace("65535", "65536");
        let source = BundleSource::shipped().with("assumptions.cedar", &text);
        let weakens = ["the assumption `amount` is changed", "something of another program"];
        let actor = author.who.actor();
        let digest = deployment
            .stored_bundle(&source, &actor, "more instalments", &findings(FindingState::Failed), &weakens)
            .await;
        for path in [format!("{BUNDLES}/{digest}"), format!("{BUNDLES}/{digest}/decide")] {
            let html = page(deployment, &other, &path).await;
            let shown = words(&html);
            assert!(shown.contains("amount changed assumption"), "{shown}");
            assert!(
                shown.contains("65535") && shown.contains("65536") && !shown.contains("Nothing differs"),
                "{shown}"
            );
            let japanese = deployment.send(other.get(&path)).await.text;
            let shown = words(&japanese);
            assert!(shown.contains("前提 amount（変更）") && shown.contains("問題なし（ルール65件）"), "{shown}");
            assert!(japanese.contains("<bdi lang=\"en\">something of another program</bdi>"), "{japanese}");
        }
        assert!(page(deployment, &other, &format!("{BUNDLES}/{digest}")).await.contains(&digest[..8]));
    })
    .await;
}

#[tokio::test]
async fn times_in_use_stay_on_the_pages_with_why_they_are_over() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("tried")).await;
        for share in [1_000, 2_000] {
            deployment.use_bundle(&people.second.who, &digest, BundleMode::Canary, share).await;
        }
        deployment.clock.advance(1);
        let canary = deployment.app.store.current_bundles().await.unwrap();
        let canary = canary.iter().find(|used| used.mode == BundleMode::Canary).unwrap().id;
        end_trial(&deployment.app, &people.second.who, canary, "seen enough").await.unwrap();
        let (bundle, trials) = (format!("{BUNDLES}/{digest}"), "/staff/policies/trials");
        let shown = words(&page(deployment, &people.second, &bundle).await);
        assert!(shown.contains("its share was changed") && shown.contains("10.0%"), "{shown}");
        let last = words(&page(deployment, &people.second, trials).await);
        assert!(last.contains("The last one:") && last.contains("20.0%") && last.contains("second 関口"), "{last}");
        let aborted = "UPDATE bundle_activations SET ended_by = 'system', end_reason = 'left_band reject 1234 0 500' \
                       WHERE mode = 'canary' AND share = 2000";
        deployment.tables.run(aborted, vec![]).await.unwrap();
        for path in [bundle.as_str(), trials] {
            let shown = words(&deployment.send(people.second.get(path)).await.text);
            assert!(shown.contains("「不承認」の割合が12.3%となり、範囲（0.0%～5.0%）を外れた"), "{shown}");
            assert!(shown.contains("システム"), "{shown}");
        }
        assert!(words(&page(deployment, &people.second, &bundle).await).contains("was 12.3%, outside of 0.0% to 5.0%"));
    })
    .await;
}

#[tokio::test]
async fn a_trial_is_shown_by_the_figures_that_end_it() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("tried")).await;
        for mode in [BundleMode::Canary, BundleMode::Shadow] {
            // What the same bundle decided before it was raised, within this minute.
            count(deployment, FigureSpan::Minute, &digest, mode, FigureKind::Outcome, "approve", 4_000).await;
            deployment.use_bundle(&people.second.who, &digest, mode, SHARE_WHOLE).await;
        }
        let current = deployment.app.store.current_bundles().await.unwrap();
        let of_use = |mode, kind, word: &str, count| {
            let used = current.iter().find(|used| used.mode == mode).unwrap();
            let (digest, word) = (digest.clone(), word.to_owned());
            PolicyFigure { span: FigureSpan::Activation, bucket: used.started_at, digest, mode, kind, word, count }
        };
        let figures = vec![
            of_use(BundleMode::Canary, FigureKind::Challenge, "passed", 1),
            of_use(BundleMode::Canary, FigureKind::Error, "night", 3),
            of_use(BundleMode::Canary, FigureKind::Outcome, "approve", 17),
            of_use(BundleMode::Shadow, FigureKind::Error, "night", 5),
            of_use(BundleMode::Shadow, FigureKind::Shadow, "approve_to_approve", 8),
            of_use(BundleMode::Shadow, FigureKind::Shadow, "same", 12),
        ];
        deployment.app.store.add_policy_figures(figures).await.unwrap();
        let html = page(deployment, &people.second, "/staff/policies/trials").await;
        let shown = words(&html);
        assert!(shown.contains("17 decided by the canary") && shown.contains("3 errors"), "{shown}");
        assert!(shown.contains("20 decisions looked at") && shown.contains("5 errors"), "{shown}");
        assert!(
            shown.contains("Approve (other reasons or methods)") && !shown.contains("Approve → Approve"),
            "{shown}"
        );
        assert!(shown.contains("Challenges passed") && html.contains("tone-open"), "{html}");
    })
    .await;
}

#[tokio::test]
async fn who_ends_a_trial_is_told_what_happens_in_its_mode() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &reworded("tried")).await;
        for (mode, text) in [(BundleMode::Canary, "about these cards again"), (BundleMode::Shadow, "never answered")] {
            let begun = deployment.use_bundle(&people.second.who, &digest, mode, 1_000).await;
            let shown = page(deployment, &people.second, &format!("/staff/policies/uses/{}/end", begun.id)).await;
            assert!(shown.contains(text), "{shown}");
        }
    })
    .await;
}

#[tokio::test]
async fn bundles_are_listed_page_by_page_and_any_can_be_compared_with() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
        let oldest = deployment
            .stored_bundle(&changed_bundle(), "staff:nobody", "the oldest", &findings(FindingState::Passed), &[])
            .await;
        deployment.clock.advance(1);
        for sql in [
            "INSERT INTO bundles (digest, facts_version, content, author, message, submitted_at) \
             SELECT $1, facts_version, content, author, 'later', submitted_at + 1 FROM bundles WHERE digest = $2",
            "INSERT INTO bundle_checks (digest, number, against, submitted_by, checked_at, passed, results, weakens) \
             SELECT $1, number, against, submitted_by, checked_at, passed, results, weakens \
             FROM bundle_checks WHERE digest = $2",
        ] {
            for number in 0..100 {
                let values = vec![format!("{number:064x}").into(), oldest.clone().into()];
                deployment.tables.run(sql, values).await.unwrap();
            }
        }
        let first = page(deployment, &staff, BUNDLES).await;
        assert!(!first.contains(&format!("{BUNDLES}/{oldest}")));
        let (_, rest) = first.split_once("?before=").expect("a way to older ones");
        let older = page(deployment, &staff, &format!("{BUNDLES}?before={}", &rest[..64])).await;
        assert!(older.contains(&format!("{BUNDLES}/{oldest}")) && !older.contains("Older ones"), "{older}");
        let newest = format!("{BUNDLES}/{:064x}?against={oldest}", 5);
        assert!(page(deployment, &staff, &newest).await.contains(&format!("<option value=\"{oldest}\" selected>")));
    })
    .await;
}
