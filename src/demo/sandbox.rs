//! A sandbox: a database of cardholders, merchants and decided purchases that a seed makes up, with labelled fraud.
//!
//! Spending follows the transaction simulator of the Fraud Detection Handbook; devices, shipping, travel, assessments and
//! challenges are ours. The same seed, days and cards give the same data. Decisions are the live bundle's own, stored as
//! real ones are. Nobody of it exists, and no card of it can be registered or paid with.

mod analysis;
mod around;
mod chance;
mod days;
mod decided;
mod fraud;
mod habits;
mod history;
mod people;
mod purchase;
mod settled;
mod shops;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::task::JoinHandle;

use self::around::Around;
use self::days::City;
use self::decided::Desk;
use self::habits::Day;
use self::history::History;
use self::people::{Person, Shares};
use self::purchase::Purchase;
use crate::app::figures::Figures;
use crate::app::{App, LoadedBundle};
use crate::domain::card::CardNumberError;
use crate::domain::clock::Micros;
use crate::domain::label::Label;
use crate::domain::merchant::Environment;
use crate::domain::policy_figure::FigureSpan;
use crate::flow::register::RegisterError;
use crate::store::StoreError;
use crate::store::policy_figures::MINUTES_KEPT_SECONDS;
use crate::store::sandbox::{Batch, Standing};

/// Who makes it up, in the audit log.
const ACTOR: &str = "sandbox";
/// How a mark begins while a sandbox is being filled.
const FILLING: &str = "being filled: ";
/// The recipient that a sandbox without an analysis company is made up with: the first of the register.
const RECIPIENTS_ASKED: usize = 1;
/// Rows of the last statement's batches.
const HOURS_AT_ONCE: usize = 20_000;

/// What is made up.
#[derive(Clone, Copy, Debug)]
pub struct SandboxOptions {
    /// Cardholders, one card each.
    pub cards: u32,
    /// Days of purchases.
    pub days: u32,
    /// What chance begins with.
    pub seed: u64,
    /// The last day, in Japan's time.
    pub until: Date,
    /// The share of decisions that is labelled.
    pub labelled: f64,
}

/// Why nothing, or not all, was made up.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The deployment is no test.
    #[error("a sandbox is made in a `test` environment only\nhint: name another data folder with --data")]
    Live,
    /// The database holds what no sandbox made.
    #[error(
        "the database holds cardholders, merchants or decisions that no sandbox made\n\
         hint: made-up fraud must not mix with real records: name another data folder with --data, or another --database-url"
    )]
    Foreign,
    /// An earlier run was broken off.
    #[error("the database was {0}\nhint: it is incomplete: remove it and begin anew")]
    Unfinished(String),
    /// The seed was used before.
    #[error("the database has this already: {0}\nhint: take another seed, or another database")]
    Repeated(String),
    /// The day cannot be reckoned with.
    #[error("`{0}` is no day that can be counted back from")]
    Day(Date),
    /// A number cannot be made.
    #[error(transparent)]
    Number(#[from] CardNumberError),
    /// Somebody cannot be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread ended before its work was done.
    #[error("a thread of the sandbox ended early")]
    Thread,
}

/// What was made up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Cardholders.
    pub cards: usize,
    /// Merchants.
    pub merchants: usize,
    /// Decisions.
    pub decisions: usize,
    /// Challenges among them.
    pub challenges: usize,
    /// Labels of fraud.
    pub frauds: usize,
    /// Labels of genuine purchases.
    pub genuine: usize,
}

/// Fills the database. `progress` is told how many decisions there are, and how many are expected.
///
/// # Errors
/// [`SandboxError`].
pub async fn generate(
    app: &App,
    options: SandboxOptions,
    progress: impl Fn(usize, usize),
) -> Result<Made, SandboxError> {
    let (before, mark) = claim(app, options).await?;
    let begins = first_moment(options).ok_or(SandboxError::Day(options.until))?;
    let registered_at = Micros(begins.0 - Micros::DAY);
    let shares = Shares { seed: options.seed, cards: options.cards, days: u64::from(options.days) };
    let shops = shops::shops(options.seed, options.cards, registered_at);
    let people: Vec<Person> =
        (0..shares.cards).map(|number| people::person(shares, number, &shops, registered_at)).collect();
    settled::register(app, options.seed, &shops, &people, registered_at).await?;

    let mut first = Batch::default();
    let past = |person: &Person, rows: &mut Vec<_>| History::before(person, &shops, begins, rows);
    let histories = people.iter().map(|person| past(person, &mut first.familiars)).collect();
    let expected = people.iter().map(|person| person.daily).sum::<f64>() * f64::from(options.days);
    let expected = usize::try_from(chance::rounded(expected)).unwrap_or(0);
    let ends = Micros(begins.0 + i64::from(options.days) * Micros::DAY);
    let mut filler = Filler::new(app, expected, ends, progress);
    filler.made.cards = people.len();
    filler.made.merchants = shops.len();
    let city = City { people, shops, histories, around: Around::default() };
    filler.write(first).await?;
    filler.days(city, options, begins).await?;
    let made = filler.made;
    app.store.mark_sandbox(Some(format!("{FILLING}{mark}")), with(before, &mark)).await?;
    Ok(made)
}

/// Makes the database this run's, if it may be.
async fn claim(app: &App, options: SandboxOptions) -> Result<(Option<String>, String), SandboxError> {
    if app.config.environment != Environment::Test {
        return Err(SandboxError::Live);
    }
    let SandboxOptions { cards, days, seed, until, .. } = options;
    let mark = format!("seed {seed}: {cards} cards, {days} days until {until}");
    let before = match app.store.sandbox_standing().await? {
        Standing::Empty => None,
        Standing::Foreign => return Err(SandboxError::Foreign),
        Standing::Sandbox(known) if known.starts_with(FILLING) => return Err(SandboxError::Unfinished(known)),
        Standing::Sandbox(known) if known.lines().any(|line| line.starts_with(&format!("seed {seed}:"))) => {
            return Err(SandboxError::Repeated(known));
        }
        Standing::Sandbox(known) => Some(known),
    };
    if !app.store.mark_sandbox(before.clone(), format!("{FILLING}{mark}")).await? {
        return Err(SandboxError::Unfinished(format!("{FILLING}{mark}")));
    }
    Ok((before, mark))
}

fn with(before: Option<String>, mark: &str) -> String {
    before.into_iter().chain([mark.to_owned()]).collect::<Vec<String>>().join("\n")
}

/// When the first day begins in Japan.
fn first_moment(options: SandboxOptions) -> Option<Micros> {
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let last: Micros = options.until.to_zoned(zone).ok()?.timestamp().into();
    let first = Micros(last.0 - i64::from(options.days.max(1) - 1) * Micros::DAY);
    (first.0 > 0).then_some(first)
}

/// Writes one batch while the next is being decided.
struct Filler<'a, F> {
    app: &'a App,
    loaded: Arc<LoadedBundle>,
    expected: usize,
    progress: F,
    made: Made,
    /// When everything of it is over, and is labelled.
    ends: Micros,
    writing: Option<JoinHandle<Result<(), StoreError>>>,
}

impl<'a, F: Fn(usize, usize)> Filler<'a, F> {
    fn new(app: &'a App, expected: usize, ends: Micros, progress: F) -> Self {
        let loaded = app.bundle.load();
        Self { app, loaded, expected, progress, made: Made::default(), ends, writing: None }
    }

    async fn days(&mut self, mut city: City, options: SandboxOptions, begins: Micros) -> Result<(), SandboxError> {
        for number in 0..u64::from(options.days) {
            let offset = i64::try_from(number).unwrap_or(0) * Micros::DAY;
            let day = Day { seed: options.seed, number, begins: Micros(begins.0 + offset) };
            for purchases in city.purchases(day) {
                let batch;
                (city, batch) = self.decide(city, options, purchases).await?;
                self.count(&batch);
                self.write(batch).await?;
            }
        }
        let hours: Vec<_> = city.histories.iter().flat_map(History::hours).collect();
        for hours in hours.chunks(HOURS_AT_ONCE) {
            self.write(Batch { hours: hours.to_vec(), ..Batch::default() }).await?;
        }
        self.finish().await
    }

    async fn decide(
        &self,
        mut city: City,
        options: SandboxOptions,
        purchases: Vec<Purchase>,
    ) -> Result<(City, Batch), SandboxError> {
        let (loaded, figures) = (Arc::clone(&self.loaded), Figures::default());
        let decided = tokio::task::spawn_blocking(move || {
            let recipients = loaded.bundle.reference().recipients().take(RECIPIENTS_ASKED);
            let recipients: Vec<String> = recipients.map(|recipient| recipient.id.clone()).collect();
            let shops = std::mem::take(&mut city.shops);
            let desk = Desk {
                seed: options.seed,
                bundle: &loaded.bundle,
                shops: &shops,
                recipients: &recipients,
                labelled: options.labelled,
                figures: &figures,
            };
            let batch = city.decide(&desk, &purchases);
            city.shops = shops;
            (city, batch, purchases.len(), figures)
        });
        let (city, mut batch, wanted, figures) = decided.await.map_err(|_| SandboxError::Thread)?;
        batch.figures = figures.take().rows();
        // Older ones by the minute would be thrown away soon, and are most of all.
        let since = self.ends.plus_seconds(-MINUTES_KEPT_SECONDS);
        batch.figures.retain(|figure| figure.span != FigureSpan::Minute || figure.bucket >= since);
        if batch.authentications.len() == wanted { Ok((city, batch)) } else { Err(SandboxError::Thread) }
    }

    fn count(&mut self, batch: &Batch) {
        let labelled = |label| batch.labels.iter().filter(|labelled| labelled.label == label).count();
        self.made.decisions += batch.authentications.len();
        self.made.challenges += batch.challenges.len();
        self.made.frauds += labelled(Label::Fraud);
        self.made.genuine += labelled(Label::Genuine);
        (self.progress)(self.made.decisions, self.expected);
    }

    async fn write(&mut self, batch: Batch) -> Result<(), SandboxError> {
        self.finish().await?;
        let (store, at) = (self.app.store.clone(), self.ends);
        self.writing = Some(tokio::spawn(async move { store.fill_sandbox(batch, ACTOR, at).await }));
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), SandboxError> {
        match self.writing.take() {
            Some(writing) => Ok(writing.await.map_err(|_| SandboxError::Thread)??),
            None => Ok(()),
        }
    }
}
