//! The library of actions. Each is a folder of `infra/actions` with its document, reversal and role policy.

use crate::finding::EntityKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A containment action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionId {
    /// No traffic to or from any interface of an EC2 instance, and no role behind it.
    IsolateInstance,
    /// Every session of a role that was issued before now is denied.
    RevokeRoleSessions,
    /// Nobody but the responders reaches a bucket.
    LockBucket,
}

impl ActionId {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::IsolateInstance, Self::RevokeRoleSessions, Self::LockBucket];

    /// Its name: the folder in `infra/actions`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IsolateInstance => "isolate-instance",
            Self::RevokeRoleSessions => "revoke-role-sessions",
            Self::LockBucket => "lock-bucket",
        }
    }

    /// The action of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }

    /// The SSM document that applies it; its role has the same name.
    pub fn document(self) -> &'static str {
        match self {
            Self::IsolateInstance => "Tocsin-IsolateInstance",
            Self::RevokeRoleSessions => "Tocsin-RevokeRoleSessions",
            Self::LockBucket => "Tocsin-LockBucket",
        }
    }

    /// The SSM document that restores the recorded before-state.
    pub fn reversal_document(self) -> &'static str {
        match self {
            Self::IsolateInstance => "Tocsin-ReverseIsolateInstance",
            Self::RevokeRoleSessions => "Tocsin-ReverseRevokeRoleSessions",
            Self::LockBucket => "Tocsin-ReverseLockBucket",
        }
    }

    /// The document parameter that names the target.
    pub fn target_parameter(self) -> &'static str {
        match self {
            Self::IsolateInstance => "InstanceId",
            Self::RevokeRoleSessions => "RoleName",
            Self::LockBucket => "BucketName",
        }
    }

    /// The kind of entity that it acts on.
    pub fn target_kind(self) -> EntityKind {
        match self {
            Self::IsolateInstance => EntityKind::Instance,
            Self::RevokeRoleSessions => EntityKind::Role,
            Self::LockBucket => EntityKind::Bucket,
        }
    }

    /// How often it is applied. The instance metadata service may hand out old role credentials for a while after the
    /// profile was swapped, so sessions are revoked a second time.
    pub fn passes(self) -> u32 {
        match self {
            Self::RevokeRoleSessions => 2,
            Self::IsolateInstance | Self::LockBucket => 1,
        }
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
