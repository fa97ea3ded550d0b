//! The parameters of a request, read one by one while their faults are gathered, so that a caller is told all of them at once.

use crate::error::{Error, Fault, Result};

/// The longest query string that is read, in bytes.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;

/// The longest single value that is read, in characters.
pub const MAX_VALUE_CHARS: usize = 4 * 1024;

/// The longest name of a parameter that is read, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// The most parameters that are read.
pub const MAX_PARAMS: usize = 100;

/// How many faults are told. Further ones are only counted: each is compared with all that is allowed.
pub const MOST_FAULTS: usize = 50;

/// The parameters of one request, each taken at most once, and the faults found so far.
#[derive(Debug, Clone, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<String>,
    malformed: Vec<Fault>,
    rejected: Vec<Fault>,
    untold: usize,
}

impl Params {
    /// Splits a raw query string. Faults of encoding are kept for [`Params::finish`].
    pub fn parse(query: &str) -> Self {
        let mut params = Self::default();
        if query.len() > MAX_QUERY_BYTES {
            let detail =
                format!("the query is {} bytes long; at most {MAX_QUERY_BYTES} are read", query.len());
            params.malformed.push(Fault::new("(query)", query, detail));
            return params;
        }
        params.take(form_urlencoded::parse(query.as_bytes()));
        params
    }

    /// Takes names and values that were not read from a query string.
    pub fn of(pairs: &[(String, String)]) -> Self {
        let mut params = Self::default();
        params.take(pairs.iter().map(|(name, value)| (name, value)));
        params
    }

    fn take<N: AsRef<str>, V: AsRef<str>>(&mut self, given: impl Iterator<Item = (N, V)> + Clone) {
        let count = given.clone().count();
        if count > MAX_PARAMS {
            let detail = format!("names {count} parameters; at most {MAX_PARAMS} are read");
            self.malformed.push(Fault::new("(query)", "", detail));
            return;
        }
        for (name, value) in given {
            self.push(name.as_ref(), value.as_ref());
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        if [name, value].iter().any(|t| t.contains(['\0', char::REPLACEMENT_CHARACTER])) {
            self.malformed.push(Fault::new(name, value, "holds a NUL or is not UTF-8"));
        } else if name.chars().count() > MAX_NAME_CHARS {
            let detail = format!("names a parameter of more than {MAX_NAME_CHARS} characters");
            self.malformed.push(Fault::new("(query)", name, detail));
        } else if value.chars().count() > MAX_VALUE_CHARS {
            let detail = format!("is longer than {MAX_VALUE_CHARS} characters");
            self.malformed.push(Fault::new(name, value, detail));
        } else if self.pairs.iter().any(|(n, _)| n == name) {
            let detail = "is given twice; separate several values with commas";
            self.rejected.push(Fault::new(name, value, detail));
        } else {
            self.pairs.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The value of a parameter that is given and not taken yet.
    pub fn given(&self, name: &str) -> Option<&str> {
        let given = self.pairs.iter().find(|(n, value)| n == name && !value.is_empty());
        given.map(|(_, value)| value.as_str())
    }

    /// The names of the parameters that are not yet taken.
    pub fn names(&self) -> Vec<String> {
        self.pairs.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Takes the value of `name` as it stands. An empty value counts as not given.
    pub fn text(&mut self, name: &str) -> Option<String> {
        if !self.known.iter().any(|known| known == name) {
            self.known.push(name.to_owned());
        }
        let at = self.pairs.iter().position(|(n, _)| n == name)?;
        Some(self.pairs.remove(at).1).filter(|v| !v.is_empty())
    }

    /// Takes the value of `name` through `parse`; a fault is kept and counts as not given.
    pub fn value<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> std::result::Result<T, Fault>,
    ) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|fault| self.reject(fault)).ok()
    }

    /// Takes a list separated by commas, trimmed, without empty entries. A list of nothing counts as not given.
    pub fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let text = self.text(name)?;
        let all = text.split(',').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        Some(all.collect()).filter(|all: &Vec<_>| !all.is_empty())
    }

    /// Takes one of a few fixed words.
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let fault = Fault::new(name, &text, "is not one of the allowed values");
            self.reject(fault.allowed(choices.iter().map(|(word, _)| *word)));
        }
        found
    }

    /// Keeps a fault of a request that can be read but not answered.
    pub fn reject(&mut self, fault: Fault) {
        self.reject_with(|| fault);
    }

    /// Keeps a fault that takes work to describe, which is saved where enough faults are kept already.
    pub fn reject_with(&mut self, fault: impl FnOnce() -> Fault) {
        if self.rejected.len() < MOST_FAULTS {
            self.rejected.push(fault());
        } else {
            self.untold += 1;
        }
    }

    /// Keeps a fault of a request that cannot be read.
    pub fn malform(&mut self, fault: Fault) {
        if self.malformed.len() < MOST_FAULTS {
            self.malformed.push(fault);
        } else {
            self.untold += 1;
        }
    }

    /// Ends the reading: every parameter left over is unknown, and all faults come out together.
    pub fn finish(mut self) -> Result<()> {
        let known = std::mem::take(&mut self.known);
        for (name, value) in std::mem::take(&mut self.pairs) {
            self.reject_with(|| {
                let known = known.iter().map(String::as_str);
                let fault = Fault::new(&name, &value, "is not a parameter of this resource");
                let mut fault = fault.allowed(known.clone());
                fault.did_you_mean = crate::error::nearest(&name, known);
                fault
            });
        }
        let malformed = !self.malformed.is_empty();
        let mut faults = self.malformed;
        faults.append(&mut self.rejected);
        if self.untold > 0 {
            faults.push(Fault::new("(query)", "", format!("has {} faults more", self.untold)));
        }
        match (malformed, faults.is_empty()) {
            (true, _) => Err(Error::Malformed(faults)),
            (false, false) => Err(Error::Rejected(faults)),
            (false, true) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_nothing_counts_as_not_given() {
        let mut params = Params::parse("a=,&b=%20,+,&c=&d=x,,%20y");
        assert_eq!(["a", "b", "c", "e"].map(|name| params.list(name)), [None, None, None, None]);
        assert_eq!(params.list("d").unwrap(), ["x", "y"]);
        assert!(params.finish().is_ok());
    }

    #[test]
    fn more_faults_than_are_told_are_counted() {
        let mut params = Params::parse("known=1&unknown=2");
        (0..MOST_FAULTS + 5).for_each(|n| params.reject(Fault::new("known", &n.to_string(), "is wrong")));
        params.reject_with(|| unreachable!("nobody reads its description"));
        params.text("known");
        let Err(Error::Rejected(faults)) = params.finish() else { panic!("accepted") };
        assert_eq!(faults.len(), MOST_FAULTS + 1);
        assert_eq!(faults[MOST_FAULTS].detail, "has 7 faults more");
    }

    #[test]
    fn a_query_of_very_many_parameters_is_not_read() {
        let query = "a&".repeat(MAX_PARAMS + 1);
        let Err(Error::Malformed(faults)) = Params::parse(&query).finish() else { panic!("accepted") };
        assert_eq!((faults.len(), faults[0].parameter.as_str()), (1, "(query)"));
    }
}
