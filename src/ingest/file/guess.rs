//! What a header most likely means, for files that nobody described.

use csv::StringRecord;

use super::layout::plain;
use super::mapping::{Mapping, Wide};
use super::moment;
use super::sdmx::{self, Column};
use super::target::{Fact, Target};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Frequency;

/// Headers by what they mean, in lower case. The first of each are the project's own, then SDMX's, then what people write.
const NAMES: [(Target, &[&str]); Target::COUNT] = [
    (Target::Dimension(Dimension::Measure), &["measure", "indicator", "parameter", "variable", "指标"]),
    (Target::Dimension(Dimension::Source), &["source", "data source", "来源", "数据来源"]),
    (
        Target::Dimension(Dimension::Geo),
        &[
            "geo", "ref_area", "region", "country", "area", "province", "city", "地区", "省份", "省", "城市",
            "国家",
        ],
    ),
    (
        Target::Dimension(Dimension::Maker),
        &[
            "maker",
            "manufacturer",
            "oem",
            "company",
            "automaker",
            "厂商",
            "企业",
            "车企",
            "生产企业",
            "制造商",
        ],
    ),
    (Target::Dimension(Dimension::Brand), &["brand", "marque", "make", "品牌"]),
    (Target::Dimension(Dimension::Model), &["model", "车型", "车型名称", "车系"]),
    (
        Target::Dimension(Dimension::VehicleClass),
        &["vehicle_class", "vehicle class", "vehicle type", "segment", "class", "车辆类型", "车辆类别"],
    ),
    (
        Target::Dimension(Dimension::Powertrain),
        &["powertrain", "fuel", "fuel type", "propulsion", "动力类型", "能源类型", "燃料类型"],
    ),
    (Target::Dimension(Dimension::Operator), &["operator", "运营商"]),
    (Target::Dimension(Dimension::Access), &["access"]),
    (Target::Dimension(Dimension::Current), &["current", "ac/dc"]),
    (Target::Fact(Fact::Frequency), &["frequency", "freq"]),
    (Target::Fact(Fact::Period), &["period", "time_period", "date", "time", "日期", "时间", "年月"]),
    (Target::Fact(Fact::Year), &["year", "年", "年份"]),
    (Target::Fact(Fact::Quarter), &["quarter", "季度"]),
    (Target::Fact(Fact::Month), &["month", "月", "月份"]),
    (
        Target::Fact(Fact::Value),
        &[
            "value",
            "obs_value",
            "n",
            "count",
            "units",
            "volume",
            "sales",
            "registrations",
            "数量",
            "销量",
            "产量",
            "上牌量",
        ],
    ),
    (Target::Fact(Fact::Status), &["status", "obs_status"]),
    (Target::Fact(Fact::Note), &["note", "comment", "comment_obs", "remark", "备注"]),
    (Target::Fact(Fact::Document), &["document_id", "document"]),
    (Target::Fact(Fact::Role), &["role"]),
];

/// What may stand in brackets behind a figure's name before the word for what is counted, and the power of ten that it is.
const TENS: [(&str, u32); 7] =
    [("千万", 7), ("百万", 6), ("十万", 5), ("亿", 8), ("万", 4), ("千", 3), ("", 0)];

/// The same in English.
const ENGLISH_TENS: [(&str, u32); 9] = [
    ("thousand", 3),
    ("thousands", 3),
    ("1,000", 3),
    ("'000", 3),
    ("000s", 3),
    ("10,000", 4),
    ("million", 6),
    ("millions", 6),
    ("", 0),
];

/// Words for what is counted.
const COUNTED: [&str; 4] = ["辆", "台", "个", "部"];

/// The same in English.
const ENGLISH_COUNTED: [&str; 4] = ["units", "vehicles", "cars", "unit"];

/// A mapping made from a header, and how it was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// What each column is taken for.
    pub mapping: Mapping,
    /// Whether every column has the project's own name or SDMX's, so that nothing was guessed.
    pub is_certain: bool,
}

/// Takes each column for what its header says, and for what some rows below it show; `None` where no header says anything.
pub fn guess(header: &StringRecord, below: &[&StringRecord]) -> Option<Guess> {
    let head = sdmx::columns(header);
    let mut guess = Guess { mapping: Mapping::default(), is_certain: true };
    for (at, name) in header.iter().map(plain).enumerate().filter(|(_, name)| !name.is_empty()) {
        let column = header[at].trim().to_owned();
        match head.as_ref().map(|head| &head[at]) {
            Some(Column::Component(id)) => guess.take(id, column, true),
            Some(Column::Aside) => guess.mapping.ignore.push(column),
            Some(Column::Action) => guess.mapping.rows.push(sdmx::no_deletions(column)),
            None => guess.take(&name, column, false),
        }
    }
    if guess.mapping.columns.is_empty() {
        return None;
    }
    guess.find_periods(header, below);
    guess.mapping.labels = head.is_some() && sdmx::has_labels(header);
    let form = match (head.is_some(), guess.is_certain) {
        (true, _) => "sdmx-csv",
        (false, true) => "tidy",
        (false, false) => "guessed",
    };
    form.clone_into(&mut guess.mapping.name);
    Some(guess)
}

impl Guess {
    /// Takes a column of this name for what that most likely means.
    fn take(&mut self, name: &str, column: String, is_sdmx: bool) {
        let is_free = |target: &Target| !self.mapping.columns.contains_key(target);
        let known = NAMES.iter().find(|(target, names)| names.contains(&name) && is_free(target));
        if let Some((target, names)) = known {
            self.is_certain &= names[0] == name || (is_sdmx && sdmx::is_name(name));
            self.mapping.columns.insert(*target, column);
            return;
        }
        let value = Target::Fact(Fact::Value);
        if let Some((_, power)) =
            in_units(name).filter(|(name, _)| named(value).contains(name) && is_free(&value))
        {
            self.is_certain = false;
            self.mapping.columns.insert(value, column);
            self.mapping.scale = (power > 0).then(|| format!("1e{power}"));
        }
    }

    /// Finds out where periods stand.
    fn find_periods(&mut self, header: &StringRecord, below: &[&StringRecord]) {
        let columns = &mut self.mapping.columns;
        let period = Target::Fact(Fact::Period);
        for (fact, frequency) in [(Fact::Month, Frequency::M), (Fact::Quarter, Frequency::Q)] {
            let column = columns.get(&Target::Fact(fact)).filter(|_| !columns.contains_key(&period)).cloned();
            // A month may be written with its year.
            if let Some(column) = column.filter(|column| are_periods(frequency, column, header, below)) {
                columns.remove(&Target::Fact(fact));
                columns.insert(period, column);
                self.is_certain = false;
            }
        }
        if columns.contains_key(&period) {
            // A year beside a period says nothing more.
            for fact in [Fact::Year, Fact::Quarter, Fact::Month] {
                self.mapping.ignore.extend(columns.remove(&Target::Fact(fact)));
            }
        } else if !columns.contains_key(&Target::Fact(Fact::Year))
            && header.iter().any(|name| moment::period(name.trim(), None).is_some())
        {
            self.mapping.wide = Some(Wide::default());
            self.is_certain = false;
        }
    }
}

/// What a target's columns are called.
fn named(target: Target) -> &'static [&'static str] {
    NAMES[target.place()].1
}

/// A header without the unit in brackets behind it, and the power of ten that this is; `None` where there is none that counts.
fn in_units(name: &str) -> Option<(&str, u32)> {
    let (name, unit) = name.strip_suffix([')', '）'])?.rsplit_once(['(', '（'])?;
    let unit = unit.trim();
    if unit.is_empty() {
        return None;
    }
    let power = |tens: &[(&str, u32)], counted: &[&str]| {
        tens.iter().find_map(|(ten, power)| {
            let rest = unit.strip_prefix(ten)?.trim_start();
            (rest.is_empty() || counted.contains(&rest)).then_some(*power)
        })
    };
    let power = power(&TENS, &COUNTED).or_else(|| power(&ENGLISH_TENS, &ENGLISH_COUNTED))?;
    Some((name.trim(), power))
}

/// Whether all that stands in a column is periods of this frequency.
fn are_periods(frequency: Frequency, column: &str, header: &StringRecord, below: &[&StringRecord]) -> bool {
    let Some(at) = header.iter().position(|name| name.trim() == column) else { return false };
    let mut texts =
        below.iter().filter_map(|row| row.get(at)).map(str::trim).filter(|text| !text.is_empty()).peekable();
    texts.peek().is_some() && texts.all(|text| moment::period(text, Some(frequency)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(header: &[&str]) -> (String, String) {
        let guess = guess(&StringRecord::from(header.to_vec()), &[]).unwrap();
        let columns = guess.mapping.columns.iter().map(|(target, column)| format!("{target}={column}"));
        (guess.mapping.name, columns.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_projects_own_columns_and_those_of_sdmx_are_no_guess() {
        let (name, _) =
            guessed(&["measure", "source", "geo", "frequency", "period", "value", "status", "document_id"]);
        assert_eq!(name, "tidy");
        let (name, columns) = guessed(&[
            "STRUCTURE",
            "STRUCTURE_ID",
            "ACTION",
            "FREQ",
            "MEASURE",
            "REF_AREA: Area",
            "TIME_PERIOD",
            "OBS_VALUE",
        ]);
        assert_eq!(name, "sdmx-csv");
        assert_eq!(
            columns,
            "measure=MEASURE geo=REF_AREA: Area frequency=FREQ period=TIME_PERIOD value=OBS_VALUE"
        );
    }

    #[test]
    fn what_people_write_is_guessed() {
        let (name, columns) = guessed(&["省份", "品牌", "车型", "年", "月", "销量"]);
        assert_eq!(
            (name.as_str(), columns.as_str()),
            ("guessed", "geo=省份 brand=品牌 model=车型 year=年 month=月 value=销量")
        );
        let wide = guess(&StringRecord::from(vec!["Country", "2023", "2024"]), &[]).unwrap();
        assert!(wide.mapping.wide.is_some() && !wide.is_certain);
        assert_eq!(guess(&StringRecord::from(vec!["foo", "bar"]), &[]), None);
    }

    #[test]
    fn a_column_of_names_beside_each_code_is_left_aside() {
        let header = [
            "STRUCTURE[;]",
            "STRUCTURE_ID",
            "STRUCTURE_NAME",
            "SERIES_KEY",
            "MEASURE",
            "Measure",
            "REF_AREA",
            "Country",
            "TIME_PERIOD",
            "Time period",
            "OBS_VALUE",
            "Value",
        ];
        let (name, columns) = guessed(&header);
        assert_eq!(
            (name.as_str(), columns.as_str()),
            ("sdmx-csv", "measure=MEASURE geo=REF_AREA period=TIME_PERIOD value=OBS_VALUE")
        );
        let guess = guess(&StringRecord::from(header.to_vec()), &[]).unwrap();
        assert!(guess.is_certain && !guess.mapping.labels && guess.mapping.ignore.len() == 8, "{guess:?}");
    }

    #[test]
    fn a_month_that_is_written_with_its_year_is_the_period() {
        let header = StringRecord::from(vec!["省份", "年", "月份", "销量"]);
        let column = |texts: &[&str]| {
            let rows: Vec<_> =
                texts.iter().map(|text| StringRecord::from(vec!["广东", "2024", text, "1"])).collect();
            let guess = guess(&header, &rows.iter().collect::<Vec<_>>()).unwrap();
            (guess.mapping.columns.get(&Target::Fact(Fact::Period)).cloned(), guess.mapping.ignore.concat())
        };
        for texts in [&["2024年5月", "", "2024年12月"][..], &["2024-05"], &["202405"]] {
            assert_eq!(column(texts), (Some("月份".to_owned()), "年".to_owned()), "{texts:?}");
        }
        for texts in [&["5月", "2024年6月"][..], &["5"], &[""], &["2024"], &[]] {
            assert_eq!(column(texts), (None, String::new()), "{texts:?}");
        }
    }

    #[test]
    fn the_unit_behind_a_figures_name_is_its_scale() {
        for (header, scale) in [
            ("销量(万辆)", Some("1e4")),
            ("销量（万辆）", Some("1e4")),
            ("产量 （ 千辆 ）", Some("1e3")),
            ("数量（亿）", Some("1e8")),
            ("销量(百万台)", Some("1e6")),
            ("销量（辆）", None),
            ("数量（个）", None),
            ("Sales (thousand units)", Some("1e3")),
            ("Sales ('000)", Some("1e3")),
            ("Registrations (units)", None),
        ] {
            let guess = guess(&StringRecord::from(vec!["省份", "年", header]), &[]).unwrap();
            let value = guess.mapping.columns.get(&Target::Fact(Fact::Value)).map(String::as_str);
            assert_eq!((value, guess.mapping.scale.as_deref()), (Some(header), scale));
            assert!(!guess.is_certain, "{header}");
        }
        for header in ["销量(亿元)", "销量()", "销量(%)", "占比(万辆)", "Sales (bn)"] {
            let guess = guess(&StringRecord::from(vec!["省份", "年", header]), &[]).unwrap();
            assert!(!guess.mapping.columns.contains_key(&Target::Fact(Fact::Value)), "{header}");
        }
    }

    #[test]
    fn each_target_has_its_row_and_no_header_two_meanings() {
        let targets: Vec<Target> = NAMES.iter().map(|(target, _)| *target).collect();
        assert_eq!(targets, Target::all().collect::<Vec<_>>());
        let mut all: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
