//! What the lists of the catalog can be filtered by.

use crate::filter::{Known, Numbers, Piece, Words, filters};
use crate::timeseries::dataset::Vocabulary;

filters! {
    /// Which codes.
    pub struct CodeFilter {
        /// A piece of the code or of a name, English or Chinese, in upper or lower case.
        q: Piece = "比亚迪",
        /// Codes that they stand directly below, separated by commas; `_T` for those at the top of the list.
        parent: Words = "geely-holding",
    }
}

filters! {
    /// Which sources. Several values of one parameter, separated by commas, are alternatives; parameters together must all hold.
    pub struct SourceFilter {
        /// Kinds: association, agency, press, research, company and others.
        kind: Words = "association,agency",
        /// A piece of the code or of a name, English or Chinese, in upper or lower case.
        q: Piece = "汽车工业协会",
        /// A piece of the licence, in upper or lower case.
        licence: Piece = "CC BY",
    }
}

filters! {
    /// Which documents. Several values of one parameter, separated by commas, are alternatives; parameters together must all hold.
    pub struct DocumentFilter {
        /// Ids of documents, as observations and records name them.
        id: Words = "iea-gevo-2025,smm-103720172",
        /// Publishers of their main figures.
        source: Words = "caam,oica",
        /// A piece of the id, the title, the address or the publisher's name, in upper or lower case.
        q: Piece = "outlook",
    }
}

filters! {
    /// Which releases. Several values of one parameter, separated by commas, are alternatives; parameters together must all hold.
    pub struct ReleaseFilter {
        /// Datasets or collections of records that they changed.
        collection: Words = "production",
        /// Documents that they were made from.
        document: Words = "iea-gevo-2025",
        /// Sources of the documents that they were made from.
        source: Words = "caam",
        /// `initial` for what was taken in first, `corrected` for what replaced an earlier release of its document.
        reason: Words = "corrected",
        /// Numbers of the imports that they were part of.
        import: Numbers = "1",
        /// `true` for withdrawn releases only, `false` for the others only.
        withdrawn: bool = false,
    }
}

/// The words that the filters may name; `documents` where they are asked for.
pub fn known(vocabulary: &Vocabulary, documents: Vec<String>) -> Known {
    let mut known = Known::default().with("reason", &["initial", "corrected"]);
    let alone = |parameter: &'static str| move |word: String| (parameter.to_owned(), word, None);
    known.extend(vocabulary.sources.values().map(|source| source.kind.clone()).map(alone("kind")));
    known.extend(vocabulary.sources.keys().cloned().map(alone("source")));
    known.extend(vocabulary.versions.keys().cloned().map(alone("collection")));
    let both = |id: String| ["document", "id"].map(|parameter| (parameter.to_owned(), id.clone(), None));
    known.extend(documents.into_iter().flat_map(both));
    known
}
