//! The formats of a case's papers as JSON Schema, for those who read them with their own tools.

/// A paper with a format of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// `manifest.json`.
    Manifest,
    /// One line of `custody.jsonl`.
    Custody,
    /// `seal.json`.
    Seal,
}

impl Paper {
    /// Its JSON Schema (draft 2020-12).
    pub fn schema(self) -> &'static str {
        match self {
            Self::Manifest => include_str!("../../schemas/manifest.schema.json"),
            Self::Custody => include_str!("../../schemas/custody.schema.json"),
            Self::Seal => include_str!("../../schemas/seal.schema.json"),
        }
    }
}
