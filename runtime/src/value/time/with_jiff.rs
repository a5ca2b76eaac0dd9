//! Times, dates and durations as those of `jiff`, and back: the feature `jiff`.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, civil};

use super::{Date, DateTime, Duration, ParseError, print_duration};

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
        self.read_instant()
    }

    /// Date and time of day as written, whatever the offset.
    ///
    /// # Errors
    /// If the text is no time.
    #[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
    pub fn civil(&self) -> Result<civil::DateTime, ParseError> {
        self.read_civil()
    }

    /// The offset from UTC, if the text has one.
    #[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
    #[must_use]
    pub fn offset(&self) -> Option<Offset> {
        self.read_offset()
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
        self.read()
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
        self.read()
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
impl From<SignedDuration> for Duration {
    fn from(duration: SignedDuration) -> Self {
        let nanos = duration.subsec_nanos().unsigned_abs();
        print_duration(duration.is_negative(), duration.as_secs().unsigned_abs(), nanos)
    }
}
