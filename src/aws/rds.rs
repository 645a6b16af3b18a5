//! RDS: instances, and how many connections their parameter groups allow.
//!
//! Every instance of the account and region is read: which of them belong together is what they say of each other.
//! Absent on purpose: Neptune and `DocumentDB`, which answer the same question and are no databases of ours.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{self, Filter};
use jiff::{SignedDuration, Timestamp};

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Partly, Reader, list, pages};
use super::time::timestamp;
use crate::platform::{Database, DatabaseId, Engine, InstanceStatus, Replication};

/// The page size of the lists: AWS's largest.
const PAGE: i32 = 100;

/// How long what a parameter group says is remembered: it changes by hand, and is one call a group.
const PARAMETERS_FOR: SignedDuration = SignedDuration::from_mins(10);

/// The parameter that limits connections.
const MAX_CONNECTIONS: &str = "max_connections";

impl Reader {
    /// Every instance there is, primaries and replicas alike, by name. Where a parameter group may not be read, the most
    /// connections are unknown, the reason is told beside, and the rest stands.
    pub async fn databases(&self) -> Result<Partly<Vec<Database>>, Failure> {
        let learnt = self.now();
        let instances = pages(|marker| {
            let page = self.ask(
                Call::DescribeDbInstances,
                self.rds().describe_db_instances().max_records(PAGE).set_marker(marker).send(),
            );
            async {
                let page = page.await?;
                Ok((list(page.db_instances, Call::DescribeDbInstances)?, page.marker))
            }
        })
        .await?;
        let ours: Vec<types::DbInstance> = instances.into_iter().filter(is_database).collect();
        let groups: BTreeSet<&str> = ours.iter().filter_map(parameter_group).collect();
        let (most, missing) = self.most_connections(groups, learnt).await?;
        let mut known: Vec<Database> = ours
            .iter()
            .filter_map(|instance| {
                let most = parameter_group(instance).and_then(|group| most.get(group).copied().flatten());
                database(instance, most, learnt)
            })
            .collect();
        known.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Partly { known, missing })
    }

    /// What parameter groups say, and the first reason why one could not be asked. Throttling ends the whole question:
    /// then more must not be asked.
    async fn most_connections(
        &self,
        groups: BTreeSet<&str>,
        now: Timestamp,
    ) -> Result<(BTreeMap<String, Option<u32>>, Option<Failure>), Failure> {
        let (mut most, mut missing) = (BTreeMap::new(), None);
        for group in groups {
            let value = match self.known_parameter(group).filter(|(read, _)| *read >= now - PARAMETERS_FOR) {
                Some((_, value)) => value,
                None => match self.max_connections(group).await {
                    Ok(value) => {
                        self.learn_parameter(group, now, value);
                        value
                    }
                    Err(failure @ (Failure::Denied { .. } | Failure::Faulty { .. })) => {
                        missing = missing.or(Some(failure));
                        None
                    }
                    Err(failure) => return Err(failure),
                },
            };
            most.insert(group.to_owned(), value);
        }
        Ok((most, missing))
    }

    /// `max_connections` of a parameter group; `None` where it holds a formula, which AWS does not evaluate.
    async fn max_connections(&self, group: &str) -> Result<Option<u32>, Failure> {
        let name = Filter::builder().name("parameter-name").values(MAX_CONNECTIONS).build();
        let parameters = pages(|marker| {
            let page = self.ask(
                Call::DescribeDbParameters,
                self.rds()
                    .describe_db_parameters()
                    .db_parameter_group_name(group)
                    .filters(name.clone())
                    .max_records(PAGE)
                    .set_marker(marker)
                    .send(),
            );
            async {
                let page = page.await?;
                Ok((page.parameters.unwrap_or_default(), page.marker))
            }
        })
        .await?;
        let found = parameters.into_iter().find(|one| one.parameter_name.as_deref() == Some(MAX_CONNECTIONS));
        Ok(found.and_then(|one| one.parameter_value?.trim().parse().ok()).filter(|most| *most > 0))
    }
}

fn is_database(instance: &types::DbInstance) -> bool {
    !matches!(instance.engine.as_deref(), Some("neptune" | "docdb"))
}

/// The parameter group in force: what waits for a restart does not count yet.
fn parameter_group(instance: &types::DbInstance) -> Option<&str> {
    let group = instance.db_parameter_groups().first()?;
    let waits = group.parameter_apply_status.as_deref() == Some("pending-reboot");
    group.db_parameter_group_name.as_deref().filter(|_| !waits)
}

/// An instance; `None` for one without a name, which nothing can be said of.
fn database(instance: &types::DbInstance, max_connections: Option<u32>, learnt: Timestamp) -> Option<Database> {
    let number = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let replication = instance.status_infos().iter().find(|info| info.status_type() == Some("read replication"));
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some(Database {
        id: DatabaseId::new(instance.db_instance_identifier().filter(|id| !id.is_empty())?),
        replica_of: instance
            .read_replica_source_db_instance_identifier()
            .filter(|of| !of.is_empty())
            .map(DatabaseId::new),
        replicas: instance.read_replica_db_instance_identifiers().iter().map(DatabaseId::new).collect(),
        class: text(instance.db_instance_class()),
        engine: Engine::from_word(instance.engine().unwrap_or_default()),
        status: InstanceStatus(text(instance.db_instance_status())),
        created: instance.instance_create_time().and_then(timestamp),
        replication: replication.map(|info| Replication {
            status: text(info.status()),
            normal: info.normal().unwrap_or(false),
            message: text(info.message()),
        }),
        backup_days: number(instance.backup_retention_period),
        deletion_protection: instance.deletion_protection.unwrap_or(false),
        multi_az: instance.multi_az.unwrap_or(false),
        storage_gib: number(instance.allocated_storage),
        max_connections,
        endpoint: instance.endpoint().and_then(|at| at.address()).filter(|at| !at.is_empty()).map(str::to_owned),
        learnt,
    })
}

#[cfg(test)]
mod tests {
    use super::super::canned::{self, Asked, Reply, doors, times};
    use super::*;
    use crate::platform::Phase;

    fn ok(operation: &str, result: &str) -> Reply {
        let xml = format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>");
        canned::text(200, &xml)
    }

    fn denied(action: &str) -> Reply {
        let words = format!("User: u is not authorized to perform: {action} on resource: r");
        let error = format!("<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{words}</Message></Error>");
        canned::text(403, &format!("<ErrorResponse>{error}</ErrorResponse>"))
    }

    fn instance(id: &str, rest: &str) -> String {
        format!("<DBInstance><DBInstanceIdentifier>{id}</DBInstanceIdentifier>{rest}</DBInstance>")
    }

    fn group(name: &str, status: &str) -> String {
        format!(
            "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>{name}</DBParameterGroupName>\
             <ParameterApplyStatus>{status}</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>"
        )
    }

    fn parameter(value: &str) -> Reply {
        let parameter = format!(
            "<Parameter><ParameterName>max_connections</ParameterName><ParameterValue>{value}</ParameterValue></Parameter>"
        );
        ok("DescribeDBParameters", &format!("<Parameters>{parameter}</Parameters>"))
    }

    /// A primary and its replica, a page each.
    fn pair(asked: &Asked) -> Reply {
        let text = asked.text();
        if asked.operation == "DescribeDBParameters" {
            assert!(text.contains("parameter-name") && text.contains("max_connections"), "{text}");
            return parameter(if text.contains("numbered") {
                "400"
            } else {
                "LEAST({DBInstanceClassMemory/9531392},5000)"
            });
        }
        let common = "<Engine>postgres</Engine><DBInstanceClass>db.t3.medium</DBInstanceClass>\
            <AllocatedStorage>100</AllocatedStorage><BackupRetentionPeriod>7</BackupRetentionPeriod>\
            <InstanceCreateTime>2026-01-02T03:04:05.678Z</InstanceCreateTime>";
        if text.contains("Marker=page-2") {
            let replica = format!(
                "{common}<DBInstanceStatus>available</DBInstanceStatus>{}\
                 <ReadReplicaSourceDBInstanceIdentifier>db</ReadReplicaSourceDBInstanceIdentifier>\
                 <StatusInfos><DBInstanceStatusInfo><StatusType>read replication</StatusType><Normal>false</Normal>\
                 <Status>error</Status><Message>broken \u{9b}31m</Message></DBInstanceStatusInfo></StatusInfos>",
                group("numbered", "in-sync")
            );
            return ok(
                "DescribeDBInstances",
                &format!("<DBInstances>{}</DBInstances>", instance("db-replica-1", &replica)),
            );
        }
        let primary = format!(
            "{common}<DBInstanceStatus>reticulating</DBInstanceStatus><MultiAZ>true</MultiAZ>\
             <DeletionProtection>true</DeletionProtection>{}\
             <Endpoint><Address>db.abc.us-east-1.rds.amazonaws.com</Address></Endpoint>\
             <ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>db-replica-1\
             </ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>",
            group("formula", "in-sync")
        );
        let graph = instance("graph", "<Engine>neptune</Engine>");
        let list = format!("<DBInstances>{}{graph}</DBInstances><Marker>page-2</Marker>", instance("db", &primary));
        ok("DescribeDBInstances", &list)
    }

    #[tokio::test(start_paused = true)]
    async fn a_primary_and_its_replica_are_read_with_what_they_say_of_each_other() {
        let (reader, _, log) = doors(pair).await;
        let Partly { known, missing } = reader.databases().await.unwrap();
        assert_eq!((missing, known.len()), (None, 2), "what is no database of ours is left out");
        let (primary, replica) = (&known[0], &known[1]);
        assert_eq!(
            (primary.replica_of.as_ref(), &primary.replicas[..]),
            (None, &[DatabaseId::new("db-replica-1")][..])
        );
        assert_eq!((&primary.engine, primary.class.as_str()), (&Engine::Postgres, "db.t3.medium"));
        assert_eq!((primary.status.phase(), primary.multi_az, primary.backup_days), (Phase::Failed, true, 7));
        assert_eq!((primary.max_connections, primary.estimated_max_connections()), (None, Some(413)), "a formula");
        assert_eq!(primary.endpoint.as_deref(), Some("db.abc.us-east-1.rds.amazonaws.com"));
        assert_eq!((replica.replica_of.as_ref(), replica.max_connections), (Some(&primary.id), Some(400)));
        let replication = replica.replication.as_ref().unwrap();
        assert_eq!((replication.normal, replication.status.as_str()), (false, "error"));
        reader.databases().await.unwrap();
        assert_eq!((times(&log, "DescribeDBInstances"), times(&log, "DescribeDBParameters")), (4, 2), "remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn parameters_that_may_not_be_read_hide_nothing_else_and_say_which_right_is_missing() {
        let (reader, _, _) = doors(|asked| match asked.operation.as_str() {
            "DescribeDBParameters" => denied("rds:DescribeDBParameters"),
            _ => pair(asked),
        })
        .await;
        let Partly { known, missing } = reader.databases().await.unwrap();
        assert_eq!((known.len(), known[1].max_connections), (2, None));
        assert_eq!(missing, Some(Failure::Denied { action: "rds:DescribeDBParameters".into() }));
        let (reader, _, _) = doors(|_| denied("rds:DescribeDBInstances")).await;
        assert_eq!(reader.databases().await, Err(Failure::Denied { action: "rds:DescribeDBInstances".into() }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_number_counts_once_it_is_in_force() {
        for (status, value, most) in [
            ("in-sync", "400", Some(400)),
            ("pending-reboot", "400", None),
            ("in-sync", "0", None),
            ("in-sync", "4294967296", None),
            ("in-sync", "-1", None),
            ("in-sync", "\u{202e}004", None),
        ] {
            let (reader, _, _) = doors(move |asked| match asked.operation.as_str() {
                "DescribeDBParameters" => parameter(value),
                _ => ok(
                    "DescribeDBInstances",
                    &format!("<DBInstances>{}</DBInstances>", instance("db", &group("g", status))),
                ),
            })
            .await;
            assert_eq!(reader.databases().await.unwrap().known[0].max_connections, most, "{status} {value}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pages_that_go_in_circles_end_in_a_fault() {
        let (reader, _, log) = doors(|asked| {
            let next = if asked.text().contains("Marker=a") { "b" } else { "a" };
            ok("DescribeDBInstances", &format!("<DBInstances></DBInstances><Marker>{next}</Marker>"))
        })
        .await;
        assert!(matches!(reader.databases().await, Err(Failure::Faulty { detail }) if detail.contains("twice")));
        assert_eq!(times(&log, "DescribeDBInstances"), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_unknown_and_what_cannot_be_read_is_a_fault() {
        let bare =
            format!("<DBInstances>{}{}</DBInstances>", instance("db", ""), instance("", "<Engine>mysql</Engine>"));
        let (reader, _, _) = doors(move |_| ok("DescribeDBInstances", &bare)).await;
        let known = reader.databases().await.unwrap().known;
        assert_eq!((known.len(), known[0].created, known[0].endpoint.as_ref()), (1, None, None), "no name: not listed");
        assert_eq!((known[0].status.phase(), known[0].backup_days), (Phase::Failed, 0));
        for garbage in ["", "\u{1b}[31m<oops", "<DescribeDBInstancesResponse>", "{}", "<html><body>502</body></html>"] {
            let (reader, _, _) = doors(move |_| canned::text(200, garbage)).await;
            let failure = reader.databases().await.unwrap_err();
            assert!(matches!(&failure, Failure::Faulty { .. }), "{garbage}: {failure}");
            assert!(!failure.to_string().contains('\u{1b}'), "{failure}");
        }
    }
}
