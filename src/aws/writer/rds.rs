//! Writes to RDS.

use super::super::pace::Call;
use super::{Writer, once};
use crate::change::Outcome;
use crate::platform::DatabaseId;

impl Writer {
    pub(super) async fn create_replica(
        &self,
        source: &DatabaseId,
        replica: &DatabaseId,
        class: &str,
        zone: Option<&str>,
    ) -> Outcome {
        let attempt = self
            .rds
            .create_db_instance_read_replica()
            .source_db_instance_identifier(source.as_str())
            .db_instance_identifier(replica.as_str())
            .db_instance_class(class)
            .set_availability_zone(zone.map(str::to_owned))
            .send();
        once(Call::CreateDbInstanceReadReplica, attempt).await
    }

    /// A replica has no last snapshot: AWS refuses to make one of it.
    pub(super) async fn delete_replica(&self, replica: &DatabaseId) -> Outcome {
        let attempt =
            self.rds.delete_db_instance().db_instance_identifier(replica.as_str()).skip_final_snapshot(true).send();
        once(Call::DeleteDbInstance, attempt).await
    }
}
