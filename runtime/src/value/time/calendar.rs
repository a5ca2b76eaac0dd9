//! Dates and times of day in the proleptic Gregorian calendar, as RFC 3339 writes them.
//!
//! This is all that a client needs of a calendar, in place of a crate that would be a tenth of what the runtime's
//! dependencies take to compile. The tests compare it with `jiff`.

use std::fmt::Write as _;

const DAY: i64 = 86_400;
/// The days from 1 January of the year 0 to 1 January 1970.
const EPOCH: i64 = 719_528;

/// An instant, or a date and a time of day without an offset, as if in UTC. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant {
    /// Since 1970, negative before it.
    pub(super) seconds: i64,
    /// After these seconds, less than a billion.
    pub(super) nanos: u32,
}

impl Instant {
    /// Reads a date, a `T` or a space, and a time of day without an offset.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let (seconds, nanos) = parse_time(time)?;
        Some(Instant { seconds: parse_date(date)? * DAY + seconds, nanos })
    }

    /// Writes the instant in UTC, with as many decimals as are needed. `None` if its year does not have four digits.
    pub(super) fn print(self) -> Option<String> {
        let (year, month, day) = date_of(self.seconds.div_euclid(DAY))?;
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        print_decimals(&mut text, self.nanos);
        text.push('Z');
        Some(text)
    }
}

/// Adds the decimals of a second, without zeros at the end.
pub(super) fn print_decimals(text: &mut String, nanos: u32) {
    if nanos > 0 {
        // Writing to a string does not fail.
        let _ = write!(text, ".{nanos:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
}

/// Reads a date such as `2014-01-31`. Returns the days from 1970 to it.
pub(super) fn parse_date(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let known = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    known.then(|| {
        days_before(year) + (1..month).map(|month| days_in(year, month)).sum::<i64>() + day - 1 - EPOCH
    })
}

/// Reads a time of day such as `10:00`, `10:00:00` or `10:00:00.5`. Returns its seconds and nanoseconds.
fn parse_time(text: &str) -> Option<(i64, u32)> {
    let (text, nanos) = match text.split_once('.') {
        Some((text, decimals)) => (text, parse_decimals(decimals)?),
        None => (text, 0),
    };
    let mut parts = text.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = match parts.next() {
        Some(second) => number(second, 2)?,
        None if nanos == 0 => 0,
        None => return None,
    };
    let known = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    // A leap second is the one before it for most clocks.
    known.then(|| (hour * 3600 + minute * 60 + second.min(59), nanos))
}

/// Reads the decimals of a second as nanoseconds. There may be more than nine.
pub(super) fn parse_decimals(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let digit = |at| u32::from(text.as_bytes().get(at).map_or(0, |byte| byte - b'0'));
    digits.then(|| (0..9).fold(0, |nanos, at| nanos * 10 + digit(at)))
}

/// Reads the seconds of an offset such as `Z` or `-02:00`.
pub(super) fn parse_offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A number of so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1 January of the year 0 to that of this year.
fn days_before(year: i64) -> i64 {
    // The leap days are those of the years before it, and the year 0 has one.
    let leaps = |year: i64| year / 4 - year / 100 + year / 400 + 1;
    if year == 0 { 0 } else { year * 365 + leaps(year - 1) }
}

/// The date of a day counted from 1970. `None` if its year does not have four digits.
fn date_of(day: i64) -> Option<(i64, i64, i64)> {
    let mut rest = day.checked_add(EPOCH).filter(|day| (0..days_before(10_000)).contains(day))?;
    // A year has at most 366 days, so that the year is this one or up to 27 years later.
    let mut year = rest / 366;
    while days_before(year + 1) <= rest {
        year += 1;
    }
    rest -= days_before(year);
    let mut month = 1;
    while days_in(year, month) <= rest {
        rest -= days_in(year, month);
        month += 1;
    }
    Some((year, month, rest + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn every_day_of_ten_thousand_years_is_that_of_jiff() {
        let mut date = civil::date(0, 1, 1);
        let first = parse_date("0000-01-01").expect("a date");
        for day in first.. {
            let text = date.to_string();
            assert_eq!(parse_date(&text), Some(day), "{text}");
            let expected = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(date_of(day), Some(expected), "{text}");
            match date.tomorrow() {
                Ok(tomorrow) => date = tomorrow,
                Err(_) => break,
            }
        }
        assert_eq!(date.to_string(), "9999-12-31");
        assert_eq!(date_of(first - 1), None);
        assert_eq!(date_of(parse_date("9999-12-31").expect("a date") + 1), None);
        assert_eq!(date_of(i64::MAX), None);
    }

    #[test]
    fn only_dates_and_times_of_the_calendar_are_read() {
        for good in ["2024-02-29", "2000-02-29", "0000-02-29", "2023-12-31"] {
            assert!(parse_date(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2023-02-29",
            "1900-02-29",
            "2024-00-01",
            "2024-13-01",
            "2024-01-00",
            "2024-04-31",
            "2024-1-01",
            "024-01-01",
            "20240101",
            "+2024-01-01",
            "-2024-01-01",
            "2024-01-01-",
            "2024-01-٣١",
            "2024-01- 1",
        ] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        for (good, expected) in [
            ("00:00", (0, 0)),
            ("23:59:59", (86_399, 0)),
            ("23:59:60", (86_399, 0)),
            ("10:00:00.5", (36_000, 500_000_000)),
            ("00:00:00.1234567891", (0, 123_456_789)),
        ] {
            assert_eq!(parse_time(good), Some(expected), "{good}");
        }
        for bad in [
            "",
            "1",
            "10",
            "24:00",
            "10:60",
            "10:00:61",
            "10:00.5",
            "10:00:00.",
            "10:00:00.x",
            "10:00:00:00",
            "1:00",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
        for bad in ["", "+", "0000", "+0000", "+00", "+24:00", "+00:60", "-1:00", "zz", "UTC"] {
            assert_eq!(parse_offset(bad), None, "{bad}");
        }
    }
}
