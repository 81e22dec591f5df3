//! What was encoded is what is decoded, and nothing else is.

use proptest::prelude::*;
use vouch_codec::{from_slice, take_from_slice, to_vec};

use crate::types::{Plain, Whole, plain, whole};

/// The bytes at every alignment that memory can have.
pub fn at_each_alignment(bytes: &[u8], mut check: impl FnMut(&[u8])) {
    for offset in 0..4 {
        let mut memory = vec![0xff; offset];
        memory.extend(bytes);
        check(&memory[offset..]);
    }
}

proptest! {
    #[test]
    fn values_come_back(value in whole()) {
        let bytes = to_vec(&value).expect("it can be encoded");
        prop_assert!(bytes.len().is_multiple_of(4));
        at_each_alignment(&bytes, |bytes| {
            assert_eq!(from_slice::<Whole>(bytes).as_ref(), Ok(&value));
        });
    }

    #[test]
    fn what_follows_stays(value in whole(), next: Vec<u8>) {
        let bytes = to_vec(&value).expect("it can be encoded");
        let mut all = bytes.clone();
        all.extend(&next);
        at_each_alignment(&all, |all| {
            let (first, rest) = take_from_slice::<Whole>(all).expect("a value");
            assert_eq!((&first, rest), (&value, &*next));
        });
    }

    #[test]
    fn the_start_of_a_value_is_none(value in whole(), cut: prop::sample::Index) {
        let bytes = to_vec(&value).expect("it can be encoded");
        let start = &bytes[..cut.index(bytes.len())];
        at_each_alignment(start, |start| assert!(from_slice::<Whole>(start).is_err()));
    }

    /// Whatever is decoded has been written like that: there is no other encoding of it.
    #[test]
    fn encodings_are_unique(value in plain(), place: prop::sample::Index, change: u8) {
        let mut bytes = to_vec(&value).expect("it can be encoded");
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        at_each_alignment(&bytes, |bytes| {
            if let Ok(other) = from_slice::<Plain>(bytes) {
                assert_eq!(to_vec(&other).as_deref(), Ok(bytes));
            }
        });
    }
}
