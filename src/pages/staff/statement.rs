//! What every form about consent asks: channel, reference, language, the day it was said.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::console::Console;
use super::pieces::{Field, FieldKind};
use super::typed::{Mistakes, Typed, mistake, note_mistake};
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::Channel;
use crate::domain::note::CALL_REFERENCE_CHARS_MAX;
use crate::flow::consent::ConsentError;

/// The channels that a person of the staff can take something by.
const CHANNELS: [Channel; 4] = [Channel::Phone, Channel::Letter, Channel::Branch, Channel::Web];

/// How it came.
pub(super) fn channel(console: &Console<'_>, typed: &Typed) -> Field {
    let choices = CHANNELS.iter().map(|channel| {
        let word = channel.as_str();
        (word.to_owned(), console.text(&format!("console-channel-{word}")))
    });
    Field::new("channel", console.text("console-channel"), FieldKind::Choice(choices.collect()))
        .value(typed.get("channel"))
}

/// The call's or letter's reference. Where it was refused for its length or its signs, it is shown again all the same.
pub(super) fn reference(console: &Console<'_>, typed: &Typed, mistakes: &Mistakes) -> Field {
    let max = i64::try_from(CALL_REFERENCE_CHARS_MAX).unwrap_or(i64::MAX);
    Field::new("reference", console.text("console-call-reference"), FieldKind::Text)
        .optional()
        .value(typed.get("reference"))
        .hint(console.wording.with("console-call-reference-hint", "max", max))
        .error(mistake(mistakes, "reference"))
}

/// The language that the person speaks.
pub(super) fn language(console: &Console<'_>, typed: &Typed) -> Field {
    let choices = [("ja", "日本語"), ("en", "English")].map(|(code, name)| (code.to_owned(), name.to_owned()));
    Field::new("language", console.text("console-language"), FieldKind::Radio(choices.to_vec()))
        .value(typed.get("language"))
}

/// The day on which it was said, where that was not today.
pub(super) fn said_on(console: &Console<'_>, typed: &Typed, mistakes: &Mistakes) -> Field {
    Field::new("said_on", console.text("console-said-on"), FieldKind::Date)
        .optional()
        .value(typed.get("said_on"))
        .hint(console.text("console-said-on-hint"))
        .error(mistake(mistakes, "said_on"))
}

/// What was chosen, telephone and Japanese unless something else was.
pub(super) fn read_channel(typed: &Typed) -> Channel {
    Channel::parse(typed.get("channel")).filter(|channel| CHANNELS.contains(channel)).unwrap_or(Channel::Phone)
}

/// The language that was chosen.
pub(super) fn read_language(typed: &Typed) -> Language {
    Language::parse(typed.get("language")).unwrap_or(Language::Ja)
}

/// The end of the day on which it was said, in Japan; none for today. So a day that is the first of her record counts.
pub(super) fn read_said_on(
    console: &Console<'_>,
    typed: &Typed,
    now: Micros,
    mistakes: &mut Mistakes,
) -> Option<Micros> {
    let text = typed.some("said_on")?;
    let Ok(day) = text.parse::<Date>() else {
        mistakes.push(("said_on", console.text("console-said-on-wrong")));
        return None;
    };
    let japan = TimeZone::fixed(Offset::constant(9));
    if now.timestamp().to_zoned(japan.clone()).date() == day {
        return None;
    }
    day.at(23, 59, 59, 0).to_zoned(japan).ok().map(|at| Micros::from(at.timestamp()))
}

/// A refusal at the field that it is about; none when it is about no field.
pub(super) fn refusal(console: &Console<'_>, error: &ConsentError) -> Option<(&'static str, String)> {
    Some(match error {
        ConsentError::FutureDated => ("said_on", console.text("console-said-on-future")),
        ConsentError::BeforeRecord => ("said_on", console.text("console-said-on-before")),
        ConsentError::Reference(error) => ("reference", note_mistake(console, *error)),
        ConsentError::UnknownCard(_) => ("scope", console.text("console-scope-unknown")),
        ConsentError::UnknownRecipient(_) => ("recipient", console.text("console-recipient-unknown")),
        ConsentError::TooManyScopes => ("scope", console.text("console-scope-too-many")),
        ConsentError::CorrectionOfCorrection(_) => ("form", console.text("console-correction-of-correction")),
        ConsentError::UnknownNotice(_) => ("form", console.text("console-script-outdated")),
        _ => return None,
    })
}
