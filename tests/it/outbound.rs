//! The client that may leave the house, against sockets that watch what arrives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sekisho::domain::clock::{Clock, Micros};
use sekisho::outbound::destination::Destinations;
use sekisho::outbound::{Fault, Outbound, OutboundError, OutboundRequest, OutboundSettings, install_tls_provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BODY: &str = "name=hanako";
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

/// A boot-time clock that moves by one at each look.
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Micros {
        Micros(0)
    }

    fn boot_nanos(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

fn client(destinations: Destinations) -> Outbound {
    install_tls_provider();
    let settings = OutboundSettings { connect_timeout_ms: 5_000, destinations, ..OutboundSettings::default() };
    Outbound::new(&settings, Arc::new(Ticking(AtomicU64::new(0)))).unwrap()
}

fn request(url: &str, send_until_boot_nanos: u64) -> OutboundRequest {
    OutboundRequest {
        url: url.parse().unwrap(),
        content_type: "text/plain",
        headers: Vec::new(),
        body: BODY.into(),
        send_until_boot_nanos,
        send_until: Micros(i64::MAX),
        deadline_ms: 5_000,
        max_answer_bytes: 1_024,
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Reads one request from the connection, to the end of its body.
async fn read_request(connection: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(BODY.as_bytes()) {
        let byte = connection.read_u8().await.unwrap();
        seen.push(byte);
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn a_body_whose_time_ends_between_the_first_look_and_the_write_never_leaves() {
    let (listener, address) = listener().await;
    let watch = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        connection.read_to_end(&mut seen).await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    let client = client(Destinations::PublicAndLoopback);
    // The first look reads 0 and passes; the look at the write reads 1 and does not.
    let error = client.post(request(&format!("http://{address}/"), 0)).await.unwrap_err();
    assert_eq!(error, OutboundError { fault: Fault::LimitPassed, body_left: false });
    drop(client);
    assert!(!watch.await.unwrap().contains("hanako"));
}

#[tokio::test]
async fn two_requests_share_one_warm_connection_and_state_their_length() {
    let (listener, address) = listener().await;
    let serve = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        // With the listener gone, a second connection would be refused.
        drop(listener);
        let mut requests = Vec::new();
        for _ in 0..2 {
            requests.push(read_request(&mut connection).await.to_lowercase());
            connection.write_all(ANSWER.as_bytes()).await.unwrap();
        }
        requests
    });
    let client = client(Destinations::PublicAndLoopback);
    for _ in 0..2 {
        let answer = client.post(request(&format!("http://{address}/"), u64::MAX)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), answer.body_left), (200, b"ok".as_slice(), true));
    }
    for text in serve.await.unwrap() {
        assert!(text.contains("content-length: 11\r\n") && !text.contains("transfer-encoding"), "{text}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_after_the_request_is_not_tried_again() {
    let (listener, address) = listener().await;
    let serve = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_request(&mut connection).await;
        drop(connection);
        listener
    });
    let error = client(Destinations::PublicAndLoopback)
        .post(request(&format!("http://{address}/"), u64::MAX))
        .await
        .unwrap_err();
    assert_eq!(error, OutboundError { fault: Fault::Broken, body_left: true });
    let again = futures_util::poll!(std::pin::pin!(serve.await.unwrap().accept()));
    assert!(again.is_pending(), "nobody connected again");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_goes_there() {
    for status in [301, 302, 303, 307, 308] {
        let ((listener, address), (elsewhere, other)) = (listener().await, listener().await);
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_request(&mut connection).await;
            let answer = format!("HTTP/1.1 {status} Gone\r\nlocation: http://{other}/\r\ncontent-length: 0\r\n\r\n");
            connection.write_all(answer.as_bytes()).await.unwrap();
        });
        let mut request = request(&format!("http://{address}/"), u64::MAX);
        request.deadline_ms = 1_000;
        let answer = client(Destinations::PublicAndLoopback).post(request).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, 0));
        let visited = futures_util::poll!(std::pin::pin!(elsewhere.accept()));
        assert!(visited.is_pending(), "nobody connected");
    }
}

#[tokio::test]
async fn an_idle_connection_that_the_other_side_closed_is_replaced() {
    let (listener, address) = listener().await;
    let serve = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_request(&mut connection).await;
            connection.write_all(ANSWER.as_bytes()).await.unwrap();
            connection.shutdown().await.unwrap();
            // The client has noticed when its own side is closed too.
            assert_eq!(connection.read(&mut [0; 1]).await.unwrap(), 0);
        }
    });
    let client = client(Destinations::PublicAndLoopback);
    for _ in 0..2 {
        assert_eq!(client.post(request(&format!("http://{address}/"), u64::MAX)).await.unwrap().status, 200);
    }
    serve.await.unwrap();
}

#[tokio::test]
async fn private_addresses_are_refused_by_number_and_by_name() {
    let (listener, address) = listener().await;
    let port = address.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "0x7f000001"] {
        let url = format!("http://{host}:{port}/");
        let error = client(Destinations::Public).post(request(&url, u64::MAX)).await.unwrap_err();
        assert_eq!(error, OutboundError { fault: Fault::Forbidden, body_left: false }, "{host}");
    }
    let accepted = futures_util::poll!(std::pin::pin!(listener.accept()));
    assert!(accepted.is_pending(), "nobody connected");
}

#[tokio::test]
async fn a_header_that_would_split_the_request_is_refused() {
    let mut request = request("http://127.0.0.1:9/", u64::MAX);
    request.headers.push(("x-reference".to_owned(), "a\r\nx-evil: b".to_owned()));
    let error = client(Destinations::PublicAndLoopback).post(request).await.unwrap_err();
    assert_eq!(error, OutboundError { fault: Fault::Invalid, body_left: false });
}
