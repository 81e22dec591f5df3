//! The artefact store against a server that speaks S3, over a socket.
#![cfg(feature = "s3")]

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use vouch_kit::ProofDigest;
use vouch_kit::store::{ArtifactStore, StoreError};
use vouch_sdk::{Input, Program, ProveOptions, guests, prove};

const KEY: &str = "a-key";
const SECRET: &str = "a-secret";

/// A server with a bucket, as long as this lives.
struct Server {
    folder: TempDir,
    address: SocketAddr,
    _runtime: Runtime,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("bucket")).expect("a bucket");
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("a folder"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    // A client that goes is no trouble of the server's.
                    let _ = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self {
            folder,
            address,
            _runtime: runtime,
        }
    }

    fn store(&self, place: &str, secret: &str) -> ArtifactStore {
        let options = [
            ("aws_endpoint", format!("http://{}", self.address)),
            ("aws_allow_http", "true".into()),
            ("aws_region", "us-east-1".into()),
            ("aws_access_key_id", KEY.into()),
            ("aws_secret_access_key", secret.into()),
        ];
        let options = options.map(|(name, value)| (name.to_string(), value));
        ArtifactStore::open(&format!("s3://{place}"), options).expect("an address")
    }

    /// Where the server keeps an artefact.
    fn file(&self, place: &str, digest: &ProofDigest) -> PathBuf {
        let name = digest.to_string();
        self.folder.path().join(place).join(&name[..2]).join(name)
    }
}

#[test]
fn artefacts_are_kept_and_go() {
    let server = Server::start();
    for place in ["bucket", "bucket/some/prefix"] {
        let store = server.store(place, SECRET);
        store.check().expect("it answers");
        let digest = store.put(b"artefact".to_vec()).expect("it is written");
        assert!(server.file(place, &digest).exists());
        assert_eq!(store.get(&digest).expect("it is there"), b"artefact");
        store.put(b"artefact".to_vec()).expect("twice is once");
        store.delete(&digest).expect("it goes");
        assert!(!server.file(place, &digest).exists());
        assert!(matches!(
            store.get(&digest),
            Err(StoreError::Missing { digest: missing }) if missing == digest
        ));
        store.delete(&digest).expect("it has gone");
    }
}

#[test]
fn receipts_are_kept() {
    let program = Program::from_elf(guests::FIBONACCI).expect("an embedded guest");
    let input = Input::new().word(10);
    let proven = prove(&program, &input, &ProveOptions::default()).expect("it is proven");
    let server = Server::start();
    let store = server.store("bucket", SECRET);
    let digest = store.put_receipt(&proven.receipt).expect("it is written");
    assert_eq!(digest, ProofDigest::of_receipt(&proven.receipt));
    // Another process finds it.
    let other = server.store("bucket", SECRET);
    let receipt = other.get_receipt(&digest).expect("it is there");
    assert_eq!(receipt, proven.receipt);
}

#[test]
fn damage_is_noticed_and_mended() {
    let server = Server::start();
    let store = server.store("bucket", SECRET);
    let digest = store.put(b"artefact".to_vec()).expect("it is written");
    fs::write(server.file("bucket", &digest), b"artefacT").expect("it is damaged");
    let got = ProofDigest::of_bytes(b"artefacT");
    assert!(matches!(
        store.get(&digest),
        Err(StoreError::Damaged { got: found, .. }) if found == got
    ));
    store.put(b"artefact".to_vec()).expect("it is mended");
    assert_eq!(store.get(&digest).expect("it is there"), b"artefact");
}

#[test]
fn who_has_no_key_has_nothing() {
    let server = Server::start();
    let digest = server.store("bucket", SECRET).put(b"artefact".to_vec());
    let digest = digest.expect("it is written");
    let store = server.store("bucket", "guessed");
    let denied = |result: Result<(), StoreError>| {
        let error = result.expect_err("the key is wrong");
        assert!(matches!(error, StoreError::Access { .. }), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("guessed"),
            "{error:?}"
        );
    };
    denied(store.check());
    denied(store.get(&digest).map(drop));
    denied(store.put(b"other".to_vec()).map(drop));
    denied(store.delete(&digest));
    assert!(server.file("bucket", &digest).exists());
}
