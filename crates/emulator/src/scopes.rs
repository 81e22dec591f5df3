//! Stretches of code that a guest has named, to see what they cost: nothing that is proven depends on them.
//!
//! A guest that is built with `vouch build --scopes` has an instruction without effect where a scope begins and
//! another where it ends. Section `.vouch.scopes`, which is not loaded, lists them, one after another: the
//! instruction's byte address, 0 if the scope begins there and 1 if it ends (numbers of 4 bytes,
//! little-endian), and the scope's name, with a zero behind it and as many more as make the length a multiple of 4.

mod count;

use core::ops::Range;
use std::collections::BTreeMap;

use goblin::elf32::section_header::SectionHeader;

use crate::elf::Header;
use crate::symbols::{contents, sections};

pub(crate) use count::Counter;
pub use count::{ScopeCost, execute_scoped};

const SECTION: &[u8] = b".vouch.scopes";

/// Markers, and bytes of their section, that are looked at: bounds on the work that a hostile file can ask for.
const MAX_BYTES: usize = 1 << 22;

/// What an instruction does to a scope, given by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Begin(u32),
    End(u32),
}

/// The scopes of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    /// By number.
    pub names: Vec<String>,
    /// By word index.
    pub markers: BTreeMap<u32, Marker>,
}

impl Scopes {
    /// The scopes in the byte range `text`; none if there is no list of them or it is broken.
    pub fn parse(file: &[u8], header: &Header, text: Range<u32>) -> Self {
        let list = || {
            let names = sections(file, header)?.nth(header.section_names.into())?;
            let is_list = |section: &SectionHeader| is_called(file, &names, section, SECTION);
            contents(file, &sections(file, header)?.find(is_list)?)
        };
        let list = list().filter(|list| list.len() <= MAX_BYTES);
        Self::of(list.unwrap_or_default(), text).unwrap_or_default()
    }

    fn of(mut list: &[u8], text: Range<u32>) -> Option<Self> {
        let mut scopes = Self::default();
        let mut numbers = BTreeMap::new();
        while !list.is_empty() {
            let address = u32::from_le_bytes(*list.first_chunk()?);
            let kind = u32::from_le_bytes(*list.get(4..)?.first_chunk()?);
            let rest = list.get(8..)?;
            let length = rest.iter().position(|&byte| byte == 0)?;
            let name = core::str::from_utf8(rest.get(..length)?).ok()?;
            list = rest.get((length + 1).next_multiple_of(4)..)?;
            let next = scopes.names.len() as u32;
            let number = *numbers.entry(name.to_owned()).or_insert_with(|| {
                scopes.names.push(name.to_owned());
                next
            });
            let marker = match kind {
                0 => Marker::Begin(number),
                1 => Marker::End(number),
                _ => return None,
            };
            // Linkers leave an address of 0, or the like, of code that they have left out.
            if text.contains(&address) && address.is_multiple_of(4) {
                scopes.markers.insert(address / 4, marker);
            }
        }
        Some(scopes)
    }
}

/// Whether a section has this name.
fn is_called(file: &[u8], names: &SectionHeader, section: &SectionHeader, name: &[u8]) -> bool {
    let found = contents(file, names).and_then(|names| names.get(section.sh_name as usize..));
    let end = name.len();
    found.is_some_and(|found| found.starts_with(name) && found.get(end) == Some(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(address: u32, kind: u32, name: &str) -> Vec<u8> {
        let mut bytes = [address.to_le_bytes(), kind.to_le_bytes()].concat();
        bytes.extend(name.bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    const TEXT: Range<u32> = 0x1000..0x2000;

    #[test]
    fn a_list_is_read() {
        let list = [
            entry(0x1000, 0, "outer"),
            entry(0x1004, 0, "abc"),
            entry(0x1ffc, 1, "outer"),
            entry(0, 0, "left out"),
            entry(0x1002, 0, "outer"),
            entry(0x2000, 1, "outer"),
        ];
        let scopes = Scopes::of(&list.concat(), TEXT).expect("a list");
        assert_eq!(scopes.names, ["outer", "abc", "left out"]);
        let markers = [
            (0x400, Marker::Begin(0)),
            (0x401, Marker::Begin(1)),
            (0x7ff, Marker::End(0)),
        ];
        assert_eq!(scopes.markers, BTreeMap::from(markers));
        assert!(Scopes::of(&[], TEXT).expect("a list").markers.is_empty());
    }

    #[test]
    fn broken_lists_are_none() {
        let whole = entry(0x1000, 0, "name");
        for end in 1..whole.len() {
            assert!(Scopes::of(&whole[..end], TEXT).is_none(), "{end} bytes");
        }
        assert!(Scopes::of(&entry(0x1000, 2, "name"), TEXT).is_none());
        assert!(Scopes::of(&[&whole[..8], b"\xff\0\0\0"].concat(), TEXT).is_none());
        assert!(Scopes::of(&[&whole[..8], b"long"].concat(), TEXT).is_none());
    }
}
