//! Points in time, in the forms that AWS services and their exporters write.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The forms in which Inspector writes times into its events (user guide, "Amazon Inspector finding event schema"), in UTC:
/// `Wed Sep 04 16:50:37.627 UTC 2024`, and until 2023 `Dec 3, 2021, 6:02:30 PM`.
const WRITTEN_OUT: [&str; 2] = ["%a %b %d %H:%M:%S%.f UTC %Y", "%b %d, %Y, %I:%M:%S %p"];

/// Reads RFC 3339, the same with a space for the `T`, the same without a zone (UTC), the forms of [`WRITTEN_OUT`], and epoch
/// seconds, milliseconds, microseconds or nanoseconds as a number or in a string. Anything else is no time.
pub(crate) fn read(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => of_epoch(whole.into()),
            None => of_fraction(number.as_f64()?),
        },
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| without_zone(text)).or_else(|| of_digits(text)).or_else(|| written_out(text))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn without_zone(text: &str) -> Option<Timestamp> {
    let at: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

fn written_out(text: &str) -> Option<Timestamp> {
    let at = WRITTEN_OUT.iter().find_map(|form| DateTime::strptime(form, text).ok())?;
    TimeZone::UTC.to_timestamp(at).ok()
}

fn of_digits(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(whole) => of_epoch(whole.into()),
        Err(_) => of_fraction(text.parse().ok()?),
    }
}

/// The unit of an epoch number is told by its size: seconds stay below 10^11 until the year 5138, and milliseconds, the
/// next unit, passed that in 1973.
fn of_epoch(number: i128) -> Option<Timestamp> {
    let nanoseconds = match number.unsigned_abs() {
        0..100_000_000_000 => number.checked_mul(1_000_000_000)?,
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000_000)?,
        100_000_000_000_000..100_000_000_000_000_000 => number.checked_mul(1_000)?,
        _ => number,
    };
    Timestamp::from_nanosecond(nanoseconds).ok()
}

fn of_fraction(number: f64) -> Option<Timestamp> {
    if !number.is_finite() {
        return None;
    }
    let unit = if number.abs() < 1e11 { 1e3 } else { 1.0 };
    // Milliseconds are as fine as a double of that size holds without noise.
    let milliseconds = (number * unit).round();
    if milliseconds.abs() < 1e15 { Timestamp::from_millisecond(milliseconds as i64).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::{Value, json};

    fn written(value: Value) -> Option<String> {
        read(&value).map(|at| at.to_string())
    }

    #[test]
    fn reads_every_form_seen_in_the_field() {
        for (value, expected) in [
            (json!("2026-07-22T18:42:17.000Z"), "2026-07-22T18:42:17Z"),
            (json!("2025-02-25 20:40:06.000000000"), "2025-02-25T20:40:06Z"),
            (json!("2024-06-03T14:15:19.382075"), "2024-06-03T14:15:19.382075Z"),
            (json!("2026-02-05T06:38:40.430622+00:00"), "2026-02-05T06:38:40.430622Z"),
            (json!(1_739_539_623), "2025-02-14T13:27:03Z"),
            (json!(1_759_524_561_464_i64), "2025-10-03T20:49:21.464Z"),
            (json!(1_513_612_691.551), "2017-12-18T15:58:11.551Z"),
            (json!("1739539623"), "2025-02-14T13:27:03Z"),
            (json!("1513612691.551"), "2017-12-18T15:58:11.551Z"),
            (json!("2026-01-26 14:21:44.742000+01:00"), "2026-01-26T13:21:44.742Z"),
            (json!("Wed Sep 04 16:50:37.627 UTC 2024"), "2024-09-04T16:50:37.627Z"),
            (json!("Dec 3, 2021, 6:02:30 PM"), "2021-12-03T18:02:30Z"),
        ] {
            assert_eq!(written(value.clone()).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [json!(null), json!(""), json!("soon"), json!("NaN"), json!(f64::MAX), json!(u64::MAX), json!([])]
        {
            assert_eq!(written(value.clone()), None, "{value}");
        }
    }
}
