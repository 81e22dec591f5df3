//! RustCrypto's `sha2` 0.10, for guests of Vouch: the same types, traits and features, over the compression functions of
//! our `sha2` 0.11.
//!
//! ```
//! use sha2::{Digest, Sha256};
//!
//! let digest = Sha256::digest(b"abc");
//! assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
//! ```
#![no_std]

mod core_api;

pub use digest::{self, Digest};

pub use core_api::{Sha256VarCore, Sha512VarCore};
#[cfg(feature = "compress")]
pub use core_api::{compress256, compress512};
use digest::consts::{U28, U32, U48, U64};
use digest::core_api::{CoreWrapper, CtVariableCoreWrapper};

digest::impl_oid_carrier!(OidSha224, "2.16.840.1.101.3.4.2.4");
digest::impl_oid_carrier!(OidSha256, "2.16.840.1.101.3.4.2.1");
digest::impl_oid_carrier!(OidSha384, "2.16.840.1.101.3.4.2.2");
digest::impl_oid_carrier!(OidSha512, "2.16.840.1.101.3.4.2.3");
digest::impl_oid_carrier!(OidSha512_224, "2.16.840.1.101.3.4.2.5");
digest::impl_oid_carrier!(OidSha512_256, "2.16.840.1.101.3.4.2.6");

/// SHA-224.
pub type Sha224 = CoreWrapper<CtVariableCoreWrapper<Sha256VarCore, U28, OidSha224>>;
/// SHA-256.
pub type Sha256 = CoreWrapper<CtVariableCoreWrapper<Sha256VarCore, U32, OidSha256>>;
/// SHA-512/224.
pub type Sha512_224 = CoreWrapper<CtVariableCoreWrapper<Sha512VarCore, U28, OidSha512_224>>;
/// SHA-512/256.
pub type Sha512_256 = CoreWrapper<CtVariableCoreWrapper<Sha512VarCore, U32, OidSha512_256>>;
/// SHA-384.
pub type Sha384 = CoreWrapper<CtVariableCoreWrapper<Sha512VarCore, U48, OidSha384>>;
/// SHA-512.
pub type Sha512 = CoreWrapper<CtVariableCoreWrapper<Sha512VarCore, U64, OidSha512>>;
