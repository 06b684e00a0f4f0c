//! What the demo and the tests run beside the service. Nothing else depends on it.

pub mod provider;
