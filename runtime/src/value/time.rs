//! Times, dates and durations, kept as text.

mod calendar;
#[cfg(feature = "jiff")]
mod with_jiff;

use std::cmp::Ordering;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::text::{ParseError, text};
use calendar::Instant;

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
        let since = self.since_epoch().ok_or_else(|| invalid("time with an offset", &self.0, TIME))?;
        let seconds = std::time::Duration::from_secs(since.seconds.unsigned_abs());
        let time = match since.seconds < 0 {
            true => UNIX_EPOCH.checked_sub(seconds),
            false => UNIX_EPOCH.checked_add(seconds),
        };
        time.and_then(|time| time.checked_add(std::time::Duration::from_nanos(since.nanos.into())))
            .ok_or_else(|| invalid("time that this system has", &self.0, "it is out of range"))
    }

    /// The instant, if the text is a time with an offset.
    fn since_epoch(&self) -> Option<Instant> {
        calendar::parse_offset(split_offset(&self.0).1)?;
        self.instant()
    }

    /// The instant by which times are ordered.
    fn instant(&self) -> Option<Instant> {
        let (time, offset) = split_offset(&self.0);
        let time = Instant::parse(time)?;
        Some(Instant { seconds: time.seconds - calendar::parse_offset(offset).unwrap_or(0), ..time })
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

const TIME: &str = "expected the form 2006-01-02T15:04:05Z";

#[cold]
fn invalid(what: &str, text: &str, why: &str) -> ParseError {
    ParseError::new(format!("{text:?} is not a {what}: {why}"))
}

impl FromStr for DateTime {
    type Err = ParseError;
    /// Accepts the text unchanged if it is a time.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (time, offset) = split_offset(text);
        let known = offset.is_empty() || calendar::parse_offset(offset).is_some();
        match known && Instant::parse(time).is_some() && text.contains(['T', 't']) {
            true => Ok(DateTime(text.to_owned())),
            false => Err(invalid("time", text, TIME)),
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
        let (before, since) = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => (false, since),
            Err(error) => (true, error.duration()),
        };
        let text = i64::try_from(since.as_secs()).ok().and_then(|seconds| {
            let instant = match (before, since.subsec_nanos()) {
                (false, nanos) => Instant { seconds, nanos },
                (true, 0) => Instant { seconds: -seconds, nanos: 0 },
                (true, nanos) => Instant { seconds: -seconds - 1, nanos: 1_000_000_000 - nanos },
            };
            instant.print()
        });
        text.map(DateTime).ok_or_else(|| {
            ParseError::new(
                "the time cannot be written in RFC 3339 format: its year does not have four digits",
            )
        })
    }
}

text! {
    /// A date: `2014-01-31`. The text is kept as it was received.
    #[derive(PartialOrd, Ord)]
    Date, "a date"
}

impl FromStr for Date {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match calendar::parse_date(text) {
            Some(_) => Ok(Date(text.to_owned())),
            None => Err(invalid("date", text, "expected the form 2006-01-02")),
        }
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
    fn read(&self) -> Result<Span, ParseError> {
        Span::parse(&self.0)
            .ok_or_else(|| invalid("duration", &self.0, "expected seconds and an `s`, such as 3.5s"))
    }

    /// Converts the duration to a [`std::time::Duration`].
    ///
    /// # Errors
    /// If the text is not a duration, or the duration is negative.
    pub fn to_std(&self) -> Result<std::time::Duration, ParseError> {
        match self.read()? {
            Span { negative: true, size } if !size.is_zero() => {
                Err(invalid("duration that this type has", &self.0, "it is negative"))
            }
            span => Ok(span.size),
        }
    }
}

/// A duration that may be negative.
struct Span {
    negative: bool,
    size: std::time::Duration,
}

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('s')?;
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        if !whole.bytes().all(|byte| byte.is_ascii_digit()) || decimals.len() > 9 {
            return None;
        }
        let nanos = calendar::parse_decimals(decimals)?;
        Some(Span { negative, size: std::time::Duration::new(whole.parse().ok()?, nanos) })
    }
}

fn print_duration(negative: bool, seconds: u64, nanos: u32) -> Duration {
    let mut text = format!("{}{seconds}", if negative { "-" } else { "" });
    calendar::print_decimals(&mut text, nanos);
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
