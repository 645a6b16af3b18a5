//! Who we are to AWS, and which environment we are looking at.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, Region};

/// The caller as STS names it, and the region we speak to. A plan is bound to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// The caller's ARN; for an assumed role this includes the session name.
    pub arn: String,
    /// The region of every regional call.
    pub region: Region,
}

impl Identity {
    /// The short form for a header: `role/sre-oncall`, `user/ada`, or the whole ARN when it is of another kind.
    pub fn short(&self) -> &str {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or(&self.arn);
        match resource.strip_prefix("assumed-role/") {
            Some(rest) => rest.split('/').next().unwrap_or(rest),
            None => resource,
        }
    }
}

/// The environment's label. What nobody has labelled is treated as production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Labelled production, or not labelled at all.
    Production,
    /// Labelled staging: the spec's smaller limits.
    Staging,
    /// Any other label, as written.
    Other(String),
}

impl Environment {
    /// Reads a label; the empty label is production.
    pub fn from_label(label: &str) -> Self {
        match label.trim().to_ascii_lowercase().as_str() {
            "" | "production" | "prod" => Self::Production,
            "staging" => Self::Staging,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether the strict confirmation tiers apply.
    pub fn is_production(&self) -> bool {
        matches!(self, Self::Production)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Production => f.write_str("production"),
            Self::Staging => f.write_str("staging"),
            Self::Other(label) => f.write_str(label),
        }
    }
}
