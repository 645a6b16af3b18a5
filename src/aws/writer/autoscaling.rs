//! Writes to Application Auto Scaling: what a request does not name stays as it is.

use aws_sdk_applicationautoscaling::operation::register_scalable_target::builders::RegisterScalableTargetFluentBuilder;
use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTargetAction, ServiceNamespace, SuspendedState,
};

use super::super::pace::Call;
use super::{Writer, once, whole};
use crate::change::Outcome;
use crate::platform::{ScheduledAction, ServiceId, Suspended, TaskCount};

impl Writer {
    fn target(&self, service: &ServiceId) -> RegisterScalableTargetFluentBuilder {
        self.scaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(service.resource_id())
    }

    pub(super) async fn set_floor(&self, service: &ServiceId, to: TaskCount) -> Outcome {
        once(Call::RegisterScalableTarget, self.target(service).min_capacity(whole(to.0)).send()).await
    }

    pub(super) async fn set_ceiling(&self, service: &ServiceId, to: TaskCount) -> Outcome {
        once(Call::RegisterScalableTarget, self.target(service).max_capacity(whole(to.0)).send()).await
    }

    pub(super) async fn set_suspended(&self, service: &ServiceId, to: Suspended) -> Outcome {
        let state = SuspendedState::builder()
            .dynamic_scaling_in_suspended(to.scale_in)
            .dynamic_scaling_out_suspended(to.scale_out)
            .scheduled_scaling_suspended(to.scheduled)
            .build();
        once(Call::RegisterScalableTarget, self.target(service).suspended_state(state).send()).await
    }

    pub(super) async fn put_schedule(&self, service: &ServiceId, action: &ScheduledAction) -> Outcome {
        let limits = ScalableTargetAction::builder()
            .set_min_capacity(action.min.map(|min| whole(min.0)))
            .set_max_capacity(action.max.map(|max| whole(max.0)))
            .build();
        let zone = Some(action.timezone.clone()).filter(|zone| !zone.is_empty());
        let attempt = self
            .scaling
            .put_scheduled_action()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(service.resource_id())
            .scheduled_action_name(&action.name)
            .schedule(&action.schedule)
            .set_timezone(zone)
            .scalable_target_action(limits)
            .send();
        once(Call::PutScheduledAction, attempt).await
    }

    pub(super) async fn drop_schedule(&self, service: &ServiceId, name: &str) -> Outcome {
        let attempt = self
            .scaling
            .delete_scheduled_action()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(service.resource_id())
            .scheduled_action_name(name)
            .send();
        once(Call::DeleteScheduledAction, attempt).await
    }
}
