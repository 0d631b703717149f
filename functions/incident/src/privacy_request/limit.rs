//! How often somebody may ask in a day. Counted under keyed digests, so that the counters name nobody.

use crate::fault::Failure;
use crate::records::{Key, Records, Versioned, Write};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// How many mails an address gets in a day: more would be a way to pester whoever has it.
pub const MAILS_A_DAY: u32 = 3;

/// How many requests come from one network address in a day: an office or a mobile network has one for many people.
pub const REQUESTS_A_DAY: u32 = 60;

/// How long a counter is kept after its day has begun, in seconds: two days, so that none is forgotten too soon.
const KEPT_SECONDS: i64 = 2 * 86_400;

/// How often a count is tried again that others were faster than.
const MOST_RACES: u32 = 5;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The keyed digest of who or what it is, in hexadecimal.
    pub name: String,
    /// How many there may be in a day.
    pub most: u32,
}

/// A counter of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    count: u32,
    /// When the table may forget it, in seconds since 1970.
    forget_at: i64,
}

/// Counts one more, unless the limit is reached. What is over the limit is not counted: nobody is locked out by trying. Where others
/// count at the same moment again and again, that is over the limit, too.
///
/// # Errors
/// What the table answers.
pub async fn admits_one(records: &impl Records, limit: &Limit, now: Timestamp) -> Result<bool, Failure> {
    let day = TimeZone::UTC.to_datetime(now).date();
    let key = Key::privacy_limit(&limit.name, &day.to_string());
    for _ in 0..MOST_RACES {
        let found = records.read::<Tally>(std::slice::from_ref(&key)).await?.into_iter().flatten().next();
        let (count, over) = match &found {
            Some(Versioned { record, version }) => (record.count, Some(*version)),
            None => (0, None),
        };
        if count >= limit.most {
            return Ok(false);
        }
        let tally = Tally { count: count + 1, forget_at: now.as_second() + KEPT_SECONDS };
        if records.commit(vec![Write::new(key.clone(), &tally, over)?]).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
