//! Made series beside the bundled ones, enough of them for answers that are sent while they are read.

use sqlx::AssertSqlSafe;

use crate::cluster::TestDatabase;

/// A query for all that is made, as lines.
pub const MADE: &str =
    "/v1/production?measure=registrations&geo=*&maker=*&model=*&frequency=M&source=open-ev-charts&format=csv";

/// Figures of each series: ten years of months.
pub const MONTHS: usize = 120;

/// Adds so many series.
pub async fn make(database: &TestDatabase, series: usize) {
    let made = format!(
        "CREATE TEMPORARY TABLE made AS
            SELECT n AS series_id, 'CN-' || (n % 40) AS geo, 'maker-' || (n / 400) AS maker, 'model-' || (n / 40) AS model,
                   'production:M.registrations.CN-' || (n % 40) || '.maker-' || (n / 400) || '._T.model-' || (n / 40)
                   || '._T._T' AS group_key
            FROM generate_series(1, {series}) AS n;
        INSERT INTO series (series_id, dataset, frequency, measure, source, geo, maker, brand, model, vehicle_class,
                            powertrain, operator, access, current, group_key, first_period, last_period, observations,
                            updated_by)
            SELECT series_id, 'production', 'M', 'registrations', 'open-ev-charts', geo, maker, '_T', model, '_T', '_T',
                   '_T', '_T', '_T', group_key, 24180, 24299, {MONTHS}, 1 FROM made;
        INSERT INTO observation_chunk (series_id, chunk, first_period, \"values\", releases)
            SELECT series_id, chunk, chunk * 60, array_fill(series_id::bigint, ARRAY[60]), array_fill(1, ARRAY[60])
            FROM made, generate_series(403, 404) AS chunk;
        ANALYZE"
    );
    let mut connection = database.database.writer().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(made))
        .execute(&mut connection)
        .await
        .expect("the schema is as it is thought to be");
}
