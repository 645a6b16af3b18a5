//! An operation's refusal, in the words AWS uses. Services that grew up with awsQuery call an error differently there
//! than their models do, so a refusal carries both names.

use super::Service;
use super::value::Malformed;

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The shape's name in the model, as awsJson and CBOR give it.
    pub code: &'static str,
    /// The code awsQuery gives.
    pub query_code: &'static str,
    /// The sentence.
    pub message: String,
    /// The HTTP status over awsJson and CBOR.
    pub status: u16,
    /// The HTTP status over awsQuery.
    pub query_status: u16,
}

impl Refusal {
    /// The caller's mistake, called the same in every protocol.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, query_code: code, message: message.into(), status: 400, query_status: 400 }
    }

    /// The caller's mistake, which awsQuery calls otherwise.
    pub fn with_query(code: &'static str, query_code: &'static str, message: impl Into<String>) -> Self {
        Self { query_code, ..Self::new(code, message) }
    }

    /// The same with an HTTP status other than 400, in every protocol.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, query_status: status, ..self }
    }

    /// Nobody signed the request.
    pub fn unsigned() -> Self {
        Self {
            query_status: 403,
            ..Self::with_query(
                "MissingAuthenticationTokenException",
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            )
        }
    }

    /// No such operation.
    pub fn unknown_operation(operation: &str) -> Self {
        Self::with_query(
            "UnknownOperationException",
            "InvalidAction",
            format!("Could not find operation {operation}; the drill does not answer it."),
        )
    }

    /// The body could not be read.
    pub fn unreadable(what: impl Into<String>) -> Self {
        Self::with_query("SerializationException", "MalformedInput", what)
    }

    /// The caller may not do this.
    pub fn denied(caller: &str, service: Service, operation: &str) -> Self {
        let action = format!("{}:{operation}", service.iam());
        Self {
            query_status: 403,
            ..Self::with_query(
                "AccessDeniedException",
                "AccessDenied",
                format!(
                    "User: {caller} is not authorized to perform: {action} on resource: * \
                     because no identity-based policy allows the {action} action"
                ),
            )
        }
    }

    /// The session is over.
    pub fn expired() -> Self {
        Self {
            query_status: 403,
            ..Self::with_query(
                "ExpiredTokenException",
                "ExpiredToken",
                "The security token included in the request is expired",
            )
        }
    }

    /// Too many calls.
    pub fn throttled() -> Self {
        Self::with_query("ThrottlingException", "Throttling", "Rate exceeded")
    }

    /// Whether the sender is to blame.
    pub(super) fn sender(&self) -> bool {
        self.status < 500
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        let message = malformed.to_string();
        match malformed {
            Malformed::Missing(_) => Self::with_query("ValidationException", "ValidationError", message),
            Malformed::Kind { .. } => Self::unreadable(message),
        }
    }
}
