//! An incident in which a duty is owed is open, whatever came first: facts that a person learns weeks later bring duties, too.

use super::register::RegisterEntry;
use crate::fault::Failure;
use crate::notification::Duty;
use crate::record::{Incident, IncidentId};
use crate::records::{Key, Listing, Records};
use jiff::Timestamp;

/// Closes an incident in which nothing is left to do, and answers with it. It stays open where something joined or became owed since.
///
/// # Errors
/// What the table answers; `Rejected` where there is no such incident.
pub async fn close(records: &impl Records, id: &IncidentId, now: Timestamp) -> Result<Incident, Failure> {
    let close = |incident: &mut Incident| {
        // What joined meanwhile asked for another response, and that one closes.
        if incident.planned >= incident.runs {
            incident.closed_at = incident.closed_at.or(Some(now));
        }
        Ok(())
    };
    let closed = records.update(&Key::incident(id), close).await?;
    Ok(reopen_where_owed(records, id, now).await?.unwrap_or(closed))
}

/// Opens the incident, and its entry in the register, again where it is closed and a duty is not settled; answers with the incident
/// if it did.
///
/// Whoever records a duty asks this afterwards, and so does [`close`]: if they meet, the later one sees what the other wrote. When
/// the incident was closed before stays in the versions of its report and its entry that the vault keeps.
///
/// # Errors
/// What the table answers; `Rejected` where there is no such incident.
pub async fn reopen_where_owed(
    records: &impl Records,
    id: &IncidentId,
    now: Timestamp,
) -> Result<Option<Incident>, Failure> {
    let duties: Vec<Duty> = records.list(&Listing::of_incident(id, "OBLIGATION#")).await?;
    if duties.iter().all(|duty| duty.state.is_settled()) {
        return Ok(None);
    }
    let key = Key::incident(id);
    let incident: Incident = records.require(&key, "incident of this id").await?;
    if incident.closed_at.is_none() {
        return Ok(None);
    }
    // The entry first: where this stops in between, a repeat still finds the incident closed.
    let entry = Key::register(id);
    if records.get::<RegisterEntry>(&entry).await?.is_some() {
        let open = |entry: &mut RegisterEntry| {
            if entry.closed_at.take().is_some() {
                entry.written_at = entry.written_at.max(now);
            }
            Ok(())
        };
        records.update(&entry, open).await?;
    }
    let open = |incident: &mut Incident| {
        incident.closed_at = None;
        Ok(())
    };
    records.update(&key, open).await.map(Some)
}
