//! A deployment with two instances and a few people; every operation, and what must be true after it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sekisho::app::App;
use sekisho::domain::consent::coverage::Coverage;
use sekisho::domain::consent::line::Identity;
use sekisho::domain::consent::{Basis, IdentityMethod, IdentityOutcome, Purpose};
use sekisho::domain::feedback::FeedbackEvent;
use sekisho::domain::id::CardholderId;
use sekisho::domain::outbox::OutboxKind;
use sekisho::fault_points::Point;
use sekisho::flow::consent::{Statement, correct, find_receipt, object_by_reference, resume};
use sekisho::flow::{feedback, outbox};
use serde_json::{Value, json};

use super::Operation;
use super::model::{Scope, Wishes};
use crate::support::chain;
use crate::support::consent::{NOTICE, statement};
use crate::support::deployment::{Deployment, TestCard, card_number, request};
use crate::support::exchange::{Answer, Call};

/// Where an instance may die.
pub(super) const CRASHES: [Point; 4] = [Point::GateStart, Point::GateCommitted, Point::GateSend, Point::GateSettle];

/// Bodies that must be refused.
pub(super) const NONSENSE: [&str; 5] = [
    "{",
    "[]",
    "{\"card\":{\"number\":\"0000\"}}",
    "{\"merchant_reference\":\"x\",\"status\":\"approved\"}",
    "\"\\u0000\"",
];

struct Person {
    reference: String,
    id: CardholderId,
    cards: Vec<TestCard>,
    wishes: Wishes,
    /// Her last purchase that was answered at once: the answer, which card, whether the company was asked.
    last: Option<(Value, usize, bool)>,
}

pub(super) struct World<'a> {
    deployment: &'a Deployment,
    twin: &'a (Arc<App>, Router),
    people: Vec<Person>,
    answers: Vec<Value>,
    last_request: Option<(String, Value, Value)>,
}

impl<'a> World<'a> {
    pub(super) async fn new(deployment: &'a Deployment, twin: &'a (Arc<App>, Router), people: usize) -> Self {
        deployment.clock.advance(3_600);
        let mut world = Self { deployment, twin, people: Vec::new(), answers: Vec::new(), last_request: None };
        for _ in 0..people {
            let card = deployment.card(&json!({})).await;
            let id = deployment.app.store.cardholder_key(&card.cardholder).await.unwrap().unwrap().0;
            let reference = card.cardholder.clone();
            world.people.push(Person { reference, id, cards: vec![card], wishes: Wishes::default(), last: None });
        }
        world
    }

    /// Does one thing and looks at everything that must be true after it.
    pub(super) async fn step(&mut self, operation: &Operation) {
        self.deployment.clock.advance(2);
        self.deployment.provider().forget();
        let audited = self.count("audit_entries").await;
        let (sent, changed) = self.run(operation).await;
        let calls = self.deployment.provider().calls();
        assert_eq!(calls.len(), sent, "{operation:?} sent {calls:?}");
        if changed {
            assert!(self.count("audit_entries").await > audited, "{operation:?} is not in the audit log");
        }
        for person in &self.people {
            let line = self.deployment.app.store.line(person.id).await.unwrap();
            chain::check(person.id, &line).unwrap_or_else(|fault| panic!("after {operation:?}: {fault}"));
        }
    }

    /// Answers how many requests the company must have seen, and whether something was changed.
    async fn run(&mut self, operation: &Operation) -> (usize, bool) {
        match operation {
            Operation::Buy { who, card, twin } => (self.buy(*who, *card, *twin).await, true),
            Operation::Repeat { twin } => (self.repeat(*twin).await, false),
            Operation::Object { who, scope, twin } => (self.object(*who, *scope, *twin).await, true),
            Operation::LostAnswer { who } => (self.lose_answer(*who).await, true),
            Operation::Resume { who } => (self.resume(*who).await, true),
            Operation::Renew { who, card } => (self.renew(*who, *card).await, true),
            Operation::Add { who } => (self.add(*who).await, true),
            Operation::Register { who } => (self.register(*who).await, true),
            Operation::Feedback { who } => self.feedback(*who).await,
            Operation::Crash { who, at } => (self.crash(*who, CRASHES[*at]).await, false),
            Operation::Correct { who } => (self.correct(*who).await, true),
            Operation::Advance { seconds } => (self.advance(*seconds).await, false),
            Operation::Nonsense { which } => (self.nonsense(NONSENSE[*which]).await, false),
        }
    }

    fn router(&self, twin: bool) -> &'a Router {
        if twin { &self.twin.1 } else { &self.deployment.router }
    }

    async fn count(&self, table: &str) -> i64 {
        self.deployment.tables.value(&format!("SELECT COUNT(*) FROM {table}"), Vec::new()).await
    }

    async fn buy(&mut self, who: usize, card: usize, twin: bool) -> usize {
        let (deployment, router) = (self.deployment, self.router(twin));
        let person = &mut self.people[who];
        let card = card % person.cards.len();
        let body = deployment.purchase(&person.cards[card], &json!({}));
        let key = format!("generated-{}", deployment.next());
        let answer = request(&deployment.shop, &key, &body).to(router).await.ok(201);
        let asked = person.wishes.permit(card, Purpose::Assess);
        let status = deployment.facts(&answer).await.assessment.status();
        assert_eq!(status, if asked { "answered" } else { "not_asked" }, "{answer}");
        person.last = Some((answer.clone(), card, asked));
        self.answers.push(answer.clone());
        self.last_request = Some((key, body, answer));
        usize::from(asked)
    }

    async fn repeat(&self, twin: bool) -> usize {
        let Some((key, body, first)) = &self.last_request else { return 0 };
        let rows = self.count("disclosures").await;
        let again = request(&self.deployment.shop, key, body).to(self.router(twin)).await.json();
        assert_eq!((&again["id"], &again["status"]), (&first["id"], &first["status"]));
        assert_eq!(self.count("disclosures").await, rows, "a repeat has no effect of its own");
        0
    }

    async fn object(&mut self, who: usize, scope: Scope, twin: bool) -> usize {
        let app = if twin { &self.twin.0 } else { &self.deployment.app };
        let person = &self.people[who];
        let open = app.store.open_disclosures(person.id).await.unwrap();
        let said = self.said(person, scope).await;
        let objection = object_by_reference(app, "agent", &person.reference, said);
        let objection = self.ticking(objection).await.unwrap();
        let named: Vec<_> = open.into_iter().map(|(id, _)| id).collect();
        assert_eq!(objection.receipt.maybe_sent, named, "the receipt names what is open, and nothing else");
        self.people[who].wishes.object(scope);
        0
    }

    async fn said(&self, person: &Person, scope: Scope) -> Statement {
        let mut said = statement();
        let everything = Coverage::everything();
        said.coverage = match scope {
            Scope::Everything => everything,
            Scope::Unchecked => {
                said.identity = Identity { method: IdentityMethod::KnownFacts, outcome: IdentityOutcome::Failed };
                everything
            }
            Scope::FirstCard => {
                let sql = "SELECT id FROM cards WHERE reference = $1";
                let id: uuid::Uuid =
                    self.deployment.tables.value(sql, vec![person.cards[0].reference.clone().into()]).await;
                let card = format!("card_{}", id.simple()).parse().unwrap();
                Coverage { cards: Some([card].into()), ..everything }
            }
            Scope::Assess => Coverage { purpose: Some(Purpose::Assess), ..everything },
            Scope::Feedback => Coverage { purpose: Some(Purpose::Feedback), ..everything },
            Scope::Reuse => Coverage { purpose: Some(Purpose::Reuse), ..everything },
            Scope::Recipient => Coverage { recipient: Some("tmx".to_owned()), ..everything },
        };
        said
    }

    /// Waits for something that waits for the clock.
    async fn ticking<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(Duration::from_millis(20)) => self.deployment.clock.advance(1),
            }
        }
    }

    /// Lets the twin begin and ends it at this point. None when it never came there: then the answer.
    async fn dies_at<T: Send + 'static>(
        &self,
        point: Point,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let faults = &self.twin.0.faults;
        faults.arm(&format!("{}=hang", point.as_str()), self.twin.0.randomness.as_ref()).unwrap();
        let task = tokio::spawn(work);
        while faults.hung(point) == 0 && !task.is_finished() {
            // An objection waits for the clock; a sending would be too late if it moved on.
            if point == Point::ObjectionAnswer {
                self.deployment.clock.advance(1);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let hung = faults.hung(point) > 0;
        faults.arm("", self.twin.0.randomness.as_ref()).unwrap();
        if hung {
            task.abort();
            return None;
        }
        Some(task.await.unwrap())
    }

    async fn lose_answer(&mut self, who: usize) -> usize {
        let (app, reference) = (self.twin.0.clone(), self.people[who].reference.clone());
        let work = async move { object_by_reference(&app, "agent", &reference, statement()).await.map(drop) };
        assert!(self.dies_at(Point::ObjectionAnswer, work).await.is_none());
        let person = &mut self.people[who];
        person.wishes.object(Scope::Everything);
        let events = self.deployment.app.store.consent_events(person.id, 1).await.unwrap();
        let receipt = find_receipt(&self.deployment.app, events[0].id).await.unwrap();
        assert!(receipt.is_some(), "another instance can give the receipt");
        0
    }

    async fn resume(&mut self, who: usize) -> usize {
        let (app, person) = (&self.deployment.app, &mut self.people[who]);
        let filed = resume::request(app, "agent", person.id, Basis::Notice, statement()).await.unwrap();
        assert!(resume::approve(app, "agent", filed.id, None).await.is_err(), "nobody approves her own request");
        resume::approve(app, "supervisor", filed.id, None).await.unwrap();
        person.wishes.resume();
        0
    }

    async fn renew(&mut self, who: usize, card: usize) -> usize {
        let serial = self.deployment.next();
        let person = &mut self.people[who];
        let place = card % person.cards.len();
        let card = &mut person.cards[place];
        card.number = card_number(serial);
        let call = Call::put(format!("/v1/cards/{}/number", card.reference));
        let renewed = self.deployment.issuer(call, &json!({"number": card.number, "expiry": "2029-11"})).await;
        assert!(renewed.status.is_success(), "{renewed:?}");
        0
    }

    async fn add(&mut self, who: usize) -> usize {
        let person = &mut self.people[who];
        if person.cards.len() < 3 {
            person.cards.push(self.deployment.card_of(&person.reference, &json!({})).await);
        } else {
            self.register(who).await;
        }
        0
    }

    async fn register(&self, who: usize) -> usize {
        let basis = json!({"basis": "notice", "notice_version": NOTICE, "informed_at": "2026-05-01T00:00:00Z"});
        let body = json!({"email": "hanako.yamada@example.jp", "sharing": basis});
        let call = Call::put(format!("/v1/cardholders/{}", self.people[who].reference));
        self.deployment.issuer(call, &body).await.ok(200);
        0
    }

    async fn feedback(&self, who: usize) -> (usize, bool) {
        let person = &self.people[who];
        let Some((answer, card, asked)) = &person.last else { return (0, false) };
        let (app, id) = (&self.deployment.app, answer["id"].as_str().unwrap().parse().unwrap());
        assert!(feedback::confirm(app, "staff", id, FeedbackEvent::ConfirmedGenuine).await.unwrap());
        for claimed in outbox::take(app, OutboxKind::Feedback, 10).await.unwrap() {
            outbox::send(app, &claimed).await.unwrap();
        }
        let told = *asked && person.wishes.permit(*card, Purpose::Feedback);
        (usize::from(told), true)
    }

    async fn crash(&mut self, who: usize, at: Point) -> usize {
        let (deployment, person) = (self.deployment, &self.people[who]);
        let body = deployment.purchase(&person.cards[0], &json!({}));
        let call = request(&deployment.shop, &format!("generated-{}", deployment.next()), &body);
        let (router, first) = (self.twin.1.clone(), call.clone());
        let died = self.dies_at(at, async move { first.to(&router).await }).await.is_none();
        let permitted = person.wishes.permit(0, Purpose::Assess);
        assert_eq!(died, permitted || at == Point::GateStart, "{at:?}");
        // When its lease has run out, the retry is answered, and nobody is asked twice.
        deployment.clock.advance(40);
        let answer: Answer = call.to(&deployment.router).await;
        let answer = answer.json();
        assert!(answer["status"].is_string(), "{answer}");
        self.answers.push(answer);
        let reached = matches!(at, Point::GateStart | Point::GateSettle);
        usize::from(permitted && reached)
    }

    async fn correct(&self, who: usize) -> usize {
        let app = &self.deployment.app;
        let events = app.store.consent_events(self.people[who].id, 50).await.unwrap();
        let event = events.iter().find(|event| event.corrects.is_none()).unwrap();
        let said = Statement { reference: Some("CALL-2026-11-22-0002".to_owned()), ..statement() };
        correct::correct(app, "agent", event.id, said).await.unwrap();
        0
    }

    async fn advance(&self, seconds: u64) -> usize {
        self.deployment.clock.advance(seconds);
        let (store, now) = (&self.twin.0.store, self.deployment.app.now());
        store.settle_abandoned(now.plus_seconds(-60), now, 500).await.unwrap();
        0
    }

    async fn nonsense(&self, body: &str) -> usize {
        let key = format!("generated-{}", self.deployment.next());
        let call = Call::post("/v1/authentications").key(&self.deployment.shop.key).idempotency(&key).raw(body);
        let answer = call.to(&self.deployment.router).await;
        assert!(answer.status.is_client_error(), "{body}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        0
    }

    /// Every final result is what it was, at both instances.
    pub(super) async fn finals_stand(&self) {
        for first in &self.answers {
            for router in [&self.deployment.router, &self.twin.1] {
                let path = format!("/v1/authentications/{}", first["id"].as_str().unwrap());
                let read = Call::get(path).key(&self.deployment.shop.key).to(router).await.ok(200);
                if matches!(first["status"].as_str(), Some("approved" | "rejected")) {
                    assert_eq!((&read["status"], &read["reasons"]), (&first["status"], &first["reasons"]));
                }
            }
        }
    }
}

/// No name, address, number or password as it is: not in the database, not at the company.
pub(super) async fn no_plain_datum_anywhere(deployment: &Deployment) {
    const PLAIN: [&str; 6] = ["hanako.yamada", "山田", "YAMADA", "09012345678", "南青山", "3569000000"];
    let dump = deployment.tables.dump().await;
    assert!(dump.len() > 100, "the dump holds something");
    for plain in PLAIN {
        let holds = |bytes: &[u8]| begins_anywhere(bytes, plain.as_bytes());
        let found = dump.iter().find(|(_, bytes)| holds(bytes)).map(|(place, _)| place);
        assert_eq!(found, None, "`{plain}`");
        for call in deployment.provider().calls() {
            assert!(!call.fields.values().any(|value| value.contains(plain)), "`{plain}` in {call:?}");
        }
    }
}

/// Whether a plain datum begins somewhere in these bytes. Inside a longer number it is a time that looks like one.
fn begins_anywhere(bytes: &[u8], plain: &[u8]) -> bool {
    let after_digit = |at: usize| plain[0].is_ascii_digit() && at > 0 && bytes[at - 1].is_ascii_digit();
    bytes.windows(plain.len()).enumerate().any(|(at, part)| part == plain && !after_digit(at))
}
