//! The document as it lies among the settings: used if it can be trusted, else as if there were none.

use super::document::read;
use super::{PATH, SIGNATURE_PATH, Scope};
use crate::fault::Failure;
use crate::ports::Settings;
use crate::signed::{Distrust, DocumentError, Fetched, PublicKey, Why, fetch};
use jiff::Timestamp;

/// The scope to work with.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The document's scope, or none.
    pub scope: Scope,
    /// Why the document is not used. It suppresses nothing, and a person has to hear of it.
    pub distrust: Option<Distrust>,
}

/// The scope that the settings hold. Without a public key there is none, and they are not asked.
///
/// # Errors
/// `Transient` only: what else keeps the document from being read is a reason for distrust.
pub async fn load(settings: &impl Settings, public_key: &str, now: Timestamp) -> Result<Loaded, Failure> {
    if public_key.trim().is_empty() {
        return Ok(Loaded::default());
    }
    let trusted = match fetch(settings, PATH, SIGNATURE_PATH, public_key).await? {
        Fetched::Nothing => return Ok(Loaded::default()),
        Fetched::Signed(document) => Scope::read(&document).map_err(Why::Document).and_then(|scope| scope.at(now)),
        Fetched::Distrusted(why) => Err(why),
    };
    Ok(match trusted {
        Ok(scope) => Loaded { scope, distrust: None },
        Err(why) => Loaded { scope: Scope::none(), distrust: Some(Distrust { path: PATH, why }) },
    })
}

/// The scope that a document describes, if signature, form and time are right. Nothing of it is read before its signature.
///
/// # Errors
/// The first reason for distrust.
pub fn trust(document: &[u8], signature: &[u8], public_key: &str, now: Timestamp) -> Result<Scope, Why> {
    let key = PublicKey::read(public_key).map_err(Why::Signature)?;
    key.verify(document, signature).map_err(Why::Signature)?;
    Scope::read(document).map_err(Why::Document)?.at(now)
}

impl Scope {
    /// Reads a document without a look at signature and time: for showing it, not for acting by it.
    ///
    /// # Errors
    /// With the field that is wrong.
    pub fn read(document: &[u8]) -> Result<Self, DocumentError> {
        read(document)
    }

    /// The same scope, if it counts at this time.
    ///
    /// # Errors
    /// [`Why::Expired`] or [`Why::NotYetValid`].
    pub fn at(self, now: Timestamp) -> Result<Self, Why> {
        self.period.map_or(Ok(()), |period| period.at(now))?;
        Ok(self)
    }
}
