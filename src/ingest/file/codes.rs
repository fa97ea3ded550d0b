//! The codes of a row: found in the lists, or added to them where that is asked for.

use std::collections::BTreeMap;

use super::layout::Fields;
use super::lists::code_of;
use super::mapping::{NewCode, NewSource};
use super::report::{FaultKind, LISTED};
use super::rows::{Fault, Rows};
use super::target::Target;
use crate::timeseries::key::{Dimension, TOTAL};

impl Rows<'_> {
    /// The codes by number; `None` where one is unknown.
    pub(super) fn codes(&mut self, fields: &Fields<'_>) -> Option<[u32; 11]> {
        let mut codes = [0; 11];
        let mut is_whole = true;
        for at in 0..self.content.dataset.dimensions.len() {
            let dimension = self.content.dataset.dimensions[at];
            match self.code(dimension, fields) {
                Some(code) => codes[dimension as usize] = code,
                None => is_whole = false,
            }
        }
        if is_whole && self.content.dataset.dimensions.contains(&Dimension::Model) {
            let lists = &self.content.lists;
            let brand = lists.code(Dimension::Brand, codes[Dimension::Brand as usize]).to_owned();
            let of_model =
                lists.brand(codes[Dimension::Model as usize]).filter(|of| *of != brand).map(str::to_owned);
            if let Some(of_model) = of_model {
                let reason = format!("the model is one of {of_model}");
                self.expecting(
                    FaultKind::Contradiction,
                    Target::Dimension(Dimension::Brand),
                    &brand,
                    &reason,
                    &[&of_model],
                );
            }
        }
        is_whole.then_some(codes)
    }

    fn code(&mut self, dimension: Dimension, fields: &Fields<'_>) -> Option<u32> {
        let said = fields[Target::Dimension(dimension).place()];
        let only_measure = match self.content.dataset.measures.as_slice() {
            [only] => Some(only.code.clone()),
            _ => None,
        };
        let by_default = match dimension {
            Dimension::Source => self.content.documents.source(),
            Dimension::Measure => only_measure,
            Dimension::Geo => None,
            _ => Some(TOTAL.to_owned()),
        };
        let text = match (said, &by_default) {
            (Some(text), _) if !text.is_empty() => text,
            // A dimension that the file does not speak of; where it does, an empty field may be a slip.
            (None, Some(text)) => text,
            (Some(_), Some(text)) if dimension == Dimension::Source => text,
            _ => {
                let reason = match dimension {
                    Dimension::Source => "no source is said (--source)".to_owned(),
                    _ => format!("no {dimension} is said; the total is written {TOTAL}"),
                };
                self.fault(FaultKind::UnknownCode, Some(Target::Dimension(dimension)), "", reason);
                return None;
            }
        };
        let found = self.content.lists.find(dimension, text);
        if found.is_some() {
            return found;
        }
        if let Some(parent) = self.add_codes.get(&dimension) {
            return self.add(dimension, text, parent.as_deref(), fields);
        }
        // Looking for what is alike takes longer than reading the row; nobody sees it where the list is full.
        let is_listed = self.content.report.faults.listed.len() < LISTED;
        let expected = if is_listed { self.content.lists.alike(dimension, text) } else { Vec::new() };
        let (target, value) = (Some(Target::Dimension(dimension)), text.chars().take(200).collect());
        let way_out = if dimension == Dimension::Measure {
            String::new()
        } else {
            format!(" (--add-codes {dimension} adds it)")
        };
        let reason = format!("there is no {dimension} of this code or name{way_out}");
        self.faults.push(Fault {
            code: FaultKind::UnknownCode,
            target,
            value,
            reason,
            expected,
            is_warning: false,
        });
        None
    }

    /// Adds a code that no list has.
    fn add(
        &mut self,
        dimension: Dimension,
        text: &str,
        parent: Option<&str>,
        fields: &Fields<'_>,
    ) -> Option<u32> {
        let target = Some(Target::Dimension(dimension));
        // A formula that stands there without its result is no name.
        let Some(code) = code_of(text).filter(|_| !text.starts_with('=')) else {
            self.fault(FaultKind::UnknownCode, target, text, "no code can be made of it");
            return None;
        };
        if let Some(number) = self.content.lists.find(dimension, &code) {
            return Some(number);
        }
        if dimension == Dimension::Measure {
            self.fault(
                FaultKind::UnknownCode,
                target,
                text,
                "measures belong to the description of their dataset",
            );
            return None;
        }
        if dimension == Dimension::Source {
            let Some(licence) = self.content.mapping.document.licence.clone() else {
                self.fault(
                    FaultKind::Document,
                    target,
                    text,
                    "a source that is added needs a licence: say the document's (--licence)",
                );
                return None;
            };
            let (source, name_en, kind) = (code.clone(), text.to_owned(), "research".to_owned());
            self.content.sources.push(NewSource { source, name_en, kind, licence, ..NewSource::default() });
        }
        let attributes = self.attributes(dimension, fields);
        let is_chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        Some(self.content.lists.add(NewCode {
            dimension,
            code,
            parent: parent.map(str::to_owned),
            name_en: text.to_owned(),
            name_zh: is_chinese.then(|| text.to_owned()),
            definition: None,
            kind: (dimension == Dimension::Geo).then(|| kind_below(parent).to_owned()),
            note: None,
            attributes,
        }))
    }

    /// What the row tells of a model or brand that is added.
    fn attributes(&mut self, dimension: Dimension, fields: &Fields<'_>) -> BTreeMap<String, String> {
        let told: &[Dimension] = match dimension {
            Dimension::Model => &[Dimension::Brand, Dimension::Maker, Dimension::VehicleClass],
            Dimension::Brand => &[Dimension::Maker],
            _ => &[],
        };
        let lists = &mut self.content.lists;
        let code = |dimension: &Dimension| {
            let text = fields[Target::Dimension(*dimension).place()]
                .filter(|text| !text.is_empty() && *text != TOTAL)?;
            let number = lists.find(*dimension, text)?;
            Some((dimension.to_string(), lists.code(*dimension, number).to_owned()))
        };
        told.iter().filter_map(code).collect()
    }
}

/// The kind of a region below another.
fn kind_below(parent: Option<&str>) -> &'static str {
    match parent {
        Some("CN") => "province",
        Some(parent) if parent.starts_with("CN-") => "city",
        _ => "region",
    }
}
