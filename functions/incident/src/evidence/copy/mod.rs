//! Copies of named object versions: what is ordered, how far each copy has come, and what the copying needs of the world.
//!
//! An order is a file of at most a hundred lines in the vault, and an item of evidence: each line becomes a file of that item,
//! named by the line's number, since the key of an object can name a person.

mod about;
mod checksum;
mod order;
mod port;
mod progress;

pub use about::about;
pub use checksum::{Along, AlongState, Crc, S3Checksum};
pub use order::{CopyOrder, MOST_LINES, NamedObject, Ordered, SOURCE, file_name, order_copies, orders};
pub use port::{HeldVault, ObjectReader, Read, Stated, Stored};
pub use progress::{CopyState, ObjectCopy, Running, SourceVersion, Upload};

/// The largest object that S3 takes in ten thousand parts that a function can hold in memory.
pub const MOST_BYTES: u64 = 5 << 40;

/// What is not larger is put in one piece, and the size of a part of what is not huge.
pub const PART_BYTES: u64 = 16 << 20;

/// How many parts an upload can have (S3).
const MOST_PARTS: u64 = 10_000;

/// The size of each part but the last of an object of this size: ten thousand of them hold the whole.
pub fn part_bytes(bytes: u64) -> u64 {
    let mebibytes = bytes.div_ceil(MOST_PARTS).div_ceil(1 << 20);
    PART_BYTES.max(mebibytes << 20)
}
