//! The code lists as a file is held against them: texts are codes, names of codes, or what the mapping says they are.

use std::collections::{BTreeMap, HashMap};

use super::mapping::{Mapping, NewCode};
use crate::error::nearest;
use crate::timeseries::dataset::{CodeList, Dataset, Source};
use crate::timeseries::key::{Dimension, TOTAL, illegal_code};

/// How many different texts of a dimension are remembered; beyond, each is looked up anew.
const REMEMBERED: usize = 1 << 20;

/// The codes of one dimension by number.
#[derive(Default)]
struct List {
    codes: Vec<String>,
    /// By code, and by what mapping and lists call it.
    numbers: HashMap<String, u32>,
    /// By normalised name; `None` where several have it.
    names: HashMap<String, Option<u32>>,
    /// What texts were found to be.
    known: HashMap<Box<str>, Option<u32>>,
}

/// The codes of all dimensions, and those that a file adds.
pub struct Lists {
    by_dimension: Vec<List>,
    /// The brand of each model that names one.
    brands: HashMap<u32, String>,
    /// Codes that came with the file, in their order.
    pub added: Vec<NewCode>,
}

/// Without case, without blanks around it and without the stars of footnotes behind it.
pub fn normalised(text: &str) -> String {
    text.trim().trim_end_matches('*').trim_end().to_lowercase()
}

impl Lists {
    /// The lists as they stand, with what a mapping says of texts and new codes.
    pub fn new(
        dataset: &Dataset,
        codes: &HashMap<Dimension, CodeList>,
        sources: &BTreeMap<String, Source>,
        mapping: &Mapping,
    ) -> Self {
        let mut lists = Self { by_dimension: Vec::new(), brands: HashMap::new(), added: Vec::new() };
        lists.by_dimension.resize_with(Dimension::ALL.len(), List::default);
        for measure in &dataset.measures {
            lists.put(Dimension::Measure, &measure.code, [Some(&measure.name_en), measure.name_zh.as_ref()]);
        }
        for (code, source) in sources {
            lists.put(Dimension::Source, code, [Some(&source.name_en), source.name_zh.as_ref()]);
        }
        for (dimension, list) in codes {
            for code in list.iter() {
                let number = lists.put(*dimension, &code.code, [Some(&code.name_en), code.name_zh.as_ref()]);
                if let Some(brand) = code.attributes.get("brand").and_then(|brand| brand.as_str())
                    && *dimension == Dimension::Model
                {
                    lists.brands.insert(number, brand.to_owned());
                }
            }
        }
        for source in mapping.source.iter().filter(|source| !sources.contains_key(&source.source)) {
            lists.put(Dimension::Source, &source.source, [Some(&source.name_en), source.name_zh.as_ref()]);
        }
        for code in &mapping.code {
            if !lists.by_dimension[code.dimension as usize].numbers.contains_key(&code.code) {
                lists.add(code.clone());
            }
        }
        for (dimension, texts) in &mapping.codes {
            for (text, code) in texts {
                let list = &mut lists.by_dimension[*dimension as usize];
                let number = list.numbers.get(code).copied();
                // Goes before what the text would be by name.
                list.names.insert(normalised(text), number);
                list.known.insert(text.as_str().into(), number);
            }
        }
        lists
    }

    fn put(&mut self, dimension: Dimension, code: &str, names: [Option<&String>; 2]) -> u32 {
        let list = &mut self.by_dimension[dimension as usize];
        let number = u32::try_from(list.codes.len()).unwrap_or(u32::MAX);
        list.codes.push(code.to_owned());
        list.numbers.insert(code.to_owned(), number);
        for name in names.into_iter().flatten() {
            list.names
                .entry(normalised(name))
                .and_modify(|one| *one = one.filter(|one| *one == number))
                .or_insert(Some(number));
        }
        number
    }

    /// Adds a code that the file brings.
    pub fn add(&mut self, code: NewCode) -> u32 {
        let number = self.put(code.dimension, &code.code, [Some(&code.name_en), code.name_zh.as_ref()]);
        self.by_dimension[code.dimension as usize].known.clear();
        self.added.push(code);
        number
    }

    /// The number of the code that a text means.
    pub fn find(&mut self, dimension: Dimension, text: &str) -> Option<u32> {
        let list = &mut self.by_dimension[dimension as usize];
        if let Some(known) = list.known.get(text) {
            return *known;
        }
        let name = normalised(text);
        let found =
            list.numbers.get(text.trim()).copied().or_else(|| list.names.get(&name).copied().flatten());
        if list.known.len() < REMEMBERED {
            list.known.insert(text.into(), found);
        }
        found
    }

    /// The code of this number.
    pub fn code(&self, dimension: Dimension, number: u32) -> &str {
        &self.by_dimension[dimension as usize].codes[number as usize]
    }

    /// The number of a code.
    pub fn number(&self, dimension: Dimension, code: &str) -> Option<u32> {
        self.by_dimension[dimension as usize].numbers.get(code).copied()
    }

    /// The brand that a model is of; `None` where the list names none.
    pub fn brand(&self, model: u32) -> Option<&str> {
        self.brands.get(&model).map(String::as_str)
    }

    /// The codes that look like a text, or whose names do.
    pub fn alike(&self, dimension: Dimension, text: &str) -> Vec<String> {
        let list = &self.by_dimension[dimension as usize];
        let mut alike = nearest(text, list.codes.iter().map(String::as_str).filter(|code| *code != TOTAL));
        let names = nearest(&normalised(text), list.names.keys().map(String::as_str));
        let by_name = names.iter().filter_map(|name| list.names.get(name).copied().flatten());
        for code in by_name.map(|number| &list.codes[number as usize]) {
            if !alike.contains(code) {
                alike.push(code.clone());
            }
        }
        if alike.is_empty() && list.codes.len() <= 20 {
            alike.clone_from(&list.codes);
        }
        alike
    }
}

/// The code that a text becomes which is to be added: the text itself where that can be one.
pub fn code_of(text: &str) -> Option<String> {
    let text = text.trim();
    if illegal_code(text).is_none() && text != TOTAL {
        return Some(text.to_owned());
    }
    let mut code = String::new();
    for c in text.to_lowercase().chars() {
        let is_plain = !(c.is_whitespace() || c.is_control() || "/.,:*+()_".contains(c));
        match (is_plain, code.ends_with('-') || code.is_empty()) {
            (true, _) => code.push(c),
            (false, false) => code.push('-'),
            (false, true) => {}
        }
    }
    let code = code.trim_end_matches('-').to_owned();
    illegal_code(&code).is_none().then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::dataset::Code;

    fn lists(mapping: &str) -> Lists {
        let code = |code: &str, en: &str, zh: &str| Code {
            code: code.to_owned(),
            name_en: en.to_owned(),
            name_zh: Some(zh.to_owned()),
            ..Code::default()
        };
        let geo = CodeList::new(vec![
            code("CN", "China", "中国"),
            code("CN-GD", "Guangdong", "广东省"),
            code("CN-XX", "Twin", "双"),
            code("CN-YY", "Twin", "对"),
        ]);
        let mapping = Mapping::parse(mapping).unwrap();
        Lists::new(&Dataset::default(), &HashMap::from([(Dimension::Geo, geo)]), &BTreeMap::new(), &mapping)
    }

    #[test]
    fn a_text_is_a_code_a_name_or_what_the_mapping_says() {
        let mut lists = lists("[codes.geo]\n'粤' = 'CN-GD'\n'China' = 'CN-GD'\n");
        let mut find = |text: &str| {
            let number = lists.find(Dimension::Geo, text)?;
            Some(lists.code(Dimension::Geo, number).to_owned())
        };
        for (text, code) in [
            ("CN", "CN"),
            (" guangdong *", "CN-GD"),
            ("广东省", "CN-GD"),
            ("粤", "CN-GD"),
            ("CHINA", "CN-GD"),
        ] {
            assert_eq!(find(text).as_deref(), Some(code), "{text}");
        }
        for unknown in ["Twin", "cn", "", "Atlantis"] {
            assert_eq!(find(unknown), None, "{unknown}");
        }
        assert_eq!(lists.alike(Dimension::Geo, "Guandong"), ["CN-GD"]);
    }

    #[test]
    fn a_code_that_is_added_is_found_from_then_on() {
        let mut lists = lists("[[code]]\ndimension = 'geo'\ncode = 'EU'\nname_en = 'Europe'\n");
        assert_eq!(lists.find(Dimension::Geo, "Mars"), None);
        let number = lists.add(NewCode {
            code: "mars".to_owned(),
            name_en: "Mars".to_owned(),
            ..lists.added[0].clone()
        });
        assert_eq!(lists.find(Dimension::Geo, "Mars"), Some(number));
        assert_eq!(lists.added.len(), 2);
    }

    #[test]
    fn codes_are_made_of_texts() {
        for (text, code) in
            [("Model Y", "model-y"), ("海豹", "海豹"), ("A+B (new)", "a-b-new"), ("BEV", "BEV"), ("_x", "x")]
        {
            assert_eq!(code_of(text).as_deref(), Some(code));
        }
        assert_eq!(code_of("..."), None);
    }
}
