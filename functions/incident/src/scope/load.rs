//! The document as it lies in the vault: used if it can be trusted, else as if there were none.

use super::document::{DocumentError, read};
use super::{PATH, SIGNATURE_PATH, Scope};
use crate::fault::{Failure, Fault};
use crate::ports::Vault;
use crate::signed::{PublicKey, SignatureError};
use jiff::Timestamp;

/// The scope to work with.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The document's scope, or none.
    pub scope: Scope,
    /// Why the document in the vault is not used. It suppresses nothing, and a person has to hear of it.
    pub distrust: Option<Distrust>,
}

/// Why a document is not used. Names fields, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// The vault does not give it out.
    #[error("`{PATH}` is missing in the vault, or may not be read")]
    Unreadable,
    /// There is no signature beside it.
    #[error("`{PATH}` has no signature: `{SIGNATURE_PATH}` is missing in the vault, or may not be read")]
    Unsigned,
    /// The signature, or the key to check it with, proves nothing.
    #[error("`{PATH}` is not trusted: {0}")]
    Signature(SignatureError),
    /// It is signed, but cannot be used.
    #[error("`{PATH}` cannot be used: {0}")]
    Document(DocumentError),
    /// Its time is over.
    #[error("`{PATH}` has expired: it counted until {0}")]
    Expired(Timestamp),
    /// Its time has not begun.
    #[error("`{PATH}` does not count before {0}")]
    NotYetValid(Timestamp),
}

/// The scope that the vault holds. Without a public key there is none, and the vault is not asked.
///
/// # Errors
/// `Transient` only: what else keeps the document from being read is a reason for distrust.
pub async fn load(vault: &impl Vault, public_key: &str, now: Timestamp) -> Result<Loaded, Failure> {
    if public_key.trim().is_empty() {
        return Ok(Loaded::default());
    }
    let document = match given(vault.read(PATH).await)? {
        Given::Bytes(document) => document,
        Given::Nothing => return Ok(Loaded::default()),
        Given::Refused => return Ok(Loaded { scope: Scope::none(), distrust: Some(Distrust::Unreadable) }),
    };
    let trusted = match given(vault.read(SIGNATURE_PATH).await)? {
        Given::Bytes(signature) => trust(&document, &signature, public_key, now),
        Given::Nothing | Given::Refused => Err(Distrust::Unsigned),
    };
    Ok(match trusted {
        Ok(scope) => Loaded { scope, distrust: None },
        Err(distrust) => Loaded { scope: Scope::none(), distrust: Some(distrust) },
    })
}

/// The scope that a document describes, if signature, form and time are right. Nothing of it is read before its signature.
///
/// # Errors
/// The first reason for distrust.
pub fn trust(document: &[u8], signature: &[u8], public_key: &str, now: Timestamp) -> Result<Scope, Distrust> {
    let key = PublicKey::read(public_key).map_err(Distrust::Signature)?;
    key.verify(document, signature).map_err(Distrust::Signature)?;
    Scope::read(document).map_err(Distrust::Document)?.at(now)
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
    /// [`Distrust::Expired`] or [`Distrust::NotYetValid`].
    pub fn at(self, now: Timestamp) -> Result<Self, Distrust> {
        match self.period {
            Some(period) if now < period.issued_at => Err(Distrust::NotYetValid(period.issued_at)),
            Some(period) if period.valid_until < now => Err(Distrust::Expired(period.valid_until)),
            _ => Ok(self),
        }
    }
}

enum Given {
    Bytes(Vec<u8>),
    Nothing,
    Refused,
}

/// What a repeat may mend stays a failure; what only a person mends is no reason to stop the intake of findings.
fn given(answer: Result<Option<Vec<u8>>, Failure>) -> Result<Given, Failure> {
    match answer {
        Ok(bytes) => Ok(bytes.map_or(Given::Nothing, Given::Bytes)),
        Err(failure) => match failure.fault() {
            Fault::Transient => Err(failure),
            Fault::Rejected | Fault::NeedsOperator => Ok(Given::Refused),
        },
    }
}
