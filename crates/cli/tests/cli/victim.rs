//! A service that is attacked.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tokio::runtime::Runtime;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use vouch_sdk::guests;
use vouch_service::proto::vouch_client::VouchClient;
use vouch_service::proto::{GetJobRequest, JobState, SubmitJobRequest};

use crate::common::Place;

const MIB: u64 = 1 << 20;
/// What requests may take in these tests.
const REQUEST_MEMORY: u64 = 256 * MIB;
/// What else the process may take meanwhile: proofs of small jobs, connections, what the allocator
/// does not put to use.
const BESIDE: u64 = 96 * MIB;

/// Two clients, whose tokens are their names.
const CLIENTS: &str = "
    [[clients]]
    name = \"evil\"
    token_sha256 = \"b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73\"
    [[clients]]
    name = \"good\"
    token_sha256 = \"770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c\"
";

pub type Caller = VouchClient<InterceptedService<Channel, Token>>;

/// Says who calls.
#[derive(Clone)]
pub struct Token(&'static str);

impl tonic::service::Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = format!("Bearer {}", self.0);
        let value = MetadataValue::try_from(token).expect("text");
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

/// A service that is attacked.
pub struct Victim {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    address: String,
    pub runtime: Runtime,
    /// Memory when nothing had been asked yet.
    idle: u64,
}

impl Drop for Victim {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has found out by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Victim {
    /// With keys of `[server]`, and of other sections.
    pub fn start(place: &Place, server: &str, more: &str) -> Self {
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nshutdown_grace = 0\n\
             max_request_memory = {REQUEST_MEMORY}\n{server}\n\
             [data]\nfolder = \"data\"\n[proving]\nconcurrency = 1\n{more}\n{CLIENTS}"
        );
        fs::write(place.path("vouch.toml"), config).expect("a file");
        let log = fs::File::create(place.path("log")).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_vouch"))
            .args(["serve", "--config", "vouch.toml"])
            .current_dir(place.path(""))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("{line:?}")).into();
        let mut victim = Self {
            child,
            _stdout: stdout,
            address,
            runtime: Runtime::new().expect("a runtime"),
            idle: 0,
        };
        // A first job has made what is made once.
        victim.serves_the_good(0);
        victim.idle = victim.memory("VmRSS");
        victim
    }

    /// Bytes, as the system counts them.
    fn memory(&self, what: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        kib.and_then(|kib| kib.parse::<u64>().ok()).expect(what) << 10
    }

    /// Asserts that requests never took more than they may.
    #[track_caller]
    pub fn stayed_small(&self, attack: &str) {
        let (peak, idle) = (self.memory("VmHWM"), self.idle);
        println!("{attack}: {} MiB, then {} at most", idle / MIB, peak / MIB);
        assert!(
            peak <= idle + REQUEST_MEMORY + BESIDE,
            "{attack}: {peak} after {idle}"
        );
    }

    pub fn caller(&self, name: &'static str) -> Caller {
        let endpoint = Channel::from_shared(format!("http://{}", self.address));
        let channel = self.runtime.block_on(endpoint.expect("a URL").connect());
        VouchClient::with_interceptor(channel.expect("it listens"), Token(name))
            .max_encoding_message_size(usize::MAX)
    }

    /// Has a client's job proven, and returns its ID.
    pub fn job(&self, name: &'static str, job: u8) -> String {
        let mut caller = self.caller(name);
        let input: Vec<u8> = (0..128).map(|i| job.wrapping_mul(31) ^ i).collect();
        let image_id = guests::COMMITMENT_IMAGE_ID.0.into();
        let request = SubmitJobRequest {
            image_id,
            input,
            ..Default::default()
        };
        self.runtime.block_on(async {
            let id = caller
                .submit_job(request)
                .await
                .expect("a job")
                .into_inner()
                .id;
            let watched = caller.watch_job(GetJobRequest { id: id.clone() }).await;
            let mut updates = watched.expect("a stream").into_inner();
            let mut last = JobState::Unspecified;
            while let Some(job) = updates.message().await.expect("an update") {
                last = job.state();
            }
            assert_eq!(last, JobState::Succeeded);
            id
        })
    }

    /// Another client has everything that it had before.
    pub fn serves_the_good(&self, job: u8) {
        let id = self.job("good", job);
        for path in [&format!("/v1/jobs/{id}/receipt"), "/metrics", "/readyz"] {
            let answer = self.get("good", path);
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer:.200}");
        }
    }

    pub fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(&self.address).expect("it listens");
        // Against hanging: whatever comes, comes sooner.
        let patience = Some(Duration::from_secs(120));
        socket.set_read_timeout(patience).expect("a socket");
        socket.set_write_timeout(patience).expect("a socket");
        socket
    }

    /// A request that is sent, and whose answer is not read.
    pub fn send(&self, name: &str, head: &str, body: &str) -> TcpStream {
        let mut socket = self.connect();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {name}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).expect("sent");
        // One that is refused early is not read to its end.
        let _ = socket.write_all(body.as_bytes());
        socket
    }

    pub fn get(&self, name: &str, path: &str) -> String {
        read(self.send(name, &format!("GET {path}"), ""))
    }

    /// The sum of the series that begin so; 0 if there is none yet.
    pub fn metric(&self, begin: &str) -> f64 {
        let text = self.get("good", "/metrics");
        assert!(text.contains("vouch_build_info"), "{text}");
        let series = text.lines().filter(|line| line.starts_with(begin));
        let values = series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        values.sum()
    }

    /// Waits until a metric is what it should be.
    pub fn until(&self, name: &str, is: impl Fn(f64) -> bool) {
        for _ in 0..1200 {
            if is(self.metric(name)) {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("{name} is {}", self.metric(name));
    }
}

/// All that still comes; a connection may be cut off.
pub fn read(mut socket: TcpStream) -> String {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}
