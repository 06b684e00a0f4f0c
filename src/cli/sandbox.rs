//! `sekisho sandbox generate`: fills a database of its own with purchases that a seed makes up.

use std::io::Write;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Failure;
use crate::config::Config;
use crate::demo::sandbox::{SandboxError, SandboxOptions, generate};

#[derive(Debug, Subcommand)]
pub(super) enum SandboxCommand {
    /// Make up cardholders, merchants, and decided purchases with labelled fraud
    Generate(GenerateArgs),
}

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// How many cards
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    cards: u32,
    /// How many days; a card makes two purchases on a day, on average
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    days: u32,
    /// What chance begins with: the same seed, cards, days and last day give the same data
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The last day, `YYYY-MM-DD` in Japan's time; yesterday when it is not given
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,
    /// The share of decisions that is labelled as fraud or genuine
    #[arg(long, default_value = "100%", value_name = "SHARE", value_parser = share)]
    share_labelled: f64,
}

/// A share as people write it: `60%`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let percent = number.filter(|percent| (0.0..=100.0).contains(percent));
    percent.map(|percent| percent / 100.0).ok_or_else(|| "expected a share from 0% to 100%, such as 10%".to_owned())
}

pub(super) async fn run(config: Config, command: SandboxCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let SandboxCommand::Generate(args) = command;
    let app = super::open(config).await?;
    let today = app.now().timestamp().to_zoned(TimeZone::fixed(jiff::tz::offset(9))).date();
    let until = args.until.or_else(|| today.yesterday().ok()).unwrap_or(today);
    let options =
        SandboxOptions { cards: args.cards, days: args.days, seed: args.seed, until, labelled: args.share_labelled };
    let style = ProgressStyle::with_template("{bar:40} {pos} decisions of about {len}  {per_sec}  {eta} left")
        .unwrap_or(ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    let made = generate(&app, options, |done, expected| {
        bar.set_length(expected.max(done) as u64);
        bar.set_position(done as u64);
    });
    let made = made.await;
    bar.finish_and_clear();
    let made = made.map_err(|error| match error {
        SandboxError::Live | SandboxError::Foreign | SandboxError::Unfinished(_) | SandboxError::Repeated(_) => {
            Failure::failed(error.to_string())
        }
        error => error.into(),
    })?;
    writeln!(out, "made up {} decisions of {} cards at {} merchants", made.decisions, made.cards, made.merchants)?;
    writeln!(out, "  until       {until}, {} days, seed {}", args.days, args.seed)?;
    writeln!(out, "  challenges  {}", made.challenges)?;
    writeln!(out, "  labels      {} fraud, {} genuine", made.frauds, made.genuine)?;
    Ok(0)
}
