//! A signed document as it lies in the bucket of settings: its bytes, if their signature holds.

use super::{DocumentError, PublicKey, SignatureError};
use crate::fault::{Failure, Fault};
use crate::ports::Settings;
use jiff::Timestamp;

/// A document that is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {why}")]
pub struct Distrust {
    /// Where it lies among the settings.
    pub path: &'static str,
    /// Why it is not used.
    pub why: Why,
}

/// Why a document is not used. Names fields, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The bucket does not give it out.
    #[error("is missing in the bucket of settings, or may not be read")]
    Unreadable,
    /// There is no signature beside it.
    #[error("has no signature: the file of the same name with `.sig` is missing, or may not be read")]
    Unsigned,
    /// The signature, or the key to check it with, proves nothing.
    #[error("is not trusted: {0}")]
    Signature(SignatureError),
    /// It is signed, but cannot be used.
    #[error("cannot be used: {0}")]
    Document(DocumentError),
    /// Its time is over.
    #[error("has expired: it counted until {0}")]
    Expired(Timestamp),
    /// Its time has not begun.
    #[error("does not count before {0}")]
    NotYetValid(Timestamp),
    /// A later version, or another one of this number, was trusted before.
    #[error("is not the newest: version {0} was trusted before")]
    Stale(u64),
}

/// What the settings hold at a path.
pub(crate) enum Fetched {
    /// A document with a signature that holds. Nothing of it has been read.
    Signed(Vec<u8>),
    /// No document.
    Nothing,
    /// A document that proves nothing.
    Distrusted(Why),
}

/// The document at `path`, if the signature at `signature_path` holds under the key.
///
/// # Errors
/// `Transient` only: what else keeps the document from being read is a reason for distrust.
pub(crate) async fn fetch(
    settings: &impl Settings,
    path: &str,
    signature_path: &str,
    public_key: &str,
) -> Result<Fetched, Failure> {
    let document = match given(settings.read(path).await)? {
        Given::Bytes(document) => document,
        Given::Nothing => return Ok(Fetched::Nothing),
        Given::Refused => return Ok(Fetched::Distrusted(Why::Unreadable)),
    };
    Ok(match given(settings.read(signature_path).await)? {
        Given::Bytes(signature) => {
            match PublicKey::read(public_key).and_then(|key| key.verify(&document, &signature)) {
                Ok(()) => Fetched::Signed(document),
                Err(error) => Fetched::Distrusted(Why::Signature(error)),
            }
        }
        Given::Nothing | Given::Refused => Fetched::Distrusted(Why::Unsigned),
    })
}

enum Given {
    Bytes(Vec<u8>),
    Nothing,
    Refused,
}

/// What a repeat may mend stays a failure; what only a person mends is no reason to stop.
fn given(answer: Result<Option<Vec<u8>>, Failure>) -> Result<Given, Failure> {
    match answer {
        Ok(bytes) => Ok(bytes.map_or(Given::Nothing, Given::Bytes)),
        Err(failure) => match failure.fault() {
            Fault::Transient => Err(failure),
            Fault::Rejected | Fault::NeedsOperator => Ok(Given::Refused),
        },
    }
}
