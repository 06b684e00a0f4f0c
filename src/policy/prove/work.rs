//! The work: claims taken from one queue by two solvers that run beside one another.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cedar_policy_symcc::Env;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Options;
use super::counterexample::confirm;
use super::plan::{Asked, Check, Spec};
use super::solver::{Answer, Process};

/// Solvers at a time: each has a process, and ours compiles for it.
const SOLVERS: usize = 2;

/// What came of one claim, before its example is looked at.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Proved,
    /// It does not hold; the query that failed and the request that it fails on, where there is one.
    Refuted(String, Option<Box<(Asked, Env)>>),
    Warned(String),
    NotProved(String),
}

/// One claim with what came of it.
pub(super) struct Done {
    pub(super) spec: Spec,
    pub(super) found: Found,
    pub(super) elapsed: Duration,
}

type Queue = Arc<Mutex<VecDeque<(usize, Spec)>>>;

/// Asks every claim, and returns them in their order.
pub(super) async fn run(specs: Vec<Spec>, first: Process, options: &Options) -> Vec<Done> {
    let queue: Queue = Arc::new(Mutex::new(specs.into_iter().enumerate().collect()));
    let mut workers = JoinSet::new();
    workers.spawn(work(queue.clone(), first));
    for _ in 1..SOLVERS {
        workers.spawn(work(queue.clone(), Process::new(options)));
    }
    let mut done: Vec<(usize, Done)> = workers.join_all().await.into_iter().flatten().collect();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, done)| done).collect()
}

fn next(queue: &Queue) -> Option<(usize, Spec)> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

async fn work(queue: Queue, mut process: Process) -> Vec<(usize, Done)> {
    let mut done = Vec::new();
    while let Some((place, spec)) = next(&queue) {
        // Says how long it took, and decides nothing.
        let started = Instant::now();
        let found = claim(&spec, &mut process).await;
        done.push((place, Done { spec, found, elapsed: started.elapsed() }));
        tokio::task::yield_now().await;
    }
    done
}

async fn claim(spec: &Spec, process: &mut Process) -> Found {
    let checks = match &spec.checks {
        Ok(checks) => checks,
        Err(why) => return Found::NotProved(why.clone()),
    };
    for check in checks {
        if let Some(found) = one(check, spec, process).await {
            return found;
        }
    }
    Found::Proved
}

/// What a check says of the claim; nothing when the next one is to be made.
async fn one(check: &Check, spec: &Spec, process: &mut Process) -> Option<Found> {
    match check {
        Check::Hold(queries, why) | Check::Need(queries, why) => {
            let needed = matches!(check, Check::Need(..));
            for asked in queries {
                match process.ask(&asked.query, &asked.env, &spec.schema, true).await {
                    Answer::Holds => {}
                    Answer::Fails(_) if needed => return Some(Found::NotProved(why.clone())),
                    Answer::Fails(env) => {
                        let example = env.map(|env| Box::new((asked.clone(), *env)));
                        return Some(Found::Refuted(why.clone(), example));
                    }
                    Answer::Undecided(reason) => return Some(Found::NotProved(reason)),
                }
            }
            None
        }
        Check::Fail(queries, why) => match all_hold(queries, spec, process).await {
            Ok(true) => Some(Found::Refuted(why.clone(), None)),
            Ok(false) => None,
            Err(reason) => Some(Found::NotProved(reason)),
        },
        Check::Warn(queries, why) => match all_hold(queries, spec, process).await {
            Ok(true) => Some(Found::Warned(why.clone())),
            Ok(false) => None,
            Err(reason) => Some(Found::NotProved(reason)),
        },
    }
}

/// Whether every query holds; one that fails settles it, whatever the others are. That it fails is believed only with a
/// request on which Cedar's own engine says the same.
async fn all_hold(queries: &[Asked], spec: &Spec, process: &mut Process) -> Result<bool, String> {
    let mut undecided = None;
    for asked in queries {
        match process.ask(&asked.query, &asked.env, &spec.schema, true).await {
            Answer::Holds => {}
            Answer::Fails(Some(env)) if confirm(&asked.query, &env) => return Ok(false),
            Answer::Fails(_) => undecided = Some("the solver's own example does not show what it says".to_owned()),
            Answer::Undecided(reason) => undecided = Some(reason),
        }
    }
    undecided.map_or(Ok(true), Err)
}
