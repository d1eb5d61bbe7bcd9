//! Listening: TLS connections in, requests to the routes with the client's certificate beside them, an end that lets
//! requests finish.
//!
//! A stranger cannot hold the listener up: connections are counted in all and per address, each step has a time limit,
//! bodies have a size limit. HTTP/1.1 (RFC 9112) only; see [`crate::tls::server`].

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::FromRequestParts,
    http::{Request, Response, StatusCode, Version, header::HOST, request::Parts},
    response::IntoResponse,
};
use futures_util::FutureExt;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    body::{Body as _, Bytes, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use rustls::{ProtocolVersion, ServerConfig, pki_types::CertificateDer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tracing::{debug, info, warn};

/// So many times the largest body is read of one that is larger, before its sender is cut off.
const READ_ON: usize = 32;

/// Who is on the other side of a connection; a handler takes it as an argument.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: SocketAddr,
    /// The client's certificate and what it sent of its issuers; empty where the listener asks for none. What is here
    /// has passed the listener's verifier.
    pub certificates: Arc<[CertificateDer<'static>]>,
    /// The version of TLS, none on a plain listener.
    pub tls: Option<ProtocolVersion>,
}

impl Peer {
    /// The client's own certificate, DER.
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.certificates.first()
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // Every listener here adds it; a router served otherwise has no peer to tell of.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// How much a listener bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; more wait in the system's queue.
    pub connections: usize,
    /// Connections at once from one address; more are closed.
    pub connections_per_address: usize,
    /// Connections at once from one address whose handshake is not done; more are closed. What costs a stranger nothing
    /// takes no more than this share of the listener's places.
    pub unfinished_per_address: usize,
    /// Time until the handshake's first byte. A program sends it at once; whoever is asked for a PIN is asked later.
    pub hello: Duration,
    /// Time for the rest of the TLS handshake. Where a card signs in it, its holder types a PIN meanwhile.
    pub handshake: Duration,
    /// Time for the head of a request, and the longest rest between two requests.
    pub head: Duration,
    /// Time for one request, its body and its answer included.
    pub request: Duration,
    /// Longest life of a connection.
    pub connection: Duration,
    /// Each connection carries one request. Where a certificate in the handshake says who is there *now*, a second
    /// request on the same connection would be believed although the card is gone.
    pub one_request: bool,
    /// Largest body of a request, in bytes.
    pub body: usize,
    /// Time that requests in hand get when the listener ends.
    pub farewell: Duration,
}

impl Limits {
    /// What a listener bears that says nothing else: nobody types anything in its handshake.
    pub const STANDARD: Self = Self {
        connections: 1024,
        // A city hall's guests share one address; so do a carrier's customers.
        connections_per_address: 256,
        // An eighth: a burst of people or of a service's requests behind one address is let in all the same.
        unfinished_per_address: 128,
        hello: Duration::from_secs(5),
        handshake: Duration::from_secs(10),
        head: Duration::from_secs(15),
        request: Duration::from_secs(30),
        connection: Duration::from_secs(300),
        one_request: false,
        body: 512 * 1024,
        farewell: Duration::from_secs(10),
    };

    /// What one bears that asks for a card in the handshake: its holder needs time for the PIN.
    pub const OF_CARDS: Self = Self {
        handshake: Duration::from_secs(60),
        ..Self::STANDARD
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// A bound socket that does not serve yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    limits: Limits,
}

impl Listener {
    /// Binds `address` for TLS; port 0 takes a free one.
    ///
    /// # Errors
    /// The system's.
    pub async fn bind(address: SocketAddr, tls: Arc<ServerConfig>) -> io::Result<Self> {
        Self::bound(address, Some(tls)).await
    }

    /// Binds a loopback `address` without TLS: only this machine's own programs reach it.
    ///
    /// # Errors
    /// When the address is not a loopback one, and the system's.
    pub async fn plain_on_loopback(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{address} can be reached from outside: without TLS only 127.0.0.1 and ::1 are listened at"),
            ));
        }
        Self::bound(address, None).await
    }

    /// Binds `address` without TLS, for whoever reaches it: only for what is public and signed itself, as revocation lists
    /// are.
    ///
    /// # Errors
    /// The system's.
    pub async fn plain(address: SocketAddr) -> io::Result<Self> {
        Self::bound(address, None).await
    }

    async fn bound(address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self {
            address: socket.local_addr()?,
            socket,
            tls,
            limits: Limits::default(),
        })
    }

    /// The same with other limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where it listens, with the port it was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `routes` until `stop`; then takes no more connections and lets the requests in hand finish.
    pub async fn serve(self, routes: Router, mut stop: Stop) {
        info!(address = %self.address, tls = self.tls.is_some(), "listening");
        let room = Arc::new(Semaphore::new(self.limits.connections));
        let guests = Arc::new(Guests::default());
        let farewell = GracefulShutdown::new();
        loop {
            let accepted = async {
                let place = Arc::clone(&room).acquire_owned().await;
                (place, self.socket.accept().await)
            };
            let (place, accepted) = tokio::select! {
                () = stop.asked() => break,
                accepted = accepted => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Too many open files, or the guest is gone already: neither is a reason to spin or to end.
                    warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Some(mut guest) = Guests::admit(&guests, address.ip(), &self.limits) else {
                debug!("too many connections from one address");
                continue;
            };
            let (tls, limits, routes) = (self.tls.clone(), self.limits, routes.clone());
            let watcher = farewell.watcher();
            tokio::spawn(async move {
                let _held = place;
                let _ = stream.set_nodelay(true);
                let Some((stream, peer)) = welcome(stream, address, tls, limits).await else {
                    return;
                };
                guest.finished();
                let connection = serve_connection(stream, peer, limits, routes);
                let connection = watcher.watch(connection);
                let mut connection = pin!(connection);
                match timeout(limits.connection, &mut connection).await {
                    Ok(Ok(())) => {}
                    // Browsers drop connections all day.
                    Ok(Err(error)) => debug!(%error, "connection ended"),
                    Err(_) => debug!("connection outlived its time"),
                }
            });
        }
        drop(self.socket);
        if timeout(self.limits.farewell, farewell.shutdown()).await.is_err() {
            warn!("requests were still in hand at the end");
        }
        info!(address = %self.address, "stopped");
    }
}

/// The TLS handshake, if there is to be one.
async fn welcome(
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    limits: Limits,
) -> Option<(Box<dyn Duplex>, Peer)> {
    let Some(tls) = tls else {
        let peer = Peer {
            address,
            certificates: Arc::new([]),
            tls: None,
        };
        return Some((Box::new(stream), peer));
    };
    let said_hello = timeout(limits.hello, stream.peek(&mut [0])).await;
    if !matches!(said_hello, Ok(Ok(1))) {
        debug!("a connection without a handshake");
        return None;
    }
    match timeout(limits.handshake, TlsAcceptor::from(tls).accept(stream)).await {
        Ok(Ok(stream)) => {
            let (_, session) = stream.get_ref();
            let certificates = session.peer_certificates().unwrap_or_default();
            let peer = Peer {
                address,
                certificates: certificates.iter().cloned().map(CertificateDer::into_owned).collect(),
                tls: session.protocol_version(),
            };
            Some((Box::new(stream), peer))
        }
        Ok(Err(error)) => {
            // rustls tells of certificates by their fault, not by whom they name.
            info!(%error, "TLS handshake refused");
            None
        }
        Err(_) => {
            debug!("TLS handshake took too long");
            None
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

type Answer = Result<Response<Body>, Infallible>;

fn serve_connection(
    stream: Box<dyn Duplex>,
    peer: Peer,
    limits: Limits,
    routes: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    let answer = service_fn(move |request: Request<Incoming>| {
        let (peer, routes) = (peer.clone(), routes.clone());
        async move { answer(request, peer, limits, routes).await }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(64 * 1024)
        .keep_alive(!limits.one_request)
        .serve_connection(TokioIo::new(stream), answer)
}

async fn answer(request: Request<Incoming>, peer: Peer, limits: Limits, routes: Router) -> Answer {
    // RFC 9112 section 3.2: a request of HTTP/1.1 names its host once. Two could be read as one by whoever is in front of
    // us, and as the other here.
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() != Version::HTTP_10) {
        return Ok(StatusCode::BAD_REQUEST.into_response());
    }
    let answering = async move {
        let (parts, body) = request.into_parts();
        let mut request = Request::from_parts(parts, received(body, limits.body).await);
        request.extensions_mut().insert(peer);
        routes.oneshot(request).await
    };
    // The routes' own error pages come first; these two are for what stopped them from making one.
    let answered = AssertUnwindSafe(timeout(limits.request, answering))
        .catch_unwind()
        .await;
    Ok(match answered {
        Ok(Ok(answer)) => answer?,
        Ok(Err(_)) => StatusCode::GATEWAY_TIMEOUT.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}

/// The body, whole. One that is larger than `most` is read on for a while and thrown away, so that its sender hears that
/// it is too large instead of finding the connection cut; whoever takes it finds it too large.
async fn received(body: Incoming, most: usize) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let mut body = body;
    let (mut taken, mut read) = (Vec::new(), 0_usize);
    let mut only = None;
    while let Some(frame) = body.frame().await {
        let data = match frame.map(Frame::into_data) {
            Ok(Ok(data)) => data,
            // Trailers are nobody's here.
            Ok(Err(_)) => continue,
            // It broke off: whoever takes it finds that.
            Err(error) => return Body::from_stream(futures_util::stream::once(async { Err::<Bytes, _>(error) })),
        };
        read += data.len();
        if read > most {
            (taken, only) = (Vec::new(), None);
            match read > most.saturating_mul(READ_ON) {
                true => break,
                false => continue,
            }
        }
        // A small body comes in one piece, which is handed on as it is: whoever wipes it wipes the only copy.
        match only.take() {
            None if taken.is_empty() => only = Some(data),
            None => taken.extend_from_slice(&data),
            Some(first) => {
                taken.extend_from_slice(&first);
                taken.extend_from_slice(&data);
            }
        }
    }
    match (read > most, only) {
        (true, _) => Body::new(Limited::new(Full::new(Bytes::from_static(b"too large")), 0)),
        (false, Some(only)) => Body::from(only),
        (false, None) => Body::from(taken),
    }
}

/// Connections by address; never more entries than connections.
#[derive(Debug, Default)]
struct Guests(Mutex<HashMap<IpAddr, Here>>);

/// One address's connections.
#[derive(Debug, Default)]
struct Here {
    all: usize,
    /// Those whose handshake is not done.
    unfinished: usize,
}

struct Guest {
    guests: Arc<Guests>,
    address: IpAddr,
    finished: bool,
}

impl Guests {
    fn admit(guests: &Arc<Self>, address: IpAddr, limits: &Limits) -> Option<Guest> {
        let mut count = guests.count();
        let here = count.entry(address).or_default();
        if here.all >= limits.connections_per_address || here.unfinished >= limits.unfinished_per_address {
            return None;
        }
        here.all += 1;
        here.unfinished += 1;
        Some(Guest {
            guests: Arc::clone(guests),
            address,
            finished: false,
        })
    }

    fn count(&self) -> MutexGuard<'_, HashMap<IpAddr, Here>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// The handshake is done.
    fn finished(&mut self) {
        if let Some(here) = self.guests.count().get_mut(&self.address) {
            here.unfinished -= 1;
            self.finished = true;
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut count = self.guests.count();
        if let Some(here) = count.get_mut(&self.address) {
            here.all -= 1;
            here.unfinished -= usize::from(!self.finished);
            if here.all == 0 {
                count.remove(&self.address);
            }
        }
    }
}

/// Ends every listener and task that holds a [`Stop`] of it; so does dropping it.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Told when it is time to end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// A stopper and what it stops.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Ends them.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits until it is time to end.
    pub async fn asked(&mut self) {
        // A stopper that was dropped asks too.
        let _ = self.0.wait_for(|asked| *asked).await;
    }

    /// A stop that SIGTERM and SIGINT ask for.
    ///
    /// # Errors
    /// When the system gives no signals.
    pub fn on_signals() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (stopper, stop) = Stopper::new();
        let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
            stopper.stop();
        });
        Ok(stop)
    }
}
