//! Sekisho, the checkpoint: an authentication service for card issuers.

pub mod analytics;
pub mod api;
pub mod app;
pub mod brands;
pub mod cli;
pub mod config;
pub mod credential;
pub mod delivery;
pub mod demo;
pub mod domain;
pub mod fault_points;
pub mod flow;
pub mod geo;
pub mod keys;
pub mod metrics;
pub mod notices;
pub mod outbound;
pub mod pages;
pub mod policy;
pub mod server;
pub mod service;
pub mod store;
pub mod system;
pub mod telemetry;
pub mod terms;
pub mod texts;
