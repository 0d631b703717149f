//! What the organisation has told Tocsin about itself: who it is and what data lies where.

use crate::fault::Failure;
use crate::notification::{Decided, Rules};
use crate::ports::Settings;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

/// Where the settings lie in their bucket.
pub const PATH: &str = "settings/organisation.json";

/// The organisation's settings.
///
/// # Errors
/// `NeedsOperator`, with the line and the field that is wrong, or because there are none.
pub async fn load(settings: &impl Settings) -> Result<Organisation, Failure> {
    let missing = || Failure::needs_operator(format!("the settings have no `{PATH}`: put the organisation's there"));
    let bytes = settings.read(PATH).await?.ok_or_else(missing)?;
    serde_json::from_slice(&bytes).map_err(unusable)
}

/// The rules of law as the organisation has changed them and added to them: those by which its duties are opened and ended.
///
/// # Errors
/// As [`load`], and `NeedsOperator` where its own rules cannot be used.
pub async fn rules(settings: &impl Settings, embedded: &Rules) -> Result<Rules, Failure> {
    embedded.of(&load(settings).await?).map_err(unusable)
}

/// That the settings were read and cannot be used.
pub fn unusable(error: impl Error + Send + Sync + 'static) -> Failure {
    Failure::needs_operator(format!("`{PATH}` cannot be used")).because(error)
}

/// The organisation's settings document (`settings/organisation.json`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// The legal name of the controller.
    pub name: String,
    /// Its postal address, one line.
    pub address: String,
    /// Who answers for privacy (GDPR Art. 33(3)(b)).
    pub privacy_contact: Contact,
    /// The address of those who answer customers: they get a copy of what goes to many people, before it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_desk: Option<String>,
    /// Facts that hold for every incident, such as `gdpr_applies`; the names are those of the obligation rules.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// What personal data lies in which resource.
    pub data_inventory: Vec<DataHolding>,
    /// Where a notice under a rule goes, by rule id. A rule that is not here is not turned on (only counsel turns one on).
    pub recipients: BTreeMap<String, Recipient>,
    /// The unverified rules that counsel has turned on, by rule id in lower case: who, when and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turned_on: BTreeMap<String, Decided>,
    /// Rules of its own and changes of those that come with Tocsin: what `obligations/*.toml` may hold, as JSON. A row of
    /// `obligation` whose `id` is known changes the fields that it names; each says in `decided` who changed it, when and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, serde_json::Value>,
    /// How notices are decided about.
    #[serde(default)]
    pub legal_gate: LegalGate,
    /// Where the public reads notices, and which; `None` where nothing is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_pages: Option<PublicPages>,
}

/// The public pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicPages {
    /// Where they are reached.
    pub origin: PublicOrigin,
    /// The obligations whose notices to people are published when they are sent, by rule id as in `recipients`.
    #[serde(default)]
    pub obligations: BTreeSet<String>,
}

/// Scheme and name of the public pages, such as `https://notices.shop.example`. Plain HTTP is for a local AWS alone, which has no
/// certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicOrigin(String);

/// Why a text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is `https://` and a name, with nothing after it")]
pub struct NoOrigin;

impl TryFrom<String> for PublicOrigin {
    type Error = NoOrigin;

    fn try_from(text: String) -> Result<Self, NoOrigin> {
        let port = |text: &str| !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        let in_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        let is_name = |name: &str| name.contains('.') && !name.starts_with(['.', '-']) && name.bytes().all(in_name);
        let is_origin = match text.strip_prefix("https://") {
            Some(name) => is_name(name),
            None => text.strip_prefix("http://localhost:").is_some_and(port),
        };
        if is_origin { Ok(Self(text)) } else { Err(NoOrigin) }
    }
}

impl From<PublicOrigin> for String {
    fn from(origin: PublicOrigin) -> Self {
        origin.0
    }
}

impl fmt::Display for PublicOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How notices are decided about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalGate {
    /// The obligations under which two reviewers have to agree, by rule id as in `recipients`; `all` stands for every one.
    #[serde(default)]
    pub four_eyes: BTreeSet<String>,
}

impl LegalGate {
    /// What stands for every obligation.
    pub const ALL: &str = "all";

    /// Whether two reviewers have to agree on a notice under this obligation.
    pub fn asks_for_two(&self, obligation: &str) -> bool {
        self.four_eyes.contains(Self::ALL) || self.four_eyes.contains(obligation)
    }
}

/// A person or an office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The name or the office.
    pub name: String,
    /// A mail address.
    pub email: String,
    /// A telephone number in E.123 form.
    pub phone: String,
}

/// Data in one resource, personal or worth a playbook of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataHolding {
    /// The id of the resource as findings name it, such as a bucket name. `*` stands for any text.
    pub resource: String,
    /// What it holds, in the words of the record of processing activities.
    pub description: String,
    /// Which kind of data that is, where a breach of it has a playbook of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<HeldData>,
    /// Whose data it is, such as `customers` or `employees`.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// Normalised data classes, as the obligation rules name them.
    pub data_classes: Vec<String>,
    /// Residents with data in it, by ISO 3166 code (`DE`, `US-CA`).
    pub affected: BTreeMap<String, u64>,
    /// Whether `affected` names every place in which someone lives whose data is in it: then it is nobody's elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub affected_is_complete: bool,
    /// Through what the data is used, as the fact `data.surface` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surface: Option<String>,
    /// As what the organisation processes it, as the fact `entity.role` names it; `None` where `facts` holds for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whose the model is that lies in it, as the fact `model.owner` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_owner: Option<String>,
    /// Whose the training data is that lies in it, as the fact `training_data.owner` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_data_owner: Option<String>,
}

/// The kinds of data whose breach has a playbook of its own. Where a breach touches several, the first in this order counts:
/// the more directly it is about people, the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldData {
    /// What the shop knows of its customers.
    CustomerData,
    /// Logs of the invocations of models: what people asked and what they were answered.
    InferenceLogs,
    /// What models are trained on.
    TrainingData,
    /// Weights and code of models.
    ModelArtifacts,
}

/// Where a notice goes: by mail to one address, to each person of a list, or to an authority's portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The authority, or how the group of people is called.
    pub name: String,
    /// The address that receives the notice; empty where one of the next two stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// The list of people who receive it, one a line: `s3://<bucket of lists>/<key>.csv` or `.jsonl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The authority's portal, where a person hands the notice in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// The language of the notice, as an ISO 639-1 code.
    pub language: String,
}

/// The way to a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// A mail to this address.
    Mail(&'a str),
    /// A mail or a letter to each person of this list, by its bucket and its key there.
    List {
        /// The bucket.
        bucket: &'a str,
        /// The key.
        key: &'a str,
    },
    /// A person hands it in there.
    Portal(&'a str),
}

impl Recipient {
    /// The one way that is given.
    ///
    /// # Errors
    /// `NeedsOperator` where there is none, several, or the list's name is no name of an object.
    pub fn way(&self) -> Result<Way<'_>, Failure> {
        match (self.email.as_str(), &self.list, &self.portal) {
            (email, None, None) if !email.is_empty() => Ok(Way::Mail(email)),
            ("", Some(list), None) => {
                let parts = list.strip_prefix("s3://").and_then(|path| path.split_once('/'));
                let (bucket, key) =
                    parts.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()).ok_or_else(|| {
                        Failure::needs_operator(format!("a `list` in `{PATH}` is not of the form `s3://bucket/key`"))
                    })?;
                Ok(Way::List { bucket, key })
            }
            ("", None, Some(portal)) => Ok(Way::Portal(portal)),
            _ => Err(Failure::needs_operator(format!(
                "each recipient in `{PATH}` has one of `email`, `list` and `portal`"
            ))),
        }
    }
}
