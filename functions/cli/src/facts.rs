//! A document of facts: one flat JSON object of fact names and clocks.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// Facts by name, each of them once: of two values one would be dropped unseen.
pub(crate) struct Document(pub(crate) BTreeMap<String, Value>);

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("cannot read `{path}`")]
    Read { path: String, source: io::Error },
    #[error("`{path}` is not one flat JSON object of facts")]
    Form { path: String, source: serde_json::Error },
}

impl Document {
    /// Reads a file; `-` is standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, DocumentError> {
        let text = if path.as_os_str() == "-" {
            let mut text = String::new();
            io::stdin().lock().read_to_string(&mut text).map(|_| text)
        } else {
            fs::read_to_string(path)
        };
        let path = path.display().to_string();
        let text = text.map_err(|source| DocumentError::Read { path: path.clone(), source })?;
        serde_json::from_str(&text).map_err(|source| DocumentError::Form { path, source })
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Document;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("an object of facts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut facts = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if facts.contains_key(&name) {
                return Err(A::Error::custom(format!("fact `{name}` is given twice")));
            }
            facts.insert(name, value);
        }
        Ok(Document(facts))
    }
}
