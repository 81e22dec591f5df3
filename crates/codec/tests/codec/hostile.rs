//! Bytes from anywhere: a typed error for whatever is wrong, and nothing worse.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use proptest::prelude::*;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use vouch_codec::{Error, ErrorKind, MAX_DEPTH, from_slice, to_vec};

use crate::round_trips::at_each_alignment;
use crate::types::{Shape, Whole};

/// What decoding says, wherever in memory the bytes are.
#[track_caller]
fn refused<'de, T: Deserialize<'de> + Debug>(bytes: &'de [u8]) -> Error {
    from_slice::<T>(bytes).expect_err("no encoding")
}

/// Decoding fails like this, at this byte, with these words.
macro_rules! refuses {
    ($type:ty, $bytes:expr, $kind:expr, $at:expr, $words:expr) => {
        at_each_alignment(&$bytes, |bytes| {
            let error = refused::<$type>(bytes);
            assert_eq!((error.kind(), error.offset()), (&$kind, Some($at)));
            assert_eq!(error.to_string(), format!("{} at byte {}", $words, $at));
        })
    };
}

#[test]
fn bytes_that_are_missing() {
    let kind = |expected, got| ErrorKind::End { expected, got };
    refuses!(u32, [], kind(4, 0), 0, "expected 4 bytes, got 0");
    refuses!(u32, [1, 2, 3], kind(4, 3), 0, "expected 4 bytes, got 3");
    refuses!(u64, [0; 7], kind(4, 3), 4, "expected 4 bytes, got 3");
    // Padding belongs to the value.
    refuses!(u8, [1], kind(4, 1), 0, "expected 4 bytes, got 1");
    refuses!(
        &str,
        [3, 0, 0, 0, b'a', b'b', b'c'],
        kind(4, 3),
        4,
        "expected 4 bytes, got 3"
    );
    refuses!(
        &str,
        [5, 0, 0, 0, 1, 2, 3, 4],
        kind(5, 4),
        4,
        "expected 5 bytes, got 4"
    );
    let all = u32::MAX as usize;
    let words = "expected 4294967295 bytes, got 4";
    refuses!(
        serde_bytes::ByteBuf,
        [0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
        kind(all, 4),
        4,
        words
    );
}

#[test]
fn bytes_that_are_left_over() {
    let kind = ErrorKind::LeftOver { got: 4 };
    refuses!(
        u8,
        [1, 0, 0, 0, 0, 0, 0, 0],
        kind,
        4,
        "expected the end, got 4 more bytes"
    );
    let kind = ErrorKind::LeftOver { got: 1 };
    refuses!((), [0], kind, 0, "expected the end, got 1 more bytes");
}

#[test]
fn padding_that_is_not_zero() {
    let kind = |got| ErrorKind::Padding { got };
    refuses!(
        (u8, u16),
        [1, 7, 2, 0],
        kind(7),
        1,
        "expected padding 0, got 7"
    );
    refuses!(
        (u8, u8, u8, u16),
        [1, 2, 3, 9, 2, 0, 0, 0],
        kind(9),
        3,
        "expected padding 0, got 9"
    );
    refuses!(
        (u8, u32),
        [1, 0, 8, 0, 2, 0, 0, 0],
        kind(8),
        2,
        "expected padding 0, got 8"
    );
    refuses!(
        (u8, u64),
        [1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
        kind(1),
        1,
        "expected padding 0, got 1"
    );
    refuses!(
        (u16, &str),
        [1, 0, 0, 5, 0, 0, 0, 0],
        kind(5),
        3,
        "expected padding 0, got 5"
    );
    refuses!(
        &str,
        [1, 0, 0, 0, b'a', 0, 0, 255],
        kind(255),
        7,
        "expected padding 0, got 255"
    );
    refuses!(u16, [1, 0, 2, 3], kind(2), 2, "expected padding 0, got 2");
}

#[test]
fn values_that_there_are_not() {
    let kind = ErrorKind::Bool { got: 2 };
    refuses!(
        (u8, bool),
        [1, 2, 0, 0],
        kind,
        1,
        "expected bool 0 or 1, got 2"
    );
    let kind = ErrorKind::Option { got: 255 };
    refuses!(
        Option<u8>,
        [255, 0, 0, 0],
        kind,
        0,
        "expected option 0 or 1, got 255"
    );
    let kind = ErrorKind::Char { got: 0xd800 };
    refuses!(
        (u32, char),
        [0, 0, 0, 0, 0, 0xd8, 0, 0],
        kind,
        4,
        "expected a character, got 0xd800"
    );
    let bytes = [4, 0, 0, 0, b'a', b'b', 0xff, b'c'];
    refuses!(
        &str,
        bytes,
        ErrorKind::Utf8,
        6,
        "expected UTF-8, got other bytes"
    );
    refuses!(
        String,
        bytes,
        ErrorKind::Utf8,
        6,
        "expected UTF-8, got other bytes"
    );
    let words = "invalid value: integer `5`, expected variant index 0 <= i < 5";
    let kind = ErrorKind::Message(words.into());
    refuses!(Shape, [5, 0, 0, 0], kind, 4, words);
}

#[test]
fn counts_are_compared_with_what_is_left() {
    let kind = |expected, got| ErrorKind::Count { expected, got };
    let words = "expected at most 4 elements, got 5";
    refuses!(Vec<u8>, [5, 0, 0, 0, 1, 2, 3, 4], kind(4, 5), 0, words);
    let words = "expected at most 0 elements, got 4294967295";
    refuses!(BTreeMap<u32, u32>, [0xff; 4], kind(0, u32::MAX), 0, words);
    assert_eq!(
        from_slice(&[4, 0, 0, 0, 1, 2, 3, 4]),
        Ok(vec![1_u8, 2, 3, 4])
    );
    // There are none of no bytes, however many there could be.
    let words = "expected elements of some bytes, got some of none";
    refuses!(
        (Vec<()>, u32),
        [3, 0, 0, 0, 0, 0, 0, 0],
        ErrorKind::NoBytes,
        4,
        words
    );
}

/// A sequence of which only the first element is asked for.
#[derive(Debug)]
struct First;

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = First;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<First, A::Error> {
                assert_eq!(all.size_hint(), Some(2));
                all.next_element::<u32>().map(|_| First)
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

#[test]
fn types_that_do_not_fit_the_encoding() {
    let bytes = [2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0];
    let words = "expected a type that reads all, got 1 elements left";
    refuses!(First, bytes, ErrorKind::Unread { got: 1 }, 8, words);
    let words = "expected a type that knows its shape, got one that asks the bytes";
    refuses!(
        (u32, IgnoredAny),
        [0; 8],
        ErrorKind::SelfDescribing,
        4,
        words
    );
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "there is none")]
    enum Either {
        One(u32),
        Other(String),
    }
    refuses!(Either, [0; 4], ErrorKind::SelfDescribing, 0, words);
}

#[test]
fn values_that_cannot_be_encoded() {
    let described = |error: Error| (error.kind().clone(), error.to_string(), error.offset());
    let words = "expected elements of some bytes, got some of none";
    let none = (ErrorKind::NoBytes, words.to_owned(), None);
    assert_eq!(described(to_vec(&[(); 1][..]).expect_err("no bytes")), none);
    assert_eq!(
        described(to_vec(&BTreeMap::from([((), ())])).expect_err("no bytes")),
        none
    );
    // None of them is another matter, and so is an array, whose type says how many there are.
    assert_eq!(to_vec::<[()]>(&[]), Ok(vec![0; 4]));
    assert_eq!(to_vec(&[(); 3]), Ok(vec![]));
    struct Refusing;
    impl Serialize for Refusing {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    let message = ErrorKind::Message("not today".into());
    let error = described(to_vec(&Refusing).expect_err("it says no"));
    assert_eq!(error, (message, "not today".into(), None));
}

/// Something that may lie within itself, in each of the ways that there are.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Nested {
    Leaf,
    Option(Option<Box<Nested>>),
    Sequence(Vec<Nested>),
    Map(BTreeMap<u8, Nested>),
    Tuple(Box<Nested>, ()),
    Struct { inner: Box<Nested> },
    New(Box<Nested>),
}

#[test]
fn nesting_has_a_limit() {
    type Wrap = fn(Nested) -> Nested;
    let ways: [(Wrap, u32); 6] = [
        (|inner| Nested::Option(Some(inner.into())), 2),
        (|inner| Nested::Sequence(vec![inner]), 2),
        (|inner| Nested::Map([(0, inner)].into()), 2),
        (|inner| Nested::Tuple(inner.into(), ()), 1),
        (
            |inner| Nested::Struct {
                inner: inner.into(),
            },
            1,
        ),
        (|inner| Nested::New(inner.into()), 1),
    ];
    for (wrap, levels) in ways {
        let nested = |times| (0..times).fold(Nested::Leaf, |inner, _| wrap(inner));
        let deepest = nested(MAX_DEPTH / levels);
        let bytes = to_vec(&deepest).expect("deep enough");
        assert_eq!(from_slice::<Nested>(&bytes).as_ref(), Ok(&deepest));
        // Side by side, each starts where the others did.
        let both = to_vec(&(&deepest, &deepest)).expect("deep enough");
        assert!(from_slice::<(Nested, Nested)>(&both).is_ok());

        let error = to_vec(&nested(MAX_DEPTH / levels + 1)).expect_err("too deep");
        assert_eq!(error.kind(), &ErrorKind::Depth);
        assert_eq!(error.to_string(), "expected at most 128 levels, got more");
        // One level more, by hand.
        let mut deeper = to_vec(&wrap(Nested::Leaf)).expect("one level");
        let leaf = deeper.len() - 4;
        deeper.splice(leaf.., bytes);
        let error = refused::<Nested>(&deeper);
        assert_eq!(error.kind(), &ErrorKind::Depth);
    }
}

proptest! {
    #[test]
    fn nothing_panics(bytes: Vec<u8>) {
        at_each_alignment(&bytes, |bytes| {
            let _ = from_slice::<Whole>(bytes);
            let _ = from_slice::<Nested>(bytes);
            let _ = from_slice::<(Vec<Shape>, String)>(bytes);
        });
    }

    /// Words are small, so that decoding goes on for a while; it says the same wherever the bytes are.
    #[test]
    fn alignment_does_not_matter(words in proptest::collection::vec(0..7_u32, 0..40)) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let expected = from_slice::<Vec<Nested>>(&bytes);
        let memory = [&[0][..], &bytes].concat();
        prop_assert_eq!(from_slice::<Vec<Nested>>(&memory[1..]), expected);
    }
}
