//! What the demo says when it is ready: for people a table, for programs one JSON document.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use url::Url;

use super::listeners::Addresses;
use super::secrets::Secrets;
use super::seed::staff::{SECRET_BASE32, STAFF, StaffPlan};
use super::seed::{CardPlan, CardholderPlan, People, SeededMerchant};
use super::{DemoOptions, telephone};

/// How the demo says what it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Where everything is and what there is to buy with.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The service.
    pub service_url: String,
    /// The stand-in for the analysis company.
    pub provider_url: String,
    /// The telephone that short messages arrive on.
    pub telephone_url: String,
    /// The shop.
    pub shop_url: String,
    /// The merchants of the shop.
    pub merchants: Vec<MerchantReport>,
    /// The key of the issuer's core system.
    pub issuer_api_key: String,
    /// Staff who can sign in.
    pub staff: Vec<StaffReport>,
    /// Cards to buy with.
    pub cards: Vec<CardReport>,
    #[serde(skip)]
    data_dir: String,
}

/// A merchant.
#[derive(Clone, Debug, Serialize)]
pub struct MerchantReport {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its API key.
    pub api_key: String,
}

/// A staff person.
#[derive(Clone, Debug, Serialize)]
pub struct StaffReport {
    /// The sign-in name.
    pub name: String,
    /// What she is there for.
    pub role: &'static str,
    /// The password.
    pub password: String,
    /// The secret of her one-time passwords, in base 32.
    pub totp_secret: String,
}

/// A card.
#[derive(Clone, Debug, Serialize)]
pub struct CardReport {
    /// The issuer's reference of it.
    pub reference: String,
    /// The number, digits only.
    pub number: String,
    /// The expiry, `YYYY-MM`.
    pub expiry: String,
    /// The holder's name.
    pub cardholder: String,
    /// The password of its challenge; none when it is not registered.
    pub password: Option<String>,
    /// The secret of its one-time passwords, in base 32; none where it has none.
    pub totp_secret: Option<String>,
    /// The telephone that its codes go to; none where it has none.
    pub telephone_for_codes: Option<String>,
    /// The message that its challenge shows; none when it is not registered.
    pub personal_message: Option<String>,
    /// The code to register it with; none when it is registered, or not in use.
    pub activation_code: Option<String>,
    /// What it is there to show.
    pub shows: Words,
}

/// A text in both languages.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Report {
    pub(super) fn of(
        addresses: &Addresses,
        options: &DemoOptions,
        secrets: &Secrets,
        merchants: &[SeededMerchant],
        (people, codes): (&People, &BTreeMap<String, String>),
    ) -> Self {
        let bare = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        Self {
            service_url: bare(&addresses.service_url),
            provider_url: bare(&addresses.provider_url),
            telephone_url: format!("{}{}", bare(&addresses.provider_url), telephone::PAGE),
            shop_url: bare(&addresses.shop_url),
            merchants: merchants.iter().map(merchant).collect(),
            issuer_api_key: secrets.issuer_api_key().to_owned(),
            staff: STAFF.iter().map(staff_person).collect(),
            cards: people.cards().map(|(holder, plan)| card(holder, plan, codes)).collect(),
            data_dir: options.data_dir.display().to_string(),
        }
    }

    /// Writes the report.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(&self, format: ReportFormat, out: &mut dyn Write) -> io::Result<()> {
        match format {
            ReportFormat::Json => {
                serde_json::to_writer_pretty(&mut *out, self)?;
                writeln!(out)
            }
            ReportFormat::Text => self.table(out),
        }
    }

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Sekisho demo: everything runs on this machine, nobody in it exists.\n")?;
        writeln!(out, "  shop       {}    begin here, in a browser", self.shop_url)?;
        writeln!(out, "  service    {}    the API is described at /docs", self.service_url)?;
        writeln!(out, "  provider   {}    the stand-in analysis company; what it was sent: /calls", self.provider_url)?;
        writeln!(out, "  telephone  {}    short messages with codes arrive here", self.telephone_url)?;
        writeln!(out, "  data       {}\n", self.data_dir)?;
        for merchant in &self.merchants {
            writeln!(out, "  {}  {}", padded(&merchant.name, 16), merchant.id)?;
            writeln!(out, "  {}  {}", padded("", 16), merchant.api_key)?;
        }
        writeln!(out, "  {}  {}\n", padded("issuer", 16), self.issuer_api_key)?;
        writeln!(
            out,
            "  members    {}/my    a card's reference and password sign in, such as hanako-classic",
            self.service_url
        )?;
        self.staff(out)?;
        self.cards(out)?;
        writeln!(out, "\nCtrl-C stops everything; the next start goes on with the same data.")
    }

    fn staff(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "  staff      {}/staff    one-time passwords from {SECRET_BASE32}", self.service_url)?;
        for person in &self.staff {
            writeln!(out, "  {}  {}  {}", padded(person.role, 16), padded(&person.name, 10), person.password)?;
        }
        writeln!(out)
    }

    fn cards(&self, out: &mut dyn Write) -> io::Result<()> {
        const TITLES: [&str; 5] = ["card", "expiry", "cardholder", "password", "personal message"];
        let rows: Vec<[String; 5]> = self.cards.iter().map(CardReport::row).collect();
        let mut widths = TITLES.map(width);
        for row in &rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        line(out, &TITLES.map(str::to_owned), &widths)?;
        for (row, card) in rows.iter().zip(&self.cards) {
            line(out, row, &widths)?;
            writeln!(out, "    {}", card.shows.en)?;
            if let Some(secret) = &card.totp_secret {
                writeln!(out, "    one-time passwords from {secret}")?;
            }
            if let Some(code) = &card.activation_code {
                writeln!(out, "    register it at {}/my/register with the activation code {code}", self.service_url)?;
            }
        }
        Ok(())
    }
}

impl CardReport {
    fn row(&self) -> [String; 5] {
        let none = || "–".to_owned();
        [
            self.number.clone(),
            self.expiry.clone(),
            self.cardholder.clone(),
            self.password.clone().unwrap_or_else(none),
            self.personal_message.clone().unwrap_or_else(none),
        ]
    }
}

fn merchant(seeded: &SeededMerchant) -> MerchantReport {
    MerchantReport {
        id: seeded.merchant.id.to_string(),
        name: seeded.merchant.name.clone(),
        api_key: seeded.api_key.clone(),
    }
}

fn staff_person(plan: &StaffPlan) -> StaffReport {
    StaffReport {
        name: plan.name.to_owned(),
        role: plan.role.as_str(),
        password: plan.password.to_owned(),
        totp_secret: SECRET_BASE32.to_owned(),
    }
}

fn card(holder: &CardholderPlan, plan: &CardPlan, codes: &BTreeMap<String, String>) -> CardReport {
    let enrolment = plan.enrolment.as_ref();
    CardReport {
        reference: plan.reference.clone(),
        number: plan.digits().to_owned(),
        expiry: plan.expiry_text().to_owned(),
        cardholder: holder.name().to_owned(),
        password: enrolment.map(|enrolment| enrolment.password.clone()),
        totp_secret: enrolment.filter(|enrolment| enrolment.one_time_password).map(|_| SECRET_BASE32.to_owned()),
        telephone_for_codes: enrolment.and_then(|enrolment| enrolment.telephone_for_codes.clone()),
        personal_message: enrolment.map(|enrolment| enrolment.personal_message.clone()),
        activation_code: codes.get(&plan.reference).cloned(),
        shows: Words { ja: plan.shows.ja.clone(), en: plan.shows.en.clone() },
    }
}

fn line(out: &mut dyn Write, cells: &[String; 5], widths: &[usize; 5]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| padded(cell, *width)).collect();
    writeln!(out, "  {}", cells.join("  ").trim_end())
}

fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// Columns on a terminal: kanji, kana and full-width forms take two (Unicode Standard Annex 11, in short).
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("見本 花子"), 9);
        assert_eq!(padded("柿", 4), "柿  ");
        assert_eq!(padded("longer", 2), "longer");
    }
}
