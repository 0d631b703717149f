//! The methods of counting a period, by the names that `[[calendar]]` rows use.

use serde::{Deserialize, Serialize};

/// The methods of counting: the `counting` of a `[[calendar]]` row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Counting {
    /// Hours as they pass, by any clock on the wall no later than that: the earlier counts when clocks are put forward.
    /// The hour of the event is not counted by the law (Reg. 1182/71 Art. 3(1)), which gives the statutory latest.
    WholeHours,
    /// Hours as they pass.
    ElapsedHours,
    /// To the end of the last day. The day of the event is not counted; a weekend or holiday does not move the end.
    EndOfDay,
    /// As `end-of-day`; the latest is rolled to a working day and holds two of them (Reg. 1182/71 Art. 3(4) and (5)).
    UnionWorkingDay,
    /// As `end-of-day`; the latest is rolled past Saturdays, Sundays and the holidays of all of Germany (BGB § 193).
    GermanWorkingDay,
    /// As `end-of-day`; the latest is rolled past weekends and holidays (Acts Interpretation Act 1901 (Cth) s. 36(2)).
    AustralianWorkingDay,
    /// Elapsed hours, days to their end; the latest is noon of the next working day (RTS (EU) 2025/301 Art. 5(4)).
    DoraNoon,
    /// To the end of the last day, the day of the event counted as the first; the latest does not count it.
    Inclusive,
    /// Business days of a US state: the fewest holidays give the earliest end, the federal ones the latest.
    UsBusinessDays,
    /// Business days of a federal agency (5 U.S.C. 6103).
    FederalBusinessDays,
    /// Business days to 17:30 Eastern (Form 8-K, General Instruction B.1; Regulation S-T Rule 13).
    SecBusinessDays,
    /// Dias úteis: the holidays that federal law itself names; the latest leaves out Good Friday as well.
    BrazilianBusinessDays,
}
