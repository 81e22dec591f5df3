//! RustCrypto's `sha2`, for guests of Vouch: the same types, traits and features. SHA-224 and SHA-256 take a call of the
//! accelerator `sha256_compress` for each block, the others are software. Elsewhere all of them are.
//!
//! ```
//! use sha2::{Digest, Sha256};
//!
//! let digest = Sha256::digest(b"abc");
//! assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
//! ```
#![no_std]

// Words are given to the accelerator as they lie in memory.
#[cfg(target_endian = "big")]
compile_error!("expected a little-endian machine, as Vouch's is");

pub mod block_api;
mod sha256;
mod sha512;

pub use digest::{self, Digest};

use block_api::{Sha256VarCore, Sha512VarCore};
use digest::block_api::CtOutWrapper;
use digest::consts::{U28, U32, U48, U64};

digest::buffer_fixed!(
    /// SHA-224.
    pub struct Sha224(CtOutWrapper<Sha256VarCore, U28>);
    oid: "2.16.840.1.101.3.4.2.4";
    impl: FixedHashTraits;
);
digest::buffer_fixed!(
    /// SHA-256.
    pub struct Sha256(CtOutWrapper<Sha256VarCore, U32>);
    oid: "2.16.840.1.101.3.4.2.1";
    impl: FixedHashTraits;
);
digest::buffer_fixed!(
    /// SHA-512/224.
    pub struct Sha512_224(CtOutWrapper<Sha512VarCore, U28>);
    oid: "2.16.840.1.101.3.4.2.5";
    impl: FixedHashTraits;
);
digest::buffer_fixed!(
    /// SHA-512/256.
    pub struct Sha512_256(CtOutWrapper<Sha512VarCore, U32>);
    oid: "2.16.840.1.101.3.4.2.6";
    impl: FixedHashTraits;
);
digest::buffer_fixed!(
    /// SHA-384.
    pub struct Sha384(CtOutWrapper<Sha512VarCore, U48>);
    oid: "2.16.840.1.101.3.4.2.2";
    impl: FixedHashTraits;
);
digest::buffer_fixed!(
    /// SHA-512.
    pub struct Sha512(CtOutWrapper<Sha512VarCore, U64>);
    oid: "2.16.840.1.101.3.4.2.3";
    impl: FixedHashTraits;
);
