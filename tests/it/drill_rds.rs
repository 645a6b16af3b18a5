//! The drill's databases and the name of their readers, asked by the SDK's own clients.

use aws_sdk_rds::error::ProvideErrorMetadata as _;
use aws_sdk_rds::types::{DbInstance, Filter, SourceType};
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType,
};

use crate::sdk::Bench;

const PRIMARY: &str = "production-solosuccess-db";
const FIRST: &str = "production-solosuccess-db-replica-1";
const SECOND: &str = "production-solosuccess-db-replica-2";
const READER: &str = "reader.db.solosuccess.internal.";

async fn described(bench: &Bench, id: &str) -> DbInstance {
    let answer = bench.rds().describe_db_instances().db_instance_identifier(id).send().await.unwrap();
    answer.db_instances()[0].clone()
}

async fn zone(bench: &Bench) -> String {
    let zones = bench.route53().list_hosted_zones_by_name().dns_name("solosuccess.internal").send().await.unwrap();
    zones.hosted_zones()[0].id().to_owned()
}

fn weighted(identifier: &str, weight: i64, ttl: i64) -> ResourceRecordSet {
    let value = format!("{identifier}.c9akciq32rwx.us-east-1.rds.amazonaws.com");
    ResourceRecordSet::builder()
        .name(READER)
        .r#type(RrType::Cname)
        .set_identifier(identifier)
        .weight(weight)
        .ttl(ttl)
        .resource_records(ResourceRecord::builder().value(value).build().unwrap())
        .build()
        .unwrap()
}

fn batch(changes: impl IntoIterator<Item = (ChangeAction, ResourceRecordSet)>) -> ChangeBatch {
    let change = |(action, record)| Change::builder().action(action).resource_record_set(record).build().unwrap();
    ChangeBatch::builder()
        .set_changes(Some(changes.into_iter().map(change).collect()))
        .comment("by hand")
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_primary_tells_its_replicas_and_a_replica_its_source() {
    let bench = Bench::new("calm", 1);
    let all = bench.rds().describe_db_instances().send().await.unwrap();
    let names: Vec<_> = all.db_instances().iter().filter_map(DbInstance::db_instance_identifier).collect();
    assert_eq!(names, [PRIMARY, FIRST]);

    let primary = described(&bench, &PRIMARY.to_uppercase()).await;
    assert_eq!(primary.read_replica_db_instance_identifiers(), [FIRST]);
    assert_eq!(primary.read_replica_source_db_instance_identifier(), None);
    assert_eq!((primary.engine(), primary.db_instance_class()), (Some("postgres"), Some("db.t3.medium")));
    assert_eq!((primary.multi_az(), primary.deletion_protection()), (Some(true), Some(true)));
    assert_eq!((primary.backup_retention_period(), primary.storage_type()), (Some(7), Some("gp3")));
    assert_eq!((primary.allocated_storage(), primary.max_allocated_storage()), (Some(100), Some(500)));
    assert!(primary.endpoint().unwrap().address().unwrap().starts_with("production-solosuccess-db."));
    assert_eq!(primary.db_parameter_groups()[0].db_parameter_group_name(), Some("default.postgres16"));

    let replica = described(&bench, FIRST).await;
    assert_eq!(replica.read_replica_source_db_instance_identifier(), Some(PRIMARY));
    assert!(replica.read_replica_db_instance_identifiers().is_empty());
    let info = &replica.status_infos()[0];
    assert_eq!((info.status_type(), info.status()), (Some("read replication"), Some("replicating")));
    assert_eq!(info.normal(), Some(true));
    assert!(replica.instance_create_time().unwrap() > primary.instance_create_time().unwrap());
}

#[tokio::test]
async fn filters_take_names_and_no_wildcards() {
    let bench = Bench::new("calm", 1);
    let resource = described(&bench, FIRST).await.dbi_resource_id().unwrap().to_owned();
    let arn = described(&bench, FIRST).await.db_instance_arn().unwrap().to_owned();
    let filtered = |name: &str, value: &str| {
        let filter = Filter::builder().name(name).values(value).build();
        bench.rds().describe_db_instances().filters(filter).send()
    };
    for (name, value, found) in [
        ("db-instance-id", FIRST, 1),
        ("db-instance-id", arn.as_str(), 1),
        ("db-instance-id", "somebody-elses", 0),
        ("dbi-resource-id", resource.as_str(), 1),
        ("engine", "postgres", 2),
        ("engine", "mysql", 0),
        ("db-cluster-id", "x", 0),
    ] {
        let answer = filtered(name, value).await.unwrap();
        assert_eq!(answer.db_instances().len(), found, "{name}={value}");
    }
    for (name, value, sentence) in [
        (
            "db-instance-id",
            "production-solosuccess-db*",
            "The parameter Filter: db-instance-id is not a valid identifier.",
        ),
        ("tag:Environment", "production", "Unrecognized filter name: tag:Environment"),
    ] {
        let error = filtered(name, value).await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("InvalidParameterValue"));
        assert!(error.message().unwrap().starts_with(sentence), "{error:?}");
    }
}

#[tokio::test]
async fn a_replica_is_created_comes_up_and_is_deleted() {
    let bench = Bench::new("calm", 1);
    let rds = bench.rds();
    let create = || rds.create_db_instance_read_replica().db_instance_identifier(SECOND);
    let created = create().source_db_instance_identifier(PRIMARY).send().await.unwrap();
    let created = created.db_instance().unwrap();
    assert_eq!(created.db_instance_status(), Some("creating"));
    assert!(created.endpoint().is_none() && created.instance_create_time().is_none(), "there is none yet");
    assert!(created.status_infos().is_empty());
    let again = create().source_db_instance_identifier(PRIMARY).send().await.unwrap_err().into_service_error();
    assert!(again.is_db_instance_already_exists_fault(), "{again:?}");
    assert_eq!(described(&bench, PRIMARY).await.read_replica_db_instance_identifiers(), [FIRST, SECOND]);

    bench.pass(2760);
    let replica = described(&bench, SECOND).await;
    assert_eq!(replica.db_instance_status(), Some("available"));
    assert!(replica.endpoint().unwrap().address().unwrap().starts_with(SECOND));
    assert_eq!(replica.backup_retention_period(), Some(0));
    let events =
        rds.describe_events().source_identifier(SECOND).source_type(SourceType::DbInstance).send().await.unwrap();
    let messages: Vec<_> = events.events().iter().filter_map(|event| event.message()).collect();
    assert_eq!(messages, ["DB instance created", "Finished DB Instance backup"]);

    let delete = || rds.delete_db_instance().db_instance_identifier(SECOND);
    let refused = delete().send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("InvalidParameterCombination"));
    let deleted = delete().skip_final_snapshot(true).send().await.unwrap();
    assert_eq!(deleted.db_instance().unwrap().db_instance_status(), Some("deleting"));
    let refused = delete().skip_final_snapshot(true).send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_db_instance_state_fault(), "{refused:?}");
    bench.pass(180);
    let gone =
        rds.describe_db_instances().db_instance_identifier(SECOND).send().await.unwrap_err().into_service_error();
    assert!(gone.is_db_instance_not_found_fault(), "{gone:?}");
    assert_eq!(described(&bench, PRIMARY).await.read_replica_db_instance_identifiers(), [FIRST]);
}

#[tokio::test]
async fn rds_refuses_as_its_model_says() {
    let bench = Bench::new("calm", 1);
    let rds = bench.rds();
    let replica = |source: &str| {
        rds.create_db_instance_read_replica().db_instance_identifier(SECOND).source_db_instance_identifier(source)
    };
    let error = replica("nobody").send().await.unwrap_err().into_service_error();
    assert!(error.is_db_instance_not_found_fault(), "{error:?}");
    let error = replica(FIRST).send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_db_instance_state_fault(), "no backups are made of a replica: {error:?}");
    let error = replica(PRIMARY).db_instance_class("db.t3").send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let delete = rds.delete_db_instance().db_instance_identifier(PRIMARY).skip_final_snapshot(true);
    let error = delete.send().await.unwrap_err().into_service_error();
    assert!(error.message().unwrap().starts_with("Cannot delete protected DB Instance"), "{error:?}");
    let error = rds.describe_db_instances().max_records(19).send().await.unwrap_err().into_service_error();
    assert_eq!(error.message(), Some("Invalid value 19 for MaxRecords. Must be between 20 and 100"));
    let error =
        rds.describe_db_parameters().db_parameter_group_name("x").send().await.unwrap_err().into_service_error();
    assert!(error.is_db_parameter_group_not_found_fault(), "{error:?}");
    for number in 2..=15 {
        let id = format!("r{number}");
        let create = rds.create_db_instance_read_replica().source_db_instance_identifier(PRIMARY);
        create.db_instance_identifier(id).send().await.unwrap();
    }
    let error = replica(PRIMARY).send().await.unwrap_err().into_service_error();
    assert!(error.is_instance_quota_exceeded_fault(), "{error:?}");
}

#[tokio::test]
async fn pages_cover_everything_once_and_max_connections_is_a_formula() {
    let bench = Bench::new("calm", 1);
    let rds = bench.rds();
    let first = rds.describe_db_parameters().db_parameter_group_name("default.postgres16").max_records(20);
    let first = first.send().await.unwrap();
    assert_eq!(first.parameters().len(), 20);
    let rest =
        rds.describe_db_parameters().db_parameter_group_name("default.postgres16").marker(first.marker().unwrap());
    let rest = rest.send().await.unwrap();
    assert_eq!(rest.marker(), None);
    let mut names: Vec<_> =
        first.parameters().iter().chain(rest.parameters()).filter_map(|one| one.parameter_name()).collect();
    let count = names.len();
    names.dedup();
    assert!(names.is_sorted() && names.len() == count && count > 30, "{names:?}");
    let most = first.parameters().iter().find(|one| one.parameter_name() == Some("max_connections")).unwrap();
    assert_eq!(most.parameter_value(), Some("LEAST({DBInstanceClassMemory/9531392},5000)"));
    assert_eq!((most.source(), most.apply_type()), (Some("system"), Some("static")));
    let filter = Filter::builder().name("parameter-name").values("max_connections").build();
    let one = rds.describe_db_parameters().db_parameter_group_name("default.postgres16").filters(filter);
    assert_eq!(one.send().await.unwrap().parameters().len(), 1);
    let groups = rds.describe_db_parameter_groups().send().await.unwrap();
    assert_eq!(groups.db_parameter_groups()[0].db_parameter_group_family(), Some("postgres16"));
}

#[tokio::test]
async fn a_class_is_changed_and_tags_are_kept() {
    let bench = Bench::new("calm", 1);
    let rds = bench.rds();
    let modify = || rds.modify_db_instance().db_instance_identifier(FIRST).db_instance_class("db.t3.large");
    let later = modify().send().await.unwrap();
    let later = later.db_instance().unwrap();
    assert_eq!(later.pending_modified_values().unwrap().db_instance_class(), Some("db.t3.large"));
    assert_eq!((later.db_instance_class(), later.db_instance_status()), (Some("db.t3.medium"), Some("available")));
    modify().apply_immediately(true).send().await.unwrap();
    assert_eq!(described(&bench, FIRST).await.db_instance_status(), Some("modifying"));
    bench.pass(600);
    assert_eq!(described(&bench, FIRST).await.db_instance_class(), Some("db.t3.large"));

    let arn = described(&bench, FIRST).await.db_instance_arn().unwrap().to_owned();
    let tag = aws_sdk_rds::types::Tag::builder().key("made-by").value("hand").build();
    rds.add_tags_to_resource().resource_name(&arn).tags(tag).send().await.unwrap();
    rds.remove_tags_from_resource().resource_name(&arn).tag_keys("Environment").send().await.unwrap();
    let tags = rds.list_tags_for_resource().resource_name(&arn).send().await.unwrap();
    let tags: Vec<_> = tags.tag_list().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    assert_eq!(tags, [("made-by", "hand")]);
}

#[tokio::test]
async fn weights_are_changed_read_back_and_in_sync_within_a_minute() {
    let bench = Bench::new("calm", 1);
    let route53 = bench.route53();
    let zone = zone(&bench).await;
    let zones = route53.list_hosted_zones().send().await.unwrap();
    assert_eq!(zones.hosted_zones()[0].id(), zone);
    assert!(zones.hosted_zones()[0].config().unwrap().private_zone());

    let changes = [(ChangeAction::Upsert, weighted(FIRST, 50, 30)), (ChangeAction::Create, weighted(PRIMARY, 0, 30))];
    let change = route53.change_resource_record_sets().hosted_zone_id(&zone).change_batch(batch(changes));
    let change = change.send().await.unwrap().change_info.unwrap();
    assert_eq!((change.status(), change.comment()), (&ChangeStatus::Pending, Some("by hand")));
    let records = route53.list_resource_record_sets().hosted_zone_id(&zone);
    let records = records.start_record_name(READER).start_record_type(RrType::Cname).send().await.unwrap();
    let read: Vec<_> = records.resource_record_sets().iter().map(|one| (one.set_identifier(), one.weight())).collect();
    assert_eq!(read, [(Some(PRIMARY), Some(0)), (Some(FIRST), Some(50))], "in Route 53's order");

    let status = || async { route53.get_change().id(change.id()).send().await.unwrap().change_info.unwrap().status };
    bench.pass(29);
    assert_eq!(status().await, ChangeStatus::Pending);
    bench.pass(31);
    assert_eq!(status().await, ChangeStatus::Insync);
}

#[tokio::test]
async fn records_are_paged_by_where_the_next_begins() {
    let bench = Bench::new("calm", 1);
    let (route53, zone) = (bench.route53(), zone(&bench).await);
    let more = (1..=20).map(|number| (ChangeAction::Create, weighted(&format!("x{number:02}"), 1, 30)));
    route53.change_resource_record_sets().hosted_zone_id(&zone).change_batch(batch(more)).send().await.unwrap();
    let (mut seen, mut pages) = (Vec::new(), 0);
    let mut ask = route53.list_resource_record_sets().hosted_zone_id(&zone).max_items(5);
    loop {
        let page = ask.send().await.unwrap();
        seen.extend(
            page.resource_record_sets()
                .iter()
                .map(|one| (one.r#type().clone(), one.set_identifier().map(str::to_owned))),
        );
        pages += 1;
        if !page.is_truncated() {
            break;
        }
        ask = route53
            .list_resource_record_sets()
            .hosted_zone_id(&zone)
            .max_items(5)
            .set_start_record_name(page.next_record_name().map(str::to_owned))
            .set_start_record_type(page.next_record_type().cloned())
            .set_start_record_identifier(page.next_record_identifier().map(str::to_owned));
    }
    let all = seen.len();
    seen.dedup();
    assert_eq!((pages, all, seen.len()), (5, 23, 23), "NS, SOA and 21 weighted ones");
}

#[tokio::test]
async fn route53_refuses_all_of_a_batch_or_none_in_its_own_words() {
    let bench = Bench::new("calm", 1);
    let (route53, zone) = (bench.route53(), zone(&bench).await);
    let unweighted = |name: &str| {
        ResourceRecordSet::builder()
            .name(name)
            .r#type(RrType::Cname)
            .ttl(30)
            .resource_records(ResourceRecord::builder().value("x.example").build().unwrap())
            .build()
            .unwrap()
    };
    let fine = || (ChangeAction::Create, weighted("fine", 1, 30));
    let what = format!("resource record set [name='{READER}', type='CNAME', set-identifier=");
    for (wrong, sentence) in [
        (
            (ChangeAction::Create, weighted(FIRST, 1, 30)),
            format!("[Tried to create {what}'{FIRST}'] but it already exists]"),
        ),
        (
            (ChangeAction::Delete, weighted("nobody", 1, 30)),
            format!("[Tried to delete {what}'nobody'] but it was not found]"),
        ),
        (
            (ChangeAction::Delete, weighted(FIRST, 99, 30)),
            format!("[Tried to delete {what}'{FIRST}'] but the values provided do not match the current values]"),
        ),
        (
            (ChangeAction::Create, weighted("other", 1, 60)),
            "cannot be created as weighted sets must contain the same TTL.".to_owned(),
        ),
        (
            (ChangeAction::Create, unweighted(READER)),
            "cannot be created as other RRSets exist with the same name and type.".to_owned(),
        ),
        (
            (ChangeAction::Create, unweighted("x.example.com")),
            "is not permitted in zone solosuccess.internal.".to_owned(),
        ),
        ((ChangeAction::Create, unweighted("solosuccess.internal")), "is not permitted at apex in zone".to_owned()),
        (fine(), "The request contains an invalid set of changes for a resource record set 'CNAME".to_owned()),
    ] {
        let change = route53.change_resource_record_sets().hosted_zone_id(&zone).change_batch(batch([fine(), wrong]));
        let error = change.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_change_batch(), "{error:?}");
        assert!(error.message().unwrap().contains(&sentence), "{error:?} is not {sentence}");
    }
    let records = route53.list_resource_record_sets().hosted_zone_id(&zone).send().await.unwrap();
    assert_eq!(records.resource_record_sets().len(), 3, "nothing of any batch was done");

    let heavy = route53.change_resource_record_sets().hosted_zone_id(&zone);
    let heavy = heavy.change_batch(batch([(ChangeAction::Upsert, weighted(FIRST, 256, 30))])).send().await;
    assert!(heavy.unwrap_err().into_service_error().is_invalid_input());
    let error = route53.list_resource_record_sets().hosted_zone_id("ZNOBODY").send().await.unwrap_err();
    assert!(error.into_service_error().is_no_such_hosted_zone());
    let error = route53.get_change().id("CNOBODY").send().await.unwrap_err().into_service_error();
    assert!(error.is_no_such_change());
    assert_eq!(error.message(), Some("Could not find resource with ID: CNOBODY"));
}

#[tokio::test]
async fn an_empty_account_has_no_databases_and_no_zones() {
    let bench = Bench::new("calm", 0);
    assert!(bench.rds().describe_db_instances().send().await.unwrap().db_instances().is_empty());
    assert!(bench.route53().list_hosted_zones().send().await.unwrap().hosted_zones().is_empty());
}

#[tokio::test]
async fn cloudwatch_has_every_metric_of_the_databases() {
    use aws_sdk_cloudwatch::types::{Dimension, Statistic};
    let bench = Bench::new("calm", 1);
    bench.pass(600);
    let time = |at: jiff::Timestamp| aws_smithy_types::DateTime::from_secs(at.as_second());
    let listed = bench.cloudwatch().list_metrics().namespace("AWS/RDS").send().await.unwrap();
    assert_eq!(listed.metrics().len(), 19, "ten of the replica, and all but the lag of the primary");
    for metric in listed.metrics() {
        let statistics = bench.cloudwatch().get_metric_statistics().namespace("AWS/RDS");
        let answer = statistics
            .metric_name(metric.metric_name().unwrap())
            .set_dimensions(Some(metric.dimensions().to_vec()))
            .start_time(time(bench.now() - jiff::SignedDuration::from_secs(3600)))
            .end_time(time(bench.now()))
            .period(60)
            .statistics(Statistic::Average)
            .send()
            .await
            .unwrap();
        let points = answer.datapoints();
        assert!((57..60).contains(&points.len()), "{metric:?}: the newest minutes are late: {}", points.len());
        assert!(points.iter().all(|point| point.average().unwrap() >= 0.0), "{metric:?}");
    }
    let primary = Dimension::builder().name("DBInstanceIdentifier").value(PRIMARY).build();
    let mine = bench.cloudwatch().list_metrics().namespace("AWS/RDS").metric_name("ReplicaLag");
    let lag = mine.send().await.unwrap();
    assert!(lag.metrics().iter().all(|metric| metric.dimensions()[0] != primary));
}
