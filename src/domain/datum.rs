//! Each datum that may leave the house, by the name that stands in the ledger, and the forms in which it may.
//!
//! Knows names, classes and which form makes sense for which datum. The values and how they are formed lie elsewhere.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::consent::DataClass;

words! {
    /// One datum, by the name that stands in the ledger.
    Datum {
        /// The name as typed.
        Name = "name",
        /// The e-mail address as typed.
        Email = "email",
        /// The telephone number as typed.
        Phone = "phone",
        /// Street and block of the billing address.
        BillingLine1 = "billing_line1",
        /// The second line of the billing address.
        BillingLine2 = "billing_line2",
        /// The city of the billing address.
        BillingCity = "billing_city",
        /// The region of the billing address.
        BillingRegion = "billing_region",
        /// The postal code of the billing address.
        BillingPostalCode = "billing_postal_code",
        /// The country of the billing address.
        BillingCountry = "billing_country",
        /// Street and block of the shipping address.
        ShippingLine1 = "shipping_line1",
        /// The second line of the shipping address.
        ShippingLine2 = "shipping_line2",
        /// The city of the shipping address.
        ShippingCity = "shipping_city",
        /// The region of the shipping address.
        ShippingRegion = "shipping_region",
        /// The postal code of the shipping address.
        ShippingPostalCode = "shipping_postal_code",
        /// The country of the shipping address.
        ShippingCountry = "shipping_country",
        /// The family of the operating system.
        OsFamily = "os_family",
        /// The primary language tag.
        Language = "language",
        /// The device identifier.
        DeviceId = "device_id",
        /// The IP address.
        Ip = "ip",
        /// The country of the location.
        LocationCountry = "location_country",
        /// The prefecture of the location.
        LocationPrefecture = "location_prefecture",
        /// The amount.
        Amount = "amount",
        /// The currency.
        Currency = "currency",
        /// The merchant's id.
        Merchant = "merchant",
        /// The authentication's id.
        Transaction = "transaction",
        /// The provider's own id of an earlier request, in feedback.
        ProviderRequest = "provider_request",
        /// What became of the purchase, in feedback.
        Outcome = "outcome",
        /// When it became so, in feedback.
        OutcomeTime = "outcome_time",
    }
}

impl Datum {
    /// The class in which sharing this datum is permitted.
    pub fn class(self) -> DataClass {
        match self {
            Self::Name | Self::Email | Self::Phone => DataClass::Identity,
            Self::OsFamily | Self::Language | Self::DeviceId => DataClass::Device,
            Self::Ip | Self::LocationCountry | Self::LocationPrefecture => DataClass::Location,
            Self::Amount
            | Self::Currency
            | Self::Merchant
            | Self::Transaction
            | Self::ProviderRequest
            | Self::Outcome
            | Self::OutcomeTime => DataClass::Transaction,
            _ => DataClass::Address,
        }
    }
}

words! {
    /// What is done to a datum before it leaves.
    Mode {
        /// It leaves as it is.
        Plain = "plain",
        /// It leaves hashed by the recipient's published normalisation.
        ProviderHash = "provider_hash",
        /// A coarser value leaves: the network of an IP address, the band of an amount, the area of a postal code, the minute
        /// of a time.
        Coarse = "coarse",
        /// A keyed token of its normal form leaves (HMAC-SHA-256); it cannot be matched across organisations.
        Keyed = "keyed",
        /// It does not leave.
        Omit = "omit",
    }
}

impl Mode {
    /// Whether the mode makes sense for the datum: a coarse e-mail address or a keyed amount does not.
    pub fn fits(self, datum: Datum) -> bool {
        match self {
            Self::Omit | Self::Plain => true,
            Self::Keyed => !matches!(
                datum,
                Datum::Ip
                    | Datum::Amount
                    | Datum::Currency
                    | Datum::ProviderRequest
                    | Datum::Outcome
                    | Datum::OutcomeTime
            ),
            Self::ProviderHash => matches!(datum, Datum::Name | Datum::Email | Datum::Phone | Datum::DeviceId),
            Self::Coarse => matches!(
                datum,
                Datum::Ip | Datum::Amount | Datum::BillingPostalCode | Datum::ShippingPostalCode | Datum::OutcomeTime
            ),
        }
    }

    /// Whether this mode gives away more than the other one. The order, from the weakest: plain, provider hash (anybody can
    /// try every telephone number), coarse, keyed, omit.
    pub fn is_weaker_than(self, other: Self) -> bool {
        self < other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_ordered_by_what_they_give_away() {
        for pair in Mode::ALL.windows(2) {
            assert!(pair[0].is_weaker_than(pair[1]) && !pair[1].is_weaker_than(pair[0]), "{pair:?}");
        }
        assert!(!Mode::Keyed.is_weaker_than(Mode::Keyed));
    }

    #[test]
    fn every_datum_can_be_omitted_and_no_mode_fits_by_accident() {
        for datum in Datum::ALL {
            assert!(Mode::Omit.fits(*datum) && Mode::Plain.fits(*datum), "{datum:?}");
        }
        for (mode, datum) in [
            (Mode::Coarse, Datum::Email),
            (Mode::Keyed, Datum::Ip),
            (Mode::Keyed, Datum::Amount),
            (Mode::Keyed, Datum::Outcome),
            (Mode::ProviderHash, Datum::Ip),
            (Mode::ProviderHash, Datum::BillingLine1),
        ] {
            assert!(!mode.fits(datum), "{datum:?} {mode:?}");
        }
    }
}
