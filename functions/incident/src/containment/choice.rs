//! Which playbook an incident calls for: by its category, made more exact by what the organisation knows of its data.

use super::{Playbook, Playbooks};
use crate::finding::{Category, Entity, EntityKind, Located};
use crate::organisation::{DataHolding, HeldData};
use std::fmt;

/// The playbook for an incident, and why it is that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'p, 'h> {
    /// The playbook.
    pub playbook: &'p Playbook,
    /// The category that chose it. It steers the response alone: what the law asks about intent is asked of the findings.
    pub category: Category,
    /// Why it is this one.
    pub reason: Reason<'h>,
}

/// Why a playbook was chosen. Its `Display` is a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'h> {
    /// The playbook claims the category of the findings.
    Claims(Category),
    /// The findings name a resource of which the organisation's settings say what it holds.
    Holds {
        /// The category of the findings.
        found: Category,
        /// The resource, as the settings name it.
        resource: &'h str,
        /// What it holds.
        data: HeldData,
    },
    /// No playbook claims the category.
    Unclaimed(Category),
}

impl Reason<'_> {
    /// Its name, for programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Claims(_) => "claims-category",
            Self::Holds { .. } => "holds-data",
            Self::Unclaimed(_) => "unclaimed-category",
        }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claims(category) => write!(formatter, "it is the playbook for `{category}`"),
            Self::Holds { found, resource, data } => {
                write!(formatter, "`{resource}` holds {}, so `{found}` there is that", data.noun())
            }
            Self::Unclaimed(category) => {
                write!(formatter, "no playbook claims `{category}`: what to do is for a person to say")
            }
        }
    }
}

impl Playbooks {
    /// The playbook for a breach of this category that touches `entities`, where `holdings` lie.
    pub fn choose<'h>(&self, category: Category, entities: &[Located], holdings: &'h [DataHolding]) -> Choice<'_, 'h> {
        let (effective, refined) = refine(category, entities, holdings);
        let playbook = self.for_category(effective);
        let reason = refined.unwrap_or(if playbook.trigger.contains(&category) {
            Reason::Claims(category)
        } else {
            Reason::Unclaimed(category)
        });
        Choice { playbook, category: effective, reason }
    }
}

/// The category that a breach has where it touches data of a known kind.
///
/// Only where data leaks or is copied does it matter which data: stolen credentials, ransom and tampering are contained the
/// same way whatever lies there.
fn refine<'h>(category: Category, entities: &[Located], holdings: &'h [DataHolding]) -> (Category, Option<Reason<'h>>) {
    if !matches!(category, Category::DataExfiltration | Category::BucketExposure) {
        return (category, None);
    }
    let touched = holdings.iter().filter(|holding| entities.iter().any(|found| lies_in(holding, &found.entity)));
    let most_personal = touched
        .filter_map(|holding| holding.holds.map(|data| (data, holding.resource.as_str())))
        .min_by_key(|(data, resource)| (*data, *resource));
    let Some((data, resource)) = most_personal else { return (category, None) };
    let effective = match data {
        // What leaks of customers is what both playbooks are about already.
        HeldData::CustomerData => return (category, None),
        HeldData::InferenceLogs => Category::InferenceLogLeak,
        HeldData::TrainingData => Category::TrainingDataLeak,
        HeldData::ModelArtifacts => Category::ModelArtifactTheft,
    };
    (effective, Some(Reason::Holds { found: category, resource, data }))
}

/// Whether this entity is the resource of a holding, or an object in it.
fn lies_in(holding: &DataHolding, entity: &Entity) -> bool {
    let resource = holding.resource.as_str();
    let is_within = || {
        entity.id.strip_prefix(resource).is_some_and(|rest| rest.starts_with('/')) && entity.kind == EntityKind::Object
    };
    entity.id == resource || entity.arn.as_deref() == Some(resource) || is_within()
}

impl HeldData {
    /// What it is called in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::CustomerData => "customers' data",
            Self::InferenceLogs => "logs of model invocations",
            Self::TrainingData => "training data",
            Self::ModelArtifacts => "models",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::super::Playbooks;
    use super::Reason;
    use crate::finding::{Category, Entity, EntityKind, Located};
    use crate::organisation::{DataHolding, HeldData};
    use serde_json::json;

    fn holding(resource: &str, holds: Option<&str>) -> DataHolding {
        let document = json!({
            "resource": resource, "description": "-", "holds": holds, "data_classes": [], "affected": {},
        });
        serde_json::from_value(document).unwrap()
    }

    fn holdings() -> Vec<DataHolding> {
        vec![
            holding("shop-models", Some("model-artifacts")),
            holding("shop-training", Some("training-data")),
            holding("arn:aws:s3:::shop-prompts", Some("inference-logs")),
            holding("shop-customers", Some("customer-data")),
            holding("shop-misc", None),
        ]
    }

    fn entity(kind: EntityKind, id: &str) -> Located {
        let arn = (kind == EntityKind::Bucket).then(|| format!("arn:aws:s3:::{id}"));
        Located { entity: Entity { kind, id: id.to_owned(), arn }, account: "111122223333".to_owned(), region: None }
    }

    fn chosen(category: Category, buckets: &[&str]) -> (String, Category, &'static str) {
        let playbooks = Playbooks::load().unwrap();
        let entities: Vec<Located> = buckets.iter().map(|id| entity(EntityKind::Bucket, id)).collect();
        let holdings = holdings();
        let choice = playbooks.choose(category, &entities, &holdings);
        (choice.playbook.id.clone(), choice.category, choice.reason.as_str())
    }

    #[test]
    fn what_leaks_decides_the_playbook() {
        for found in [Category::DataExfiltration, Category::BucketExposure] {
            for (bucket, playbook, category) in [
                ("shop-training", "training-data-leak", Category::TrainingDataLeak),
                ("shop-prompts", "inference-log-leak", Category::InferenceLogLeak),
                ("shop-models", "model-artifact-theft", Category::ModelArtifactTheft),
            ] {
                assert_eq!(chosen(found, &[bucket]), (playbook.to_owned(), category, "holds-data"));
            }
        }
    }

    #[test]
    fn what_is_nearest_to_people_counts_in_whatever_order() {
        let playbook = "inference-log-leak".to_owned();
        for buckets in [["shop-models", "shop-prompts"], ["shop-prompts", "shop-models"]] {
            let expected = (playbook.clone(), Category::InferenceLogLeak, "holds-data");
            assert_eq!(chosen(Category::DataExfiltration, &buckets), expected);
        }
        let customers = chosen(Category::DataExfiltration, &["shop-models", "shop-customers"]);
        assert_eq!(customers, ("data-exfiltration".to_owned(), Category::DataExfiltration, "claims-category"));
    }

    #[test]
    fn other_buckets_and_other_breaches_stay_what_they_are() {
        for bucket in ["shop-misc", "shop", "shop-training-2"] {
            let expected = ("bucket-exposure".to_owned(), Category::BucketExposure, "claims-category");
            assert_eq!(chosen(Category::BucketExposure, &[bucket]), expected, "{bucket}");
        }
        let ransom = ("ransomware".to_owned(), Category::Ransomware, "claims-category");
        assert_eq!(chosen(Category::Ransomware, &["shop-training"]), ransom);
        let triage = ("operator-triage".to_owned(), Category::Unclassified, "unclaimed-category");
        assert_eq!(chosen(Category::Unclassified, &["shop-training"]), triage);
    }

    #[test]
    fn an_object_lies_in_its_bucket() {
        let playbooks = Playbooks::load().unwrap();
        let holdings = holdings();
        let object = [entity(EntityKind::Object, "shop-training/2026/a.parquet")];
        let choice = playbooks.choose(Category::DataExfiltration, &object, &holdings);
        let reason = Reason::Holds {
            found: Category::DataExfiltration,
            resource: "shop-training",
            data: HeldData::TrainingData,
        };
        assert_eq!((choice.category, choice.reason), (Category::TrainingDataLeak, reason));
        assert_eq!(reason.to_string(), "`shop-training` holds training data, so `data-exfiltration` there is that");
    }
}
