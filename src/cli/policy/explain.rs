//! `sekisho policy explain`: one stored decision, its facts, the rules that matched and what stood in the way of others.

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::which;
use crate::cli::{Failure, OURS, Settings, login, open};
use crate::domain::facts::Method;
use crate::domain::id::AuthenticationId;
use crate::domain::staff::{Act, ActSubject};
use crate::domain::verdict::Outcome;
use crate::flow::explain::{self, ExplainError, Explained};
use crate::policy::explanation::{Answered, Condition, Part, RuleSaid, Standing, Words};
use crate::policy::question::Question;

/// Digits of a digest that people are shown.
const DIGITS: usize = 12;

/// Which decision, by which bundle, in which words.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// The authentication's id
    #[arg(value_name = "AUTHENTICATION")]
    id: AuthenticationId,
    #[arg(long, value_name = "BUNDLE", help = with_help())]
    with: Option<String>,
    /// The language of the words
    #[arg(long, default_value = "en", value_parser = ["en", "ja"])]
    language: String,
    /// Explain too what may be shared with whom
    #[arg(long)]
    sharing: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: ExplainFormat,
}

fn with_help() -> String {
    format!("Explain by another bundle than the one that decided. {}", which::NAMES)
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ExplainFormat {
    /// For people
    #[default]
    Human,
    /// One JSON document
    Json,
}

/// What a refusal means on the command line.
pub(super) fn failure(error: ExplainError) -> Failure {
    match error {
        ExplainError::Store(error) => error.into(),
        ExplainError::Unreadable(_) => Failure { code: OURS, message: error.to_string() },
        error => Failure::failed(error.to_string()),
    }
}

pub(super) async fn run(args: ExplainArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = open(settings.load()?).await?;
    let who = login::require(&app, Act::PolicyLook, &ActSubject::of(args.id)).await?;
    let with = match &args.with {
        Some(name) => Some(which::bundle(name, settings).await?),
        None => None,
    };
    let explained = explain::decision(&app, &who, args.id, with.as_ref(), args.sharing).await.map_err(failure)?;
    app.store.close().await;
    match args.format {
        ExplainFormat::Human => {
            Teller { language: &args.language, reasons: &explained.reasons, out }.tell(&explained)?
        }
        ExplainFormat::Json => writeln!(out, "{:#}", document(&explained))?,
    }
    Ok(0)
}

fn document(explained: &Explained) -> serde_json::Value {
    json!({
        "authentication": explained.recorded.authentication.id,
        "decided": explained.recorded.verdict,
        "explained_by": explained.bundle_digest,
        "same_answer": explained.is_the_decision(),
        "facts": explained.facts,
        "questions": explained.explanation.questions,
        "sharing": explained.sharing,
    })
}

/// Writes an explanation for people.
struct Teller<'a> {
    language: &'a str,
    reasons: &'a BTreeMap<String, Words>,
    out: &'a mut dyn Write,
}

impl Teller<'_> {
    fn pick<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        if self.language == "ja" { ja } else { en }
    }

    /// Reasons as staff are told them, with their codes; those of another bundle that this one does not know by code alone.
    fn reasons(&self, codes: &[String]) -> String {
        let told = |code: &String| {
            let words = self.reasons.get(code).map(|words| format!("{} ", words.of(self.language)));
            format!("{}[{code}]", words.unwrap_or_default())
        };
        codes.iter().map(told).collect::<Vec<_>>().join(", ")
    }

    fn outcome(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Approve => self.pick("承認", "approve"),
            Outcome::Challenge => self.pick("追加認証", "challenge"),
            Outcome::Reject => self.pick("不承認", "reject"),
        }
    }

    fn about(&self, question: Question) -> &'static str {
        match question {
            Question::Share => self.pick("提供してよいデータ", "share"),
            Question::Approve => self.pick("認証なしで承認できるか", "approve"),
            Question::Challenge => self.pick("追加認証で承認できるか", "challenge"),
            Question::Offer => self.pick("使える認証方法", "offer"),
            Question::Authenticate => self.pick("承認の可能性があるか", "authenticate"),
            Question::Staff => self.pick("職員の権限", "staff"),
        }
    }

    fn method(&self, method: Method) -> &'static str {
        match method {
            Method::Password => self.pick("パスワード", "password"),
            Method::Totp => self.pick("ワンタイムパスワード", "totp"),
            Method::Code => self.pick("メール・SMSのコード", "code"),
            Method::Passkey => self.pick("パスキー", "passkey"),
        }
    }

    fn tell(&mut self, explained: &Explained) -> io::Result<()> {
        let (verdict, now) = (&explained.recorded.verdict, &explained.explanation.verdict);
        let id = explained.recorded.authentication.id;
        writeln!(self.out, "{id}: {}: {}", self.outcome(verdict.outcome), self.reasons(&verdict.reasons))?;
        let by = self.pick("判定したルール一式", "decided by bundle");
        writeln!(self.out, "  {by} {}", short(&verdict.bundle_digest))?;
        if explained.bundle_digest != verdict.bundle_digest {
            let by = self.pick("説明に使った一式", "explained by bundle");
            let answers = self.pick("その答え", "which answers");
            let (outcome, reasons) = (self.outcome(now.outcome), self.reasons(&now.reasons));
            writeln!(self.out, "  {by} {}, {answers} {outcome}: {reasons}", short(&explained.bundle_digest))?;
        } else if !explained.is_the_decision() {
            let text = self.pick(
                "注意：同じルール一式が、いまは別の答えを出します",
                "beware: the same bundle answers otherwise now; the program has another version",
            );
            writeln!(self.out, "  {text}")?;
        }
        writeln!(self.out, "\n{}", self.pick("事実", "facts"))?;
        for fact in &explained.facts {
            let value = fact.value.as_ref().map(ToString::to_string).unwrap_or_default();
            writeln!(self.out, "  {} ({}): {value}", fact.words.of(self.language), fact.name)?;
        }
        let questions = explained.explanation.questions.iter().chain(&explained.sharing);
        questions.clone().try_for_each(|asked| self.question(asked))
    }

    fn question(&mut self, asked: &Answered) -> io::Result<()> {
        let of = asked.method.map(|method| format!(" {}", self.method(method))).unwrap_or_default();
        let class = asked.data_class.map(|class| format!(" {}", class.as_str())).unwrap_or_default();
        let to = asked.recipient.as_ref().map(|recipient| format!(" → {recipient}")).unwrap_or_default();
        let answer = if asked.yes { self.pick("はい", "yes") } else { self.pick("いいえ", "no") };
        let reasons = self.reasons(&asked.reasons);
        writeln!(self.out, "\n{}{of}{class}{to}: {answer}: {reasons}", self.about(asked.question))?;
        let shown = asked.rules.iter().filter(|rule| rule.standing != Standing::Far);
        shown.clone().try_for_each(|rule| self.rule(rule))
    }

    fn rule(&mut self, rule: &RuleSaid) -> io::Result<()> {
        let standing = match rule.standing {
            Standing::Matched => self.pick("該当", "matched"),
            Standing::Failed => self.pick("評価できず", "could not be evaluated"),
            Standing::NearMiss => self.pick("あと一歩", "near miss"),
            Standing::Far => self.pick("該当せず", "far"),
        };
        let effect = if rule.forbids { self.pick("禁止", "forbids") } else { self.pick("許可", "permits") };
        let error = rule.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
        writeln!(self.out, "  {standing}: {} {effect}{error}", rule.id)?;
        writeln!(self.out, "    {}", rule.title)?;
        let near = rule.standing == Standing::NearMiss;
        let shown = rule.conditions.iter().filter(|condition| !near || condition.stood_in_the_way());
        shown.clone().try_for_each(|condition| self.condition(condition))
    }

    fn condition(&mut self, condition: &Condition) -> io::Result<()> {
        let sign = if condition.fits { "✓" } else { "✗" };
        let part = match condition.part {
            Part::Unless => self.pick("ただし次の場合を除く：", "unless "),
            Part::Head | Part::When => "",
        };
        writeln!(self.out, "      {sign} {part}{}", condition.words.of(self.language))?;
        writeln!(self.out, "          {}", condition.text)?;
        condition.values.iter().try_for_each(|value| writeln!(self.out, "          {value}"))
    }
}

fn short(digest: &str) -> &str {
    digest.get(..DIGITS).unwrap_or(digest)
}
