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
use super::meter::Meter;
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
    pub(super) fn new(config: &SdkConfig, region: &str, meter: &Meter) -> Self {
        let once = RetryConfig::disabled;
        let ecs = aws_sdk_ecs::config::Builder::from(config).retry_config(once()).interceptor(meter.clone()).build();
        let scaling = aws_sdk_applicationautoscaling::config::Builder::from(config)
            .retry_config(once())
            .interceptor(meter.clone())
            .build();
        Self {
            ecs: aws_sdk_ecs::Client::from_conf(ecs),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling),
            region: Region::new(region),
        }
    }

    /// Sends a confirmed change, once. The ticket is spent whatever comes back. A future that is dropped before it
    /// answers leaves an outcome as unknown as a time-out does.
    pub async fn send(&self, confirmed: Confirmed, ticket: Ticket) -> Outcome {
        if *ticket.change() != confirmed.plan().change {
            return Outcome::Refused {
                code: "WrongTicket".to_owned(),
                message: "the journal's line is of another change: nothing was sent".to_owned(),
            };
        }
        self.carry_out(confirmed.plan()).await
    }

    pub(super) async fn carry_out(&self, plan: &Plan) -> Outcome {
        if plan.identity.region != self.region {
            return Outcome::Refused {
                code: "WrongRegion".to_owned(),
                message: format!("the plan is for {}, this connection is to {}", plan.identity.region, self.region),
            };
        }
        match &plan.change {
            Change::Desired { service, to } => {
                let attempt = self
                    .ecs
                    .update_service()
                    .cluster(service.cluster.as_str())
                    .service(service.service.as_str())
                    .desired_count(whole(*to))
                    .send();
                once(Call::UpdateService, attempt).await
            }
            Change::Floor { service, to } => {
                let attempt = self
                    .scaling
                    .register_scalable_target()
                    .service_namespace(ServiceNamespace::Ecs)
                    .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                    .resource_id(service.resource_id())
                    .min_capacity(whole(*to))
                    .send();
                once(Call::RegisterScalableTarget, attempt).await
            }
        }
    }
}

fn whole(count: TaskCount) -> i32 {
    i32::try_from(count.0).unwrap_or(i32::MAX)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::canned::{self, NOW, Reply, doors};
    use super::*;
    use crate::change::Observed;
    use crate::platform::{AccountId, Environment, Identity, ServiceId, Suspended};

    fn plan(change: Change) -> Plan {
        let at = jiff::Timestamp::from_second(NOW).unwrap();
        Plan {
            change,
            observed: Observed {
                desired: TaskCount(6),
                running: TaskCount(6),
                limits: None,
                suspended: Suspended::default(),
                deploying: false,
                read: at,
            },
            identity: Identity { account: AccountId::new("1"), arn: "a".into(), region: Region::new("us-east-1") },
            environment: Environment::Production,
            made: at,
            advice: None,
        }
    }

    fn desired() -> Plan {
        plan(Change::Desired { service: ServiceId::new("prod", "api"), to: TaskCount(8) })
    }

    fn floor() -> Plan {
        plan(Change::Floor { service: ServiceId::new("prod", "api"), to: TaskCount(8) })
    }

    /// Sends a plan to an AWS that always answers like this; the outcome, and every request body.
    async fn sent(plan: &Plan, reply: Reply) -> (Outcome, Vec<serde_json::Value>) {
        let (_, writer, log) = doors(move |_| reply.clone()).await;
        let outcome = writer.carry_out(plan).await;
        let bodies = log.lock().unwrap().iter().map(canned::Asked::json).collect();
        (outcome, bodies)
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_changed_field_is_sent_absolute_and_once() {
        let (outcome, bodies) = sent(&desired(), canned::json(200, &json!({}))).await;
        assert_eq!(outcome, Outcome::Accepted { request_id: Some("r-1".into()) });
        assert_eq!(bodies, [json!({ "cluster": "prod", "service": "api", "desiredCount": 8 })]);
        let (outcome, bodies) = sent(&floor(), canned::json(200, &json!({}))).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }));
        assert_eq!(
            bodies,
            [json!({ "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
                "ResourceId": "service/prod/api", "MinCapacity": 8 })]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_leaves_a_doubt_is_unknown_after_one_attempt() {
        let error = |status, code: &str| canned::json(status, &json!({ "__type": code, "message": "m" }));
        let doubtful = [
            Reply::Hang,
            Reply::Broken,
            error(500, "ServerException"),
            error(503, "ServiceUnavailable"),
            canned::text(408, ""),
            canned::text(502, "<html>bad gateway</html>"),
            canned::text(200, "{ not json"),
        ];
        for plan in [desired(), floor()] {
            for reply in &doubtful {
                let (outcome, bodies) = sent(&plan, reply.clone()).await;
                assert!(matches!(outcome, Outcome::Unknown { .. }), "{reply:?}: {outcome:?}");
                assert_eq!(bodies.len(), 1, "{reply:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_is_on_the_meter() {
        let (reader, writer, _) = doors(|_| canned::json(200, &json!({}))).await;
        writer.carry_out(&desired()).await;
        assert_eq!(reader.meter().calls[&Call::UpdateService].made, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_out_is_ten_seconds() {
        let began = tokio::time::Instant::now();
        let (outcome, _) = sent(&desired(), Reply::Hang).await;
        assert_eq!(began.elapsed(), Duration::from_secs(10));
        assert_eq!(outcome, Outcome::Unknown { detail: "no answer within 10 s".into() });
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_keeps_awss_words_and_names_the_missing_action() {
        let table = [
            ("ServiceNotActiveException", "Service was not ACTIVE.", "ServiceNotActiveException"),
            ("ThrottlingException", "Rate exceeded", "ThrottlingException"),
            (
                "AccessDeniedException",
                "x is not authorized to perform: ecs:UpdateService on resource: y",
                "ecs:UpdateService",
            ),
            ("AccessDeniedException", "no", "ecs:UpdateService"),
        ];
        for (code, message, told) in table {
            let (outcome, bodies) =
                sent(&desired(), canned::json(400, &json!({ "__type": code, "message": message }))).await;
            assert_eq!(outcome, Outcome::Refused { code: told.into(), message: message.into() });
            assert_eq!(bodies.len(), 1, "{code} is not tried again");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_plan_for_another_region_is_not_sent() {
        let mut plan = desired();
        plan.identity.region = Region::new("eu-west-1");
        let (outcome, bodies) = sent(&plan, canned::json(200, &json!({}))).await;
        assert!(matches!(outcome, Outcome::Refused { code, .. } if code == "WrongRegion"));
        assert_eq!(bodies.len(), 0);
    }
}
