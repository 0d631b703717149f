//! The answers that later calls need, read again where an earlier invocation has got them.

use crate::Preserver;
use incident::Failure;
use incident::evidence::source::{Call, Form, read_answer};
use incident::evidence::{Cursor, Preservation, Source};
use incident::ports::Vault;
use incident::records::Records;
use serde_json::Value;
use std::collections::BTreeMap;

impl<T: Records, V: Vault, G, A, S, F> Preserver<T, V, G, A, S, F> {
    /// The answers up to the cursor that something of the source needs, by call or document; none at its beginning.
    pub(crate) async fn answers(
        &self,
        source: &Source,
        preservation: &Preservation,
        at: &Cursor,
    ) -> Result<BTreeMap<String, Vec<Value>>, Failure> {
        let begun = source.calls.iter().take(at.part + 1);
        let needed: Vec<&Call> = begun.filter(|call| source.needs(call)).collect();
        let mut answers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let made = at.part.saturating_sub(source.calls.len());
        let made: Vec<&str> = source.documents.iter().take(made).map(|making| making.name.as_str()).collect();
        if (needed.is_empty() && made.is_empty()) || *at == Cursor::default() {
            return Ok(answers);
        }
        for file in self.files(preservation).await? {
            let document = made.iter().find(|made| file.name == format!("{made}.json"));
            let found = match (needed.iter().find(|call| is_of(call, &file.name)), document) {
                (Some(call), _) => (call.name.as_str(), call.form()),
                (None, Some(made)) => (*made, Form::Json),
                (None, None) => continue,
            };
            let path = format!("incidents/{}/{}", preservation.incident, file.path());
            let body = self.vault.read(&path).await?.unwrap_or_default();
            answers.entry(found.0.to_owned()).or_default().push(read_answer(found.1, &body));
        }
        Ok(answers)
    }
}

/// The name of the file that holds this page.
pub(crate) fn name(call: &Call, each: usize, page: usize) -> String {
    let (each, page, extension) = (each + 1, page + 1, call.form().extension());
    if call.each.is_empty() {
        format!("{}-{page:04}.{extension}", call.name)
    } else {
        format!("{}-{each:04}-{page:04}.{extension}", call.name)
    }
}

/// Whether a file of this name holds an answer of this call.
fn is_of(call: &Call, file: &str) -> bool {
    let numbers = file.strip_prefix(call.name.as_str()).and_then(|rest| rest.strip_prefix('-'));
    numbers.and_then(|rest| rest.split('.').next()).is_some_and(|numbers| {
        !numbers.is_empty() && numbers.bytes().all(|letter| letter.is_ascii_digit() || letter == b'-')
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    fn call(name: &str) -> Call {
        serde_json::from_value(serde_json::json!({"name": name, "service": "s3", "operation": "x"})).unwrap()
    }

    #[test]
    fn a_file_belongs_to_the_call_that_it_is_named_by() {
        assert!(is_of(&call("policy"), &name(&call("policy"), 0, 11)));
        assert!(!is_of(&call("policy"), &name(&call("policy-status"), 0, 0)));
        assert!(!is_of(&call("policy"), "about.json"));
    }
}
