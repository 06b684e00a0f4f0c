//! Generated sequences of what people, merchants, staff and bad luck do, on one clock that is moved by hand, held against a
//! small model after every step. What fails is shrunk and kept in `tests/it/generated/regressions.txt`.
//!
//! Of the properties in docs/security.md: final results stay (P3), nothing is sent about whoever forbids it (P4), changes
//! are in the audit log (P5), a repeat has one effect (P6), no plain datum lies anywhere (P7), what was answered is there
//! for every instance (P9), bad input gets a problem (P10).

mod model;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngAlgorithm, TestRng, TestRunner};

use self::model::Scope;
use self::world::World;
use crate::support::deployment::{Wanted, on_every_database};

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/generated/regressions.txt");
const PEOPLE: usize = 2;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// A purchase with one of her cards, at one of the instances.
    Buy { who: usize, card: usize, twin: bool },
    /// The last purchase is asked about once more, with the same key and body.
    Repeat { twin: bool },
    /// She objects.
    Object { who: usize, scope: Scope, twin: bool },
    /// She objects to everything, and the instance dies before it can say so.
    LostAnswer { who: usize },
    /// She takes all of it back; another person approves.
    Resume { who: usize },
    /// One of her cards is renewed with another number.
    Renew { who: usize, card: usize },
    /// She gets one more card.
    Add { who: usize },
    /// The issuer's core system registers her once more, with a basis for sharing.
    Register { who: usize },
    /// Staff confirm her last purchase.
    Feedback { who: usize },
    /// A purchase whose instance dies on the way; it is asked about again when its lease has run out.
    Crash { who: usize, at: usize },
    /// Her last event is put right.
    Correct { who: usize },
    /// Time passes, and the upkeep does its work.
    Advance { seconds: u64 },
    /// Something that cannot be read.
    Nonsense { which: usize },
}

fn operation() -> impl Strategy<Value = Operation> {
    let who = || 0..PEOPLE;
    prop_oneof![
        6 => (who(), 0..3_usize, any::<bool>()).prop_map(|(who, card, twin)| Operation::Buy { who, card, twin }),
        1 => any::<bool>().prop_map(|twin| Operation::Repeat { twin }),
        4 => (who(), 0..Scope::ALL.len(), any::<bool>())
            .prop_map(|(who, scope, twin)| Operation::Object { who, scope: Scope::ALL[scope], twin }),
        1 => who().prop_map(|who| Operation::LostAnswer { who }),
        3 => who().prop_map(|who| Operation::Resume { who }),
        1 => (who(), 0..3_usize).prop_map(|(who, card)| Operation::Renew { who, card }),
        1 => who().prop_map(|who| Operation::Add { who }),
        2 => who().prop_map(|who| Operation::Register { who }),
        2 => who().prop_map(|who| Operation::Feedback { who }),
        2 => (who(), 0..world::CRASHES.len()).prop_map(|(who, at)| Operation::Crash { who, at }),
        1 => who().prop_map(|who| Operation::Correct { who }),
        2 => (1..90_u64).prop_map(|seconds| Operation::Advance { seconds }),
        1 => (0..world::NONSENSE.len()).prop_map(|which| Operation::Nonsense { which }),
    ]
}

fn runner() -> TestRunner {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let cases = u32::try_from(number("SEKISHO_SOAK").unwrap_or(40)).unwrap();
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number("SEKISHO_SEED").unwrap_or(20_261_122).to_be_bytes());
    let kept = FileFailurePersistence::Direct(REGRESSIONS);
    let config =
        Config { cases, failure_persistence: Some(Box::new(kept)), max_shrink_iters: 200, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_in_whatever_order_every_property_holds_after_each_step() {
    on_every_database(Wanted::provider(), async |deployment| {
        let twin = deployment.twin(23).await;
        let (runtime, mut runner) = (tokio::runtime::Handle::current(), runner());
        let outcome = tokio::task::block_in_place(|| {
            runner.run(&vec(operation(), 1..=25), |operations| {
                runtime.block_on(async {
                    let mut world = World::new(deployment, &twin, PEOPLE).await;
                    for operation in &operations {
                        world.step(operation).await;
                    }
                    world.finals_stand().await;
                });
                Ok(())
            })
        });
        if let Err(failure) = outcome {
            panic!("{}: {failure}", deployment.app.store.backend_name());
        }
        world::no_plain_datum_anywhere(deployment).await;
        twin.0.store.clone().close().await;
    })
    .await;
}
