//! The door for asking. What it can ask stands in one file a service; it has no way to write.

use std::collections::BTreeMap;
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

/// The door for asking. Cheap to clone; all clones share connections, budgets and the meter. Every method may be dropped
/// half-way.
#[derive(Clone)]
pub struct Reader(Arc<Inside>);

struct Inside {
    sts: aws_sdk_sts::Client,
    ecs: aws_sdk_ecs::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    region: Region,
    clock: Clock,
    mend: Mend,
    meter: Meter,
    budgets: Mutex<BTreeMap<Family, Bucket>>,
    sizes: Mutex<BTreeMap<ServiceId, BTreeMap<String, TaskSize>>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("region", &self.0.region).finish_non_exhaustive()
    }
}

impl Reader {
    pub(super) fn new(config: &SdkConfig, region: &str, clock: &Clock, mend: Mend) -> Self {
        let meter = Meter::new(clock.clone());
        let sts = aws_sdk_sts::config::Builder::from(config).interceptor(meter.clone()).build();
        let ecs = aws_sdk_ecs::config::Builder::from(config).interceptor(meter.clone()).build();
        let scaling = aws_sdk_applicationautoscaling::config::Builder::from(config).interceptor(meter.clone()).build();
        let elb = aws_sdk_elasticloadbalancingv2::config::Builder::from(config).interceptor(meter.clone()).build();
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(config).interceptor(meter.clone()).build();
        Self(Arc::new(Inside {
            sts: aws_sdk_sts::Client::from_conf(sts),
            ecs: aws_sdk_ecs::Client::from_conf(ecs),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling),
            elb: aws_sdk_elasticloadbalancingv2::Client::from_conf(elb),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch),
            region: Region::new(region),
            clock: clock.clone(),
            mend,
            meter,
            budgets: Mutex::new(Family::ALL.map(|family| (family, Bucket::new(family.budget()))).into()),
            sizes: Mutex::default(),
        }))
    }

    /// What the asking costs.
    pub fn meter(&self) -> MeterReading {
        self.0.meter.read()
    }

    /// The region that every question goes to.
    pub fn region(&self) -> &Region {
        &self.0.region
    }

    pub(super) fn sts(&self) -> &aws_sdk_sts::Client {
        &self.0.sts
    }

    pub(super) fn ecs(&self) -> &aws_sdk_ecs::Client {
        &self.0.ecs
    }

    pub(super) fn scaling(&self) -> &aws_sdk_applicationautoscaling::Client {
        &self.0.scaling
    }

    pub(super) fn elb(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        &self.0.elb
    }

    pub(super) fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        &self.0.cloudwatch
    }

    pub(super) fn count_metrics(&self, count: usize) {
        self.0.meter.metrics(count);
    }

    /// The clock's now: what an answer that is asked for at this moment will be dated with.
    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
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
            if !wait.is_zero() {
                self.0.clock.sleep(wait).await;
            }
            match tokio::time::timeout(ANSWER_WITHIN, question).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(Failure::of(&error, call, ANSWER_WITHIN, &self.0.mend)),
                Err(_) => Err(Failure::TimedOut { after: ANSWER_WITHIN }),
            }
        }
    }

    fn take(&self, family: Family) -> Duration {
        let now = self.0.clock.now();
        let mut budgets = self.0.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.get_mut(&family).map_or(Duration::ZERO, |bucket| bucket.take(now))
    }

    /// Remembers the sizes of a service's described tasks, by task definition.
    pub(super) fn learn_sizes(&self, id: &ServiceId, sizes: BTreeMap<String, TaskSize>) {
        if !sizes.is_empty() {
            self.0.sizes.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sizes);
        }
    }

    /// The size of a service's tasks under a task definition, where one was described.
    pub(super) fn known_size(&self, id: &ServiceId, task_definition: &str) -> Option<TaskSize> {
        let sizes = self.0.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.get(id)?.get(task_definition).copied()
    }
}

/// Follows page tokens to the end. A token that repeats is a fault, not an endless loop.
pub(super) async fn pages<T, F, A>(mut ask: F) -> Result<Vec<T>, Failure>
where
    F: FnMut(Option<String>) -> A,
    A: Future<Output = Result<(Vec<T>, Option<String>), Failure>>,
{
    let mut all = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let (page, next) = ask(token.clone()).await?;
        all.extend(page);
        match next.filter(|next| !next.is_empty()) {
            None => return Ok(all),
            next if next == token => return Err(Failure::faulty("the same page was offered twice")),
            next => token = next,
        }
    }
}
