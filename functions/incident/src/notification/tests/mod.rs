//! Tests of the law, with one small shop as their example.

mod assessment;
mod broken_files;
mod changes;
mod deadline_properties;
mod documents;
mod drafts;
mod examples;
mod facts;
mod gate;
mod gate_rules;
mod generic;
pub(crate) mod golden;
mod holidays;
mod law;
mod publication;

use crate::finding::{Category, Entity, EntityKind, Finding, Severity};
use crate::notification::{Facts, Obligation, Rules};
use crate::organisation::{Contact, DataHolding, LegalGate, Organisation, Recipient};
use crate::record::{Incident, IncidentId};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const COUNSEL: &str = "arn:aws:iam::111122223333:user/counsel";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn rules() -> Rules {
    Rules::load().unwrap()
}

fn organisation() -> Organisation {
    let recipient = |name: &str, email: &str| Recipient {
        name: name.to_owned(),
        email: email.to_owned(),
        language: "en".to_owned(),
        ..Recipient::default()
    };
    Organisation {
        name: "Kranich Handel GmbH".to_owned(),
        address: "Speicherstraße 4, 20457 Hamburg, Germany".to_owned(),
        privacy_contact: Contact {
            name: "Data protection office".to_owned(),
            email: "privacy@kranich.example".to_owned(),
            phone: "+49 40 5550 1234".to_owned(),
        },
        support_desk: None,
        facts: BTreeMap::from([
            ("gdpr_applies".to_owned(), json!(true)),
            ("entity.role".to_owned(), json!("controller")),
            ("entity.eu_establishment".to_owned(), json!(true)),
            ("tz".to_owned(), json!("Europe/Berlin")),
        ]),
        data_inventory: vec![
            DataHolding {
                resource: "kranich-customers".to_owned(),
                description: "customer master data and orders".to_owned(),
                subjects: vec!["customers".to_owned()],
                data_classes: vec!["email_password".to_owned(), "payment_card".to_owned()],
                affected: BTreeMap::from([
                    ("DE".to_owned(), 12_840),
                    ("AT".to_owned(), 910),
                    ("US-CA".to_owned(), 640),
                ]),
                ..DataHolding::default()
            },
            DataHolding {
                resource: "kranich-staff".to_owned(),
                description: "personnel files".to_owned(),
                subjects: vec!["employees".to_owned()],
                data_classes: vec!["tax_id".to_owned()],
                affected: BTreeMap::from([("DE".to_owned(), 85), ("PL".to_owned(), 3)]),
                ..DataHolding::default()
            },
        ],
        recipients: BTreeMap::from([
            ("eu-gdpr-33-1".to_owned(), recipient("Hamburg supervisory authority", "authority@example.org")),
            ("us-ca-ind".to_owned(), recipient("customers in California", "customers@kranich.example")),
            ("us-ca-reg".to_owned(), recipient("Attorney General of California", "attorney-general@example.org")),
        ]),
        turned_on: BTreeMap::new(),
        rules: BTreeMap::new(),
        legal_gate: LegalGate::default(),
        public_pages: None,
    }
}

fn entity(kind: EntityKind, id: &str) -> Entity {
    Entity { kind, id: id.to_owned(), arn: None }
}

fn incident_naming(category: Category, entities: Vec<Entity>) -> Incident {
    let finding = Finding {
        id: "finding-1".to_owned(),
        source: "guardduty".to_owned(),
        format: "guardduty".to_owned(),
        kind: "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS".to_owned(),
        title: "Credentials of an instance were used outside AWS".to_owned(),
        severity: Severity::of(80),
        account: "111122223333".to_owned(),
        region: Some("eu-central-1".to_owned()),
        first_seen: None,
        last_seen: None,
        updated_at: None,
        sample: false,
        archived: false,
        confidence: 70,
        entities,
        category,
    };
    Incident::open(IncidentId::opened_by(&finding), &finding, at("2026-11-27T15:20:00Z"), "eu-central-1")
}

fn incident() -> Incident {
    let entities = vec![
        entity(EntityKind::Instance, "i-0123456789abcdef0"),
        entity(EntityKind::Role, "checkout"),
        entity(EntityKind::Bucket, "kranich-customers"),
    ];
    incident_naming(Category::DataExfiltration, entities)
}

fn derived() -> Facts {
    Facts::derive(&organisation(), &incident())
}

fn amended(facts: &Facts, changes: &[(&str, Value)]) -> Facts {
    let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    facts.amend(changes, COUNSEL, "established by counsel", at("2027-06-01T00:00:00Z")).unwrap()
}

/// Facts of which only these are known.
fn only(known: &[(&str, Value)]) -> Facts {
    if known.is_empty() { Facts::unknown() } else { amended(&Facts::unknown(), known) }
}

fn obligation(facts: &Facts, id: &str) -> Option<Obligation> {
    rules().assess(facts).obligations.into_iter().find(|obligation| obligation.id == id)
}
