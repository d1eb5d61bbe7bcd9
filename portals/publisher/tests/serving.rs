//! What a reader of certificates gets, over real HTTP.

use std::{fs, net::SocketAddr, sync::Arc};

use portal_kit::listener::{Listener, Stopper};
use relay_core::clock::SystemClock;

async fn ask(address: SocketAddr, path: &str) -> (u16, String, Vec<u8>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    // By hand: a client would tidy the path up before it asks.
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_certificates_are_given_by_name_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let lists = folder.path().join("lists");
    fs::create_dir(&lists).unwrap();
    fs::write(folder.path().join("secret.crl"), "not published").unwrap();
    fs::write(lists.join("staff.crl"), [0x30, 1, 2]).unwrap();
    fs::write(lists.join("root.cer"), [0x30, 3]).unwrap();
    fs::write(lists.join("key.sealed"), "not published").unwrap();
    fs::write(lists.join("staff.pem"), "the same as text, for openssl").unwrap();
    let listener = Listener::plain(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.address();
    let (stopper, stop) = Stopper::new();
    let serving = tokio::spawn(listener.serve(publisher::routes(lists.clone(), None, Arc::new(SystemClock)), stop));

    let (status, head, body) = ask(address, "/staff.crl").await;
    assert_eq!((status, body.as_slice()), (200, &[0x30, 1, 2][..]));
    assert!(head.contains("content-type: application/pkix-crl"), "{head}");
    assert!(head.contains("cache-control: max-age=60"), "{head}");
    let (status, head, _) = ask(address, "/root.cer").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: application/pkix-cert"), "{head}");
    for other in [
        "/resident.crl",
        "/key.sealed",
        "/staff.pem",
        "/",
        "/../secret.crl",
        "/..%2fsecret.crl",
        "/%2e%2e/secret.crl",
        "/.crl",
    ] {
        assert_eq!(ask(address, other).await.0, 404, "{other}");
    }
    // What is put there is the next one served.
    fs::write(lists.join("staff.crl"), [0x30, 9]).unwrap();
    assert_eq!(ask(address, "/staff.crl").await.2, [0x30, 9]);
    stopper.stop();
    serving.await.unwrap();
}
