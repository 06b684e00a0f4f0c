//! The solver: a process of our own that is asked one query at a time, and replaced when it fails.
//!
//! Whatever goes wrong is an [`Answer::Undecided`]. Started with `--strings-exp`, without which cvc5 1.0.3 refuses
//! formulas with `like`, and with a limit per query: `--tlimit` would end the whole process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cedar_policy::{Policy, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::solver::{Decision, LocalSolver, Solver, SolverError};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env, SmtLibScript};
use tokio::process::Command;
use tokio::time::timeout;

use super::Options;

/// How long the process may take at most to show that it can tell true from false.
const PROBE: Duration = Duration::from_secs(5);

/// After so many queries without an answer in time nothing more is asked: what is wedged stays wedged.
const SILENT_MAX: u32 = 3;

/// One query about the requests of one type.
#[derive(Clone, Debug)]
pub(super) enum Query {
    /// The policy never fails to be evaluated. Tried bare first, then only on requests that keep the assumptions.
    NeverErrors(Box<Policy>, Box<Policy>),
    /// The policy matches no request.
    NeverMatches(Box<Policy>),
    /// The set allows no request.
    NeverAllows(Box<PolicySet>),
    /// Whatever the first set allows, the second allows.
    Implies(Box<PolicySet>, Box<PolicySet>),
}

/// What the solver says.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// It holds of every request.
    Holds,
    /// It does not hold, of this request where one was wanted.
    Fails(Option<Box<Env>>),
    /// It could not be decided, and why.
    Undecided(String),
}

/// One solver process, started when it is first needed.
pub(super) struct Process {
    program: PathBuf,
    limit: Duration,
    patience: Duration,
    running: Option<CedarSymCompiler<LocalSolver>>,
    /// How many queries got no answer in time since the solver last found an example. That something holds is often seen
    /// without asking it, and so shows nothing.
    silent: u32,
}

impl Process {
    pub(super) fn new(options: &Options) -> Self {
        let (program, limit, patience) = (options.solver.clone(), options.limit, options.patience);
        Self { program, limit, patience, running: None, silent: 0 }
    }

    /// Starts the process, and has it tell true from false.
    pub(super) async fn probe(&mut self) -> Result<(), String> {
        let mut started = start(&self.program, self.limit)?;
        let probed = timeout(self.patience.min(PROBE), async {
            let solver = started.solver_mut();
            Ok::<_, SolverError>((ask_constant(solver, "true").await?, ask_constant(solver, "false").await?))
        });
        match probed.await {
            Ok(Ok((Decision::Sat, Decision::Unsat))) => {
                self.running = Some(started);
                Ok(())
            }
            Ok(Ok(_)) => Err(self.strange("it cannot tell true from false")),
            Ok(Err(error)) => Err(self.strange(&error.to_string())),
            Err(_) => Err(self.strange("it says nothing")),
        }
    }

    fn strange(&self, why: &str) -> String {
        format!(
            "`{}` does not answer like a solver: {why}\nhint: proofs need cvc5 1.0.3 or later; name it by `CVC5`",
            self.program.display()
        )
    }

    /// Asks one query, for an example where it fails if one is wanted. A process that failed is ended, and the next query has
    /// a new one, until too many were not answered.
    pub(super) async fn ask(&mut self, query: &Query, env: &RequestEnv, schema: &Schema, example: bool) -> Answer {
        if self.silent >= SILENT_MAX {
            return Answer::Undecided(format!("the solver was given up: {SILENT_MAX} queries got no answer in time"));
        }
        if self.running.is_none()
            && let Err(why) = self.probe().await
        {
            self.silent += 1;
            return Answer::Undecided(why);
        }
        let Some(mut solver) = self.running.take() else { return Answer::Undecided("there is no solver".to_owned()) };
        let Ok(answered) = timeout(self.patience, run(&mut solver, query, env, schema, example)).await else {
            self.silent += 1;
            let patience = self.patience.as_secs_f32();
            return Answer::Undecided(format!("the solver gave no answer within {patience} s"));
        };
        match answered {
            Ok(found) => {
                self.silent = if matches!(found, Answer::Fails(_)) { 0 } else { self.silent };
                self.running = Some(solver);
                found
            }
            Err(Error::SolverUnknown) => {
                self.running = Some(solver);
                let limit = self.limit.as_secs_f32();
                Answer::Undecided(format!("the solver does not know, or needs more than {limit} s"))
            }
            Err(error) => Answer::Undecided(format!("the solver failed: {}", told(&error))),
        }
    }

    /// Sees that the solver does not deny what a purchase shows: that a request of this type can be.
    pub(super) async fn control(&mut self, possible: &Query, env: &RequestEnv, schema: &Schema) -> Result<(), String> {
        match self.ask(possible, env, schema, false).await {
            Answer::Holds => Err(self.strange("it says that no purchase can be, and the bundle's own cases hold one")),
            // What it leaves open is told of the claims.
            Answer::Fails(_) | Answer::Undecided(_) => Ok(()),
        }
    }
}

fn told(error: &Error) -> String {
    match error {
        Error::PolicyNotWellTyped { errs } => {
            let first = errs.first().map(ToString::to_string).unwrap_or_default();
            format!("a policy does not fit the schema: {first}")
        }
        Error::SolverError(SolverError::Io(error)) => error.to_string(),
        error => error.to_string(),
    }
}

fn start(program: &Path, limit: Duration) -> Result<CedarSymCompiler<LocalSolver>, String> {
    let mut command = Command::new(program);
    let limit = format!("--tlimit-per={}", limit.as_millis());
    command.args(["--lang", "smt", &limit, "--strings-exp"]).kill_on_drop(true);
    let solver = LocalSolver::from_command(&mut command).map_err(|error| {
        let why = match error {
            SolverError::Io(error) => error.to_string(),
            error => error.to_string(),
        };
        format!(
            "the solver `{}` cannot be started: {why}\nhint: install it (Debian and Ubuntu: `apt install cvc5`), or name \
             its path by `CVC5`",
            program.display()
        )
    })?;
    CedarSymCompiler::new(solver).map_err(|error| error.to_string())
}

async fn ask_constant(solver: &mut LocalSolver, constant: &str) -> Result<Decision, SolverError> {
    solver.smtlib_input().reset().await?;
    solver.smtlib_input().set_logic("ALL").await?;
    solver.smtlib_input().assert(constant).await?;
    solver.check_sat().await
}

async fn run(
    solver: &mut CedarSymCompiler<LocalSolver>,
    query: &Query,
    env: &RequestEnv,
    schema: &Schema,
    example: bool,
) -> Result<Answer, Error> {
    let bare = |holds: bool| if holds { Answer::Holds } else { Answer::Fails(None) };
    let with = |found: Option<Env>| found.map_or(Answer::Holds, |env| Answer::Fails(Some(Box::new(env))));
    match query {
        Query::NeverErrors(alone, assumed) => {
            if solver.check_never_errors_opt(&CompiledPolicy::compile(alone, env, schema)?).await? {
                return Ok(Answer::Holds);
            }
            let assumed = CompiledPolicy::compile(assumed, env, schema)?;
            solver.check_never_errors_with_counterexample_opt(&assumed).await.map(with)
        }
        Query::NeverMatches(policy) => {
            let policy = CompiledPolicy::compile(policy, env, schema)?;
            if example {
                return solver.check_never_matches_with_counterexample_opt(&policy).await.map(with);
            }
            solver.check_never_matches_opt(&policy).await.map(bare)
        }
        Query::NeverAllows(set) => {
            let set = CompiledPolicySet::compile(set, env, schema)?;
            if example {
                return solver.check_always_denies_with_counterexample_opt(&set).await.map(with);
            }
            solver.check_always_denies_opt(&set).await.map(bare)
        }
        Query::Implies(first, second) => {
            let first = CompiledPolicySet::compile(first, env, schema)?;
            let second = CompiledPolicySet::compile(second, env, schema)?;
            if example {
                return solver.check_implies_with_counterexample_opt(&first, &second).await.map(with);
            }
            solver.check_implies_opt(&first, &second).await.map(bare)
        }
    }
}
