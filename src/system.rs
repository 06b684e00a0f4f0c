//! The operating system's clock and random numbers: the only place that asks for them.
//! Knows nothing of what they are used for; tests put others in their place.

use jiff::Timestamp;
use rand::TryRng;
use rand::rngs::SysRng;
use rustix::time::{ClockId, clock_gettime};

use crate::domain::clock::{Clock, Micros};
use crate::domain::randomness::Randomness;

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one implementation that others are given")]
    fn now(&self) -> Micros {
        Timestamp::now().into()
    }

    fn boot_nanos(&self) -> u64 {
        let time = clock_gettime(BOOT_CLOCK);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
    }
}

/// `CLOCK_BOOTTIME` goes on during suspend; elsewhere than on Linux the monotonic clock does.
#[cfg(target_os = "linux")]
const BOOT_CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const BOOT_CLOCK: ClockId = ClockId::Monotonic;

/// The operating system's random number generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    /// Ends the process when the system has no random bytes: guessable keys would be worse.
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = SysRng.try_fill_bytes(buffer) {
            tracing::error!(%error, "the operating system has no random bytes");
            std::process::abort();
        }
    }
}
