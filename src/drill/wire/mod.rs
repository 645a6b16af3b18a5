//! AWS's wire protocols, both ways: a signed HTTP request into plain values, plain values or a refusal into the bytes
//! AWS would send. Deliberately absent: what any operation means.

mod cbor;
mod json;
mod query;
mod refusal;
mod rest;
mod service;
mod value;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

pub use refusal::Refusal;
pub use service::Service;
pub use value::{Malformed, Name, Value};

const TARGET: &str = "x-amz-target";
const SMITHY_PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const QUERY_MODE: &str = "x-amzn-query-mode";
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// A wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JSON 1.0, which CloudWatch also answers.
    AwsJson10,
    /// JSON 1.1: ECS and Application Auto Scaling.
    AwsJson11,
    /// A form in, XML out: ELB, RDS, STS, and CloudWatch for older clients.
    AwsQuery,
    /// Smithy RPC v2 over CBOR: CloudWatch.
    RpcV2Cbor,
    /// Paths and XML: Route 53.
    RestXml,
}

/// Who is asked for what, and how the answer has to be put. It is known even where the body is not readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The protocol of question and answer.
    pub protocol: Protocol,
    /// The service; `None` for one the drill does not know.
    pub service: Option<Service>,
    /// The operation as the client named it.
    pub operation: String,
    /// Whether the client wants awsQuery's error codes beside the answer's own.
    query_mode: bool,
    /// How restXml puts the answer.
    route: Option<&'static rest::Route>,
}

/// Reads a request: where it goes, and its input.
pub fn read(request: &Request<Bytes>) -> (Address, Result<Value, Refusal>) {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let query_mode = header(QUERY_MODE) == Some("true");
    let address = |protocol, service, operation: &str| Address {
        protocol,
        service,
        operation: operation.to_owned(),
        query_mode,
        route: None,
    };
    if let Some(target) = header(TARGET) {
        let (prefix, operation) = target.split_once('.').unwrap_or(("", target));
        let service = Service::ALL.into_iter().find(|service| service.target() == Some(prefix));
        let one_zero = header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("json-1.0"));
        let protocol = if one_zero { Protocol::AwsJson10 } else { Protocol::AwsJson11 };
        return (address(protocol, service, operation), json::read(request.body()).map_err(Refusal::unreadable));
    }
    if let Some((name, operation)) =
        request.uri().path().strip_prefix("/service/").and_then(|path| path.split_once("/operation/"))
    {
        let service = Service::ALL.into_iter().find(|service| service.target() == Some(name));
        return (
            address(Protocol::RpcV2Cbor, service, operation),
            cbor::read(request.body()).map_err(Refusal::unreadable),
        );
    }
    if let Some((service, rest)) = rest::service(request.uri().path()) {
        let Some((route, labels)) = rest::route(service, request.method(), rest) else {
            let what = format!("{} {}", request.method(), request.uri().path());
            return (address(Protocol::RestXml, Some(service), &what), Err(Refusal::unknown_operation(&what)));
        };
        let address = Address { route: Some(route), ..address(Protocol::RestXml, Some(service), route.operation) };
        return (address, rest::read(request, labels).map_err(Refusal::unreadable));
    }
    // The query string counts as part of the form, as AWS has it for GET.
    let form = if request.body().is_empty() {
        request.uri().query().unwrap_or_default().as_bytes()
    } else {
        request.body().as_ref()
    };
    match query::read(form) {
        Ok(input) => {
            let text = |field| input.text(field).ok().flatten().unwrap_or_default();
            let service =
                Service::ALL.into_iter().find(|service| service.version().is_some_and(|own| own == text("Version")));
            (address(Protocol::AwsQuery, service, text("Action")), Ok(input))
        }
        Err(problem) => (address(Protocol::AwsQuery, None, ""), Err(Refusal::unreadable(problem))),
    }
}

/// Whether somebody signed the request. The signature itself is not checked: the drill has no secrets.
pub fn is_signed(request: &Request<Bytes>) -> bool {
    let headers = request.headers();
    headers.contains_key(AUTHORIZATION) || headers.contains_key("x-amz-security-token")
}

/// Puts an outcome into the bytes AWS would send, with the date `at`.
pub fn write(address: &Address, outcome: &Result<Value, Refusal>, request_id: &str, at: Timestamp) -> Response<Bytes> {
    let namespace = address.service.map_or("http://webservices.amazon.com/AWSFault/2005-15-09", Service::xml_namespace);
    let (body, status) = match (address.protocol, outcome) {
        (Protocol::RestXml, Ok(value)) => match address.route {
            Some(route) => (rest::write(route, namespace, value), route.status),
            None => (Vec::new(), 200),
        },
        (Protocol::AwsQuery, Ok(value)) => (query::write(&address.operation, namespace, request_id, value), 200),
        (Protocol::AwsQuery | Protocol::RestXml, Err(refusal)) => (
            query::write_error(namespace, request_id, refusal.sender(), refusal.query_code, &refusal.message),
            refusal.query_status,
        ),
        (Protocol::RpcV2Cbor, Ok(value)) => (cbor::write(value), 200),
        (Protocol::RpcV2Cbor, Err(refusal)) => (cbor::write(&error(address, refusal)), refusal.status),
        (Protocol::AwsJson10 | Protocol::AwsJson11, Ok(value)) => (json::write(value), 200),
        (Protocol::AwsJson10 | Protocol::AwsJson11, Err(refusal)) => {
            (json::write(&error(address, refusal)), refusal.status)
        }
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let kind = match address.protocol {
        Protocol::AwsJson10 => "application/x-amz-json-1.0",
        Protocol::AwsJson11 => "application/x-amz-json-1.1",
        Protocol::AwsQuery | Protocol::RestXml => "text/xml",
        Protocol::RpcV2Cbor => "application/cbor",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if address.protocol == Protocol::RpcV2Cbor {
        headers.insert(SMITHY_PROTOCOL, HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
    if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        headers.insert(DATE, date);
    }
    if let (Some(route), Ok(value)) = (address.route, outcome) {
        for (field, name) in route.headers {
            let text = value.get(field).and_then(Value::as_text).and_then(|text| HeaderValue::from_str(text).ok());
            if let Some(text) = text {
                headers.insert(*name, text);
            }
        }
    }
    if let Err(refusal) = outcome
        && address.query_mode
    {
        let blame = if refusal.sender() { "Sender" } else { "Receiver" };
        if let Ok(code) = HeaderValue::from_str(&format!("{};{blame}", refusal.query_code)) {
            headers.insert(QUERY_ERROR, code);
        }
    }
    response
}

fn error(address: &Address, refusal: &Refusal) -> Value {
    let shape = match address.service {
        Some(service) => format!("{}#{}", service.shapes(), refusal.code),
        None => refusal.code.to_owned(),
    };
    Value::map([("__type", shape.into()), ("message", refusal.message.clone().into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2026-01-05T08:00:00Z".parse().unwrap()
    }

    fn post(uri: &str, headers: &[(&str, &str)], body: &'static [u8]) -> Request<Bytes> {
        let mut request = Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::from_static(body)).unwrap()
    }

    #[test]
    fn every_protocol_finds_its_service_and_operation() {
        let json = ("content-type", "application/x-amz-json-1.1");
        let old = ("content-type", "application/x-amz-json-1.0");
        let ecs = ("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters");
        let aas = ("x-amz-target", "AnyScaleFrontendService.DescribeScalableTargets");
        let granite = ("x-amz-target", "GraniteServiceVersion20100801.GetMetricData");
        let cases = [
            (post("/", &[json, ecs], b"{}"), Protocol::AwsJson11, Service::Ecs, "ListClusters"),
            (post("/", &[json, aas], b"{}"), Protocol::AwsJson11, Service::Autoscaling, "DescribeScalableTargets"),
            (post("/", &[old, granite], b"{}"), Protocol::AwsJson10, Service::Cloudwatch, "GetMetricData"),
            (
                post("/service/GraniteServiceVersion20100801/operation/GetMetricData", &[], b"\xa0"),
                Protocol::RpcV2Cbor,
                Service::Cloudwatch,
                "GetMetricData",
            ),
            (
                post("/", &[], b"Action=GetCallerIdentity&Version=2011-06-15"),
                Protocol::AwsQuery,
                Service::Sts,
                "GetCallerIdentity",
            ),
            (
                post("/", &[], b"Action=DescribeTargetGroups&Version=2015-12-01"),
                Protocol::AwsQuery,
                Service::Elb,
                "DescribeTargetGroups",
            ),
            (
                post("/?Action=DescribeAlarms&Version=2010-08-01", &[], b""),
                Protocol::AwsQuery,
                Service::Cloudwatch,
                "DescribeAlarms",
            ),
        ];
        for (request, protocol, service, operation) in cases {
            let (address, input) = read(&request);
            assert_eq!((address.protocol, address.service), (protocol, Some(service)), "{operation}");
            assert_eq!(address.operation, operation);
            assert!(input.is_ok(), "{operation}");
        }
    }

    #[test]
    fn refusals_in_each_protocol() {
        let refusal = Err(Refusal::throttled());
        let json = read(&post("/", &[("x-amz-target", "AmazonEC2ContainerServiceV20141113.X")], b"{}")).0;
        let answer = write(&json, &refusal, "id", at());
        assert_eq!(answer.status(), 400);
        assert_eq!(
            answer.body().as_ref(),
            br#"{"__type":"com.amazonaws.ecs#ThrottlingException","message":"Rate exceeded"}"#
        );
        let path = "/service/GraniteServiceVersion20100801/operation/X";
        let cbor = read(&post(path, &[("x-amzn-query-mode", "true")], b"\xa0")).0;
        let answer = write(&cbor, &refusal, "id", at());
        assert_eq!(answer.headers()["smithy-protocol"], "rpc-v2-cbor");
        assert_eq!(answer.headers()["x-amzn-query-error"], "Throttling;Sender");
        let query = read(&post("/", &[], b"Action=X&Version=2011-06-15")).0;
        let answer = write(&query, &Err(Refusal::unsigned()), "id", at());
        assert_eq!(answer.status(), 403);
        assert!(String::from_utf8_lossy(answer.body()).contains("<Code>MissingAuthenticationToken</Code>"));
    }

    #[test]
    fn the_date_is_the_drills() {
        let address = read(&post("/", &[], b"Action=X&Version=2011-06-15")).0;
        let answer = write(&address, &Ok(Value::Map(vec![])), "id", at());
        assert_eq!(answer.headers()["date"], "Mon, 05 Jan 2026 08:00:00 GMT");
    }
}
