//! A listener and a client meet over real sockets: who is let in, who is seen, what is refused, how it ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    routing::{get, post},
};
use portal_kit::{
    client::{self, AskError},
    listener::{Limits, Listener, Peer, Stopper},
    tls::{self, Clients, Identity, Versions},
};
use portal_testing::Authority;
use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpSocket, TcpStream},
    sync::Notify,
};

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const PATIENCE: Duration = Duration::from_secs(20);

struct Served {
    base: String,
    stopper: Stopper,
    ended: tokio::task::JoinHandle<()>,
}

async fn serve(tls: Arc<ServerConfig>, limits: Limits, routes: Router) -> Served {
    let listener = Listener::bind(LOOPBACK, tls).await.unwrap().with_limits(limits);
    let base = format!("https://localhost:{}", listener.address().port());
    let (stopper, stop) = Stopper::new();
    let ended = tokio::spawn(listener.serve(routes, stop));
    Served { base, stopper, ended }
}

fn who() -> Router {
    Router::new().route(
        "/who",
        get(async |peer: Peer| {
            let version = peer
                .tls
                .and_then(|version| version.as_str())
                .unwrap_or("none")
                .to_owned();
            let certificate = peer.certificate().map_or(0, |certificate| certificate.len());
            format!("{version} {certificate}")
        }),
    )
}

async fn ask(believes: RootCertStore, identity: Option<&Identity>, url: &str) -> Result<String, AskError> {
    let answer = client::client(believes, identity, PATIENCE)
        .unwrap()
        .get(url)
        .send()
        .await?;
    Ok(String::from_utf8(client::body(answer, 1024).await?).unwrap())
}

#[tokio::test]
async fn a_partner_with_a_certificate_comes_in_and_is_seen_and_one_without_does_not() {
    let (ours, theirs) = (Authority::new("relay"), Authority::new("stranger"));
    let server = ours.server(&["localhost"]);
    let tls = tls::server(&server.identity, Clients::Certified(ours.roots()), Versions::Both).unwrap();
    let served = serve(tls, Limits::default(), who()).await;
    let url = format!("{}/who", served.base);

    let partner = ours.client("blind half").identity;
    let length = partner.certificate().unwrap().len();
    let seen = ask(ours.roots(), Some(&partner), &url).await.unwrap();
    assert_eq!(seen, format!("TLSv1_3 {length}"));

    assert!(ask(ours.roots(), None, &url).await.is_err());
    let stranger = theirs.client("blind half").identity;
    assert!(ask(ours.roots(), Some(&stranger), &url).await.is_err());
    // Nor does a client take a server that its own authority did not certify.
    assert!(ask(theirs.roots(), Some(&partner), &url).await.is_err());
}

#[tokio::test]
async fn a_listener_for_old_cards_speaks_tls_1_2_alone() {
    let ours = Authority::new("relay");
    let server = ours.server(&["localhost"]);
    let tls = tls::server(&server.identity, Clients::Certified(ours.roots()), Versions::Tls12).unwrap();
    let served = serve(tls, Limits::default(), who()).await;
    let card = ours.client("2f6d1c").identity;
    let seen = ask(ours.roots(), Some(&card), &format!("{}/who", served.base))
        .await
        .unwrap();
    assert!(seen.starts_with("TLSv1_2 "), "{seen}");
}

#[tokio::test]
async fn where_the_handshake_says_who_is_there_each_request_needs_one() {
    let ours = Authority::new("relay");
    let server = ours.server(&["localhost"]);
    let card = ours.client("2f6d1c").identity;
    let closes = async |limits: Limits| {
        let tls = tls::server(&server.identity, Clients::Certified(ours.roots()), Versions::Both).unwrap();
        let served = serve(tls, limits, who()).await;
        let client = client::client(ours.roots(), Some(&card), PATIENCE).unwrap();
        let answer = client.get(format!("{}/who", served.base)).send().await.unwrap();
        answer.headers().get("connection").is_some_and(|word| word == "close")
    };
    assert!(
        closes(Limits {
            one_request: true,
            ..Limits::default()
        })
        .await
    );
    assert!(!closes(Limits::default()).await);
}

/// Lets in the one certificate it knows.
#[derive(Debug)]
struct OneCard(Vec<u8>);

impl ClientCertVerifier for OneCard {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.0 {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::Revoked.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &tls::provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &tls::provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        tls::provider().signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::test]
async fn a_verifier_handed_in_decides_who_comes_in() {
    let ours = Authority::new("relay");
    let server = ours.server(&["localhost"]);
    let (good, revoked) = (ours.client("2f6d1c").identity, ours.client("77a01e").identity);
    let verifier = OneCard(good.certificate().unwrap().to_vec());
    let tls = tls::server(&server.identity, Clients::Checked(Arc::new(verifier)), Versions::Both).unwrap();
    let served = serve(tls, Limits::default(), who()).await;
    let url = format!("{}/who", served.base);
    assert!(ask(ours.roots(), Some(&good), &url).await.is_ok());
    assert!(ask(ours.roots(), Some(&revoked), &url).await.is_err());
}

/// A connection from `from` that says nothing.
async fn silent(from: [u8; 4], served: &Served) -> TcpStream {
    let port = served.base.rsplit(':').next().unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(SocketAddr::new(LOOPBACK.ip(), port)).await.unwrap()
}

/// Waits until the listener hangs up.
async fn hung_up(mut stream: TcpStream) {
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut [0])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
}

#[tokio::test]
async fn four_silent_addresses_do_not_fill_the_listener() {
    let ours = Authority::new("relay");
    let limits = Limits {
        connections: 16,
        connections_per_address: 4,
        unfinished_per_address: 2,
        hello: 2 * PATIENCE,
        ..Limits::default()
    };
    let served = serve(ours.server(&["localhost"]).for_anyone(), limits, who()).await;
    let mut held = Vec::new();
    for last in 2..6 {
        let from = [127, 0, 0, last];
        for _ in 0..2 {
            held.push(silent(from, &served).await);
        }
        for _ in 0..2 {
            hung_up(silent(from, &served).await).await;
        }
    }
    let url = format!("{}/who", served.base);
    assert!(ask(ours.roots(), None, &url).await.is_ok());
    // Who has come in takes none of that share: two guests stay, and a third of the same address comes.
    let guests = [(); 3].map(|()| client::client(ours.roots(), None, PATIENCE).unwrap());
    for guest in &guests {
        assert!(guest.get(&url).send().await.is_ok());
    }
    // So it is with the numbers that are used.
    for limits in [Limits::STANDARD, Limits::OF_CARDS] {
        assert!(4 * limits.unfinished_per_address <= limits.connections / 2);
    }
}

#[tokio::test]
async fn who_says_nothing_is_hung_up_on_soon_where_cards_are_asked_for_too() {
    let ours = Authority::new("relay");
    let limits = Limits {
        hello: Duration::from_millis(100),
        handshake: 10 * PATIENCE,
        ..Limits::OF_CARDS
    };
    let served = serve(ours.server(&["localhost"]).for_anyone(), limits, who()).await;
    hung_up(silent([127, 0, 0, 1], &served).await).await;
}

#[tokio::test]
async fn a_body_too_large_is_refused_and_a_request_too_long_is_ended() {
    let ours = Authority::new("relay");
    let routes = Router::new()
        .route("/take", post(async |body: Bytes| body.len().to_string()))
        .route("/never", get(std::future::pending::<&'static str>))
        .route(
            "/panic",
            get(async || -> &'static str { panic!("no words of it reach the visitor") }),
        );
    let limits = Limits {
        body: 1000,
        request: Duration::from_millis(200),
        ..Limits::default()
    };
    let served = serve(ours.server(&["localhost"]).for_anyone(), limits, routes).await;
    let client = client::client(ours.roots(), None, PATIENCE).unwrap();
    for (length, status) in [(1000, 200), (1001, 413)] {
        let sent = client.post(format!("{}/take", served.base)).body(vec![b'x'; length]);
        assert_eq!(sent.send().await.unwrap().status(), status);
    }
    // Many times as large: its sender hears so too, and is not cut off in the middle.
    let sent = client.post(format!("{}/take", served.base)).body(vec![b'x'; 30_000]);
    assert_eq!(sent.send().await.unwrap().status(), 413);
    for (path, status) in [("never", 504), ("panic", 500)] {
        let answer = client.get(format!("{}/{path}", served.base)).send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.text().await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_request_without_a_host_or_with_two_is_refused() {
    let listener = Listener::plain_on_loopback(LOOPBACK).await.unwrap();
    let address = listener.address();
    let (_stopper, stop) = Stopper::new();
    tokio::spawn(listener.serve(who(), stop));
    for (hosts, status) in [
        ("", "400"),
        ("Host: a.example\r\nHost: b.example\r\n", "400"),
        ("Host: a.example\r\nHost: a.example\r\n", "400"),
        ("Host: a.example\r\n", "200"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /who HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{hosts}: {answer}");
    }
}

#[tokio::test]
async fn at_the_end_a_request_in_hand_is_finished_and_no_new_one_begins() {
    let ours = Authority::new("relay");
    let (arrived, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (arrived, go_on) = (Arc::clone(&arrived), Arc::clone(&go_on));
        async move || {
            arrived.notify_one();
            go_on.notified().await;
            "finished"
        }
    };
    let routes = Router::new().route("/slow", get(handler));
    let served = serve(ours.server(&["localhost"]).for_anyone(), Limits::default(), routes).await;
    let (roots, url) = (ours.roots(), format!("{}/slow", served.base));
    let asking = tokio::spawn({
        let (roots, url) = (roots.clone(), url.clone());
        async move { ask(roots, None, &url).await }
    });
    arrived.notified().await;
    served.stopper.stop();
    tokio::task::yield_now().await;
    go_on.notify_one();
    assert_eq!(asking.await.unwrap().unwrap(), "finished");
    served.ended.await.unwrap();
    assert!(matches!(ask(roots, None, &url).await, Err(AskError::Away(_))));
}

#[tokio::test]
async fn every_name_under_localhost_is_this_machine() {
    let ours = Authority::new("relay");
    let served = serve(ours.server(&["relay.localhost"]).for_anyone(), Limits::default(), who()).await;
    let url = format!("{}/who", served.base.replace("localhost", "relay.localhost"));
    assert!(ask(ours.roots(), None, &url).await.is_ok());
}

#[tokio::test]
async fn without_tls_nobody_outside_this_machine_is_listened_to() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    assert!(Listener::plain_on_loopback(everywhere).await.is_err());
    assert!(Listener::plain_on_loopback(LOOPBACK).await.is_ok());
}

#[tokio::test]
async fn an_answer_larger_than_agreed_is_not_read_to_the_end() {
    let ours = Authority::new("relay");
    let routes = Router::new().route("/", get(async || "x".repeat(5000)));
    let served = serve(ours.server(&["localhost"]).for_anyone(), Limits::default(), routes).await;
    assert!(matches!(
        ask(ours.roots(), None, &served.base).await,
        Err(AskError::TooLarge(1024))
    ));
}
