//! For tests: an AWS of canned answers behind a [`Transport`], with a log of what was asked.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

use super::access::{Access, connect};
use super::reader::Reader;
use super::transport::{Transport, TransportFault};
use super::writer::Writer;
use crate::clock::Clock;

/// The present of every canned world.
pub const NOW: i64 = 1_800_000_000;

/// One request, as far as tests look at it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `DescribeServices`, whatever the protocol; the path, where that names the operation.
    pub operation: String,
    /// The body; the query, where there is no body.
    pub body: Vec<u8>,
}

impl Asked {
    fn of(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let body = if request.body().is_empty() { query.as_bytes() } else { request.body() }.to_vec();
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = if let Some(target) = target {
            target.rsplit('.').next()
        } else if let Some((_, operation)) = request.uri().path().split_once("/operation/") {
            Some(operation)
        } else if request.method() == http::Method::GET {
            Some(request.uri().path())
        } else {
            std::str::from_utf8(&body)
                .ok()
                .and_then(|form| form.split('&').find_map(|pair| pair.strip_prefix("Action=")))
        };
        Self { operation: operation.unwrap_or_default().to_owned(), body }
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body as text: a form, for the query protocol.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// A canned answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status and a body.
    Http(u16, Vec<u8>),
    /// No answer, ever.
    Hang,
    /// The connection breaks.
    Broken,
}

/// JSON with a status.
pub fn json(status: u16, body: &serde_json::Value) -> Reply {
    Reply::Http(status, body.to_string().into_bytes())
}

/// Text with a status.
pub fn text(status: u16, body: &str) -> Reply {
    Reply::Http(status, body.as_bytes().to_vec())
}

/// The log of what was asked.
pub type Log = Arc<Mutex<Vec<Asked>>>;

/// Opens the doors to an AWS that answers like this. Must be called inside a tokio runtime.
pub async fn doors(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Reader, Writer, Log) {
    let log = Log::default();
    let seen = log.clone();
    let transport = Transport::new(move |request| {
        let asked = Asked::of(&request);
        let cbor = request.headers().contains_key("smithy-protocol");
        let reply = answer(&asked);
        seen.lock().unwrap().push(asked);
        async move {
            match reply {
                Reply::Hang => std::future::pending().await,
                Reply::Broken => Err(TransportFault::new("reset by peer")),
                Reply::Http(status, body) => {
                    let response = Response::builder().status(status).header("x-amzn-requestid", "r-1");
                    let response = if cbor { response.header("smithy-protocol", "rpc-v2-cbor") } else { response };
                    Ok(response.body(Bytes::from(body)).unwrap())
                }
            }
        }
    });
    let clock = Clock::paced(Timestamp::from_second(NOW).unwrap(), 1.0);
    let access = Access { transport: Some(transport), ..Access::default() };
    let (reader, writer) = connect(&access, &clock).await.unwrap();
    (reader, writer, log)
}

/// How often an operation was asked for.
pub fn times(log: &Log, operation: &str) -> usize {
    log.lock().unwrap().iter().filter(|asked| asked.operation == operation).count()
}
