//! What the service does, a file per sentence. Each flow runs once from top to bottom and is called by the API,
//! the pages or the command line; it knows nothing of HTTP.

pub mod activity;
pub mod authenticate;
pub mod cancel;
pub mod cardholder;
pub mod cardholder_message;
pub mod challenge;
pub mod challenge_link;
pub mod collect_device;
pub mod consent;
pub mod enrol;
pub mod erase;
pub mod export;
pub mod feedback;
mod gate;
pub mod import;
pub mod keys;
pub mod merchant;
pub mod outbox;
pub mod prove;
pub mod register;
pub mod result;
pub mod retention;
pub mod script;
pub mod search;
pub mod staff;
pub mod support;
pub mod unlock;
pub mod unmatched;
pub mod vouch;
pub mod webhook;
