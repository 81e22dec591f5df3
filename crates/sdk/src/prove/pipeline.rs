//! Executing, recording and proving at the same time.
//!
//! | thread | does |
//! |---|---|
//! | the caller's | executes the program to learn how the run ends, since nothing is proven of one that fails; tells of progress; collects proofs |
//! | one | records the same run, cuts it into segments, and moves the memory tree along |
//! | [`Cuts::at_once`] | take a segment each, fill its tables and prove them on the threads of the pool |
//!
//! A segment is handed over only when somebody is free to prove it, so that at most one waits. The
//! buffers of its events go back to the recorder as soon as its tables are filled.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rayon::ThreadPool;
use tracing::{info_span, instrument};
use vouch_air::memory_tree::{MemoryTree, Update};
use vouch_emulator::{Execution, Program, Stream, execute_watched};
use vouch_isa::event::Segment;
use vouch_prover::{Cancel, Prover, SegmentProof, claim, fill};
use vouch_verifier::{SegmentClaim, Verifier};

use super::estimate::cut;
use super::plan::{CutPlan, Cuts};
use super::progress::Teller;
use super::work_folder::WorkFolder;
use super::{ProveOptions, Segments};
use crate::error::Error;

/// Instructions after which proving begins although it is not known yet how the run ends.
const HEAD_START: u64 = 1 << 24;

/// Time between two looks at whether to stop.
const POLL: Duration = Duration::from_millis(50);

/// Everything that takes part in proving a run.
pub(super) struct Pipeline<'a> {
    pub program: &'a Program,
    pub input: &'a [u8],
    pub options: &'a ProveOptions,
    pub cuts: Cuts,
    pub plan: CutPlan,
    pub folder: Option<WorkFolder>,
    /// Stops with `stop`.
    pub prover: Prover,
    pub verifier: &'static Verifier,
    /// No pool of the caller's: its threads may all be waiting for proofs.
    pub pool: &'a ThreadPool,
    /// Ends all threads: the caller wants it, or something failed.
    pub stop: Cancel,
}

/// A run, proven.
pub(super) struct ProvenRun {
    pub run: Execution,
    pub segments: Segments,
    pub execute_seconds: f64,
    pub prove_seconds: f64,
}

/// A recorded segment.
struct Recorded {
    index: usize,
    segment: Segment,
    update: Update,
}

/// A proven segment.
struct ProvenSegment {
    index: usize,
    cycles: u64,
    proof: SegmentProof,
    reused: bool,
}

/// What the other threads tell the caller's.
enum PipelineEvent {
    Recorded,
    Proven(Box<ProvenSegment>),
    Failed(Error),
}

impl Pipeline<'_> {
    /// Executes, records and proves.
    pub fn run(
        &self,
        console: &mut dyn FnMut(Stream, &[u8]),
        teller: &mut Teller<'_>,
    ) -> Result<ProvenRun, Error> {
        thread::scope(|scope| {
            let (start, started) = channel();
            let (notify, events) = channel();
            let (hand_over, recorded) = sync_channel(0);
            let (give_back, spare) = channel();
            let recorded = Arc::new(Mutex::new(recorded));
            for _ in 0..self.cuts.at_once {
                let (recorded, give_back, notify) =
                    (recorded.clone(), give_back.clone(), notify.clone());
                scope.spawn(move || self.prove_segments(&recorded, &give_back, &notify));
            }
            // The provers hold what is left of these: when they are gone, nobody waits for them.
            drop((recorded, give_back));
            scope.spawn(move || self.record(&started, &hand_over, &spare, &notify));
            let collector = Collector::new(self, events, start, teller);
            let result = collector.execute_and_collect(console);
            // Whatever is still under way is of no use any more.
            if result.is_err() {
                self.stop.cancel();
            }
            result
        })
    }

    /// Records the run once it has `started`, and hands its segments over.
    fn record(
        &self,
        started: &Receiver<()>,
        hand_over: &SyncSender<Recorded>,
        spare: &Receiver<Segment>,
        notify: &Sender<PipelineEvent>,
    ) {
        if started.recv().is_err() {
            return;
        }
        let mut tree = MemoryTree::new(self.program.image());
        let phase = info_span!(target: "vouch::phase", "record");
        let mut recording = Some(phase.enter());
        let mut index = 0;
        let mut sink = |segment: &mut Segment| {
            let update = tree.update(&segment.leaves);
            let room = spare.try_recv().unwrap_or_default();
            let recorded = Recorded {
                index,
                segment: core::mem::replace(segment, room),
                update,
            };
            index += 1;
            recording = None;
            let handed_over =
                hand_over.send(recorded).is_ok() && notify.send(PipelineEvent::Recorded).is_ok();
            recording = Some(phase.enter());
            match handed_over {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        };
        let result = cut(
            self.program,
            self.input,
            &self.options.limits,
            &self.plan,
            &self.stop,
            &mut |_, _| {},
            &mut sink,
        );
        let Err(error) = result else { return };
        // The caller's thread may have gone, with an error of its own.
        let _ = notify.send(PipelineEvent::Failed(error));
    }

    /// Proves segments until there are no more.
    fn prove_segments(
        &self,
        recorded: &Mutex<Receiver<Recorded>>,
        give_back: &Sender<Segment>,
        notify: &Sender<PipelineEvent>,
    ) {
        loop {
            let next = recorded
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok(next) = next else { return };
            // Taking what comes lets the recorder see that it should stop.
            if self.stop.is_cancelled() {
                continue;
            }
            let prove = || self.prove_segment(next, give_back);
            let message = match self.pool.install(prove) {
                Ok(proven) => PipelineEvent::Proven(Box::new(proven)),
                Err(error) => PipelineEvent::Failed(error),
            };
            if notify.send(message).is_err() {
                return;
            }
        }
    }

    #[instrument(skip_all, fields(index = recorded.index, cycles = recorded.segment.cycles))]
    fn prove_segment(
        &self,
        recorded: Recorded,
        give_back: &Sender<Segment>,
    ) -> Result<ProvenSegment, Error> {
        let Recorded {
            index,
            segment,
            update,
        } = recorded;
        let text = &self.program.image().text;
        let claim = claim(&segment, update.start_root, update.end_root);
        let (cycles, journal_start) = (segment.cycles, segment.journal_start);
        if let Some(proof) = self.kept(index, &claim, journal_start)? {
            let _ = give_back.send(segment);
            return Ok(ProvenSegment {
                index,
                cycles,
                proof,
                reused: true,
            });
        }
        let traces = fill(&segment, text, &update);
        drop(update);
        // A recorder that is done wants nothing back.
        let _ = give_back.send(segment);
        let proof = self
            .prover
            .prove_traces(claim, journal_start, text, traces)?;
        if let Some(folder) = &self.folder {
            folder.save(index, &proof)?;
        }
        Ok(ProvenSegment {
            index,
            cycles,
            proof,
            reused: false,
        })
    }

    /// The proof of a segment that lies in the work folder, if there is one and it is sound.
    fn kept(
        &self,
        index: usize,
        claim: &SegmentClaim,
        journal_start: u32,
    ) -> Result<Option<SegmentProof>, Error> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let Some(proof) = folder.load(index)? else {
            return Ok(None);
        };
        if proof.receipt.claim != *claim {
            return Err(folder.damaged(index, "it is the proof of another segment".into()));
        }
        let text = &self.program.image().text;
        let verified = { self.verifier }.verify_segment(index, &proof.receipt, text, journal_start);
        match verified {
            Ok(()) => Ok(Some(proof)),
            Err(error) => Err(folder.damaged(index, error.to_string())),
        }
    }
}

/// The caller's thread.
struct Collector<'a, 't> {
    pipeline: &'a Pipeline<'a>,
    events: Receiver<PipelineEvent>,
    /// Lets the recorder begin.
    start: Sender<()>,
    started: Option<Instant>,
    teller: &'a mut Teller<'t>,
    /// Proofs that wait for one before them.
    waiting: BTreeMap<usize, SegmentProof>,
    segments: Segments,
}

impl<'a, 't> Collector<'a, 't> {
    fn new(
        pipeline: &'a Pipeline<'a>,
        events: Receiver<PipelineEvent>,
        start: Sender<()>,
        teller: &'a mut Teller<'t>,
    ) -> Self {
        Self {
            pipeline,
            events,
            start,
            started: None,
            teller,
            waiting: BTreeMap::new(),
            segments: Segments::default(),
        }
    }

    fn execute_and_collect(
        mut self,
        console: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<ProvenRun, Error> {
        let begin = Instant::now();
        let run =
            info_span!(target: "vouch::phase", "execute").in_scope(|| self.execute(console))?;
        let execute_seconds = begin.elapsed().as_secs_f64();
        if !self.pipeline.options.allows_exit(run.exit_code) {
            return Err(Error::GuestExit(run));
        }
        self.start();
        self.teller.change(|progress| {
            progress.executed_cycles = run.cycles;
            progress.total_cycles = Some(run.cycles);
        });
        loop {
            self.check_cancelled()?;
            match self.events.recv_timeout(POLL) {
                Ok(message) => self.take(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                // All threads are done.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let started = self.started.unwrap_or(begin);
        Ok(ProvenRun {
            run,
            segments: self.segments,
            execute_seconds,
            prove_seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Executes the program; meanwhile, if that takes long, its first segments are proven.
    fn execute(&mut self, console: &mut dyn FnMut(Stream, &[u8])) -> Result<Execution, Error> {
        let mut failure = None;
        let Pipeline {
            program,
            input,
            options,
            ..
        } = self.pipeline;
        let run = execute_watched(program, input, &options.limits, console, &mut |cycles| {
            if cycles >= HEAD_START {
                self.start();
            }
            match self.take_all(cycles) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        match (run, failure) {
            (_, Some(error)) => Err(error),
            (Ok(run), None) => Ok(run),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Lets the recorder begin, if it has not yet.
    fn start(&mut self) {
        if self.started.is_none() {
            self.started = Some(Instant::now());
            self.teller.start();
            // If it is gone there is a message that says why.
            let _ = self.start.send(());
        }
    }

    fn take_all(&mut self, executed_cycles: u64) -> Result<(), Error> {
        self.check_cancelled()?;
        self.teller
            .change(|progress| progress.executed_cycles = executed_cycles);
        loop {
            match self.events.try_recv() {
                Ok(message) => self.take(message)?,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
            }
        }
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        match self.pipeline.options.cancel.is_cancelled() {
            true => Err(Error::Cancelled {
                segments: self.teller.proven_segments(),
            }),
            false => Ok(()),
        }
    }

    fn take(&mut self, message: PipelineEvent) -> Result<(), Error> {
        match message {
            PipelineEvent::Recorded => self
                .teller
                .change(|progress| progress.recorded_segments += 1),
            PipelineEvent::Proven(proven) => {
                let ProvenSegment {
                    index,
                    cycles,
                    proof,
                    reused,
                } = *proven;
                self.segments.reused += usize::from(reused);
                self.teller.change(|progress| {
                    progress.proven_segments += 1;
                    progress.proven_cycles += cycles;
                    progress.reused_segments += usize::from(reused);
                    progress.reused_cycles += if reused { cycles } else { 0 };
                });
                self.waiting.insert(index, proof);
                while let Some(proof) = self.waiting.remove(&self.segments.receipts.len()) {
                    self.segments.push(proof)?;
                }
            }
            PipelineEvent::Failed(error) => return Err(error),
        }
        Ok(())
    }
}
