//! The drill over HTTP, so that other clients can be pointed at it: the same answers, from a socket. Deliberately absent:
//! TLS, HTTP/2, and any address but the one it was given.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::faults::Dropped;

/// Connections served at once; more wait in the listener's queue.
const MAX_CONNECTIONS: usize = 256;
/// The largest request body. AWS's own largest here, a `GetMetricData` of 500 queries, is a tenth of it.
const MAX_BODY: usize = 2 << 20;
/// How long a client may take over its request's head, and so how long an idle connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a client may take over a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long answers under way may still take once serving has to end.
const GRACE: Duration = Duration::from_millis(500);

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system said.
    pub error: io::Error,
}

/// Listens on an address; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|error| BindError { address, error })
}

/// Serves `answer` on a listener until `shutdown` resolves; answers under way then have half a second.
///
/// [`Dropped`] closes the connection without an answer.
pub async fn serve<A, F>(listener: TcpListener, answer: A, shutdown: impl Future<Output = ()>)
where
    A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Bytes>, Dropped>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (closing, closed) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let slot = tokio::select! {
            () = &mut shutdown => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, answer.clone(), closed.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(slot);
                });
            }
            // Out of file descriptors, or a peer gone before it was met: neither is a reason to stop serving.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let _ = closing.send(true);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

async fn connection<A, F>(stream: TcpStream, answer: A, mut closed: watch::Receiver<bool>)
where
    A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Bytes>, Dropped>> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| exchange(answer.clone(), request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        _ = closed.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// The error type is what makes hyper close the connection without a word.
async fn exchange<A, F>(answer: A, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped>
where
    A: Fn(Request<Bytes>) -> F,
    F: Future<Output = Result<Response<Bytes>, Dropped>>,
{
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(refusal(StatusCode::PAYLOAD_TOO_LARGE, "the request body is larger than the drill reads"));
    }
    let body = match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Ok(refusal(StatusCode::BAD_REQUEST, "the request body is too large or broken")),
        Err(_) => return Ok(refusal(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive")),
    };
    answer(Request::from_parts(head, body)).await.map(|response| response.map(Full::new))
}

fn refusal(status: StatusCode, sentence: &'static str) -> Response<Full<Bytes>> {
    let mut refusal = Response::new(Full::new(Bytes::from_static(sentence.as_bytes())));
    *refusal.status_mut() = status;
    refusal
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    use super::*;

    async fn answer(request: Request<Bytes>) -> Result<Response<Bytes>, Dropped> {
        if request.uri().path() == "/drop" { Err(Dropped) } else { Ok(Response::new(request.into_body())) }
    }

    /// Serves while `client` runs, and returns what it read.
    async fn served<F: Future<Output = String>>(client: impl FnOnce(SocketAddr) -> F) -> String {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, answer, async {
            let _ = stopped.await;
        }));
        let read = client(address).await;
        stop.send(()).unwrap();
        serving.await.unwrap();
        read
    }

    async fn exchange_all(address: SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut read = Vec::new();
        let _ = stream.read_to_end(&mut read).await;
        String::from_utf8(read).unwrap()
    }

    #[tokio::test]
    async fn two_requests_on_one_connection() {
        let both = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhiPOST / HTTP/1.1\r\nhost: x\r\n\
            connection: close\r\ncontent-length: 3\r\n\r\nyou";
        let read = served(|address| exchange_all(address, both)).await;
        assert_eq!(read.matches("HTTP/1.1 200 OK").count(), 2, "{read}");
        assert!(read.contains("hi") && read.ends_with("you"), "{read}");
    }

    #[tokio::test]
    async fn a_dropped_answer_closes_the_socket() {
        let read = served(|address| exchange_all(address, b"GET /drop HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert_eq!(read, "");
    }

    #[tokio::test]
    async fn a_body_past_the_limit_is_refused() {
        let head =
            format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", MAX_BODY + 1);
        let read = served(|address| async move { exchange_all(address, head.as_bytes()).await }).await;
        assert!(read.starts_with("HTTP/1.1 413"), "{read}");
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let error = bind(address).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
    }
}
