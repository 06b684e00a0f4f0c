//! A provider whose certificate nobody signed but itself: not one byte of a body reaches it.

use std::io::Read;
use std::net::TcpListener;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::*;

/// For 127.0.0.1, signed by itself, valid for a hundred years. It opens nothing but this test.
const CERTIFICATE: &[u8] = include_bytes!("untrusted/certificate.der");
const KEY_OF_CERTIFICATE: &[u8] = include_bytes!("untrusted/key.der");

/// Takes one connection and answers how the handshake ended and what came after it.
fn listen() -> (u16, std::thread::JoinHandle<(bool, Vec<u8>)>) {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY_OF_CERTIFICATE.to_vec()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE.to_vec())], key)
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let shaken = connection.complete_io(&mut socket).is_ok();
        let mut received = Vec::new();
        let _ = rustls::Stream::new(&mut connection, &mut socket).read_to_end(&mut received);
        (shaken && !connection.is_handshaking(), received)
    });
    (port, served)
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_gets_nothing() {
    for kind in [ProviderKind::Threatmetrix, ProviderKind::Minfraud] {
        install_tls_provider();
        let (port, served) = listen();
        let recipient = if kind == ProviderKind::Minfraud { "minfraud" } else { "tmx" };
        let setup = setup_of(kind, shipped_modes(recipient), |config| {
            config.base_url = format!("https://127.0.0.1:{port}");
        })
        .await;
        let answer = setup.ask().await;
        assert_eq!(outcome(&answer), unanswered(NoAnswer::Http5xx, Settled::NotSent));
        drop(setup);
        let (_, received) = tokio::task::spawn_blocking(move || served.join().unwrap()).await.unwrap();
        assert!(received.is_empty(), "{} bytes reached it", received.len());
    }
}
