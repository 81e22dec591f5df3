//! Bytes are no value of typed input or output, or the value encodes to the same bytes. Only a map may come in another
//! order, or with a key twice: then what it encodes to is the one encoding of an equal value.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// One variant or more for each row of the table in docs/encoding.md, but for maps.
#[derive(Deserialize, Serialize)]
enum Value {
    Nothing,
    Truth(bool),
    Small(u8, i16, u8, u16),
    Large { a: u32, b: i64, c: u128 },
    Real(f32, f64),
    Letter(char),
    Text(String),
    Bytes(ByteBuf),
    Numbers(Vec<u16>),
    Array([u8; 3]),
    Perhaps(Option<Box<Value>>),
    List(Vec<Value>),
    Pairs(Vec<(String, Value)>),
}

/// What is borrowed from the bytes.
#[derive(Deserialize, Serialize)]
struct Borrowed<'a> {
    #[serde(borrow)]
    names: Vec<&'a str>,
    #[serde(with = "serde_bytes")]
    bytes: &'a [u8],
}

fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    vouch_codec::to_vec(value).expect("it was decoded")
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = vouch_codec::from_slice::<Value>(bytes) {
        assert!(encoded(&value) == bytes, "a value with two encodings");
    }
    if let Ok(value) = vouch_codec::from_slice::<Borrowed<'_>>(bytes) {
        assert!(encoded(&value) == bytes, "a value with two encodings");
    }
    if let Ok((value, rest)) = vouch_codec::take_from_slice::<Value>(bytes) {
        let all = [&encoded(&value), rest].concat();
        assert!(all == bytes, "a value with two encodings, or a wrong rest");
    }
    if let Ok(map) = vouch_codec::from_slice::<BTreeMap<u32, Value>>(bytes) {
        let sorted = encoded(&map);
        assert!(sorted.len() <= bytes.len(), "a map that grows");
        let again: BTreeMap<u32, Value> = vouch_codec::from_slice(&sorted).expect("it was encoded");
        assert!(
            encoded(&again) == sorted,
            "a map with two encodings in order"
        );
    }
});
