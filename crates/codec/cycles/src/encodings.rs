//! The encodings. None of them can fail here: who breaks one is told by a panic.

use core::ops::Deref;

use crate::values::Make;

pub trait Encoding {
    fn encode<T: Make>(value: &T) -> impl Deref<Target = [u8]>;
    fn decode<T: Make>(bytes: &[u8]) -> T;
}

/// Ours.
pub struct Aligned;

impl Encoding for Aligned {
    fn encode<T: Make>(value: &T) -> impl Deref<Target = [u8]> {
        vouch_codec::encode(value).expect("it can be encoded")
    }

    #[inline(never)]
    fn decode<T: Make>(bytes: &[u8]) -> T {
        vouch_codec::from_slice(bytes).expect("an encoding")
    }
}

pub struct Postcard;

impl Encoding for Postcard {
    fn encode<T: Make>(value: &T) -> impl Deref<Target = [u8]> {
        postcard::to_allocvec(value).expect("it can be encoded")
    }

    #[inline(never)]
    fn decode<T: Make>(bytes: &[u8]) -> T {
        postcard::from_bytes(bytes).expect("an encoding")
    }
}

/// With integers of fixed size.
pub struct Bincode;

impl Encoding for Bincode {
    fn encode<T: Make>(value: &T) -> impl Deref<Target = [u8]> {
        bincode::serde::encode_to_vec(value, bincode::config::legacy()).expect("it can be encoded")
    }

    #[inline(never)]
    fn decode<T: Make>(bytes: &[u8]) -> T {
        let decoded = bincode::serde::decode_from_slice(bytes, bincode::config::legacy());
        decoded.expect("an encoding").0
    }
}

/// Without serde.
pub struct Borsh;

impl Encoding for Borsh {
    fn encode<T: Make>(value: &T) -> impl Deref<Target = [u8]> {
        borsh::to_vec(value).expect("it can be encoded")
    }

    #[inline(never)]
    fn decode<T: Make>(bytes: &[u8]) -> T {
        borsh::from_slice(bytes).expect("an encoding")
    }
}
