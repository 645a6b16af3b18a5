//! What goes wrong on purpose, as the SDK's clients meet it, and the drill's own routes.

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use bytes::Bytes;
use http::{Method, Request};

use crate::sdk::Bench;

async fn fault(bench: &Bench, rule: &str) {
    let (status, body) = bench.control(Method::POST, "faults", rule).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn refusals_come_in_every_protocol_with_the_code_of_that_protocol() {
    let bench = Bench::new("calm", 1);
    for (name, json, query) in [
        ("throttle", "ThrottlingException", "Throttling"),
        ("expire", "ExpiredTokenException", "ExpiredToken"),
        ("deny", "AccessDeniedException", "AccessDenied"),
    ] {
        fault(&bench, &format!(r#"{{"fault":"{name}"}}"#)).await;
        let ecs = bench.ecs().list_clusters().send().await.unwrap_err();
        assert_eq!(ecs.code(), Some(json));
        let sts = bench.sts().get_caller_identity().send().await.unwrap_err();
        assert_eq!(sts.code(), Some(query));
        let cloudwatch = bench.cloudwatch().describe_alarms().send().await.unwrap_err();
        assert_eq!(cloudwatch.code(), Some(query), "the SDK asks for awsQuery's codes beside CBOR");
        bench.control(Method::DELETE, "faults", "").await;
    }
    assert!(bench.ecs().list_clusters().send().await.is_ok(), "taken back");
}

#[tokio::test]
async fn a_denial_names_the_caller_and_the_action() {
    let bench = Bench::new("calm", 1);
    fault(&bench, r#"{"fault":"deny","service":"ecs","operation":"DescribeServices"}"#).await;
    let error = bench.ecs().describe_services().services("x").send().await.unwrap_err().into_service_error();
    assert!(error.is_access_denied_exception(), "{error:?}");
    let message = error.message().unwrap();
    assert!(message.starts_with("User: arn:aws:sts::123456789012:assumed-role/"), "{message}");
    assert!(message.contains("is not authorized to perform: ecs:DescribeServices"), "{message}");
    assert!(bench.ecs().list_clusters().send().await.is_ok(), "only that operation");
    assert!(bench.sts().get_caller_identity().send().await.is_ok(), "only that service");
}

#[tokio::test]
async fn a_garbled_answer_and_a_broken_connection() {
    let bench = Bench::new("calm", 1);
    fault(&bench, r#"{"fault":"garble"}"#).await;
    assert!(matches!(bench.ecs().list_clusters().send().await, Err(SdkError::ResponseError(_))));
    assert!(bench.sts().get_caller_identity().send().await.is_err());
    assert!(bench.cloudwatch().describe_alarms().send().await.is_err());
    fault(&bench, r#"{"fault":"drop"}"#).await;
    let error = bench.elb().describe_load_balancers().send().await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
}

#[tokio::test]
async fn a_lost_answer_is_to_something_that_was_done() {
    let bench = Bench::new("calm", 1);
    fault(&bench, r#"{"fault":"lose","operation":"UpdateService"}"#).await;
    let update = bench.ecs().update_service().cluster("solosuccess-production").service("solosuccess-ai-service");
    let error = update.desired_count(6).send().await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
    let (_, log) = bench.control(Method::GET, "log", "").await;
    assert!(!log["writes"].as_array().unwrap().is_empty(), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_hang_answers_late_and_what_waits_times_out() {
    let bench = Bench::new("calm", 1);
    fault(&bench, r#"{"fault":"hang","seconds":1,"service":"ecs"}"#).await;
    let before = tokio::time::Instant::now();
    assert!(bench.ecs().list_clusters().send().await.is_ok());
    assert_eq!(before.elapsed().as_secs(), 1);
    fault(&bench, r#"{"fault":"hang","seconds":10,"service":"ecs"}"#).await;
    let error = bench.ecs().list_clusters().send().await.unwrap_err();
    assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
    assert!(bench.sts().get_caller_identity().send().await.is_ok(), "nobody else waits");
}

#[tokio::test]
async fn a_fault_ends_by_itself_in_the_drills_time() {
    let bench = Bench::new("calm", 1);
    fault(&bench, r#"{"fault":"throttle","for":60}"#).await;
    assert!(bench.ecs().list_clusters().send().await.is_err());
    bench.pass(60);
    assert!(bench.ecs().list_clusters().send().await.is_ok());
}

#[tokio::test]
async fn an_unsigned_request_is_refused_and_unreadable_ones_are_named() {
    let bench = Bench::new("calm", 1);
    let ecs = |operation: &str, signed: bool, body: &'static str| {
        let mut request = Request::post("http://drill/")
            .header("x-amz-target", format!("AmazonEC2ContainerServiceV20141113.{operation}"))
            .header("content-type", "application/x-amz-json-1.1");
        if signed {
            request = request.header("authorization", "AWS4-HMAC-SHA256 Credential=x");
        }
        request.body(Bytes::from_static(body.as_bytes())).unwrap()
    };
    let cases = [
        (ecs("ListClusters", false, "{}"), "MissingAuthenticationTokenException"),
        (ecs("ListClusters", true, "{"), "SerializationException"),
        (ecs("DescribeServices", true, r#"{"cluster":1}"#), "SerializationException"),
        (ecs("MakeCoffee", true, "{}"), "UnknownOperationException"),
    ];
    for (request, code) in cases {
        let answer = bench.send(request).await.unwrap();
        assert_eq!(answer.status(), 400);
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["__type"], format!("com.amazonaws.ecs#{code}"));
        assert!(!body["message"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_drills_own_routes() {
    let bench = Bench::new("spike", 1);
    bench.pass(100);
    let (status, state) = bench.control(Method::GET, "state", "").await;
    assert_eq!((status, state["scenario"].as_str(), state["users"].as_i64()), (200, Some("spike"), Some(1000)));
    assert_eq!(state["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), bench.now());
    assert_eq!(state["trace"].as_str().unwrap().len(), 16);
    for (method, route, body, status, sentence) in [
        (Method::POST, "faults", r#"{"fault":"melt"}"#, 400, "no fault \"melt\""),
        (Method::POST, "faults", "{", 400, "the body is not JSON"),
        (Method::GET, "moon", "", 404, "no route /_drill/moon"),
        (Method::PUT, "log", "", 405, "PUT is not for log"),
    ] {
        let (got, answer) = bench.control(method, route, body).await;
        assert_eq!(got, status);
        assert!(answer["error"].as_str().unwrap().contains(sentence), "{answer}");
    }
}
