//! What the form asks, and what it takes for an answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long what a person writes may be, in characters.
pub const LONGEST_WORDS: usize = 2_000;

/// How long an address of a mailbox may be, in octets (RFC 5321, section 4.5.3.1, erratum 1690 of RFC 3696).
const LONGEST_ADDRESS: usize = 254;

/// How long what stands before its `@` may be (RFC 5321, section 4.5.3.1.1).
const LONGEST_LOCAL_PART: usize = 64;

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestKind {
    /// To see what is held (GDPR Art. 15; Cal. Civ. Code 1798.110).
    Access,
    /// To have it erased (GDPR Art. 17; Cal. Civ. Code 1798.105).
    Erasure,
    /// To have a use of it stopped: an objection, or an opt-out of sale and sharing (GDPR Art. 21; Cal. Civ. Code 1798.120).
    OptOut,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Access, Self::Erasure, Self::OptOut];

    /// Its name in forms, in records and in `obligations/requests.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Erasure => "erasure",
            Self::OptOut => "opt-out",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a person lives, as far as a law about the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Residence {
    /// In the Union, or in Iceland, Liechtenstein or Norway (Decision of the EEA Joint Committee 154/2018).
    Europe,
    /// In the United Kingdom.
    UnitedKingdom,
    /// In Switzerland.
    Switzerland,
    /// In California.
    California,
    /// In Brazil.
    Brazil,
    /// In Canada.
    Canada,
    /// Elsewhere.
    Elsewhere,
}

impl Residence {
    /// Every one, in the order of the form.
    pub const ALL: [Self; 7] = [
        Self::Europe,
        Self::UnitedKingdom,
        Self::Switzerland,
        Self::California,
        Self::Brazil,
        Self::Canada,
        Self::Elsewhere,
    ];

    /// Its name in forms and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Europe => "europe",
            Self::UnitedKingdom => "united-kingdom",
            Self::Switzerland => "switzerland",
            Self::California => "california",
            Self::Brazil => "brazil",
            Self::Canada => "canada",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|residence| residence.name() == name)
    }

    /// The jurisdiction, as the rules name it; `None` where no rule is known.
    pub fn jurisdiction(self) -> Option<&'static str> {
        match self {
            Self::Europe => Some("EU"),
            Self::UnitedKingdom => Some("GB"),
            Self::Switzerland => Some("CH"),
            Self::California => Some("US-CA"),
            Self::Brazil => Some("BR"),
            Self::Canada => Some("CA"),
            Self::Elsewhere => None,
        }
    }
}

/// What is wrong with a form, by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// No kind of request was chosen.
    #[error("`kind` is missing")]
    Kind,
    /// No residence was chosen.
    #[error("`residence` is missing")]
    Residence,
    /// This can be no address of a mailbox.
    #[error("`email` is no address that mail can be sent to")]
    Email,
    /// More was written than is taken.
    #[error("`words` is longer than {LONGEST_WORDS} characters")]
    Words,
}

/// What a form says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// What is asked for.
    pub kind: RequestKind,
    /// Where the person lives.
    pub residence: Residence,
    /// Where the answer goes.
    pub email: String,
    /// What the person adds; empty where nothing.
    pub words: String,
    /// In which language the person read the form.
    pub language: String,
}

impl Asking {
    /// Reads the fields of a form.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the form.
    pub fn read(kind: &str, residence: &str, email: &str, words: &str, language: &str) -> Result<Self, Vec<FormFault>> {
        let found = (RequestKind::named(kind), Residence::named(residence), address(email), written(words));
        if let (Some(kind), Some(residence), Some(email), Some(words)) = found {
            return Ok(Self { kind, residence, email, words, language: language.to_owned() });
        }
        let (kind, residence, email, words) = found;
        let faults = [
            (kind.is_none(), FormFault::Kind),
            (residence.is_none(), FormFault::Residence),
            (email.is_none(), FormFault::Email),
            (words.is_none(), FormFault::Words),
        ];
        Err(faults.into_iter().filter(|(is, _)| *is).map(|(_, fault)| fault).collect())
    }

    /// The mailbox as the limits count it: most providers tell no capitals apart.
    pub fn mailbox(&self) -> String {
        self.email.to_lowercase()
    }

    /// What is kept until it is confirmed.
    pub fn asked(self, at: Timestamp) -> Asked {
        let expires_at = at.checked_add(super::LINK_LIVES).unwrap_or(Timestamp::MAX);
        let Self { kind, residence, email, words, language } = self;
        let forget_at = expires_at.as_second();
        Asked { kind, residence, email, words, language, asked_at: at, expires_at, forget_at }
    }
}

/// What was asked for and not confirmed yet. The table forgets it with the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What is asked for.
    pub kind: RequestKind,
    /// Where the person lives.
    pub residence: Residence,
    /// Where the answer goes.
    pub email: String,
    /// What the person adds.
    pub words: String,
    /// In which language the person read the form.
    pub language: String,
    /// When the form came.
    pub asked_at: Timestamp,
    /// When the link ends.
    pub expires_at: Timestamp,
    /// When the table may forget it, in seconds since 1970.
    pub(super) forget_at: i64,
}

impl Asked {
    /// Whether its link still confirms. The table forgets late, so this is asked each time.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

/// An address of one mailbox: `local@host`, in ASCII, without what a header or a list of addresses is made of. Quoted local parts and
/// literal addresses are left out, which nobody has who fills in a form.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, host) = text.rsplit_once('@')?;
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let is_local = !local.is_empty() && local.len() <= LONGEST_LOCAL_PART && local.bytes().all(is_atom);
    let is_label = |label: &str| {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && label.len() <= 63 && is_plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let has_dots_between = |text: &str| !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
    let is_host = host.contains('.') && host.split('.').all(is_label);
    let is_address = is_local && has_dots_between(local) && is_host && text.len() <= LONGEST_ADDRESS;
    is_address.then(|| text.to_owned())
}

/// The end of a line counts as one character, as a browser counts it, which sends two.
fn written(words: &str) -> Option<String> {
    let words = words.trim().replace("\r\n", "\n");
    (words.chars().count() <= LONGEST_WORDS).then_some(words)
}
