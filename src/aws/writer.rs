//! The door for changing things: one attempt, one time-out, and an honest word about what came back.
//!
//! Absent on purpose: retries. A request that got no answer may have been carried out; it is read back, never resent.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::failure::{cause, clean, denied_action, innermost, is_denied};
use super::pace::Call;
use crate::change::{Change, Confirmed, Outcome, Plan, Ticket};
use crate::platform::{Region, TaskCount};

/// Wall seconds until a change must be answered; after that its outcome is unknown.
pub const OUTCOME_WITHIN: Duration = Duration::from_secs(10);

/// The door for changing things. There is one, and it cannot be cloned.
pub struct Writer {
    ecs: aws_sdk_ecs::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    region: Region,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn new(config: &SdkConfig, region: &str) -> Self {
        let once = RetryConfig::disabled;
        let ecs = aws_sdk_ecs::config::Builder::from(config).retry_config(once()).build();
        let scaling = aws_sdk_applicationautoscaling::config::Builder::from(config).retry_config(once()).build();
        Self {
            ecs: aws_sdk_ecs::Client::from_conf(ecs),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling),
            region: Region::new(region),
        }
    }

    /// Sends a confirmed change, once. The ticket is spent whatever comes back. A future that is dropped before it
    /// answers leaves an outcome as unknown as a time-out does.
    pub async fn send(&self, confirmed: Confirmed, ticket: Ticket) -> Outcome {
        let outcome = self.carry_out(confirmed.plan()).await;
        drop(ticket);
        outcome
    }

    async fn carry_out(&self, plan: &Plan) -> Outcome {
        if plan.identity.region != self.region {
            return Outcome::Refused {
                code: "WrongRegion".to_owned(),
                message: format!("the plan is for {}, this connection is to {}", plan.identity.region, self.region),
            };
        }
        match &plan.change {
            Change::Desired { service, to } => {
                let question = self
                    .ecs
                    .update_service()
                    .cluster(service.cluster.as_str())
                    .service(service.service.as_str())
                    .desired_count(whole(*to))
                    .send();
                once(Call::UpdateService, question).await
            }
            Change::Floor { service, to } => {
                let question = self
                    .scaling
                    .register_scalable_target()
                    .service_namespace(ServiceNamespace::Ecs)
                    .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                    .resource_id(service.resource_id())
                    .min_capacity(whole(*to))
                    .send();
                once(Call::RegisterScalableTarget, question).await
            }
        }
    }
}

fn whole(count: TaskCount) -> i32 {
    i32::try_from(count.0).unwrap_or(i32::MAX)
}

/// Awaits the one attempt.
async fn once<T, E>(call: Call, attempt: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>) -> Outcome
where
    T: RequestId,
    E: Error + ProvideErrorMetadata + 'static,
{
    match tokio::time::timeout(OUTCOME_WITHIN, attempt).await {
        Err(_) => Outcome::Unknown { detail: format!("no answer within {} s", OUTCOME_WITHIN.as_secs()) },
        Ok(Ok(accepted)) => Outcome::Accepted { request_id: accepted.request_id().map(clean) },
        Ok(Err(error)) => outcome(call, &error),
    }
}

/// What an error says about whether anything has changed. Whatever leaves a doubt is unknown.
fn outcome<E>(call: Call, error: &SdkError<E, HttpResponse>) -> Outcome
where
    E: Error + ProvideErrorMetadata + 'static,
{
    if cause::<CredentialsError>(error).is_some() {
        return Outcome::Refused { code: "NoCredentials".to_owned(), message: innermost(error) };
    }
    match error {
        SdkError::ConstructionFailure(_) => Outcome::Refused { code: "NotSent".to_owned(), message: innermost(error) },
        SdkError::DispatchFailure(failure) if failure.is_user() => {
            Outcome::Refused { code: "NotSent".to_owned(), message: innermost(error) }
        }
        SdkError::ServiceError(service) if service.raw().status().is_client_error() => {
            let status = service.raw().status().as_u16();
            let code = service.err().code().map_or_else(|| format!("HTTP {status}"), clean);
            let message = service.err().message().unwrap_or_default();
            let code = if is_denied(&code) { denied_action(message).unwrap_or(call.action()).to_owned() } else { code };
            Outcome::Refused { code, message: clean(message) }
        }
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            Outcome::Unknown {
                detail: format!("HTTP {status} {}", service.err().code().map(clean).unwrap_or_default()),
            }
        }
        _ => Outcome::Unknown { detail: innermost(error) },
    }
}
