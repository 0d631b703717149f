//! The kinds of breach.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of breach, which choose the playbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is the breach of its name; `playbooks/` says what each means")]
pub enum Category {
    CredentialCompromise,
    InstanceCompromise,
    ContainerCompromise,
    DatabaseCompromise,
    BucketExposure,
    ResourceExposure,
    DataExfiltration,
    Ransomware,
    AccountTakeover,
    ModelArtifactTheft,
    TrainingDataLeak,
    InferenceLogLeak,
    SnapshotExposure,
    LlmAbuse,
    DefenseEvasion,
    CryptoMining,
    Malware,
    DenialOfService,
    Reconnaissance,
    Misconfiguration,
    Unclassified,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 21] = [
        Self::CredentialCompromise,
        Self::InstanceCompromise,
        Self::ContainerCompromise,
        Self::DatabaseCompromise,
        Self::BucketExposure,
        Self::ResourceExposure,
        Self::DataExfiltration,
        Self::Ransomware,
        Self::AccountTakeover,
        Self::ModelArtifactTheft,
        Self::TrainingDataLeak,
        Self::InferenceLogLeak,
        Self::SnapshotExposure,
        Self::LlmAbuse,
        Self::DefenseEvasion,
        Self::CryptoMining,
        Self::Malware,
        Self::DenialOfService,
        Self::Reconnaissance,
        Self::Misconfiguration,
        Self::Unclassified,
    ];

    /// Its name, as it is written out.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CredentialCompromise => "credential-compromise",
            Self::InstanceCompromise => "instance-compromise",
            Self::ContainerCompromise => "container-compromise",
            Self::DatabaseCompromise => "database-compromise",
            Self::BucketExposure => "bucket-exposure",
            Self::ResourceExposure => "resource-exposure",
            Self::DataExfiltration => "data-exfiltration",
            Self::Ransomware => "ransomware",
            Self::AccountTakeover => "account-takeover",
            Self::ModelArtifactTheft => "model-artifact-theft",
            Self::TrainingDataLeak => "training-data-leak",
            Self::InferenceLogLeak => "inference-log-leak",
            Self::SnapshotExposure => "snapshot-exposure",
            Self::LlmAbuse => "llm-abuse",
            Self::DefenseEvasion => "defense-evasion",
            Self::CryptoMining => "crypto-mining",
            Self::Malware => "malware",
            Self::DenialOfService => "denial-of-service",
            Self::Reconnaissance => "reconnaissance",
            Self::Misconfiguration => "misconfiguration",
            Self::Unclassified => "unclassified",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Category;

    #[test]
    fn a_category_is_written_out_under_one_name() {
        for category in Category::ALL {
            assert_eq!(serde_json::json!(category), category.as_str());
        }
    }
}
