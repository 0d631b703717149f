//! Playbooks: data that says what a kind of breach calls for (`playbooks/<id>.toml`).

use super::ActionId;
use crate::evidence::Source;
use crate::finding::Category;
use serde::Deserialize;

include!(concat!(env!("OUT_DIR"), "/playbooks.rs"));

/// What one kind of breach calls for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// The file's name.
    #[serde(skip)]
    pub id: String,
    /// One line for people.
    pub title: String,
    /// The categories that choose it. The one playbook without a category takes what no other claims.
    pub trigger: Vec<Category>,
    /// Actions by name. Waves run one after the other, the actions of a wave at the same time.
    pub waves: Vec<Vec<ActionId>>,
    /// Actions that always wait for a person.
    pub ask_first: Vec<ActionId>,
    /// The sources of evidence that are asked before containment changes what they know. All that fit are asked beside it.
    pub evidence_first: Vec<String>,
}

/// A playbook that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaybookError {
    /// Not TOML, a missing or unknown field, or an action or category that does not exist.
    #[error("`playbooks/{file}` cannot be read")]
    Unreadable {
        /// The file.
        file: String,
        /// What the parser says of it.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// It asks a source of evidence that does not exist.
    #[error("`playbooks/{file}` asks `{name}` for evidence, which is no file of `evidence`")]
    NoSuchSource {
        /// The file.
        file: String,
        /// What it asks.
        name: String,
    },
    /// Two playbooks claim a category.
    #[error("`playbooks/{file}` claims category `{category:?}`, which another playbook claims")]
    ClaimedTwice {
        /// The second of them.
        file: String,
        /// What both claim.
        category: Category,
    },
    /// There is no playbook, or more than one, without a category.
    #[error("exactly one playbook must have an empty `trigger`; found {found}")]
    NoFallback {
        /// How many there are.
        found: usize,
    },
}

/// All playbooks.
#[derive(Clone, Debug)]
pub struct Playbooks {
    claimed: Vec<Playbook>,
    fallback: Playbook,
}

impl Playbooks {
    /// The playbooks that were compiled in.
    ///
    /// # Errors
    /// Names the file, and the action or field, that is wrong.
    pub fn load() -> Result<Self, PlaybookError> {
        Self::parse(FILES)
    }

    /// The playbooks in these files (name and text).
    ///
    /// # Errors
    /// Names the file, and the action or field, that is wrong.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, PlaybookError> {
        let mut claimed: Vec<Playbook> = Vec::new();
        let mut fallbacks: Vec<Playbook> = Vec::new();
        for (file, text) in files {
            let mut playbook: Playbook = toml::from_str(text)
                .map_err(|source| PlaybookError::Unreadable { file: (*file).to_owned(), source: Box::new(source) })?;
            playbook.id = file.trim_end_matches(".toml").to_owned();
            if let Some(category) =
                playbook.trigger.iter().find(|category| claimed.iter().any(|other| other.trigger.contains(category)))
            {
                return Err(PlaybookError::ClaimedTwice { file: (*file).to_owned(), category: *category });
            }
            if let Some(name) = playbook.evidence_first.iter().find(|name| Source::named(name).is_none()) {
                return Err(PlaybookError::NoSuchSource { file: (*file).to_owned(), name: name.clone() });
            }
            if playbook.trigger.is_empty() { fallbacks.push(playbook) } else { claimed.push(playbook) }
        }
        let found = fallbacks.len();
        match (fallbacks.pop(), found) {
            (Some(fallback), 1) => Ok(Self { claimed, fallback }),
            _ => Err(PlaybookError::NoFallback { found }),
        }
    }

    /// The playbook for this kind of breach.
    pub fn for_category(&self, category: Category) -> &Playbook {
        self.claimed.iter().find(|playbook| playbook.trigger.contains(&category)).unwrap_or(&self.fallback)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Playbook> {
        self.claimed.iter().chain(std::iter::once(&self.fallback))
    }
}
