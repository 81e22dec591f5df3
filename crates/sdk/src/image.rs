//! Image IDs of programs, and in hexadecimal.

use thiserror::Error;
use vouch_emulator::Program;
use vouch_verifier::ImageId;

/// The image ID of a program: what a verifier has to know of it.
pub fn image_id(program: &Program) -> ImageId {
    ImageId::of(program.image())
}

/// Text that is no image ID.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("image ID: expected 64 hexadecimal digits, got {got:?}")]
pub struct ImageIdError {
    /// The text.
    pub got: String,
}

/// The image ID that 64 hexadecimal digits stand for, as [`ImageId`] is displayed. A `0x`
/// before them is accepted.
///
/// # Errors
/// [`ImageIdError`] if it is anything else.
pub fn parse_image_id(text: &str) -> Result<ImageId, ImageIdError> {
    let mut bytes = [0; 32];
    let digits = text.strip_prefix("0x").unwrap_or(text);
    match hex::decode_to_slice(digits, &mut bytes) {
        Ok(()) => Ok(ImageId(bytes)),
        Err(_) => Err(ImageIdError { got: text.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guests;

    #[test]
    fn an_image_id_survives_its_text() {
        let program = Program::from_elf(guests::COMMITMENT).expect("an embedded guest");
        let id = image_id(&program);
        assert_eq!(parse_image_id(&id.to_string()), Ok(id));
        assert_eq!(parse_image_id(&format!("0x{id}")), Ok(id));
    }

    #[test]
    fn other_texts_are_refused() {
        let id = "00".repeat(32);
        for text in [
            "",
            "0x",
            &id[1..],
            &format!("{id}0"),
            &format!("{id}00"),
            &id.replace('0', "g"),
        ] {
            let error = parse_image_id(text).expect_err(text);
            assert_eq!(error.got, text);
        }
    }

    #[test]
    fn every_guest_has_its_own() {
        let mut ids: Vec<_> = guests::ALL
            .iter()
            .map(|guest| image_id(&Program::from_elf(guest.elf).expect(guest.name)).0)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), guests::ALL.len());
    }
}
