//! What the privacy team does about a request.

use serde::{Deserialize, Serialize};

/// What the privacy team does about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It has made sure who the person is. Stops no clock.
    IdentityVerified,
    /// It needs longer, and has told the person why.
    Extended,
    /// It has done what was asked, and told the person.
    Answered,
    /// It has told the person why it does not do what was asked.
    Refused,
}

impl Deed {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::IdentityVerified, Self::Extended, Self::Answered, Self::Refused];

    /// Its name in forms and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::IdentityVerified => "identity-verified",
            Self::Extended => "extended",
            Self::Answered => "answered",
            Self::Refused => "refused",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }

    /// Whether it counts only with a reason: the law asks for one (GDPR Art. 12(3) and (4)).
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Extended | Self::Refused)
    }
}

/// Why a deed is not taken. Every text names what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeedRefused {
    /// The reason is missing.
    #[error("`reason` is missing: the person is told why, and the record keeps it")]
    ReasonMissing,
    /// The request has been answered or refused.
    #[error("the request is settled: nothing more is recorded about it")]
    Settled,
    /// The rule knows no extension.
    #[error("the rule lets nobody extend the time to answer")]
    NoExtension,
    /// It has been extended before.
    #[error("the time was extended before, which can be done once")]
    ExtendedBefore,
    /// The time is over.
    #[error("the time is over: an extension counts only before the day that the answer is due")]
    TooLate,
    /// The identity was verified before.
    #[error("the identity was verified before")]
    VerifiedBefore,
}

impl DeedRefused {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ReasonMissing => "reason-missing",
            Self::Settled => "settled",
            Self::NoExtension => "no-extension",
            Self::ExtendedBefore => "extended-before",
            Self::TooLate => "too-late",
            Self::VerifiedBefore => "verified-before",
        }
    }
}
