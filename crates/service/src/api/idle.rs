//! Connections without a request are closed after a while.
//!
//! A request is under way from the moment when its head is complete until its answer has been handed over or
//! given up. As long as there is none the connection is idle, whatever bytes come: silence, half a TLS handshake, a
//! head that comes a byte a second, an HTTP/2 connection that answers pings.

use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use axum::response::Response;
use axum_server::accept::Accept;
use http_body::{Frame, SizeHint};
use parking_lot::{Mutex, MutexGuard};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use tower::Service;

/// Takes connections, and closes those that are idle for longer than a time.
#[derive(Clone)]
pub struct IdleAcceptor {
    /// The time.
    pub limit: Duration,
}

impl<S> Accept<TcpStream, S> for IdleAcceptor {
    type Stream = Watched;
    type Service = Counted<S>;
    type Future = Ready<io::Result<(Watched, Counted<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let activity = Arc::new(Activity(Mutex::new(State {
            requests: 0,
            idle_since: Instant::now(),
        })));
        let counted = Counted {
            service,
            activity: activity.clone(),
        };
        // Answers are small: waiting for more of them to send would take 40 ms.
        let prepared = stream.set_nodelay(true);
        let watched = Watched {
            stream,
            activity,
            limit: self.limit,
            timer: Box::pin(sleep(self.limit)),
        };
        ready(prepared.map(|()| (watched, counted)))
    }
}

/// What happens on a connection.
struct Activity(Mutex<State>);

struct State {
    /// Requests that are under way.
    requests: usize,
    /// When the last one ended.
    idle_since: Instant,
}

impl Activity {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    /// When the connection will have been idle for `limit`, as things are.
    fn deadline(&self, limit: Duration) -> Instant {
        let state = self.state();
        match state.requests {
            0 => state.idle_since + limit,
            _ => Instant::now() + limit,
        }
    }
}

/// A request that is under way until this is dropped.
struct UnderWay(Arc<Activity>);

impl UnderWay {
    fn on(activity: &Arc<Activity>) -> Self {
        activity.state().requests += 1;
        Self(activity.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.requests -= 1;
        state.idle_since = Instant::now();
    }
}

/// A connection that ends when it is idle for too long.
pub struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
    limit: Duration,
    timer: Pin<Box<Sleep>>,
}

impl Watched {
    /// An error if the connection has been idle for too long; otherwise the task is woken when that may be so.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.timer.as_mut().poll(context).is_ready() {
            let deadline = self.activity.deadline(self.limit);
            if deadline <= Instant::now() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.timer.as_mut().reset(deadline);
        }
        Ok(())
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A service whose requests are counted.
#[derive(Clone)]
pub struct Counted<S> {
    service: S,
    activity: Arc<Activity>,
}

impl<S, B> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let under_way = UnderWay::on(&self.activity);
        let answer = self.service.call(request);
        Box::pin(async move {
            let response = answer.await?;
            Ok(response.map(|body| {
                Body::new(Held {
                    body,
                    _under_way: under_way,
                })
            }))
        })
    }
}

/// A response's body, whose request is under way until it has been handed over.
struct Held {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
