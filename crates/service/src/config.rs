//! How the service is set up: one TOML file, which flags of the command override.
//!
//! deploy/vouch.toml has every key with its default, docs/operations.md says more of them.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use thiserror::Error;
use vouch_sdk::{Backend, default_max_memory, units};

/// Largest configuration file, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// Least memory for a job, in bytes: enough for segments of the default size.
const MEMORY_A_JOB: u64 = 1 << 30;

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] vouch_sdk::Error),
    /// The file is no configuration.
    #[error("{}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong. Quotes no values: they may be secret.
        reason: String,
    },
    /// A value that makes no sense.
    #[error("configuration: {key}: expected {expected}, got {got}")]
    Value {
        /// The key.
        key: &'static str,
        /// What would have made sense.
        expected: String,
        /// What is there.
        got: String,
    },
}

/// All of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where clients come in.
    pub server: ServerConfig,
    /// Where everything is kept.
    pub data: DataConfig,
    /// How jobs are proven.
    pub proving: ProvingConfig,
    /// How much a request may ask for.
    pub limits: LimitsConfig,
    /// Proofs that are there already.
    pub cache: CacheConfig,
    /// Who may ask. Without any, everybody on this machine may.
    pub clients: Vec<ClientConfig>,
    /// What is logged.
    pub log: LogConfig,
}

/// Where clients come in.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key for TLS; without them there is none.
    pub tls: Option<TlsConfig>,
    /// Time within which a request must have been answered, streams and downloads apart.
    #[serde(deserialize_with = "duration")]
    pub request_timeout: Duration,
    /// Time for which a connection may be open without a request.
    #[serde(deserialize_with = "duration")]
    pub idle_timeout: Duration,
    /// Time that running jobs get to end when the service is stopped.
    #[serde(deserialize_with = "duration")]
    pub shutdown_grace: Duration,
    /// Time within which a client must have taken the next 64 KiB of what is sent to it.
    #[serde(deserialize_with = "duration")]
    pub write_timeout: Duration,
    /// Connections at once.
    pub max_connections: usize,
    /// Requests at once, streams apart.
    pub max_requests: usize,
    /// Streams and downloads at once.
    pub max_streams: usize,
    /// Bytes of memory for requests and their answers at once, copies included.
    #[serde(deserialize_with = "bytes")]
    pub max_request_memory: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8420)),
            tls: None,
            request_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            max_connections: 2048,
            max_requests: 1024,
            max_streams: 1024,
            max_request_memory: 1 << 30,
        }
    }
}

/// Files in PEM format.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate, and those that vouch for it.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Where everything is kept.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Database, inputs and segments; made if it is not there.
    pub folder: PathBuf,
    /// Where receipts and programs go: `file://` or `s3://`; without it a folder within `folder`.
    pub store: Option<String>,
    /// Options of the store, by name.
    pub store_options: std::collections::BTreeMap<String, String>,
    /// Time for which ended jobs and their receipts are kept.
    #[serde(deserialize_with = "duration")]
    pub retention: Duration,
    /// Bytes of receipts that are kept: beyond, the oldest jobs go first.
    #[serde(deserialize_with = "bytes")]
    pub max_receipt_bytes: u64,
}

/// Without the values of the store's options, which may be keys.
impl std::fmt::Debug for DataConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let options: Vec<_> = self.store_options.keys().collect();
        f.debug_struct("DataConfig")
            .field("folder", &self.folder)
            .field("store", &self.store)
            .field("store_options", &options)
            .field("retention", &self.retention)
            .field("max_receipt_bytes", &self.max_receipt_bytes)
            .finish()
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("vouch-data"),
            store: None,
            store_options: Default::default(),
            retention: Duration::from_secs(24 * 3600),
            max_receipt_bytes: 20 << 30,
        }
    }
}

/// How jobs are proven.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProvingConfig {
    /// What computes proofs.
    #[serde(deserialize_with = "BackendName::deserialize")]
    pub backend: Backend,
    /// Jobs at once; without it as many as memory and cores allow.
    pub concurrency: Option<usize>,
    /// Memory for all jobs at once, by the prover's estimates.
    #[serde(deserialize_with = "bytes")]
    pub max_memory: u64,
    /// Time that a job may take from its start.
    #[serde(deserialize_with = "duration")]
    pub job_timeout: Duration,
    /// Times that a job is begun at most, when the service dies while it runs.
    pub max_attempts: u32,
}

impl Default for ProvingConfig {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            concurrency: None,
            max_memory: default_max_memory(),
            job_timeout: Duration::from_secs(3600),
            max_attempts: 3,
        }
    }
}

/// Names of backends.
#[derive(Deserialize)]
#[serde(remote = "Backend", rename_all = "lowercase")]
enum BackendName {
    Auto,
    Cpu,
    Cuda,
}

impl ProvingConfig {
    /// Jobs at once. Short jobs use a core each: two a core keep all of them busy.
    pub fn concurrency(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let fit = usize::try_from(self.max_memory / MEMORY_A_JOB).unwrap_or(usize::MAX);
        self.concurrency.unwrap_or_else(|| fit.clamp(1, 2 * cores))
    }
}

/// How much a request may ask for.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Jobs that wait, at most.
    pub queue: usize,
    /// Largest ELF.
    #[serde(deserialize_with = "bytes")]
    pub elf_bytes: u64,
    /// Largest input.
    #[serde(deserialize_with = "bytes")]
    pub input_bytes: u64,
    /// Largest receipt to verify.
    #[serde(deserialize_with = "bytes")]
    pub receipt_bytes: u64,
    /// Largest answer in JSON or in one message; receipts over HTTP and in pieces may be larger.
    #[serde(deserialize_with = "bytes")]
    pub answer_bytes: u64,
    /// Instructions that a job may execute.
    pub cycles: u64,
    /// Receipts that are verified at once.
    pub verifications: usize,
    /// Programs that are registered at once.
    pub registrations: usize,
    /// Verifications, and registrations, of a client that wait.
    pub waiting: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            queue: 1000,
            elf_bytes: 16 << 20,
            input_bytes: 16 << 20,
            receipt_bytes: 64 << 20,
            answer_bytes: 64 << 20,
            cycles: 1 << 32,
            verifications: 4,
            registrations: 2,
            waiting: 64,
        }
    }
}

/// Proofs that are there already.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Memory for receipts.
    #[serde(deserialize_with = "bytes")]
    pub memory: u64,
    /// Memory for programs that are ready to run.
    #[serde(deserialize_with = "bytes")]
    pub program_memory: u64,
    /// Who finds a receipt.
    pub scope: CacheScope,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            program_memory: 256 << 20,
            scope: CacheScope::Client,
        }
    }
}

/// Who finds a receipt in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    /// Whoever had it proven: nobody learns that another proved the same input.
    Client,
    /// Everybody: for clients that trust each other.
    Shared,
}

/// Who may ask.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Its name, in logs and to the cache.
    pub name: String,
    /// The SHA-256 of its token, in hexadecimal.
    pub token_sha256: String,
    /// What it may do.
    #[serde(flatten)]
    pub quota: QuotaConfig,
}

/// Without the hash of the token.
impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("name", &self.name)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}

/// What a client may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct QuotaConfig {
    /// Jobs that wait or run, at most.
    pub max_jobs: usize,
    /// Requests a minute, at most; the first of them may come at once.
    pub max_requests_per_minute: u32,
    /// Bytes of inputs that wait, at most.
    #[serde(deserialize_with = "bytes")]
    pub max_input_bytes: u64,
    /// Programs registered, at most.
    pub max_programs: usize,
    /// Greatest priority of its jobs, 0 to 9.
    pub max_priority: u8,
    /// Requests at once; without it half of the service's, or all if there is no other client.
    pub max_requests: Option<usize>,
    /// Streams and downloads at once; without it as for `max_requests`.
    pub max_streams: Option<usize>,
    /// Bytes of memory for its requests; without it as for `max_requests`.
    #[serde(deserialize_with = "some_bytes")]
    pub max_request_memory: Option<u64>,
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self {
            max_jobs: 500,
            max_requests_per_minute: 60_000,
            max_input_bytes: 256 << 20,
            max_programs: 100,
            max_priority: 9,
            max_requests: None,
            max_streams: None,
            max_request_memory: None,
        }
    }
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// How.
    pub format: LogFormat,
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// An object a line, for programs.
    #[default]
    Json,
    /// For people.
    Text,
}

impl Config {
    /// The configuration in a file.
    ///
    /// # Errors
    /// It cannot be read, or is none. Values are checked by [`Self::check`], once flags have had
    /// their say.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = vouch_sdk::files::read(path, MAX_CONFIG_BYTES)?;
        let wrong = |reason| ConfigError::Syntax {
            path: path.into(),
            reason,
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("expected UTF-8 text".into()))?;
        toml::from_str(&text).map_err(|error| wrong(describe(&text, &error)))
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    /// The first value that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.clients.is_empty() && !self.server.listen.ip().is_loopback() {
            return Err(ConfigError::Value {
                key: "server.listen",
                expected: "a loopback address, since there are no [[clients]]".into(),
                got: self.server.listen.to_string(),
            });
        }
        self.check_clients()?;
        let proving = &self.proving;
        let positive = [
            (
                "server.idle_timeout",
                self.server.idle_timeout.as_nanos() as u64,
            ),
            (
                "server.write_timeout",
                self.server.write_timeout.as_nanos() as u64,
            ),
            ("server.max_connections", self.server.max_connections as u64),
            ("server.max_requests", self.server.max_requests as u64),
            ("server.max_streams", self.server.max_streams as u64),
            ("server.max_request_memory", self.server.max_request_memory),
            ("proving.concurrency", proving.concurrency() as u64),
            ("proving.max_attempts", proving.max_attempts.into()),
            ("limits.queue", self.limits.queue as u64),
            ("limits.elf_bytes", self.limits.elf_bytes),
            ("limits.answer_bytes", self.limits.answer_bytes),
            ("limits.cycles", self.limits.cycles),
            ("limits.verifications", self.limits.verifications as u64),
            ("limits.registrations", self.limits.registrations as u64),
        ];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(ConfigError::Value {
                key,
                expected: "at least 1".into(),
                got: "0".into(),
            }),
            None => Ok(()),
        }
    }

    fn check_clients(&self) -> Result<(), ConfigError> {
        let wrong = |key, expected: &str, got: String| {
            let expected = expected.into();
            Err(ConfigError::Value { key, expected, got })
        };
        let mut names = HashSet::new();
        for client in &self.clients {
            let name = &client.name;
            if name.is_empty() || !names.insert(name) {
                return wrong("clients.name", "a unique name", format!("{name:?}"));
            }
            if client.token_hash().is_none() {
                let got = format!("{} characters for {name}", client.token_sha256.len());
                return wrong("clients.token_sha256", "64 hexadecimal digits", got);
            }
            let quota = &client.quota;
            if quota.max_requests_per_minute == 0 {
                return wrong("clients.max_requests_per_minute", "at least 1", "0".into());
            }
            if quota.max_priority > crate::job::MAX_PRIORITY {
                let got = quota.max_priority.to_string();
                return wrong("clients.max_priority", "0 to 9", got);
            }
        }
        Ok(())
    }
}

impl ClientConfig {
    /// The hash of its token.
    pub(crate) fn token_hash(&self) -> Option<[u8; 32]> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&self.token_sha256, &mut hash).ok()?;
        Some(hash)
    }
}

/// Where a file is wrong, and how, without quoting it.
fn describe(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!(
            "line {}: {}",
            before.matches('\n').count() + 1,
            error.message()
        ),
        None => error.message().into(),
    }
}

/// `90`, `"90s"`, `"1h 30m"`.
fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    match NumberOrText::deserialize(from)? {
        NumberOrText::Number(seconds) => Ok(Duration::from_secs(seconds)),
        NumberOrText::Text(text) => humantime::parse_duration(&text).map_err(de::Error::custom),
    }
}

/// `1024`, `"2^30"`, `"4GiB"`.
fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match NumberOrText::deserialize(from)? {
        NumberOrText::Number(number) => Ok(number),
        NumberOrText::Text(text) => units::bytes(&text).map_err(de::Error::custom),
    }
}

/// As [`bytes`], where there need be none.
fn some_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    bytes(from).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, toml::de::Error> {
        toml::from_str(text)
    }

    fn value_error(text: &str) -> &'static str {
        let config = parse(text).expect("well-formed");
        match config.check() {
            Err(ConfigError::Value { key, .. }) => key,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn nothing_needs_to_be_said() {
        let config = parse("").expect("nothing is required");
        config.check().expect("it makes sense");
        assert!(config.server.listen.ip().is_loopback());
        assert!(config.proving.concurrency() >= 1);
    }

    #[test]
    fn units_are_understood() {
        let text = "server.request_timeout = \"1m 30s\"\nserver.shutdown_grace = 5\n\
                    proving.max_memory = \"2GiB\"\nlimits.elf_bytes = 1024";
        let config = parse(text).expect("well-formed");
        assert_eq!(config.server.request_timeout, Duration::from_secs(90));
        assert_eq!(config.server.shutdown_grace, Duration::from_secs(5));
        assert_eq!(config.proving.max_memory, 2 << 30);
        assert_eq!(config.limits.elf_bytes, 1024);
    }

    #[test]
    fn backends_have_names() {
        assert_eq!(ProvingConfig::default().backend, Backend::Auto);
        for backend in [Backend::Auto, Backend::Cpu, Backend::Cuda] {
            let text = format!("proving.backend = {:?}", backend.name());
            let config = parse(&text).expect("a backend");
            assert_eq!(config.proving.backend, backend);
        }
        assert!(parse("proving.backend = \"gpu\"").is_err());
    }

    #[test]
    fn memory_bounds_how_many_run_at_once() {
        let gigabytes = |n: u64| ProvingConfig {
            max_memory: n << 30,
            ..ProvingConfig::default()
        };
        assert_eq!(gigabytes(0).concurrency(), 1);
        assert_eq!(gigabytes(1).concurrency(), 1);
        assert_eq!(gigabytes(2).concurrency(), 2);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(gigabytes(1 << 20).concurrency(), 2 * cores);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let token = "ab".repeat(32);
        let client =
            |more: &str| format!("[[clients]]\nname = \"a\"\ntoken_sha256 = \"{token}\"\n{more}\n");
        assert_eq!(
            value_error("server.listen = \"0.0.0.0:1\""),
            "server.listen"
        );
        assert_eq!(
            value_error("server.max_requests = 0"),
            "server.max_requests"
        );
        assert_eq!(
            value_error("server.idle_timeout = 0"),
            "server.idle_timeout"
        );
        assert_eq!(
            value_error("proving.concurrency = 0"),
            "proving.concurrency"
        );
        for key in [
            "server.write_timeout",
            "server.max_connections",
            "server.max_streams",
            "limits.queue",
            "limits.answer_bytes",
            "limits.verifications",
            "limits.registrations",
        ] {
            assert_eq!(value_error(&format!("{key} = 0")), key);
        }
        assert_eq!(value_error(&(client("") + &client(""))), "clients.name");
        let short = client("").replace(&token, "abcd");
        assert_eq!(value_error(&short), "clients.token_sha256");
        let eager = client("max_priority = 10");
        assert_eq!(value_error(&eager), "clients.max_priority");
        let idle = client("max_requests_per_minute = 0");
        assert_eq!(value_error(&idle), "clients.max_requests_per_minute");
        let open = format!("server.listen = \"0.0.0.0:1\"\n{}", client(""));
        parse(&open)
            .expect("well-formed")
            .check()
            .expect("clients have tokens");
    }

    #[test]
    fn errors_say_where_and_quote_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("vouch.toml");
        for (text, expected) in [
            ("[server]\nlisten = \"secret\"", "line 2"),
            ("\n[servers]", "line 2"),
            ("x = [", "line 1"),
            ("data.retention = \"secret\"", "line 1"),
        ] {
            std::fs::write(&path, text).expect("a file");
            let error = Config::read(&path).expect_err(text).to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(matches!(
            Config::read(&folder.path().join("none")),
            Err(ConfigError::File(_))
        ));
    }

    #[test]
    fn tokens_and_keys_are_not_printed() {
        let token = "ab".repeat(32);
        let text = format!(
            "data.store_options.aws_secret_access_key = \"{token}\"\n\
             [[clients]]\nname = \"a\"\ntoken_sha256 = \"{token}\""
        );
        let config = parse(&text).expect("well-formed");
        assert!(!format!("{config:?}").contains(&token));
    }
}
