//! Two bundles held against each other: stricter, looser, both or equivalent, each with a purchase that shows it.

use sekisho::domain::consent::DataClass;
use sekisho::domain::verdict::Outcome;
use sekisho::policy::compare::{Compared, Comparison, Side, compare};
use sekisho::policy::prove::Purchase;
use sekisho::policy::question::Question;
use sekisho::policy::yardstick::Query;
use sekisho::policy::{Bundle, BundleSource, decide, share};

use crate::support::solvers::cvc5;

fn edited(path: &str, from: &str, to: &str) -> BundleSource {
    let text = BundleSource::shipped().text(path).unwrap().to_owned();
    assert!(text.contains(from), "{path} has no `{from}`");
    BundleSource::shipped().with(path, &text.replace(from, to))
}

fn build(source: BundleSource) -> Bundle {
    Bundle::build(source).unwrap_or_else(|errors| panic!("{errors}"))
}

async fn with_shipped(new: &Bundle) -> Comparison {
    compare(&build(BundleSource::shipped()), new, &cvc5(&[])).await
}

fn words(comparison: &Comparison) -> Vec<(&str, &'static str)> {
    comparison.questions.iter().map(|compared| (compared.about.as_str(), compared.word())).collect()
}

fn row<'a>(comparison: &'a Comparison, about: &str) -> &'a Compared {
    comparison.questions.iter().find(|compared| compared.about == about).unwrap()
}

fn purchase(side: &Side) -> &Purchase {
    let Side::Yes(Some(example)) = side else { panic!("{side:?}") };
    assert!(example.confirmed, "{}", example.request);
    example.purchase.as_ref().unwrap_or_else(|| panic!("{example:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_equivalent_to_itself_with_its_rules_said_otherwise() {
    let other = edited("approve/large-amount.cedar", "> 300000", ">= 300001");
    let comparison = with_shipped(&build(other)).await;
    assert_eq!(
        words(&comparison),
        [("share", "equivalent"), ("approve", "equivalent"), ("challenge", "equivalent"), ("offer", "equivalent")]
    );
    assert_eq!(comparison.difference.rules[&Question::Approve].len(), 1);
    assert!(comparison.weakening.is_empty() && comparison.unavailable.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stricter_and_looser_are_told_apart_and_shown() {
    let old = build(BundleSource::shipped());
    let new = build(edited("approve/large-amount.cedar", "> 300000", "> 200000"));
    let comparison = compare(&old, &new, &cvc5(&[])).await;
    assert_eq!(row(&comparison, "approve").word(), "stricter");
    assert_eq!(row(&comparison, "challenge").word(), "equivalent");
    let facts = &purchase(&row(&comparison, "approve").stricter).facts;
    assert!((200_001..=300_000).contains(&facts.purchase.amount_base_minor.unwrap()), "{facts:?}");
    assert_eq!((decide(&old, facts).outcome, decide(&new, facts).outcome), (Outcome::Approve, Outcome::Challenge));
    assert!(comparison.is_surely_not_looser(Question::Approve));

    let back = compare(&new, &old, &cvc5(&[])).await;
    assert_eq!(row(&back, "approve").word(), "looser");
    assert!(!back.is_surely_not_looser(Question::Approve) && back.is_surely_not_looser(Question::Challenge));
    let facts = &purchase(&row(&back, "approve").looser).facts;
    assert_eq!((decide(&new, facts).outcome, decide(&old, facts).outcome), (Outcome::Challenge, Outcome::Approve));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_goes_both_ways_is_both() {
    let hours = edited("approve/night.cedar", "context.local_hour >= 1", "context.local_hour >= 2");
    let text = hours.text("approve/night.cedar").unwrap().replace("context.local_hour < 5", "context.local_hour < 6");
    let comparison = with_shipped(&build(hours.with("approve/night.cedar", &text))).await;
    let approve = row(&comparison, "approve");
    assert_eq!(approve.word(), "stricter and looser");
    assert_eq!(purchase(&approve.stricter).facts.local_hour, 5);
    assert_eq!(purchase(&approve.looser).facts.local_hour, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_are_told_by_method_and_sharing_by_class_and_recipient() {
    let offer = edited("offer/sent-code.cedar", "== \"complete\"", "!= \"none\"");
    let classes = "forbid (principal, action == Action::\"share\", resource)\nwhen {\n    context.data_class == \"location\"\n};\n";
    let rule = "@id(\"no-location\")\n@title(\"x\")\n@reason(\"class_omitted\")\n@owner(\"privacy\")\n";
    let new = build(offer.with("share/no-location.cedar", &format!("{rule}{classes}")));
    let comparison = with_shipped(&new).await;
    for (about, word) in [
        ("offer code", "looser"),
        ("offer password", "equivalent"),
        ("share location with tmx", "stricter"),
        ("share location with minfraud", "stricter"),
        ("share device with tmx", "equivalent"),
    ] {
        assert_eq!(row(&comparison, about).word(), word, "{about}");
    }
    let shared = purchase(&row(&comparison, "share location with tmx").stricter);
    assert!(matches!(&shared.asked, Query::Share(_, DataClass::Location)), "{:?}", shared.asked);
    assert!(share(&build(BundleSource::shipped()), &shared.facts, "tmx", DataClass::Location).allowed);
    assert!(!share(&new, &shared.facts, "tmx", DataClass::Location).allowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assumption_that_says_more_makes_every_question_stricter() {
    let text = BundleSource::shipped().text("assumptions.cedar").unwrap().to_owned();
    let more = "@id(\"cheap\")\n@title(\"x\")\nforbid (principal, action in [Action::\"authenticate\", \
                Action::\"offer\"], resource) unless { context.purchase.amount_minor != 4711 };";
    let new = build(BundleSource::shipped().with("assumptions.cedar", &format!("{text}\n{more}")));
    let comparison = with_shipped(&new).await;
    assert_eq!(row(&comparison, "approve").word(), "stricter");
    assert_eq!(purchase(&row(&comparison, "approve").stricter).facts.purchase.amount_minor, 4_711);
    assert_eq!(comparison.weakening, ["the assumption `cheap` is added"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_reference_data_that_bear_on_a_question_differ_it_is_not_decided() {
    let share: &[Question] = &[Question::Share];
    let others: &[Question] = &[Question::Approve, Question::Challenge, Question::Offer];
    let all = [share, others].concat();
    for (file, from, to, open) in [
        ("reference/recipients.toml", "country = \"US\"", "country = \"JP\"", share),
        ("reference/data_classes.toml", "sensitive = true", "sensitive = false", share),
        ("reference/categories.toml", "\n", "\n# other\n", others),
        ("reference/countries.toml", "\n", "\n# other\n", all.as_slice()),
    ] {
        let comparison = with_shipped(&build(edited(file, from, to))).await;
        for question in [Question::Share, Question::Approve, Question::Challenge, Question::Offer] {
            let about = format!("{} by other reference data", question.as_str());
            let found = comparison.questions.iter().find(|row| row.about == about);
            assert_eq!(found.map(Compared::word), open.contains(&question).then_some("not decided"), "{file}: {about}");
            assert_eq!(comparison.is_surely_not_looser(question), !open.contains(&question), "{file}: {about}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_row_stands_where_recipients_differ() {
    let source = edited("reference/recipients.toml", "retention_days = 365", "retention_days = 300");
    let rule = source.text("share/permitted.cedar").unwrap().replace("== \"permitted\"", "!= \"opted_out\"");
    let comparison = with_shipped(&build(source.with("share/permitted.cedar", &rule))).await;
    assert_eq!(row(&comparison, "share device with minfraud").word(), "looser");
    assert_eq!(row(&comparison, "share").word(), "looser");
    assert!(matches!(row(&comparison, "share by other reference data").looser, Side::Undecided(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reasons_are_no_reference_data_and_take_no_premise_away() {
    let nowhere = "@id(\"nowhere\")\n@title(\"x\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n\
                   forbid (principal, action == Action::\"approve\", resource)\n\
                   when { resource in Country::\"JP\" && resource in Country::\"US\" };\n";
    let source = edited("reasons.toml", "No rule permitted it", "Nothing permitted it");
    let comparison = with_shipped(&build(source.with("approve/nowhere.cedar", nowhere))).await;
    assert!(words(&comparison).iter().all(|(_, word)| *word == "equivalent"), "{:?}", words(&comparison));
    assert_eq!(comparison.difference.reference.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_rule_that_can_fail_leaves_the_question_open() {
    let rule = "@id(\"old\")\n@title(\"x\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n\
                forbid (principal, action == Action::\"approve\", resource)\n\
                when { context.card.age_days * 2000000000 > 8000000000000000000 };\n";
    let new = build(BundleSource::shipped().with("approve/old.cedar", rule));
    for (from, to) in [(&build(BundleSource::shipped()), &new), (&new, &build(BundleSource::shipped()))] {
        let comparison = compare(from, to, &cvc5(&[])).await;
        let approve = row(&comparison, "approve");
        assert_eq!(approve.word(), "not decided");
        let Side::Undecided(why) = &approve.looser else { panic!("{approve:?}") };
        assert!(why.contains("can fail to be evaluated"), "{why}");
        assert_eq!(row(&comparison, "challenge").word(), "equivalent");
    }
}
