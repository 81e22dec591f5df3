//! What the service counts, in Prometheus's text format.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

type Float = Gauge<f64, AtomicU64>;

/// A job that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StateLabel {
    /// Its state.
    pub state: OpenState,
}

/// The state of a job that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "these are the labels")]
pub enum OpenState {
    /// It waits.
    queued,
    /// It is being proven.
    running,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabel {
    /// `succeeded`, `failed` or `cancelled`.
    pub outcome: &'static str,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabel {
    /// As in the job's record.
    pub kind: String,
}

/// Where a receipt was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LevelLabel {
    /// `memory`, `store` or `waited`.
    pub level: &'static str,
}

/// What came of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct VerdictLabel {
    /// `valid` or `invalid`.
    pub verdict: &'static str,
    /// `full` or `cached`.
    pub source: &'static str,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabel {
    /// `json_rpc`, `grpc` or `http`.
    pub api: &'static str,
    /// The operation.
    pub method: &'static str,
    /// `ok`, or the name of the error.
    pub code: &'static str,
}

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// Jobs that have not ended.
    pub jobs: Family<StateLabel, Gauge>,
    /// Jobs accepted.
    pub jobs_submitted: Counter,
    /// Jobs that ended.
    pub jobs_finished: Family<OutcomeLabel, Counter>,
    /// Failures by kind.
    pub job_failures: Family<KindLabel, Counter>,
    /// Jobs begun again after the service had died.
    pub jobs_resumed: Counter,
    /// From acceptance to end.
    pub job_seconds: Histogram,
    /// Jobs that wait.
    pub queue_length: Gauge,
    /// Jobs that may wait.
    pub queue_capacity: Gauge,
    /// Age of the job that waits longest.
    pub queue_oldest: Float,
    /// Requests refused because the queue was full.
    pub queue_rejections: Counter,
    /// Proofs made.
    pub proofs: Counter,
    /// From the start of a proof to its receipt.
    pub prove_seconds: Histogram,
    /// Cycles proven.
    pub cycles_proven: Counter,
    /// Of the last proof.
    pub cycles_per_second: Float,
    /// Receipts found.
    pub cache_hits: Family<LevelLabel, Counter>,
    /// Receipts that had to be proven.
    pub cache_misses: Counter,
    /// Receipts found damaged.
    pub cache_corrupted: Gauge,
    /// Receipts in memory, in bytes.
    pub cache_bytes: Gauge,
    /// Receipts verified for clients.
    pub verifications: Family<VerdictLabel, Counter>,
    /// Requests answered.
    pub requests: Family<RequestLabel, Counter>,
    /// Requests without a valid token.
    pub unauthenticated: Counter,
    /// Requests that are being answered, streams apart.
    pub requests_open: Gauge,
    /// Streams and downloads.
    pub streams_open: Gauge,
    /// Memory of requests and their answers, as counted, in bytes.
    pub request_memory: Gauge,
    /// Connections closed because their peers did not read.
    pub slow_readers: Counter,
    /// Receipts kept, in bytes.
    pub receipt_bytes: Gauge,
    /// Failures of the database or of the store.
    pub storage_errors: Counter,
    /// Memory of the process, in bytes.
    pub memory: Gauge,
    /// Memory that proofs may take, in bytes.
    pub memory_limit: Gauge,
    /// When the process was started, in seconds since 1970.
    pub start_time: Gauge,
}

impl Metrics {
    /// All at 0.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("vouch");
        let r = &mut registry;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        r.register("build", "Version of the service", Info::new(version));
        // 10 ms to 11 minutes; jobs wait longer than they run.
        let seconds = || Histogram::new(exponential_buckets(0.01, 2.0, 17));
        let jobs = add(
            r,
            "jobs",
            "Jobs that have not ended, by state",
            Family::default(),
        );
        for state in [OpenState::queued, OpenState::running] {
            drop(jobs.get_or_create(&StateLabel { state }));
        }
        let jobs_finished = add(
            r,
            "jobs_finished",
            "Jobs that ended, by outcome",
            Family::default(),
        );
        for outcome in ["succeeded", "failed", "cancelled"] {
            drop(jobs_finished.get_or_create(&OutcomeLabel { outcome }));
        }
        let cache_hits = add(
            r,
            "cache_hits",
            "Receipts found, by level",
            Family::default(),
        );
        for level in ["memory", "store", "waited"] {
            drop(cache_hits.get_or_create(&LevelLabel { level }));
        }
        let job_seconds = seconds();
        r.register_with_unit(
            "job",
            "From acceptance of a job to its end",
            Unit::Seconds,
            job_seconds.clone(),
        );
        let prove_seconds = seconds();
        r.register_with_unit(
            "prove",
            "From the start of a proof to its receipt",
            Unit::Seconds,
            prove_seconds.clone(),
        );
        let queue_oldest = Float::default();
        r.register_with_unit(
            "queue_oldest",
            "Age of the job that waits longest",
            Unit::Seconds,
            queue_oldest.clone(),
        );
        let start_time = Gauge::default();
        r.register_with_unit(
            "start_time",
            "When the process was started",
            Unit::Seconds,
            start_time.clone(),
        );
        let [
            cache_bytes,
            receipt_bytes,
            memory,
            memory_limit,
            request_memory,
        ]: [Gauge; 5] = Default::default();
        for (name, help, gauge) in [
            (
                "request_memory",
                "Memory of requests and answers, as counted",
                &request_memory,
            ),
            ("cache", "Receipts in memory", &cache_bytes),
            ("receipts", "Receipts kept", &receipt_bytes),
            ("memory_rss", "Memory of the process", &memory),
            ("memory_limit", "Memory that proofs may take", &memory_limit),
        ] {
            r.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
        Self {
            jobs,
            jobs_submitted: add(r, "jobs_submitted", "Jobs accepted", Counter::default()),
            jobs_finished,
            job_failures: add(r, "job_failures", "Failed jobs, by kind", Family::default()),
            jobs_resumed: add(
                r,
                "jobs_resumed",
                "Jobs begun again after the service died",
                Counter::default(),
            ),
            job_seconds,
            queue_length: add(r, "queue_length", "Jobs that wait", Gauge::default()),
            queue_capacity: add(r, "queue_capacity", "Jobs that may wait", Gauge::default()),
            queue_oldest,
            queue_rejections: add(
                r,
                "queue_rejections",
                "Jobs refused by a full queue",
                Counter::default(),
            ),
            proofs: add(r, "proofs", "Proofs made", Counter::default()),
            prove_seconds,
            cycles_proven: add(r, "cycles_proven", "Cycles proven", Counter::default()),
            cycles_per_second: add(
                r,
                "cycles_per_second",
                "Rate of the last proof",
                Float::default(),
            ),
            cache_hits,
            cache_misses: add(
                r,
                "cache_misses",
                "Receipts that had to be proven",
                Counter::default(),
            ),
            cache_corrupted: add(
                r,
                "cache_corrupted",
                "Receipts found damaged since the start",
                Gauge::default(),
            ),
            cache_bytes,
            verifications: add(
                r,
                "verifications",
                "Receipts verified for clients",
                Family::default(),
            ),
            requests: add(r, "requests", "Requests answered", Family::default()),
            unauthenticated: add(
                r,
                "unauthenticated",
                "Requests without a valid token",
                Counter::default(),
            ),
            requests_open: add(
                r,
                "requests_open",
                "Requests being answered",
                Gauge::default(),
            ),
            streams_open: add(r, "streams_open", "Streams and downloads", Gauge::default()),
            request_memory,
            slow_readers: add(
                r,
                "slow_readers",
                "Connections closed because their peers did not read",
                Counter::default(),
            ),
            receipt_bytes,
            storage_errors: add(
                r,
                "storage_errors",
                "Failures of database or store",
                Counter::default(),
            ),
            memory,
            memory_limit,
            start_time,
            registry,
        }
    }

    /// A job ended, `seconds` after it was accepted.
    pub fn finished(&self, outcome: &'static str, took: Duration) {
        self.jobs_finished
            .get_or_create(&OutcomeLabel { outcome })
            .inc();
        self.job_seconds.observe(took.as_secs_f64());
    }

    /// Everything, as text in the OpenMetrics format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn add<M>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M
where
    M: prometheus_client::registry::Metric + Clone,
{
    registry.register(name, help, metric.clone());
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_counted_is_told() {
        let metrics = Metrics::new();
        metrics.finished("failed", Duration::from_millis(30));
        metrics.queue_length.set(3);
        metrics.queue_oldest.set(1.5);
        metrics.memory_limit.set(7);
        let text = metrics.encode();
        for line in [
            "vouch_jobs_finished_total{outcome=\"failed\"} 1",
            "vouch_jobs_finished_total{outcome=\"succeeded\"} 0",
            "vouch_job_seconds_bucket{le=\"0.04\"} 1",
            "vouch_queue_length 3",
            "vouch_queue_oldest_seconds 1.5",
            "vouch_memory_limit_bytes 7",
            "vouch_cache_hits_total{level=\"store\"} 0",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} not in\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
