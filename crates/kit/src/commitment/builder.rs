//! From job, model, prompt and response to their hashes.

use core::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::hash::HashFunction;
use super::model::ModelError;
use super::witness::{CommitmentWitness, Field};

/// Puts a [`CommitmentWitness`] together. Each field is given once: as what is to be hashed, or as a hash
/// that is known already. Of what is hashed only the hash is kept.
#[derive(Clone)]
#[must_use]
pub struct WitnessBuilder {
    function: HashFunction,
    job_id: Option<[u8; 32]>,
    model: Option<Model>,
    input_hash: Option<[u8; 32]>,
    output_hash: Option<[u8; 32]>,
    /// The first field that was given twice.
    twice: Option<Field>,
}

#[derive(Clone)]
enum Model {
    Hash([u8; 32]),
    /// Hashed last, as it takes long and may fail.
    Path(PathBuf),
}

/// Why there is no witness.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// A field was not given.
    #[error("witness: expected {field}, got nothing")]
    Missing {
        /// The field.
        field: Field,
    },
    /// A field was given more than once.
    #[error("witness: expected {field} once, got it twice")]
    Twice {
        /// The field.
        field: Field,
    },
    /// The model could not be hashed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl WitnessBuilder {
    pub(super) const fn new(function: HashFunction) -> Self {
        Self {
            function,
            job_id: None,
            model: None,
            input_hash: None,
            output_hash: None,
            twice: None,
        }
    }

    /// The job, to be hashed.
    pub fn job(self, job: &[u8]) -> Self {
        let hash = self.function.hash(job);
        self.job_id(hash)
    }

    /// The job's hash.
    pub fn job_id(mut self, hash: [u8; 32]) -> Self {
        let given = self.job_id.replace(hash).is_some();
        self.given(Field::JobId, given)
    }

    /// The model's file or folder, hashed by [`Self::build`] as [`HashFunction::hash_model`] says.
    pub fn model_path(self, path: impl AsRef<Path>) -> Self {
        self.model(Model::Path(path.as_ref().into()))
    }

    /// The model's hash.
    pub fn model_hash(self, hash: [u8; 32]) -> Self {
        self.model(Model::Hash(hash))
    }

    /// The prompt, to be hashed.
    pub fn prompt(self, prompt: &[u8]) -> Self {
        let hash = self.function.hash(prompt);
        self.input_hash(hash)
    }

    /// The prompt's hash.
    pub fn input_hash(mut self, hash: [u8; 32]) -> Self {
        let given = self.input_hash.replace(hash).is_some();
        self.given(Field::InputHash, given)
    }

    /// The response, to be hashed.
    pub fn response(self, response: &[u8]) -> Self {
        let hash = self.function.hash(response);
        self.output_hash(hash)
    }

    /// The response's hash.
    pub fn output_hash(mut self, hash: [u8; 32]) -> Self {
        let given = self.output_hash.replace(hash).is_some();
        self.given(Field::OutputHash, given)
    }

    /// The witness. Reads the whole model, if its path was given.
    ///
    /// # Errors
    /// A field is missing or was given twice, or the model cannot be hashed.
    pub fn build(self) -> Result<CommitmentWitness, WitnessError> {
        if let Some(field) = self.twice {
            return Err(WitnessError::Twice { field });
        }
        let missing = |field| WitnessError::Missing { field };
        let job_id = self.job_id.ok_or(missing(Field::JobId))?;
        let model = self.model.ok_or(missing(Field::ModelHash))?;
        let input_hash = self.input_hash.ok_or(missing(Field::InputHash))?;
        let output_hash = self.output_hash.ok_or(missing(Field::OutputHash))?;
        let model_hash = match model {
            Model::Hash(hash) => hash,
            Model::Path(path) => self.function.hash_model(&path)?,
        };
        Ok(CommitmentWitness {
            job_id,
            model_hash,
            input_hash,
            output_hash,
        })
    }

    fn model(mut self, model: Model) -> Self {
        let given = self.model.replace(model).is_some();
        self.given(Field::ModelHash, given)
    }

    fn given(mut self, field: Field, before: bool) -> Self {
        if before {
            self.twice.get_or_insert(field);
        }
        self
    }
}

/// Which fields were given, without what they are.
impl fmt::Debug for WitnessBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WitnessBuilder")
            .field("function", &self.function)
            .field("job_id", &self.job_id.is_some())
            .field("model_hash", &self.model.is_some())
            .field("input_hash", &self.input_hash.is_some())
            .field("output_hash", &self.output_hash.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> WitnessBuilder {
        CommitmentWitness::builder(HashFunction::Blake3)
            .job(b"job")
            .model_hash([2; 32])
            .prompt(b"prompt")
            .response(b"response")
    }

    #[test]
    fn raw_bytes_are_hashed_and_hashes_kept() {
        let function = HashFunction::Blake3;
        let witness = whole().build().expect("all is given");
        let expected = CommitmentWitness {
            job_id: function.hash(b"job"),
            model_hash: [2; 32],
            input_hash: function.hash(b"prompt"),
            output_hash: function.hash(b"response"),
        };
        assert_eq!(witness, expected);
        let by_hashes = CommitmentWitness::builder(function)
            .job_id(expected.job_id)
            .model_hash(expected.model_hash)
            .input_hash(expected.input_hash)
            .output_hash(expected.output_hash);
        assert_eq!(by_hashes.build().expect("all is given"), expected);
    }

    #[test]
    fn a_model_is_hashed_where_it_lies() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model");
        std::fs::write(&path, b"weights").expect("a file");
        let builder = || {
            let builder = CommitmentWitness::builder(HashFunction::Keccak256);
            builder.job(b"").prompt(b"").response(b"").model_path(&path)
        };
        let witness = builder().build().expect("all is given");
        assert_eq!(witness.model_hash, HashFunction::Keccak256.hash(b"weights"));
        std::fs::remove_file(&path).expect("it was there");
        let error = builder().build().expect_err("no model");
        assert!(matches!(
            error,
            WitnessError::Model(ModelError::File { action: "find", .. })
        ));
    }

    #[test]
    fn missing_fields_are_named() {
        for field in Field::ALL {
            let mut builder = CommitmentWitness::builder(HashFunction::Sha256);
            for other in Field::ALL.into_iter().filter(|other| *other != field) {
                builder = match other {
                    Field::JobId => builder.job(b""),
                    Field::ModelHash => builder.model_hash([0; 32]),
                    Field::InputHash => builder.prompt(b""),
                    Field::OutputHash => builder.response(b""),
                };
            }
            let error = builder.build().expect_err("one is missing");
            assert!(matches!(error, WitnessError::Missing { field: got } if got == field));
        }
    }

    #[test]
    fn fields_given_twice_are_named() {
        let twice = [
            (Field::JobId, whole().job_id([0; 32])),
            (Field::ModelHash, whole().model_path("model")),
            (Field::InputHash, whole().prompt(b"prompt")),
            (Field::OutputHash, whole().response(b"").prompt(b"")),
        ];
        for (field, builder) in twice {
            let error = builder.build().expect_err("one is there twice");
            assert!(
                matches!(error, WitnessError::Twice { field: got } if got == field),
                "{error}"
            );
        }
    }

    #[test]
    fn its_debug_text_says_what_is_there_alone() {
        let text = format!("{:?}", whole());
        assert!(text.contains("input_hash: true"), "{text}");
        let hash = HashFunction::Blake3.hash(b"prompt");
        assert!(!text.contains(&format!("{hash:?}")) && !text.contains(&hex::encode(hash)));
    }
}
