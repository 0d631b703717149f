//! What the public pages say beside the notices (`notices/public/<language>.toml`).

use crate::notification::notices::Fault;
use serde::{Deserialize, Serialize};

/// The words of the public pages in one language.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicWords {
    /// Above the questions.
    pub(crate) questions_heading: String,
    /// Above the way to the request form.
    pub(crate) request_heading: String,
    /// What can be asked for.
    pub(crate) request_text: String,
    /// What leads to the form.
    pub(crate) request_link: String,
    /// Above who answers for privacy.
    pub(crate) contact_heading: String,
    /// What people ask, in this order.
    pub(crate) question: Vec<Question>,
}

/// Something that people ask, and what they are told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// The question.
    pub(crate) asks: String,
    /// The answer.
    pub(crate) answer: String,
}

impl PublicWords {
    /// What is not said, or not said as often as in the other language.
    pub(crate) fn check_against(&self, other: &Self) -> Result<(), Fault> {
        let said = [
            &self.questions_heading,
            &self.request_heading,
            &self.request_text,
            &self.request_link,
            &self.contact_heading,
        ];
        let asked = self.question.iter().flat_map(|question| [&question.asks, &question.answer]);
        if said.into_iter().chain(asked).any(|text| text.trim().is_empty()) {
            return Err(Fault::new("its words", "one of them is empty"));
        }
        if self.question.len() != other.question.len() {
            return Err(Fault::new("question", "the other languages have another number of them"));
        }
        Ok(())
    }
}
