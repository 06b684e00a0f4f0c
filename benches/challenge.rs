//! The challenge under load, for `scripts/bench challenge`: fills a database straight by SQL with registered cards and
//! open challenges, then asks a running service as browsers do. Runs on loopback only.
//!
//! | command | does |
//! | --- | --- |
//! | `fill DATA URL COUNT` | adds so many cards with a visited challenge each, and prints the paths; the schema must be there |
//! | `open DATA URL COUNT` | adds so many open challenges to cards that are there, which run out evenly over ten minutes |
//! | `pages ADDRESS PATHS CONNECTIONS SECONDS RATE` | opens pages that ask for a password; prints how long that takes |
//! | `argon2 SECONDS` | compares passwords in as many threads as there are processors, with nothing around it |
//! | `answers ADDRESS PATHS FIRST CONNECTIONS SECONDS` | answers one challenge after the other with the right password |
//! | `flood ADDRESS PATHS FIRST COUNT` | answers so many challenges at the same moment |
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods
)]

#[path = "challenge/answers.rs"]
mod answers;
#[path = "challenge/browser.rs"]
mod browser;
#[path = "challenge/fill.rs"]
mod fill;
#[path = "challenge/floor.rs"]
mod floor;

use std::net::SocketAddr;
use std::sync::Arc;

use sekisho::app::App;
use sekisho::config::Config;
use sekisho::system::{SystemClock, SystemRandomness};

/// Everybody's password.
const PASSWORD: &str = "one thousand purchases";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match arguments.as_slice() {
        ["fill", data, url, count] => {
            let paths = runtime.block_on(fill::fill(data, url, number_of(count)));
            paths.iter().for_each(|path| println!("{path}"));
        }
        ["open", data, url, count] => runtime.block_on(fill::open(data, url, number_of(count))),
        ["pages", address, paths, connections, seconds, rate] => {
            let load = Load { address: address_of(address), paths: read(paths, 0) };
            let (connections, seconds, rate) = (number_of(connections), number_of(seconds), number_of(rate));
            println!("{}", runtime.block_on(browser::pages(Arc::new(load), connections, seconds, rate)));
        }
        ["argon2", seconds] => println!("{}", floor::argon2(number_of(seconds))),
        ["answers", address, paths, first, connections, seconds] => {
            let load = Load { address: address_of(address), paths: read(paths, number_of(first)) };
            println!("{}", runtime.block_on(answers::steadily(load, number_of(connections), number_of(seconds))));
        }
        ["flood", address, paths, first, count] => {
            let load = Load { address: address_of(address), paths: read(paths, number_of(first)) };
            println!("{}", runtime.block_on(answers::at_once(load, number_of(count))));
        }
        _ => println!("usage: fill | open | pages | argon2 | answers | flood, see the head of benches/challenge.rs"),
    }
}

/// Where to ask, and for which challenges.
struct Load {
    address: SocketAddr,
    paths: Vec<String>,
}

fn number_of(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn address_of(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn read(file: &str, first: u64) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("the paths");
    text.lines().skip(first as usize).map(str::to_owned).collect()
}

async fn app(data: &str, url: &str) -> Arc<App> {
    sekisho::outbound::install_tls_provider();
    let variables = [("SEKISHO__DATA_DIR", data), ("SEKISHO__DATABASE__URL", url)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(None, variables).expect("the settings");
    Arc::new(App::build(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await.expect("the parts"))
}
