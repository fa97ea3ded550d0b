//! What the lists on subsidies can be filtered by.

use crate::filter::{Kin, Piece, Words, Years, filters};
use crate::timeseries::period::PartialDate;

filters! {
    /// Which instruments. Several values of one parameter, separated by commas, are alternatives; parameters together must all
    /// hold. `powertrain`, `vehicle_class`, `criterion`, `unit` and `verification` must hold for one and the same rate or rule,
    /// which with `valid_on` must be in force itself.
    pub struct InstrumentFilter {
        /// Ids of instruments.
        id: Words = "CN-NEV-2019,CN-VPT-2018",
        /// Kinds: `purchase_subsidy`, `tax_exemption`, `tax_rate`, `trade_in`, `plate_quota`, `credit_mandate`, `charging_subsidy`.
        kind: Words = "purchase_subsidy,tax_exemption",
        /// Levels of government: `national`, `provincial`, `city`.
        level: Words = "national",
        /// Regions whose governments grant it, by exact code; `children:CN` stands for all provinces.
        jurisdiction: Words = "CN-SH,CN-BJ",
        /// Authorities that issued it, as the answers spell them.
        authority: Words = "MOF",
        /// In force on this day, or on any day of this month or year. A start that is not known counts as open, and so does an end.
        valid_on: PartialDate = "2019-05-01",
        /// Announced on this day, or within this month or year; a date printed less precisely counts where it may lie within.
        announced: PartialDate = "2018",
        /// Came into force on this day or later; a date printed less precisely counts where it may be later.
        start: PartialDate = "2016",
        /// Came into force on this day or earlier, or by the end of this month or year.
        end: PartialDate = "2020",
        /// Codes of the dimension `powertrain`. What names a code, one above it or one below it concerns it: `BEV` finds what
        /// names BEV, NEV or `_T`. Also `energy_saving`, `supercapacitor`, `efficient`, as they stand.
        powertrain: Kin = "BEV",
        /// Codes of the dimension `vehicle_class`, with those above and below as for `powertrain`. Also `truck_special`,
        /// `public_service`, `city_cluster`, `charging`, as they stand.
        vehicle_class: Kin = "CV_BUS",
        /// Criteria of rates and rules.
        criterion: Words = "range_km",
        /// Units of rates and rules.
        unit: Words = "CNY",
        /// With a rule that was `read` or is `unverified`.
        verification: Words = "unverified",
        /// Documents that state it, one of its rates or one of its rules.
        document: Words = "iea_2698",
        /// A piece of its name or summary, in upper or lower case.
        q: Piece = "trade-in",
    }
}

filters! {
    /// Which rates. Several values of one parameter, separated by commas, are alternatives; parameters together must all hold.
    pub struct RateFilter {
        /// The instruments that they belong to.
        instrument: Words = "CN-NEV-2019",
        /// Kinds of their instruments.
        kind: Words = "purchase_subsidy",
        /// Levels of government of their instruments.
        level: Words = "national",
        /// Regions whose governments grant them, by exact code; `children:CN` stands for all provinces.
        jurisdiction: Words = "CN-SH",
        /// In force on this day, or on any day of this month or year. A start that is not known counts as open, and so does an end.
        valid_on: PartialDate = "2019-07",
        /// Came into force on this day or later; a date printed less precisely counts where it may be later.
        start: PartialDate = "2016",
        /// Came into force on this day or earlier, or by the end of this month or year.
        end: PartialDate = "2020",
        /// Codes of the dimension `powertrain`. What names a code, one above it or one below it concerns it: `BEV` finds what
        /// names BEV, NEV or `_T`. Also `energy_saving`, `supercapacitor`, `efficient`, as they stand.
        powertrain: Kin = "BEV",
        /// Codes of the dimension `vehicle_class`, with those above and below as for `powertrain`. Also `truck_special`,
        /// `public_service`, `city_cluster`, `charging`, as they stand.
        vehicle_class: Kin = "PV",
        /// What their bounds are of.
        criterion: Words = "range_km",
        /// What their amounts count.
        unit: Words = "CNY,multiplier",
        /// The documents that state them.
        document: Words = "iea_2698",
        /// A piece of the condition, in upper or lower case.
        q: Piece = "transition",
    }
}

filters! {
    /// Which figures. Several values of one parameter, separated by commas, are alternatives; parameters together must all hold.
    pub struct SpendFilter {
        /// Years; a figure for a range of years counts for each of them.
        year: Years = "2018",
        /// Regions whose money it is, by exact code; `children:CN` stands for all provinces.
        jurisdiction: Words = "CN",
        /// What is counted.
        measure: Words = "total_ev_support",
        /// Units.
        unit: Words = "CNY",
        /// The documents that state them.
        document: Words = "csis_2024",
        /// A piece of the measure or note, in upper or lower case.
        q: Piece = "settlement",
    }
}

filters! {
    /// Which parts of the scheme. Several values of one parameter, separated by commas, are alternatives; parameters together
    /// must all hold.
    pub struct CreditFilter {
        /// Parts of the scheme: `mandate`, `rule`, `formula`.
        part: Words = "mandate,formula",
        /// Years: mandates of these years, rules and formulas in force on any of their days.
        year: Years = "2021",
        /// Codes of the dimension `powertrain`. What names a code, one above it or one below it concerns it. Mandates have none.
        powertrain: Kin = "BEV",
        /// What the coefficient is multiplied with.
        criterion: Words = "range_km",
        /// `read` or `unverified`; rules in words have neither.
        verification: Words = "unverified",
        /// The documents that state them.
        document: Words = "argus_2020",
        /// A piece of the formula, condition or note, in upper or lower case.
        q: Piece = "cap",
    }
}
