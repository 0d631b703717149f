//! Runs the documents that make evidence, such as snapshots, until they are done.

use crate::calls::{Came, MOST_ASKED, PATIENCE, cursor, set};
use crate::{Preserver, Run};
use incident::containment::plan::uuid_of;
use incident::containment::{ActionRunner, Automation, Place, Progress};
use incident::evidence::source::{Making, Whereabouts, values};
use incident::evidence::{Cursor, Preservation, Source};
use incident::ports::{SourceReader, Vault};
use incident::records::{Records, Versioned};
use incident::{Digest, Failure, Fault};
use serde_json::Value;
use std::collections::BTreeMap;

impl<T: Records, V: Vault, G, A: ActionRunner, S: SourceReader, F> Preserver<T, V, G, A, S, F> {
    /// Runs the documents of a source that are not done; whether all are done now.
    pub(crate) async fn take_documents(
        &self,
        run: &Run<'_>,
        source: &Source,
        parts: &BTreeMap<String, String>,
        answers: &mut BTreeMap<String, Vec<Value>>,
        held: &mut Versioned<Preservation>,
    ) -> Result<bool, Failure> {
        let calls = source.calls.len();
        while let Some(making) = source.documents.get(cursor(held).part.saturating_sub(calls)) {
            let item = held.record.item.clone();
            let known = self.known(run, source, parts, &item, &held.record, answers);
            let made = match making.parameters(&known) {
                Ok(None) => None,
                Ok(Some(parameters)) => match self.make(making, parameters, held).await {
                    Ok((Came::Later, _)) => return Ok(false),
                    Ok((Came::Over, answer)) => answer,
                    Err(failure) => match (failure.fault(), failure.to_string()) {
                        (Fault::Transient, why) => match self.ask_again(&making.name, held, PATIENCE, u32::MAX, &why) {
                            Came::Later => return Ok(false),
                            Came::Over => None,
                        },
                        (Fault::Rejected | Fault::NeedsOperator, why) => {
                            self.gap(&mut held.record, &making.name, why);
                            None
                        }
                    },
                },
                Err(unfilled) => {
                    let why = making.without.clone().unwrap_or_else(|| unfilled.to_string());
                    self.gap(&mut held.record, &making.name, why);
                    None
                }
            };
            if let Some(answer) = made {
                self.note_gaps(making, &answer, &mut held.record);
                let bytes = answer.to_string().into_bytes();
                self.keep(&held.record, &format!("{}.json", making.name), bytes, &making.document).await?;
                answers.insert(making.name.clone(), vec![answer]);
            }
            set(held, Cursor { part: cursor(held).part + 1, ..Cursor::default() });
        }
        Ok(true)
    }

    /// One look at a document: started under the number of this attempt, or joined.
    async fn make(
        &self,
        making: &Making,
        mut parameters: BTreeMap<String, Vec<String>>,
        held: &mut Versioned<Preservation>,
    ) -> Result<(Came, Option<Value>), Failure> {
        let (item, incident) = (&held.record.item, &held.record.incident);
        let place = match making.at {
            Whereabouts::Resource => item.place(),
            Whereabouts::Evidence => {
                Place { account: self.destination.account.clone(), region: Some(self.destination.region.clone()) }
            }
        };
        let attempt = (cursor(held).asked + 1).to_string();
        parameters.insert("IncidentId".to_owned(), vec![incident.to_string()]);
        parameters.insert("Attempt".to_owned(), vec![attempt.clone()]);
        let run = Automation {
            document: making.document.clone(),
            role: making.document.clone(),
            place: place.clone(),
            parameters,
            token: uuid_of(&Digest::of_parts(&[incident.as_str(), &making.document, &item.folder(), &attempt])),
        };
        let run = self.runner.start(&run).await?;
        let answer = match self.runner.progress(&place, &run).await? {
            // The same attempt is looked at again.
            Progress::Running => {
                set(held, Cursor { in_hand: true, ..cursor(held) });
                return Ok((Came::Later, None));
            }
            Progress::Ended { succeeded: true, outputs, .. } => {
                outputs.get("Preserve.Answer").and_then(|text| serde_json::from_str::<Value>(text).ok())
            }
            Progress::Ended { failure, .. } => {
                let why = failure.unwrap_or_else(|| "the automation did not succeed".to_owned());
                return Ok((self.ask_again(&making.name, held, PATIENCE, MOST_ASKED, &why), None));
            }
        };
        match answer {
            Some(answer) if answer.get("state").and_then(Value::as_str) == Some("done") => {
                Ok((Came::Over, Some(answer)))
            }
            Some(answer) => match self.ask_again(&making.name, held, PATIENCE, u32::MAX, "it was not done") {
                Came::Later => Ok((Came::Later, None)),
                // What there is by now is evidence all the same.
                Came::Over => Ok((Came::Over, Some(answer))),
            },
            None => {
                let why = "the document gave no answer";
                Ok((self.ask_again(&making.name, held, PATIENCE, MOST_ASKED, why), None))
            }
        }
    }

    fn note_gaps(&self, making: &Making, answer: &Value, preservation: &mut Preservation) {
        for gap in values(answer, "/gaps/*") {
            let text = |member: &str| gap.get(member).and_then(Value::as_str).unwrap_or_default();
            self.gap(preservation, &making.name, format!("{}: {}", text("about"), text("reason")));
        }
    }
}
