//! TLS, for all protocols.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::Certificate;
use serde_json::json;
use tonic::transport::{Certificate as TonicCertificate, Channel, ClientTlsConfig};
use vouch_service::config::TlsConfig;
use vouch_service::proto::ListProgramsRequest;
use vouch_service::proto::vouch_client::VouchClient;
use vouch_service::{Config, ServeError, Server};

use crate::host::Host;

/// A certificate for this machine and its key, as text.
fn certificate() -> (String, String) {
    let names = vec!["localhost".into(), "127.0.0.1".into()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a key");
    (cert.pem(), signing_key.serialize_pem())
}

fn http(certificate: &str) -> reqwest::Client {
    let trusted = Certificate::from_pem(certificate.as_bytes()).expect("a certificate");
    let builder = reqwest::Client::builder().tls_certs_only([trusted]);
    builder.build().expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = TlsConfig {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    let write = |(certificate, key): &(String, String)| {
        std::fs::write(&files.certificate, certificate).expect("a file");
        std::fs::write(&files.key, key).expect("a file");
    };
    let (first, second) = (certificate(), certificate());
    write(&first);
    let mut host = Host::with(|config| config.server.tls = Some(files.clone())).await;
    host.http = http(&first.0);
    let id = host.submit_hashes(1).await;
    assert_eq!(host.until_ended(&id).await["state"], "succeeded");

    let trusted = ClientTlsConfig::new().ca_certificate(TonicCertificate::from_pem(&first.0));
    let channel = Channel::from_shared(host.url.clone()).expect("a URL");
    let channel = channel
        .tls_config(trusted)
        .expect("a configuration")
        .connect()
        .await;
    let mut grpc = VouchClient::new(channel.expect("it listens"));
    let programs = grpc
        .list_programs(ListProgramsRequest {})
        .await
        .expect("a list");
    assert_eq!(programs.into_inner().programs.len(), 1);

    // Without it nobody is heard, nor by whoever trusts another certificate.
    let plain = host.url.replace("https", "http");
    assert!(reqwest::get(plain + "/healthz").await.is_err());
    let health = format!("{}/healthz", host.url);
    assert!(http(&second.0).get(&health).send().await.is_err());

    // A new certificate, and then one that is none.
    write(&second);
    host.server.reload_tls().await.expect("it is read");
    assert!(http(&first.0).get(&health).send().await.is_err());
    assert!(http(&second.0).get(&health).send().await.is_ok());
    write(&("no certificate".into(), second.1.clone()));
    assert!(matches!(
        host.server.reload_tls().await,
        Err(ServeError::Tls { .. })
    ));
    assert!(http(&second.0).get(&health).send().await.is_ok());
    host.http = http(&second.0);
    host.ok("vouch_listJobs", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_said_before_anything_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = || {
        let mut config = Config::default();
        config.server.listen.set_port(0);
        config.data.folder = folder.path().join("data");
        config
    };
    let mut no_certificate = config();
    no_certificate.server.tls = Some(TlsConfig {
        certificate: folder.path().join("none"),
        key: folder.path().join("none"),
    });
    let error = Server::start(no_certificate).await.err();
    assert!(matches!(error, Some(ServeError::Tls { .. })), "{error:?}");
    assert!(!folder.path().join("data").exists());

    let server = Server::start(config()).await.expect("it starts");
    let mut same_port = config();
    same_port.server.listen = server.address();
    let error = Server::start(same_port).await.err();
    assert!(
        matches!(error, Some(ServeError::Listen { .. })),
        "{error:?}"
    );
    // One folder is for one service.
    let error = Server::start(config()).await.err();
    assert!(matches!(error, Some(ServeError::Service(_))), "{error:?}");

    let mut no_store = config();
    no_store.data.folder = folder.path().join("other");
    no_store.data.store = Some("nowhere://".into());
    let error = Server::start(no_store).await.err();
    assert!(matches!(error, Some(ServeError::Service(_))), "{error:?}");
    server.stop().await.expect("it stops");
}
