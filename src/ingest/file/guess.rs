//! What a header most likely means, for files that nobody described.

use csv::StringRecord;

use super::layout::plain;
use super::mapping::{Mapping, Wide};
use super::moment;
use super::target::{Fact, Target};
use crate::timeseries::key::Dimension;

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

/// What SDMX-CSV 2.0 begins its rows with.
const SDMX: [&str; 3] = ["structure", "structure_id", "action"];

/// A mapping made from a header, and how it was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// What each column is taken for.
    pub mapping: Mapping,
    /// Whether every column has the project's own name or SDMX's, so that nothing was guessed.
    pub is_certain: bool,
}

/// Takes each column for what its header says; `None` where none of them says anything.
pub fn guess(header: &StringRecord) -> Option<Guess> {
    let names: Vec<String> = header.iter().map(plain).collect();
    let is_sdmx = SDMX.iter().all(|column| names.iter().any(|name| name == column));
    let mut mapping = Mapping::default();
    let mut is_certain = true;
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        // SDMX may write `REF_AREA: Reference area`.
        let id = name.split(':').next().unwrap_or_default().trim();
        let wanted = if is_sdmx { id } else { name.as_str() };
        let mut known = NAMES
            .iter()
            .filter(|(target, names)| names.contains(&wanted) && !mapping.columns.contains_key(target));
        if let Some((target, names)) = known.next() {
            let is_own = names[0] == wanted || (is_sdmx && is_sdmx_name(wanted));
            is_certain &= is_own;
            mapping.columns.insert(*target, header[at].trim().to_owned());
        } else if is_sdmx && SDMX.contains(&wanted) {
            mapping.ignore.push(header[at].trim().to_owned());
        }
    }
    if mapping.columns.is_empty() {
        return None;
    }
    if mapping.columns.contains_key(&Target::Fact(Fact::Period)) {
        // A year beside a period says nothing more.
        for fact in [Fact::Year, Fact::Quarter, Fact::Month] {
            mapping
                .columns
                .remove(&Target::Fact(fact))
                .into_iter()
                .for_each(|column| mapping.ignore.push(column));
        }
    } else if !mapping.columns.contains_key(&Target::Fact(Fact::Year)) {
        let periods = header.iter().filter(|name| moment::period(name.trim(), None).is_some()).count();
        if periods > 0 {
            mapping.wide = Some(Wide::default());
            is_certain = false;
        }
    }
    if is_sdmx {
        refuse_deletions(&mut mapping);
    }
    let form = match (is_sdmx, is_certain) {
        (true, _) => "sdmx-csv",
        (false, true) => "tidy",
        (false, false) => "guessed",
    };
    form.clone_into(&mut mapping.name);
    Some(Guess { mapping, is_certain })
}

fn is_sdmx_name(name: &str) -> bool {
    ["ref_area", "freq", "time_period", "obs_value", "obs_status", "comment_obs"].contains(&name)
}

/// A message of SDMX may delete; taking figures in cannot.
fn refuse_deletions(mapping: &mut Mapping) {
    let rule = super::mapping::Rule {
        when: [("action".to_owned(), super::mapping::Texts::One("D".to_owned()))].into(),
        refuse: Some("the row deletes figures; withdraw the release that states them instead".to_owned()),
        ..Default::default()
    };
    mapping.ignore.retain(|column| plain(column) != "action");
    mapping.rows.push(rule);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(header: &[&str]) -> (String, String) {
        let guess = guess(&StringRecord::from(header.to_vec())).unwrap();
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
        let wide = guess(&StringRecord::from(vec!["Country", "2023", "2024"])).unwrap();
        assert!(wide.mapping.wide.is_some() && !wide.is_certain);
        assert_eq!(guess(&StringRecord::from(vec!["foo", "bar"])), None);
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
