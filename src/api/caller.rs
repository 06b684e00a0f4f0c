//! Who calls: API keys become merchants or the issuer, within the rate limit.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::problem::{Kind, Problem};
use crate::app::App;
use crate::config::RateLimitSettings;
use crate::credential::api_key::ApiKey;
use crate::domain::clock::{Micros, SharedClock};
use crate::domain::merchant::Merchant;
use crate::store::StoreError;
use crate::store::merchants::KeyOwner;

/// How long a key is believed without asking the database, in seconds: so long a revoked key may go on working.
const BELIEVED_SECONDS: i64 = 2;
/// So many keys are remembered; more of them, and all are looked up afresh.
const REMEMBERED: usize = 10_000;

/// A merchant that showed its key.
#[derive(Clone, Debug)]
pub struct MerchantCaller(pub Arc<Merchant>);

/// The issuer's core system.
#[derive(Clone, Copy, Debug)]
pub struct IssuerCaller;

#[derive(Clone, Debug)]
enum Caller {
    Issuer,
    Merchant(Arc<Merchant>),
}

/// What the extractors share: keys seen lately, and how often each owner called.
pub struct Callers {
    app: Arc<App>,
    seen: RwLock<HashMap<[u8; 32], (Caller, Micros)>>,
    limiter: Limiter,
}

type Limiter = RateLimiter<KeyOwner, DefaultKeyedStateStore<KeyOwner>, PassedClock, NoOpMiddleware<Duration>>;

/// The service's clock, as the rate limiter reads it.
#[derive(Clone)]
struct PassedClock(SharedClock);

impl governor::clock::Clock for PassedClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.boot_nanos())
    }
}

impl Callers {
    /// With the settings' rate limit.
    pub fn new(app: Arc<App>) -> Self {
        let limiter = RateLimiter::new(
            quota(app.config.rate_limit),
            DefaultKeyedStateStore::default(),
            PassedClock(app.clock.clone()),
        );
        Self { app, seen: RwLock::default(), limiter }
    }

    /// Forgets owners that have not called lately.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    async fn caller(&self, parts: &Parts) -> Result<Caller, Problem> {
        let unauthorized = || Problem::new(Kind::Unauthorized);
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let text = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(unauthorized)?;
        let key = ApiKey::parse(text.trim()).map_err(|error| unauthorized().detail(error.to_string()))?;
        if key.environment != self.app.config.environment {
            return Err(Problem::new(Kind::WrongEnvironment));
        }
        let caller = self.owner(key.digest()).await?.ok_or_else(unauthorized)?;
        self.admit(&caller)?;
        Ok(caller)
    }

    async fn owner(&self, digest: [u8; 32]) -> Result<Option<Caller>, StoreError> {
        let now = self.app.now();
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        if let Some((caller, until)) = seen
            && until > now
        {
            return Ok(Some(caller));
        }
        let caller = match self.app.store.key_owner(&digest).await? {
            None => None,
            Some(KeyOwner::Issuer) => Some(Caller::Issuer),
            Some(KeyOwner::Merchant(id)) => {
                let merchant = self.app.store.merchant(id, self.app.config.environment).await?;
                merchant.map(|merchant| Caller::Merchant(Arc::new(merchant)))
            }
        };
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        match &caller {
            Some(caller) => {
                if seen.len() >= REMEMBERED {
                    seen.clear();
                }
                seen.insert(digest, (caller.clone(), now.plus_seconds(BELIEVED_SECONDS)));
            }
            None => drop(seen.remove(&digest)),
        }
        Ok(caller)
    }

    fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        let owner = match caller {
            Caller::Issuer => KeyOwner::Issuer,
            Caller::Merchant(merchant) => KeyOwner::Merchant(merchant.id),
        };
        self.limiter.check_key(&owner).map(drop).map_err(|not_until| {
            let wait = not_until.wait_time_from(PassedClock(self.app.clock.clone()).now());
            Problem::new(Kind::TooManyRequests).retry_after(wait.as_secs() + 1)
        })
    }
}

fn quota(settings: RateLimitSettings) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(settings.per_second)).allow_burst(at_least_one(settings.burst))
}

impl FromRequestParts<super::State> for MerchantCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &super::State) -> Result<Self, Problem> {
        match state.callers.caller(parts).await? {
            Caller::Merchant(merchant) => Ok(Self(merchant)),
            Caller::Issuer => Err(Problem::new(Kind::WrongKey)),
        }
    }
}

impl FromRequestParts<super::State> for IssuerCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &super::State) -> Result<Self, Problem> {
        match state.callers.caller(parts).await? {
            Caller::Issuer => Ok(Self),
            Caller::Merchant(_) => Err(Problem::new(Kind::WrongKey)),
        }
    }
}

/// The value of `Idempotency-Key`: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Problem::new(Kind::IdempotencyKeyRequired));
        };
        let text = value.to_str().unwrap_or_default();
        if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Problem::new(Kind::IdempotencyKeyRequired))
        }
    }
}
