//! Solvers that are absent, die, hang, do not know or talk nonsense: what they leave open is not proved, never proved.

use std::path::PathBuf;
use std::time::Duration;

use sekisho::policy::compare::{Side, compare};
use sekisho::policy::prove::{Options, Outcome, prove};
use sekisho::policy::{Bundle, BundleSource};

use crate::support::solvers::fake;

/// An invariant for which the solver must be asked.
const ASKED: &str = "share-only-permitted";

fn shipped() -> Bundle {
    Bundle::build(BundleSource::shipped()).unwrap()
}

fn options(solver: PathBuf) -> Options {
    Options { solver, only: vec![ASKED.to_owned()], patience: Duration::from_millis(1_500), ..Options::default() }
}

#[tokio::test]
async fn without_a_solver_nothing_is_proved_and_the_reason_says_how_to_install_it() {
    for (solver, why) in [
        (PathBuf::from("/nowhere/cvc5"), "cannot be started"),
        (fake("dies"), "does not answer like a solver"),
        (fake("mute"), "does not answer like a solver: it says nothing"),
        (fake("raves"), "does not answer like a solver"),
        (fake("agrees"), "does not answer like a solver: it cannot tell true from false"),
        (fake("lies"), "does not answer like a solver: it says that no purchase can be"),
    ] {
        let proof = prove(&shipped(), &options(solver.clone())).await;
        let reason = proof.unavailable.clone().unwrap_or_else(|| panic!("{}", solver.display()));
        assert!(reason.contains(why) && reason.contains("hint: "), "{reason}");
        assert!(!proof.passed());
        assert_eq!(proof.items.len(), 1);
        assert!(matches!(proof.items[0].outcome, Outcome::NotProved(_)), "{:?}", proof.items[0]);
    }
    let proof = prove(&shipped(), &options(PathBuf::from("/nowhere/cvc5"))).await;
    assert!(proof.unavailable.unwrap().contains("apt install cvc5"));
}

#[tokio::test]
async fn what_a_failing_solver_leaves_open_is_not_proved() {
    for (solver, reason) in [
        ("crashes", "the solver failed: "),
        ("hangs", "the solver gave no answer within 1.5 s"),
        ("unsure", "the solver does not know"),
        ("babbles", "the solver failed: "),
    ] {
        let mut options = options(fake(solver));
        // With an example, and after a query of another claim: a new process is started for each that ended.
        options.only.push("share-nothing-omitted".to_owned());
        let proof = prove(&shipped(), &options).await;
        assert_eq!(proof.unavailable, None, "{solver}");
        assert!(!proof.passed() && proof.items.len() == 2, "{solver}");
        for item in &proof.items {
            let Outcome::NotProved(why) = &item.outcome else { panic!("{solver}: {item:?}") };
            assert!(why.starts_with(reason), "{solver}: {why}");
        }
    }
}

#[tokio::test]
async fn what_a_failing_solver_leaves_open_is_not_called_equivalent() {
    let permit =
        BundleSource::shipped().text("share/permitted.cedar").unwrap().replace("\"permitted\"\n", "\"unknown\"\n");
    let new = Bundle::build(BundleSource::shipped().with("share/permitted.cedar", &permit)).unwrap();
    let options = options(fake("unsure"));
    let comparison = compare(&shipped(), &new, &options).await;
    assert_eq!(comparison.unavailable, None);
    let share = comparison.questions.iter().find(|compared| compared.about.starts_with("share")).unwrap();
    assert_eq!(share.word(), "not decided");
    assert!(matches!(share.looser, Side::Undecided(_)));
    assert!(!comparison.is_surely_not_looser(share.question));
    let comparison = compare(&shipped(), &new, &self::options(PathBuf::from("/nowhere/cvc5"))).await;
    assert!(comparison.unavailable.is_some() && comparison.questions.iter().all(|row| row.word() == "not decided"));
}

/// A rule about which every kind of claim must be asked of the solver.
fn with_asked_rule() -> Bundle {
    let rule = "@id(\"old\")\n@title(\"x\")\n@reason(\"amount_large\")\n@owner(\"tests\")\n\
                forbid (principal, action == Action::\"approve\", resource)\n\
                when { context.card.age_days + 1 > 5000000000 };\n";
    Bundle::build(BundleSource::shipped().with("approve/old.cedar", rule)).unwrap()
}

#[tokio::test]
async fn no_kind_of_claim_is_proved_by_a_solver_that_fails() {
    let bundle = with_asked_rule();
    for solver in ["hangs", "babbles"] {
        let mut options = options(fake(solver));
        options.only = ["old", "possible"].map(str::to_owned).to_vec();
        let proof = prove(&bundle, &options).await;
        assert_eq!(proof.items.len(), 3 + 4, "{solver}");
        for item in &proof.items {
            assert!(matches!(item.outcome, Outcome::NotProved(_)), "{solver}: {item:?}");
        }
        let comparison = compare(&shipped(), &bundle, &options).await;
        let approve = comparison.questions.iter().find(|row| row.about == "approve").unwrap();
        assert_eq!(approve.word(), "not decided", "{solver}");
    }
}

#[tokio::test]
async fn a_solver_that_calls_everything_proved_is_caught_by_what_can_be() {
    let mut options = options(fake("turns"));
    options.only = ["old", "possible", "never-errors"].map(str::to_owned).to_vec();
    let proof = prove(&with_asked_rule(), &options).await;
    assert!(proof.unavailable.is_none() && !proof.passed());
    let possible = proof.items.iter().filter(|item| item.id.starts_with("possible:"));
    assert!(possible.clone().count() == 4 && !possible.clone().any(|item| item.outcome.holds()), "{proof:?}");
    let can_match = proof.items.iter().find(|item| item.id == "can-match:old").unwrap();
    assert!(!can_match.outcome.holds(), "{can_match:?}");
}

#[tokio::test]
async fn a_solver_that_hangs_again_and_again_is_given_up() {
    let mut options = options(fake("hangs"));
    options.only =
        vec!["never-errors".to_owned(), "possible".to_owned(), "opted-out-offer".to_owned(), "ladder".to_owned()];
    options.only.extend(["share-only-permitted", "share-nothing-omitted", "lost-or-stolen"].map(str::to_owned));
    let proof = prove(&shipped(), &options).await;
    let open = proof.items.iter().filter_map(|item| match &item.outcome {
        Outcome::NotProved(why) => Some(why.as_str()),
        _ => None,
    });
    let (late, given_up): (Vec<_>, Vec<_>) = open.partition(|why| why.starts_with("the solver gave no answer"));
    // Two processes, each of which is waited for three times.
    assert!((1..=6).contains(&late.len()), "{late:?}");
    assert!(!given_up.is_empty(), "{proof:?}");
    assert!(
        given_up.iter().all(|why| why.starts_with("the solver was given up: 3 queries got no answer in time")),
        "{given_up:?}"
    );
}
