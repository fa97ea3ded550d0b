//! What a file is held against: the lists, sources, documents and datasets that there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::access::Permit;
use crate::catalog::{read_codes, read_datasets, read_restricted, read_sources};
use crate::error::Result;
use crate::timeseries::dataset::{CodeList, Dataset, Source};
use crate::timeseries::key::Dimension;

/// A document that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The last day that its printed date may mean.
    pub published: Option<NaiveDate>,
    /// Whether it speaks for its whole scope.
    pub is_edition: bool,
}

/// All of it, in one state.
pub struct World {
    /// The datasets, but for restricted ones that may not be written.
    pub datasets: Vec<Dataset>,
    /// The names of those that exist for some callers only.
    pub restricted: BTreeSet<String>,
    /// The code lists, but for measures and sources.
    pub codes: HashMap<Dimension, CodeList>,
    /// The codes of all measures.
    pub measures: Vec<String>,
    /// The sources.
    pub sources: BTreeMap<String, Source>,
    /// The documents by id.
    pub documents: HashMap<String, Stored>,
    /// The release that counts of each collection and document, and the kind of its import.
    pub releases: HashMap<(String, String), (i32, String)>,
}

impl World {
    /// Reads all of it.
    pub async fn read(connection: &mut PgConnection) -> Result<Self> {
        let documents = sqlx::query!(
            "SELECT document_id, published_until, coverage FROM document WHERE superseded_by IS NULL"
        );
        let documents = documents.fetch_all(&mut *connection).await?.into_iter().map(|row| {
            let is_edition = row.coverage == "edition";
            (row.document_id, Stored { published: row.published_until, is_edition })
        });
        let documents = documents.collect();
        let releases = sqlx::query!(
            "SELECT collection, document_id AS \"document_id!\", release_id, kind FROM release JOIN import USING (import_id)
             WHERE document_id IS NOT NULL AND superseded_by IS NULL AND withdrawn_at IS NULL
             ORDER BY release_id"
        );
        let releases = releases.fetch_all(&mut *connection).await?;
        let measures = sqlx::query_scalar!(
            "SELECT code FROM code WHERE dimension = 'measure' AND superseded_by IS NULL"
        );
        Ok(Self {
            documents,
            releases: releases
                .into_iter()
                .map(|row| ((row.collection, row.document_id), (row.release_id, row.kind)))
                .collect(),
            measures: measures.fetch_all(&mut *connection).await?,
            datasets: read_datasets(connection).await?,
            restricted: read_restricted(connection).await?,
            codes: read_codes(connection).await?,
            sources: read_sources(connection).await?,
        })
    }

    /// What of it somebody may know who may write so much: not the names of restricted datasets that are no business of theirs.
    #[must_use]
    pub fn permitted(mut self, permit: &Permit) -> Self {
        let restricted = &self.restricted;
        self.datasets.retain(|dataset| {
            let name = &dataset.name;
            !restricted.contains(name) || permit.check(name, true).is_ok()
        });
        self
    }
}
