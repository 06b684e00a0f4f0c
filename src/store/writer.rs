//! SQLite's one writer: takes waiting work into one immediate transaction, a savepoint each, and commits once.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tokio::sync::{mpsc, oneshot};

use super::{InTransaction, StoreError, Transaction, begin};

/// At most so many callers share one commit.
const BATCH: usize = 64;
/// So many callers may wait; the next ones wait to be allowed to wait.
const QUEUE: usize = 1_024;

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Work = Box<dyn for<'t> FnOnce(&'t Transaction) -> InTransaction<'t, (bool, Answer)> + Send>;

enum Message {
    Work(Work),
    Stop(oneshot::Sender<()>),
}

/// The sending side of the writer's queue.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    pub(super) fn start(connection: DatabaseConnection) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE);
        tokio::spawn(write_batches(connection, messages));
        Self { queue }
    }

    /// Runs `work` within the next commit and answers after it.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Transaction) -> InTransaction<'t, T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |transaction| {
            let outcome = work(transaction);
            Box::pin(async move {
                let outcome = outcome.await;
                let keep = outcome.is_ok();
                let answer: Answer = Box::new(move |committed| {
                    // The caller may have gone; what it asked for is done all the same.
                    let _ = reply.send(committed.and(outcome));
                });
                Ok((keep, answer))
            })
        });
        self.queue.send(Message::Work(work)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(super) async fn stop(self) {
        let (done, wait) = oneshot::channel();
        if self.queue.send(Message::Stop(done)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable { message: "the writer has stopped".to_owned() }
}

async fn write_batches(connection: DatabaseConnection, mut messages: mpsc::Receiver<Message>) {
    let mut batch = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let mut works = Vec::with_capacity(batch.len());
        let mut stop = None;
        for message in batch.drain(..) {
            match message {
                Message::Work(work) => works.push(work),
                Message::Stop(done) => stop = Some(done),
            }
        }
        if !works.is_empty() {
            write_batch(&connection, works).await;
        }
        if let Some(done) = stop {
            let _ = connection.close().await;
            let _ = done.send(());
            return;
        }
    }
}

/// One transaction for all of `works`. Their callers are answered after the commit, or with its failure;
/// when the transaction itself cannot start or breaks, the callers find their channel closed or its error.
async fn write_batch(connection: &DatabaseConnection, works: Vec<Work>) {
    let Ok(transaction) = begin(connection).await else { return };
    let mut answers = Vec::with_capacity(works.len());
    for work in works {
        match in_savepoint(&transaction, work).await {
            Ok(answer) => answers.push(answer),
            Err(_) => break,
        }
    }
    let committed = transaction.commit().await.map_err(StoreError::from);
    let failure = committed.err().map(|error| error.to_string());
    for answer in answers {
        answer(failure.clone().map_or(Ok(()), |message| Err(StoreError::Unavailable { message })));
    }
}

async fn in_savepoint(transaction: &Transaction, work: Work) -> Result<Answer, StoreError> {
    transaction.execute_unprepared("SAVEPOINT work").await?;
    let (keep, answer) = work(transaction).await?;
    let end = if keep { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" };
    transaction.execute_unprepared(end).await?;
    Ok(answer)
}
