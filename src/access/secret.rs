//! The text of a key: `ca_`, 8 digits by which people know it, and 256 random bits, all in hexadecimal.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// What the text of every key begins with, so that it is found where it should not be.
const MARK: &str = "ca_";

/// How many digits its name among people has.
const PREFIX: usize = 8;

/// How many digits its random part has.
const RANDOM: usize = 64;

/// The text of a key, which nobody but its holder has. Shown once, when it is made.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({}…)", self.prefix())
    }
}

impl Secret {
    /// A new one, of the system's random numbers.
    pub fn random() -> Result<Self> {
        let mut bytes = [0; (PREFIX + RANDOM).div_ceil(2)];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::internal("asking for random numbers", error.to_string()))?;
        let digits = bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        let (prefix, random) = digits.split_at(PREFIX);
        Ok(Self(format!("{MARK}{prefix}_{random}")))
    }

    /// The text that a caller sent, where it has the form of a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, random) = text.strip_prefix(MARK)?.split_once('_')?;
        let is_hex = |text: &str, digits| {
            text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        (is_hex(prefix, PREFIX) && is_hex(random, RANDOM)).then(|| Self(text.to_owned()))
    }

    /// Its beginning, by which people know it.
    pub fn prefix(&self) -> &str {
        &self.0[..MARK.len() + PREFIX]
    }

    /// The whole text, for the one who asked for it to be made.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. It is random, so that a plain hash cannot be turned back.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

/// A text with every key in it cut to its beginning; `None` where there is none in it.
pub fn redacted(text: &str) -> Option<String> {
    let length = MARK.len() + PREFIX + 1 + RANDOM;
    let found = |at: &usize| text.get(*at..*at + length).is_some_and(|text| Secret::parse(text).is_some());
    let places: Vec<usize> = text.match_indices(MARK).map(|(at, _)| at).filter(found).collect();
    let mut cut = text.to_owned();
    for at in places.iter().rev() {
        cut.replace_range(at + MARK.len() + PREFIX..at + length, "…");
    }
    (!places.is_empty()).then_some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_form_and_no_two_are_the_same() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(one, other);
        assert_ne!(one.hash(), other.hash());
        assert_eq!(Secret::parse(one.reveal()), Some(one.clone()));
        assert_eq!(one.reveal().len(), 76);
        for wrong in
            ["", "ca_", &one.reveal()[..75], &one.reveal().to_uppercase(), &format!("{}0", one.reveal())]
        {
            assert_eq!(Secret::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_of_a_key_is_shown_but_its_beginning() {
        let key = Secret::random().unwrap();
        let hidden = &key.reveal()[12..];
        assert!(!format!("{key:?}").contains(hidden));
        let cut = redacted(&format!("/v1/ca_x/{}?key={}", key.reveal(), key.reveal())).unwrap();
        assert_eq!(cut, format!("/v1/ca_x/{0}…?key={0}…", key.prefix()));
        assert_eq!(redacted("/v1/production?maker=ca_1"), None);
        assert_eq!(
            redacted("ca_ñandú and more of the same, which is as long as the text of a key or longer"),
            None
        );
    }
}
