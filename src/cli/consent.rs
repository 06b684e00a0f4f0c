//! `sekisho consent`: records what a cardholder says about data sharing.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{FAILED, Failure, login};
use crate::app::App;
use crate::config::Config;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::Identity;
use crate::domain::consent::{Basis, Channel, ConsentState, IdentityMethod, IdentityOutcome, Purpose};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::resume::{self, ResumeError};
use crate::flow::consent::{self, ConsentError, Statement};

#[derive(Debug, Subcommand)]
pub(super) enum ConsentCommand {
    /// She objects: nothing about her leaves any more
    Object(ConsentArgs),
    /// She takes her objection back: files a request that a second person decides on the console
    Resume(ResumeArgs),
}

#[derive(Debug, Args)]
pub(super) struct ConsentArgs {
    /// The issuer's reference of the cardholder
    #[arg(long, value_name = "REFERENCE")]
    cardholder: String,
    /// How it came: phone, web, letter, branch, system
    #[arg(long, value_parser = channel)]
    channel: Channel,
    /// The reference of the call or letter
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// How she was identified: `known_facts`, `call_back`, `document`, `member_session`, `issuer_system`
    #[arg(long, value_parser = method, default_value = "issuer_system")]
    identity: IdentityMethod,
    /// What that came to: passed, failed, `not_done`
    #[arg(long, value_parser = outcome, default_value = "passed")]
    identity_outcome: IdentityOutcome,
    /// This recipient only
    #[arg(long, value_name = "ID")]
    recipient: Option<String>,
    /// This purpose only: assess, feedback, reuse
    #[arg(long, value_parser = purpose)]
    purpose: Option<Purpose>,
    /// When she said it, RFC 3339, where that was not now
    #[arg(long, value_name = "TIME")]
    said_at: Option<jiff::Timestamp>,
    /// The language that was spoken: ja, en
    #[arg(long, value_parser = language)]
    language: Option<Language>,
}

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    statement: ConsentArgs,
    /// The version of the notice that was read out
    #[arg(long, value_name = "VERSION")]
    notice: String,
    /// Records an agreement (`consent`) where the recipient needs one
    #[arg(long, value_parser = basis, default_value = "notice")]
    basis: Basis,
}

macro_rules! words_of {
    ($name:ident, $type:ty) => {
        fn $name(text: &str) -> Result<$type, String> {
            let words: Vec<&str> = <$type>::ALL.iter().map(|word| word.as_str()).collect();
            <$type>::parse(text).ok_or_else(|| format!("expected {}", words.join(", ")))
        }
    };
}

words_of!(channel, Channel);
words_of!(method, IdentityMethod);
words_of!(outcome, IdentityOutcome);
words_of!(purpose, Purpose);
words_of!(language, Language);
words_of!(basis, Basis);

impl ConsentArgs {
    fn statement(&self) -> Statement {
        Statement {
            coverage: Coverage { cards: None, purpose: self.purpose, recipient: self.recipient.clone() },
            channel: self.channel,
            reference: self.reference.clone(),
            identity: Identity { method: self.identity, outcome: self.identity_outcome },
            script_version: None,
            language: self.language,
            effective_from: self.said_at.map(Micros::from),
            evidence_digest: None,
        }
    }
}

pub(super) async fn run(config: Config, command: ConsentCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    let act = match &command {
        ConsentCommand::Object(_) => Act::ConsentObject,
        ConsentCommand::Resume(_) => Act::ConsentResumeRequest,
    };
    let actor = login::require(&app, act, &ActSubject::none()).await?.actor();
    match command {
        ConsentCommand::Object(args) => object(&app, &actor, &args, out).await,
        ConsentCommand::Resume(args) => resume(&app, &actor, &args, out).await,
    }
}

async fn object(app: &App, actor: &str, args: &ConsentArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let objection = consent::object_by_reference(app, actor, &args.cardholder, args.statement()).await;
    let objection = objection.map_err(failure)?;
    let event = &objection.event;
    let word = match event.state {
        ConsentState::Permitted => "what she named does not leave any more",
        _ => "nothing leaves any more",
    };
    writeln!(out, "recorded {} at {}: {word}", event.id, event.recorded_at.rfc3339())?;
    writeln!(out, "receipt {}", objection.receipt.id)?;
    for sent in &objection.receipt.sent_before {
        writeln!(out, "sent before to {}: {}, last at {}", sent.recipient, sent.count, sent.last_at.rfc3339())?;
    }
    for id in &objection.receipt.maybe_sent {
        writeln!(out, "{id} began before and may still have been sent")?;
    }
    Ok(0)
}

async fn resume(app: &App, actor: &str, args: &ResumeArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let reference = &args.statement.cardholder;
    let holder = app.store.cardholder_key(reference).await?;
    let (id, ..) = holder.ok_or_else(|| failure(ConsentError::UnknownCardholder(reference.clone())))?;
    let statement = Statement { script_version: Some(args.notice.clone()), ..args.statement.statement() };
    let filed = resume::request(app, actor, id, args.basis, statement).await.map_err(|error| match error {
        ResumeError::Store(error) | ResumeError::Consent(ConsentError::Store(error)) => error.into(),
        error => Failure { code: FAILED, message: error.to_string() },
    })?;
    writeln!(out, "filed {}: a second person decides on the console; until then nothing changes", filed.id)?;
    Ok(0)
}

fn failure(error: ConsentError) -> Failure {
    match error {
        ConsentError::Store(error) => error.into(),
        error => Failure { code: FAILED, message: error.to_string() },
    }
}
