//! What would mend a cause: words, the policy's variable, or a command that can be pasted into a shell.

use serde::Serialize;

use crate::platform::{Identity, ServiceId};

/// What would mend a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mend {
    /// What to do, in words.
    pub what: String,
    /// The policy's variable to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<&'static str>,
    /// The command that does it, every word of it quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Mend {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), variable: None, command: None }
    }

    pub(super) fn variable(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }

    /// With a command about a service's scalable target.
    pub(super) fn register(self, service: &ServiceId, identity: Option<&Identity>, options: &[&str]) -> Self {
        self.about_target("register-scalable-target", service, identity, options)
    }

    /// With a command that reads what AWS says of a service's scaling: `operation` is the CLI's.
    pub(super) fn look(self, operation: &str, service: &ServiceId, identity: Option<&Identity>) -> Self {
        self.about_target(operation, service, identity, &[])
    }

    fn about_target(self, operation: &str, service: &ServiceId, identity: Option<&Identity>, more: &[&str]) -> Self {
        let resource = service.resource_id();
        let mut words =
            vec!["aws", "application-autoscaling", operation, "--service-namespace", "ecs", "--resource-id"];
        words.push(&resource);
        if operation == "register-scalable-target" {
            words.extend(["--scalable-dimension", "ecs:service:DesiredCount"]);
        }
        words.extend(more);
        if let Some(identity) = identity {
            words.extend(["--region", identity.region.as_str()]);
        }
        // As with the command of a change: a control character or a scheme cannot be made safe by quoting.
        let safe = words.iter().all(|word| !word.contains("://") && !word.chars().any(char::is_control));
        let command = shlex::try_join(words.iter().copied()).ok().filter(|_| safe);
        Self { command, ..self }
    }
}
