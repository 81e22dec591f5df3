//! The folder in which proven segments wait until all are there.
//!
//! | file | what |
//! |---|---|
//! | `job.json` | what is proven, and where the run is cut |
//! | `segment-000000` | the first segment: magic `VOUCHSEG`, version (2 bytes), profile (1), heights of its tables, log2, behind their number (1 + n), the segment as in a receipt, and a BLAKE3 hash of all that (32) |
//! | `lock` | locked as long as somebody works here |

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vouch_air::tables::Table;
use vouch_prover::{Cost, SegmentProof};
use vouch_verifier::{MACHINE_DIGEST, MAX_PROOF_BYTES, Profile, SegmentReceipt};

use super::plan::Cuts;
use crate::error::Error;
use crate::{files, private};

const MAGIC: &[u8; 8] = b"VOUCHSEG";
/// 2: segments of receipts of version 2.
const VERSION: u16 = 2;
/// What the names of segments begin with.
const SEGMENT: &str = "segment-";
/// Bytes of a hash.
const HASH: usize = 32;
/// Largest file of a segment, in bytes: its proof, as much journal as a segment may have, and the
/// rest.
const MAX_SEGMENT_BYTES: u64 = MAX_PROOF_BYTES as u64 + (1 << 20) + (1 << 12);
/// Largest `job.json`, in bytes.
const MAX_JOB_BYTES: u64 = 1 << 16;

/// What is proven in a folder.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WorkJob {
    /// Version of this format.
    version: u16,
    /// Hash of everything that the machine accepts.
    machine: String,
    image_id: String,
    /// Hash of the input.
    input: String,
    profile: String,
    security: u32,
    /// Where the run is cut.
    cuts: Cuts,
}

impl WorkJob {
    pub fn new(image_id: String, input: &[u8], profile: Profile, cuts: Cuts) -> Self {
        let input = blake3::derive_key("vouch work folder 2026 input", input);
        Self {
            version: VERSION,
            machine: hex::encode(MACHINE_DIGEST),
            image_id,
            input: hex::encode(input),
            profile: profile.name().into(),
            security: profile.target_bits(),
            cuts,
        }
    }

    /// What must be the same for segments to be of use, by name.
    fn identity(&self) -> [(&'static str, String); 6] {
        [
            ("format", self.version.to_string()),
            ("machine", self.machine.clone()),
            ("image ID", self.image_id.clone()),
            ("input hash", self.input.clone()),
            ("profile", self.profile.clone()),
            ("security", self.security.to_string()),
        ]
    }
}

/// A folder with the proven segments of one job.
pub(super) struct WorkFolder {
    path: PathBuf,
    profile: Profile,
    /// Locked until it is dropped.
    _lock: File,
}

impl WorkFolder {
    /// The folder for `job`, made if it is not there, and where the run is to be cut: if it keeps
    /// segments, as these were. `did_not_fit` says that so cut they did not fit into the device's
    /// memory.
    ///
    /// # Errors
    /// Another process uses it, it is another job's, its cuts need more memory than there is now,
    /// or it cannot be read or written.
    pub fn open(
        path: &Path,
        profile: Profile,
        job: &WorkJob,
        did_not_fit: bool,
    ) -> Result<(Self, Cuts), Error> {
        private::folder(path).map_err(failed("create", path))?;
        let lock_path = path.join("lock");
        let lock = private::lock(&lock_path).map_err(failed("lock", &lock_path))?;
        let lock = lock.ok_or_else(|| Error::WorkFolder {
            path: path.into(),
            reason: "another process is using it".into(),
        })?;
        let folder = Self {
            path: path.into(),
            profile,
            _lock: lock,
        };
        files::remove_temporary(path)?;
        let cuts = folder.join(job, did_not_fit)?;
        Ok((folder, cuts))
    }

    /// Takes the job up where it was left, or begins it.
    fn join(&self, job: &WorkJob, did_not_fit: bool) -> Result<Cuts, Error> {
        let path = self.path.join("job.json");
        if !exists(&path)? {
            return self.begin(&path, job);
        }
        let text = files::read(&path, MAX_JOB_BYTES)?;
        let found: WorkJob = serde_json::from_slice(&text).map_err(|error| Error::WorkFile {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        for ((name, expected), (_, got)) in job.identity().into_iter().zip(found.identity()) {
            if expected != got {
                return Err(self.refuse(format!(
                    "it belongs to another job: {name}: expected {expected}, got {got}"
                )));
            }
        }
        if !self.keeps_segments()? {
            return self.begin(&path, job);
        }
        let (found, wanted) = (found.cuts, job.cuts);
        if found.max_memory > wanted.max_memory {
            return Err(self.refuse(format!(
                "its segments were cut for {} bytes of memory, but {} are allowed now",
                found.max_memory, wanted.max_memory
            )));
        }
        if found.segment_cells != wanted.segment_cells {
            return Err(self.refuse(format!(
                "its segments have up to {} cells, but {} were asked for",
                found.segment_cells, wanted.segment_cells
            )));
        }
        if did_not_fit && found != wanted {
            return Err(self.refuse(
                "the next segments do not fit into the device's memory; continue on the CPU".into(),
            ));
        }
        Ok(found)
    }

    fn begin(&self, path: &Path, job: &WorkJob) -> Result<Cuts, Error> {
        let text = serde_json::to_vec_pretty(job).map_err(|e| self.refuse(e.to_string()))?;
        files::write_private(path, &text)?;
        Ok(job.cuts)
    }

    fn keeps_segments(&self) -> Result<bool, Error> {
        let failed = failed("read", &self.path);
        for entry in fs::read_dir(&self.path).map_err(&failed)? {
            let name = entry.map_err(&failed)?.file_name();
            if name.to_string_lossy().starts_with(SEGMENT) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn refuse(&self, reason: String) -> Error {
        Error::WorkFolder {
            path: self.path.clone(),
            reason,
        }
    }

    fn segment_path(&self, index: usize) -> PathBuf {
        self.path.join(format!("{SEGMENT}{index:06}"))
    }

    /// Keeps a proven segment.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written.
    pub fn save(&self, index: usize, proof: &SegmentProof) -> Result<(), Error> {
        files::write_private(&self.segment_path(index), &encode(self.profile, proof))
    }

    /// The segment, if it was kept. Its proof has not been verified.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, [`Error::WorkFile`] if it is damaged.
    pub fn load(&self, index: usize) -> Result<Option<SegmentProof>, Error> {
        let path = self.segment_path(index);
        if !exists(&path)? {
            return Ok(None);
        }
        let bytes = files::read(&path, MAX_SEGMENT_BYTES)?;
        match decode(self.profile, &bytes) {
            Ok(proof) => Ok(Some(proof)),
            Err(reason) => Err(self.damaged(index, reason)),
        }
    }

    /// The error of a segment that is not what it should be.
    pub fn damaged(&self, index: usize, reason: String) -> Error {
        Error::WorkFile {
            path: self.segment_path(index),
            reason,
        }
    }
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Error + 'a {
    move |source| Error::File {
        action,
        path: path.into(),
        source,
    }
}

fn exists(path: &Path) -> Result<bool, Error> {
    path.try_exists().map_err(failed("read", path))
}

fn encode(profile: Profile, proof: &SegmentProof) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.push(profile.number());
    out.push(proof.cost.tables.len() as u8);
    for table in &proof.cost.tables {
        out.push(table.rows.ilog2() as u8);
    }
    out.extend_from_slice(&proof.receipt.to_bytes());
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    out
}

fn decode(profile: Profile, bytes: &[u8]) -> Result<SegmentProof, String> {
    let short = || "it is too short".to_string();
    let (content, hash) = bytes.split_last_chunk::<HASH>().ok_or_else(short)?;
    let content = content
        .strip_prefix(MAGIC)
        .ok_or("it is not a proven segment")?;
    if blake3::hash(&bytes[..bytes.len() - HASH]) != blake3::Hash::from_bytes(*hash) {
        return Err("it was changed, or not written completely".into());
    }
    let (version, content) = content.split_first_chunk().ok_or_else(short)?;
    let (&[number, count], content) = content.split_first_chunk().ok_or_else(short)?;
    let version = u16::from_le_bytes(*version);
    if (version, number) != (VERSION, profile.number()) {
        return Err(format!(
            "expected version {VERSION} and profile {}, got version {version} and profile {number}",
            profile.number()
        ));
    }
    let (heights, segment) = content
        .split_at_checked(usize::from(count))
        .ok_or_else(short)?;
    let receipt = SegmentReceipt::from_bytes(segment).map_err(|error| error.to_string())?;
    let tables: Vec<Table> = receipt.tables.tables().collect();
    if tables.len() != heights.len() {
        return Err(format!(
            "expected the heights of {} tables, got {}",
            tables.len(),
            heights.len()
        ));
    }
    let rows = |height: &u8| 1usize.checked_shl((*height).into()).unwrap_or(0);
    let rows = tables.into_iter().zip(heights.iter().map(rows));
    let cost = Cost::of(rows, &profile.parameters());
    Ok(SegmentProof { receipt, cost })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(device_memory: Option<u64>) -> WorkJob {
        let cuts = Cuts {
            max_memory: 1,
            at_once: 2,
            segment_cells: 3,
            device_memory,
        };
        WorkJob::new("id".into(), &[], Profile::Fast100, cuts)
    }

    /// Segments that are kept are of use only if the others are cut like them.
    #[test]
    fn cuts_are_kept_with_segments() {
        let place = tempfile::tempdir().expect("a folder");
        let open = |device_memory, did_not_fit| {
            let (path, job) = (place.path(), job(device_memory));
            WorkFolder::open(path, Profile::Fast100, &job, did_not_fit).map(|(_, cuts)| cuts)
        };
        let cuts = |device_memory| job(device_memory).cuts;
        for memory in [Some(64), Some(32), None] {
            assert_eq!(open(memory, false).expect("it is empty"), cuts(memory));
        }
        open(Some(64), true).expect("it is empty");
        fs::write(place.path().join("segment-000000"), "").expect("a file");
        for memory in [Some(64), Some(32), None] {
            assert_eq!(open(memory, false).expect("it goes on"), cuts(Some(64)));
        }
        let error = open(Some(32), true).expect_err("it cannot be cut anew");
        assert!(error.to_string().contains("continue on the CPU"), "{error}");
    }
}
