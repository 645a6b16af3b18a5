//! Why a question was not answered, in the kinds that call for different actions by the person on call.
//!
//! Every [`SdkError`] becomes one [`Failure`]. Texts that came over the wire are cleaned here: they are hostile until
//! then.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::pace::{Call, Family};
use super::profiles::Mend;
use crate::platform::SourceState;

/// The longest text that is kept of what AWS or the network said, in characters.
const DETAIL_LIMIT: usize = 300;

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// AWS asked for less, twice: the SDK has already tried again once.
    #[error("throttled")]
    Throttled,
    /// IAM says no.
    #[error("denied: {action}")]
    Denied {
        /// The missing action, as in `ecs:DescribeServices`.
        action: String,
    },
    /// Credentials have expired.
    #[error("credentials have expired: {mend}")]
    Expired {
        /// The command or step that mends it.
        mend: String,
    },
    /// No credentials were found, or AWS does not know them.
    #[error("no credentials: {mend}")]
    NoCredentials {
        /// The ways to get some.
        mend: String,
    },
    /// No answer in time.
    #[error("no answer within {} s", after.as_secs())]
    TimedOut {
        /// How long was waited, on the wall's clock.
        after: Duration,
    },
    /// No connection, or it broke.
    #[error("network: {detail}")]
    Network {
        /// What the stack said, cleaned.
        detail: String,
    },
    /// An answer that could not be read, or an error of another kind.
    #[error("{detail}")]
    Faulty {
        /// AWS's code and words, or the parser's, cleaned.
        detail: String,
    },
}

impl Failure {
    /// The state of the source that failed. When it will be asked again is the caller's to know; only a throttled state
    /// carries it.
    pub fn into_state(self, retry_at: Timestamp) -> SourceState {
        match self {
            Self::Throttled => SourceState::Throttled { retry_at },
            Self::Denied { action } => SourceState::Denied { action },
            Self::Expired { mend } => SourceState::Expired { mend },
            Self::NoCredentials { mend } => SourceState::NoCredentials { mend },
            Self::TimedOut { after } => SourceState::TimedOut { after_s: after.as_secs() as u32 },
            Self::Network { detail } => SourceState::Network { detail },
            Self::Faulty { detail } => SourceState::Faulty { detail },
        }
    }

    /// An answer that was read but cannot be: something is missing or contradicts itself.
    pub(super) fn faulty(detail: impl AsRef<str>) -> Self {
        Self::Faulty { detail: clean(detail.as_ref()) }
    }

    /// What an SDK error means.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>, call: Call, waited: Duration, mend: &Mend) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        if let Some(credentials) = cause::<CredentialsError>(error) {
            return Self::of_credentials(credentials, mend);
        }
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut { after: waited },
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut { after: waited },
            SdkError::DispatchFailure(failure) if failure.is_io() || broke(error) => {
                Self::Network { detail: innermost(error) }
            }
            SdkError::ResponseError(_) if broke(error) => Self::Network { detail: innermost(error) },
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                Self::of_code(service.err().code(), service.err().message(), status, call, mend)
            }
            SdkError::ResponseError(response) => Self::Faulty {
                detail: clean(&format!(
                    "{} answered HTTP {} with something that cannot be read: {}",
                    call.action(),
                    response.raw().status().as_u16(),
                    innermost(error)
                )),
            },
            _ => Self::Faulty { detail: innermost(error) },
        }
    }

    fn of_code(code: Option<&str>, message: Option<&str>, status: u16, call: Call, mend: &Mend) -> Self {
        let message = message.unwrap_or_default();
        let Some(code) = code else {
            return match status {
                429 => Self::Throttled,
                _ => Self::faulty(format!("{} answered HTTP {status} without an error code", call.action())),
            };
        };
        match Kind::of(code) {
            Kind::Throttle => Self::Throttled,
            // Cost Explorer says both in one code: it is switched on in the billing console, and by nobody's policy.
            Kind::Denied if message.to_ascii_lowercase().contains("not enabled for cost explorer") => Self::faulty(
                "Cost Explorer is not enabled: switch it on in the billing console; the first data take a day",
            ),
            Kind::Other if code == "LimitExceededException" && call.family() == Family::CostExplorer => Self::Throttled,
            Kind::Denied => Self::Denied { action: denied_action(message).unwrap_or(call.action()).to_owned() },
            Kind::Expired => Self::Expired { mend: mend.expired() },
            Kind::Unknown => Self::NoCredentials { mend: mend.not_accepted(&clean(code)) },
            Kind::Other if message.is_empty() => Self::faulty(code),
            Kind::Other => Self::faulty(format!("{code}: {message}")),
        }
    }

    /// What a failure of the credential chain means.
    pub(super) fn of_credentials(error: &CredentialsError, mend: &Mend) -> Self {
        let words = all_words(error);
        if words.to_ascii_lowercase().contains("expired") {
            return Self::Expired { mend: mend.expired() };
        }
        match error {
            CredentialsError::CredentialsNotLoaded(_) => Self::NoCredentials { mend: mend.missing() },
            _ if mend.is_sso() => Self::Expired { mend: mend.expired() },
            _ => Self::NoCredentials { mend: clean(&format!("{} ({words})", mend.missing())) },
        }
    }
}

impl From<Failure> for SourceState {
    /// As [`Failure::into_state`], for who does not know when the source will be asked again: a throttled one is dated
    /// to the epoch, which is "whenever somebody asks".
    fn from(failure: Failure) -> Self {
        failure.into_state(Timestamp::UNIX_EPOCH)
    }
}

/// What an error code means, whatever service said it.
enum Kind {
    Throttle,
    Denied,
    Expired,
    Unknown,
    Other,
}

impl Kind {
    fn of(code: &str) -> Self {
        match code {
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "SlowDown"
            | "PriorRequestNotComplete" => Self::Throttle,
            "AccessDenied"
            | "AccessDeniedException"
            | "UnauthorizedOperation"
            | "NotAuthorized"
            | "UnauthorizedException" => Self::Denied,
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => Self::Expired,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "AuthFailure"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException" => Self::Unknown,
            _ => Self::Other,
        }
    }
}

/// The action that IAM's sentence names: "… is not authorized to perform: ecs:DescribeServices on resource: …".
pub(super) fn denied_action(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("to perform: ")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '-')).unwrap_or(rest.len());
    let action = &rest[..end];
    let (service, operation) = action.split_once(':')?;
    (!service.is_empty() && !operation.is_empty() && action.len() <= 80).then_some(action)
}

/// Whether a code says that the credentials lack a right.
pub(super) fn is_denied(code: &str) -> bool {
    matches!(Kind::of(code), Kind::Denied)
}

/// An error and its causes, outermost first.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error: &'e (dyn Error + 'static) = next?;
        next = error.source();
        Some(error)
    })
}

/// The first error of a type among an error and its causes.
pub(super) fn cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// Whether a connection broke somewhere below: before, within or instead of an answer.
fn broke(error: &(dyn Error + 'static)) -> bool {
    cause::<hyper::Error>(error).is_some() || cause::<std::io::Error>(error).is_some()
}

/// The innermost cause in words: the outer ones are the SDK's own layers.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    clean(&causes(error).last().map(ToString::to_string).unwrap_or_default())
}

fn all_words(error: &(dyn Error + 'static)) -> String {
    clean(&causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// Text that came from outside, made harmless: control characters become visible signs, what reorders a line is
/// replaced, and the length is bounded.
pub(super) fn clean(text: &str) -> String {
    let mut cleaned: String = text.chars().take(DETAIL_LIMIT).map(visible).collect();
    if text.chars().nth(DETAIL_LIMIT).is_some() {
        cleaned.push('…');
    }
    cleaned
}

fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => ' ',
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        c if c.is_control() => '\u{fffd}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_is_taken_from_iams_sentence() {
        let table = [
            (
                "User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: ecs:DescribeServices on resource: \
                 arn:aws:ecs:us-east-1:1:service/a/b because no identity-based policy allows it",
                Some("ecs:DescribeServices"),
            ),
            ("not authorized to perform: application-autoscaling:X", Some("application-autoscaling:X")),
            ("not authorized to perform: \x1b[31mecs:X", None),
            ("not authorized to perform: ", None),
            ("no", None),
        ];
        for (message, action) in table {
            assert_eq!(denied_action(message), action, "{message}");
        }
    }

    #[test]
    fn hostile_text_becomes_visible_and_bounded() {
        assert_eq!(clean("a\x1b]52;c;x\x07b\nc\u{202e}d\u{9b}"), "a␛]52;c;x␇b c\u{fffd}d\u{fffd}");
        assert_eq!(clean(&"ä".repeat(1_000)).chars().count(), DETAIL_LIMIT + 1);
    }

    #[test]
    fn codes_of_every_service_fall_into_their_kind() {
        let mend = Mend::profile("ops", true);
        let of = |code, message, status| Failure::of_code(code, message, status, Call::DescribeServices, &mend);
        assert_eq!(of(Some("ThrottlingException"), Some("Rate exceeded"), 400), Failure::Throttled);
        assert_eq!(of(Some("Throttling"), None, 400), Failure::Throttled);
        assert_eq!(of(None, None, 429), Failure::Throttled);
        let denied = Failure::Denied { action: "ecs:DescribeServices".into() };
        assert_eq!(of(Some("AccessDeniedException"), Some("you may not"), 400), denied);
        let expired = Failure::Expired { mend: "aws sso login --profile ops".into() };
        assert_eq!(of(Some("ExpiredToken"), None, 403), expired);
        assert!(matches!(of(Some("InvalidClientTokenId"), None, 403), Failure::NoCredentials { .. }));
        let faulty = Failure::Faulty { detail: "ClusterNotFoundException: Cluster not found.".into() };
        assert_eq!(of(Some("ClusterNotFoundException"), Some("Cluster not found."), 400), faulty);
        assert!(matches!(of(None, None, 502), Failure::Faulty { detail } if detail.contains("HTTP 502")));
    }
}
