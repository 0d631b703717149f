//! The one place that reads the clock, and waits.

use jiff::{SignedDuration, Timestamp};

/// Now, in UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Waits for so long.
pub async fn pause(duration: SignedDuration) {
    tokio::time::sleep(duration.unsigned_abs()).await;
}
