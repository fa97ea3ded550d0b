//! Quotes worked out by hand from the rows of `subsidies/rules.csv`: each year, each band and its edges, caps and multipliers,
//! before, on and after each change of date.

/// A day, a vehicle, an instrument, and the least and the most that it gives. What is not in force gives nothing.
pub type Worked = (&'static str, &'static str, &'static str, f64, f64);

/// The pilot for private buyers: 3,000 CNY a kWh, at most 60,000 for electric cars from 15 kWh, 50,000 for hybrids from 10 kWh, in
/// five cities.
const PILOT: [Worked; 15] = [
    ("2010-05-31", "powertrain=BEV&battery_kwh=16&city=Shenzhen", "CN-PRIV-2010", 0.0, 0.0),
    ("2010-06-01", "powertrain=BEV&battery_kwh=16&city=Shenzhen", "CN-PRIV-2010", 48_000.0, 48_000.0),
    ("2011-01-01", "powertrain=BEV&battery_kwh=15&city=shanghai", "CN-PRIV-2010", 45_000.0, 45_000.0),
    ("2011-01-01", "powertrain=BEV&battery_kwh=14.9&city=Shanghai", "CN-PRIV-2010", 0.0, 0.0),
    ("2012-12-31", "powertrain=BEV&battery_kwh=20&city=Hefei", "CN-PRIV-2010", 60_000.0, 60_000.0),
    ("2012-12-31", "powertrain=BEV&battery_kwh=24&city=Hefei", "CN-PRIV-2010", 60_000.0, 60_000.0),
    ("2012-12-31", "powertrain=BEV&battery_kwh=20&city=Beijing", "CN-PRIV-2010", 0.0, 0.0),
    ("2012-12-31", "powertrain=BEV&battery_kwh=20", "CN-PRIV-2010", 0.0, 60_000.0),
    ("2012-12-31", "powertrain=BEV&city=Hefei", "CN-PRIV-2010", 0.0, 60_000.0),
    ("2011-06-30", "powertrain=PHEV&battery_kwh=10&city=Changchun", "CN-PRIV-2010", 30_000.0, 30_000.0),
    ("2011-06-30", "powertrain=PHEV&battery_kwh=9.99&city=Changchun", "CN-PRIV-2010", 0.0, 0.0),
    ("2011-06-30", "powertrain=PHEV&battery_kwh=16&city=Hangzhou", "CN-PRIV-2010", 48_000.0, 48_000.0),
    ("2011-06-30", "powertrain=PHEV&battery_kwh=17&city=Hangzhou", "CN-PRIV-2010", 50_000.0, 50_000.0),
    ("2013-01-01", "powertrain=BEV&battery_kwh=24&city=Hefei", "CN-PRIV-2010", 0.0, 0.0),
    ("2011-06-30", "powertrain=ICE&battery_kwh=17&city=Hangzhou", "CN-PRIV-2010", 0.0, 0.0),
];

/// 35,000 from 80 km, 50,000 from 150, 60,000 from 250; hybrids from 50 km 35,000; fuel cells 200,000. 95 percent of it in 2014,
/// 90 in 2015.
const FROM_2013: [Worked; 23] = [
    ("2012-12-31", "powertrain=BEV&range_km=250", "CN-NEV-2013", 0.0, 0.0),
    ("2013-01-01", "powertrain=BEV&range_km=79", "CN-NEV-2013", 0.0, 0.0),
    ("2013-01-01", "powertrain=BEV&range_km=80", "CN-NEV-2013", 35_000.0, 35_000.0),
    ("2013-06-01", "powertrain=BEV&range_km=149.9", "CN-NEV-2013", 35_000.0, 35_000.0),
    ("2013-06-01", "powertrain=BEV&range_km=150", "CN-NEV-2013", 50_000.0, 50_000.0),
    ("2013-06-01", "powertrain=BEV&range_km=249", "CN-NEV-2013", 50_000.0, 50_000.0),
    ("2013-12-31", "powertrain=BEV&range_km=250", "CN-NEV-2013", 60_000.0, 60_000.0),
    ("2013-06-01", "powertrain=BEV", "CN-NEV-2013", 0.0, 60_000.0),
    ("2013-06-01", "powertrain=PHEV&range_km=49", "CN-NEV-2013", 0.0, 0.0),
    ("2013-06-01", "powertrain=PHEV&range_km=50", "CN-NEV-2013", 35_000.0, 35_000.0),
    ("2013-06-01", "powertrain=FCEV", "CN-NEV-2013", 200_000.0, 200_000.0),
    ("2014-01-01", "powertrain=BEV&range_km=250", "CN-NEV-2013", 57_000.0, 57_000.0),
    ("2014-06-01", "powertrain=BEV&range_km=200", "CN-NEV-2013", 47_500.0, 47_500.0),
    ("2014-12-31", "powertrain=BEV&range_km=80", "CN-NEV-2013", 33_250.0, 33_250.0),
    ("2014-06-01", "powertrain=PHEV&range_km=50", "CN-NEV-2013", 33_250.0, 33_250.0),
    ("2014-06-01", "powertrain=FCEV", "CN-NEV-2013", 190_000.0, 190_000.0),
    ("2015-01-01", "powertrain=BEV&range_km=250", "CN-NEV-2013", 54_000.0, 54_000.0),
    ("2015-06-01", "powertrain=BEV&range_km=150", "CN-NEV-2013", 45_000.0, 45_000.0),
    ("2015-12-31", "powertrain=PHEV&range_km=70", "CN-NEV-2013", 31_500.0, 31_500.0),
    // A range extender counts as a plug-in hybrid.
    ("2015-06-01", "powertrain=EREV&range_km=60", "CN-NEV-2013", 31_500.0, 31_500.0),
    ("2015-06-01", "powertrain=FCEV", "CN-NEV-2013", 180_000.0, 180_000.0),
    ("2015-06-01", "powertrain=HEV&range_km=60", "CN-NEV-2013", 0.0, 0.0),
    ("2015-06-01", "powertrain=BEV&range_km=150&vehicle_class=PV_SUV", "CN-NEV-2013", 45_000.0, 45_000.0),
];

/// 25,000 from 100 km, 45,000 from 150, 55,000 from 250, electric cars from 100 km/h; hybrids 30,000.
const FROM_2016: [Worked; 8] = [
    ("2016-01-01", "powertrain=BEV&range_km=99&top_speed_kmh=120", "CN-NEV-2016", 0.0, 0.0),
    ("2016-01-01", "powertrain=BEV&range_km=100&top_speed_kmh=100", "CN-NEV-2016", 25_000.0, 25_000.0),
    ("2016-06-01", "powertrain=BEV&range_km=150&top_speed_kmh=99.9", "CN-NEV-2016", 0.0, 0.0),
    ("2016-06-01", "powertrain=BEV&range_km=150&top_speed_kmh=120", "CN-NEV-2016", 45_000.0, 45_000.0),
    ("2016-12-31", "powertrain=BEV&range_km=250&top_speed_kmh=120", "CN-NEV-2016", 55_000.0, 55_000.0),
    ("2016-06-01", "powertrain=BEV&range_km=250", "CN-NEV-2016", 0.0, 55_000.0),
    ("2016-06-01", "powertrain=PHEV&range_km=50", "CN-NEV-2016", 30_000.0, 30_000.0),
    ("2016-06-01", "powertrain=FCEV", "CN-NEV-2016", 200_000.0, 200_000.0),
];

/// 20,000, 36,000, 44,000; from 90 Wh/kg, times 1.1 from 120; hybrids 24,000. From 2018-02-12 to 06-11 70 percent, fuel cells apart.
const FROM_2017: [Worked; 13] = [
    (
        "2017-01-01",
        "powertrain=BEV&range_km=250&energy_density_wh_kg=90&top_speed_kmh=100",
        "CN-NEV-2017",
        44_000.0,
        44_000.0,
    ),
    (
        "2017-06-01",
        "powertrain=BEV&range_km=250&energy_density_wh_kg=89.9&top_speed_kmh=100",
        "CN-NEV-2017",
        0.0,
        0.0,
    ),
    (
        "2017-06-01",
        "powertrain=BEV&range_km=250&energy_density_wh_kg=119&top_speed_kmh=100",
        "CN-NEV-2017",
        44_000.0,
        44_000.0,
    ),
    (
        "2017-06-01",
        "powertrain=BEV&range_km=250&energy_density_wh_kg=120&top_speed_kmh=100",
        "CN-NEV-2017",
        48_400.0,
        48_400.0,
    ),
    (
        "2017-06-01",
        "powertrain=BEV&range_km=120&energy_density_wh_kg=120&top_speed_kmh=100",
        "CN-NEV-2017",
        22_000.0,
        22_000.0,
    ),
    (
        "2017-12-31",
        "powertrain=BEV&range_km=200&energy_density_wh_kg=100&top_speed_kmh=100",
        "CN-NEV-2017",
        36_000.0,
        36_000.0,
    ),
    ("2017-06-01", "powertrain=PHEV&range_km=55", "CN-NEV-2017", 24_000.0, 24_000.0),
    (
        "2018-02-11",
        "powertrain=BEV&range_km=300&energy_density_wh_kg=130&top_speed_kmh=100",
        "CN-NEV-2017",
        48_400.0,
        48_400.0,
    ),
    (
        "2018-02-12",
        "powertrain=BEV&range_km=300&energy_density_wh_kg=130&top_speed_kmh=100",
        "CN-NEV-2017",
        0.0,
        0.0,
    ),
    (
        "2018-02-12",
        "powertrain=BEV&range_km=300&energy_density_wh_kg=130&top_speed_kmh=100",
        "CN-NEV-2018",
        33_880.0,
        33_880.0,
    ),
    ("2018-03-01", "powertrain=PHEV&range_km=60", "CN-NEV-2018", 16_800.0, 16_800.0),
    ("2018-03-01", "powertrain=FCEV", "CN-NEV-2018", 200_000.0, 200_000.0),
    (
        "2018-06-11",
        "powertrain=BEV&range_km=100&energy_density_wh_kg=100&top_speed_kmh=100",
        "CN-NEV-2018",
        14_000.0,
        14_000.0,
    ),
];

/// Five bands from 150 km, at most 1,200 CNY a kWh, by energy density and by energy use; hybrids 22,000.
const FROM_JUNE_2018: [Worked; 11] = [
    (
        "2018-06-12",
        "powertrain=BEV&range_km=149&battery_kwh=50&energy_density_wh_kg=130&efficiency_gain_percent=10&top_speed_kmh=120",
        "CN-NEV-2018",
        0.0,
        0.0,
    ),
    (
        "2018-06-12",
        "powertrain=BEV&range_km=150&battery_kwh=20&energy_density_wh_kg=130&efficiency_gain_percent=10&top_speed_kmh=120",
        "CN-NEV-2018",
        15_000.0,
        15_000.0,
    ),
    (
        "2018-07-01",
        "powertrain=BEV&range_km=200&battery_kwh=30&energy_density_wh_kg=120&efficiency_gain_percent=5&top_speed_kmh=120",
        "CN-NEV-2018",
        24_000.0,
        24_000.0,
    ),
    (
        "2018-07-01",
        "powertrain=BEV&range_km=299.9&battery_kwh=45&energy_density_wh_kg=120&efficiency_gain_percent=24&top_speed_kmh=120",
        "CN-NEV-2018",
        34_000.0,
        34_000.0,
    ),
    // 45,000 x 0.6 x 0.5
    (
        "2018-07-01",
        "powertrain=BEV&range_km=300&battery_kwh=50&energy_density_wh_kg=119.9&efficiency_gain_percent=4.9&top_speed_kmh=120",
        "CN-NEV-2018",
        13_500.0,
        13_500.0,
    ),
    // 50,000 x 1.2 x 1.1
    (
        "2018-07-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=120",
        "CN-NEV-2018",
        66_000.0,
        66_000.0,
    ),
    // 40 kWh x 1,200 = 48,000 x 1.1
    (
        "2018-07-01",
        "powertrain=BEV&range_km=400&battery_kwh=40&energy_density_wh_kg=140&efficiency_gain_percent=5&top_speed_kmh=120",
        "CN-NEV-2018",
        52_800.0,
        52_800.0,
    ),
    (
        "2018-07-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=104&efficiency_gain_percent=25&top_speed_kmh=120",
        "CN-NEV-2018",
        0.0,
        0.0,
    ),
    (
        "2018-07-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=-1&top_speed_kmh=120",
        "CN-NEV-2018",
        0.0,
        0.0,
    ),
    // How much energy it uses is open: nothing above the threshold, 50,000 x 1.2 x 1.1 at the best.
    (
        "2018-07-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&top_speed_kmh=120",
        "CN-NEV-2018",
        0.0,
        66_000.0,
    ),
    ("2019-03-25", "powertrain=PHEV&range_km=50", "CN-NEV-2018", 22_000.0, 22_000.0),
];

/// Until 2019-06-25 60 percent of the amount of 2018, or 10 percent for what meets only the old rules. From then on 18,000 from
/// 250 km, 25,000 from 400, at most 550 CNY a kWh; 70 percent where not bought for oneself.
const FROM_2019: [Worked; 15] = [
    ("2019-03-26", "powertrain=PHEV&range_km=50&scheme=meets_2019_rules", "CN-NEV-2019", 13_200.0, 13_200.0),
    (
        "2019-03-26",
        "powertrain=PHEV&range_km=50&scheme=meets_2018_rules_only",
        "CN-NEV-2019",
        2_200.0,
        2_200.0,
    ),
    ("2019-03-26", "powertrain=PHEV&range_km=50", "CN-NEV-2019", 2_200.0, 13_200.0),
    (
        "2019-05-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=130&efficiency_gain_percent=10&top_speed_kmh=120&scheme=meets_2019_rules",
        "CN-NEV-2019",
        30_000.0,
        30_000.0,
    ),
    (
        "2019-06-25",
        "powertrain=BEV&range_km=250&battery_kwh=30&energy_density_wh_kg=125&efficiency_gain_percent=10&top_speed_kmh=120&scheme=meets_2018_rules_only",
        "CN-NEV-2019",
        3_400.0,
        3_400.0,
    ),
    (
        "2019-06-26",
        "powertrain=BEV&range_km=249&battery_kwh=40&energy_density_wh_kg=160&efficiency_gain_percent=20&top_speed_kmh=120&use=private",
        "CN-NEV-2019",
        0.0,
        0.0,
    ),
    (
        "2019-06-26",
        "powertrain=BEV&range_km=250&battery_kwh=40&energy_density_wh_kg=160&efficiency_gain_percent=20&top_speed_kmh=120&use=private",
        "CN-NEV-2019",
        18_000.0,
        18_000.0,
    ),
    // 25,000 x 0.9 x 1.1
    (
        "2019-08-01",
        "powertrain=BEV&range_km=400&battery_kwh=52&energy_density_wh_kg=140&efficiency_gain_percent=35&top_speed_kmh=120&use=private",
        "CN-NEV-2019",
        24_750.0,
        24_750.0,
    ),
    // 40 kWh x 550 = 22,000 x 0.8 x 0.8
    (
        "2019-08-01",
        "powertrain=BEV&range_km=400&battery_kwh=40&energy_density_wh_kg=125&efficiency_gain_percent=10&top_speed_kmh=120&use=private",
        "CN-NEV-2019",
        14_080.0,
        14_080.0,
    ),
    (
        "2019-08-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=9.9&top_speed_kmh=120&use=private",
        "CN-NEV-2019",
        0.0,
        0.0,
    ),
    (
        "2019-08-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=20&top_speed_kmh=120&use=commercial",
        "CN-NEV-2019",
        17_500.0,
        17_500.0,
    ),
    (
        "2019-08-01",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=20&top_speed_kmh=120",
        "CN-NEV-2019",
        17_500.0,
        25_000.0,
    ),
    ("2019-08-01", "powertrain=PHEV&range_km=50&use=private", "CN-NEV-2019", 10_000.0, 10_000.0),
    ("2019-08-01", "powertrain=PHEV&range_km=50&use=commercial", "CN-NEV-2019", 7_000.0, 7_000.0),
    (
        "2020-04-22",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=20&top_speed_kmh=120&use=private",
        "CN-NEV-2019",
        25_000.0,
        25_000.0,
    ),
];

/// 16,200 from 300 km, 22,500 from 400; 13,000 and 18,000 in 2021; 9,100 and 12,600 in 2022. Cars of up to 300,000 CNY from
/// 2020-07-23 on; half of the amount of 2019 for what meets only the old rules until then.
const FROM_2020: [Worked; 17] = [
    (
        "2020-04-23",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=120&scheme=meets_2020_rules",
        "CN-NEV-2020",
        24_750.0,
        24_750.0,
    ),
    (
        "2020-04-23",
        "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=120&scheme=meets_2019_rules_only",
        "CN-NEV-2020",
        12_500.0,
        12_500.0,
    ),
    ("2020-07-22", "powertrain=PHEV&range_km=50&scheme=meets_2020_rules", "CN-NEV-2020", 8_500.0, 8_500.0),
    (
        "2020-07-22",
        "powertrain=PHEV&range_km=50&scheme=meets_2019_rules_only",
        "CN-NEV-2020",
        5_000.0,
        5_000.0,
    ),
    // 16,200 x 0.8 x 0.8
    (
        "2020-07-23",
        "powertrain=BEV&range_km=300&battery_kwh=40&energy_density_wh_kg=125&efficiency_gain_percent=5&top_speed_kmh=120&use=private&price_cny=299999",
        "CN-NEV-2020",
        10_368.0,
        10_368.0,
    ),
    (
        "2020-07-23",
        "powertrain=BEV&range_km=300&battery_kwh=40&energy_density_wh_kg=125&efficiency_gain_percent=5&top_speed_kmh=120&use=private&price_cny=300000",
        "CN-NEV-2020",
        10_368.0,
        10_368.0,
    ),
    (
        "2020-07-23",
        "powertrain=BEV&range_km=300&battery_kwh=40&energy_density_wh_kg=125&efficiency_gain_percent=5&top_speed_kmh=120&use=private&price_cny=300000.01",
        "CN-NEV-2020",
        0.0,
        0.0,
    ),
    // A Tesla Model 3 of late 2020: 22,500 x 1.1
    (
        "2020-12-31",
        "powertrain=BEV&range_km=445&battery_kwh=55&energy_density_wh_kg=161&efficiency_gain_percent=30&top_speed_kmh=200&use=private&price_cny=249900",
        "CN-NEV-2020",
        24_750.0,
        24_750.0,
    ),
    (
        "2021-01-01",
        "powertrain=BEV&range_km=400&battery_kwh=50&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=120&use=private&price_cny=200000",
        "CN-NEV-2020",
        19_800.0,
        19_800.0,
    ),
    // 40 kWh x 400 = 16,000 x 1.1
    (
        "2021-06-01",
        "powertrain=BEV&range_km=400&battery_kwh=40&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=120&use=private&price_cny=200000",
        "CN-NEV-2020",
        17_600.0,
        17_600.0,
    ),
    (
        "2021-06-01",
        "powertrain=PHEV&range_km=50&use=private&price_cny=150000",
        "CN-NEV-2020",
        6_800.0,
        6_800.0,
    ),
    (
        "2021-12-31",
        "powertrain=PHEV&range_km=50&use=commercial&price_cny=150000",
        "CN-NEV-2020",
        4_760.0,
        4_760.0,
    ),
    (
        "2022-01-01",
        "powertrain=BEV&range_km=300&battery_kwh=40&energy_density_wh_kg=140&efficiency_gain_percent=10&top_speed_kmh=120&use=private&price_cny=150000",
        "CN-NEV-2020",
        8_190.0,
        8_190.0,
    ),
    (
        "2022-12-31",
        "powertrain=BEV&range_km=450&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=120&use=private&price_cny=150000",
        "CN-NEV-2020",
        13_860.0,
        13_860.0,
    ),
    (
        "2022-12-31",
        "powertrain=PHEV&range_km=50&use=private&price_cny=150000",
        "CN-NEV-2020",
        4_800.0,
        4_800.0,
    ),
    ("2022-12-31", "powertrain=PHEV&range_km=50&use=private", "CN-NEV-2020", 0.0, 4_800.0),
    (
        "2023-01-01",
        "powertrain=BEV&range_km=450&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=120&use=private&price_cny=150000",
        "CN-NEV-2020",
        0.0,
        0.0,
    ),
];

/// Price / (1 + VAT) x 10 percent, VAT 17, 16 and 13 percent; whole until 2023, at most 30,000 until 2025, half and at most 15,000
/// until 2027.
const TAX: [Worked; 19] = [
    ("2014-08-31", "powertrain=BEV&price_cny=234000", "CN-VPT-2014", 0.0, 0.0),
    ("2014-09-01", "powertrain=BEV&price_cny=234000", "CN-VPT-2014", 20_000.0, 20_000.0),
    ("2017-12-31", "powertrain=PHEV&price_cny=117000", "CN-VPT-2014", 10_000.0, 10_000.0),
    ("2018-04-30", "powertrain=BEV&price_cny=117000", "CN-VPT-2018", 10_000.0, 10_000.0),
    ("2018-05-01", "powertrain=BEV&price_cny=116000", "CN-VPT-2018", 10_000.0, 10_000.0),
    ("2019-03-31", "powertrain=BEV&price_cny=116000", "CN-VPT-2018", 10_000.0, 10_000.0),
    ("2019-04-01", "powertrain=BEV&price_cny=113000", "CN-VPT-2018", 10_000.0, 10_000.0),
    ("2019-05-01", "powertrain=BEV&price_cny=250000", "CN-VPT-2018", 22_123.89, 22_123.89),
    ("2021-01-01", "powertrain=FCEV&price_without_vat_cny=100000", "CN-VPT-2021", 10_000.0, 10_000.0),
    ("2023-12-31", "powertrain=BEV&price_cny=565000", "CN-VPT-2023", 50_000.0, 50_000.0),
    ("2024-01-01", "powertrain=BEV&price_cny=565000", "CN-VPT-2024", 30_000.0, 30_000.0),
    ("2025-12-31", "powertrain=BEV&price_cny=339000", "CN-VPT-2024", 30_000.0, 30_000.0),
    ("2025-12-31", "powertrain=BEV", "CN-VPT-2024", 0.0, 30_000.0),
    ("2026-01-01", "powertrain=BEV&price_cny=113000", "CN-VPT-2026", 5_000.0, 5_000.0),
    ("2026-01-01", "powertrain=BEV&price_cny=565000", "CN-VPT-2026", 15_000.0, 15_000.0),
    // 250,000 / 1.13 x 10 % x 50 % = 11,061.9469
    ("2026-06-01", "powertrain=BEV&price_cny=250000", "CN-VPT-2026", 11_061.95, 11_061.95),
    ("2027-12-31", "powertrain=BEV&purchase_tax_cny=20000", "CN-VPT-2026", 10_000.0, 10_000.0),
    ("2028-01-01", "powertrain=BEV&price_cny=113000", "CN-VPT-2026", 0.0, 0.0),
    ("2022-01-01", "powertrain=ICE&price_cny=113000", "CN-VPT-2021", 0.0, 0.0),
];

/// For a scrapped car 10,000, then with effect back in time 20,000; 7,000 and 15,000 for a petrol car of up to 2.0 l. In 2025 at
/// most 15,000 or 13,000 for a sold one, of which the amount is set elsewhere.
const TRADE_IN: [Worked; 15] = [
    ("2024-04-23", "powertrain=BEV&scrapped_old_car=true", "CN-TRADEIN-2024", 0.0, 0.0),
    ("2024-04-24", "powertrain=BEV&scrapped_old_car=true", "CN-TRADEIN-2024", 20_000.0, 20_000.0),
    (
        "2024-05-15",
        "powertrain=BEV&scrapped_old_car=true&as_of=2024-06",
        "CN-TRADEIN-2024",
        10_000.0,
        10_000.0,
    ),
    (
        "2024-05-15",
        "powertrain=BEV&scrapped_old_car=true&as_of=2024-09",
        "CN-TRADEIN-2024",
        20_000.0,
        20_000.0,
    ),
    (
        "2024-05-15",
        "powertrain=ICE&displacement_l=1.5&scrapped_old_car=true&as_of=2024-06",
        "CN-TRADEIN-2024",
        7_000.0,
        7_000.0,
    ),
    (
        "2024-05-15",
        "powertrain=ICE&displacement_l=2.0&scrapped_old_car=true",
        "CN-TRADEIN-2024",
        15_000.0,
        15_000.0,
    ),
    ("2024-05-15", "powertrain=ICE&displacement_l=2.01&scrapped_old_car=true", "CN-TRADEIN-2024", 0.0, 0.0),
    ("2024-05-15", "powertrain=BEV&scrapped_old_car=false", "CN-TRADEIN-2024", 0.0, 0.0),
    ("2024-05-15", "powertrain=BEV", "CN-TRADEIN-2024", 0.0, 20_000.0),
    ("2025-01-10", "powertrain=BEV&scrapped_old_car=true", "CN-TRADEIN-2024", 20_000.0, 20_000.0),
    ("2025-01-11", "powertrain=BEV&scrapped_old_car=true", "CN-TRADEIN-2024", 0.0, 0.0),
    ("2025-01-11", "powertrain=BEV&scrapped_old_car=true", "CN-TRADEIN-2025", 20_000.0, 20_000.0),
    ("2025-06-01", "powertrain=BEV&sold_old_car=true", "CN-TRADEIN-2025", 0.0, 15_000.0),
    ("2025-06-01", "powertrain=ICE&displacement_l=1.6&sold_old_car=true", "CN-TRADEIN-2025", 0.0, 13_000.0),
    (
        "2025-06-01",
        "powertrain=ICE&displacement_l=1.6&scrapped_old_car=false&sold_old_car=false",
        "CN-TRADEIN-2025",
        0.0,
        0.0,
    ),
];

/// All of them.
pub fn worked() -> Vec<Worked> {
    [&PILOT[..], &FROM_2013, &FROM_2016, &FROM_2017, &FROM_JUNE_2018, &FROM_2019, &FROM_2020, &TAX, &TRADE_IN]
        .concat()
}
