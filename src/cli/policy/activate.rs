//! `sekisho policy activate`: an approved bundle decides, is tried on a share of the cards, or is asked beside.

use std::io::Write;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::life::{failure, short};
use super::which;
use crate::app::App;
use crate::cli::{Failure, login};
use crate::domain::bundle::{Band, BundleMode, SHARE_WHOLE};
use crate::domain::clock::Micros;
use crate::flow::policies::activate::{Wanted, activate};
use crate::flow::policies::canary::percent;

/// What to use a bundle for.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("mode").required(true).args(["live", "canary", "shadow"]))]
pub(in crate::cli) struct ActivateArgs {
    /// The digest, 8 digits or more
    digest: String,
    /// It decides about all cards
    #[arg(long)]
    live: bool,
    /// It decides about this share of the cards, as `5%`
    #[arg(long, value_name = "SHARE", value_parser = share)]
    canary: Option<u16>,
    /// It is asked beside the live one, and never answered
    #[arg(long)]
    shadow: bool,
    /// The share of decisions that the shadow is asked about
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "shadow")]
    sample: Option<u16>,
    /// When it ends by itself: a day in Japan (2026-12-01), a time (2026-12-01T09:00:00+09:00), or a while (90m, 2h, 3d)
    #[arg(long, value_name = "WHEN", conflicts_with = "live")]
    until: Option<String>,
    /// The canary ends by itself when its share of challenges leaves this, as `0-30%`
    #[arg(long, value_name = "SHARES", value_parser = shares, requires = "canary")]
    band_challenge: Option<(u16, u16)>,
    /// The same for its share of rejects
    #[arg(long, value_name = "SHARES", value_parser = shares, requires = "canary")]
    band_reject: Option<(u16, u16)>,
    /// A one-time password, where the session's is too old; asked for when it is not given
    #[arg(long)]
    code: Option<String>,
}

impl ActivateArgs {
    fn mode(&self) -> (BundleMode, u16) {
        match self.canary {
            Some(share) => (BundleMode::Canary, share),
            None if self.shadow => (BundleMode::Shadow, self.sample.unwrap_or(SHARE_WHOLE)),
            None => (BundleMode::Live, SHARE_WHOLE),
        }
    }

    fn band(&self, decisions_min: u32) -> Option<Band> {
        let any = (0, SHARE_WHOLE);
        let (challenge, reject) = (self.band_challenge.unwrap_or(any), self.band_reject.unwrap_or(any));
        let given = self.band_challenge.is_some() || self.band_reject.is_some();
        given.then_some(Band { challenge, reject, decisions_min })
    }
}

pub(super) async fn run(app: &App, args: ActivateArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let digest = which::one_beginning(&app.store, &args.digest).await?;
    let (mode, share) = args.mode();
    let until = args.until.as_deref().map(|text| when(text, app.now())).transpose()?;
    let now = app.store.current_bundles().await?.into_iter().find(|used| used.mode == mode);
    // Whoever raises the share of a trial goes on with its bounds and its end.
    let same = now.as_ref().filter(|now| now.digest == digest);
    let band = args.band(app.config.policies.canary_decisions_min).or_else(|| same?.band);
    let until = until.or_else(|| same?.until);
    let who = login::fresh(app, args.code, out).await?;
    let wanted = Wanted { digest, mode, share, band, until, instead_of: now.map(|now| now.id) };
    let begun = activate(app, &who, wanted).await.map_err(failure)?;
    let digest = short(&begun.digest);
    match begun.mode {
        BundleMode::Live => writeln!(out, "{digest} decides; every process follows within two seconds")?,
        BundleMode::Canary => writeln!(out, "{digest} decides about {} of the cards", percent(begun.share.into()))?,
        BundleMode::Shadow => {
            writeln!(out, "{digest} is asked beside {} of the decisions", percent(begun.share.into()))?;
        }
    }
    if let Some(band) = begun.band {
        let range = |(least, most): (u16, u16)| format!("{} to {}", percent(least.into()), percent(most.into()));
        writeln!(out, "its band: challenges {}, rejects {}", range(band.challenge), range(band.reject))?;
    }
    if let Some(until) = begun.until {
        writeln!(out, "it ends by itself at {}", until.rfc3339())?;
    }
    Ok(0)
}

/// A share in basis points: `5%`, `0.5%`, `5`.
fn share(text: &str) -> Result<u16, String> {
    let wrong = || format!("`{text}` is no share; write it as `5%`");
    let number = text.trim().trim_end_matches('%').trim();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > 2 {
        return Err(wrong());
    }
    let hundredths = format!("{whole}{part:0<2}").parse::<u32>().map_err(|_| wrong())?;
    u16::try_from(hundredths).ok().filter(|share| *share <= SHARE_WHOLE).ok_or_else(wrong)
}

/// Two shares, the least and the most: `0-30%`.
fn shares(text: &str) -> Result<(u16, u16), String> {
    let (least, most) = text.split_once('-').ok_or_else(|| format!("`{text}` has no two shares; write `0-30%`"))?;
    let (least, most) = (share(least)?, share(most)?);
    if least > most { Err(format!("`{text}` begins above its end")) } else { Ok((least, most)) }
}

/// A day in Japan, a time with its offset, or a while from now.
fn when(text: &str, now: Micros) -> Result<Micros, Failure> {
    let wrong =
        || Failure::failed(format!("`{text}` is no time\nhint: 2026-12-01, 2026-12-01T09:00:00+09:00, 90m, 2h or 3d"));
    let units = [('m', 60), ('h', 3_600), ('d', 86_400)];
    if let Some((unit, seconds)) = units.into_iter().find(|(unit, _)| text.ends_with(*unit)) {
        let count: u32 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
        return Ok(now.plus_seconds(i64::from(count) * seconds));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.into());
    }
    let day: Date = text.parse().map_err(|_| wrong())?;
    let japan = Offset::from_seconds(9 * 3_600).map_err(|_| wrong())?;
    let begin = japan.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| wrong())?;
    Ok(begin.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_to_the_hundredth_of_a_percent() {
        assert_eq!(["5%", "0.5%", "100%", "12.34 %", "7"].map(share), [500, 50, 10_000, 1_234, 700].map(Ok));
        for wrong in ["", "%", "101%", "-5%", "5.123%", "five", "1e1%"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
        assert_eq!(shares("0-30%"), Ok((0, 3_000)));
        assert!(shares("30-0%").is_err() && shares("30%").is_err());
    }

    #[test]
    fn an_end_is_a_day_in_japan_a_time_or_a_while() {
        let now = Micros(0);
        let seconds = |text| when(text, now).unwrap().unix_seconds();
        assert_eq!((seconds("90m"), seconds("2h"), seconds("3d")), (5_400, 7_200, 259_200));
        assert_eq!(seconds("2026-12-01"), seconds("2026-12-01T00:00:00+09:00"));
        assert!(when("tomorrow", now).is_err() && when("h", now).is_err());
    }
}
