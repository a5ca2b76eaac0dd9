//! The words in an error response by which its meaning is recognized: reasons, statuses and phrases, each with its
//! source.
//!
//! This module has tables only; the callers decide what to do. A reason that is in no table has no meaning here.

/// When calls that a limit refused are accepted again. Of several, the latest applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Passes {
    /// Within seconds or minutes: slow down and send again.
    Soon,
    /// When a day's quota is renewed.
    NextDay,
    /// Not after any wait: somebody has to free space or request a higher limit.
    Never,
}

use Passes::{Never, NextDay, Soon};

/// Reasons in `errors[]` and in `ErrorInfo`.
const REASONS: &[(&str, Passes)] = &[
    // https://developers.google.com/workspace/drive/api/guides/handle-errors
    ("rateLimitExceeded", Soon),
    ("userRateLimitExceeded", Soon),
    ("sharingRateLimitExceeded", Soon),
    ("dailyLimitExceeded", NextDay),
    ("activeItemCreationLimitExceeded", Never),
    ("myDriveHierarchyDepthLimitExceeded", Never),
    ("numChildrenInNonRootLimitExceeded", Never),
    ("storageQuotaExceeded", Never),
    ("teamDriveFileLimitExceeded", Never),
    // https://rclone.org/drive/, `--drive-stop-on-download-limit`
    ("downloadQuotaExceeded", NextDay),
    // https://developers.google.com/webmaster-tools/v1/errors, the standard errors of the older APIs
    ("concurrentLimitExceeded", Soon),
    ("rateLimitExceededUnreg", Soon),
    ("servingLimitExceeded", Soon),
    ("userRateLimitExceededUnreg", Soon),
    ("dailyLimitExceededUnreg", NextDay),
    ("variableTermExpiredDailyExceeded", NextDay),
    ("limitExceeded", Never),
    ("variableTermLimitExceeded", Never),
    // https://developers.google.com/analytics/devguides/reporting/core/v3/errors: ten concurrent requests for one
    // view. A daily quota is recognized by the domain or the message.
    ("quotaExceeded", Soon),
    // https://github.com/googleapis/python-bigquery/blob/main/google/cloud/bigquery/retry.py
    ("jobRateLimitExceeded", Soon),
    // https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
    ("RATE_LIMIT_EXCEEDED", Soon),
    ("RESOURCE_QUOTA_EXCEEDED", Never),
];

/// Domains in which a reason has a different meaning.
const DOMAINS: &[(&str, &str, Passes)] = &[
    // https://developers.google.com/youtube/v3/docs/errors: the project's quota units for the day.
    ("youtube.quota", "quotaExceeded", NextDay),
];

/// Canonical statuses: <https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto>.
const STATUSES: &[(&str, Passes)] = &[("RESOURCE_EXHAUSTED", Soon)];

/// Phrases in messages. All phrases of an entry must occur.
const SENTENCES: &[(&[&str], Passes)] = &[
    // google-api-python-client #2201: Drive limits how many calls of a batch run concurrently, with varying reasons.
    (&["inner batch requests soft limit"], Soon),
    // "Quota exceeded for quota metric 'M' and limit 'Queries per day' of service 'S'"
    (&["Quota exceeded", "per day"], NextDay),
    // https://developers.google.com/workspace/drive/api/guides/handle-errors
    (&["Daily Limit Exceeded"], NextDay),
    // https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-quotas:
    // "Quota 'CPUS' exceeded. Limit: 24.0 in region R."
    (&["Quota '", "' exceeded. ", "Limit: "], Never),
];

/// What to do about a 403 for these reasons, which are about the quota project or the token. The reasons are from
/// <https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto>, the advice from
/// <https://cloud.google.com/docs/authentication/adc-troubleshooting/user-creds>. The older APIs say `accessNotConfigured`:
/// <https://developers.google.com/webmaster-tools/v1/errors>.
const ADVICE: &[(&str, &str)] = &[
    ("SERVICE_DISABLED", DISABLED),
    ("accessNotConfigured", DISABLED),
    ("USER_PROJECT_DENIED", DENIED),
    ("CONSUMER_INVALID", DENIED),
    (
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "request a scope that this method accepts with the client's `.scopes(…)`; the token of a user's login has the \
         scopes of the login",
    ),
];

const DISABLED: &str = "enable the API in the quota project, or set another project with the client's `.quota_project(…)` or \
                        GOOGLE_CLOUD_QUOTA_PROJECT; a user's login needs one";

const DENIED: &str = "the caller needs the role Service Usage Consumer on the quota project, which is set with the client's \
                      `.quota_project(…)`, with GOOGLE_CLOUD_QUOTA_PROJECT or in the credentials file";

/// The meaning of a reason in its domain.
pub(crate) fn of_reason(reason: &str, domain: &str) -> Option<Passes> {
    let special = DOMAINS.iter().find(|(place, word, _)| *place == domain && *word == reason);
    special.map(|(.., passes)| *passes).or_else(|| find(REASONS, reason))
}

/// The meaning of a canonical status.
pub(crate) fn of_status(status: &str) -> Option<Passes> {
    find(STATUSES, status)
}

/// The meaning of a message.
pub(crate) fn of_message(message: &str) -> Option<Passes> {
    let occurs = |(pieces, _): &&(&[&str], Passes)| pieces.iter().all(|piece| message.contains(piece));
    SENTENCES.iter().filter(occurs).map(|(_, passes)| *passes).max()
}

/// The meaning of the `quota_unit` of an `ErrorInfo`, such as `1/d/{project}` or `1/min/{project}`:
/// <https://cloud.google.com/service-infrastructure/docs/rate-limiting>.
pub(crate) fn of_quota_unit(unit: &str) -> Option<Passes> {
    match unit.strip_prefix("1/")?.split('/').next()? {
        "d" => Some(NextDay),
        _ => Some(Soon),
    }
}

/// What to do about a reason, where that is not a matter of waiting.
pub(crate) fn advice(reason: &str) -> Option<&'static str> {
    find(ADVICE, reason)
}

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
}

/// Of what a request had too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchSize {
    /// Of calls, and how many it may have, where that is said.
    Calls(Option<usize>),
    /// Of bytes.
    Bytes,
}

/// Whether a message says that a batch was too large: `Inner request count exceeds the limit. Received: 100, Limit: 50`
/// (got-your-back #256), `Request payload size exceeds the limit: 10485760 bytes.`
pub(crate) fn of_batch_size(message: &str) -> Option<BatchSize> {
    message.contains("exceeds the limit").then_some(())?;
    if message.contains("payload") || message.contains("bytes") {
        return Some(BatchSize::Bytes);
    }
    let number = message.rsplit_once("Limit:").map_or("", |(_, number)| number.trim_start());
    let digits = number.find(|c: char| !c.is_ascii_digit()).map_or(Some(number), |end| number.get(..end));
    Some(BatchSize::Calls(digits.and_then(|digits| digits.parse().ok())))
}

/// The time in `User-rate limit exceeded. Retry after 2026-01-02T03:04:05.678Z`:
/// <https://developers.google.com/workspace/gmail/api/guides/handle-errors>.
pub(crate) fn retry_at(message: &str) -> Option<&str> {
    let (_, after) = message.split_once("Retry after ")?;
    after.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_size_is_read_out_of_the_sentence() {
        for (message, expected) in [
            (
                "Inner request count exceeds the limit. Received: 100, Limit: 50",
                Some(BatchSize::Calls(Some(50))),
            ),
            (
                "Inner request count exceeds the limit. Received: 100, Limit: 50.",
                Some(BatchSize::Calls(Some(50))),
            ),
            ("Inner request count exceeds the limit.", Some(BatchSize::Calls(None))),
            ("exceeds the limit. Limit: 99999999999999999999999", Some(BatchSize::Calls(None))),
            ("Request payload size exceeds the limit: 10485760 bytes.", Some(BatchSize::Bytes)),
            ("Limit: 50", None),
            ("", None),
        ] {
            assert_eq!(of_batch_size(message), expected, "{message}");
        }
    }

    #[test]
    fn tables_have_each_word_once() {
        fn once<T>(table: &[(&str, T)]) {
            for (at, (word, _)) in table.iter().enumerate() {
                assert!(table.iter().skip(at + 1).all(|(other, _)| other != word), "{word}");
            }
        }
        once(REASONS);
        once(STATUSES);
        once(ADVICE);
    }

    #[test]
    fn a_quota_of_a_day_is_known_by_its_unit_domain_or_sentence() {
        assert_eq!(of_quota_unit("1/d/{project}"), Some(NextDay));
        assert_eq!(of_quota_unit("1/min/{project}/{user}"), Some(Soon));
        assert_eq!(of_quota_unit("1"), None);
        assert_eq!(of_reason("quotaExceeded", "youtube.quota"), Some(NextDay));
        assert_eq!(of_reason("quotaExceeded", "usageLimits"), Some(Soon));
        let message = "Quota exceeded for quota metric 'Q' and limit 'Queries per day' of service 'x'";
        assert_eq!(of_message(message), Some(NextDay));
        assert_eq!(of_message("Quota 'CPUS' exceeded.  Limit: 24.0 in region r."), Some(Never));
        assert_eq!(of_message("Rate Limit Exceeded"), None);
    }

    #[test]
    fn a_time_to_retry_at_is_found() {
        let message = "User-rate limit exceeded.  Retry after 2026-01-02T03:04:05.678Z";
        assert_eq!(retry_at(message), Some("2026-01-02T03:04:05.678Z"));
        assert_eq!(retry_at("Retry after "), None);
    }
}
