//! Identifiers and quantities, each a type of its own, so that a cluster cannot be passed where a service is wanted.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the exact text AWS uses; nothing is cleaned or folded.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The exact text, hostile characters and all: clean it before it reaches a terminal.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// An ECS cluster's short name, as in `solosuccess-production`.
    ClusterName
);
name!(
    /// An ECS service's short name, as in `solosuccess-ai-service`.
    ServiceName
);
name!(
    /// The last part of a task's ARN.
    TaskId
);
name!(
    /// A twelve-digit AWS account number.
    AccountId
);
name!(
    /// An AWS region, as in `us-east-1`.
    Region
);
name!(
    /// The `app/<name>/<id>` part of a load balancer's ARN, which is also its CloudWatch dimension.
    LoadBalancerId
);
name!(
    /// A target group's full ARN.
    TargetGroupArn
);
name!(
    /// An RDS instance's identifier, as in `production-solosuccess-db`.
    DatabaseId
);
name!(
    /// An ElastiCache replication group's id, as in `production-solosuccess-redis`.
    CacheId
);
name!(
    /// A node of a replication group: AWS's cache cluster id, as in `production-solosuccess-redis-001`.
    CacheNodeId
);
name!(
    /// A CloudFront distribution's id, as in `E2QWRUHAPOMQZL`.
    DistributionId
);

impl DatabaseId {
    /// Where the identifier stands among its like: by its trailing number, then by its bytes, so that `db-10` comes
    /// after `db-9`.
    pub fn rank(&self) -> (u64, &str) {
        rank(self.as_str())
    }
}

impl CacheNodeId {
    /// Where the node stands among its like: by its trailing number, then by its bytes.
    pub fn rank(&self) -> (u64, &str) {
        rank(self.as_str())
    }
}

/// The number a name ends with, and the name. Without one, or with one that is too large to be counted, 0.
fn rank(name: &str) -> (u64, &str) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (name[stem.len()..].parse().unwrap_or(0), name)
}

impl TargetGroupArn {
    /// The `targetgroup/<name>/<id>` part: the CloudWatch dimension. `None` when the ARN has no such part.
    pub fn dimension(&self) -> Option<&str> {
        self.as_str().split(':').next_back().filter(|part| part.starts_with("targetgroup/"))
    }
}

/// A service: the cluster it runs in and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceId {
    /// The cluster.
    pub cluster: ClusterName,
    /// The name within the cluster.
    pub service: ServiceName,
}

impl ServiceId {
    /// A service of a cluster.
    pub fn new(cluster: impl AsRef<str>, service: impl AsRef<str>) -> Self {
        Self { cluster: ClusterName::new(cluster), service: ServiceName::new(service) }
    }

    /// Application Auto Scaling's resource id: `service/<cluster>/<service>`.
    pub fn resource_id(&self) -> String {
        format!("service/{}/{}", self.cluster, self.service)
    }

    /// The inverse of [`ServiceId::resource_id`].
    pub fn from_resource_id(id: &str) -> Option<Self> {
        let mut parts = id.strip_prefix("service/")?.splitn(2, '/');
        Some(Self::new(parts.next()?, parts.next()?))
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.service)
    }
}

impl From<ServiceId> for String {
    fn from(id: ServiceId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ServiceId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.split_once('/')
            .map(|(cluster, service)| Self::new(cluster, service))
            .ok_or_else(|| format!("`{text}` is not <cluster>/<service>"))
    }
}

/// A number of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TaskCount(pub u32);

impl fmt::Display for TaskCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number of members of a group that scales by ones: read replicas, cache nodes or shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberCount(pub u32);

impl fmt::Display for MemberCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_by_their_trailing_number_and_then_by_their_bytes() {
        let mut names = ["db-10", "db-9", "db", "b-9", "db-99999999999999999999"].map(DatabaseId::new);
        names.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let sorted = names.each_ref().map(DatabaseId::as_str);
        assert_eq!(sorted, ["db", "db-99999999999999999999", "b-9", "db-9", "db-10"]);
    }
}
