//! The seam under the SDK: one async function from an HTTP request to an HTTP response.
//!
//! A drill is wired in here by whoever starts it; this room does not know it. With a transport in place no socket is
//! opened and no TLS stack is built.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

/// The connection broke: no response, whole or in part, came back. The request may have been carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connection broke: {detail}")]
pub struct TransportFault {
    /// What broke, for the log and the screen.
    pub detail: String,
}

impl TransportFault {
    /// A fault with its reason.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into() }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, TransportFault>> + Send>>;

/// What carries requests instead of the network. Cheap to clone.
///
/// The request's URI is absolute; its headers are signed. A transport that never answers is timed out like a network.
#[derive(Clone)]
pub struct Transport(Arc<dyn Fn(http::Request<Bytes>) -> Answer + Send + Sync>);

impl Transport {
    /// Wraps an async function. `Err` is a broken connection; an HTTP error is an `Ok` with its status.
    pub fn new<F, A>(carry: F) -> Self
    where
        F: Fn(http::Request<Bytes>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<http::Response<Bytes>, TransportFault>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(carry(request))))
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
        let response =
            (self.0)(http::Request::from_parts(head, body)).await.map_err(|fault| ConnectorError::io(fault.into()))?;
        HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
