//! `vouch serve`: the real process, stopped and killed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use vouch_sdk::{Backend, Program, Receipt, guests, image_id, verify};
use vouch_service::proto::vouch_client::VouchClient;
use vouch_service::proto::{
    GetJobRequest, Job, JobState, ListJobsRequest, RegisterProgramRequest, SubmitJobRequest,
};

use crate::common::Place;

/// Steps of `fibonacci` that take some seconds to prove, in several segments.
const LONG: u32 = 1_200_000;
/// Steps that take longer than any test.
const ENDLESS: u32 = 400_000_000;

const CONFIG: &str = "
    [server]
    listen = \"127.0.0.1:0\"
    shutdown_grace = 0
    [data]
    folder = \"data\"
    [proving]
    concurrency = 1
    max_attempts = 2
";

/// A service, and a client of it.
struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    runtime: Runtime,
    client: VouchClient<Channel>,
}

impl Service {
    /// With the configuration `vouch.toml` of the place; logs go to the file `log`.
    fn start(place: &Place) -> Self {
        fs::write(place.path("vouch.toml"), CONFIG).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouch"));
        command.args(["serve", "--config", "vouch.toml"]);
        command.current_dir(place.path(""));
        Self::run(place, command)
    }

    fn run(place: &Place, mut command: Command) -> Self {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(place.path("log"))
            .expect("a file");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("{line:?}"));
        let runtime = Runtime::new().expect("a runtime");
        let connecting = VouchClient::connect(format!("http://{address}"));
        let client = runtime.block_on(connecting).expect("it listens");
        Self {
            child,
            stdout,
            runtime,
            client,
        }
    }

    fn submit(&mut self, elf: &[u8], input: &[u8], key: &str) -> Job {
        let elf = elf.to_vec();
        let program = self.client.register_program(RegisterProgramRequest { elf });
        let program = self
            .runtime
            .block_on(program)
            .expect("a program")
            .into_inner();
        let request = SubmitJobRequest {
            image_id: program.image_id,
            input: input.into(),
            idempotency_key: key.into(),
            ..Default::default()
        };
        let job = self.client.submit_job(request);
        self.runtime.block_on(job).expect("a job").into_inner()
    }

    fn job(&mut self, id: &str) -> Job {
        let job = self.client.get_job(GetJobRequest { id: id.into() });
        self.runtime.block_on(job).expect("a job").into_inner()
    }

    fn until_ended(&mut self, id: &str) -> Job {
        loop {
            let job = self.job(id);
            if ![JobState::Queued, JobState::Running].contains(&job.state()) {
                return job;
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a job has proven segments.
    fn until_proving(&mut self, id: &str) {
        let proven = |job: Job| job.progress.map_or(0, |progress| progress.proven_segments);
        while proven(self.job(id)) == 0 {
            sleep(Duration::from_millis(10));
        }
    }

    fn receipt(&mut self, id: &str) -> Receipt {
        let client = &mut self.client;
        let bytes = self.runtime.block_on(async {
            let pieces = client.get_receipt(GetJobRequest { id: id.into() }).await;
            let mut pieces = pieces.expect("a stream").into_inner();
            let mut bytes = Vec::new();
            while let Some(piece) = pieces.message().await.expect("a piece") {
                bytes.extend(piece.data);
            }
            bytes
        });
        Receipt::from_bytes(&bytes).expect("a receipt")
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// Its exit code, and what was left on stdout.
    fn wait(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("it ends").code(), rest)
    }
}

fn hashes(job: u8) -> Vec<u8> {
    (0..128).map(|i| job.wrapping_mul(37) ^ i).collect()
}

#[test]
fn a_signal_parks_and_a_start_goes_on() {
    let place = Place::new();
    let mut service = Service::start(&place);
    let long = service.submit(guests::FIBONACCI, &LONG.to_le_bytes(), "long");
    let waiting = service.submit(guests::COMMITMENT, &hashes(1), "short");
    service.until_proving(&long.id);
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));
    let mut service = Service::start(&place);
    let job = service.until_ended(&long.id);
    assert_eq!((job.state(), job.attempts), (JobState::Succeeded, 1));
    let cost = job.result.and_then(|result| result.cost).expect("a cost");
    assert!(cost.reused_segments >= 1, "{cost:?}");
    assert_eq!(
        service.until_ended(&waiting.id).state(),
        JobState::Succeeded
    );
    service.signal("INT");
    assert_eq!(service.wait().0, Some(0));
}

#[test]
fn whatever_was_accepted_ends_though_the_service_is_killed() {
    let place = Place::new();
    let mut service = Service::start(&place);
    let long = service.submit(guests::FIBONACCI, &LONG.to_le_bytes(), "long");
    service.until_proving(&long.id);
    let mut jobs = Vec::new();
    for job in 0..6 {
        let key = format!("job {job}");
        jobs.push((
            service.submit(guests::COMMITMENT, &hashes(job), &key).id,
            key,
        ));
    }
    service.kill();
    let mut service = Service::start(&place);
    let program = Program::from_elf(guests::COMMITMENT).expect("a guest");
    let trusted = image_id(&program);
    for (job, (id, key)) in (0..).zip(&jobs) {
        // Whoever did not hear that it was accepted asks again.
        let again = service.submit(guests::COMMITMENT, &hashes(job), key);
        assert_eq!(again.id, *id);
        assert_eq!(service.until_ended(id).state(), JobState::Succeeded);
        let claim = verify(&service.receipt(id), &trusted).expect("it verifies");
        assert_eq!(claim.journal, hashes(job));
    }
    let job = service.until_ended(&long.id);
    assert_eq!((job.state(), job.attempts), (JobState::Succeeded, 2));
    let cost = job.result.and_then(|result| result.cost).expect("a cost");
    assert!(cost.reused_segments >= 1, "{cost:?}");
    let all = service.client.list_jobs(ListJobsRequest::default());
    let all = service.runtime.block_on(all).expect("a list").into_inner();
    assert_eq!(all.jobs.len(), 7);
    service.kill();
}

/// A job that kills the service is not begun for ever.
#[test]
fn a_job_that_kills_the_service_fails_in_the_end() {
    let place = Place::new();
    let mut service = Service::start(&place);
    let endless = ENDLESS.to_le_bytes();
    let job = service.submit(guests::FIBONACCI, &endless, "deadly");
    for attempt in 1..=2 {
        while service.job(&job.id).attempts < attempt {
            sleep(Duration::from_millis(10));
        }
        service.kill();
        service = Service::start(&place);
    }
    let job = service.until_ended(&job.id);
    let failure = job.failure.expect("a failure");
    assert_eq!((failure.kind.as_str(), job.attempts), ("crashed", 2));
    let other = service.submit(guests::COMMITMENT, &hashes(1), "other");
    assert_eq!(service.until_ended(&other.id).state(), JobState::Succeeded);
    service.kill();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let place = Place::new();
    let config = CONFIG.replace("shutdown_grace = 0", "shutdown_grace = \"1h\"");
    let mut service = Service::start(&place);
    service.signal("TERM");
    assert_eq!(service.wait().0, Some(0));
    // With a job that takes all the time that it gets.
    fs::write(place.path("patient.toml"), config).expect("a file");
    // With --json nothing is said of the address before the end.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.expect("a port").to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(["serve", "--config", "patient.toml", "--json", "--listen"])
        .arg(&address)
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let runtime = Runtime::new().expect("a runtime");
    let client = loop {
        let connecting = VouchClient::connect(format!("http://{address}"));
        match runtime.block_on(connecting) {
            Ok(client) => break client,
            Err(error) => assert!(child.try_wait().expect("a child").is_none(), "{error}"),
        }
        sleep(Duration::from_millis(20));
    };
    service = Service {
        child,
        stdout,
        runtime,
        client,
    };
    let job = service.submit(guests::FIBONACCI, &ENDLESS.to_le_bytes(), "endless");
    service.until_proving(&job.id);
    service.signal("TERM");
    sleep(Duration::from_millis(300));
    assert!(service.child.try_wait().expect("a child").is_none());
    service.signal("INT");
    let (code, reply) = service.wait();
    let reply: Value = serde_json::from_str(&reply).expect("one object");
    assert_eq!((code, &reply["signal"]), (Some(130), &2.into()));
    assert_eq!(reply["kind"], "stopped");
}

/// Database, inputs, segments, receipts and ELFs, whatever the umask, in a folder that is everybody's.
#[cfg(unix)]
#[test]
fn only_its_owner_may_read_what_it_keeps() {
    let place = Place::new();
    for folder in ["data", "data/inputs", "data/segments", "data/artefacts"] {
        place.public_folder(folder);
    }
    fs::write(place.path("vouch.toml"), CONFIG).expect("a file");
    let command = place.with_open_umask(&["serve", "--config", "vouch.toml"]);
    let mut service = Service::run(&place, command);
    let short = service.submit(guests::COMMITMENT, &hashes(1), "short");
    let job = service.until_ended(&short.id);
    assert_eq!(job.state(), JobState::Succeeded);
    let long = service.submit(guests::FIBONACCI, &LONG.to_le_bytes(), "long");
    service.until_proving(&long.id);
    for kept in ["inputs", "segments", "artefacts", "vouch.redb"] {
        let path = place.path("data").join(kept);
        assert!(
            path.is_file() || fs::read_dir(path).expect("a folder").count() > 0,
            "{kept}"
        );
    }
    assert!(
        place.open_files("data").is_empty(),
        "{:?}",
        place.open_files("data")
    );
    service.kill();
}

/// Somebody who may write into the folder wants the service to make or to empty another file.
#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_database_is_not_followed() {
    let place = Place::new();
    place.public_folder("data");
    place.put("precious", b"content");
    for target in ["precious", "missing"] {
        let link = place.path("data/vouch.redb");
        std::os::unix::fs::symlink(place.path(target), &link).expect("a link");
        let flags = [
            "serve",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            "data",
        ];
        let outcome = place.vouch(&flags);
        assert_eq!((outcome.code, &outcome.json()["kind"]), (2, &"file".into()));
        fs::remove_file(link).expect("the link");
    }
    assert_eq!(place.get("precious"), b"content");
    assert!(!place.path("missing").exists());
}

#[test]
fn the_log_names_jobs_and_no_inputs() {
    let place = Place::new();
    let mut service = Service::start(&place);
    let good = service.submit(guests::COMMITMENT, &hashes(1), "good");
    let bad = service.submit(guests::COMMITMENT, &hashes(2)[..100], "bad");
    for id in [&good.id, &bad.id] {
        service.until_ended(id);
    }
    service.signal("TERM");
    service.wait();
    let log = fs::read_to_string(place.path("log")).expect("a log");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    for (id, end) in [(&good.id, "succeeded"), (&bad.id, "failed")] {
        for message in ["accepted", end] {
            let logged = |line: &&Value| line["job"] == **id && line["message"] == message;
            assert!(lines.iter().any(|line| logged(&line)), "{message} in {log}");
        }
    }
    for private in [&hashes(1)[..16], &hashes(2)[..16]] {
        assert!(!log.contains(&hex::encode(private)));
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let place = Place::new();
    fs::write(place.path("wrong.toml"), "[server]\nport = 1").expect("a file");
    fs::write(place.path("file"), "").expect("a file");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    for (arguments, kind) in [
        (&["--config", "none.toml"][..], "config"),
        (&["--config", "wrong.toml"], "config"),
        (&["--listen", "0.0.0.0:0"], "config"),
        (&["--listen", &taken], "listen"),
        (&["--listen", "127.0.0.1:0", "--data-dir", "file"], "file"),
        (&["--listen", "here"], "usage"),
        (&["--concurrency", "0"], "usage"),
    ] {
        let all = [&["serve", "--json"], arguments].concat();
        let outcome = place.vouch(&all);
        assert_eq!(outcome.code, 2, "{arguments:?}: {}", outcome.stderr);
        assert_eq!(outcome.json()["kind"], kind, "{arguments:?}");
    }
}

/// With a GPU it would serve, not end.
#[test]
fn a_backend_that_was_asked_for_must_be_there() {
    if Backend::Cuda.device_for_others().is_ok() {
        return;
    }
    let place = Place::new();
    let flag = ["serve", "--listen", "127.0.0.1:0", "--backend", "cuda"];
    place.refuses(&flag, 2, "usage", "no GPU: ");
    let config = "server.listen = \"127.0.0.1:0\"\nproving.backend = \"cuda\"";
    fs::write(place.path("vouch.toml"), config).expect("a file");
    let file = ["serve", "--config", "vouch.toml"];
    place.refuses(&file, 2, "usage", "no GPU: ");
    assert!(!place.path("vouch-data").exists());
}

/// Keys of a store come from the environment; one that refuses them is said.
#[test]
fn keys_of_the_store_come_from_the_environment() {
    let place = Place::new();
    let config = "data.folder = \"data\"\ndata.store = \"s3://bucket/receipts\"";
    fs::write(place.path("s3.toml"), config).expect("a file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let store = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut request = vec![0; 1 << 16];
        let length = socket.read(&mut request).expect("a request");
        let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        socket.write_all(answer).expect("sent");
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let output = Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args([
            "serve",
            "--json",
            "--config",
            "s3.toml",
            "--listen",
            "127.0.0.1:0",
        ])
        .current_dir(place.path(""))
        .env("AWS_ACCESS_KEY_ID", "the-key")
        .env("AWS_SECRET_ACCESS_KEY", "the-secret")
        .env("AWS_REGION", "eu-test-1")
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .env("AWS_ALLOW_HTTP", "true")
        .output()
        .expect("the binary starts");
    let request = store.join().expect("it was asked");
    assert!(request.contains("/bucket/receipts/"), "{request}");
    assert!(request.contains("Credential=the-key/"), "{request}");
    assert!(request.contains("eu-test-1"), "{request}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let reply: Value = serde_json::from_str(&stdout).expect("an object");
    assert_eq!(
        (output.status.code(), &reply["kind"]),
        (Some(2), &Value::from("storage"))
    );
    let everything = format!("{reply}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!everything.contains("the-secret"));
}
