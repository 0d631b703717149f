//! The one place that reads the clock.

use jiff::Timestamp;

/// Now, in UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
