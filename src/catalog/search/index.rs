//! Everything that has a name, ready to be compared: built once a state of the database, and kept until a version moves on.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::text::Names;
use super::words::Lexicon;
use super::{Found, Kind, records};
use crate::catalog::{Vocabularies, codes};
use crate::database::Versioned;
use crate::error::Result;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::key::{Dimension, TOTAL};

/// What a text is looked for in.
#[derive(Debug)]
pub struct Index {
    /// What it was built of, beside the records of the same state.
    pub(super) vocabulary: Arc<Vocabulary>,
    /// The version of everything together.
    pub(super) version: i64,
    /// When any of it last changed.
    pub(super) changed_at: DateTime<Utc>,
    /// Codes, sources and records with their names.
    pub(super) things: Vec<(Names, Found)>,
    /// Which words name which codes.
    pub(super) lexicon: Lexicon,
}

impl Index {
    /// The index of the present state: the one kept, where no version has changed since it was built.
    pub async fn current(pool: &PgPool, vocabularies: &Vocabularies) -> Result<Arc<Self>> {
        let vocabulary = vocabularies.current().await?;
        if let Some(kept) = vocabularies.index().filter(|kept| Arc::ptr_eq(&kept.vocabulary, &vocabulary)) {
            return Ok(kept);
        }
        let (vocabulary, read) = vocabularies.beside(|| records::records(pool, vocabularies.sight())).await?;
        let Versioned { version, changed_at, data: mut things } = read;
        things.extend(coded(&vocabulary));
        let lexicon = lexicon(&vocabulary);
        let built = Arc::new(Self { vocabulary, version, changed_at, things, lexicon });
        vocabularies.keep_index(Arc::clone(&built));
        Ok(built)
    }
}

/// The codes and sources with their names.
fn coded(vocabulary: &Vocabulary) -> Vec<(Names, Found)> {
    let mut all = Vec::new();
    for dimension in Dimension::ALL {
        for code in codes::list(vocabulary, dimension, false).into_iter().filter(|code| code.code != TOTAL) {
            let names = [Some(code.name_en.as_str()), code.name_zh.as_deref()];
            let names = Names::new(&code.code, names.into_iter().flatten(), None);
            let kind = code.attributes.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
            let (of, detail) = match dimension {
                Dimension::Source => (Kind::Source, kind.to_owned()),
                _ => (Kind::Code, dimension.name().to_owned()),
            };
            all.push((
                names,
                Found {
                    kind: of,
                    dimension: Some(dimension),
                    id: code.code,
                    name_en: code.name_en,
                    name_zh: code.name_zh,
                    detail,
                },
            ));
        }
    }
    all
}

/// Which words name which codes.
fn lexicon(vocabulary: &Vocabulary) -> Lexicon {
    let mut lexicon = Lexicon::default();
    for dimension in Dimension::ALL {
        for code in codes::list(vocabulary, dimension, false) {
            let names = [Some(code.name_en.as_str()), code.name_zh.as_deref()];
            lexicon.add(dimension, &code.code, names.into_iter().flatten());
        }
    }
    lexicon
}
