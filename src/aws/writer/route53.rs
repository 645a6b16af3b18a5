//! Writes to Route 53: one record of the reader name, whole.

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};

use super::super::pace::Call;
use super::{Writer, once};
use crate::change::Outcome;
use crate::platform::ReaderRecord;

impl Writer {
    pub(super) async fn put_record(&self, zone: &str, name: &str, record: &ReaderRecord) -> Outcome {
        self.change_record(ChangeAction::Upsert, zone, name, record).await
    }

    pub(super) async fn drop_record(&self, zone: &str, name: &str, record: &ReaderRecord) -> Outcome {
        self.change_record(ChangeAction::Delete, zone, name, record).await
    }

    async fn change_record(&self, action: ChangeAction, zone: &str, name: &str, record: &ReaderRecord) -> Outcome {
        let batch = match batch(action, name, record) {
            Ok(batch) => batch,
            Err(error) => return Outcome::Refused { code: "NotSent".to_owned(), message: error.to_string() },
        };
        let attempt = self.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send();
        once(Call::ChangeResourceRecordSets, attempt).await
    }
}

fn batch(action: ChangeAction, name: &str, record: &ReaderRecord) -> Result<ChangeBatch, BuildError> {
    let set = ResourceRecordSet::builder()
        .name(name)
        .r#type(RrType::Cname)
        .set_identifier(&record.set)
        .weight(i64::from(record.weight))
        .ttl(i64::from(record.ttl_s))
        .resource_records(ResourceRecord::builder().value(&record.value).build()?)
        .build()?;
    let change = Change::builder().action(action).resource_record_set(set).build()?;
    ChangeBatch::builder().changes(change).build()
}
