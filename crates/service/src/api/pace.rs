//! Peers that do not take what is sent to them.
//!
//! An answer that nobody reads holds its memory and its place. Here it may do so for as long as the
//! configuration says (`server.write_timeout`): a connection on which no piece of some answer got on in
//! that time is closed, with all that it holds. It is all the same whether the peer does not read from
//! the socket, or opens no window of HTTP/2: what counts is whether pieces leave.

use std::future::{Ready, ready};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::{AddExtension, Next};
use axum::response::Response;
use axum_server::accept::Accept;
use http_body::{Frame, SizeHint};
use parking_lot::{Mutex, MutexGuard};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tower::Layer;
use tracing::warn;

use super::idle::{Counted, IdleAcceptor, Watched};
use crate::admission::{Budget, Share};
use crate::core::Service;

/// Bytes that have to leave within the time allowed.
const PIECE_BYTES: usize = 64 << 10;
/// Looks at whether a peer reads, within that time.
const LOOKS: u32 = 4;

/// Takes in connections, as many as there may be.
#[derive(Clone)]
pub struct Doorman {
    service: Arc<Service>,
    places: Arc<Budget>,
    idle: IdleAcceptor,
}

impl Doorman {
    /// Within the bounds of the service's configuration.
    pub fn new(service: Arc<Service>) -> Self {
        let server = &service.config().server;
        Self {
            places: Budget::new(server.max_connections as u64),
            idle: IdleAcceptor {
                limit: server.idle_timeout,
            },
            service,
        }
    }
}

impl<S> Accept<TcpStream, S> for Doorman {
    type Stream = Attended;
    type Service = AddExtension<Counted<S>, Connection>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(place) = self.places.take(1) else {
            return ready(Err(io::Error::other("too many connections")));
        };
        let (stream, service) = match self.idle.accept(stream, service).into_inner() {
            Ok(accepted) => accepted,
            Err(error) => return ready(Err(error)),
        };
        let connection = Connection::default();
        let service = Extension(connection.clone()).layer(service);
        let limit = self.service.config().server.write_timeout;
        let mut clock = interval((limit / LOOKS).max(Duration::from_millis(1)));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let attended = Attended {
            stream,
            connection,
            limit,
            clock,
            service: self.service.clone(),
            _place: place,
        };
        ready(Ok((attended, service)))
    }
}

/// The answers of a connection that are being sent.
#[derive(Clone, Default)]
pub struct Connection(Arc<Mutex<Vec<Weak<Progress>>>>);

impl Connection {
    fn attend(&self, body: Body) -> Paced {
        let progress = Arc::new(Progress::default());
        let mut answers = self.0.lock();
        answers.push(Arc::downgrade(&progress));
        let rest = Bytes::new();
        Paced {
            body,
            rest,
            progress,
        }
    }

    /// Whether some answer has not got on for so long.
    fn is_stuck(&self, limit: Duration) -> bool {
        let mut answers = self.0.lock();
        let mut stuck = false;
        answers.retain(|answer| {
            let answer = answer.upgrade();
            stuck |= answer.as_ref().is_some_and(|a| a.is_stuck(limit));
            answer.is_some()
        });
        stuck
    }
}

/// How an answer gets on.
struct Progress(Mutex<State>);

struct State {
    /// When it last got on.
    last: Instant,
    /// Pieces in buffers.
    pieces: usize,
    /// Whether there is more to send: not while it waits for us, and not once it has ended.
    more: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self(Mutex::new(State {
            last: Instant::now(),
            pieces: 0,
            more: true,
        }))
    }
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    fn is_stuck(&self, limit: Duration) -> bool {
        let state = self.state();
        (state.pieces > 0 || state.more) && state.last.elapsed() > limit
    }
}

/// A body in pieces that say when they have left.
struct Paced {
    body: Body,
    /// What is left of what the body gave.
    rest: Bytes,
    progress: Arc<Progress>,
}

struct Piece {
    bytes: Bytes,
    progress: Arc<Progress>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut state = self.progress.state();
        state.pieces -= 1;
        state.last = Instant::now();
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.progress.state().more = false;
    }
}

impl Paced {
    fn piece(&mut self) -> Frame<Bytes> {
        let bytes = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        let mut state = self.progress.state();
        state.pieces += 1;
        state.more = true;
        state.last = Instant::now();
        drop(state);
        let progress = self.progress.clone();
        Frame::data(Bytes::from_owner(Piece { bytes, progress }))
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
                self.progress.state().more = false;
                return Poll::Pending;
            };
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(bytes))) => self.rest = bytes,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        Poll::Ready(Some(Ok(self.piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower().saturating_add(rest));
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper.saturating_add(rest));
        }
        whole
    }
}

/// Has the connection of a request look after its answer.
pub async fn pace(request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Connection>().cloned();
    let response = next.run(request).await;
    match connection {
        Some(connection) => response.map(|body| Body::new(connection.attend(body))),
        None => response,
    }
}

/// A connection that ends when its peer does not take its answers.
pub struct Attended {
    stream: Watched,
    connection: Connection,
    limit: Duration,
    clock: Interval,
    service: Arc<Service>,
    _place: Share,
}

impl Attended {
    /// Looks after the answers, now and when it is time to.
    fn look(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.clock.poll_tick(context).is_ready() {
            if self.connection.is_stuck(self.limit) {
                self.service.metrics().slow_readers.inc();
                warn!("a connection was closed: its peer does not read what is sent");
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }
}

impl AsyncRead for Attended {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.look(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Attended {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.look(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.look(context)?;
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.look(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        Poll::Ready(Ok(()))
    }
}
