//! Which parts are new, corrected or gone, and the releases that this makes.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::pack::Part;
use crate::error::Result;
use crate::timeseries::overlay::Origin;

/// Why a release whose document is no longer among the data files is withdrawn.
pub const GONE: &str = "the document is no longer part of the bundled data";

/// One import: what it takes in and when.
#[derive(Debug, Clone, Copy)]
pub struct Import {
    /// Its number, where it is known already.
    pub number: Option<i32>,
    /// SHA-256 over everything.
    pub checksum: [u8; 32],
    /// The moment of loading.
    pub at: DateTime<Utc>,
    /// The day of loading, in China.
    pub today: NaiveDate,
}

/// A part that was taken in.
#[derive(Debug)]
pub struct Taken {
    /// Its release.
    pub release: i32,
    /// The release that it corrects.
    pub corrects: Option<i32>,
    /// What it states.
    pub part: Part,
}

/// A release whose document is gone.
#[derive(Debug)]
pub struct Gone {
    /// Its id.
    pub release: i32,
    /// What it belonged to.
    pub collection: String,
}

/// What an import changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// New releases, in the order of their ids.
    pub taken: Vec<Taken>,
    /// Withdrawn ones.
    pub gone: Vec<Gone>,
}

impl Changes {
    /// Whether everything is as it was.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty() && self.gone.is_empty()
    }

    /// The collections that change, each once.
    pub fn collections(&self) -> Vec<String> {
        let taken = self.taken.iter().map(|taken| taken.part.collection.clone());
        let all: HashSet<String> =
            taken.chain(self.gone.iter().map(|gone| gone.collection.clone())).collect();
        all.into_iter().collect()
    }

    /// Each release that no longer counts, with the one that took its place; with itself where it was withdrawn.
    pub fn replaced(&self) -> (Vec<i32>, Vec<i32>) {
        let corrected = self.taken.iter().filter_map(|taken| Some((taken.corrects?, taken.release)));
        corrected.chain(self.gone.iter().map(|gone| (gone.release, gone.release))).unzip()
    }
}

/// The latest release of a document and collection.
struct Latest {
    release: i32,
    checksum: Vec<u8>,
    withdrawn: Option<String>,
}

type Place = (String, Option<String>);

/// Writes the bundled import and its releases: what is as it was is left alone. Parts of records keep their order, and so
/// do ids.
pub async fn write(connection: &mut PgConnection, import: Import, parts: Vec<Part>) -> Result<Changes> {
    let import_id = begin(connection, "bundled", import).await?;
    let latest = latest(connection).await?;
    let places: HashSet<Place> = parts.iter().map(place).collect();
    let gone = latest.iter().filter(|(place, latest)| latest.withdrawn.is_none() && !places.contains(*place));
    let gone = gone
        .map(|((collection, _), latest)| Gone { release: latest.release, collection: collection.clone() });
    let gone: Vec<Gone> = gone.collect();
    let changed: Vec<Part> =
        parts.into_iter().filter(|part| latest.get(&place(part)).is_none_or(|l| differs(l, part))).collect();
    let ids = insert(connection, import_id, import, &changed, &latest).await?;
    let taken = ids.into_iter().zip(changed).map(|(release, part)| {
        let corrects = latest.get(&place(&part)).filter(|l| l.withdrawn.is_none()).map(|l| l.release);
        Taken { release, corrects, part }
    });
    let all = Changes { taken: taken.collect(), gone };
    retire(connection, import, &all).await?;
    Ok(all)
}

/// Writes an import whose parts have no releases before them.
pub async fn append(
    connection: &mut PgConnection,
    kind: &str,
    import: Import,
    parts: Vec<Part>,
) -> Result<Changes> {
    let none = vec![None; parts.len()];
    append_correcting(connection, kind, import, parts, &none).await
}

/// Writes an import of parts of which some take the place of a release.
pub async fn append_correcting(
    connection: &mut PgConnection,
    kind: &str,
    import: Import,
    parts: Vec<Part>,
    corrects: &[Option<i32>],
) -> Result<Changes> {
    let import_id = begin(connection, kind, import).await?;
    let corrected =
        parts.iter().zip(corrects).filter_map(|(part, corrects)| Some((place(part), (*corrects)?)));
    let earlier = |release| Latest { release, checksum: Vec::new(), withdrawn: None };
    let latest = corrected.map(|(place, release)| (place, earlier(release))).collect();
    let ids = insert(connection, import_id, import, &parts, &latest).await?;
    let taken = ids.into_iter().zip(parts).zip(corrects);
    let taken = taken.map(|((release, part), corrects)| Taken { release, corrects: *corrects, part });
    let all = Changes { taken: taken.collect(), gone: Vec::new() };
    retire(connection, import, &all).await?;
    Ok(all)
}

async fn begin(connection: &mut PgConnection, kind: &str, import: Import) -> Result<i32> {
    if let Some(number) = import.number {
        return Ok(number);
    }
    let id = sqlx::query_scalar!(
        "INSERT INTO import (kind, checksum, imported_at) VALUES ($1, $2, $3) RETURNING import_id",
        kind,
        &import.checksum[..],
        import.at,
    );
    Ok(id.fetch_one(connection).await?)
}

fn place(part: &Part) -> Place {
    (part.collection.clone(), part.document.clone())
}

/// Whether a part must be taken in again. One that was withdrawn by hand stays so until its rows change.
fn differs(latest: &Latest, part: &Part) -> bool {
    latest.checksum != part.checksum || latest.withdrawn.as_deref() == Some(GONE)
}

async fn latest(connection: &mut PgConnection) -> Result<HashMap<Place, Latest>> {
    let rows = sqlx::query!(
        "SELECT release_id, collection, document_id, release.checksum, withdrawn_reason
         FROM release JOIN import USING (import_id)
         WHERE kind = 'bundled' AND superseded_by IS NULL ORDER BY release_id",
    )
    .fetch_all(connection)
    .await?;
    let latest = rows.into_iter().map(|row| {
        let (release, checksum, withdrawn) = (row.release_id, row.checksum, row.withdrawn_reason);
        ((row.collection, row.document_id), Latest { release, checksum, withdrawn })
    });
    Ok(latest.collect())
}

async fn insert(
    connection: &mut PgConnection,
    import_id: i32,
    import: Import,
    parts: &[Part],
    latest: &HashMap<Place, Latest>,
) -> Result<Vec<i32>> {
    let collections: Vec<String> = parts.iter().map(|part| part.collection.clone()).collect();
    let documents: Vec<Option<String>> = parts.iter().map(|part| part.document.clone()).collect();
    let published: Vec<Option<NaiveDate>> =
        parts.iter().map(|part| part.published.map(|day| day.min(import.today))).collect();
    let scopes: Vec<String> = parts.iter().map(|part| part.scope.join(" ")).collect();
    let corrected: Vec<bool> = parts.iter().map(|part| latest.contains_key(&place(part))).collect();
    let checksums: Vec<Vec<u8>> = parts.iter().map(|part| part.checksum.to_vec()).collect();
    let counts: Vec<i32> = parts.iter().map(|part| i32::try_from(part.rows()).unwrap_or(i32::MAX)).collect();
    let ids = sqlx::query_scalar!(
        "INSERT INTO release (import_id, released_at, collection, document_id, published, coverage, edition_scope,
                              reason, checksum, row_count)
         SELECT $1, $2, collection, document_id, published, CASE scope WHEN '' THEN 'patch' ELSE 'edition' END,
                string_to_array(scope, ' '), CASE WHEN corrected THEN 'corrected' ELSE 'initial' END, checksum, row_count
         FROM UNNEST($3::text[], $4::text[], $5::date[], $6::text[], $7::boolean[], $8::bytea[], $9::integer[])
              WITH ORDINALITY
              AS part (collection, document_id, published, scope, corrected, checksum, row_count, position)
         ORDER BY position RETURNING release_id",
        import_id,
        import.at,
        &collections,
        &documents as &[Option<String>],
        &published as &[Option<NaiveDate>],
        &scopes,
        &corrected,
        &checksums,
        &counts,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

async fn retire(connection: &mut PgConnection, import: Import, changes: &Changes) -> Result<()> {
    let corrected = changes.taken.iter().filter_map(|taken| Some((taken.corrects?, taken.release)));
    let (old, new): (Vec<i32>, Vec<i32>) = corrected.unzip();
    sqlx::query!(
        "UPDATE release SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old",
        &old,
        &new,
    )
    .execute(&mut *connection)
    .await?;
    let gone: Vec<i32> = changes.gone.iter().map(|gone| gone.release).collect();
    sqlx::query!(
        "UPDATE release SET withdrawn_at = $2, withdrawn_reason = $3 WHERE release_id = ANY($1)",
        &gone,
        import.at,
        GONE,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Releases as the overlay must know them, by id.
pub type Origins = HashMap<i32, Origin>;

/// The releases of a dataset, withdrawn and superseded ones too.
pub async fn origins(connection: &mut PgConnection, dataset: &str) -> Result<Origins> {
    let rows = sqlx::query!(
        "SELECT release_id, published, superseded_by, withdrawn_at IS NOT NULL AS \"withdrawn!\"
         FROM release WHERE collection = $1",
        dataset,
    )
    .fetch_all(connection)
    .await?;
    let all = rows.into_iter().map(|row| Origin {
        release: row.release_id,
        published: row.published,
        superseded_by: row.superseded_by,
        withdrawn: row.withdrawn,
    });
    Ok(all.map(|origin| (origin.release, origin)).collect())
}
