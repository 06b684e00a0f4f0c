//! The people of the race, and who records what they say: an instance of its own in the test's process, and now and
//! then the command line.

use std::collections::BTreeSet;
use std::time::Instant;

use sekisho::app::App;
use sekisho::domain::id::{CardholderId, DisclosureId};
use sekisho::flow::consent::object_by_reference;

use super::fleet::Fleet;
use crate::support::card_file::{file, number, row};
use crate::support::consent::{NOTICE, statement};
use crate::support::process::{Deployment, now};

/// One person with one card.
pub(super) struct Member {
    pub(super) index: u64,
    pub(super) reference: String,
    pub(super) number: String,
    pub(super) email: String,
}

/// Where an objection is recorded.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// At one of the servers.
    Server(&'a Fleet<'a>, usize),
    /// At the instance in the test's process.
    Instance,
    /// By the command line.
    Command,
}

/// What came of an objection.
pub(super) struct Said {
    pub(super) cardholder: CardholderId,
    /// When the answer was there.
    pub(super) answered: Instant,
    /// How long it took, in milliseconds.
    pub(super) took_ms: u128,
    /// What the receipt names as possibly sent.
    pub(super) maybe_sent: BTreeSet<DisclosureId>,
}

/// Registers people who were informed that their data may be shared.
pub(super) fn import(deployment: &Deployment, count: usize) -> Vec<Member> {
    let informed = |index| {
        row(index)
            .with("sharing_basis", "notice")
            .with("notice_version", NOTICE)
            .with("informed_at", "2026-04-01T00:00:00Z")
    };
    let indexes = 0..u64::try_from(count).unwrap();
    let rows: Vec<_> = indexes.clone().map(informed).collect();
    let path = deployment.write("people.csv", file(&rows));
    deployment.fine(&["card", "import", path.to_str().unwrap()]);
    let member = |index| Member {
        index,
        reference: format!("holder-{index}"),
        number: number(index),
        email: format!("shiori.{index}@mail.example"),
    };
    indexes.map(member).collect()
}

/// Where objections are recorded.
pub(super) struct Objector<'a> {
    deployment: &'a Deployment,
    pub(super) app: App,
    runtime: tokio::runtime::Runtime,
}

impl<'a> Objector<'a> {
    pub(super) fn open(deployment: &'a Deployment, faults: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let app = runtime.block_on(deployment.beside());
        app.faults.arm(faults, app.randomness.as_ref()).unwrap();
        Self { deployment, app, runtime }
    }

    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// She objects to everything; tried again until there is an answer, for only an answer promises anything.
    pub(super) fn object(&self, member: &Member, way: Way<'_>) -> Option<Said> {
        let began = now();
        let maybe_sent = match way {
            // The key of a request that died with its server stays taken for a while: then another way is tried.
            Way::Server(fleet, server) => fleet.object(member, server).or_else(|| self.by_instance(member)),
            Way::Instance => self.by_instance(member),
            Way::Command => self.by_command(member),
        };
        let answered = now();
        let cardholder = self.run(self.app.store.cardholder_key(&member.reference)).unwrap().unwrap().0;
        Some(Said { cardholder, answered, took_ms: (answered - began).as_millis(), maybe_sent: maybe_sent? })
    }

    fn by_instance(&self, member: &Member) -> Option<BTreeSet<DisclosureId>> {
        (0..5).find_map(|_| {
            let said = self.run(object_by_reference(&self.app, "agent", &member.reference, statement()));
            said.ok().map(|objection| objection.receipt.maybe_sent.into_iter().collect())
        })
    }

    fn by_command(&self, member: &Member) -> Option<BTreeSet<DisclosureId>> {
        let said = ["consent", "object", "--cardholder", &member.reference, "--channel", "phone"];
        let ended = self.deployment.run(&said);
        let named = |line: &str| line.split_once(' ').and_then(|(id, _)| id.parse().ok());
        (ended.code == 0).then(|| ended.out.lines().filter_map(named).collect())
    }
}
