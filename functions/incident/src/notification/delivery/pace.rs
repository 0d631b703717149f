//! How fast mails go out: under what the account may send.

use serde::{Deserialize, Serialize};

/// What the account may send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Messages a second.
    pub per_second: f64,
    /// Messages left of the last 24 hours; `None` without a limit.
    pub left_today: Option<u64>,
}

/// How many runs send at once, and how long each waits from one message to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Runs at once.
    pub concurrency: u32,
    /// From the begin of one message to the begin of the next in a run.
    pub pause_milliseconds: u64,
}

/// The part of the account's rate that a delivery takes: others send, too.
const SHARE: f64 = 0.8;
/// Messages a second that one run can send, a claim and an outcome recorded for each.
const PER_RUN: f64 = 10.0;
/// So that no delivery takes all of the account's functions.
const MOST_RUNS: f64 = 50.0;

impl Quota {
    /// The pace that stays below it, whatever the number of batches.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are small and positive")]
    pub fn pace(self) -> Pace {
        let rate = (self.per_second * SHARE).max(0.1);
        let runs = (rate / PER_RUN).ceil().clamp(1.0, MOST_RUNS);
        Pace { concurrency: runs as u32, pause_milliseconds: (runs / rate * 1000.0).ceil() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_runs_together_stay_below_the_rate(per_second in 0.5_f64..10_000.0) {
            let pace = Quota { per_second, left_today: None }.pace();
            let rate = f64::from(pace.concurrency) * 1000.0 / pace.pause_milliseconds as f64;
            prop_assert!(rate <= per_second, "{rate} > {per_second}");
            prop_assert!(pace.concurrency <= 50 && pace.pause_milliseconds > 0);
        }
    }
}
