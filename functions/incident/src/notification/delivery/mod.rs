//! Delivery to many people: the list, what is recorded of each person, what the mail service reports, and what goes by post.
#![expect(async_fn_in_trait, reason = "handlers are generic over the port and run on one thread")]

mod address;
mod addressee;
mod hand;
mod line;
mod list;
mod pace;
mod post;
mod settle;
mod tally;

pub use address::{Address, AddressError};
pub use addressee::{Addressee, AddresseeState, Names, Report, ReportKind, Reports};
pub use hand::{Hand, Handed};
pub use line::{Format, Line, Person, Problem};
pub use list::{Audience, Batch, Checked, LineProblem, ListError, Reader};
pub use pace::{Pace, Quota};
pub use post::PostalFile;
pub use settle::settle;
pub use tally::{ManyPeople, Tally};

use crate::fault::Failure;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How much of a list is read at once, in bytes.
pub const PIECE_BYTES: u64 = 1 << 20;

/// One version of a list, as S3 names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListVersion {
    /// Its key in the bucket of lists.
    pub key: String,
    /// Which version.
    pub version_id: String,
    /// S3's tag of its content.
    pub etag: String,
    /// Its size.
    pub bytes: u64,
}

/// The bucket that lists of people lie in, with what belongs to them. Nothing else of Tocsin lies there.
pub trait Lists {
    /// The name of the bucket.
    fn bucket(&self) -> &str;
    /// The newest version of a list; `None` if there is none.
    async fn newest(&self, key: &str) -> Result<Option<ListVersion>, Failure>;
    /// A part of a version.
    async fn read(&self, list: &ListVersion, range: Range<u64>) -> Result<Vec<u8>, Failure>;
    /// Keeps a new secret under a key unless there is one; answers with the one that is there now.
    async fn keep_secret(&self, key: &str) -> Result<Vec<u8>, Failure>;
    /// The secret that is kept under a key.
    async fn secret(&self, key: &str) -> Result<Option<Vec<u8>>, Failure>;
    /// Puts a file beside the lists, over an older one.
    async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Failure>;
}

/// Checks the list that lies there now.
///
/// # Errors
/// `NeedsOperator` where there is none, in another bucket than that of lists, or one that cannot be used.
pub async fn check_list(lists: &impl Lists, bucket: &str, key: &str) -> Result<Checked, Failure> {
    if bucket != lists.bucket() {
        return Err(Failure::needs_operator(format!("lists of people lie in `{}`, not in `{bucket}`", lists.bucket())));
    }
    let newest = lists.newest(key).await?;
    let list = newest.ok_or_else(|| Failure::needs_operator(format!("there is no list `{key}`, or nothing in it")))?;
    read_list(lists, &list, u64::MAX, async |_| Ok(())).await
}

/// Reads all of a list, piece by piece, and gives each piece's people to `visit`.
///
/// # Errors
/// What the bucket answers; `NeedsOperator` for a list that is none.
pub async fn read_list(
    lists: &impl Lists,
    list: &ListVersion,
    batch_lines: u64,
    mut visit: impl AsyncFnMut(Vec<Line>) -> Result<(), Failure>,
) -> Result<Checked, Failure> {
    let unusable = |error| Failure::needs_operator(format!("the list `{}` cannot be used", list.key)).because(error);
    let mut reader = Reader::new(list.clone(), batch_lines).map_err(unusable)?;
    let mut from = 0;
    while from < list.bytes {
        let to = list.bytes.min(from + PIECE_BYTES);
        let piece = lists.read(list, from..to).await?;
        visit(reader.take(&piece).map_err(unusable)?).await?;
        from = to;
    }
    let (last, checked) = reader.finish().map_err(unusable)?;
    visit(last).await?;
    Ok(checked)
}
