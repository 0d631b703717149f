//! Which items an incident has, most volatile first.

use super::item::{EvidenceItem, Stage};
use super::source::{FINDING, Source, Whole};
use crate::containment::Playbook;
use crate::finding::Located;
use crate::record::Incident;
use std::collections::BTreeSet;

/// What to preserve of an incident at this stage: of every resource what each source knows of it, in the order of volatility of
/// RFC 3227. `findings` are the identities of its findings.
///
/// Before containment, only what containment would change, which is the playbook's to say, and what has to be begun by then. The later stage holds the earlier
/// one, so that what broke off there is finished.
pub fn items(playbook: &Playbook, incident: &Incident, findings: &[String], stage: Stage) -> Vec<EvidenceItem> {
    let is_wanted = |source: &&Source| match stage {
        Stage::BeforeContainment => source.begun_first || playbook.evidence_first.contains(&source.id),
        Stage::BesideContainment => true,
    };
    let mut sources: Vec<&Source> = Source::all().filter(is_wanted).collect();
    sources.sort_by_key(|source| source.volatility);
    let mut items: Vec<EvidenceItem> = sources.into_iter().flat_map(|source| of_source(source, incident)).collect();
    if stage == Stage::BesideContainment {
        let finding = |identity: &String| EvidenceItem {
            source: FINDING.to_owned(),
            kind: None,
            subject: identity.clone(),
            account: incident.account.clone(),
            region: Some(incident.region.clone()),
            arn: None,
        };
        // The findings cost no call: they are safe before anything else is asked for.
        items.splice(0..0, findings.iter().map(finding));
    }
    items
}

fn of_source(source: &Source, incident: &Incident) -> BTreeSet<EvidenceItem> {
    let region = |found: &Located| found.region.clone().unwrap_or_else(|| incident.region.clone());
    let of_account = |account: &str, region: Option<String>| EvidenceItem {
        source: source.id.clone(),
        kind: None,
        subject: account.to_owned(),
        account: account.to_owned(),
        region,
        arn: None,
    };
    match source.of {
        Some(Whole::Account) => incident.entities.iter().map(|found| of_account(&found.account, None)).collect(),
        Some(Whole::Place) => {
            incident.entities.iter().map(|found| of_account(&found.account, Some(region(found)))).collect()
        }
        None => {
            let fits = |found: &&Located| {
                source.about.contains(&found.entity.kind)
                    && source.id_prefix.as_ref().is_none_or(|prefix| found.entity.id.starts_with(prefix))
            };
            let of_resource = |found: &Located| EvidenceItem {
                source: source.id.clone(),
                kind: Some(found.entity.kind),
                subject: found.entity.id.clone(),
                account: found.account.clone(),
                region: found.region.clone(),
                arn: found.entity.arn.clone(),
            };
            incident.entities.iter().filter(fits).map(of_resource).collect()
        }
    }
}
