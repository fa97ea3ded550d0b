//! Questions, mappings and files of chance: each is answered or refused, never a fault of the service. `FUZZ=5000` sets how many.

use std::fs;

use axum::body::Body;
use axum::http::Method;
use china_auto::error::Error;
use china_auto::ingest::file::{Job, Mapping, Options, Progress, Received, forms, import};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::client::Client;
use crate::cluster::clock;
use crate::intake::Sender;

/// How many of each where nobody says otherwise.
const CASES: usize = 300;

/// Pieces that mean something somewhere.
const PIECES: [&str; 48] = [
    "geo",
    "=",
    "&",
    "CN",
    "*",
    ",",
    ":",
    "children:",
    "_T",
    "powertrain",
    "NEV+ICE",
    "BEV",
    "start",
    "2020",
    "2020-Q1",
    "-",
    "end",
    "9999",
    "last",
    "limit",
    "cursor",
    "e30",
    "transform",
    "yoy",
    "index:2020",
    "ma:3",
    "share",
    "rank",
    "top",
    "group_by",
    "geo:province",
    "shape",
    "columns",
    "frequency",
    "M",
    "as_of",
    "2021-13",
    "fill",
    "agg",
    "sort",
    "-value",
    "%00",
    "%FF",
    "万",
    "source",
    "best",
    "\u{0}",
    "'",
];

/// Changes of a text: what is taken out, and what is put in.
type Changes = Vec<(Index, usize, Index)>;

fn changes() -> impl Strategy<Value = Changes> {
    prop::collection::vec((any::<Index>(), 0..12_usize, any::<Index>()), 1..6)
}

fn changed(text: &str, changes: &Changes) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, count, piece) in changes {
        let at = at.index(characters.len() + 1);
        let end = characters.len().min(at + count % 6);
        let piece = if *count > 2 { PIECES[piece.index(PIECES.len())] } else { "" };
        characters.splice(at..end, piece.chars());
    }
    characters.into_iter().collect()
}

/// As many values as are to be tried.
fn drawn<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> impl Iterator<Item = T> {
    let cases = std::env::var("FUZZ").ok().map_or(CASES, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::default();
    (0..cases).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

const QUESTIONS: [&str; 10] = [
    "/v1/production?geo=CN,JP&start=2015&transform=yoy",
    "/v1/production?powertrain=BEV+PHEV&frequency=M&last=12&shape=columns",
    "/v1/production?measure=sales&maker=*&top=5&group_by=maker&start=2023-11&frequency=M",
    "/v1/charging?access=public&geo=children:CN&end=2024&fill=previous&frequency=M",
    "/v1/production?measure=sales&vehicle_class=PV&frequency=M&group_by=maker:group&attribution=equity&last=2",
    "/v1/production?measure=sales&powertrain=NEV&annotate=policies,partnerships&start=2020",
    "/v1/production?source=*&as_of=2021-12-31&sort=-period&limit=7",
    "/v1/datasets/production/observations?start=2019&agg=sum&frequency=Q&partial=drop",
    "/v1/subsidies?on=2019-05-01&jurisdiction=CN&powertrain=BEV",
    "/v1/releases?collection=production&import=1&limit=3",
];

/// Parameters of time series with values that make sense somewhere.
const PARAMETERS: [(&str, &[&str]); 16] = [
    ("geo", &["CN", "*", "CN,JP", "children:CN", "CN-GD"]),
    ("measure", &["production", "sales", "exports", "*"]),
    ("powertrain", &["BEV", "NEV,BEV", "BEV+PHEV", "*", "_T"]),
    ("vehicle_class", &["PV", "*", "_T", "CV,PV"]),
    ("maker", &["*", "byd", "_T", "byd,tesla"]),
    ("source", &["*", "best", "oica", "caam,iea"]),
    ("frequency", &["A", "M", "Q", "*"]),
    ("start", &["2015", "2023-11", "2020-Q1", "1900"]),
    ("last", &["1", "12", "10000"]),
    ("transform", &["yoy", "ytd", "index:2020", "ma:3", "share", "rank", "diff"]),
    ("group_by", &["geo", "maker", "powertrain,geo:province", "vehicle_class", "maker:group"]),
    ("attribution", &["full", "equity", "control"]),
    ("annotate", &["policies", "partnerships", "policies,partnerships"]),
    ("fill", &["null", "previous"]),
    ("shape", &["rows", "series", "columns"]),
    ("as_of", &["2021-12-31", "2016", "2024-05"]),
];

#[tokio::test]
async fn a_question_of_chance_is_answered_or_refused() {
    let client = Client::bundled().await;
    let mut answered = 0;
    let chosen = prop::collection::vec((any::<Index>(), any::<Index>()), 0..5);
    for (question, changes, chosen) in drawn((prop::sample::select(QUESTIONS.to_vec()), changes(), chosen)) {
        let (path, query) = question.split_once('?').unwrap();
        let chosen = chosen.iter().map(|(parameter, value)| {
            let (name, values) = PARAMETERS[parameter.index(PARAMETERS.len())];
            format!("{name}={}", values[value.index(values.len())])
        });
        let chosen: Vec<String> = chosen.collect();
        for asked in
            [format!("{path}?{}", changed(query, &changes)), format!("/v1/production?{}", chosen.join("&"))]
        {
            let answer = client.get(&asked).await;
            assert!([200, 400, 410, 413, 422].contains(&answer.status), "{asked}: {}", answer.text());
            answered += u32::from(answer.status == 200);
        }
    }
    assert!(answered > 10, "only {answered} made sense");
}

#[tokio::test]
async fn a_file_sent_with_parameters_of_chance_is_entered_or_refused() {
    let sender = Sender::with_room(1 << 30).await;
    let query = "name=a.csv&dataset=production&map=geo=x,value=y&set=measure=sales,source=caam&scale=1e4&thousands=%2C&\
                 add_codes=geo=CN-GD,model&refuse_jump=50&skip_faulty=true&coverage=edition&mapping=oica-sales-csv&delimiter=;";
    for changes in drawn(changes()) {
        let asked = format!("/v1/imports?{}", changed(query, &changes));
        let answer = sender.client.send_body((Method::POST, &asked), &[], Body::from("a,b\n1,2\n")).await;
        assert!([200, 202, 400, 422].contains(&answer.status), "{asked}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_mapping_of_chance_over_rows_of_chance_takes_them_or_tells_why_not() {
    let client = Client::bundled().await;
    let folder = tempfile::tempdir().unwrap();
    let own = "dataset = 'production'\nscale = '1e4'\njump = { factor = 20 }\nmissing = ['-']\n[columns]\ngeo = '省份'\nyear = '年'\nvalue = 'n'\n\
               [constants]\nmeasure = 'sales'\nsource = 'caam'\nvehicle_class = 'PV'\npowertrain = 'BEV'\n[codes.geo]\n'沪' = 'CN-SH'\n\
               [[rows]]\nskip = true\nwhen = { n = ['total', 'sum'] }\n[document]\nlicence = 'ours'\n";
    let mappings: Vec<String> = forms().into_iter().map(|form| form.text()).chain([own.to_owned()]).collect();
    let rows = "省份,年,n\n沪,2021,1.5\nCN-GD,2022,-\nCN-GD,2023,3\ntotal,2023,sum\n";
    let (mut parsed, mut read) = (0, 0);
    for (mapping, of_mapping, of_rows) in drawn((prop::sample::select(mappings), changes(), changes())) {
        let text = changed(&mapping, &of_mapping);
        let Ok(given) = Mapping::parse(&text) else { continue };
        assert_eq!(Mapping::parse(&given.text()).as_ref(), Ok(&given), "{text}");
        parsed += 1;
        let path = folder.path().join("rows.csv");
        fs::write(&path, changed(rows, &of_rows)).unwrap();
        let options = Options { given: Some(given), dry_run: true, ..Options::default() };
        let received = Received::at(&path).unwrap();
        let job = Job::new(&received, &options);
        match import(&client.database.database, job, &clock(), &Progress::default()).await {
            Ok(_) => read += 1,
            Err(Error::Startup(_)) => {}
            Err(error) => panic!("{error}: {text}"),
        }
    }
    assert!(parsed > 10 && read > 10, "only {parsed} mappings could be read, and {read} files");
}
