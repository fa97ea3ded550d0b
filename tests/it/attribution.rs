//! Makers' figures counted to the groups that hold them: known ventures, sums that add up, and what does not go with it.

use std::collections::{BTreeMap, BTreeSet};

use china_auto::ingest::Files;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::files::{Row, rows};
use crate::observations::pages::{load, production};

/// Passenger cars sold in November 2023, of which Gasgoo lists nearly all makers.
const NOVEMBER: &str = "/v1/production?measure=sales&vehicle_class=PV&frequency=M&start=2023-11&end=2023-11&group_by=maker:group";

const RULES: [&str; 3] = ["full", "equity", "control"];

/// The figure of each group, where it is known.
fn values(answer: &Answer) -> BTreeMap<String, Value> {
    let group = |row: &Value| row["group"].as_str().unwrap().to_owned();
    answer.data().iter().map(|row| (group(row), row["value"].clone())).collect()
}

/// A number with the digits that it was sent with.
fn exact(value: &Value) -> Decimal {
    value.to_string().parse().unwrap_or_else(|_| panic!("{value} is no decimal"))
}

/// The shares that were used of a maker: holder, group, basis and percent.
fn shares(answer: &Answer, maker: &str) -> Vec<(Value, Value, Value, Value)> {
    let json = answer.json();
    let all =
        json["attribution"]["shares"].as_array().unwrap().iter().filter(|share| share["maker"] == maker);
    all.map(|s| (s["holder"].clone(), s["group"].clone(), s["basis"].clone(), s["percent"].clone())).collect()
}

fn share(holder: &str, group: &str, percent: Value) -> (Value, Value, Value, Value) {
    (json!(holder), json!(group), json!("share"), percent)
}

#[tokio::test]
async fn cars_of_bmw_brilliance_count_half_to_bmw_before_february_2022_and_three_quarters_after() {
    let client = Client::bundled().await;
    let path = "/v1/production?measure=registrations&frequency=M&model=bmw--ix3,bmw--i3&vehicle_class=PV&powertrain=BEV\
                &group_by=maker:group&attribution=equity";
    let answer = client.get(path).await.expect(200);
    let of = |group: &str, period: &str| {
        let rows = answer.data();
        let row = rows.iter().find(|row| row["group"] == group && row["period"] == period);
        row.map_or(Value::Null, |row| row["value"].clone())
    };
    // 1216 iX3 in February 2021, 6140 i3 in December 2022.
    let before = ["bmw", "brilliance-china", "shenyang-government"].map(|group| of(group, "2021-02"));
    assert_eq!(json!(before), json!([608, 492.48, 115.52]));
    let after = ["bmw", "brilliance-china", "shenyang-government"].map(|group| of(group, "2022-12"));
    assert_eq!(json!(after), json!([4605, 1535, null]));
    let control = client.get(&path.replace("equity", "control")).await.expect(200);
    let counted: BTreeSet<(String, bool)> = control
        .data()
        .iter()
        .map(|row| (row["group"].as_str().unwrap().to_owned(), row["period"].as_str().unwrap() > "2022"))
        .collect();
    let expected = BTreeSet::from([("_O".to_owned(), false), ("bmw".to_owned(), true)]);
    assert_eq!(counted, expected, "nobody had more than half before");
    let told = &answer.json()["attribution"]["shares"];
    let bmw = told.as_array().unwrap().iter().filter(|share| share["holder"] == "bmw");
    let spans: Vec<Value> =
        bmw.map(|s| json!([s["percent"], s["first"], s["last"], s["valid_from"], s["document"]])).collect();
    assert_eq!(
        json!(spans),
        json!([
            [50, "2021-02", "2021-03", "2003-05", "klonr-bba-2018"],
            [75, "2022-12", "2024-06", "2022-02-11", "gcc-bba-2022"],
        ])
    );
}

#[tokio::test]
async fn the_cars_of_saic_gm_wuling_go_to_its_three_holders() {
    let client = Client::bundled().await;
    let path = format!("{NOVEMBER}&maker=saic-gm-wuling&source=gasgoo&attribution=");
    let answer = client.get(&format!("{path}equity")).await.expect(200);
    // 108135 cars at 50.1, 44 and 5.9 percent.
    let expected = [("saic-motor", 54175.635), ("general-motors", 47579.4), ("guangxi-auto", 6379.965)];
    let expected: BTreeMap<String, Value> =
        expected.into_iter().map(|(group, value)| (group.to_owned(), json!(value))).collect();
    assert_eq!(values(&answer), expected);
    assert_eq!(
        shares(&answer, "saic-gm-wuling"),
        [
            share("saic-motor", "saic-motor", json!(50.1)),
            share("general-motors", "general-motors", json!(44)),
            share("guangxi-auto", "guangxi-auto", json!(5.9)),
        ]
    );
    assert!(answer.text().contains("\"value\":54175.635,"), "{}", answer.text());
    assert_eq!(answer.warnings(), [""; 0], "who names a maker does not ask for the market");
    for rule in ["control", "full"] {
        let whole = client.get(&format!("{path}{rule}")).await.expect(200);
        assert_eq!(values(&whole), BTreeMap::from([("saic-motor".to_owned(), json!(108_135))]), "{rule}");
    }
}

#[tokio::test]
async fn a_venture_of_two_halves_is_nobodys_under_control_and_its_partners_from_china_in_full() {
    let client = Client::bundled().await;
    let path = format!("{NOVEMBER}&maker=saic-volkswagen,dongfeng-nissan,faw-volkswagen&attribution=");
    let control = client.get(&format!("{path}control")).await.expect(200);
    let halves = 120_013 + 78_038;
    let expected =
        BTreeMap::from([("_O".to_owned(), json!(halves)), ("faw-group".to_owned(), json!(178_679))]);
    assert_eq!(values(&control), expected);
    // A division, Dongfeng Nissan is held as the company that it is a part of.
    for maker in ["saic-volkswagen", "dongfeng-nissan"] {
        let joint = (Value::Null, Value::Null, json!("joint_control"), Value::Null);
        assert_eq!(shares(&control, maker), [joint], "{maker}");
    }
    let full = client.get(&format!("{path}full")).await.expect(200);
    let expected = [("saic-motor", 120_013), ("dongfeng-motor", 78_038), ("faw-group", 178_679)];
    assert_eq!(values(&full), expected.map(|(group, value)| (group.to_owned(), json!(value))).into());
    assert_eq!(shares(&full, "saic-volkswagen")[0].2, "home_partner");
    // Volkswagen and Audi are of one group.
    let equity = client.get(&format!("{path}equity")).await.expect(200);
    assert_eq!(exact(&values(&equity)["volkswagen-group"]), "131478.1".parse().unwrap());
}

#[tokio::test]
async fn a_share_that_is_not_known_makes_a_range() {
    let client = Client::bundled().await;
    let path = format!("{NOVEMBER}&maker=magna-baic,beijing-benz&attribution=equity");
    let answer = client.get(&path).await.expect(200);
    let bounds: BTreeMap<String, Value> = answer
        .data()
        .iter()
        .map(|row| {
            let bounds = json!([row["value"], row["value_min"], row["value_max"]]);
            (row["group"].as_str().unwrap().to_owned(), bounds)
        })
        .collect();
    // 3849 cars of Magna and BAIC, 35400 of Beijing Benz.
    let expected = [
        ("_O", json!([null, 0, 3849])),
        ("baic-group", json!([null, 18054, 21903])),
        ("magna", json!([null, 0, 3849])),
        ("mercedes-benz-group", json!([17346, 17346, 17346])),
    ];
    assert_eq!(bounds, expected.map(|(group, bounds)| (group.to_owned(), bounds)).into());
    assert_eq!(answer.warnings(), ["unknown_shares"]);
}

#[tokio::test]
async fn the_makers_are_told_as_the_part_of_the_market_that_they_are() {
    let client = Client::bundled().await;
    let answer = client.get(&format!("{NOVEMBER}&attribution=equity")).await.expect(200);
    let coverage = answer.json()["attribution"]["coverage"].clone();
    let expected = json!([{
        "series": "production:M.sales.gasgoo.CN._T._T._T.PV._T", "source": "gasgoo", "period": "2023-11", "makers": 48,
        "total": 2_510_247, "national": 2_604_000, "national_source": "caam", "percent": 96.399_654_377_880_18,
        "left_out": [{"maker": "dfsk", "because": "part_of_another"}, {"maker": "karry", "because": "part_of_another"}],
    }]);
    assert_eq!(coverage, expected);
    assert_eq!(answer.warnings(), ["unknown_shares"]);
    let last = "/v1/production?measure=sales&vehicle_class=PV&frequency=M&last=1&source=gasgoo&group_by=maker:group&attribution=equity";
    let last = client.get(last).await.expect(200);
    assert_eq!(
        last.json()["attribution"]["coverage"],
        expected,
        "the last of these makers, not of all sources"
    );
    let few =
        client.get("/v1/production?measure=sales&start=2009&end=2009&group_by=maker:group&attribution=full");
    let few = few.await.expect(200);
    assert_eq!(few.warnings(), ["incomplete_makers"], "{}", few.text());
    assert!(few.json()["attribution"]["coverage"][0]["percent"].as_f64().unwrap() < 80.0);
}

/// The figures of makers of a file, by source, period and the codes that they share.
fn published() -> BTreeMap<Vec<String>, BTreeMap<String, Vec<Decimal>>> {
    let mut all: BTreeMap<Vec<String>, BTreeMap<String, Vec<Decimal>>> = BTreeMap::new();
    let is_maker = |row: &Row| row["maker"] != "_T" && row["role"] == "value" && !row["value"].is_empty();
    for row in rows("observations/production.csv").into_iter().filter(is_maker) {
        let shared = [
            "measure",
            "source",
            "geo",
            "brand",
            "model",
            "vehicle_class",
            "powertrain",
            "frequency",
            "period",
        ];
        let key = shared.map(|column| row[column].clone()).to_vec();
        let of = all.entry(key).or_default().entry(row["maker"].clone()).or_default();
        of.push(row["value"].parse().unwrap());
    }
    all
}

#[tokio::test]
async fn what_is_attributed_and_what_is_not_add_up_in_every_period_of_the_bundled_data() {
    let client = Client::bundled().await;
    let published = published();
    let parents: BTreeMap<String, String> =
        rows("codes/maker.csv").into_iter().map(|row| (row["code"].clone(), row["parent"].clone())).collect();
    let mut checked = 0;
    for (rule, open) in
        RULES.into_iter().flat_map(|rule| [(rule, ""), (rule, "&brand=*"), (rule, "&model=*")])
    {
        let query = format!(
            "measure=*&geo=*&vehicle_class=*&powertrain=*&frequency=*&source=all&group_by=maker:group&attribution={rule}{open}"
        );
        let answer = client.get(&format!("/v1/production?{query}")).await.expect(200);
        let key = |row: &Value| {
            let fields = [
                "measure",
                "source",
                "geo",
                "brand",
                "model",
                "vehicle_class",
                "powertrain",
                "frequency",
                "period",
            ];
            fields.map(|field| row[field].as_str().unwrap().to_owned()).to_vec()
        };
        let mut sums = Sums::new();
        for row in answer.data() {
            let (least, most, makers) = sums.entry(key(&row)).or_default();
            *least += exact(&row["value_min"]);
            *most += exact(&row["value_max"]);
            makers.extend(row["makers"].as_array().unwrap().iter().map(|m| m.as_str().unwrap().to_owned()));
        }
        for (key, (least, most, makers)) in &sums {
            let figures = &published[key];
            for maker in makers {
                let above = std::iter::successors(parents.get(maker), |code| parents.get(*code));
                let both = above.into_iter().find(|above| makers.contains(*above));
                assert_eq!(both, None, "{key:?}: {maker} is counted twice");
            }
            // Where documents state a figure twice, one of them holds.
            let bound =
                |of: fn(&Vec<Decimal>) -> Decimal| makers.iter().map(|maker| of(&figures[maker])).sum();
            let (low, high): (Decimal, Decimal) =
                (bound(|all| *all.iter().min().unwrap()), bound(|all| *all.iter().max().unwrap()));
            assert!(*least <= high && low <= *most, "{rule} {key:?}: {least} to {most}, not {low} to {high}");
            checked += 1;
        }
        let json = answer.json();
        let told = json["attribution"]["coverage"].as_array().unwrap();
        assert_eq!(told.len(), sums.len(), "{rule}{open}");
        for told in told {
            let key = key_of(told);
            let (least, most, makers) = &sums[&key];
            let total = exact(&told["total"]);
            assert!(*least <= total && total <= *most, "{rule} {key:?}: {least} to {most}, not {total}");
            assert!(least != most || total == *least, "{rule} {key:?}");
            assert_eq!(told["makers"], makers.len(), "{key:?}");
        }
    }
    assert!(checked > 1_000, "only {checked} sums were compared");
}

/// The least and the most of what is counted, and the makers, by the codes that they share.
type Sums = BTreeMap<Vec<String>, (Decimal, Decimal, BTreeSet<String>)>;

/// The codes that the makers of a total share.
fn key_of(told: &Value) -> Vec<String> {
    let (head, codes) = told["series"].as_str().unwrap().split_once('.').unwrap();
    let codes: Vec<&str> = codes.split('.').collect();
    let [measure, source, geo, _, brand, model, class, powertrain] = codes[..] else { panic!("{told}") };
    let frequency = head.split_once(':').unwrap().1;
    let period = told["period"].as_str().unwrap();
    [measure, source, geo, brand, model, class, powertrain, frequency, period].map(str::to_owned).to_vec()
}

#[tokio::test]
async fn an_alliance_whose_figures_are_those_of_others_is_not_counted() {
    let client = Client::bundled().await;
    let path = "/v1/production?measure=sales&vehicle_class=PV&frequency=M&start=2025-11&end=2025-11&source=company\
                &group_by=maker:group&attribution=full";
    let answer = client.get(path).await.expect(200);
    let coverage = &answer.json()["attribution"]["coverage"][0];
    assert_eq!(coverage["left_out"], json!([{"maker": "hima", "because": "overlaps"}]));
    assert!(!values(&answer).contains_key("hima"));
}

#[tokio::test]
async fn a_group_beside_a_maker_that_it_holds_is_warned_of() {
    let client = Client::bundled().await;
    let added = "sales,gasgoo,CN,saic-motor,_T,_T,PV,_T,M,2023-11,400000,A,gasgoo-akshare-docs,,value\n";
    load(&client, "observations/production.csv", production(|line| Some(line.to_owned())) + added).await;
    let answer = client.get(&format!("{NOVEMBER}&source=gasgoo&attribution=full")).await.expect(200);
    let warnings = answer.json()["warnings"].clone();
    let overlaps =
        warnings.as_array().unwrap().iter().filter(|warning| warning["code"] == "possible_overlap");
    let told: Vec<&str> = overlaps.map(|warning| warning["detail"].as_str().unwrap()).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told.iter()
            .all(|detail| detail.starts_with("saic-motor has a figure of its own beside that of saic-"))
    );
    let left_out = &answer.json()["attribution"]["coverage"][0]["left_out"];
    let parts = json!({"maker": "saic-passenger-vehicle", "because": "part_of_another"});
    assert!(left_out.as_array().unwrap().contains(&parts), "{left_out}");
}

#[tokio::test]
async fn a_year_of_some_months_is_not_counted() {
    let client = Client::bundled().await;
    let path = "/v1/production?measure=sales&vehicle_class=PV&frequency=A&source=cpca&group_by=maker:group&attribution=equity";
    let answer = client.get(path).await.expect(200);
    assert_eq!(
        (answer.data().len(), answer.warnings()),
        (0, vec!["no_data".to_owned()]),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn where_no_maker_has_a_figure_it_is_told_where_one_has() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/production?group_by=maker:group&attribution=full").await.expect(200);
    assert_eq!((answer.data().len(), answer.warnings()), (0, vec!["no_data".to_owned()]));
    let detail = answer.json()["warnings"][0]["detail"].clone();
    assert!(detail.as_str().unwrap().ends_with("; there are figures with powertrain=NEV"), "{detail}");
}

#[tokio::test]
async fn what_does_not_go_with_it_is_refused_all_at_once() {
    let client = Client::bundled().await;
    let query = "attribution=half&group_by=geo&transform=yoy&top=3&other=true&as_of=2020&shape=columns&limit=5&cursor=x&fill=null\
                 &agg=mean&partial=drop&sort=-value&explain=1&annotate=policies&maker=_T&start=2024&end=2020";
    let answer = client.get(&format!("/v1/production?{query}")).await.expect(422);
    let mut names: Vec<String> = answer.faults().into_iter().map(|(name, _)| name).collect();
    names.sort();
    let expected = [
        "agg",
        "annotate",
        "as_of",
        "attribution",
        "cursor",
        "end",
        "explain",
        "fill",
        "group_by",
        "limit",
        "maker",
        "other",
        "partial",
        "shape",
        "sort",
        "top",
        "transform",
    ];
    assert_eq!(names, expected);
    let bare = client.get("/v1/production?attribution=equity").await.expect(422).json();
    assert_eq!(bare["errors"][0]["parameter"], "group_by");
    assert_eq!(bare["errors"][0]["allowed"], json!(["maker:group"]));
    let charging = client.get("/v1/charging?attribution=full&group_by=maker:group").await.expect(422);
    assert!(charging.faults().contains(&("attribution".to_owned(), "full".to_owned())));
    let nowhere = client.get(&NOVEMBER.replace("2023-11", "2010-01").replace("PV", "PV_CAR")).await;
    assert!([200, 422].contains(&nowhere.status), "{}", nowhere.text());
    // Words that say what holds anyway are no contradiction.
    let same = format!("{NOVEMBER}&attribution=full&transform=level&shape=rows&sort=series&fill=none");
    client.get(&same).await.expect(200);
    let other =
        client.get(&format!("{}&attribution=full", NOVEMBER.replace("2023-11", "2010-01"))).await.expect(422);
    assert_eq!(other.json()["errors"][0]["code"], "no_ranking");
}

#[tokio::test]
async fn each_format_holds_the_same_and_a_body_asks_as_a_url_does() {
    let client = Client::bundled().await;
    let path = format!("{NOVEMBER}&attribution=equity");
    client.formats_agree(&path).await;
    client.revalidates(&path).await;
    let csv = client.get(&format!("{path}&format=csv")).await.expect(200);
    let columns = "group,name,measure,source,geo,brand,model,vehicle_class,powertrain,frequency,period,value,value_min,value_max,";
    assert!(csv.text().starts_with(columns), "{}", csv.text());
    let zh = client.get(&format!("{path}&lang=zh")).await.expect(200);
    assert_eq!(zh.data()[0]["name"], "无归属");
    let query = json!({
        "dataset": "production", "measure": "sales", "vehicle_class": "PV", "frequency": "M", "start": "2023-11",
        "end": "2023-11", "group_by": "maker:group", "attribution": "equity",
    });
    let posted = client.post("/v1/query", &json!({"query": query.clone()})).await.expect(200);
    assert_eq!(posted.data(), client.get(&path).await.data());
    assert_eq!(posted.header("etag"), "");
    let mut named = query;
    named["name"] = json!("a");
    let batch = client.post("/v1/query", &json!({"queries": [named]})).await.expect(200).json();
    assert_eq!(batch["data"]["a"]["problem"]["errors"][0]["parameter"], "attribution");
}

#[tokio::test]
async fn a_change_of_shares_changes_the_figures_and_the_tag() {
    let client = Client::bundled().await;
    let path = format!("{NOVEMBER}&maker=saic-gm&attribution=equity");
    let before = client.get(&path).await.expect(200);
    assert_eq!(values(&before)["saic-motor"], 43_500);
    let members = Files::bundled()
        .text("partnerships/members.csv")
        .unwrap()
        .replace("saic-gm,saic-motor,parent,50,2012-09,", "saic-gm,saic-motor,parent,49,2012-09,")
        .replace("saic-gm,general-motors,parent,50,2012-09,", "saic-gm,general-motors,parent,51,2012-09,");
    load(&client, "partnerships/members.csv", members).await;
    let after = client.get_with(&path, &[("if-none-match", before.header("etag"))]).await.expect(200);
    assert_eq!(values(&after)["saic-motor"], 42_630);
    assert_ne!(before.header("etag"), after.header("etag"));
}
