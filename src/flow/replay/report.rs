//! What a run found, with the names that people know things by: one report, shown in several ways.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Progress, Selection};
use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::replay::Tally;
use crate::policy::Bundle;
use crate::store::StoreError;

/// What a run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The new bundle's digest.
    pub bundle: String,
    /// Which records were meant.
    pub selection: Selection,
    /// Whether all of them were decided once more.
    pub finished: bool,
    /// When the last one in the sums was asked for.
    pub reached: Option<Micros>,
    /// When the report was made.
    pub made_at: Micros,
    /// The base currency, ISO 4217: money is in its minor units.
    pub currency: String,
    /// The sums.
    pub tally: Tally,
    /// Merchants' names by their ids.
    pub merchant_names: BTreeMap<String, String>,
    /// The new bundle's rules by their ids, in a few words.
    pub rule_titles: BTreeMap<String, String>,
}

impl Report {
    /// Puts names to what was found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(
        app: &App,
        new: &Bundle,
        selection: Selection,
        progress: Progress,
        finished: bool,
    ) -> Result<Self, StoreError> {
        let merchants = app.store.merchants(app.config.environment).await?;
        let titles = |bundle: &Bundle| -> BTreeMap<String, String> {
            bundle.rules().iter().map(|rule| (rule.id.clone(), rule.title.clone())).collect()
        };
        let mut rule_titles = titles(&app.bundle.load().bundle);
        rule_titles.extend(titles(new));
        Ok(Self {
            bundle: new.digest().to_owned(),
            selection,
            finished,
            reached: progress.reached,
            made_at: app.now(),
            currency: new.reference().base_currency().code().to_owned(),
            tally: progress.tally,
            merchant_names: merchants.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
            rule_titles,
        })
    }
}
