//! The documents that a file is: one, or one for each source, or those that a column names. Each becomes a release.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Received;
use super::lists::code_of;
use super::mapping::{Coverage, Document, Mapping};
use super::target::{Fact, Target};
use super::world::World;
use crate::timeseries::key::{Dimension, illegal_code};
use crate::timeseries::period::PartialDate;

/// A document of a file.
#[derive(Debug, Clone)]
pub struct Stating {
    /// Its id.
    pub id: String,
    /// The source that most of it is of, by code.
    source: String,
}

/// A document as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Its id.
    pub id: String,
    /// The last day that its printed date may mean.
    pub published: Option<NaiveDate>,
    /// Whether it speaks for its whole scope.
    pub is_edition: bool,
    /// Its row; `None` where it stands already.
    pub row: Option<Value>,
    /// The release whose place it takes.
    pub corrects: Option<i32>,
    /// SHA-256 over the file and the id.
    pub checksum: [u8; 32],
}

/// How figures are told apart by document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// All are of one.
    File,
    /// Each source has its own.
    Source,
    /// A column names them.
    Column,
}

/// The documents that a file is.
pub struct Documents {
    says: Document,
    id: String,
    checksum: [u8; 32],
    file: String,
    by: By,
    /// In the order in which they come.
    pub stating: Vec<Stating>,
    slots: HashMap<String, u16>,
}

impl Documents {
    /// What is said of the file, checked as far as it does not depend on its rows.
    pub fn new(mapping: &Mapping, received: &Received) -> Result<Self, Vec<String>> {
        let says = mapping.document.clone();
        let mut reasons = Vec::new();
        if let Some(reason) = says.id.as_deref().and_then(illegal_code) {
            reasons.push(format!("the document's id {:?}: {reason}", says.id.as_deref().unwrap_or_default()));
        }
        if let Some(Err(reason)) = says.published.as_deref().map(str::parse::<PartialDate>) {
            reasons.push(format!("the document's date of publication: {reason}"));
        }
        if let Some(url) =
            says.url.as_deref().filter(|url| !url.starts_with("http://") && !url.starts_with("https://"))
        {
            reasons.push(format!("the document's address {url:?} does not begin with http:// or https://"));
        }
        let has = |target| mapping.columns.contains_key(&target);
        let by = match (has(Target::Fact(Fact::Document)), has(Target::Dimension(Dimension::Source))) {
            (true, _) => By::Column,
            (false, true) => By::Source,
            (false, false) => By::File,
        };
        let id = says.id.clone().unwrap_or_else(|| made_id(received));
        let (checksum, file) = (received.checksum, received.name.clone());
        let all = Self { says, id, checksum, file, by, stating: Vec::new(), slots: HashMap::new() };
        if reasons.is_empty() { Ok(all) } else { Err(reasons) }
    }

    /// The source of figures that name none.
    pub fn source(&self) -> Option<String> {
        self.says.source.clone()
    }

    /// The number of the document that states a figure of this source.
    pub fn slot(&mut self, column: Option<&str>, source: &str) -> Result<u16, String> {
        let id = match (self.by, column.filter(|id| !id.is_empty())) {
            (By::Column, Some(id)) => id,
            (By::Source, _) => source,
            _ => "",
        };
        match self.slots.get(id) {
            Some(slot) => Ok(*slot),
            None => self.begin(id, source),
        }
    }

    fn begin(&mut self, id: &str, source: &str) -> Result<u16, String> {
        let slot = u16::try_from(self.stating.len())
            .map_err(|_| "the file has more than 65,535 documents".to_owned())?;
        let whole = match self.by {
            By::Source => format!("{}-{source}", self.id),
            _ if id.is_empty() => self.id.clone(),
            _ => id.to_owned(),
        };
        if let Some(reason) = illegal_code(&whole) {
            return Err(reason.to_owned());
        }
        let said =
            self.says.source.clone().filter(|code| self.by != By::Source && illegal_code(code).is_none());
        let source = said.unwrap_or_else(|| source.to_owned());
        self.stating.push(Stating { id: whole, source });
        self.slots.insert(id.to_owned(), slot);
        Ok(slot)
    }

    /// The documents as they are written, and what deserves a look; or what they lack or contradict.
    pub fn finish(
        &mut self,
        dataset: &str,
        world: &World,
        replace: bool,
    ) -> Result<(Vec<Written>, Vec<String>), Vec<String>> {
        if let ([only], By::Source) = (self.stating.as_mut_slice(), self.by) {
            only.id.clone_from(&self.id);
        }
        let (mut written, mut warnings, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
        for stating in &self.stating {
            match self.written(stating, dataset, world, replace) {
                Ok(one) => {
                    if one.published.is_none() {
                        warnings.push(format!(
                            "the document {} has no date of publication (--published): where a dated one states the same figure, that holds",
                            one.id
                        ));
                    }
                    written.push(one);
                }
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() { Ok((written, warnings)) } else { Err(reasons) }
    }

    fn written(
        &self,
        stating: &Stating,
        dataset: &str,
        world: &World,
        replace: bool,
    ) -> Result<Written, String> {
        let id = &stating.id;
        let corrects = match world.releases.get(&(dataset.to_owned(), id.clone())) {
            Some((release, kind)) if kind == "file" && replace => Some(*release),
            Some((release, kind)) if kind == "file" => {
                return Err(format!(
                    "the document {id} was taken in already, as release {release}: name another document (--document), or have this one take its place (--replace)"
                ));
            }
            Some((release, _)) => {
                return Err(format!(
                    "the document {id} is one of those that the service ships with (release {release}): name another (--document)"
                ));
            }
            None => None,
        };
        let mut digest = Sha256::new_with_prefix(self.checksum);
        digest.update(id);
        let known = world.documents.get(id);
        let printed = self.says.published.as_deref().and_then(|date| date.parse::<PartialDate>().ok());
        let said = printed.map(|date| date.last);
        if known.is_some_and(|known| said.is_some() && known.published != said) {
            return Err(format!(
                "the document {id} stands already, with another date of publication: leave out --published, or name another \
                 document (--document)"
            ));
        }
        let is_edition =
            known.map_or(self.says.coverage == Some(Coverage::Edition), |known| known.is_edition);
        Ok(Written {
            id: id.clone(),
            published: known.map_or(said, |known| known.published),
            is_edition,
            row: if known.is_some() { None } else { Some(self.row(stating, world, said)?) },
            corrects,
            checksum: digest.finalize().into(),
        })
    }

    /// Its row in the table of documents.
    fn row(&self, stating: &Stating, world: &World, until: Option<NaiveDate>) -> Result<Value, String> {
        let Document { publisher, title, url, published, licence, note, coverage, .. } = &self.says;
        let source = world.sources.get(&stating.source);
        let licence = licence.clone().or_else(|| Some(source?.licence.clone())).ok_or_else(|| {
            format!(
                "the document {} needs a licence (--licence): its source {} has none here yet",
                stating.id, stating.source
            )
        })?;
        let publisher = publisher.clone().or_else(|| Some(source?.name_en.clone()));
        let coverage = if *coverage == Some(Coverage::Edition) { "edition" } else { "patch" };
        Ok(json!({
            "document_id": stating.id,
            "source": stating.source,
            "publisher": publisher.unwrap_or_else(|| stating.source.clone()),
            "title": title.clone().unwrap_or_else(|| self.file.clone()),
            "url": url,
            "published": published,
            "published_until": until,
            "licence": licence,
            "note": note,
            "coverage": coverage,
        }))
    }
}

/// An id made of what is known of a file without asking.
fn made_id(received: &Received) -> String {
    let stem = received.name.split('.').next().unwrap_or_default();
    let stem: String = stem.chars().take(40).collect();
    let mut begin = [0; 4];
    begin.copy_from_slice(&received.checksum[..4]);
    let begin = u32::from_be_bytes(begin);
    format!("{}-{begin:08x}", code_of(&stem).unwrap_or_else(|| "file".to_owned()))
}
