//! How instruments act on one another, with rules made for it: a national grant, and local ones that are a share of it, bounded
//! together, or not granted beside each other.

use china_auto::ingest::Files;
use serde_json::{Value, json};

use super::{given, path, quote};
use crate::client::Client;
use crate::cluster;
use crate::ingest::load;

/// A national grant of 10,000 in 2030 for an electric car.
const NATIONAL: [&str; 2] =
    ["CN-X", "N-1,CN-X,2030-01-01,2030-12-31,amount,,PV,BEV,,,,10000,CNY,,read,gasgoo_2018,"];

/// The service with instruments of 2030 beside the bundled ones: each with its region and level, and rules.
async fn with(instruments: &[(&str, &str, &str)], rules: &[&str]) -> Client {
    let files = Files::bundled();
    let row = |(id, region, level): &(&str, &str, &str)| {
        format!(
            "{id},Made for a test,purchase_subsidy,{region},{level},MOF,2030,2030-01-01,2030-12-31,,gasgoo_2018\n"
        )
    };
    let more: String = instruments.iter().map(row).collect();
    let instruments = format!("{}{more}", files.text("subsidies/instruments.csv").unwrap());
    let rules = format!("{}{}\n", files.text("subsidies/rules.csv").unwrap(), rules.join("\n"));
    let files = files.with("subsidies/instruments.csv", &instruments).with("subsidies/rules.csv", &rules);
    let fresh = cluster::migrated().await;
    load(&fresh.database, &files).await;
    Client::of(fresh).await
}

async fn in_shanghai(client: &Client, vehicle: &str) -> Value {
    quote(client, &path("2030-06-01", &format!("powertrain=BEV&jurisdiction=CN-SH&{vehicle}"))).await
}

fn grants(quote: &Value) -> (f64, f64) {
    let grants = &quote["grants"];
    (grants["min_cny"].as_f64().unwrap(), grants["max_cny"].as_f64().unwrap_or(f64::INFINITY))
}

#[tokio::test]
async fn a_local_grant_can_be_a_share_of_the_national_ones_or_of_another_instrument() {
    let client = with(
        &[("CN-X", "CN", "national"), ("SH-A", "CN-SH", "provincial"), ("SH-B", "CN-SH", "city")],
        &[
            NATIONAL[1],
            "A-1,SH-A,2030-01-01,2030-12-31,amount,,PV,BEV,,,,50,percent_of_national_grants,,read,gasgoo_2018,",
            "B-1,SH-B,2030-01-01,2030-12-31,amount,,PV,BEV,,,,20,percent_of:CN-X,,read,gasgoo_2018,",
            "B-2,SH-B,2030-01-01,2030-12-31,excludes,,PV,BEV,,,,,SH-A,,read,gasgoo_2018,",
        ],
    )
    .await;
    let quote = in_shanghai(&client, "").await;
    assert_eq!((given(&quote, "SH-A"), given(&quote, "SH-B")), ((5_000.0, 5_000.0), (2_000.0, 2_000.0)));
    // Of the local ones only one is granted.
    assert_eq!(grants(&quote), (12_000.0, 15_000.0));
    let expected = json!([{
        "rule": "B-2", "verification": "read", "document": "gasgoo_2018", "instruments": ["SH-A", "SH-B"],
        "detail": "a vehicle has only one of them; which one is not said",
    }]);
    assert_eq!(quote["stacking"], expected);
}

#[tokio::test]
async fn a_ceiling_bounds_local_grants_and_another_one_all_of_them() {
    let client = with(
        &[("CN-X", "CN", "national"), ("SH-A", "CN-SH", "provincial")],
        &[
            NATIONAL[1],
            "A-1,SH-A,2030-01-01,2030-12-31,amount,,PV,BEV,,,,8000,CNY,,read,gasgoo_2018,",
            "X-2,CN-X,2030-01-01,2030-12-31,ceiling,,PV,BEV,local_grants,,,50,percent_of_national_grants,,read,gasgoo_2018,",
            "A-2,SH-A,2030-01-01,2030-12-31,ceiling,,PV,BEV,grants,,,10,percent_of_price,,read,gasgoo_2018,",
        ],
    )
    .await;
    assert_eq!(grants(&in_shanghai(&client, "price_cny=1000000").await), (15_000.0, 15_000.0));
    assert_eq!(grants(&in_shanghai(&client, "price_cny=120000").await), (12_000.0, 12_000.0));
    let open = in_shanghai(&client, "").await;
    assert_eq!(grants(&open), (0.0, 15_000.0));
    assert!(open["unknown"].as_array().unwrap().contains(&json!("price_cny")));
    let national = quote(&client, &path("2030-06-01", "powertrain=BEV")).await;
    assert_eq!(grants(&national), (10_000.0, 10_000.0));
}

#[tokio::test]
async fn where_nothing_says_whether_two_of_a_kind_add_up_both_are_possible() {
    let client = with(
        &[("CN-X", "CN", "national"), ("CN-Y", "CN", "national"), ("SH-A", "CN-SH", "provincial")],
        &[
            NATIONAL[1],
            "Y-1,CN-Y,2030-01-01,2030-12-31,amount,,PV,BEV,,,,4000,CNY,,read,gasgoo_2018,",
            "A-1,SH-A,2030-01-01,2030-12-31,amount,,PV,BEV,,,,1000,CNY,,read,gasgoo_2018,",
        ],
    )
    .await;
    let quote = in_shanghai(&client, "").await;
    assert_eq!(grants(&quote), (5_000.0, 15_000.0));
    assert_eq!(quote["stacking"][0]["instruments"], json!(["CN-X", "CN-Y"]));
    assert_eq!(quote["stacking"][0]["rule"], json!(null));
}

#[tokio::test]
async fn what_excludes_one_another_does_so_whatever_the_level_and_in_any_order() {
    let client = with(
        &[("CN-A", "CN", "national"), ("SH-X", "CN-SH", "provincial"), ("SH-B", "CN-SH", "city")],
        &[
            "A-1,CN-A,2030-01-01,2030-12-31,amount,,PV,BEV,,,,4000,CNY,,read,gasgoo_2018,",
            "B-1,SH-B,2030-01-01,2030-12-31,amount,,PV,BEV,,,,3000,CNY,,read,gasgoo_2018,",
            "X-1,SH-X,2030-01-01,2030-12-31,amount,,PV,BEV,,,,5000,CNY,,read,gasgoo_2018,",
            "X-2,SH-X,2030-01-01,2030-12-31,excludes,,PV,BEV,,,,,CN-A;SH-B,,unverified,gasgoo_2018,",
        ],
    )
    .await;
    // X alone, or A and B.
    let quote = in_shanghai(&client, "").await;
    assert_eq!((grants(&quote), &quote["unverified"]), ((5_000.0, 7_000.0), &json!(true)));
}

#[tokio::test]
async fn a_share_of_what_is_not_certain_is_not_certain() {
    let client = with(
        &[("CN-X", "CN", "national"), ("CN-Y", "CN", "national"), ("SH-A", "CN-SH", "provincial")],
        &[
            NATIONAL[1],
            "Y-1,CN-Y,2030-01-01,2030-12-31,amount,,PV,BEV,,,,4000,CNY,,read,gasgoo_2018,",
            "A-1,SH-A,2030-01-01,2030-12-31,amount,,PV,BEV,,,,50,percent_of_national_grants,,read,gasgoo_2018,",
        ],
    )
    .await;
    let quote = in_shanghai(&client, "").await;
    assert_eq!((given(&quote, "SH-A"), grants(&quote)), ((2_000.0, 7_000.0), (6_000.0, 21_000.0)));
}

#[tokio::test]
async fn a_share_of_what_was_not_proven_is_open() {
    let client = with(
        &[("CN-X", "CN", "national"), ("SH-A", "CN-SH", "provincial")],
        &[
            "N-1,CN-X,2030-01-01,2030-12-31,amount,,PV,BEV,,,,10000,CNY,,read,rho_2025,",
            "A-1,SH-A,2030-01-01,2030-12-31,amount,,PV,BEV,,,,50,percent_of_national_grants,,read,gasgoo_2018,",
        ],
    )
    .await;
    let quote = in_shanghai(&client, "as_of=2019").await;
    assert!(quote["left_out"].as_array().unwrap().contains(&json!("CN-X")));
    assert_eq!(grants(&quote), (0.0, f64::INFINITY));
}

#[tokio::test]
async fn an_instrument_that_only_bounds_grants_nothing_and_is_not_left_out() {
    let client = with(
        &[("CN-X", "CN", "national"), ("CN-Y", "CN", "national")],
        &[NATIONAL[1], "Y-1,CN-Y,2030-01-01,2030-12-31,ceiling,,PV,BEV,grants,,,6000,CNY,,read,gasgoo_2018,"],
    )
    .await;
    let quote = in_shanghai(&client, "").await;
    let one = super::instrument(&quote, "CN-Y").unwrap();
    assert_eq!(
        (&one["benefit"], &one["applies"], &one["amount"]),
        (&json!("ceiling"), &json!("yes"), &json!(null))
    );
    assert_eq!(grants(&quote), (6_000.0, 6_000.0));
    assert!(!quote["left_out"].as_array().unwrap().contains(&json!("CN-Y")));
}

#[tokio::test]
async fn a_criterion_that_only_a_rule_names_is_a_parameter_at_once() {
    let client = with(
        &[("CN-X", "CN", "national")],
        &["N-1,CN-X,2030-01-01,2030-12-31,amount,,PV,BEV,wheelbase_m,2.2,,3000,CNY,,read,gasgoo_2018,"],
    )
    .await;
    for (wheelbase, amount) in [("2.2", 3_000.0), ("2.19", 0.0)] {
        let quote = in_shanghai(&client, &format!("wheelbase_m={wheelbase}")).await;
        assert_eq!(given(&quote, "CN-X"), (amount, amount));
    }
}

#[tokio::test]
async fn a_later_load_of_rules_changes_the_quote_and_its_tag() {
    let client = with(&[("CN-X", "CN", "national")], &[NATIONAL[1]]).await;
    let path = path("2030-06-01", "powertrain=BEV");
    let before = client.get(&path).await.expect(200);
    let files = Files::bundled();
    load(&client.database.database, &files).await;
    let after = client.get(&path).await.expect(200);
    assert_eq!(grants(&after.json()["data"][0]), (0.0, 0.0));
    assert_ne!(before.headers["etag"], after.headers["etag"]);
}
