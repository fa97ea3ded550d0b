//! Made series beside the bundled ones: a registrations table of 20,000 models and provinces by month.

use crate::client::Client;

/// The rollup that all of them are sums of.
pub const ROLLUP: i32 = 1000;

/// 20,000 series of ten months each, some of them revised, restated and annotated, and as many sums.
const MADE: &str = "
    CREATE TEMPORARY TABLE made AS
        SELECT n AS series_id, 'CN-' || (n % 40) AS geo, 'maker-' || (n / 400) AS maker, 'model-' || (n / 40) AS model,
               'production:M.registrations.CN-' || (n % 40) || '.maker-' || (n / 400) || '._T.model-' || (n / 40) || '._T._T'
               AS group_key
        FROM generate_series(1, 20000) AS n;
    INSERT INTO series (series_id, dataset, frequency, measure, source, geo, maker, brand, model, vehicle_class, powertrain,
                        operator, access, current, group_key, first_period, last_period, observations, updated_by)
        SELECT series_id, 'production', 'M', 'registrations', 'openevcharts', geo, maker, '_T', model, '_T', '_T',
               '_T', '_T', '_T', group_key, 24240, 24249, 10, 1 FROM made;
    INSERT INTO observation_chunk (series_id, chunk, first_period, \"values\", releases)
        SELECT series_id, 404, 24240, array_fill(series_id::bigint, ARRAY[10]), array_fill(1, ARRAY[10]) FROM made;
    INSERT INTO observation_history (series_id, period, release_id, kind, value, status)
        SELECT series_id, 24240 + n, 1, 'stated', series_id, 'A' FROM made, generate_series(0, 2) AS n;
    INSERT INTO observation_restatement (series_id, release_id, periods)
        SELECT series_id, 2, '{[24240, 24250)}' FROM made;
    INSERT INTO observation_note (series_id, period, release_id, note)
        SELECT series_id, 24240, 1, 'made' FROM made;
    INSERT INTO rollup (rollup_id, dataset, grain, series, built_at) OVERRIDING SYSTEM VALUE
        VALUES (1000, 'production', 'geo,maker,model', 20000, now());
    INSERT INTO rollup_series
        SELECT 1000, series_id, false, 'production', 'M', 'registrations', 'openevcharts', geo, maker, '_T', model, '_T', '_T',
               '_T', '_T', '_T', 24240, 24249, 10 FROM made;
    INSERT INTO rollup_chunk (series_id, chunk, first_period, \"values\", parts, releases)
        SELECT series_id, 404, 24240, array_fill(series_id::bigint, ARRAY[10]), array_fill(2, ARRAY[10]), array_fill(1, ARRAY[10])
        FROM made;
    ANALYZE";

/// Adds them, and lets the planner know.
pub async fn grow(client: &Client) {
    let mut connection = client.database.database.writer().await.unwrap();
    sqlx::raw_sql(MADE).execute(&mut connection).await.expect("the schema is as it is thought to be");
}
