//! What tests share: clocks, randomness, databases, processes, browsers, and the service with its data.

pub(crate) mod axe;
pub(crate) mod browser;
pub(crate) mod card_file;
pub(crate) mod chain;
pub(crate) mod challenge_fixture;
pub(crate) mod challenge_states;
pub(crate) mod clock;
pub(crate) mod company;
pub(crate) mod consent;
pub(crate) mod crash;
pub(crate) mod database;
pub(crate) mod demo;
pub(crate) mod deployment;
pub(crate) mod exchange;
pub(crate) mod gateway;
pub(crate) mod geo_database;
pub(crate) mod line;
pub(crate) mod member;
pub(crate) mod process;
pub(crate) mod proofs;
pub(crate) mod randomness;
pub(crate) mod receiver;
pub(crate) mod relay;
pub(crate) mod served;
pub(crate) mod site;
pub(crate) mod staff;
