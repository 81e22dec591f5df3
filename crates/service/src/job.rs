//! What is asked for, and what has become of it.

use core::fmt::{self, Display, Formatter};
use core::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;
use vouch_kit::ProofDigest;
use vouch_sdk::{Error, ErrorKind, ImageId, Profile};

/// Greatest priority; the least is 0.
pub const MAX_PRIORITY: u8 = 9;

/// Characters of a failure's message.
const MAX_MESSAGE: usize = 2000;

/// Names a job. Later jobs have greater IDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// A new one.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// As a database key: in the order of IDs.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// From a database key.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl Default for JobId {
    fn default() -> Self {
        Self::new()
    }
}

impl Display for JobId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A point in time: milliseconds since 1970, UTC; RFC 3339 where it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

impl Time {
    /// The time now.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self(since.map_or(0, |since| since.as_millis() as u64))
    }

    /// Time from `earlier` until now; 0 if clocks were turned back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH.checked_add(Duration::from_millis(self.0));
        humantime::format_rfc3339_millis(time.unwrap_or(UNIX_EPOCH)).fmt(f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let time = humantime::parse_rfc3339(&text).map_err(serde::de::Error::custom)?;
        let since = time.duration_since(UNIX_EPOCH);
        Ok(Self(since.map_or(0, |since| since.as_millis() as u64)))
    }
}

/// What a client asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct JobRequest {
    /// The program, which has been registered.
    pub image_id: ImageId,
    /// Its private input.
    pub input: Vec<u8>,
    /// What else it asks for.
    pub options: JobOptions,
    /// Two requests of a client with one key are one job.
    pub idempotency_key: Option<String>,
}

/// Without the input.
impl fmt::Debug for JobRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobRequest")
            .field("image_id", &self.image_id)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How a job is to be proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOptions {
    /// Parameters of the proof.
    #[serde(with = "profile_fields", flatten)]
    pub profile: Profile,
    /// Instructions that it may execute.
    pub max_cycles: u64,
    /// 0 to 9; greater ones are proven first.
    pub priority: u8,
    /// Proves runs that exit with another code than 0, too.
    pub allow_nonzero_exit: bool,
    /// Keeps the input as long as the job's record.
    pub keep_input: bool,
}

/// A job, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// Whose it is.
    pub client: String,
    /// The program.
    #[serde(with = "hex_image_id")]
    pub image_id: ImageId,
    /// How it is to be proven.
    #[serde(flatten)]
    pub options: JobOptions,
    /// Length of its input.
    pub input_bytes: u64,
    /// Key of the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// When it was accepted.
    pub submitted_at: Time,
    /// When it was last begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// Times that it was begun.
    pub attempts: u32,
    /// What has become of it.
    #[serde(flatten)]
    pub state: JobState,
}

/// What has become of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum JobState {
    /// It waits.
    Queued,
    /// It is being proven.
    Running,
    /// There is a receipt.
    Succeeded {
        /// What it says, and what it cost.
        result: JobResult,
    },
    /// There is none.
    Failed {
        /// Why not.
        failure: Failure,
    },
    /// Its client wanted it no more.
    Cancelled,
}

impl JobState {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Bytes of the journal in hexadecimal, by far the most that there may be.
    pub const fn journal_bytes(&self) -> u64 {
        match self {
            Self::Succeeded { result } => result.journal.len() as u64,
            _ => 0,
        }
    }

    /// Whether nothing will change any more.
    pub const fn has_ended(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// What a proven job comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// Names the receipt.
    pub receipt_digest: ProofDigest,
    /// Its size.
    pub receipt_bytes: u64,
    /// The public output, in hexadecimal.
    pub journal: String,
    /// The code that the guest exited with.
    pub exit_code: u32,
    /// Whether the receipt was there already.
    pub cached: bool,
    /// What the proof cost, if it was made for this job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<ProofCost>,
}

/// What a proof cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProofCost {
    /// Instructions proven.
    pub cycles: u64,
    /// Segments.
    pub segments: u64,
    /// Those that were proven before the service was stopped.
    pub reused_segments: u64,
    /// Time from its start.
    pub prove_seconds: f64,
}

/// Why a job has no receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its kind: that of the command line's errors, or `timeout`, `crashed`, `input_lost`.
    pub kind: String,
    /// In words.
    pub message: String,
}

impl Failure {
    /// It took too long.
    pub const TIMEOUT: &'static str = "timeout";
    /// The service died while it ran, too often.
    pub const CRASHED: &'static str = "crashed";
    /// Its input is not where it was put.
    pub const INPUT_LOST: &'static str = "input_lost";

    /// Of a kind.
    pub fn new(kind: &str, message: impl Display) -> Self {
        Self {
            kind: kind.into(),
            message: shortened(message.to_string()),
        }
    }
}

/// A message may name symbols of a program, which may be as long as its ELF.
fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(end);
        message.push_str("...");
    }
    message
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self::new(error.kind().name(), error)
    }
}

impl Failure {
    /// A bug, or something that broke beneath the service.
    pub fn internal(message: impl Display) -> Self {
        Self::new(ErrorKind::Internal.name(), message)
    }
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct JobProgress {
    /// Instructions executed.
    pub executed_cycles: u64,
    /// Instructions of the run, once it has ended.
    pub total_cycles: Option<u64>,
    /// Instructions proven.
    pub proven_cycles: u64,
    /// Segments proven.
    pub proven_segments: u64,
    /// Time that the rest should take.
    pub remaining_seconds: Option<f64>,
}

impl From<&vouch_sdk::Progress> for JobProgress {
    fn from(progress: &vouch_sdk::Progress) -> Self {
        Self {
            executed_cycles: progress.executed_cycles,
            total_cycles: progress.total_cycles,
            proven_cycles: progress.proven_cycles,
            proven_segments: progress.proven_segments as u64,
            remaining_seconds: progress.remaining().map(|left| left.as_secs_f64()),
        }
    }
}

/// A job, as its client sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobStatus {
    /// Its record.
    #[serde(flatten)]
    pub job: Job,
    /// How far it has come, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<JobProgress>,
    /// Jobs that come before it, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs_ahead: Option<u64>,
}

impl From<Job> for JobStatus {
    fn from(job: Job) -> Self {
        Self {
            job,
            progress: None,
            jobs_ahead: None,
        }
    }
}

/// A profile as its name and its bits.
mod profile_fields {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use vouch_sdk::Profile;

    #[derive(Serialize, Deserialize)]
    struct Fields {
        profile: String,
        security: u32,
    }

    pub fn serialize<S: Serializer>(profile: &Profile, to: S) -> Result<S::Ok, S::Error> {
        let fields = Fields {
            profile: profile.name().into(),
            security: profile.target_bits(),
        };
        fields.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Profile, D::Error> {
        let Fields { profile, security } = Fields::deserialize(from)?;
        Profile::find(&profile, security)
            .ok_or_else(|| de::Error::custom(format_args!("no profile {profile} at {security}")))
    }
}

/// An image ID in hexadecimal.
pub(crate) mod hex_image_id {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use vouch_sdk::{ImageId, parse_image_id};

    pub fn serialize<S: Serializer>(id: &ImageId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ImageId, D::Error> {
        parse_image_id(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A job that waits.
    pub fn sample() -> Job {
        Job {
            id: JobId::new(),
            client: "node".into(),
            image_id: ImageId([7; 32]),
            options: JobOptions {
                profile: Profile::Compact128,
                max_cycles: 1 << 20,
                priority: 3,
                allow_nonzero_exit: false,
                keep_input: false,
            },
            input_bytes: 128,
            idempotency_key: Some("key".into()),
            submitted_at: Time(1_700_000_000_123),
            started_at: None,
            finished_at: None,
            attempts: 0,
            state: JobState::Queued,
        }
    }

    #[test]
    fn jobs_survive_json() {
        let waiting = sample();
        let result = JobResult {
            receipt_digest: ProofDigest([1; 32]),
            receipt_bytes: 9,
            journal: "00ff".into(),
            exit_code: 0,
            cached: false,
            cost: Some(ProofCost {
                cycles: 5,
                segments: 1,
                reused_segments: 0,
                // A fast parser of numbers reads 0.011755802.
                prove_seconds: 0.011755802000000001,
            }),
        };
        let states = [
            JobState::Running,
            JobState::Succeeded { result },
            JobState::Failed {
                failure: Failure::new(Failure::TIMEOUT, "too long"),
            },
            JobState::Cancelled,
        ];
        let ended = states.into_iter().map(|state| Job {
            state,
            started_at: Some(Time(1_700_000_000_124)),
            finished_at: Some(Time(1_700_000_000_125)),
            idempotency_key: None,
            ..waiting.clone()
        });
        for job in ended.chain([waiting.clone()]) {
            let json = serde_json::to_vec(&job).expect("plain data");
            let back: Job = serde_json::from_slice(&json).expect("the same");
            assert_eq!(back, job);
        }
        let json = serde_json::to_value(&waiting).expect("plain data");
        assert_eq!(json["state"], "queued");
        assert_eq!(json["profile"], "compact");
        assert_eq!(json["security"], 128);
        assert_eq!(json["submitted_at"], "2023-11-14T22:13:20.123Z");
        let status = serde_json::to_value(JobStatus::from(waiting)).expect("plain data");
        assert_eq!(status, json);
    }

    #[test]
    fn later_jobs_have_greater_ids() {
        let ids: Vec<_> = (0..100).map(|_| JobId::new()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let id = ids[0];
        assert_eq!(id.to_string().parse().ok(), Some(id));
        assert_eq!(JobId::from_bytes(id.to_bytes()), id);
        assert!("job".parse::<JobId>().is_err());
    }

    #[test]
    fn inputs_are_not_printed() {
        let request = JobRequest {
            image_id: ImageId([0; 32]),
            input: b"\xc0\xff\xee".to_vec(),
            options: sample().options,
            idempotency_key: None,
        };
        let text = format!("{request:?}");
        assert!(!text.contains("192") && !text.contains(" input:"), "{text}");
    }
}
