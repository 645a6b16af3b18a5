//! The SDK's own clients on a drill: nothing is mocked above the wire.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use scaledeck::drill::faults::Dropped;
use scaledeck::drill::scenario::Scenario;
use scaledeck::drill::{DEFAULT_START, Drill};
use tokio::time::Instant;

/// A drill whose time is set by hand, and the SDK's clients on it.
#[derive(Debug, Clone)]
pub struct Bench {
    drill: Drill,
    now: Arc<Mutex<Timestamp>>,
    spent: Arc<Mutex<Vec<Duration>>>,
}

impl Bench {
    /// A built-in scenario with so many services.
    pub fn new(scenario: &str, services: u32) -> Self {
        Self::of(&Scenario { services, ..Scenario::builtin(scenario).unwrap() })
    }

    /// Any scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let drill = Drill::new(scenario, 7, DEFAULT_START);
        Self { drill, now: Arc::new(Mutex::new(DEFAULT_START)), spent: Arc::default() }
    }

    /// The drill's time.
    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// Lets seconds pass.
    pub fn pass(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Dropped> {
        let asked = Instant::now();
        let answer = self.drill.answer(request, || self.now()).await;
        self.spent.lock().unwrap().push(asked.elapsed());
        answer
    }

    /// How long each answer took since this was last asked; what the SDK does around it is not in it.
    pub fn spent(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.spent.lock().unwrap())
    }

    /// Asks a `/_drill/` route: the status and the JSON.
    pub async fn control(&self, method: Method, route: &str, body: &str) -> (u16, serde_json::Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://drill/_drill/{route}"))
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        let response = self.send(request).await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("DRILLDRILLDRILLDRIL", "drill", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(SharedHttpClient::new(self.clone()))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(2)).build())
            .build()
    }

    /// STS.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::new(&self.config())
    }

    /// ECS.
    pub fn ecs(&self) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.config())
    }

    /// Application Auto Scaling.
    pub fn autoscaling(&self) -> aws_sdk_applicationautoscaling::Client {
        aws_sdk_applicationautoscaling::Client::new(&self.config())
    }

    /// ELB v2.
    pub fn elb(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        aws_sdk_elasticloadbalancingv2::Client::new(&self.config())
    }

    /// RDS.
    pub fn rds(&self) -> aws_sdk_rds::Client {
        aws_sdk_rds::Client::new(&self.config())
    }

    /// ElastiCache.
    pub fn elasticache(&self) -> aws_sdk_elasticache::Client {
        aws_sdk_elasticache::Client::new(&self.config())
    }

    /// CloudFront.
    pub fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        aws_sdk_cloudfront::Client::new(&self.config())
    }

    /// Cost Explorer.
    pub fn costexplorer(&self) -> aws_sdk_costexplorer::Client {
        aws_sdk_costexplorer::Client::new(&self.config())
    }

    /// Route 53.
    pub fn route53(&self) -> aws_sdk_route53::Client {
        aws_sdk_route53::Client::new(&self.config())
    }

    /// CloudWatch.
    pub fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        aws_sdk_cloudwatch::Client::new(&self.config())
    }
}

impl HttpConnector for Bench {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let bench = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
            let answer = bench.send(Request::from_parts(head, body)).await;
            let answer = answer.map_err(|dropped| ConnectorError::io(dropped.into()))?;
            answer.map(SdkBody::from).try_into().map_err(|error| ConnectorError::other(Box::new(error), None))
        })
    }
}

impl HttpClient for Bench {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
