//! Merchants of the sandbox, each at a place of the map, with what it sells.

use super::chance::Chance;
use super::people::Place;
use crate::domain::challenge::{ReturnBy, TimeBase};
use crate::domain::clock::Micros;
use crate::domain::merchant::Merchant;

/// How a kind of merchant delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goods {
    Parcels,
    Digital,
    Tickets,
    Pickup,
}

/// A kind of merchant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trade {
    name: &'static str,
    category_code: &'static str,
    /// How common it is.
    share: f64,
    /// How much is spent there, against what its buyer usually spends.
    pub(super) price: f64,
    pub(super) goods: Goods,
    /// Whether what it sells is easily sold on.
    pub(super) resold: bool,
    /// Whether payments there recur.
    pub(super) recurring: bool,
}

macro_rules! trades {
    ($($name:literal $code:literal $share:literal $price:literal $goods:ident $resold:literal $recurring:literal;)*) => {
        [$(Trade {
            name: $name,
            category_code: $code,
            share: $share,
            price: $price,
            goods: Goods::$goods,
            resold: $resold,
            recurring: $recurring,
        }),*]
    };
}

const TRADES: [Trade; 15] = trades! {
    "Grocery" "5411" 16.0 0.7 Parcels false false;
    "Variety Store" "5331" 14.0 0.5 Parcels false false;
    "Pharmacy" "5912" 8.0 0.5 Parcels false false;
    "Bookshop" "5942" 8.0 0.4 Parcels false false;
    "Clothing" "5651" 12.0 1.3 Parcels false false;
    "Electronics" "5732" 7.0 3.5 Parcels true false;
    "Jewellery" "5944" 2.0 6.0 Parcels true false;
    "Click and Collect" "5311" 5.0 0.9 Pickup false false;
    "Streaming" "4899" 6.0 0.3 Digital false true;
    "Games" "5816" 6.0 0.4 Digital true false;
    "Gift Cards" "5818" 3.0 0.8 Digital true false;
    "Tickets" "7922" 5.0 1.4 Tickets false false;
    "Airline" "4511" 3.0 7.0 Tickets false false;
    "Hotel" "7011" 4.0 4.0 Tickets false false;
    "Betting" "7995" 0.2 0.8 Digital false false;
};

/// Countries of the few merchants abroad.
const ABROAD: [&str; 4] = ["US", "SG", "KR", "GB"];

/// One merchant.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) merchant: Merchant,
    pub(super) trade: Trade,
    pub(super) place: Place,
}

/// So many merchants for so many cards: each card has some within its reach.
pub(super) fn how_many(cards: u32) -> u32 {
    (cards / 8).clamp(40, 2_000)
}

/// Makes the merchants up.
pub(super) fn shops(seed: u64, cards: u32, at: Micros) -> Vec<Shop> {
    (0..how_many(cards)).map(|number| shop(seed, number, at)).collect()
}

fn shop(seed: u64, number: u32, at: Micros) -> Shop {
    let mut chance = Chance::of(seed, "shop", [u64::from(number), 0]);
    let trade = chance.weighted(&TRADES, |trade| trade.share).copied().unwrap_or(TRADES[0]);
    let is_abroad = chance.is(0.06);
    let country = if is_abroad { chance.pick(&ABROAD).copied().unwrap_or("US") } else { "JP" };
    let merchant = Merchant {
        id: chance.id(at),
        name: format!("Sandbox {} {number}", trade.name),
        category_code: trade.category_code.to_owned(),
        country: country.to_owned(),
        time_base: if is_abroad { TimeBase::Gmt } else { TimeBase::Japan },
        return_by: ReturnBy::FormPost,
        return_urls: Vec::new(),
    };
    Shop { merchant, trade, place: Place::anywhere(&mut chance) }
}
