//! Writes to ECS.

use super::super::pace::Call;
use super::{Writer, once, whole};
use crate::change::Outcome;
use crate::platform::{ServiceId, TaskCount, TaskId};

/// What AWS writes down with a task that was stopped.
const REASON: &str = "stopped by an operator of scaledeck";

impl Writer {
    pub(super) async fn set_desired(&self, service: &ServiceId, to: TaskCount) -> Outcome {
        let attempt = self
            .ecs
            .update_service()
            .cluster(service.cluster.as_str())
            .service(service.service.as_str())
            .desired_count(whole(to.0))
            .send();
        once(Call::UpdateService, attempt).await
    }

    pub(super) async fn stop_task(&self, service: &ServiceId, task: &TaskId) -> Outcome {
        let attempt = self.ecs.stop_task().cluster(service.cluster.as_str()).task(task.as_str()).reason(REASON).send();
        once(Call::StopTask, attempt).await
    }
}
