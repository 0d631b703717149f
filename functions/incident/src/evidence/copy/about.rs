//! Which line of an order is which object: the one file of the item that names them.

use super::{CopyOrder, CopyState, ObjectCopy, file_name};
use serde_json::{Value, json};

/// `about.json` of an order, with what became of each line, in their order. It is the same whenever it is written.
pub fn about(order: &CopyOrder, copies: &[ObjectCopy]) -> Value {
    let objects = order.lines().zip(copies).map(|((line, object), copy)| {
        let outcome = match &copy.state {
            CopyState::Copied { sha256, at, .. } => json!({"copied_at": at, "sha256": sha256}),
            CopyState::Missing { reason, at, .. } => json!({"found_at": at, "gap": reason}),
            CopyState::Begun | CopyState::Uploading(_) => json!({"gap": "the copy has not ended"}),
        };
        json!({"file": file_name(line), "ordered": object, "found": copy.source, "outcome": outcome})
    });
    json!({"format": "tocsin-objects/1", "order": order.name, "objects": objects.collect::<Vec<_>>()})
}
