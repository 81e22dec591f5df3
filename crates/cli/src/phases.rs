//! Time by phase of a proof.
//!
//! A phase is a span with the target `vouch::phase`: `execute`, `record`, `fill`, `commit`,
//! `logup`, `quotient`, `openings` and `fri`, of which there are those that the prover has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use tracing::span::Id;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The phases in their order. What takes part in none is the last.
pub const ORDER: [&str; 9] = [
    "execute", "record", "fill", "commit", "logup", "quotient", "openings", "fri", OTHER,
];
/// Phases that run beside the proof of an earlier segment: they count when nothing is proven.
const AHEAD: [&str; 2] = ["execute", "record"];
/// What takes part in no phase.
pub const OTHER: &str = "other";

/// Adds up the time between entering and leaving a phase, on whatever thread.
///
/// At any moment at most one phase counts, so that the times never add up to more than has
/// passed: where phases nest or overlap it is the one that was entered first, but for those that run
/// [`AHEAD`] of the proof.
#[derive(Clone, Debug, Default)]
pub struct Phases(Arc<Mutex<Times>>);

impl Phases {
    /// Itself as a layer that sees phases and no other spans.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let phases = Targets::new().with_target("vouch::phase", Level::INFO);
        self.clone().with_filter(phases)
    }

    /// Seconds by phase so far, and as [`OTHER`] what is missing to `total` seconds.
    pub fn seconds(&self, total: f64) -> BTreeMap<&'static str, f64> {
        let totals = self.times().totals.clone();
        let mut seconds: BTreeMap<&str, f64> = totals
            .into_iter()
            .map(|(name, time)| (name, time.as_secs_f64()))
            .collect();
        let sum: f64 = seconds.values().sum();
        seconds.insert(OTHER, (total - sum).max(0.0));
        seconds
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        // Sums stay sums if a thread that held them panicked.
        self.0.lock()
    }
}

impl<S> Layer<S> for Phases
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            self.times().enter(id.clone(), span.name(), Instant::now());
        }
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        self.times().exit(id, Instant::now());
    }
}

#[derive(Debug, Default)]
struct Times {
    totals: BTreeMap<&'static str, Duration>,
    /// Entered and not left, in this order.
    active: Vec<(Id, &'static str)>,
    /// The last entry or exit.
    since: Option<Instant>,
}

impl Times {
    fn enter(&mut self, id: Id, name: &'static str, now: Instant) {
        self.count(now);
        self.totals.entry(name).or_default();
        self.active.push((id, name));
    }

    fn exit(&mut self, id: &Id, now: Instant) {
        self.count(now);
        // A span may be entered several times; the first entry lasts until all are left.
        if let Some(index) = self.active.iter().rposition(|(active, _)| active == id) {
            self.active.remove(index);
        }
    }

    /// Counts the time since the last entry or exit.
    fn count(&mut self, now: Instant) {
        let since = self.since.replace(now).unwrap_or(now);
        let of_proof = |(_, name): &&(Id, &str)| !AHEAD.contains(name);
        let counting = self.active.iter().find(of_proof).or(self.active.first());
        if let Some((_, name)) = counting {
            *self.totals.entry(*name).or_default() += now.saturating_duration_since(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::info_span;
    use tracing_subscriber::layer::SubscriberExt;

    /// Seconds by phase after entering (`true`) and leaving spans, one step a second.
    fn after(steps: &[(bool, u64, &'static str)]) -> Vec<(&'static str, u64)> {
        let start = Instant::now();
        let mut times = Times::default();
        for ((enter, id, name), second) in steps.iter().zip(0..) {
            let (id, now) = (Id::from_u64(*id), start + Duration::from_secs(second));
            match enter {
                true => times.enter(id, name, now),
                false => times.exit(&id, now),
            }
        }
        let totals = times.totals.into_iter();
        totals.map(|(name, time)| (name, time.as_secs())).collect()
    }

    #[test]
    fn phases_add_up() {
        let steps = [
            (true, 1, "fill"),
            (false, 1, ""),
            (true, 2, "fri"),
            (false, 2, ""),
            (true, 3, "fill"),
            (false, 3, ""),
        ];
        assert_eq!(after(&steps), [("fill", 2), ("fri", 1)]);
    }

    #[test]
    fn the_phase_entered_first_counts() {
        let nested = [
            (true, 1, "openings"),
            (true, 2, "fri"),
            (false, 2, ""),
            (false, 1, ""),
        ];
        assert_eq!(after(&nested), [("fri", 0), ("openings", 3)]);
        let overlapping = [
            (true, 1, "commit"),
            (true, 2, "fill"),
            (false, 1, ""),
            (false, 2, ""),
        ];
        assert_eq!(after(&overlapping), [("commit", 2), ("fill", 1)]);
        let ahead = [
            (true, 1, "record"),
            (true, 2, "fill"),
            (false, 2, ""),
            (false, 1, ""),
        ];
        assert_eq!(after(&ahead), [("fill", 1), ("record", 2)]);
        let on_two_threads = [
            (true, 1, "fill"),
            (true, 1, "fill"),
            (false, 1, ""),
            (false, 1, ""),
        ];
        assert_eq!(after(&on_two_threads), [("fill", 3)]);
    }

    #[test]
    fn only_phases_are_seen() {
        let phases = Phases::default();
        let subscriber = tracing_subscriber::registry().with(phases.layer());
        tracing::subscriber::with_default(subscriber, || {
            info_span!(target: "vouch::phase", "fill").in_scope(|| {});
            info_span!(target: "vouch", "noise").in_scope(|| {});
        });
        let seconds = phases.seconds(2.0);
        assert_eq!(seconds.keys().collect::<Vec<_>>(), [&"fill", &OTHER]);
        let sum: f64 = seconds.values().sum();
        assert!((sum - 2.0).abs() < 1e-9, "{seconds:?}");
    }
}
