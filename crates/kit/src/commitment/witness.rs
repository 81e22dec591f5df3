//! What is committed to.

use core::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use super::builder::WitnessBuilder;
use super::hash::HashFunction;
use crate::hexadecimal;

/// The four hashes that belong to one inference, 32 bytes each. In serde each is 64 hexadecimal digits.
///
/// They are public: the journal of the proof holds them, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentWitness {
    /// Of the job.
    #[serde(with = "hexadecimal")]
    pub job_id: [u8; 32],
    /// Of the model: see [`HashFunction::hash_model`].
    #[serde(with = "hexadecimal")]
    pub model_hash: [u8; 32],
    /// Of the prompt.
    #[serde(with = "hexadecimal")]
    pub input_hash: [u8; 32],
    /// Of the response.
    #[serde(with = "hexadecimal")]
    pub output_hash: [u8; 32],
}

/// One of the hashes of a [`CommitmentWitness`]. Its text is the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// [`CommitmentWitness::job_id`].
    JobId,
    /// [`CommitmentWitness::model_hash`].
    ModelHash,
    /// [`CommitmentWitness::input_hash`].
    InputHash,
    /// [`CommitmentWitness::output_hash`].
    OutputHash,
}

impl Field {
    /// Every field, in the journal's order.
    pub const ALL: [Self; 4] = [
        Self::JobId,
        Self::ModelHash,
        Self::InputHash,
        Self::OutputHash,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JobId => "job_id",
            Self::ModelHash => "model_hash",
            Self::InputHash => "input_hash",
            Self::OutputHash => "output_hash",
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl CommitmentWitness {
    /// Bytes of a witness: the guest's input and its journal.
    pub const BYTES: usize = 4 * 32;

    /// Puts a witness together from what is to be hashed, or from hashes.
    pub const fn builder(function: HashFunction) -> WitnessBuilder {
        WitnessBuilder::new(function)
    }

    /// The hashes one after the other: what the guest reads, and commits to.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        for (place, field) in bytes.chunks_exact_mut(32).zip(Field::ALL) {
            place.copy_from_slice(self.get(field));
        }
        bytes
    }

    /// The witness in a journal, unless that has another length.
    pub(super) fn from_journal(journal: &[u8]) -> Option<Self> {
        match journal.as_chunks::<32>() {
            (&[job_id, model_hash, input_hash, output_hash], []) => Some(Self {
                job_id,
                model_hash,
                input_hash,
                output_hash,
            }),
            _ => None,
        }
    }

    /// The hash in a field.
    pub const fn get(&self, field: Field) -> &[u8; 32] {
        match field {
            Field::JobId => &self.job_id,
            Field::ModelHash => &self.model_hash,
            Field::InputHash => &self.input_hash,
            Field::OutputHash => &self.output_hash,
        }
    }
}

impl fmt::Debug for CommitmentWitness {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CommitmentWitness");
        for field in Field::ALL {
            out.field(
                field.name(),
                &format_args!("{}", hex::encode(self.get(field))),
            );
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITNESS: CommitmentWitness = CommitmentWitness {
        job_id: [1; 32],
        model_hash: [2; 32],
        input_hash: [3; 32],
        output_hash: [0xab; 32],
    };

    #[test]
    fn bytes_are_the_fields_in_order() {
        let bytes = WITNESS.to_bytes();
        assert_eq!(
            bytes.to_vec(),
            [[1; 32], [2; 32], [3; 32], [0xab; 32]].concat()
        );
        assert_eq!(CommitmentWitness::from_journal(&bytes), Some(WITNESS));
        for wrong in [
            &b""[..],
            &bytes[1..],
            &bytes[32..],
            &[&bytes[..], &[0]].concat(),
            &[0; 160],
        ] {
            assert_eq!(CommitmentWitness::from_journal(wrong), None);
        }
    }

    #[test]
    fn json_is_hexadecimal() {
        let json = serde_json::to_value(WITNESS).expect("plain data");
        assert_eq!(json["output_hash"], "ab".repeat(32));
        for field in Field::ALL {
            assert!(json[field.name()].is_string(), "{field}");
            let name = serde_json::to_value(field).expect("plain text");
            assert_eq!(name, field.name());
        }
        let back: CommitmentWitness = serde_json::from_value(json.clone()).expect("as written");
        assert_eq!(back, WITNESS);
        for wrong in ["", "ab", &"ab".repeat(33), &"xy".repeat(32)] {
            let mut json = json.clone();
            json["job_id"] = wrong.into();
            let error = serde_json::from_value::<CommitmentWitness>(json).expect_err(wrong);
            assert!(error.to_string().contains("[u8; 32] in hexadecimal digits"));
        }
        let mut more = json;
        more["salt"] = "".into();
        assert!(serde_json::from_value::<CommitmentWitness>(more).is_err());
    }

    #[test]
    fn its_debug_text_is_hexadecimal() {
        assert!(format!("{WITNESS:?}").contains(&"ab".repeat(32)));
    }
}
