//! What the answers are held against: argon2id with the service's own cost, and nothing around it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};
use sekisho::config::Config;

use super::PASSWORD;

/// Compares passwords in a thread for each processor until the time is over.
pub(super) fn argon2(seconds: u64) -> String {
    let cost = Config::load(None, []).expect("the settings").password;
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallel, Some(32)).expect("a cost");
    let count = AtomicU64::new(0);
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                while Instant::now() < end {
                    let mut hash = [0; 32];
                    argon2.hash_password_into(PASSWORD.as_bytes(), &[7; 16], &mut hash).expect("a hash");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let took = start.elapsed().as_secs_f64();
    let count = count.into_inner();
    format!("hashes {count} per_second {:.1}", count as f64 / took)
}
