//! What requests for quotes may say, as the contract has it. It is described here and read elsewhere: which criteria there are is
//! a matter of the rules.

use utoipa::{IntoParams, ToSchema};

use crate::words::words;

/// Which day, where, and by what knowledge.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuoteParams {
    /// The day; today, by the date in China, where neither it nor `from` nor `to` is given.
    #[param(required = false, example = "2019-05-01")]
    pub on: String,
    /// In place of `on`: the first day, or the first day of this month or year; where only `to` is given, the first on which anything
    /// held here was in force. There is a quote for each stretch of days on which nothing changes.
    #[param(required = false, example = "2018-06")]
    pub from: String,
    /// In place of `on`: the last day, or the last day of this month or year; today where only `from` is given.
    #[param(required = false, example = "2019")]
    pub to: String,
    /// The region, as a code of the dimension `geo`; `CN`, where nothing local counts, if it is not given. What cities grant stands
    /// under their provinces.
    #[param(required = false, example = "CN-SH")]
    pub jurisdiction: String,
    /// Of several schemes that an instrument has at once, the one that the vehicle falls under, as the answers spell it. Without it
    /// each is shown, and the total lies between them.
    #[param(required = false, example = "meets_2019_rules")]
    pub scheme: String,
    /// By the knowledge of then: only rules and rates count that a document published by the end of this day, month or year states.
    /// Documents without a date never do. The records of the instruments themselves are as they are held now.
    #[param(required = false, example = "2026")]
    pub as_of: String,
}

/// The vehicle. What is not given is unknown: the answer tells what it would change. Every criterion that a rule names can be given,
/// those listed here and others that an owner's rules name: `meta.criteria` of the answers lists them.
#[derive(Debug, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[schema(as = QuotedVehicle)]
pub struct VehicleParams {
    /// The powertrain, as a code of the dimension `powertrain`: one that a single vehicle has, not `NEV` or `_T`.
    #[param(example = "BEV")]
    #[schema(required = false, example = "BEV")]
    pub powertrain: String,
    /// The class, as a code of the dimension `vehicle_class`; `PV` where it is not given.
    #[param(required = false, example = "PV")]
    #[schema(required = false, example = "PV")]
    pub vehicle_class: String,
    /// The electric range in km, by the test cycle of the day.
    #[param(required = false, minimum = 0, example = 420)]
    #[schema(required = false, minimum = 0, example = 420)]
    pub range_km: f64,
    /// The capacity of the battery in kWh.
    #[param(required = false, minimum = 0, example = 52)]
    #[schema(required = false, minimum = 0, example = 52)]
    pub battery_kwh: f64,
    /// The energy density of the battery system in Wh/kg.
    #[param(required = false, minimum = 0, example = 160)]
    #[schema(required = false, minimum = 0, example = 160)]
    pub energy_density_wh_kg: f64,
    /// By how many percent the energy use lies below the threshold of the notice; negative where it lies above.
    #[param(required = false, example = 20)]
    #[schema(required = false, example = 20)]
    pub efficiency_gain_percent: f64,
    /// The top speed in km/h.
    #[param(required = false, minimum = 0, example = 150)]
    #[schema(required = false, minimum = 0, example = 150)]
    pub top_speed_kmh: f64,
    /// The price in CNY with value-added tax, before any grant.
    #[param(required = false, minimum = 0, example = 250_000)]
    #[schema(required = false, minimum = 0, example = 250_000)]
    pub price_cny: f64,
    /// The price in CNY without value-added tax; computed from `price_cny` where it is not given.
    #[param(required = false, minimum = 0, example = 221_238.94)]
    #[schema(required = false, minimum = 0, example = 221_238.94)]
    pub price_without_vat_cny: f64,
    /// The purchase tax in CNY before relief; computed from the price where it is not given.
    #[param(required = false, minimum = 0, example = 22_123.89)]
    #[schema(required = false, minimum = 0, example = 22_123.89)]
    pub purchase_tax_cny: f64,
    /// The displacement of the engine in litres.
    #[param(required = false, minimum = 0, example = 1.5)]
    #[schema(required = false, minimum = 0, example = 1.5)]
    pub displacement_l: f64,
    /// What it is bought for: `private`, or `commercial` where it is not bought for oneself, or is for hire.
    #[param(required = false, value_type = Use)]
    #[schema(required = false, value_type = Use)]
    pub r#use: String,
    /// The city, in English.
    #[param(required = false, example = "Shenzhen")]
    #[schema(required = false, example = "Shenzhen")]
    pub city: String,
    /// Whether an old car is scrapped for it.
    #[param(required = false, example = false)]
    #[schema(required = false, example = false)]
    pub scrapped_old_car: bool,
    /// Whether an old car is sold for it.
    #[param(required = false, example = false)]
    #[schema(required = false, example = false)]
    pub sold_old_car: bool,
}

words! {
    /// What a vehicle is bought for.
    Use = ["private", "commercial"];
}

/// Many vehicles at once. Fields beside `vehicles` hold for each of them that does not name its own.
#[derive(Debug, ToSchema)]
pub struct QuoteRequest {
    /// The day; today where neither it nor `from` nor `to` is given.
    #[schema(required = false)]
    pub on: String,
    /// In place of `on`: the first day, month or year.
    #[schema(required = false)]
    pub from: String,
    /// In place of `on`: the last day, month or year.
    #[schema(required = false)]
    pub to: String,
    /// The region.
    #[schema(required = false)]
    pub jurisdiction: String,
    /// The scheme that the vehicles fall under.
    #[schema(required = false)]
    pub scheme: String,
    /// By the knowledge of then.
    #[schema(required = false)]
    pub as_of: String,
    /// The vehicles, each with a name of its own.
    #[schema(min_items = 1, max_items = 100)]
    pub vehicles: Vec<NamedVehicle>,
}

/// A vehicle with its name. It may have any field that stands beside `vehicles`, which then holds for it alone.
#[derive(Debug, ToSchema)]
pub struct NamedVehicle {
    /// By what its quotes are known; its place in the list, from 1, where it is not given.
    #[schema(required = false)]
    pub name: String,
    /// What it is.
    #[schema(inline)]
    #[serde(flatten)]
    pub vehicle: VehicleParams,
}

/// Which vehicle earns credits, and when. Every criterion that a formula names can be given.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CreditVehicleParams {
    /// The day; today, by the date in China, where it is not given.
    #[param(required = false, example = "2021-05-01")]
    pub on: String,
    /// The powertrain, as a code of the dimension `powertrain`: one that a single vehicle has.
    #[param(example = "BEV")]
    pub powertrain: String,
    /// The electric range in km.
    #[param(required = false, minimum = 0, example = 420)]
    pub range_km: f64,
    /// The power of the fuel cell system in kW.
    #[param(required = false, minimum = 0, example = 60)]
    pub power_kw: f64,
}

/// Which schedule.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScheduleParams {
    /// The instruments; all that have such bands where it is not given.
    #[param(required = false, example = "CN-NEV-2018,CN-NEV-2019")]
    pub instrument: String,
    /// What the bands are of; `range_km` where it is not given.
    #[param(required = false, example = "range_km")]
    pub by: String,
    /// Bands for this powertrain, as a code of the dimension `powertrain`.
    #[param(required = false, example = "BEV")]
    pub powertrain: String,
    /// Bands for this class, as a code of the dimension `vehicle_class`.
    #[param(required = false, example = "PV")]
    pub vehicle_class: String,
    /// Bands of instruments of this region or one above it, as a code of the dimension `geo`; of every region where it is not given.
    #[param(required = false, example = "CN")]
    pub jurisdiction: String,
    /// Bands in force on this day or later.
    #[param(required = false, example = "2018")]
    pub start: String,
    /// Bands in force on this day or earlier, or by the end of this month or year.
    #[param(required = false, example = "2020")]
    pub end: String,
}

/// Which periods, and where.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SeriesParams {
    /// How often: `M` (as without it), `Q` or `A`. Each period tells what is granted on its last day.
    #[param(required = false, inline, example = "M")]
    pub frequency: crate::timeseries::period::Frequency,
    /// The first period: 2019, 2019-Q3 or 2019-05.
    #[param(example = "2018")]
    pub start: String,
    /// The last period.
    #[param(example = "2020")]
    pub end: String,
    /// The region, as a code of the dimension `geo`; `CN` where it is not given.
    #[param(required = false, example = "CN")]
    pub jurisdiction: String,
    /// Of several schemes that an instrument has at once, the one that the vehicle falls under.
    #[param(required = false, example = "meets_2019_rules")]
    pub scheme: String,
    /// By the knowledge of then, as for a quote.
    #[param(required = false, example = "2026")]
    pub as_of: String,
}
