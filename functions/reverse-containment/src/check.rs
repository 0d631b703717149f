//! Whether a contained resource is still as it was left.

use super::{Reversed, Reverser, State, answer};
use incident::Failure;
use incident::containment::guard;
use incident::containment::observation::{Difference, differences};
use incident::containment::{ActionRecord, ActionRunner, Automation, DocumentKind, Progress, Requester};
use incident::records::{Key, Records};
use serde_json::Value;

/// How many differences a refusal names.
const MOST_NAMED: usize = 10;

impl<T: Records, A: ActionRunner> Reverser<T, A> {
    /// Reads the resource and holds it against what was left of it. `None` once they are the same; until then the answer is
    /// that the reversal is in progress.
    ///
    /// # Errors
    /// `NeedsOperator` with every place that was changed since.
    pub(super) async fn read_since(
        &self,
        key: &Key,
        record: &ActionRecord,
        left: Option<&str>,
        requester: &Requester,
    ) -> Result<Option<Reversed>, Failure> {
        let Some(left) = left.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            return Ok(None);
        };
        let Some(run) = &record.check else {
            let purpose = record.purpose(&format!("check-{}", record.checks));
            let (step, incident) = (&record.step, &record.incident);
            let guard = guard::remembered(&self.records).await?;
            let run = Automation::of(DocumentKind::Preview, step, incident, &guard, None, None, &purpose)?;
            let run = self.runner.start(&run).await?;
            let note = |record: &mut ActionRecord| {
                record.check = Some(run.clone());
                record.reversed_by = Some(requester.clone());
                Ok(())
            };
            return Ok(Some(answer(self.records.update(key, note).await?, State::InProgress)));
        };
        let (succeeded, outputs, failure) = match self.runner.progress(&record.step.place(), run).await? {
            Progress::Running => return Ok(Some(answer(record.clone(), State::InProgress))),
            Progress::Ended { succeeded, outputs, failure } => (succeeded, outputs, failure),
        };
        let seen = outputs.get("PreviewContainment.State").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let refusal = match seen.filter(|_| succeeded) {
            Some(seen) => match differences(&left, &seen) {
                changed if changed.is_empty() => return Ok(None),
                changed => {
                    format!("the resource was changed since it was contained: {}", named(&changed))
                }
            },
            None => {
                let why = failure.unwrap_or_else(|| "the preview told nothing".to_owned());
                format!("whether the resource was changed since it was contained can't be read: {why}")
            }
        };
        // The next time it is looked at anew.
        let forget = |record: &mut ActionRecord| {
            record.check = None;
            record.checks += 1;
            Ok(())
        };
        self.records.update(key, forget).await?;
        Err(Failure::needs_operator(refusal))
    }
}

fn named(changed: &[Difference]) -> String {
    let line = |one: &Difference| format!("`{}` was {} and is {}", one.at, short(&one.one), short(&one.other));
    let mut text = changed.iter().take(MOST_NAMED).map(line).collect::<Vec<_>>().join("; ");
    if let Some(more) = changed.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

fn short(text: &str) -> String {
    if text.chars().count() <= 200 { text.to_owned() } else { text.chars().take(200).chain(['…']).collect() }
}
