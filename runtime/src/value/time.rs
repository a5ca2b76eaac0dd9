//! Times, dates and durations, kept as text.

#[cfg(feature = "jiff")]
mod with_jiff;

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, civil};

use super::text::{ParseError, text};

text! {
    /// A time in RFC 3339 format: `2014-01-01T10:00:00Z`, with another offset, or without an offset.
    ///
    /// The text is kept, so the offset (or its absence) and every digit survive a round trip. Two values are equal if
    /// their texts are equal. They are ordered by time. A time without an offset is ordered as if it were in UTC, text
    /// that is not a time comes first, and texts of the same instant are ordered by their bytes.
    ///
    /// ```
    /// use gapis_runtime::DateTime;
    ///
    /// let start: DateTime = "2014-01-01T10:00:00".parse()?;
    /// assert!(start.to_std().is_err(), "no offset, so no instant");
    ///
    /// let later: DateTime = "2014-01-01T09:00:00-02:00".parse()?;
    /// assert!(start < later);
    /// assert_eq!(later.to_std()?.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_388_574_000);
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    DateTime, "a time"
}

impl DateTime {
    /// Converts the time to a [`SystemTime`].
    ///
    /// # Errors
    /// If the text is not a time or has no offset.
    pub fn to_std(&self) -> Result<SystemTime, ParseError> {
        self.read_instant().map(SystemTime::from)
    }

    fn read_instant(&self) -> Result<Timestamp, ParseError> {
        self.0.parse().map_err(|error| invalid("time with an offset", &self.0, &error))
    }

    fn read_civil(&self) -> Result<civil::DateTime, ParseError> {
        split_offset(&self.0).0.parse().map_err(|error| invalid("time", &self.0, &error))
    }

    fn read_offset(&self) -> Option<Offset> {
        parse_offset(split_offset(&self.0).1)
    }

    /// The instant by which times are ordered.
    fn instant(&self) -> Option<Timestamp> {
        self.read_offset().unwrap_or(Offset::UTC).to_timestamp(self.read_civil().ok()?).ok()
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant().cmp(&other.instant()).then_with(|| self.0.cmp(&other.0))
    }
}

/// Splits the text into the part before the offset and the offset, which is empty if there is none.
fn split_offset(text: &str) -> (&str, &str) {
    let time = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let offset = text.get(time..).and_then(|rest| rest.find(['Z', 'z', '+', '-']));
    text.split_at_checked(offset.map_or(text.len(), |offset| time + offset)).unwrap_or((text, ""))
}

fn parse_offset(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u8>().ok()).flatten();
    let seconds = i32::from(two(hours)?) * 3600 + i32::from(two(minutes)?) * 60;
    Offset::from_seconds(sign * seconds).ok()
}

#[cold]
fn invalid(what: &str, text: &str, why: &dyn std::fmt::Display) -> ParseError {
    ParseError::new(format!("{text:?} is not a {what}: {why}"))
}

impl FromStr for DateTime {
    type Err = ParseError;
    /// Accepts the text unchanged if it is a time.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let time = DateTime(text.to_owned());
        time.read_civil()?;
        let offset = split_offset(text).1;
        match offset.is_empty() || parse_offset(offset).is_some() {
            true if text.contains(['T', 't']) => Ok(time),
            _ => Err(invalid("time", text, &"expected the form 2006-01-02T15:04:05Z")),
        }
    }
}

impl TryFrom<&str> for DateTime {
    type Error = ParseError;
    fn try_from(text: &str) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl TryFrom<SystemTime> for DateTime {
    type Error = ParseError;
    /// Formats the time in UTC.
    fn try_from(time: SystemTime) -> Result<Self, ParseError> {
        let time = Timestamp::try_from(time).map_err(|error| {
            ParseError::new(format!("the time cannot be written in RFC 3339 format: {error}"))
        })?;
        Ok(DateTime(time.to_string()))
    }
}

text! {
    /// A date: `2014-01-31`. The text is kept as it was received.
    #[derive(PartialOrd, Ord)]
    Date, "a date"
}

impl Date {
    fn read(&self) -> Result<civil::Date, ParseError> {
        let date: civil::Date = self.0.parse().map_err(|error| invalid("date", &self.0, &error))?;
        // The parser also accepts a date with a time.
        match self.0.len() {
            10 => Ok(date),
            _ => Err(invalid("date", &self.0, &"expected the form 2006-01-02")),
        }
    }
}

impl FromStr for Date {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let date = Date(text.to_owned());
        date.read().map(|_| date)
    }
}

impl TryFrom<&str> for Date {
    type Error = ParseError;
    fn try_from(text: &str) -> Result<Self, ParseError> {
        text.parse()
    }
}

text! {
    /// A duration in seconds with up to nine decimals: `3.5s`. The text is kept as it was received.
    ///
    /// ```
    /// use gapis_runtime::Duration;
    ///
    /// let wait = Duration::from(std::time::Duration::from_millis(3500));
    /// assert_eq!(wait.as_str(), "3.5s");
    /// assert_eq!(wait.to_std()?.as_millis(), 3500);
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    Duration, "a duration"
}

impl Duration {
    fn read(&self) -> Result<SignedDuration, ParseError> {
        parse_duration(&self.0)
            .ok_or_else(|| invalid("duration", &self.0, &"expected seconds and an `s`, such as 3.5s"))
    }

    /// Converts the duration to a [`std::time::Duration`].
    ///
    /// # Errors
    /// If the text is not a duration, or the duration is negative.
    pub fn to_std(&self) -> Result<std::time::Duration, ParseError> {
        self.read()?.try_into().map_err(|error| invalid("non-negative duration", &self.0, &error))
    }
}

fn parse_duration(text: &str) -> Option<SignedDuration> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let nanos: i32 = format!("{decimals:0<9}").parse().ok()?;
    let duration = SignedDuration::new(whole.parse().ok()?, nanos);
    if negative { duration.checked_neg() } else { Some(duration) }
}

fn print_duration(negative: bool, seconds: u64, nanos: u32) -> Duration {
    let mut text = format!("{}{seconds}", if negative { "-" } else { "" });
    if nanos > 0 {
        // Writing to a string does not fail.
        let _ = write!(text, ".{nanos:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('s');
    Duration(text)
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        print_duration(false, duration.as_secs(), duration.subsec_nanos())
    }
}

impl FromStr for Duration {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let duration = Duration(text.to_owned());
        duration.read().map(|_| duration)
    }
}

impl TryFrom<&str> for Duration {
    type Error = ParseError;
    fn try_from(text: &str) -> Result<Self, ParseError> {
        text.parse()
    }
}
