//! The door for asking. What it can ask stands in one file a service; it has no way to write.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::failure::Failure;
use super::meter::{Meter, MeterReading};
use super::pace::{Bucket, Call, Family};
use super::profiles::Mend;
use crate::clock::Clock;
use crate::platform::{Region, ServiceId, TaskSize};

/// Wall seconds until a question must be answered, its one retry included. Each page of a list is a question.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The region that CloudFront's metrics are published in.
const EDGE_REGION: &str = "us-east-1";

/// The door for asking. Cheap to clone; all clones share connections, budgets and the meter. Every method may be dropped
/// half-way.
#[derive(Clone)]
pub struct Reader {
    inside: Arc<Inside>,
    /// Whether questions take from the budgets without waiting for them.
    urgent: bool,
}

struct Inside {
    sts: aws_sdk_sts::Client,
    ecs: aws_sdk_ecs::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    explorer: aws_sdk_costexplorer::Client,
    /// CloudWatch where CloudFront's metrics are.
    edge: aws_sdk_cloudwatch::Client,
    rds: aws_sdk_rds::Client,
    elasticache: aws_sdk_elasticache::Client,
    route53: aws_sdk_route53::Client,
    cloudfront: aws_sdk_cloudfront::Client,
    region: Region,
    clock: Clock,
    mend: Mend,
    meter: Meter,
    budgets: Mutex<BTreeMap<Family, Bucket>>,
    sizes: Mutex<BTreeMap<ServiceId, BTreeMap<String, TaskSize>>>,
    /// `max_connections` by parameter group, with when it was read; `None` where the group holds no number.
    parameters: Mutex<BTreeMap<String, (Timestamp, Option<u32>)>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("region", &self.inside.region).finish_non_exhaustive()
    }
}

impl Reader {
    pub(super) fn new(config: &SdkConfig, region: &str, clock: &Clock, mend: Mend, meter: Meter) -> Self {
        let sts = aws_sdk_sts::config::Builder::from(config).interceptor(meter.clone()).build();
        let ecs = aws_sdk_ecs::config::Builder::from(config).interceptor(meter.clone()).build();
        let scaling = aws_sdk_applicationautoscaling::config::Builder::from(config).interceptor(meter.clone()).build();
        let elb = aws_sdk_elasticloadbalancingv2::config::Builder::from(config).interceptor(meter.clone()).build();
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(config).interceptor(meter.clone()).build();
        let explorer = aws_sdk_costexplorer::config::Builder::from(config).interceptor(meter.clone()).build();
        let edge = aws_sdk_cloudwatch::config::Builder::from(config)
            .region(aws_types::region::Region::new(EDGE_REGION))
            .interceptor(meter.clone())
            .build();
        let rds = aws_sdk_rds::config::Builder::from(config).interceptor(meter.clone()).build();
        let elasticache = aws_sdk_elasticache::config::Builder::from(config).interceptor(meter.clone()).build();
        let route53 = aws_sdk_route53::config::Builder::from(config).interceptor(meter.clone()).build();
        let cloudfront = aws_sdk_cloudfront::config::Builder::from(config).interceptor(meter.clone()).build();
        let inside = Inside {
            sts: aws_sdk_sts::Client::from_conf(sts),
            ecs: aws_sdk_ecs::Client::from_conf(ecs),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling),
            elb: aws_sdk_elasticloadbalancingv2::Client::from_conf(elb),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch),
            explorer: aws_sdk_costexplorer::Client::from_conf(explorer),
            edge: aws_sdk_cloudwatch::Client::from_conf(edge),
            rds: aws_sdk_rds::Client::from_conf(rds),
            elasticache: aws_sdk_elasticache::Client::from_conf(elasticache),
            route53: aws_sdk_route53::Client::from_conf(route53),
            cloudfront: aws_sdk_cloudfront::Client::from_conf(cloudfront),
            region: Region::new(region),
            clock: clock.clone(),
            mend,
            meter,
            budgets: Mutex::new(Family::ALL.map(|family| (family, Bucket::new(family.budget()))).into()),
            sizes: Mutex::default(),
            parameters: Mutex::default(),
        };
        Self { inside: Arc::new(inside), urgent: false }
    }

    /// The same door for questions that an operator waits for: they count against the budgets, but polling waits for
    /// them and not they for polling.
    #[must_use]
    pub fn urgent(&self) -> Self {
        Self { urgent: true, ..self.clone() }
    }

    /// What the asking costs.
    pub fn meter(&self) -> MeterReading {
        self.inside.meter.read()
    }

    /// The region that every question goes to.
    pub fn region(&self) -> &Region {
        &self.inside.region
    }

    pub(super) fn sts(&self) -> &aws_sdk_sts::Client {
        &self.inside.sts
    }

    pub(super) fn ecs(&self) -> &aws_sdk_ecs::Client {
        &self.inside.ecs
    }

    pub(super) fn scaling(&self) -> &aws_sdk_applicationautoscaling::Client {
        &self.inside.scaling
    }

    pub(super) fn elb(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        &self.inside.elb
    }

    pub(super) fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        &self.inside.cloudwatch
    }

    pub(super) fn explorer(&self) -> &aws_sdk_costexplorer::Client {
        &self.inside.explorer
    }

    pub(super) fn edge(&self) -> &aws_sdk_cloudwatch::Client {
        &self.inside.edge
    }

    pub(super) fn rds(&self) -> &aws_sdk_rds::Client {
        &self.inside.rds
    }

    pub(super) fn elasticache(&self) -> &aws_sdk_elasticache::Client {
        &self.inside.elasticache
    }

    pub(super) fn route53(&self) -> &aws_sdk_route53::Client {
        &self.inside.route53
    }

    pub(super) fn cloudfront(&self) -> &aws_sdk_cloudfront::Client {
        &self.inside.cloudfront
    }

    pub(super) fn count_metrics(&self, count: usize) {
        self.inside.meter.metrics(count);
    }

    /// The clock's now: what an answer that is asked for at this moment will be dated with.
    pub(super) fn now(&self) -> Timestamp {
        self.inside.clock.now()
    }

    /// Asks one question: waits for the budget, then for the answer, and says what a failure means.
    pub(super) fn ask<'a, T, E>(
        &'a self,
        call: Call,
        question: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
    ) -> impl Future<Output = Result<T, Failure>> + Send + 'a
    where
        T: Send + 'a,
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        // The SDK's futures are thousands of bytes; boxed before anything holds them, ours stay small.
        let question = Box::pin(question);
        async move {
            let wait = self.take(call.family());
            if !wait.is_zero() && !self.urgent {
                self.inside.clock.sleep(wait).await;
            }
            match tokio::time::timeout(ANSWER_WITHIN, question).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(Failure::of(&error, call, ANSWER_WITHIN, &self.inside.mend)),
                Err(_) => Err(Failure::TimedOut { after: ANSWER_WITHIN }),
            }
        }
    }

    fn take(&self, family: Family) -> Duration {
        let now = self.inside.clock.now();
        let mut budgets = self.inside.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.get_mut(&family).map_or(Duration::ZERO, |bucket| bucket.take(now))
    }

    /// What a parameter group says of `max_connections`, and when it was read; `None` where it never was.
    pub(super) fn known_parameter(&self, group: &str) -> Option<(Timestamp, Option<u32>)> {
        self.inside.parameters.lock().unwrap_or_else(PoisonError::into_inner).get(group).copied()
    }

    /// Remembers what a parameter group says of `max_connections`.
    pub(super) fn learn_parameter(&self, group: &str, read: Timestamp, value: Option<u32>) {
        let mut parameters = self.inside.parameters.lock().unwrap_or_else(PoisonError::into_inner);
        parameters.insert(group.to_owned(), (read, value));
    }

    /// Remembers the sizes of a service's described tasks, by task definition.
    pub(super) fn learn_sizes(&self, id: &ServiceId, sizes: BTreeMap<String, TaskSize>) {
        if !sizes.is_empty() {
            self.inside.sizes.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sizes);
        }
    }

    /// The size of a service's tasks under a task definition, where one was described.
    pub(super) fn known_size(&self, id: &ServiceId, task_definition: &str) -> Option<TaskSize> {
        let sizes = self.inside.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.get(id)?.get(task_definition).copied()
    }
}

/// The list of an answer. AWS sends an empty one when there is nothing; an answer without any is not an answer, and must
/// not empty the screen.
pub(super) fn list<T>(list: Option<Vec<T>>, call: Call) -> Result<Vec<T>, Failure> {
    list.ok_or_else(|| Failure::faulty(format!("{} answered without a list", call.action())))
}

/// What was learnt, and what could not be learnt beside it: one missing permission hides no more than it must.
#[derive(Debug, Clone, PartialEq)]
pub struct Partly<T> {
    /// What was learnt.
    pub known: T,
    /// Why the rest was not.
    pub missing: Option<Failure>,
}

/// Follows page tokens to the end. A token that was there before is a fault, not an endless loop.
pub(super) async fn pages<T, F, A>(mut ask: F) -> Result<Vec<T>, Failure>
where
    F: FnMut(Option<String>) -> A,
    A: Future<Output = Result<(Vec<T>, Option<String>), Failure>>,
{
    let mut all = Vec::new();
    let mut token: Option<String> = None;
    let mut offered = BTreeSet::new();
    loop {
        let (page, next) = ask(token).await?;
        all.extend(page);
        let Some(next) = next.filter(|next| !next.is_empty()) else { return Ok(all) };
        if !offered.insert(next.clone()) {
            return Err(Failure::faulty("the same page was offered twice"));
        }
        token = Some(next);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::canned::{self, Reply, doors};
    use super::*;
    use crate::platform::{ClusterName, ServiceName, SourceState};

    /// What a question to ECS ends in when AWS answers like this.
    async fn failed(reply: Reply) -> Failure {
        let (reader, _, _) = doors(move |_| reply.clone()).await;
        reader.services(&ClusterName::new("c"), &[ServiceName::new("s")]).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn every_way_to_fail_has_its_kind() {
        let error =
            |status, code: &str, message: &str| canned::json(status, &json!({ "__type": code, "message": message }));
        let refused = "User: u is not authorized to perform: ecs:DescribeServices on resource: r";
        let network = Failure::Network { detail: "connection broke: reset by peer".into() };
        let table = [
            (error(400, "ThrottlingException", "Rate exceeded"), Failure::Throttled),
            (error(400, "AccessDeniedException", refused), Failure::Denied { action: "ecs:DescribeServices".into() }),
            (error(400, "ExpiredTokenException", "expired"), Failure::Expired { mend: "restart the drill".into() }),
            (
                error(400, "ClusterNotFoundException", "Cluster\u{1b}[2J not found."),
                Failure::Faulty { detail: "ClusterNotFoundException: Cluster␛[2J not found.".into() },
            ),
            (Reply::Hang, Failure::TimedOut { after: ANSWER_WITHIN }),
            (Reply::Broken, network),
        ];
        for (reply, failure) in table {
            assert_eq!(failed(reply.clone()).await, failure, "{reply:?}");
        }
        for reply in
            [canned::text(200, "<html>"), canned::text(200, ""), canned::text(200, "{}"), canned::text(503, "busy")]
        {
            assert!(matches!(failed(reply.clone()).await, Failure::Faulty { .. }), "{reply:?}");
            let (reader, _, _) = doors(move |_| reply.clone()).await;
            assert!(reader.service_list(&["c".into()]).await.is_err(), "an empty answer is not an empty list");
            assert!(reader.scalable_targets().await.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_source_knows_when_it_is_asked_again() {
        let at = Timestamp::from_second(canned::NOW).unwrap();
        assert_eq!(Failure::Throttled.into_state(at), SourceState::Throttled { retry_at: at });
    }

    #[tokio::test(start_paused = true)]
    async fn the_doors_fit_a_task_and_print_no_credentials() {
        fn fits_a_task<T: Send + 'static>(task: T) -> T {
            task
        }
        let (reader, writer, _) = doors(|_| Reply::Broken).await;
        let printed = format!("{reader:?} {writer:?}");
        assert_eq!(printed, r#"Reader { region: Region("us-east-1"), .. } Writer { region: Region("us-east-1"), .. }"#);
        let task = fits_a_task(async move {
            let id = ServiceId::new("c", "s");
            let question = super::super::planner::Planner::default().plan(&[], Timestamp::UNIX_EPOCH);
            let listed = reader.service_list(&[]).await.is_ok();
            let tasks = reader.tasks(&id).await.is_ok();
            let activities = reader.activities(Some(&id), Timestamp::UNIX_EPOCH).await.is_ok();
            let groups = reader.target_groups(&[]).await.is_ok();
            (question.len(), listed, tasks, activities, groups)
        });
        assert!(size_of_val(&task) < 8_192, "{} bytes: an SDK future is held unboxed", size_of_val(&task));
        assert_eq!(task.await, (0, false, false, false, true));
    }

    /// A reader that speaks over a socket to somebody who says this and hangs up.
    async fn hung_up_on(said: &'static [u8]) -> Failure {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", socket.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut connection, _) = socket.accept().await.unwrap();
            let _ = connection.read(&mut [0; 8_192]).await.unwrap();
            connection.write_all(said).await.unwrap();
        });
        let credentials = aws_credential_types::Credentials::new("key", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_types::region::Region::new("us-east-1"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .http_client(super::super::access::https())
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .endpoint_url(endpoint)
            .build();
        let clock = Clock::system();
        let reader = Reader::new(&config, "us-east-1", &clock, Mend::Chain, Meter::new(clock.clone()));
        let failure = reader.identity().await.unwrap_err();
        server.await.unwrap();
        failure
    }

    #[tokio::test]
    async fn a_connection_that_breaks_before_or_within_an_answer_is_the_networks_fault() {
        for said in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n<GetCaller"] {
            let failure = hung_up_on(said).await;
            assert!(matches!(failure, Failure::Network { .. }), "{failure:?}");
        }
    }
}
