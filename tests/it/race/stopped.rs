//! One process that is stopped, or ends, at a place that matters, and what another one says and does about it.

use std::time::Duration;

use sekisho::domain::id::DisclosureId;

use super::fleet::configure;
use super::people::{Member, Objector, Way, import};
use crate::support::company::{Company, Manner};
use crate::support::process::{Deployment, Service, until};

const MANNER: Manner = Manner { quick_ms: 0, late_share: 0.0, late_ms: 0, broken_share: 0.0 };
/// Long, so that a busy machine still sends in time.
const LIMIT_MS: u64 = 1_800;
/// Longer than the limit for sending and the margin.
const LONG: Duration = Duration::from_millis(2_100);

/// A server with this plan, one person, and another instance that records what she says.
struct Scene<'a> {
    deployment: &'a Deployment,
    company: Company,
    server: Service,
    key: String,
    member: Member,
    objector: Objector<'a>,
}

impl<'a> Scene<'a> {
    fn set(deployment: &'a Deployment, faults: &str) -> Self {
        let company = Company::open(MANNER, 1);
        configure(deployment, company.address, LIMIT_MS);
        let member = import(deployment, 1).remove(0);
        let (_, key) = deployment.merchant();
        let server = deployment.serve_with(&[("SEKISHO_FAULT_POINTS", faults)]);
        Self { deployment, company, server, key, member, objector: Objector::open(deployment, "") }
    }

    /// She buys; nobody waits for the answer.
    fn buys(&self) -> std::net::TcpStream {
        let body = serde_json::json!({
            "merchant_reference": "order-1", "card": {"number": self.member.number, "expiry": "2031-11"},
            "purchase": {"amount_minor": 1_200, "currency": "JPY"}, "cardholder": {"email": self.member.email}
        });
        self.server.begin_json("POST", "/v1/authentications", &self.key, &body)
    }

    /// The rows of the ledger that stand for a sending and how each of them is settled; waits until there is one.
    fn row(&self) -> DisclosureId {
        until("the row `intended`", || self.open().first().copied())
    }

    fn open(&self) -> Vec<DisclosureId> {
        let store = &self.objector.app.store;
        let holder = self.objector.run(store.cardholder_key(&self.member.reference)).unwrap().unwrap().0;
        let open = self.objector.run(store.open_disclosures(holder)).unwrap();
        open.into_iter().map(|(id, _)| id).collect()
    }

    fn settled(&self, state: &str) -> i64 {
        self.deployment.count(&format!("SELECT COUNT(*) FROM disclosure_settlements WHERE state = '{state}'"))
    }
}

#[test]
fn a_process_stopped_before_the_body_leaves_is_named_on_the_receipt_and_sends_nothing_when_it_goes_on() {
    for deployment in Deployment::on_every_database() {
        let scene = Scene::set(&deployment, "gate.committed=wait:1200");
        let purchase = scene.buys();
        let row = scene.row();
        scene.server.stop();
        let said = scene.objector.object(&scene.member, Way::Instance).unwrap();
        assert_eq!(said.maybe_sent.into_iter().collect::<Vec<_>>(), [row], "an honest receipt names what is open");
        assert!(said.took_ms >= 1_000, "it waited for the limit and the margin: {} ms", said.took_ms);
        std::thread::sleep(LONG);
        scene.server.go_on();
        let answer = crate::support::process::Answer::read(purchase);
        assert_eq!(answer.status, 201, "the decision goes on: {answer:?}");
        assert_eq!((scene.settled("not_sent"), scene.open()), (1, Vec::new()));
        assert_eq!(scene.company.arrivals().len(), 0, "its time was over");
    }
}

#[test]
fn a_process_stopped_after_the_body_left_is_named_on_the_receipt() {
    for deployment in Deployment::on_every_database() {
        let scene = Scene::set(&deployment, "gate.settle=wait:1200");
        let purchase = scene.buys();
        let row = scene.row();
        until("the request at the company", || scene.company.arrivals().pop());
        scene.server.stop();
        let said = scene.objector.object(&scene.member, Way::Instance).unwrap();
        assert_eq!(said.maybe_sent.into_iter().collect::<Vec<_>>(), [row]);
        scene.server.go_on();
        assert_eq!(crate::support::process::Answer::read(purchase).status, 201);
        assert_eq!((scene.settled("sent"), scene.open()), (1, Vec::new()));
        assert_eq!(scene.company.arrivals().len(), 1);
    }
}

#[test]
fn what_a_process_left_open_when_it_died_is_named_on_the_receipt_and_settled_as_unknown_by_another() {
    for deployment in Deployment::on_every_database() {
        let mut scene = Scene::set(&deployment, "gate.committed=abort");
        let _purchase = scene.buys();
        scene.server.ended();
        let row = scene.row();
        assert_eq!(scene.company.arrivals().len(), 0, "it died before it sent anything");
        let said = scene.objector.object(&scene.member, Way::Instance).unwrap();
        assert_eq!(said.maybe_sent.into_iter().collect::<Vec<_>>(), [row], "nobody can know that, so it is named");
        // What the upkeep of every instance does a minute later.
        let app = &scene.objector.app;
        let later = app.now().plus_seconds(61);
        let settled = scene.objector.run(app.store.settle_abandoned(later.plus_seconds(-60), later, 10));
        assert_eq!(settled.unwrap(), 1);
        assert_eq!((scene.settled("unknown"), scene.open()), (1, Vec::new()));
    }
}
