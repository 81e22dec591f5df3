//! Of an honest receipt and what edits make of it, only the former is accepted.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use vouch_fuzz::{honest, must_be_honest, prepare};

/// A change of a receipt's bytes. Places are taken modulo the length.
#[derive(Arbitrary, Debug)]
enum Edit {
    Flip(u32, u8),
    Set(u32, u8),
    Number(u32, u32),
    Insert(u32, u8),
    Remove(u32),
    Copy { from: u32, to: u32, length: u8 },
    Truncate(u32),
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    let at = |place: u32| place as usize % length;
    match *edit {
        Edit::Flip(place, bit) => bytes[at(place)] ^= 1 << (bit % 8),
        Edit::Set(place, byte) => bytes[at(place)] = byte,
        Edit::Number(place, number) => {
            let target = bytes[at(place)..].iter_mut();
            target
                .zip(number.to_le_bytes())
                .for_each(|(to, from)| *to = from);
        }
        Edit::Insert(place, byte) => bytes.insert(at(place), byte),
        Edit::Remove(place) => drop(bytes.remove(at(place))),
        Edit::Copy { from, to, length } => {
            let copied: Vec<u8> = bytes[at(from)..]
                .iter()
                .copied()
                .take(length.into())
                .collect();
            let target = bytes[at(to)..].iter_mut();
            target.zip(copied).for_each(|(to, from)| *to = from);
        }
        Edit::Truncate(place) => bytes.truncate(at(place)),
    }
}

fuzz_target!(init: { prepare() }, |input: (u8, Vec<Edit>)| {
    let (profile, edits) = input;
    let honest = honest(profile);
    let mut bytes = honest.bytes.clone();
    edits
        .iter()
        .take(16)
        .for_each(|edit| apply(&mut bytes, edit));
    must_be_honest(&bytes, honest);
});
