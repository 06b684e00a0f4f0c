//! The connector to the analysis company, as the settings ask for it.

use std::sync::Arc;

use super::StartError;
use crate::analytics::Provider;
use crate::analytics::minfraud::MinFraud;
use crate::analytics::settings::ProviderKind;
use crate::analytics::threatmetrix::ThreatMetrix;
use crate::config::Config;
use crate::domain::clock::SharedClock;
use crate::outbound::{Outbound, OutboundSettings};

/// The analysis company, where one is configured. In which form it gets which data, the bundle in use says.
pub(super) fn provider(config: &Config, clock: &SharedClock) -> Result<Option<Arc<dyn Provider>>, StartError> {
    let settings = &config.analytics;
    let outbound = || {
        let outbound = OutboundSettings { destinations: settings.destinations, ..OutboundSettings::default() };
        Outbound::new(&outbound, clock.clone())
    };
    Ok(match settings.provider {
        ProviderKind::None => None,
        ProviderKind::Threatmetrix => Some(Arc::new(ThreatMetrix::new(settings.clone(), outbound()?, clock.clone())?)),
        ProviderKind::Minfraud => Some(Arc::new(MinFraud::new(settings.clone(), outbound()?, clock.clone())?)),
    })
}
