//! Receipts that verify, and what becomes of those made from them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use vouch_air::memory_tree::MemoryTree;
use vouch_air::witness::{answer_from_lookup_table, generate};
use vouch_emulator::testing::segments;
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::event::Segment;
use vouch_prover::{ProveError, Prover, claim};
use vouch_verifier::{Claim, ImageId, Profile, Receipt, SegmentReceipt, Verifier, VerifyError};

use crate::outcome::Outcome;

/// A receipt that verifies.
pub struct Honest {
    /// The program that it is about.
    pub image_id: ImageId,
    /// The receipt.
    pub receipt: Receipt,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

/// What the verifier makes of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not prove what it should.
    Refused(VerifyError),
    /// It does.
    Accepted(Claim),
    /// The verifier panics, which is as wrong as accepting.
    Panicked,
}

/// A change of a receipt.
pub struct Change<'a> {
    name: String,
    refused_by: fn(&VerifyError) -> bool,
    edit: Box<dyn Fn(&mut Receipt) + Send + Sync + 'a>,
}

impl<'a> Change<'a> {
    /// `edit`, after which the receipt should be refused for a reason that `refused_by` accepts.
    pub fn new(
        name: impl Into<String>,
        refused_by: fn(&VerifyError) -> bool,
        edit: impl Fn(&mut Receipt) + Send + Sync + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            refused_by,
            edit: Box::new(edit),
        }
    }

    /// The same for an edit of the first segment.
    pub fn segment(
        name: impl Into<String>,
        refused_by: fn(&VerifyError) -> bool,
        edit: impl Fn(&mut SegmentReceipt) + Send + Sync + 'a,
    ) -> Self {
        Self::new(name, refused_by, move |receipt| {
            if let Some(segment) = receipt.segments.first_mut() {
                edit(segment);
            }
        })
    }
}

impl Honest {
    /// Runs and proves `program`.
    ///
    /// # Panics
    /// If the run or its proof fails, or the receipt does not verify.
    pub fn new(program: &Program, input: &[u8], limits: &SegmentLimits, profile: Profile) -> Self {
        Self::of(program, prove(program, input, limits, profile))
    }

    /// A receipt of `program`.
    ///
    /// # Panics
    /// If it does not verify.
    pub fn of(program: &Program, receipt: Receipt) -> Self {
        let honest = Self {
            image_id: image_id(program),
            bytes: receipt.to_bytes(),
            receipt,
        };
        let verdict = honest.verdict(&honest.receipt);
        assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
        honest
    }

    /// What the verifier of its profile makes of a receipt about its program.
    pub fn verdict(&self, receipt: &Receipt) -> Verdict {
        verdict(verifier(self.receipt.profile), receipt, &self.image_id)
    }

    /// The receipt after `change`.
    pub fn with(&self, change: impl FnOnce(&mut Receipt)) -> Receipt {
        let mut receipt = self.receipt.clone();
        change(&mut receipt);
        receipt
    }

    /// The receipt after `change` to its first segment.
    pub fn with_segment(&self, change: impl FnOnce(&mut SegmentReceipt)) -> Receipt {
        self.with(|receipt| {
            if let Some(segment) = receipt.segments.first_mut() {
                change(segment);
            }
        })
    }

    /// Its first segment.
    ///
    /// # Panics
    /// Never: a receipt that verifies has one.
    pub fn segment(&self) -> &SegmentReceipt {
        self.receipt.segments.first().expect("it verifies")
    }

    /// Counts a `what` if `receipt`, which must not be the honest one, is refused for a reason
    /// that `refused_by` accepts, and notes a failure if not. The name says what was changed.
    pub fn expect_refusal(
        &self,
        outcome: &mut Outcome,
        what: &str,
        name: &str,
        receipt: &Receipt,
        refused_by: impl Fn(&VerifyError) -> bool,
    ) {
        if *receipt == self.receipt {
            outcome.fail(format!("{name}: nothing is changed"));
            return;
        }
        match self.verdict(receipt) {
            Verdict::Refused(error) if refused_by(&error) => outcome.count(what, 1),
            Verdict::Refused(error) => outcome.fail(format!("{name}: refused, but: {error}")),
            other => outcome.fail(format!("{name}: {other:?}")),
        }
    }

    /// As [`Self::expect_refusal`], for each of `changes`, on all cores.
    pub fn expect_refusals(&self, what: &str, changes: Vec<Change<'_>>) -> Outcome {
        gather(changes.into_par_iter(), |outcome, change| {
            let receipt = self.with(change.edit);
            self.expect_refusal(outcome, what, &change.name, &receipt, change.refused_by);
        })
    }
}

/// Attempts on all cores. What they report is added up.
pub fn gather<T: Send>(
    attempts: impl ParallelIterator<Item = T>,
    attempt: impl Fn(&mut Outcome, T) + Sync + Send,
) -> Outcome {
    let each = |mut outcome: Outcome, item| {
        attempt(&mut outcome, item);
        outcome
    };
    let both = |mut all: Outcome, outcome| {
        all.add(outcome);
        all
    };
    let of_each = attempts.fold(Outcome::default, each);
    of_each.reduce(Outcome::default, both)
}

/// What `verifier` makes of a receipt.
pub fn verdict(verifier: &Verifier, receipt: &Receipt, image_id: &ImageId) -> Verdict {
    // A verifier is not changed by what it verifies.
    let verify = AssertUnwindSafe(|| verifier.verify(receipt, image_id));
    match catch_unwind(verify) {
        Ok(Ok(claim)) => Verdict::Accepted(claim),
        Ok(Err(error)) => Verdict::Refused(error),
        Err(_) => Verdict::Panicked,
    }
}

/// The verifier of a profile.
///
/// # Panics
/// Never: every profile has a key.
pub fn verifier(profile: Profile) -> &'static Verifier {
    static VERIFIERS: [OnceLock<Verifier>; 4] = [const { OnceLock::new() }; 4];
    let mut slots = VERIFIERS.iter().zip(Profile::ALL);
    let found = slots.find(|(_, other)| *other == profile);
    let (slot, _) = found.expect("it is one of all");
    slot.get_or_init(|| Verifier::new(profile).expect("every profile has a key"))
}

/// Job ID, model hash, input hash and output hash: the input and the journal of [`commitment`].
pub fn hashes() -> Vec<u8> {
    (0..128u8).map(|i| i.wrapping_mul(3) ^ 1).collect()
}

const COMMITMENT: &[u8] = include_bytes!("../../../guest-programs/prebuilt/commitment.elf");

/// The four-hash commitment, proven once in the fast or, for its five-element challenges, the
/// compact profile at 100 bits.
///
/// # Panics
/// If it is not proven: then nothing else is.
pub fn commitment(is_compact: bool) -> &'static Honest {
    static HONEST: [OnceLock<Honest>; 2] = [const { OnceLock::new() }; 2];
    let [fast, compact] = &HONEST;
    let (slot, profile) = match is_compact {
        false => (fast, Profile::Fast100),
        true => (compact, Profile::Compact100),
    };
    slot.get_or_init(|| {
        let program = Program::from_elf(COMMITMENT).expect("a prebuilt guest");
        Honest::new(&program, &hashes(), &SegmentLimits::default(), profile)
    })
}

/// As [`commitment`] in the fast profile, but as if the run were long: with the lookup table,
/// and so with fixed columns.
///
/// # Panics
/// If it is not proven.
pub fn long_commitment() -> &'static Honest {
    static HONEST: OnceLock<Honest> = OnceLock::new();
    HONEST.get_or_init(|| {
        let program = Program::from_elf(COMMITMENT).expect("a prebuilt guest");
        let run = segments(&program, &hashes(), &SegmentLimits::default());
        let (_, segments) = run.expect("the program runs to its end");
        let image = program.image();
        let mut traces = generate(&segments[0], &image.text, &mut MemoryTree::new(image));
        answer_from_lookup_table(&mut traces);
        let profile = Profile::Fast100;
        let (segment, public) = (&segments[0], &traces.public);
        let claim = claim(segment, public.start_root, public.end_root);
        let start = segment.journal_start;
        let proof = Prover::new(profile).prove_traces(claim, start, &image.text, traces);
        let receipt = Receipt {
            profile,
            entry: image.entry,
            text: image.text.clone(),
            segments: vec![proof.expect("the segment is proven").receipt],
        };
        Honest::of(&program, receipt)
    })
}

/// The image ID of a program.
pub fn image_id(program: &Program) -> ImageId {
    let image = program.image();
    let tree = MemoryTree::new(image);
    let compression = tree.compression();
    ImageId::from_digest(&compression.image_id(image.entry, &image.text, tree.root()))
}

/// Runs and proves a program.
///
/// # Panics
/// If either fails.
pub fn prove(program: &Program, input: &[u8], limits: &SegmentLimits, profile: Profile) -> Receipt {
    let (_, segments) = segments(program, input, limits).expect("the program runs to its end");
    prove_segments(program, &segments, profile).expect("the segments are proven")
}

/// Proves the segments of a run.
///
/// # Errors
/// As the prover has them.
pub fn prove_segments(
    program: &Program,
    segments: &[Segment],
    profile: Profile,
) -> Result<Receipt, ProveError> {
    let image = program.image();
    let mut tree = MemoryTree::new(image);
    let prover = Prover::new(profile);
    let prove = |segment| {
        let proof = prover.prove_segment(segment, &image.text, &mut tree)?;
        Ok(proof.receipt)
    };
    Ok(Receipt {
        profile,
        entry: image.entry,
        text: image.text.clone(),
        segments: segments.iter().map(prove).collect::<Result<_, _>>()?,
    })
}
