//! What the shop sells, at which counter, and what each thing is there to show.

use iso_currency::Currency;

use crate::domain::facts::DeliveryKind;
use crate::domain::money::Money;

/// One of the shop's two merchants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    /// The variety store: returns by a form, shows the challenge in a frame.
    Zakka,
    /// The gift cards: returns by a redirect, sends the buyer to the challenge.
    Nami,
}

impl Counter {
    pub(super) const ALL: [Self; 2] = [Self::Zakka, Self::Nami];

    /// Its word in addresses.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Zakka => "zakka",
            Self::Nami => "nami",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|counter| counter.as_str() == text)
    }

    /// Whether it shows the challenge in a frame of its own page.
    pub(super) fn frames(self) -> bool {
        self == Self::Zakka
    }
}

/// A thing to buy.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) slug: &'static str,
    pub(super) counter: Counter,
    pub(super) name: [&'static str; 2],
    pub(super) story: [&'static str; 2],
    /// What usually happens when it is bought.
    pub(super) shows: [&'static str; 2],
    amount_minor: i64,
}

impl Item {
    pub(super) fn find(counter: Counter, slug: &str) -> Option<&'static Self> {
        ITEMS.iter().find(|item| item.counter == counter && item.slug == slug)
    }

    pub(super) fn of(counter: Counter) -> impl Iterator<Item = &'static Self> {
        ITEMS.iter().filter(move |item| item.counter == counter)
    }

    pub(super) fn money(&self) -> Money {
        let currency = if self.counter == Counter::Zakka { Currency::JPY } else { Currency::USD };
        Money { amount_minor: self.amount_minor, currency }
    }

    /// The price as it is shown.
    pub(super) fn price(&self) -> String {
        price(self.money())
    }

    pub(super) fn is_digital(&self) -> bool {
        self.counter == Counter::Nami
    }

    pub(super) fn delivery(&self, to_new_address: bool) -> DeliveryKind {
        match (self.is_digital(), to_new_address) {
            (true, _) => DeliveryKind::Electronic,
            (false, true) => DeliveryKind::NewAddress,
            (false, false) => DeliveryKind::BillingAddress,
        }
    }
}

/// An amount in yen or dollars, with thousands apart.
pub(super) fn price(money: Money) -> String {
    let (sign, whole, cents) = match money.currency {
        Currency::JPY => ("¥", money.amount_minor, None),
        _ => ("US$", money.amount_minor / 100, Some(money.amount_minor % 100)),
    };
    let digits = whole.to_string();
    let mut text = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    cents.filter(|cents| *cents != 0).map_or(text.clone(), |cents| format!("{text}.{cents:02}"))
}

const PASSES: [&str; 2] = ["そのまま購入", "Waved through"];
const ASKS: [&str; 2] = ["本人確認", "Asks for the password"];
const TURNED_BACK: [&str; 2] = ["お取引をお断り", "Turned back"];

/// Everything there is to buy.
pub(super) const ITEMS: [Item; 9] = [
    Item {
        slug: "tenugui",
        counter: Counter::Zakka,
        name: ["手ぬぐい 青海波", "Tenugui, seigaiha"],
        story: [
            "東京・堀留の注染。使うほどに藍がやわらぎます。",
            "Dyed by hand in Tokyo. The indigo softens with every wash.",
        ],
        shows: PASSES,
        amount_minor: 1_980,
    },
    Item {
        slug: "teapot",
        counter: Counter::Zakka,
        name: ["常滑の急須", "Tokoname teapot"],
        story: ["朱泥の横手急須。一煎目がまっすぐ出ます。", "Red clay, side handle, a clean pour from the first cup."],
        shows: PASSES,
        amount_minor: 4_800,
    },
    Item {
        slug: "lamp",
        counter: Counter::Zakka,
        name: ["和紙の灯り", "Washi lamp"],
        story: ["越前和紙を一枚ずつ貼り重ねた卓上灯。", "Echizen paper, layered sheet by sheet around a warm light."],
        shows: PASSES,
        amount_minor: 14_800,
    },
    Item {
        slug: "headphones",
        counter: Counter::Zakka,
        name: ["木のヘッドホン", "Wooden headphones"],
        story: [
            "欅の削り出し。端末をおぼえているカードなら、そのまま買えます。",
            "Turned from zelkova. A card that knows the device passes at once.",
        ],
        shows: ASKS,
        amount_minor: 48_000,
    },
    Item {
        slug: "camera",
        counter: Counter::Zakka,
        name: ["一眼カメラ 暁", "Akatsuki camera"],
        story: ["朝の光のために。交換レンズ一本つき。", "Made for morning light. One lens included."],
        shows: ASKS,
        amount_minor: 148_000,
    },
    Item {
        slug: "maki-e",
        counter: Counter::Zakka,
        name: ["蒔絵の文箱", "Maki-e letter box"],
        story: [
            "輪島の一点もの。高額すぎて、分析会社が首を横に振ります。",
            "One of a kind from Wajima. So dear that the analysis company shakes its head.",
        ],
        shows: TURNED_BACK,
        amount_minor: 398_000,
    },
    Item {
        slug: "music",
        counter: Counter::Nami,
        name: ["音楽ギフト $15", "Music gift card, $15"],
        story: [
            "はじめての一枚は本人確認。二枚目からはそのまま。",
            "The first one asks for the password, the next ones do not.",
        ],
        shows: ASKS,
        amount_minor: 1_500,
    },
    Item {
        slug: "travel",
        counter: Counter::Nami,
        name: ["旅のギフト $200", "Travel gift card, $200"],
        story: [
            "鉄道、船、宿に。1万円を超えるギフトはいつも本人確認。",
            "For trains, boats and inns. Above 10,000 yen always with a proof.",
        ],
        shows: ASKS,
        amount_minor: 20_000,
    },
    Item {
        slug: "bundle",
        counter: Counter::Nami,
        name: ["ギフト百枚束 $2,500", "A hundred gift cards, $2,500"],
        story: [
            "不正利用でいちばん好まれる品。分析会社の回答で断られます。",
            "What fraudsters love most. The analysis says no.",
        ],
        shows: TURNED_BACK,
        amount_minor: 250_000,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_with_thousands_apart_and_cents_where_there_are_any() {
        let of = |amount_minor, currency| price(Money { amount_minor, currency });
        assert_eq!(of(398_000, Currency::JPY), "¥398,000");
        assert_eq!(of(980, Currency::JPY), "¥980");
        assert_eq!(of(250_000, Currency::USD), "US$2,500");
        assert_eq!(of(1_550, Currency::USD), "US$15.50");
    }
}
