//! Why what a person orders must wait for the yes of a second one.

use crate::Desk;
use incident::containment::guard::{self, Count, Guard, Loaded, Tally};
use incident::containment::{ActionRecord, ActionRunner, ActionState, Step};
use incident::finding::Located;
use incident::ports::{Responses, Settings};
use incident::records::{Key, Records};
use jiff::Timestamp;
use platform::Halt;
use platform::telemetry::count;

impl<T: Records, S: Settings, A: ActionRunner, M: Responses> Desk<T, S, A, M> {
    /// The guard for now.
    pub(crate) async fn guard(&self, now: Timestamp) -> Result<Guard, Halt> {
        let Loaded { guard, distrust } = guard::load(&self.settings, &self.records, &self.public_key, now).await?;
        let guard = guard.sparing(&self.evidence);
        if distrust.is_some() {
            count("GuardDistrusted", 1);
        }
        Ok(guard)
    }

    /// Why this step must wait, if it must. `known` are the steps of the incident. What a person orders counts for no later
    /// cap of the hour: those are about what runs without one.
    pub(crate) async fn objection(
        &self,
        guard: &Guard,
        step: &Step,
        found: &Located,
        known: &[ActionRecord],
        now: Timestamp,
    ) -> Result<Option<String>, Halt> {
        let waits = |state| matches!(state, ActionState::Withheld | ActionState::Declined);
        let incident = known.iter().filter(|record| record.step.pass == 1 && !waits(record.state)).count();
        let tally: Option<Tally> = self.records.get(&Key::tally()).await?;
        let (hour, account) = tally.unwrap_or_default().before(now, |_| false).counts(&step.account);
        Ok(guard.objection(None, step.action, found, Count { incident, hour, account }))
    }
}
