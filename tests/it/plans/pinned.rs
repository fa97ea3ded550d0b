//! The texts of typical statements: one that changes is seen to change.

use china_auto::timeseries::sql::{Bind, Statement};

use super::queries::{Query, queries};
use crate::client::Client;

/// A statement, a line a clause, with its values below.
fn told(all: &[Query], name: &str) -> String {
    let query = all.iter().find(|query| query.name == name).unwrap_or_else(|| panic!("there is no {name}"));
    let Statement { text, binds } = &query.statement;
    let clauses = [
        " FROM ",
        " LEFT JOIN ",
        " WHERE ",
        " AND ",
        " OR ",
        " GROUP BY ",
        " ORDER BY ",
        " UNION ALL ",
        " LIMIT ",
    ];
    let text = clauses
        .iter()
        .fold(text.clone(), |text, clause| text.replace(clause, &format!("\n{}", &clause[1..])));
    let values = binds.iter().zip(1..).map(|(bind, at)| match bind {
        Bind::Texts(texts) if texts.len() > 12 => format!("\n${at} {} texts", texts.len()),
        Bind::Numbers(numbers) if numbers.len() > 12 => format!("\n${at} {} numbers", numbers.len()),
        bind => format!("\n${at} {bind:?}"),
    });
    text + &values.collect::<String>()
}

/// What of a statement depends on its query: the text from the series on, and its values.
fn selected(all: &[Query], name: &str) -> String {
    let told = told(all, name);
    let (text, values) = told.split_once("\n$1 ").expect("it has values");
    let (_, text) = text.split_once("FROM series s\n").expect("it reads series");
    let end = text.split_once(") SELECT").or_else(|| text.split_once(") s ON"));
    let text = end.map_or(text, |(text, _)| text);
    format!("{text}\n$1 {values}")
}

#[tokio::test]
async fn the_series_of_a_query_are_selected_by_its_codes() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(told(&all, "one figure, best"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')) SELECT v.dataset, v.codes, v.sources, s.*
    FROM versions v
    LEFT JOIN (SELECT s.series_id, s.frequency, ARRAY[s.measure, s.source, s.geo, s.maker, s.brand, s.model, s.vehicle_class, s.powertrain] AS series_codes, s.first_period AS first, s.last_period, s.observations, false AS is_sum
    FROM series s
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.maker = ANY($5)
    AND s.brand = ANY($6)
    AND s.model = ANY($7)
    AND s.vehicle_class = ANY($8)
    AND s.powertrain = ANY($9)
    LIMIT 200001) s ON true
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["production"])
    $4 Texts(["CN"])
    $5 Texts(["_T"])
    $6 Texts(["_T"])
    $7 Texts(["_T"])
    $8 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $9 Texts(["_T"])
    "#);
    insta::assert_snapshot!(selected(&all, "codes and sources listed"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.maker = ANY($5)
    AND s.brand = ANY($6)
    AND s.model = ANY($7)
    AND s.vehicle_class = ANY($8)
    AND s.powertrain = ANY($9)
    AND s.source = ANY($10)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["production"])
    $4 Texts(["CN", "US", "JP"])
    $5 Texts(["_T"])
    $6 Texts(["_T"])
    $7 Texts(["_T"])
    $8 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $9 Texts(["_T"])
    $10 Texts(["oica", "caam"])
    "#);
}

#[tokio::test]
async fn what_is_open_is_not_in_a_statement() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(selected(&all, "everything"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    "#);
    insta::assert_snapshot!(selected(&all, "everything of a source"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.maker = ANY($3)
    AND s.brand = ANY($4)
    AND s.model = ANY($5)
    AND s.vehicle_class = ANY($6)
    AND s.powertrain = ANY($7)
    AND s.source = ANY($8)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["_T"])
    $4 Texts(["_T"])
    $5 Texts(["_T"])
    $6 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $7 Texts(["_T"])
    $8 Texts(["oica"])
    "#);
    insta::assert_snapshot!(selected(&all, "the past"), @r#"
    WHERE s.dataset = $1
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.maker = ANY($5)
    AND s.brand = ANY($6)
    AND s.model = ANY($7)
    AND s.vehicle_class = ANY($8)
    AND s.powertrain = ANY($9)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["production"])
    $4 Texts(["CN"])
    $5 Texts(["_T"])
    $6 Texts(["_T"])
    $7 Texts(["_T"])
    $8 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $9 Texts(["_T"])
    "#);
    insta::assert_snapshot!(selected(&all, "everything in the past"), @r#"
    WHERE s.dataset = $1
    AND s.frequency = ANY($2)
    AND s.vehicle_class = ANY($3)
    AND s.powertrain = ANY($4)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $4 Texts(["_T"])
    "#);
}

#[tokio::test]
async fn what_stands_for_several_codes_is_bound_as_they() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(selected(&all, "the level below"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.maker = ANY($5)
    AND s.brand = ANY($6)
    AND s.model = ANY($7)
    AND s.vehicle_class = ANY($8)
    AND s.powertrain = ANY($9)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["M"])
    $3 Texts(["registrations"])
    $4 31 texts
    $5 Texts(["_T"])
    $6 Texts(["_T"])
    $7 Texts(["_T"])
    $8 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $9 Texts(["_T"])
    "#);
    insta::assert_snapshot!(selected(&all, "several frequencies"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.maker = ANY($5)
    AND s.brand = ANY($6)
    AND s.model = ANY($7)
    AND s.vehicle_class = ANY($8)
    AND s.powertrain = ANY($9)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["sales"])
    $4 Texts(["CN"])
    $5 Texts(["_T"])
    $6 Texts(["_T"])
    $7 Texts(["_T"])
    $8 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $9 Texts(["NEV", "BEV", "PHEV", "FCEV"])
    "#);
    insta::assert_snapshot!(selected(&all, "a model of any maker"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.model = ANY($5)
    AND s.vehicle_class = ANY($6)
    AND s.powertrain = ANY($7)
    LIMIT 200001
    $1 Text("production")
    $2 Texts(["M"])
    $3 Texts(["registrations"])
    $4 Texts(["CN"])
    $5 Texts(["tesla--model-y"])
    $6 Texts(["_T", "PV", "CV", "CV_VAN", "CV_BUS", "CV_TRUCK"])
    $7 Texts(["_T"])
    "#);
    insta::assert_snapshot!(selected(&all, "of another dataset"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.operator = ANY($5)
    AND s.access = ANY($6)
    LIMIT 200001
    $1 Text("charging")
    $2 Texts(["A", "M"])
    $3 Texts(["outlets"])
    $4 Texts(["CN"])
    $5 Texts(["_T"])
    $6 Texts(["public"])
    "#);
}

#[tokio::test]
async fn lists_of_series_read_no_figures() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(told(&all, "the first page of all series"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')), chosen AS (SELECT s.series_id, s.frequency, s.group_key, s.source, ARRAY[s.measure, s.source, s.geo, s.maker, s.brand, s.model, s.vehicle_class, s.powertrain] AS codes, s.first_period, s.last_period, s.observations, s.updated_by
    FROM series s
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    ORDER BY s.group_key, s.source
    LIMIT $3) SELECT v.dataset, v.codes, v.sources, s.frequency, s.group_key, s.source, s.codes AS series_codes, s.first_period, s.last_period, s.observations, s.updated_by, coalesce(r.withdrawn_at, r.released_at) AS released_at
    FROM versions v
    LEFT JOIN chosen s ON true
    LEFT JOIN release r ON r.release_id = s.updated_by
    ORDER BY s.group_key, s.source
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Number(1001)
    "#);
    insta::assert_snapshot!(selected(&all, "a later page of all series"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND (s.group_key, s.source) > ($3, $4)
    ORDER BY s.group_key, s.source
    LIMIT $5
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Text("production:M.registrations.CN-20.maker-25._T.model-250._T._T")
    $4 Text("openevcharts")
    $5 Number(1001)
    "#);
    insta::assert_snapshot!(selected(&all, "the series of a maker"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.maker = ANY($3)
    ORDER BY s.group_key, s.source
    LIMIT $4
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["byd"])
    $4 Number(1001)
    "#);
    insta::assert_snapshot!(selected(&all, "a series by its key"), @r#"
    WHERE s.dataset = $1
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    AND s.maker = ANY($5)
    AND s.brand = ANY($6)
    AND s.model = ANY($7)
    AND s.vehicle_class = ANY($8)
    AND s.powertrain = ANY($9)
    AND s.source = ANY($10)
    ORDER BY s.group_key, s.source
    LIMIT $11
    $1 Text("production")
    $2 Texts(["A"])
    $3 Texts(["production"])
    $4 Texts(["CN"])
    $5 Texts(["_T"])
    $6 Texts(["_T"])
    $7 Texts(["_T"])
    $8 Texts(["_T"])
    $9 Texts(["_T"])
    $10 Texts(["oica"])
    $11 Number(1001)
    "#);
    insta::assert_snapshot!(selected(&all, "series whose keys are near"), @r#"
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.measure = ANY($3)
    AND s.geo = ANY($4)
    ORDER BY s.group_key, s.source
    LIMIT $5
    $1 Text("production")
    $2 Texts(["A"])
    $3 Texts(["production"])
    $4 Texts(["CN"])
    $5 Number(1001)
    "#);
}

#[tokio::test]
async fn what_a_release_touches_is_looked_for_series_by_series() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(told(&all, "what a release touches"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')), chosen AS (SELECT s.series_id, s.frequency, s.group_key, s.source, ARRAY[s.measure, s.source, s.geo, s.maker, s.brand, s.model, s.vehicle_class, s.powertrain] AS codes, s.first_period, s.last_period, s.observations, s.updated_by
    FROM series s
    WHERE s.dataset = $1
    AND s.frequency = ANY($2)
    AND (s.group_key, s.source) >= ($3, $4)
    AND (EXISTS (SELECT
    FROM observation_chunk c
    WHERE c.series_id = s.series_id
    AND c.releases && $5::bigint[]::integer[] OFFSET 0)
    OR EXISTS (SELECT
    FROM observation_history h
    WHERE h.series_id = s.series_id
    AND h.release_id = ANY($5::bigint[]) OFFSET 0))
    ORDER BY s.group_key, s.source
    LIMIT $6) SELECT v.dataset, v.codes, v.sources, s.frequency, s.group_key, s.source, s.codes AS series_codes, s.first_period, s.last_period, s.observations, s.updated_by, coalesce(r.withdrawn_at, r.released_at) AS released_at
    FROM versions v
    LEFT JOIN chosen s ON true
    LEFT JOIN release r ON r.release_id = s.updated_by
    ORDER BY s.group_key, s.source
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Text("")
    $4 Text("")
    $5 Numbers([2, 1])
    $6 Number(500)
    "#);
    insta::assert_snapshot!(selected(&all, "what a release touches behind a place"), @r#"
    WHERE s.dataset = $1
    AND s.frequency = ANY($2)
    AND (s.group_key, s.source) >= ($3, $4)
    AND (EXISTS (SELECT
    FROM observation_chunk c
    WHERE c.series_id = s.series_id
    AND c.releases && $5::bigint[]::integer[] OFFSET 0)
    OR EXISTS (SELECT
    FROM observation_history h
    WHERE h.series_id = s.series_id
    AND h.release_id = ANY($5::bigint[]) OFFSET 0))
    ORDER BY s.group_key, s.source
    LIMIT $6
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Text("production:M.registrations.CN-20.maker-25._T.model-250._T._T")
    $4 Text("openevcharts")
    $5 Numbers([2, 1])
    $6 Number(500)
    "#);
}

#[tokio::test]
async fn what_there_is_is_counted_without_figures() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(told(&all, "what there is of a maker"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')) SELECT v.dataset, v.codes, v.sources, a.*
    FROM versions v
    LEFT JOIN (SELECT CASE WHEN grouping(s.measure) = 0 THEN 'measure' WHEN grouping(s.source) = 0 THEN 'source' WHEN grouping(s.geo) = 0 THEN 'geo' WHEN grouping(s.brand) = 0 THEN 'brand' WHEN grouping(s.model) = 0 THEN 'model' WHEN grouping(s.vehicle_class) = 0 THEN 'vehicle_class' WHEN grouping(s.powertrain) = 0 THEN 'powertrain' ELSE '' END AS axis, CASE WHEN grouping(s.measure) = 0 THEN s.measure WHEN grouping(s.source) = 0 THEN s.source WHEN grouping(s.geo) = 0 THEN s.geo WHEN grouping(s.brand) = 0 THEN s.brand WHEN grouping(s.model) = 0 THEN s.model WHEN grouping(s.vehicle_class) = 0 THEN s.vehicle_class WHEN grouping(s.powertrain) = 0 THEN s.powertrain ELSE s.frequency END AS code, s.frequency, count(*) AS series, sum(s.observations)::bigint AS observations, min(s.first_period) AS first_period, max(s.last_period) AS last_period
    FROM series s
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.maker = ANY($3)
    GROUP BY GROUPING SETS ((s.frequency), (s.frequency, s.measure), (s.frequency, s.source), (s.frequency, s.geo), (s.frequency, s.brand), (s.frequency, s.model), (s.frequency, s.vehicle_class), (s.frequency, s.powertrain))
    UNION ALL SELECT 'maker', s.maker, s.frequency, count(*) AS series, sum(s.observations)::bigint AS observations, min(s.first_period) AS first_period, max(s.last_period) AS last_period
    FROM series s
    WHERE s.dataset = $4
    AND s.observations > 0
    AND s.frequency = ANY($5)
    GROUP BY s.maker, s.frequency) a ON true
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["byd"])
    $4 Text("production")
    $5 Texts(["A", "Q", "M"])
    "#);
    insta::assert_snapshot!(told(&all, "what is near"), @r#"
    SELECT ARRAY[s.frequency, s.measure, s.geo, s.maker, s.brand, s.model, s.vehicle_class, s.powertrain] AS codes
    FROM series s
    WHERE s.dataset = $1
    AND s.observations > 0
    AND s.frequency = ANY($2)
    AND s.geo = ANY($3)
    AND s.maker = ANY($4)
    GROUP BY codes, (s.frequency <> ALL($5))::int + (s.measure <> ALL($6))::int + (s.geo <> ALL($7))::int + (s.maker <> ALL($8))::int + (s.brand <> ALL($9))::int + (s.model <> ALL($10))::int + (s.vehicle_class <> ALL($11))::int + (s.powertrain <> ALL($12))::int
    ORDER BY (s.frequency <> ALL($5))::int + (s.measure <> ALL($6))::int + (s.geo <> ALL($7))::int + (s.maker <> ALL($8))::int + (s.brand <> ALL($9))::int + (s.model <> ALL($10))::int + (s.vehicle_class <> ALL($11))::int + (s.powertrain <> ALL($12))::int, sum(s.observations) DESC, codes
    LIMIT 20
    $1 Text("production")
    $2 Texts(["A", "Q", "M"])
    $3 Texts(["JP"])
    $4 Texts(["byd"])
    $5 Texts(["A"])
    $6 Texts(["production"])
    $7 Texts(["JP"])
    $8 Texts(["byd"])
    $9 Texts(["_T"])
    $10 Texts(["_T"])
    $11 Texts(["_T"])
    $12 Texts(["_T"])
    "#);
}

#[tokio::test]
async fn figures_are_read_by_series_with_what_is_noted_of_them() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(told(&all, "the figures of a series"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')) SELECT v.dataset, v.codes, v.sources, c.series_id, c.first_period, c."values" AS "values", c.statuses, CASE WHEN c.releases[1] = ALL (c.releases) THEN c.releases[1:1] ELSE c.releases END AS releases, n.periods, n.note_releases, n.notes
    FROM versions v
    LEFT JOIN observation_chunk c ON c.series_id = ANY($2)
    AND c.chunk >= $3::bigint
    AND c.chunk <= $4::bigint
    LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, array_agg(n.note) AS notes
    FROM observation_note n
    WHERE n.series_id = c.series_id
    AND n.period >= c.first_period
    AND n.period < c.first_period + cardinality(c."values")) n ON true
    $1 Text("production")
    $2 Numbers([-7280724441647328095])
    $3 Number(-2147483648)
    $4 Number(2147483647)
    "#);
    insta::assert_snapshot!(told(&all, "a few series with their figures"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')) SELECT v.dataset, v.codes, v.sources, a.ask, s.series_id, s.frequency, ARRAY[s.measure, s.source, s.geo, s.maker, s.brand, s.model, s.vehicle_class, s.powertrain] AS series_codes, s.first_period AS first, s.last_period, s.observations, false AS is_sum, c.series_id AS chunk_of, c.first_period, c."values" AS "values", c.statuses, CASE WHEN c.releases[1] = ALL (c.releases) THEN c.releases[1:1] ELSE c.releases END AS releases, n.periods, n.note_releases, n.notes
    FROM versions v CROSS JOIN unnest($2::bigint[], $3::bigint[]) AS a(ask, id)
    LEFT JOIN series s ON s.series_id = a.id
    AND s.dataset = $1
    AND s.observations > 0
    LEFT JOIN observation_chunk c ON c.series_id = s.series_id
    LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, array_agg(n.note) AS notes
    FROM observation_note n
    WHERE n.series_id = c.series_id
    AND n.period >= c.first_period
    AND n.period < c.first_period + cardinality(c."values")) n ON true
    $1 Text("production")
    $2 Numbers([0, 1, 1])
    $3 Numbers([-7280724441647328095, -7280724441647328095, -7280724441647328094])
    "#);
    insta::assert_snapshot!(told(&all, "the figures of a batch"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')) SELECT v.dataset, v.codes, v.sources, c.series_id, c.first_period, c."values" AS "values", c.statuses, CASE WHEN c.releases[1] = ALL (c.releases) THEN c.releases[1:1] ELSE c.releases END AS releases, n.periods, n.note_releases, n.notes
    FROM versions v
    LEFT JOIN observation_chunk c ON c.series_id = ANY($2)
    AND c.chunk >= $3::bigint
    AND c.chunk <= $4::bigint
    LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, array_agg(n.note) AS notes
    FROM observation_note n
    WHERE n.series_id = c.series_id
    AND n.period >= c.first_period
    AND n.period < c.first_period + cardinality(c."values")) n ON true
    $1 Text("production")
    $2 50 numbers
    $3 Number(-2147483648)
    $4 Number(2147483647)
    "#);
    insta::assert_snapshot!(told(&all, "the figures of a window"), @r#"
    WITH versions AS (SELECT max(version) FILTER (WHERE name = $1) AS dataset, max(version) FILTER (WHERE name = 'codes') AS codes, max(version) FILTER (WHERE name = 'sources') AS sources
    FROM collection
    WHERE name IN ($1, 'codes', 'sources')) SELECT v.dataset, v.codes, v.sources, c.series_id, c.first_period, c."values"[$5::bigint::integer - c.first_period + 1:$6::bigint::integer - c.first_period + 1] AS "values", c.statuses, CASE WHEN c.releases[1] = ALL (c.releases) THEN c.releases[1:1] ELSE c.releases[$5::bigint::integer - c.first_period + 1:$6::bigint::integer - c.first_period + 1] END AS releases, n.periods, n.note_releases, n.notes
    FROM versions v
    LEFT JOIN observation_chunk c ON c.series_id = ANY($2)
    AND c.chunk >= $3::bigint
    AND c.chunk <= $4::bigint
    LEFT JOIN LATERAL (SELECT array_agg(n.period) AS periods, array_agg(n.release_id) AS note_releases, array_agg(n.note) AS notes
    FROM observation_note n
    WHERE n.series_id = c.series_id
    AND n.period >= c.first_period
    AND n.period < c.first_period + cardinality(c."values")) n ON true
    $1 Text("production")
    $2 Numbers([-7280724441647328095])
    $3 Number(0)
    $4 Number(0)
    $5 Number(2020)
    $6 Number(2023)
    "#);
}

#[tokio::test]
async fn a_search_names_codes_of_any_dataset() {
    let all = queries(&Client::bundled().await).await;
    insta::assert_snapshot!(told(&all, "series that words describe"), @r#"
    WITH h AS (SELECT hidden_from($1) AS hidden), whole AS (SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at
    FROM collection, h
    WHERE NOT name = ANY(hidden)) SELECT w.version, s.*
    FROM whole w
    LEFT JOIN (SELECT NULL AS dimension, NULL AS code, s.dataset, s.frequency, ARRAY[s.measure, s.source, s.geo, s.maker, s.brand, s.model, s.vehicle_class, s.powertrain, s.operator, s.access, s.current] AS all_codes, s.first_period, s.last_period, s.observations, count(*) OVER () AS matches
    FROM series s
    WHERE s.observations > 0
    AND NOT s.dataset = ANY((SELECT hidden
    FROM h)::text[])
    AND s.frequency = ANY($2)
    AND (s.maker = ANY($3)
    OR s.brand = ANY($4))
    AND (s.measure = ANY($5))
    ORDER BY 2.5 * ((s.maker <> '_T')::int + (s.brand <> '_T')::int + (s.model <> '_T')::int + (s.vehicle_class <> '_T')::int + (s.powertrain <> '_T')::int + (s.operator <> '_T')::int + (s.access <> '_T')::int + (s.current <> '_T')::int) - ln(s.observations), s.geo <> 'CN', s.group_key, s.source
    LIMIT $6) s ON true
    $1 MaybeTexts(None)
    $2 Texts(["M"])
    $3 Texts(["byd"])
    $4 Texts(["byd"])
    $5 Texts(["sales"])
    $6 Number(100)
    "#);
    insta::assert_snapshot!(told(&all, "the first series of each code"), @r#"
    WITH h AS (SELECT hidden_from($1) AS hidden), whole AS (SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at
    FROM collection, h
    WHERE NOT name = ANY(hidden)) SELECT w.version, s.*
    FROM whole w
    LEFT JOIN (SELECT DISTINCT ON (d.dimension, d.code) d.dimension, d.code, s.dataset, s.frequency, ARRAY[s.measure, s.source, s.geo, s.maker, s.brand, s.model, s.vehicle_class, s.powertrain, s.operator, s.access, s.current] AS all_codes, s.first_period, s.last_period, s.observations, count(*) OVER (PARTITION BY d.dimension, d.code) AS matches
    FROM series s CROSS JOIN LATERAL (VALUES ('maker', s.maker), ('model', s.model)) d (dimension, code)
    WHERE s.observations > 0
    AND NOT s.dataset = ANY((SELECT hidden
    FROM h)::text[])
    AND (s.maker = ANY($2)
    OR s.model = ANY($3))
    AND (d.dimension = 'maker'
    AND s.maker = ANY($2)
    OR d.dimension = 'model'
    AND s.model = ANY($3))
    ORDER BY d.dimension, d.code, 2.5 * ((s.maker <> '_T')::int + (s.brand <> '_T')::int + (s.model <> '_T')::int + (s.vehicle_class <> '_T')::int + (s.powertrain <> '_T')::int + (s.operator <> '_T')::int + (s.access <> '_T')::int + (s.current <> '_T')::int) - ln(s.observations), s.geo <> 'CN', s.group_key, s.source) s ON true
    $1 MaybeTexts(None)
    $2 Texts(["byd", "tesla"])
    $3 Texts(["tesla--model-y"])
    "#);
}
