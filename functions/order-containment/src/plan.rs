//! `/plan`: the exact calls, whom they hit, and what stands against them. Changes nothing.

use crate::Desk;
use crate::request::{Caller, Request};
use incident::IncidentId;
use incident::containment::{ActionRunner, Automation, DocumentKind, Foreseen, Preview, Step};
use incident::ports::{Responses, Settings};
use incident::records::{Key, Records};
use jiff::Timestamp;
use platform::Answer;
use platform::Halt;
use platform::telemetry::count;
use serde_json::{Value, json};

impl<T: Records, S: Settings, A: ActionRunner, M: Responses> Desk<T, S, A, M> {
    /// Starts the preview: it takes seconds, so its outcome is asked for by the id that is answered.
    pub(crate) async fn begin_plan(&self, asked: Request, caller: &Caller, now: Timestamp) -> Result<Answer, Halt> {
        let found = asked.located(caller, &self.home_region)?;
        let step = Step::on(asked.action, &found);
        let known = match &asked.incident {
            Some(incident) => self.known(incident).await?.1,
            None => Vec::new(),
        };
        let guard = self.guard(now).await?;
        let objections: Vec<String> = self.objection(&guard, &step, &found, &known, now).await?.into_iter().collect();
        // Nothing is opened for a look: without an incident, the id is that of one for no reason.
        let incident = asked.incident.clone().unwrap_or_else(|| IncidentId::by_hand(&caller.arn, &found, ""));
        let id = Preview::name(&step, &caller.arn, now);
        let role = self.evidence_role.arn(&step.account);
        let run = Automation::of(DocumentKind::Preview, &step, &incident, &guard, Some(&role), None, &id)?;
        let automation = self.runner.start(&run).await?;
        let by = caller.arn.clone();
        let preview = Preview { id, incident: asked.incident, step, by, at: now, automation, objections };
        self.records.create(&Key::preview(&preview.id), &preview).await?;
        count("ContainmentPreviews", 1);
        Ok(Answer::of(202, &shown(&preview, &json!({"state": "in-progress"}))))
    }

    /// What the preview has found.
    pub(crate) async fn read_plan(&self, id: &str) -> Result<Answer, Halt> {
        let preview: Option<Preview> = self.records.get(&Key::preview(id)).await?;
        let preview = preview.ok_or_else(|| Halt::refuse(404, "no-such-plan", "nobody asked for a plan of this id"))?;
        let progress = self.runner.progress(&preview.step.place(), &preview.automation).await?;
        let (status, outcome) = match Foreseen::of(progress) {
            Ok(None) => (202, json!({"state": "in-progress"})),
            Ok(Some(foreseen)) => (200, joined(json!({"state": "planned"}), json!(foreseen))),
            Err(reason) => (200, json!({"state": "failed", "reason": reason})),
        };
        Ok(Answer::of(status, &shown(&preview, &outcome)))
    }
}

/// A preview as it is answered: what was asked, what is known without the account, and what the account says.
fn shown(preview: &Preview, outcome: &Value) -> Value {
    let action = preview.step.action;
    let known = json!({
        "title": action.title, "impact": action.impact, "asks": action.asks, "reversible": action.reversible,
        "passes": action.passes,
    });
    let mut asked = json!(preview);
    // How it was read is nobody's business but the records'.
    for name in ["automation", "pass"] {
        if let Some(members) = asked.as_object_mut() {
            members.remove(name);
        }
    }
    let nothing = json!({"found": null, "calls": null, "hits": null, "reason": null});
    joined(joined(joined(asked, known), nothing), outcome.clone())
}

/// The members of both, those of the second first.
fn joined(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (one, _) => one,
    }
}
