//! Times, dates and durations as those of `jiff`, and back: the feature `jiff`.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, civil};

use super::{Date, DateTime, Duration, ParseError, calendar, invalid, print_duration, split_offset};

#[cold]
fn failed(what: &str, text: &str, error: &jiff::Error) -> ParseError {
    invalid(what, text, &error.to_string())
}

/// With the feature `jiff`.
///
/// ```
/// use gapis_runtime::DateTime;
///
/// let start: DateTime = "2014-01-01T10:00:00".parse()?;
/// assert_eq!(start.civil()?.hour(), 10);
/// assert!(start.offset().is_none() && start.timestamp().is_err());
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
impl DateTime {
    /// The instant.
    ///
    /// # Errors
    /// If the text is no time, or has no offset.
    #[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
    pub fn timestamp(&self) -> Result<Timestamp, ParseError> {
        self.0.parse().map_err(|error| failed("time with an offset", &self.0, &error))
    }

    /// Date and time of day as written, whatever the offset.
    ///
    /// # Errors
    /// If the text is no time.
    #[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
    pub fn civil(&self) -> Result<civil::DateTime, ParseError> {
        split_offset(&self.0).0.parse().map_err(|error| failed("time", &self.0, &error))
    }

    /// The offset from UTC, if the text has one.
    #[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
    #[must_use]
    pub fn offset(&self) -> Option<Offset> {
        let seconds = calendar::parse_offset(split_offset(&self.0).1)?;
        Offset::from_seconds(i32::try_from(seconds).ok()?).ok()
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
impl From<Timestamp> for DateTime {
    /// In UTC.
    fn from(time: Timestamp) -> Self {
        DateTime(time.to_string())
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
impl From<civil::DateTime> for DateTime {
    /// Without an offset.
    fn from(time: civil::DateTime) -> Self {
        DateTime(time.to_string())
    }
}

impl Date {
    /// The date.
    ///
    /// # Errors
    /// If the text is no date.
    #[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
    pub fn civil(&self) -> Result<civil::Date, ParseError> {
        // The other parser also accepts a date with a time.
        self.0.parse::<Date>()?;
        self.0.parse().map_err(|error| failed("date", &self.0, &error))
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        Date(date.to_string())
    }
}

impl Duration {
    /// The duration, which may be negative.
    ///
    /// # Errors
    /// If the text is no duration.
    #[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
    pub fn to_jiff(&self) -> Result<SignedDuration, ParseError> {
        let span = self.read()?;
        let size =
            SignedDuration::try_from(span.size).map_err(|error| failed("duration", &self.0, &error))?;
        Ok(if span.negative { -size } else { size })
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
impl From<SignedDuration> for Duration {
    fn from(duration: SignedDuration) -> Self {
        let nanos = duration.subsec_nanos().unsigned_abs();
        print_duration(duration.is_negative(), duration.as_secs().unsigned_abs(), nanos)
    }
}
