//! An instance as RDS describes it. What is not there yet – the end point and the time of creation of one that is being
//! created – is left out, as AWS leaves it out.

use crate::drill::wire::Value;
use crate::drill::world::database::instance::{Instance, Phase};
use crate::drill::world::database::{ENGINE, ENGINE_VERSION, PORT};
use crate::drill::world::{Identity, World};

const VPC: &str = "vpc-0a1b2c3d4e5f60718";
const SUBNETS: [&str; 3] = ["subnet-0e1a5c4fdd6178034", "subnet-0f2b6d50ee7289145", "subnet-003c7e61ff839a256"];
const SECURITY_GROUP: &str = "sg-0a7b6c5d4e3f21098";
/// The hosted zone of RDS's own names in the region.
const HOSTED_ZONE: &str = "Z2R2ITUGPM61AM";

/// `DBInstance`
pub(super) fn instance(one: &Instance, world: &World) -> Value {
    let identity = world.identity();
    let databases = world.databases();
    let replicas = databases.into_iter().flat_map(|all| all.replicas(&one.id)).map(|replica| replica.id.clone().into());
    let endpoint = one.endpoint().map_or(Value::Null, |address| {
        Value::map([
            ("Address", address.to_owned().into()),
            ("Port", i64::from(PORT).into()),
            ("HostedZoneId", HOSTED_ZONE.into()),
        ])
    });
    let is_source = one.source.is_none();
    Value::map([
        ("DBInstanceIdentifier", one.id.clone().into()),
        ("DBInstanceClass", one.class.clone().into()),
        ("Engine", ENGINE.into()),
        ("DBInstanceStatus", one.phase.as_str().into()),
        ("MasterUsername", "solosuccess".into()),
        ("DBName", "solosuccess".into()),
        ("Endpoint", endpoint),
        ("AllocatedStorage", one.allocated_gib.into()),
        ("InstanceCreateTime", one.created.into()),
        ("PreferredBackupWindow", "03:10-03:40".into()),
        ("BackupRetentionPeriod", one.backup_days.into()),
        ("DBSecurityGroups", Value::list_of("DBSecurityGroup", [])),
        (
            "VpcSecurityGroups",
            Value::list_of(
                "VpcSecurityGroupMembership",
                [Value::map([("VpcSecurityGroupId", SECURITY_GROUP.into()), ("Status", "active".into())])],
            ),
        ),
        (
            "DBParameterGroups",
            Value::list_of(
                "DBParameterGroup",
                [Value::map([
                    ("DBParameterGroupName", one.parameter_group.clone().into()),
                    ("ParameterApplyStatus", "in-sync".into()),
                ])],
            ),
        ),
        ("AvailabilityZone", identity.zones[one.zone].into()),
        ("SecondaryAvailabilityZone", one.multi_az.then(|| identity.zones[(one.zone + 1) % 3]).into()),
        ("DBSubnetGroup", subnet_group(identity)),
        ("PreferredMaintenanceWindow", "sun:04:10-sun:04:40".into()),
        ("PendingModifiedValues", pending(one)),
        // Backups go back to five minutes ago.
        (
            "LatestRestorableTime",
            (one.backup_days > 0).then(|| world.now() - jiff::SignedDuration::from_mins(5)).into(),
        ),
        ("MultiAZ", one.multi_az.into()),
        ("EngineVersion", ENGINE_VERSION.into()),
        ("AutoMinorVersionUpgrade", true.into()),
        ("ReadReplicaSourceDBInstanceIdentifier", one.source.clone().into()),
        ("ReadReplicaDBInstanceIdentifiers", Value::list_of("ReadReplicaDBInstanceIdentifier", replicas)),
        ("LicenseModel", "postgresql-license".into()),
        ("Iops", 3000.into()),
        ("StorageThroughput", 125.into()),
        (
            "OptionGroupMemberships",
            Value::list_of(
                "OptionGroupMembership",
                [Value::map([("OptionGroupName", "default:postgres-16".into()), ("Status", "in-sync".into())])],
            ),
        ),
        ("PubliclyAccessible", false.into()),
        ("StatusInfos", if is_source { Value::Null } else { status_infos(one) }),
        ("StorageType", "gp3".into()),
        ("DbInstancePort", 0.into()),
        ("StorageEncrypted", true.into()),
        ("DbiResourceId", one.resource_id.clone().into()),
        ("CACertificateIdentifier", "rds-ca-rsa2048-g1".into()),
        ("CopyTagsToSnapshot", is_source.into()),
        ("MonitoringInterval", 0.into()),
        ("DBInstanceArn", one.arn.clone().into()),
        ("IAMDatabaseAuthenticationEnabled", false.into()),
        ("PerformanceInsightsEnabled", false.into()),
        ("DeletionProtection", one.deletion_protection.into()),
        ("MaxAllocatedStorage", one.max_allocated_gib.into()),
        ("TagList", tags(one)),
        ("CustomerOwnedIpEnabled", false.into()),
        ("NetworkType", "IPV4".into()),
        ("BackupTarget", "region".into()),
        ("DedicatedLogVolume", false.into()),
    ])
}

/// `TagList`
pub(super) fn tags(one: &Instance) -> Value {
    let tag =
        |(key, value): &(String, String)| Value::map([("Key", key.clone().into()), ("Value", value.clone().into())]);
    Value::list_of("Tag", one.tags.iter().map(tag))
}

fn pending(one: &Instance) -> Value {
    let coming = match &one.phase {
        Phase::Modifying { class, .. } => Some(class),
        _ => one.pending_class.as_ref(),
    };
    Value::map([("DBInstanceClass", coming.cloned().into())])
}

/// How it replicates; nothing before it does.
fn status_infos(one: &Instance) -> Value {
    if !one.phase.serves() {
        return Value::list_of("DBInstanceStatusInfo", []);
    }
    let broken = one.replication_broken();
    let info = Value::map([
        ("StatusType", "read replication".into()),
        ("Normal", (!broken).into()),
        ("Status", if broken { "error" } else { "replicating" }.into()),
        ("Message", broken.then_some("ERROR: requested WAL segment has already been removed").into()),
    ]);
    Value::list_of("DBInstanceStatusInfo", [info])
}

fn subnet_group(identity: &Identity) -> Value {
    let subnets = identity.zones.iter().zip(SUBNETS).map(|(zone, subnet)| {
        Value::map([
            ("SubnetIdentifier", subnet.into()),
            ("SubnetAvailabilityZone", Value::map([("Name", (*zone).into())])),
            ("SubnetOutpost", Value::Map(Vec::new())),
            ("SubnetStatus", "Active".into()),
        ])
    });
    Value::map([
        ("DBSubnetGroupName", "production-solosuccess-db".into()),
        ("DBSubnetGroupDescription", "Private subnets".into()),
        ("VpcId", VPC.into()),
        ("SubnetGroupStatus", "Complete".into()),
        ("Subnets", Value::list_of("Subnet", subnets)),
    ])
}
