//! Which line of an order is which object: the one file of the item that names them.

use super::{CopyOrder, CopyState, ObjectCopy, S3Checksum, file_name};
use serde_json::{Value, json};

/// `about.json` of an order, with what became of each line, in their order, and whether what S3 keeps of the object was something
/// that the copy could be compared with. It is the same whenever it is written.
pub fn about(order: &CopyOrder, copies: &[ObjectCopy]) -> Value {
    let objects = order.lines().zip(copies).map(|((line, object), copy)| {
        let outcome = match &copy.state {
            CopyState::Copied { sha256, at, .. } => json!({"copied_at": at, "sha256": sha256}),
            CopyState::Missing { reason, at, .. } => json!({"found_at": at, "gap": reason}),
            CopyState::Begun | CopyState::Uploading(_) => json!({"gap": "the copy has not ended"}),
        };
        let kept = copy.source.as_ref().and_then(|source| source.checksum.as_ref());
        let is_compared = kept.is_some_and(S3Checksum::is_comparable);
        json!({
            "file": file_name(line),
            "ordered": object,
            "found": copy.source,
            "checksum_compared": is_compared,
            "outcome": outcome,
        })
    });
    json!({"format": "tocsin-objects/1", "order": order.name, "objects": objects.collect::<Vec<_>>()})
}
