//! Verification: the chain of segments, then the proof of each.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use p3_batch_stark::verify_batch;
use spin::Once;
use vouch_air::F;
use vouch_air::machine::{MIN_LOG_HEIGHT, log_height};
use vouch_air::memory_tree::Compression;
use vouch_air::tables::Table;
use vouch_isa::memory::MEMORY_END;

use crate::claim::Claim;
use crate::config::{ChallengeField, Proof, config};
use crate::error::{DecodeError, VerifyError};
use crate::key::{Key, MACHINE_DIGEST};
use crate::packing::Packing;
use crate::profile::Profile;
use crate::proof_error::ProofError;
use crate::receipt::Receipt;
use crate::segment::{SegmentReceipt, check_proof_length, max_log_height};
use crate::wire::{decode_proof, heights};
use crate::with_challenge_field;
use vouch_air::ImageId;

/// Bound of the executable range, as a word index.
const TEXT_LIMIT: u32 = MEMORY_END / 4;

/// A key, whichever field its challenges are of.
trait AnyKey: Send + Sync {
    /// That the proof of a segment proves what it has to.
    fn check(&self, proof: &Context<'_>) -> Result<(), VerifyError>;
}

impl<EF: ChallengeField> AnyKey for Key<EF> {
    fn check(&self, proof: &Context<'_>) -> Result<(), VerifyError> {
        proof.verify(self)
    }
}

/// Who calls the check of each segment: is given the number `n` of segments and the check, and
/// may call it with numbers below `n`, in any order and on any threads. With other numbers it does
/// nothing, nor with one that it was called with before. After a check that failed, all others return
/// at once.
pub type Executor<'a> = dyn Fn(usize, &(dyn Fn(usize) + Sync)) + 'a;

/// Verifies receipts of one profile. Making one costs some milliseconds; keep it.
pub struct Verifier {
    profile: Profile,
    key: Box<dyn AnyKey>,
}

impl Verifier {
    /// A verifier of receipts of `profile`.
    pub fn new(profile: Profile) -> Option<Self> {
        let degree = profile.parameters().extension;
        let key: Box<dyn AnyKey> =
            with_challenge_field!(degree, EF => Box::new(Key::<EF>::new(profile)?));
        Some(Self { profile, key })
    }

    /// The profile whose receipts it verifies.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The claim that `receipt` proves about the program `image_id`. Segments are verified one
    /// after the other.
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed; nothing that the receipt says is then known.
    pub fn verify(&self, receipt: &Receipt, image_id: &ImageId) -> Result<Claim, VerifyError> {
        self.verify_with(receipt, image_id, &|_, _| {})
    }

    /// As [`Self::verify`], with the proofs of segments verified by whom `executor` lets do so,
    /// say by several threads. It decides nothing: what it has not called the check of is verified
    /// afterwards, here and in order. No segment is verified twice, and none any more once one was
    /// found at fault.
    ///
    /// # Errors
    /// As [`Self::verify`]: that of the first segment *known* to be at fault. Those before it may not have
    /// been looked at, so with an executor of several threads it need not be the same each time.
    /// Without one, and with one that goes in order, it is the first of all.
    pub fn verify_with(
        &self,
        receipt: &Receipt,
        image_id: &ImageId,
        executor: &Executor<'_>,
    ) -> Result<Claim, VerifyError> {
        self.verify_until(receipt, image_id, executor, &|| false)
    }

    /// As [`Self::verify_with`], unless `stop` says so between two segments. `executor` need not go on
    /// either then.
    ///
    /// # Errors
    /// As [`Self::verify_with`]; [`VerifyError::Stopped`] if it was told to stop.
    pub fn verify_until(
        &self,
        receipt: &Receipt,
        image_id: &ImageId,
        executor: &Executor<'_>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Claim, VerifyError> {
        if receipt.profile != self.profile {
            return Err(VerifyError::Profile {
                expected: self.profile,
                got: receipt.profile,
            });
        }
        let exit_code = check_chain(receipt, image_id)?;
        let proofs = self.proofs(receipt);
        // Said by nothing but a proof that was verified, and by each at most once.
        let verdicts: Vec<Once<Result<(), VerifyError>>> =
            proofs.iter().map(|_| Once::new()).collect();
        let is_at_fault = AtomicBool::new(false);
        executor(proofs.len(), &|i| {
            if let (Some(proof), Some(verdict)) = (proofs.get(i), verdicts.get(i))
                && !is_at_fault.load(Ordering::Acquire)
                && verdict.call_once(|| self.key.check(proof)).is_err()
            {
                is_at_fault.store(true, Ordering::Release);
            }
        });
        if let Some(error) = verdicts.iter().find_map(|v| v.get()?.as_ref().err()) {
            return Err(error.clone());
        }
        for (proof, verdict) in proofs.iter().zip(&verdicts) {
            if !verdict.is_completed() && stop() {
                return Err(VerifyError::Stopped);
            }
            verdict.call_once(|| self.key.check(proof)).clone()?;
        }
        Ok(Claim {
            image_id: *image_id,
            journal: receipt.unverified_journal(),
            exit_code,
        })
    }

    /// Whether the proof of segment `i` proves what the segment claims, in a program whose executable
    /// range is `text` (word indices), after `journal_start` bytes of journal. That it is part of a
    /// run, [`Self::verify`] alone says.
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed.
    pub fn verify_segment(
        &self,
        i: usize,
        segment: &SegmentReceipt,
        text: &Range<u32>,
        journal_start: u32,
    ) -> Result<(), VerifyError> {
        self.key.check(&Context {
            i,
            segment,
            text,
            journal_start,
            profile: self.profile,
        })
    }

    /// What is to be proven of each segment, and its proof.
    fn proofs<'a>(&self, receipt: &'a Receipt) -> Vec<Context<'a>> {
        let mut journal_start = 0u32;
        let proof = |(i, segment): (usize, &'a SegmentReceipt)| {
            let context = Context {
                i,
                segment,
                text: &receipt.text,
                journal_start,
                profile: self.profile,
            };
            // No run has a journal that long: its length is a register, and proven.
            let bytes = u32::try_from(segment.claim.journal.len()).unwrap_or(u32::MAX);
            journal_start = journal_start.saturating_add(bytes);
            context
        };
        receipt.segments.iter().enumerate().map(proof).collect()
    }
}

/// The program is the one asked about, and the segments are one run of it: from the entry,
/// each going on where the one before ended, to an exit in the last and only there. Returns the
/// exit code.
fn check_chain(receipt: &Receipt, image_id: &ImageId) -> Result<u32, VerifyError> {
    let (text, entry) = (&receipt.text, receipt.entry);
    if !text.contains(&entry) || text.end > TEXT_LIMIT {
        return Err(VerifyError::TextRange {
            start: text.start,
            end: text.end,
            entry,
            limit: TEXT_LIMIT,
        });
    }
    let segments = receipt.segments.len();
    let chain = |segment, link| VerifyError::Chain { segment, link };
    let first = receipt.segments.first().ok_or(VerifyError::NoSegments)?;
    let digest = Compression::default().image_id(entry, text, first.claim.start_root);
    let got = ImageId::from_digest(&digest);
    if got != *image_id {
        return Err(VerifyError::ImageId {
            expected: *image_id,
            got,
        });
    }
    let last = segments.saturating_sub(1);
    let halt = |segment| VerifyError::Halt { segment, segments };
    let (mut pc, mut root, mut exit_code) = (entry, first.claim.start_root, None);
    for (i, segment) in receipt.segments.iter().enumerate() {
        let claim = &segment.claim;
        if claim.start_pc != pc {
            return Err(chain(i, "pc"));
        }
        if claim.start_root != root {
            return Err(chain(i, "memory root"));
        }
        if claim.exit_code.is_some() && i != last {
            return Err(halt(i));
        }
        (pc, root, exit_code) = (claim.end_pc, claim.end_root, claim.exit_code);
    }
    exit_code.ok_or(halt(last))
}

/// A segment's proof and what it has to prove.
struct Context<'a> {
    i: usize,
    segment: &'a SegmentReceipt,
    text: &'a Range<u32>,
    journal_start: u32,
    profile: Profile,
}

impl Context<'_> {
    fn verify<EF: ChallengeField>(&self, key: &Key<EF>) -> Result<(), VerifyError> {
        let claim = &self.segment.claim;
        let tables: Vec<Table> = self.segment.tables.tables().collect();
        let (proof, packing) = self.decode(key, &tables)?;
        let instances: Vec<_> = tables
            .iter()
            .map(|&table| key.known(table, self.journal_start, &claim.journal))
            .collect();
        let public = claim.public_values();
        let values: Vec<Vec<F>> = tables
            .iter()
            .map(|&table| table.values(&public, self.text))
            .collect();
        let seed = claim.seed(
            &MACHINE_DIGEST,
            self.profile.number(),
            self.text,
            self.journal_start,
            self.segment.tables,
        );
        let config = config(&self.profile.parameters(), packing, seed);
        verify_batch(&config, &instances, &proof, &values, &key.common(&tables)).map_err(|error| {
            VerifyError::Proof {
                segment: self.i,
                reason: ProofError::of(&error, &tables),
            }
        })
    }

    /// The proof, if it holds `tables`, and its layout. Nothing is decoded before its length is known to be that
    /// of a proof of these tables and heights.
    fn decode<EF: ChallengeField>(
        &self,
        key: &Key<EF>,
        tables: &[Table],
    ) -> Result<(Proof<EF>, Packing), VerifyError> {
        let wrong = |reason| DecodeError::Proof {
            segment: self.i,
            reason,
        };
        let bytes = self.segment.proof.as_slice();
        check_proof_length(bytes)?;
        self.check_tables(tables)?;
        let heights = heights(bytes, tables.len()).map_err(wrong)?;
        self.check_heights(tables, &heights)?;
        let packing = key.packing(tables, &heights);
        let proof = decode_proof(bytes, &packing).map_err(wrong)?;
        Ok((proof, packing))
    }

    /// The tables that must be there are, and none that must not.
    fn check_tables(&self, tables: &[Table]) -> Result<(), VerifyError> {
        let segment = self.i;
        let is_missing = |table: &Table| table.is_required() && !tables.contains(table);
        if let Some(table) = Table::ALL.into_iter().find(is_missing) {
            return Err(VerifyError::MissingTable { segment, table });
        }
        // One of the two answers what the others ask.
        if tables.contains(&Table::Lookup) == tables.contains(&Table::Facts) {
            return Err(VerifyError::MissingTable {
                segment,
                table: Table::Lookup,
            });
        }
        let journal = &self.segment.claim.journal;
        if tables.contains(&Table::Journal) == journal.is_empty() {
            return Err(VerifyError::MissingTable {
                segment,
                table: Table::Journal,
            });
        }
        Ok(())
    }

    /// Each table has a height that it may have.
    fn check_heights(&self, tables: &[Table], heights: &[usize]) -> Result<(), VerifyError> {
        let (segment, journal) = (self.i, &self.segment.claim.journal);
        for (&table, &got) in tables.iter().zip(heights) {
            let most = max_log_height(table);
            let (min, max) = match table {
                Table::Lookup => (most, most),
                // Exactly as high as the journal.
                Table::Journal => {
                    let height = log_height(journal.len());
                    (height, height.min(most))
                }
                _ => (MIN_LOG_HEIGHT, most),
            };
            if got < min || got > max {
                return Err(VerifyError::Height {
                    segment,
                    table,
                    min,
                    max,
                    got,
                });
            }
        }
        Ok(())
    }
}
