//! A plan as the `aws` command that does the same, safe to paste into a shell.

use super::plan::Plan;
use super::step::Step;
use crate::platform::{ReaderRecord, ScheduledAction, ServiceId};

/// The command line: the one field that each step sends, and the region that the plan is bound to. Several steps are
/// joined, so that one that fails is the last.
///
/// Every word is quoted, so that a hostile name is an argument and nothing else. Quoting does not help against
/// control characters (they can end a terminal's paste) and `scheme://` (the CLI would read that file or address);
/// AWS's own rules allow neither in a name, and for such a one there is a shell comment instead of a command.
pub fn command(plan: &Plan) -> String {
    let mut lines = Vec::new();
    let mut later = String::new();
    for step in plan.steps() {
        match words(&step) {
            Some(mut words) => {
                if !matches!(step, Step::PutRecord { .. } | Step::DropRecord { .. }) {
                    words.option("region", plan.identity.region.as_str());
                }
                let Some(line) = words.line() else {
                    return "# no command: a name in it is not safe to paste".to_owned();
                };
                // Pasted as it stands, nothing would wait for the connections to end.
                match step {
                    Step::DeleteReplica { .. } if !lines.is_empty() => {
                        later = format!(" # then, once its connections are gone: {line}");
                    }
                    _ => lines.push(line),
                }
            }
            None => " # then its record, once its address is known".clone_into(&mut later),
        }
    }
    lines.join(" && ") + &later
}

/// The words of a command.
struct Words(Vec<String>);

impl Words {
    fn of(api: &str, operation: &str) -> Self {
        Self(vec!["aws".into(), api.into(), operation.into()])
    }

    fn option(&mut self, name: &str, value: &str) -> &mut Self {
        // A value that looks like an option would be taken for one.
        if value.starts_with('-') {
            self.0.push(format!("--{name}={value}"));
        } else {
            self.0.extend([format!("--{name}"), value.to_owned()]);
        }
        self
    }

    fn flag(&mut self, name: &str) -> &mut Self {
        self.0.push(format!("--{name}"));
        self
    }

    fn scaling(operation: &str, service: &ServiceId) -> Self {
        let mut words = Self::of("application-autoscaling", operation);
        words
            .option("service-namespace", "ecs")
            .option("resource-id", &service.resource_id())
            .option("scalable-dimension", "ecs:service:DesiredCount");
        words
    }

    /// One line for a shell; `None` where quoting cannot make it safe.
    fn line(&self) -> Option<String> {
        let safe = self.0.iter().all(|word| !word.contains("://") && !word.chars().any(char::is_control));
        shlex::try_join(self.0.iter().map(String::as_str)).ok().filter(|_| safe)
    }
}

/// A step as words; `None` while what it sends is not known.
fn words(step: &Step) -> Option<Words> {
    Some(match step {
        Step::Desired { service, to } => {
            let mut words = Words::of("ecs", "update-service");
            words
                .option("cluster", service.cluster.as_str())
                .option("service", service.service.as_str())
                .option("desired-count", &to.to_string());
            words
        }
        Step::Floor { service, to } => {
            let mut words = Words::scaling("register-scalable-target", service);
            words.option("min-capacity", &to.to_string());
            words
        }
        Step::Ceiling { service, to } => {
            let mut words = Words::scaling("register-scalable-target", service);
            words.option("max-capacity", &to.to_string());
            words
        }
        Step::Suspended { service, to } => {
            let mut words = Words::scaling("register-scalable-target", service);
            let state = format!(
                "DynamicScalingInSuspended={},DynamicScalingOutSuspended={},ScheduledScalingSuspended={}",
                to.scale_in, to.scale_out, to.scheduled
            );
            words.option("suspended-state", &state);
            words
        }
        Step::StopTask { service, task } => {
            let mut words = Words::of("ecs", "stop-task");
            words.option("cluster", service.cluster.as_str()).option("task", task.as_str());
            words
        }
        Step::PutSchedule { service, action } => put_schedule(service, action),
        Step::DropSchedule { service, name } => {
            let mut words = Words::scaling("delete-scheduled-action", service);
            words.option("scheduled-action-name", name);
            words
        }
        Step::CreateReplica { source, replica, class, zone } => {
            let mut words = Words::of("rds", "create-db-instance-read-replica");
            words
                .option("db-instance-identifier", replica.as_str())
                .option("source-db-instance-identifier", source.as_str())
                .option("db-instance-class", class);
            if let Some(zone) = zone {
                words.option("availability-zone", zone);
            }
            words
        }
        Step::DeleteReplica { replica } => {
            let mut words = Words::of("rds", "delete-db-instance");
            words.option("db-instance-identifier", replica.as_str()).flag("skip-final-snapshot");
            words
        }
        Step::PutRecord { record, .. } if record.value.is_empty() => return None,
        Step::PutRecord { zone, name, record } => record_set("UPSERT", zone, name, record),
        Step::DropRecord { zone, name, record } => record_set("DELETE", zone, name, record),
        Step::MoreReplicas { cache, to } | Step::FewerReplicas { cache, to } => {
            let more = matches!(step, Step::MoreReplicas { .. });
            let mut words =
                Words::of("elasticache", if more { "increase-replica-count" } else { "decrease-replica-count" });
            words
                .option("replication-group-id", cache.as_str())
                .option("new-replica-count", &to.to_string())
                .flag("apply-immediately");
            words
        }
        Step::Shards { cache, to, removes } => {
            let mut words = Words::of("elasticache", "modify-replication-group-shard-configuration");
            words.option("replication-group-id", cache.as_str()).option("node-group-count", &to.to_string());
            if !removes.is_empty() {
                words.flag("node-groups-to-remove");
                words.0.extend(removes.iter().cloned());
            }
            words.flag("apply-immediately");
            words
        }
    })
}

fn put_schedule(service: &ServiceId, action: &ScheduledAction) -> Words {
    let mut words = Words::scaling("put-scheduled-action", service);
    words.option("scheduled-action-name", &action.name).option("schedule", &action.schedule);
    if !action.timezone.is_empty() {
        words.option("timezone", &action.timezone);
    }
    let limit = |name: &str, to: Option<_>| to.map(|to| format!("{name}={to}"));
    let limits = [limit("MinCapacity", action.min), limit("MaxCapacity", action.max)];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    words.option("scalable-target-action", &limits.join(","));
    words
}

fn record_set(action: &str, zone: &str, name: &str, record: &ReaderRecord) -> Words {
    let batch = serde_json::json!({ "Changes": [{ "Action": action, "ResourceRecordSet": {
        "Name": name, "Type": "CNAME", "SetIdentifier": record.set, "Weight": record.weight, "TTL": record.ttl_s,
        "ResourceRecords": [{ "Value": record.value }] } }] });
    let mut words = Words::of("route53", "change-resource-record-sets");
    words.option("hosted-zone-id", zone).option("change-batch", &batch.to_string());
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::ServiceId;

    fn plan(cluster: &str, service: &str, floor: bool) -> Plan {
        let scene = Scene::new(ServiceId::new(cluster, service)).limits(2, 10);
        if floor { scene.floor(8) } else { scene.desired(8) }
    }

    #[test]
    fn the_usual_commands() {
        assert_eq!(
            command(&plan("prod", "web", false)),
            "aws ecs update-service --cluster prod --service web --desired-count 8 --region us-east-1"
        );
        assert_eq!(
            command(&plan("prod", "web", true)),
            "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id \
             service/prod/web --scalable-dimension ecs:service:DesiredCount --min-capacity 8 --region us-east-1"
        );
    }

    #[test]
    fn what_quoting_cannot_make_safe_is_not_offered() {
        for name in ["a\u{1b}[201~\nrm -rf ~", "a\0b", "file:///etc/passwd", "a\nb"] {
            let line = command(&plan("prod", name, false));
            assert!(line.starts_with("# no command"), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn a_name_is_never_an_option() {
        let words = shlex::split(&command(&plan("--profile", "-x", false))).unwrap();
        assert!(words.contains(&"--cluster=--profile".to_owned()), "{words:?}");
        assert!(words.contains(&"--service=-x".to_owned()), "{words:?}");
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_the_very_words(
            cluster in "[a-z$`\"'\\\\;&|<>(){}*?!# ~=%^]{1,12}",
            service in "[ -.0-~äß$`\"';]{1,12}",
        ) {
            let words = shlex::split(&command(&plan(&cluster, &service, false))).unwrap();
            let expected = |name: &str, value: &str| if value.starts_with('-') {
                vec![format!("--{name}={value}")]
            } else {
                vec![format!("--{name}"), value.to_owned()]
            };
            let mut all = vec!["aws".to_owned(), "ecs".into(), "update-service".into()];
            all.extend(expected("cluster", &cluster));
            all.extend(expected("service", &service));
            all.extend(expected("desired-count", "8"));
            all.extend(expected("region", "us-east-1"));
            prop_assert_eq!(words, all);
        }
    }
}
