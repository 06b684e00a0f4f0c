//! Opting out against calls in flight: two server processes on one database, objections recorded by them, by a third
//! instance and by the command line, a company that writes down when each request began to arrive, and a hand that kills and stops processes.
//!
//! What is claimed: no request about a person began after the answer to her objection, but those that her receipt names
//! as possibly sent. `scripts/soak sharing` runs the same at full size.

mod fleet;
mod people;
mod stopped;
mod tally;

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::fleet::Fleet;
use self::people::{Member, Objector, Way};
use self::tally::Tally;
use crate::support::company::{Company, Manner};
use crate::support::process::{Deployment, now};

/// Objections on each database in an ordinary run; `SEKISHO_SOAK` states another number.
const OBJECTIONS: usize = 150;
/// How long something may be sent after the gate's first look, in milliseconds: the default.
const LIMIT_MS: u64 = 400;
/// How many people say something at once.
const AT_ONCE: u64 = 10;

/// What goes wrong in the servers. A seed is put in front for each start.
const FAULTS: &str = "gate.start=delay:40@0.3 gate.committed=delay:80@0.3 gate.committed=wait:450@0.01 \
     gate.send=delay:80@0.3 gate.settle=delay:60@0.3 gate.committed=abort@0.0006 gate.send=abort@0.0006 \
     gate.settle=abort@0.0006";
/// What goes wrong where objections are recorded.
const OBJECTOR_FAULTS: &str = "objection.committed=delay:40@0.2 checkpoint.write=delay:20@0.2";

const MANNER: Manner = Manner { quick_ms: 60, late_share: 0.01, late_ms: 1_200, broken_share: 0.01 };

fn wanted(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
#[expect(clippy::print_stdout, reason = "scripts/soak shows what the race came to")]
fn nothing_about_a_person_begins_to_leave_after_the_answer_to_her_objection() {
    let objections = usize::try_from(wanted("SEKISHO_SOAK", OBJECTIONS as u64)).unwrap();
    let seed = wanted("SEKISHO_SEED", rand::random::<u32>().into());
    let seconds = wanted("SEKISHO_SOAK_SECONDS", 3_600);
    for deployment in Deployment::on_every_database() {
        let name = if deployment.is_on_a_server() { "postgresql" } else { "sqlite" };
        let tally = race(&deployment, objections, Duration::from_secs(seconds), seed);
        println!("{name}: seed {seed}, {}", tally.says());
        assert_eq!(tally.violations, Vec::<String>::new(), "{name}, seed {seed}");
        tally.is_no_idle_run();
    }
}

/// Runs the race on one database and judges it.
fn race(deployment: &Deployment, objections: usize, limit: Duration, seed: u64) -> Tally {
    let company = Company::open(MANNER, seed);
    fleet::configure(deployment, company.address, LIMIT_MS);
    let members = people::import(deployment, objections);
    let fleet = Fleet::start(deployment, FAULTS, seed);
    let objector = Objector::open(deployment, OBJECTOR_FAULTS);
    let next = std::sync::Mutex::new(members.iter());
    let (began, tally) = (now(), Tally::default());
    let tally = std::sync::Mutex::new(tally);
    std::thread::scope(|scope| {
        let trouble = scope.spawn(|| fleet.make_trouble(seed));
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| {
                let (next, fleet, objector, tally) = (&next, &fleet, &objector, &tally);
                scope.spawn(move || {
                    let mut chances = StdRng::seed_from_u64(seed ^ (worker + 1) << 32);
                    while let Some(member) = take(next) {
                        if began.elapsed() > limit {
                            break;
                        }
                        let story = one_person(member, fleet, objector, &mut chances);
                        tally.lock().unwrap().stories.push(story);
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        fleet.peace();
        trouble.join().unwrap();
    });
    let mut tally = tally.into_inner().unwrap();
    tally.seconds = began.elapsed().as_secs();
    tally.judge(&company, &objector, &fleet);
    tally
}

fn take<'a>(next: &std::sync::Mutex<std::slice::Iter<'a, Member>>) -> Option<&'a Member> {
    next.lock().unwrap().next()
}

/// One person: purchases in flight at both servers, an objection among them, and purchases after its answer.
fn one_person(member: &Member, fleet: &Fleet, objector: &Objector, chances: &mut StdRng) -> tally::Story {
    let purchases: Vec<(usize, u64)> =
        (0..chances.random_range(1..=3)).map(|_| (chances.random_range(0..2), chances.random_range(0..120))).collect();
    let pause = chances.random_range(0..160);
    let way = match chances.random_range(0..100) {
        0 => Way::Command,
        1..40 => Way::Instance,
        chance => Way::Server(fleet, chance % 2),
    };
    let mut story = tally::Story::default();
    std::thread::scope(|scope| {
        let asked: Vec<_> = purchases
            .iter()
            .map(|(server, wait_ms)| {
                scope.spawn(move || {
                    std::thread::sleep(Duration::from_millis(*wait_ms));
                    fleet.buy(member, *server)
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(pause));
        story.said = objector.object(member, way);
        for asked in asked {
            story.purchases += 1;
            story.answered += u64::from(asked.join().unwrap());
        }
    });
    for server in 0..chances.random_range(0..2) {
        story.purchases += 1;
        story.answered += u64::from(fleet.buy(member, server));
    }
    story
}
