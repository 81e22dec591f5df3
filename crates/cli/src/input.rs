//! The private input of a guest. Nothing here repeats any of it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hex::FromHexError;
use vouch_sdk::{Error as SdkError, Input, Limits, files};

use crate::args::InputArgs;
use crate::error::Error;

/// The exit code of a guest that refuses its input.
const REFUSED: u32 = 1;

/// The bytes that the guest reads.
///
/// # Errors
/// A file that cannot be read or is larger than any input may be; stdin named twice; text that is not
/// hexadecimal.
pub fn read(arguments: &InputArgs) -> Result<Input, Error> {
    let append = |input: Input, bytes: &[u8]| match arguments.frames {
        true => input.frame(bytes).map_err(SdkError::from),
        false => Ok(input.bytes(bytes)),
    };
    if let Some(text) = &arguments.input_hex {
        return Ok(append(Input::new(), &decode(text)?)?);
    }
    check_stdin(&arguments.input)?;
    let limit = Limits::default().input_bytes as u64;
    let mut input = Input::new();
    for path in &arguments.input {
        let bytes = match path == Path::new("-") {
            true => read_stdin(limit)?,
            false => files::read(path, limit)?,
        };
        input = append(input, &bytes)?;
    }
    Ok(input)
}

/// The error of a run with this input: a guest that refuses its input may have expected frames.
pub fn explain(error: SdkError, arguments: &InputArgs) -> Error {
    let given = !arguments.input.is_empty() || arguments.input_hex.is_some();
    match error {
        SdkError::GuestExit(run) if run.exit_code == REFUSED && given && !arguments.frames => {
            Error::Unframed(run)
        }
        error => error.into(),
    }
}

/// Stdin has nothing left when it is read again.
fn check_stdin(files: &[PathBuf]) -> Result<(), Error> {
    let names = ["-", "/dev/stdin"].map(Path::new);
    let stdin = |path: &&PathBuf| names.contains(&path.as_path());
    match files.iter().filter(stdin).count() {
        0 | 1 => Ok(()),
        times => Err(Error::StdinAgain(times)),
    }
}

fn read_stdin(limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut start = io::stdin().lock().take(limit.saturating_add(1));
    start.read_to_end(&mut bytes).map_err(Error::Stdin)?;
    match bytes.len() as u64 > limit {
        true => Err(Error::StdinSize { limit }),
        false => Ok(bytes),
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|error| {
        Error::InputHex(match error {
            FromHexError::InvalidHexCharacter { index, .. } => {
                format!("another character at position {}", index + 1)
            }
            _ => format!("{} digits", digits.len()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn hexadecimal_is_decoded() {
        assert!(decode("").expect("empty").is_empty());
        assert_eq!(decode("0x00fF").expect("hexadecimal"), [0, 255]);
    }

    #[test]
    fn refusals_do_not_repeat_the_input() {
        let error = decode("c0ffe").expect_err("an odd number of digits");
        assert_eq!(
            error.to_string(),
            "--input-hex: expected two hexadecimal digits per byte, got 5 digits"
        );
        let error = decode("c0ff!!").expect_err("not hexadecimal");
        assert_eq!(
            error.to_string(),
            "--input-hex: expected two hexadecimal digits per byte, got another character at \
             position 5"
        );
    }
}
