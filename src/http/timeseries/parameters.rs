//! What the contract says of the parameters of time-series queries. They are read by the pipeline; a test compares.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{Rule, Shape};
use crate::http::negotiate::{Format, Language};
use crate::timeseries::answer::SortWord;
use crate::timeseries::plan::{Aggregation, Fill};
use crate::timeseries::release::Kind;

/// Dimensions that every dataset has.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EveryDimension {
    /// What is counted: codes with commas, or `*` for every one. Without it: the dataset's first measure.
    #[param(required = false, example = "*")]
    pub measure: String,
    /// Who first published the figure: codes with commas, each answered apart; `all` for every one; `best` for each
    /// period the first source of the precedence table. Without it: `best`.
    #[param(required = false, example = "all")]
    pub source: String,
    /// Country, region or province: codes with commas, `children:CN` for the level below, `*` for every one. Without it: `CN`.
    #[param(required = false, example = "CN")]
    pub geo: String,
}

/// Dimensions of the dataset `production`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductionDimensions {
    /// Who built the vehicles: codes with commas, `children:saic-motor`, `*`. Without it: the total `_T`, or every maker where
    /// a brand or model is named.
    #[param(required = false, example = "byd")]
    pub maker: String,
    /// Under which brand. Without it: the total `_T`, or every brand where a model is named.
    #[param(required = false, example = "volkswagen")]
    pub brand: String,
    /// Which model. Without it: the total `_T`.
    #[param(required = false, example = "tesla--model-y")]
    pub model: String,
    /// Class of vehicle: `PV`, `CV`, `children:PV` … Without it: the total `_T`.
    #[param(required = false, example = "PV")]
    pub vehicle_class: String,
    /// What drives it: `NEV`, `BEV`, `children:NEV` … Without it: the total `_T`.
    #[param(required = false, example = "NEV")]
    pub powertrain: String,
}

/// Dimensions of the dataset `charging`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChargingDimensions {
    /// Who operates the outlets. Without it: the total `_T`.
    #[param(required = false, example = "teld")]
    pub operator: String,
    /// `public` or `private`. Without it: the total `_T`.
    #[param(required = false, example = "public")]
    pub access: String,
    /// Alternating or direct current: `AC`, `DC`, `ACDC`. Without it: the total `_T`.
    #[param(required = false, example = "DC")]
    pub current: String,
}

/// The time that is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// The first period, of any frequency, inclusive: 2020, 2020-Q3 or 2020-05. A period that begins earlier is left out.
    #[param(required = false, example = "2001")]
    pub start: String,
    /// The last period, of any frequency, inclusive. A period that ends later is left out.
    #[param(required = false, example = "2024")]
    pub end: String,
    /// Only the last so many observations of each series; then the answer comes whole, without pages.
    #[param(required = false, minimum = 1, maximum = 10_000, example = 12)]
    pub last: u32,
}

/// The date whose knowledge is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Knowledge {
    /// Only what documents published by the end of this date prove: 2021, 2021-12 or 2021-12-31. Strict: undated
    /// documents prove nothing.
    #[param(required = false, example = "2021-12-31")]
    pub as_of: String,
}

/// At which frequency.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Frequencies {
    /// A (annual), Q (quarterly), M (monthly), with commas, each in series of its own: published at that frequency, or else
    /// converted from a finer one. `*` for every one as published, none converted. Without it: the dataset's default.
    #[param(required = false, example = "A")]
    pub frequency: String,
}

/// Which changes of a release.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KindParam {
    /// Only changes of this kind.
    #[param(required = false, inline, example = "revised")]
    pub kind: Kind,
}

/// How many sources are compared.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Comparing {
    /// Only periods for which at least so many sources have a figure. Without it: 2.
    #[param(required = false, minimum = 1, maximum = 50, example = 2)]
    pub min_sources: u32,
}

/// What is computed of the figures.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Computation {
    /// How figures of a finer frequency become one of the frequency asked for. Without it: the measure's own way, a sum for flows,
    /// the last for stocks. With another way only converted figures are answered, none that are published.
    #[param(required = false, inline, example = "mean")]
    pub agg: Aggregation,
    /// Whether figures converted from fewer sub-periods than there are stay (`keep`, with their coverage) or not (`drop`). Without it:
    /// those of flows stay.
    #[param(required = false, inline)]
    pub partial: Partial,
    /// `level`, `diff`, `pct`, `yoy`, `yoy_diff`, `ytd`, `index:PERIOD`, `ma:N`, `share` (of the whole, in percent) or `rank` (1 is the
    /// largest); the last two compare the codes of the first dimension in `group_by`. Periods are matched by the calendar, both ends of a
    /// growth are of one source; pct and yoy are in percent, not rounded. Null with a reason where it cannot be computed. Without it: `level`.
    #[param(required = false, example = "yoy")]
    pub transform: String,
    /// What stands for periods between the first and the last of a series that nobody states: `none`, `null`, or `previous` (the figure
    /// before, with status I; stocks only). Without it: `none`.
    #[param(required = false, inline)]
    pub fill: Fill,
}

/// What is kept apart, and what is compared.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Grouping {
    /// The dimensions that are kept apart, each alone (`maker`) or at a level (`maker:group`, `geo:province`): unnamed ones are opened,
    /// every code but the total; geo to the provinces. With it, the codes listed for a dimension that it does not name are summed to one series,
    /// written `BEV+PHEV`, where a source declares them to be different parts of one whole; else it is refused. Without it: every named
    /// dimension is kept apart. By maker, brand, model or operator, unlisted, it is a ranking of one source: see `meta.rankings`.
    #[param(required = false, example = "geo")]
    pub group_by: String,
    /// Only the so many largest codes of the first dimension in `group_by`: by the sum of a flow over the time asked for, or the last value of a stock.
    #[param(required = false, minimum = 1, maximum = 1_000, example = 10)]
    pub top: u32,
    /// Whether the rest stands beside the largest, as the code `_O`: the whole less what is shown. Null where the ranking is less than 80
    /// percent of the whole. Without it: `false`.
    #[param(required = false)]
    pub other: bool,
}

/// By whose shares makers' figures are counted to groups.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Attributing {
    /// Counts the figures of makers to the groups that hold them, by what documents say of the last day of each period; goes with
    /// `group_by=maker:group`. `equity`: to each holder's group by its share. `control`: wholly to the group with more than half; to
    /// nobody where none has, as in a venture of two halves. `full`: wholly to one group: of a venture to that with the largest share, and
    /// where shares are equal to the parent that the list of makers declares, else to the one partner from China. A company that others only
    /// invested in is its own group, unless one has more than half; a maker in which nobody states a share counts to the group that the
    /// list of makers declares. A share that is not known makes a range. `maker` names the makers that are counted, and every other
    /// dimension is kept apart; one source answers as in a ranking of makers. What else computes, cuts or shapes does not go with it.
    /// The answer is of a type of its own. Without it: makers' figures stand for themselves.
    #[param(required = false, inline, example = "equity")]
    pub attribution: Rule,
}

/// What becomes of incomplete figures.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Partial {
    /// They stay, with their coverage.
    Keep,
    /// They are left out.
    Drop,
}

/// What an answer is annotated with.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Annotating {
    /// Dated events that concern the series of the answer, for markers on its chart, with commas. `policies`: subsidy instruments
    /// (announced, in force from, in force to) of the series' region and those above it, that name a powertrain which is that of the series
    /// or stands above or below it, or none; of outlets those for charging; and events of kind `policy`. `partnerships`: the other events
    /// about the makers of the series (those of its brand, model or operator, and makers below them), and the begin and end of their
    /// partnerships; where it pins none, events within its region, and partnerships that work in just that region. They stand in
    /// `annotations`, within the time from the first to the last period on the page, the latest 100 where there are more. JSON only,
    /// and not with `shape=array`. Without it: none.
    #[param(required = false, example = "policies,partnerships")]
    pub annotate: String,
}

/// How observations are answered.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Form {
    /// `rows`: one object an observation, in pages; `series`: one object a series with its observations; `columns`: one object a
    /// series with typed arrays, for charts; `array`: the rows alone. The last three come whole, up to 10,000
    /// observations. Without it: `rows`.
    #[param(required = false, example = "rows")]
    pub shape: Shape,
    /// `series` (by series, then period), `period`, `-period`, `value` or `-value`. Without it: `series`.
    #[param(required = false, example = "-period")]
    pub sort: SortWord,
    /// At most so many observations on a page: 1,000 where it is not given. CSV and NDJSON come whole without it.
    #[param(required = false, minimum = 1, maximum = 10_000, example = 1000)]
    pub limit: u32,
    /// Whether `meta.explain` tells which sums the answer is made from, and why: `true` or `1`. Without it: `false`.
    #[param(required = false)]
    pub explain: bool,
    /// `meta.page.next_cursor` of the page before, with the same other parameters. Pages are all read at the state of the data
    /// that the first one was read at.
    #[param(required = false)]
    pub cursor: String,
    /// The representation; where it is not given the header `Accept` chooses, else it is JSON.
    #[param(required = false)]
    pub format: Format,
    /// The language of names and titles; where it is not given the header `Accept-Language` chooses, else it is English.
    #[param(required = false)]
    pub lang: Language,
}
