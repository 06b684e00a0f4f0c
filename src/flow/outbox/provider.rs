//! Messages to the analysis company: what became of an authentication, and requests to erase.
//!
//! Every one of them passes the gate again at each try: a message in the outbox is no permission.

use crate::app::App;
use crate::domain::outbox::{Attempt, OutboxMessage};

/// Tells the analysis company what became of an authentication.
#[expect(clippy::unused_async, reason = "a company that takes feedback is called over the network")]
pub async fn feedback(app: &App, _: &OutboxMessage) -> Attempt {
    unreachable_company(app)
}

/// Asks the analysis company to erase what it got.
#[expect(clippy::unused_async, reason = "a company that erases is called over the network")]
pub async fn erase(app: &App, _: &OutboxMessage) -> Attempt {
    unreachable_company(app)
}

/// The reason that nothing can be sent: there is no company, or the one there is takes assessments alone.
fn unreachable_company(app: &App) -> Attempt {
    match app.provider {
        None => Attempt::dead("no recipient is configured"),
        Some(_) => Attempt::dead("the recipient takes no such message"),
    }
}
