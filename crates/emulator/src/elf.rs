//! From the bytes of an ELF to a [`Program`].
//!
//! Only the headers that matter are parsed, each at an offset checked against the file, so
//! that hostile bytes cost at most a small multiple of their own number.

mod error;
mod header;
mod segments;

pub use error::ElfError;
pub use segments::MAX_LOAD_BYTES;

use vouch_isa::image::Image;

use crate::code::{self, Guard};
use crate::program::Program;
use crate::scopes::Scopes;
use crate::symbols::Symbols;
pub(crate) use header::Header;
use segments::{Load, Text};

impl Program {
    /// Loads a statically linked RV32IM ELF: 32-bit, little-endian, `ET_EXEC`, soft-float,
    /// uncompressed.
    ///
    /// One segment is executable and none is both executable and writable; writable memory
    /// lies above the code, because the machine cannot prove a store below the code's end.
    ///
    /// # Errors
    ///
    /// [`ElfError`] says what was found instead.
    pub fn from_elf(file: &[u8]) -> Result<Self, ElfError> {
        let header = Header::parse(file)?;
        let loads = segments::loads(file, &header)?;
        let text = segments::text(&loads)?;
        segments::check_layout(file, &loads, &text)?;
        check_entry(header.entry, &text)?;
        segments::check_compressed(file, &header, &text)?;
        let regions: Vec<_> = loads.iter().map(Load::region).collect();
        let guard = match regions.iter().any(|region| region.stack) {
            true => Guard::Stack,
            false => Guard::Nothing,
        };
        let image = Image {
            entry: header.entry / 4,
            text: text.start / 4..text.end / 4,
            leaves: segments::leaves(file, &loads),
        };
        Ok(Self {
            code: code::decode_text(file.get(text.data.clone()).unwrap_or_default(), guard),
            regions,
            symbols: Symbols::parse(file, &header, text.start..text.end),
            scopes: Scopes::parse(file, &header, text.start..text.end),
            image,
        })
    }
}

fn check_entry(entry: u32, text: &Text) -> Result<(), ElfError> {
    if !entry.is_multiple_of(4) {
        return Err(ElfError::MisalignedEntry { entry });
    }
    if !(text.start..text.end).contains(&entry) {
        return Err(ElfError::EntryOutsideCode {
            entry,
            start: text.start,
            end: text.end,
        });
    }
    Ok(())
}
