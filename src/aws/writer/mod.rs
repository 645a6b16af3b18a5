//! The door for changing things: one attempt, one time-out, and an honest word about what came back.
//!
//! What each call sends stands in a file a service: only what the step names, absolute.
//!
//! Absent on purpose: retries. A request that got no answer may have been carried out; it is read back, never resent.

mod autoscaling;
mod ecs;
mod elasticache;
mod rds;
mod route53;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::failure::{cause, clean, denied_action, innermost, is_denied};
use super::meter::Meter;
use super::pace::Call;
use crate::change::{Cleared, Outcome, Step, Ticket};
use crate::platform::Region;

/// Wall seconds until a change must be answered; after that its outcome is unknown.
pub const OUTCOME_WITHIN: Duration = Duration::from_secs(10);

/// The door for changing things. There is one, and it cannot be cloned.
pub struct Writer {
    ecs: aws_sdk_ecs::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    rds: aws_sdk_rds::Client,
    elasticache: aws_sdk_elasticache::Client,
    route53: aws_sdk_route53::Client,
    region: Region,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("region", &self.region).finish_non_exhaustive()
    }
}

/// A client of one service that tries once.
macro_rules! once_only {
    ($sdk:ident, $config:expr, $meter:expr) => {
        $sdk::Client::from_conf(
            $sdk::config::Builder::from($config)
                .retry_config(RetryConfig::disabled())
                .interceptor($meter.clone())
                .build(),
        )
    };
}

impl Writer {
    pub(super) fn new(config: &SdkConfig, region: &str, meter: &Meter) -> Self {
        Self {
            ecs: once_only!(aws_sdk_ecs, config, meter),
            scaling: once_only!(aws_sdk_applicationautoscaling, config, meter),
            rds: once_only!(aws_sdk_rds, config, meter),
            elasticache: once_only!(aws_sdk_elasticache, config, meter),
            route53: once_only!(aws_sdk_route53, config, meter),
            region: Region::new(region),
        }
    }

    /// Sends a cleared step, once. The ticket is spent whatever comes back. A future that is dropped before it answers
    /// leaves an outcome as unknown as a time-out does.
    pub async fn send(&self, cleared: Cleared, ticket: Ticket) -> Outcome {
        let refused = |code: &str, message: String| Outcome::Refused { code: code.to_owned(), message };
        if ticket.step() != cleared.step() {
            return refused("WrongTicket", "the journal's line is of another step: nothing was sent".to_owned());
        }
        let region = &cleared.plan().identity.region;
        if *region != self.region {
            return refused("WrongRegion", format!("the plan is for {region}, this connection is to {}", self.region));
        }
        self.carry_out(cleared.step()).await
    }

    pub(super) async fn carry_out(&self, step: &Step) -> Outcome {
        match step {
            Step::Desired { service, to } => self.set_desired(service, *to).await,
            Step::StopTask { service, task } => self.stop_task(service, task).await,
            Step::Floor { service, to } => self.set_floor(service, *to).await,
            Step::Ceiling { service, to } => self.set_ceiling(service, *to).await,
            Step::Suspended { service, to } => self.set_suspended(service, *to).await,
            Step::PutSchedule { service, action } => self.put_schedule(service, action).await,
            Step::DropSchedule { service, name } => self.drop_schedule(service, name).await,
            Step::CreateReplica { source, replica, class, zone } => {
                self.create_replica(source, replica, class, zone.as_deref()).await
            }
            Step::DeleteReplica { replica } => self.delete_replica(replica).await,
            Step::PutRecord { zone, name, record } => self.put_record(zone, name, record).await,
            Step::DropRecord { zone, name, record } => self.drop_record(zone, name, record).await,
            Step::MoreReplicas { cache, to } => self.more_replicas(cache, *to).await,
            Step::FewerReplicas { cache, to } => self.fewer_replicas(cache, *to).await,
            Step::Shards { cache, to, removes } => self.set_shards(cache, *to, removes).await,
        }
    }
}

/// A count as the SDK takes it.
fn whole(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Awaits the one attempt, which is boxed because the SDK's futures are thousands of bytes.
fn once<'a, T, E>(
    call: Call,
    attempt: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
) -> impl Future<Output = Outcome> + Send + 'a
where
    T: RequestId + Send + 'a,
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let attempt = Box::pin(attempt);
    async move {
        match tokio::time::timeout(OUTCOME_WITHIN, attempt).await {
            Err(_) => Outcome::Unknown { detail: format!("no answer within {} s", OUTCOME_WITHIN.as_secs()) },
            Ok(Ok(accepted)) => Outcome::Accepted { request_id: accepted.request_id().map(clean) },
            Ok(Err(error)) => outcome(call, &error),
        }
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
        SdkError::ServiceError(service) if refuses(service.raw().status().as_u16()) => {
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

/// Whether a status says that nothing was done. 408 does not: somebody on the way gave up waiting.
fn refuses(status: u16) -> bool {
    (400..500).contains(&status) && status != 408
}
