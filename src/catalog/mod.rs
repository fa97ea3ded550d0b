//! The catalog: what there is to ask for, in which words, and where each figure comes from.

mod load;
mod vocabularies;

pub use vocabularies::Vocabularies;
