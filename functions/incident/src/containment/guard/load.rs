//! The guard to work with: of the settings' document if it can be trusted, else of the last one that could.

use super::{Caps, Guard, GuardDocument, PATH, SIGNATURE_PATH};
use crate::Digest;
use crate::fault::Failure;
use crate::ports::Settings;
use crate::records::{Key, Records};
use crate::signed::{Distrust, Fetched, PublicKey, Why, fetch};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The guard, and what is wrong with the settings' document.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The guard.
    pub guard: Guard,
    /// Why the settings' document is not the one that counts. A person has to hear of it.
    pub distrust: Option<Distrust>,
}

/// The last document that was trusted, kept in the table: whoever puts an older one back weakens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The document.
    pub document: GuardDocument,
    /// The digest of its bytes.
    pub digest: String,
}

/// The guard for now. A document of a higher version than the last trusted one becomes the last trusted one.
///
/// # Errors
/// `Transient` only: what else keeps the document from being read is a reason for distrust.
pub async fn load(
    settings: &impl Settings,
    records: &impl Records,
    public_key: &str,
    now: Timestamp,
) -> Result<Loaded, Failure> {
    let remembered: Option<Remembered> = records.get(&Key::guard()).await?;
    let offered = match fetch(settings, PATH, SIGNATURE_PATH, public_key).await? {
        Fetched::Signed(bytes) => accept(&bytes, remembered.as_ref(), now),
        Fetched::Nothing => Err(Why::Unreadable),
        Fetched::Distrusted(why) => Err(why),
    };
    let (counting, why) = match offered {
        Ok(trusted) => {
            remember(records, &trusted).await?;
            (Some(trusted), None)
        }
        Err(why) => (remembered, Some(why)),
    };
    let distrust = why.map(|why| Distrust { path: PATH, why });
    let guard = match (counting, &distrust) {
        (Some(remembered), None) => Guard::Signed(Box::new(remembered.document)),
        (Some(remembered), Some(_)) => Guard::Signed(Box::new(restricted(remembered.document, now))),
        (None, distrust) => {
            let why = distrust.as_ref().map(ToString::to_string).unwrap_or_default();
            Guard::Shut(format!("no signed settings say what must not be touched: {why}"))
        }
    };
    Ok(Loaded { guard, distrust })
}

/// The guard of the last document that was trusted: for what takes values from it and guards nothing by it.
///
/// # Errors
/// What the table answers.
pub async fn remembered(records: &impl Records) -> Result<Guard, Failure> {
    let remembered: Option<Remembered> = records.get(&Key::guard()).await?;
    Ok(remembered.map_or(Guard::Open, |remembered| Guard::Signed(Box::new(remembered.document))))
}

/// The document in these bytes, if signature, form and time are right.
///
/// # Errors
/// The first reason for distrust.
pub fn trust(bytes: &[u8], signature: &[u8], public_key: &str, now: Timestamp) -> Result<GuardDocument, Why> {
    PublicKey::read(public_key).and_then(|key| key.verify(bytes, signature)).map_err(Why::Signature)?;
    Ok(accept(bytes, None, now)?.document)
}

fn accept(bytes: &[u8], remembered: Option<&Remembered>, now: Timestamp) -> Result<Remembered, Why> {
    let document = GuardDocument::read(bytes).map_err(Why::Document)?;
    document.period().map_err(Why::Document)?.at(now)?;
    let offered = Remembered { document, digest: Digest::of(bytes).to_string() };
    match remembered {
        Some(known) if offered.document.version < known.document.version => Err(Why::Stale(known.document.version)),
        Some(known) if offered.document.version == known.document.version && offered.digest != known.digest => {
            Err(Why::Stale(known.document.version))
        }
        _ => Ok(offered),
    }
}

async fn remember(records: &impl Records, trusted: &Remembered) -> Result<(), Failure> {
    let (kept, is_new) = records.create(&Key::guard(), trusted).await?;
    if is_new || kept.document.version >= trusted.document.version {
        return Ok(());
    }
    let newer = |kept: &mut Remembered| {
        // Another function may have seen a newer one meanwhile.
        if kept.document.version < trusted.document.version {
            *kept = trusted.clone();
        }
        Ok(())
    };
    records.update(&Key::guard(), newer).await?;
    Ok(())
}

/// What still counts of a document that has expired: what it forbids, and little of what it allows.
fn restricted(document: GuardDocument, now: Timestamp) -> GuardDocument {
    let is_over = document.period().is_ok_and(|period| period.at(now).is_err());
    let caps = if is_over { document.caps.at_most(Caps::OF_EXPIRED) } else { document.caps };
    GuardDocument { caps, ..document }
}
