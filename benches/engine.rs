//! The engine's speed against one raw Cedar call over the same rules: `cargo bench --bench engine`.
//!
//! Ends with one line per figure, `name value unit floor ratio`: the median time of a whole decision and of what it is
//! held against, both taken in turns in the same run. `cargo bench --bench engine -- --figures` prints only these.
//!
//! | name | value | floor | promised ratio |
//! | --- | --- | --- | --- |
//! | `engine_approved` | facts to verdict, 50 rules, approved at once | one raw call, inputs prepared | 2.0 |
//! | `engine_all` | the same with all ten questions asked, sharing included | one raw call, inputs prepared | 3.0 |
//! | `engine_1000_more` | `engine_approved` with 1,000 more rules for other merchants | `engine_approved` | 1.10 |
#![allow(missing_docs, clippy::print_stdout, clippy::disallowed_methods, clippy::expect_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use sekisho::domain::assessment::{Answer, Assessment, Recommendation};
use sekisho::domain::consent::{ConsentState, DataClass};
use sekisho::domain::facts::{ChallengeWish, EnrolmentState, Facts, Method};
use sekisho::domain::verdict::{Outcome, Verdict};
use sekisho::policy::rehearsal::least;
use sekisho::policy::yardstick::{Query, Yardstick};
use sekisho::policy::{Bundle, BundleSource, decide, share};

const RULES: usize = 50;
const BATCH: u32 = 50;
const ROUNDS: usize = 200;

/// The shipped bundle without some of its step-ups, fifty rules in all.
fn fifty() -> BundleSource {
    let mut source = BundleSource::shipped();
    let rules: Vec<String> = source.files().map(|(path, _)| path.to_owned()).filter(|path| is_rule(path)).collect();
    let spare = [
        "approve/card-",
        "approve/claimed-",
        "approve/many-",
        "approve/night",
        "approve/new-card",
        "approve/gambling",
        "approve/quasi",
        "approve/time-zone",
        "approve/abroad",
        "approve/first-at",
        "approve/degraded",
        "approve/pending",
        "approve/other-",
    ];
    let spared: Vec<_> = rules.iter().filter(|path| spare.iter().any(|start| path.starts_with(start))).collect();
    for path in spared.into_iter().take(rules.len() - RULES) {
        source = source.without(path);
    }
    source
}

fn is_rule(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "cedar")
}

/// A thousand rules, each about a merchant that is not the one asking.
fn thousand_more(source: BundleSource) -> BundleSource {
    let mut text = String::new();
    for number in 0..1_000 {
        write!(
            text,
            "@id(\"merchants.{number}\")\n@title(\"A limit\")\n@reason(\"amount_large\")\n@owner(\"bench\")\n\
             forbid (principal, action == Action::\"approve\", resource == Merchant::\"mer_{number}\")\n\
             when {{ context.purchase.amount_base_minor > 100 }};\n",
        )
        .expect("a string takes every text");
    }
    source.with("approve/merchants.cedar", &text)
}

fn approved() -> Facts {
    let mut facts = least();
    facts.merchant.id = "mer_0192f0c1a0b07000800000000000c0de".into();
    facts.merchant.category_code = "5942".into();
    facts.merchant.country = "JP".into();
    facts.purchase.amount_minor = 4_980;
    facts.purchase.amount_base_minor = Some(4_980);
    facts.card.programme = "classic".into();
    facts.card.authentication_eligible = true;
    facts.card.expiry_matches = true;
    facts.card.age_days = 400;
    facts.device.known_to_card = true;
    facts.consent = ConsentState::Permitted;
    facts.assessment = Assessment::Answered(Answer {
        risk: Some(1_200),
        recommendation: Recommendation::Pass,
        signals: Vec::new(),
        device_known: true,
        degraded: false,
    });
    facts
}

fn challenged() -> Facts {
    let mut facts = approved();
    facts.challenge_wish = ChallengeWish::Challenge;
    facts.enrolment.state = EnrolmentState::Complete;
    facts.enrolment.methods = Method::ALL.iter().copied().collect();
    facts.enrolment.usable_methods = facts.enrolment.methods.clone();
    facts
}

fn all_questions(bundle: &Bundle, facts: &Facts) -> Verdict {
    for class in DataClass::ALL {
        black_box(share(bundle, facts, "tmx", *class));
    }
    decide(bundle, facts)
}

/// Medians of one run each, in microseconds, taken in turns.
fn in_turns(work: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(ROUNDS); work.len()];
    for _ in 0..ROUNDS {
        for (job, times) in work.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (0..BATCH).for_each(|_| job());
            times.push(start.elapsed() / BATCH);
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times.get(ROUNDS / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    times.iter_mut().map(median).collect()
}

fn main() {
    let bundle = Bundle::build(fifty()).expect("the shipped bundle without some rules is sound");
    let larger = Bundle::build(thousand_more(fifty())).expect("rules about merchants are sound");
    assert_eq!((bundle.rules().len(), larger.rules().len()), (RULES, RULES + 1_000));
    let (plain, doubted) = (approved(), challenged());
    assert_eq!(decide(&bundle, &plain).outcome, Outcome::Approve);
    assert_eq!(decide(&larger, &plain).outcome, Outcome::Approve);
    assert_eq!(decide(&bundle, &doubted).outcome, Outcome::Challenge);
    let yardstick = Yardstick::new(&bundle).expect("the rules fit one set");
    let prepared = yardstick.prepare(&plain, &Query::Approve).expect("the request can be made");

    if !std::env::args().any(|argument| argument == "--figures") {
        let mut criterion = Criterion::default().measurement_time(Duration::from_secs(2)).configure_from_args();
        criterion.bench_function("raw_call", |b| b.iter(|| yardstick.call(black_box(&prepared))));
        criterion.bench_function("engine_approved", |b| b.iter(|| decide(&bundle, black_box(&plain))));
        criterion.bench_function("engine_all", |b| b.iter(|| all_questions(&bundle, black_box(&doubted))));
        criterion.bench_function("engine_1000_more", |b| b.iter(|| decide(&larger, black_box(&plain))));
        criterion.final_summary();
    }

    let medians = in_turns(&mut [
        &mut || _ = black_box(yardstick.call(black_box(&prepared))),
        &mut || drop(black_box(decide(&bundle, black_box(&plain)))),
        &mut || drop(black_box(all_questions(&bundle, black_box(&doubted)))),
        &mut || drop(black_box(decide(&larger, black_box(&plain)))),
    ]);
    let [raw, approved, all, more] = medians.as_slice() else { return };
    for (name, value, floor) in
        [("engine_approved", approved, raw), ("engine_all", all, raw), ("engine_1000_more", more, approved)]
    {
        println!("{name} {value:.1} us {floor:.1} {:.2}", value / floor);
    }
}
