//! What was read as releases: the lists that it adds to, its documents, and its figures, in the transaction of the import.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Job;
use super::documents::Written;
use super::lists::Lists;
use super::mapping::{NewCode, NewSource};
use super::options::Options;
use super::own::{Description, bundled};
use super::progress::Progress;
use super::read::{Content, whole};
use super::report::{FaultKind, Report};
use super::series::Numbered;
use super::spool::{PARTITIONS, Row, Spool};
use super::world::World;
use crate::access::{Action, note};
use crate::catalog::read_codes;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::ingest::bulk::{self, Figure, Listed};
use crate::ingest::entry::{Entry, Observation, Table};
use crate::ingest::pack::Part;
use crate::ingest::releases::{self, Import};
use crate::ingest::walk::{Change, Walk};
use crate::ingest::{describe_datasets, raise_versions, records, rollup};
use crate::timeseries::key::Dimension;

/// The documents as they are written; `None` where something keeps the file from being taken in, which the report then tells.
pub fn plan(content: &mut Content, world: &World, options: &Options) -> Option<Vec<Written>> {
    let report = &mut content.report;
    report.faults.listed.sort_by_key(|fault| fault.line);
    report.warnings.listed.sort_by_key(|warning| warning.line);
    report.series = content.series.len() as u64;
    report.datasets = vec![content.dataset.name.clone()];
    if content.is_new
        && let Some(described) = content.mapping.describes.as_deref().and_then(bundled)
    {
        let lists = &content.lists;
        for reason in described.faults(world, &|dimension, code| lists.number(dimension, code).is_some()) {
            report.faults.add(whole(FaultKind::Mapping, reason));
        }
    }
    let written = match content.documents.finish(&content.dataset.name, world, options.replace) {
        Ok((written, warnings)) => {
            for reason in warnings {
                report.warnings.add(whole(FaultKind::Document, reason));
            }
            written
        }
        Err(reasons) => {
            for reason in reasons {
                report.faults.add(whole(FaultKind::Document, reason));
            }
            return None;
        }
    };
    if report.observations == 0 && report.faults.count == 0 {
        report.faults.add(whole(FaultKind::Value, "no row of the file states a figure that can be taken in"));
        return None;
    }
    let is_taken = report.faults.count == 0 || (options.skip_faulty && !report.is_broken);
    (is_taken && report.observations > 0).then_some(written)
}

/// Writes all of it, and answers with the number of the import.
pub async fn write(
    connection: &mut PgConnection,
    mut content: Content,
    written: Vec<Written>,
    (job, world): (Job<'_>, &World),
    clock: &Clock,
    progress: &Progress,
) -> Result<(i32, Report)> {
    let checksum = job.received.checksum;
    let import = Import { number: job.number, checksum, at: clock.now(), today: clock.today() };
    let dataset = content.dataset.name.clone();
    describe_datasets(connection, std::slice::from_ref(&dataset), import.at).await?;
    let codes_before = read_codes(connection).await?;
    let before = releases::origins(connection, &dataset).await?;
    let mut parts = listed(&mut content, &written, world, &checksum);
    let lists = parts.len();
    let extents = extents(&mut content)?;
    let mut order: Vec<usize> = (0..written.len()).collect();
    order.sort_by_key(|at| (written[*at].published, &written[*at].id));
    parts.extend(order.iter().map(|at| figures(&dataset, &written[*at], &extents[*at].scope)));
    let corrects: Vec<Option<i32>> =
        vec![None; lists].into_iter().chain(order.iter().map(|at| written[*at].corrects)).collect();
    let mut changes = releases::append_correcting(connection, "file", import, parts, &corrects).await?;
    records::write(connection, import.today, &mut changes).await?;
    let mut release_of = vec![0; written.len()];
    for (at, taken) in order.iter().zip(&changes.taken[lists..]) {
        release_of[*at] = taken.release;
    }
    let collections = changes.collections();
    let import_id = import_of(connection, changes.taken[0].release).await?;
    let mut report = std::mem::take(&mut content.report);
    report.releases = changes.taken[lists..].iter().map(|taken| taken.release).collect();
    let dead: Vec<i32> = changes.replaced().0;
    let change = Change { dataset: dataset.clone(), new: report.releases.clone(), dead, before };
    figures_of(connection, content, change, &release_of, progress).await?;
    counts(connection, &release_of, &extents).await?;
    rollup::settle(connection, &codes_before, import.at).await?;
    raise_versions(connection, import.at, &collections).await?;
    finish(connection, import_id, (job, import), &report, clock).await?;
    Ok((import_id, report))
}

/// Has the import be done, unless somebody asked to end it.
async fn finish(
    connection: &mut PgConnection,
    import_id: i32,
    (job, import): (Job<'_>, Import),
    report: &Report,
    clock: &Clock,
) -> Result<()> {
    let Job { received, options, kept, by, .. } = job;
    if let Some(by) = by {
        let subject = format!("import {import_id}");
        note(connection, Action::Import, (&subject, Some(&received.name)), by, import.at).await?;
    }
    let finished = sqlx::query!(
        "UPDATE import SET state = 'done', imported_at = $6, finished_at = $7, is_kept = $8,
                           file_name = $2, file_size = $3, bytes_read = $3, options = $4, report = $5, rows_read = $9
         WHERE import_id = $1 AND NOT is_cancelled",
        import_id,
        received.name,
        i64::try_from(received.size).unwrap_or(i64::MAX),
        json!(options),
        json!(report),
        import.at,
        clock.now(),
        kept.is_some(),
        i64::try_from(report.rows_read).unwrap_or(i64::MAX),
    )
    .execute(connection)
    .await?;
    // Whoever cancels it from now on waits for the commit, and finds that it is done.
    if finished.rows_affected() == 0 {
        return Err(Error::Cancelled);
    }
    Ok(())
}

/// Writes a dataset that comes by itself.
pub async fn describe(
    connection: &mut PgConnection,
    description: &Description,
    world: &World,
    (checksum, is_kept): ([u8; 32], bool),
    clock: &Clock,
) -> Result<()> {
    let import = Import { number: None, checksum, at: clock.now(), today: clock.today() };
    describe_datasets(connection, std::slice::from_ref(&description.dataset), import.at).await?;
    let parts = vec![part("codes", description.entries(world), checksum)];
    let mut changes = releases::append(connection, "file", import, parts).await?;
    let import_id = import_of(connection, changes.taken[0].release).await?;
    let name = format!("{}.toml", description.dataset);
    sqlx::query!(
        "UPDATE import SET file_name = $2, is_kept = $3 WHERE import_id = $1",
        import_id,
        name,
        is_kept,
    )
    .execute(&mut *connection)
    .await?;
    records::write(connection, import.today, &mut changes).await?;
    raise_versions(connection, import.at, &changes.collections()).await
}

async fn import_of(connection: &mut PgConnection, release: i32) -> Result<i32> {
    let import = sqlx::query_scalar!("SELECT import_id FROM release WHERE release_id = $1", release);
    Ok(import.fetch_one(connection).await?)
}

fn part(collection: &str, entries: Vec<Entry>, checksum: [u8; 32]) -> Part {
    let (document, published, scope, observations) = (None, None, Vec::new(), Vec::new());
    Part { collection: collection.to_owned(), document, published, scope, checksum, entries, observations }
}

/// The records that come with a file: its dataset, codes, sources and documents.
fn listed(content: &mut Content, written: &[Written], world: &World, checksum: &[u8; 32]) -> Vec<Part> {
    let mut codes = Vec::new();
    if content.is_new
        && let Some(described) = content.mapping.describes.as_deref().and_then(bundled)
    {
        codes.extend(described.entries(world));
    }
    let added = content.lists.added.iter().filter(|code| code.dimension != Dimension::Source);
    codes.extend(added.clone().zip(10_000..).map(|(code, position)| code_entry(code, position)));
    content.report.added = added.map(|code| format!("{}:{}", code.dimension, code.code)).collect();
    let first = world.sources.values().map(|source| source.precedence).max().unwrap_or_default() + 1;
    let known = |source: &&NewSource| !world.sources.contains_key(&source.source);
    let new = content.mapping.source.iter().chain(&content.sources).filter(known);
    content.report.added.extend(new.clone().map(|source| format!("source:{}", source.source)));
    let mut sources: Vec<Entry> =
        new.zip(first..).map(|(source, place)| source_entry(source, place)).collect();
    let document = |row: &Value| Entry { table: Table::Document, document: None, row: row.clone() };
    sources.extend(written.iter().filter_map(|one| one.row.as_ref()).map(document));
    let parts =
        [("codes", codes), ("sources", sources)].into_iter().filter(|(_, entries)| !entries.is_empty());
    parts.map(|(collection, entries)| part(collection, entries, *checksum)).collect()
}

fn code_entry(code: &NewCode, position: i32) -> Entry {
    let mut attributes: BTreeMap<&str, &str> =
        code.attributes.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    attributes.extend(code.kind.as_deref().map(|kind| ("kind", kind)));
    attributes.extend(code.note.as_deref().map(|note| ("note", note)));
    let row = json!({
        "dimension": code.dimension, "code": code.code, "parent": code.parent, "position": position,
        "name_en": code.name_en, "name_zh": code.name_zh, "definition": code.definition, "attributes": attributes,
    });
    Entry { table: Table::Code, document: None, row }
}

fn source_entry(source: &NewSource, place: i32) -> Entry {
    let row = json!({
        "source": source.source, "name_en": source.name_en, "name_zh": source.name_zh, "kind": source.kind,
        "homepage": source.homepage, "precedence": place, "licence": source.licence, "note": source.note,
        "attribution": source.attribution,
    });
    Entry { table: Table::Source, document: None, row }
}

/// The release of a document, whose figures follow.
fn figures(dataset: &str, written: &Written, scope: &BTreeSet<String>) -> Part {
    Part {
        collection: dataset.to_owned(),
        document: Some(written.id.clone()),
        published: written.published,
        scope: if written.is_edition { scope.iter().cloned().collect() } else { Vec::new() },
        checksum: written.checksum,
        entries: Vec::new(),
        observations: Vec::new(),
    }
}

/// What a document comes to: what it speaks for, should it be an edition, and how many rows it has.
#[derive(Debug, Clone, Default)]
struct Extent {
    scope: BTreeSet<String>,
    rows: i32,
}

fn extents(content: &mut Content) -> Result<Vec<Extent>> {
    let mut extents = vec![Extent::default(); content.documents.stating.len()];
    let mut seen = HashSet::new();
    for number in 0..PARTITIONS {
        for row in content.spool.partition(number)? {
            let extent = &mut extents[usize::from(row.document)];
            extent.rows = extent.rows.saturating_add(1);
            if seen.insert((row.series, row.document)) {
                extent.scope.insert(content.series.scope(row.series, &content.lists));
            }
        }
    }
    Ok(extents)
}

/// Writes the figures: as they stream where the dataset has none yet, else through the walk, a partition at a time.
async fn figures_of(
    connection: &mut PgConnection,
    content: Content,
    change: Change,
    release_of: &[i32],
    progress: &Progress,
) -> Result<()> {
    let Content { lists, series, mut spool, .. } = content;
    let dataset = change.dataset.clone();
    let is_stored =
        sqlx::query_scalar!("SELECT EXISTS (SELECT FROM series WHERE dataset = $1) AS \"exists!\"", dataset);
    if !is_stored.fetch_one(&mut *connection).await? && release_of.len() == 1 && !spool.has_more_than_figures
    {
        return stream(connection, &dataset, release_of[0], (spool, series, lists)).await;
    }
    let mut walk = Walk::begin(connection, change).await?;
    for number in 0..PARTITIONS {
        progress.check()?;
        let rows = spool.partition(number)?;
        let mut places: HashMap<u32, usize> = HashMap::new();
        let mut slice = Vec::new();
        let mut stated = Vec::with_capacity(rows.len());
        for row in rows {
            let at = *places.entry(row.series).or_insert_with(|| {
                slice.push(series.series(row.series, &lists));
                slice.len() - 1
            });
            stated.push((release_of[usize::from(row.document)], observation(row, at)));
        }
        let stated: Vec<_> = stated.iter().map(|(release, row)| (*release, row)).collect();
        walk.take(connection, &slice, &stated).await?;
    }
    walk.finish(connection).await
}

/// Writes the figures of a dataset that has none, as they come.
async fn stream(
    connection: &mut PgConnection,
    dataset: &str,
    release: i32,
    (mut spool, series, lists): (Spool, Numbered, Lists),
) -> Result<()> {
    let rows_in_all = spool.rows();
    let rows = (0..PARTITIONS).map_while(move |number| spool.partition(number).ok());
    let codes = Arc::new((series, lists));
    let listed = rows.flat_map(move |rows| listed_series(rows, Arc::clone(&codes)));
    let written = bulk::write(connection, dataset, release, listed).await?;
    // Rows that could not be read back end the stream like the last ones do.
    if written.observations != rows_in_all {
        let lacking = format!("{} of {rows_in_all} came", written.observations);
        return Err(Error::internal("reading back the rows of a file", lacking));
    }
    Ok(())
}

fn observation(row: Row, series: usize) -> Observation {
    let Row { period, value, status, confirmation, note, .. } = row;
    Observation { series, period, value, status, confirmation, note: note.map(String::from) }
}

/// The series of sorted rows with their figures, one after the other: all of a partition at once would be half as much again as its rows.
fn listed_series(rows: Vec<Row>, codes: Arc<(Numbered, Lists)>) -> impl Iterator<Item = Listed> {
    let mut rows = rows.into_iter().peekable();
    std::iter::from_fn(move || {
        let (number, (series, lists)) = (rows.peek()?.series, &*codes);
        let of_series = std::iter::from_fn(|| rows.next_if(|row| row.series == number));
        let figures =
            of_series.map(|row| Figure { period: row.period, value: row.value, status: row.status });
        Some(Listed { figures: figures.collect(), series: series.series(number, lists) })
    })
}

/// Tells each release how many rows it has.
async fn counts(connection: &mut PgConnection, release_of: &[i32], extents: &[Extent]) -> Result<()> {
    let rows: Vec<i32> = extents.iter().map(|extent| extent.rows).collect();
    sqlx::query!(
        "UPDATE release SET row_count = new.rows FROM UNNEST($1::integer[], $2::integer[]) AS new (release_id, rows)
         WHERE release.release_id = new.release_id",
        release_of,
        &rows,
    )
    .execute(connection)
    .await?;
    Ok(())
}
