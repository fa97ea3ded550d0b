//! The languages that names are kept in.

use serde::Serialize;
use utoipa::ToSchema;

/// The language of names.
#[derive(Debug, Clone, Copy, Hash, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese, where a Chinese name is known; else English.
    Zh,
}

impl Language {
    /// Both languages with the word that `lang=` takes.
    pub const ALL: [(&'static str, Self); 2] = [("en", Self::En), ("zh", Self::Zh)];

    /// The word that `lang=` takes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The name in this language: the Chinese one where it is asked for and known.
    pub fn name<'a>(self, en: &'a str, zh: Option<&'a str>) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh.unwrap_or(en),
        }
    }
}
