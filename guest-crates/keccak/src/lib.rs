//! The permutations Keccak-f and Keccak-p (FIPS 202), with the interface of RustCrypto's `keccak` 0.2, which
//! `sha3` stands on. In a guest, Keccak-f\[1600\] is one call of the accelerator; all else is software.
#![no_std]

#[doc(hidden)]
pub mod software;

#[cfg(feature = "parallel")]
use hybrid_array::{Array, ArraySize, typenum::U1};

/// Lanes of a state.
pub const PLEN: usize = 25;
/// Rounds of Keccak-f[200].
pub const F200_ROUNDS: usize = 18;
/// Rounds of Keccak-f[400].
pub const F400_ROUNDS: usize = 20;
/// Rounds of Keccak-f[800].
pub const F800_ROUNDS: usize = 22;
/// Rounds of Keccak-f\[1600\].
pub const F1600_ROUNDS: usize = 24;

/// A state of 200 bits: lane `x + 5y`.
pub type State200 = [u8; PLEN];
/// A state of 400 bits.
pub type State400 = [u16; PLEN];
/// A state of 800 bits.
pub type State800 = [u32; PLEN];
/// A state of 1600 bits.
pub type State1600 = [u64; PLEN];

/// Permutes a state of 200 bits in place.
pub type Fn200 = fn(&mut State200);
/// Permutes a state of 400 bits in place.
pub type Fn400 = fn(&mut State400);
/// Permutes a state of 800 bits in place.
pub type Fn800 = fn(&mut State800);
/// Permutes a state of 1600 bits in place.
pub type Fn1600 = fn(&mut State1600);

/// The states that a backend permutes at once.
#[cfg(feature = "parallel")]
pub type ParState1600<B> = Array<State1600, <B as Backend>::ParSize1600>;
/// Permutes them in place.
#[cfg(feature = "parallel")]
pub type ParFn1600<B> = fn(&mut ParState1600<B>);

/// A way to compute the permutations of 1600 bits. There is one here.
pub trait Backend {
    /// States that are permuted at once.
    #[cfg(feature = "parallel")]
    type ParSize1600: ArraySize;

    /// The last `ROUNDS` rounds of Keccak-f\[1600\]; more than [`F1600_ROUNDS`] do not compile.
    #[must_use]
    fn get_p1600<const ROUNDS: usize>() -> Fn1600;

    /// As [`Self::get_p1600`], of several states.
    #[cfg(feature = "parallel")]
    #[must_use]
    fn get_par_p1600<const ROUNDS: usize>() -> ParFn1600<Self> {
        |states| states.iter_mut().for_each(Self::get_p1600::<ROUNDS>())
    }

    /// Keccak-f\[1600\].
    #[must_use]
    fn get_f1600() -> Fn1600 {
        Self::get_p1600::<F1600_ROUNDS>()
    }

    /// Keccak-f\[1600\] of several states.
    #[cfg(feature = "parallel")]
    #[must_use]
    fn get_par_f1600() -> ParFn1600<Self> {
        Self::get_par_p1600::<F1600_ROUNDS>()
    }
}

/// What runs with any [`Backend`].
pub trait BackendClosure {
    /// Runs with this one.
    fn call_once<B: Backend>(self);
}

/// The backend: the accelerator for all 24 rounds, else software.
struct Vouch;

impl Backend for Vouch {
    #[cfg(feature = "parallel")]
    type ParSize1600 = U1;

    fn get_p1600<const ROUNDS: usize>() -> Fn1600 {
        const { assert!(ROUNDS <= F1600_ROUNDS, "there are no more rounds") };
        match ROUNDS {
            F1600_ROUNDS => f1600,
            _ => |state| software::permute(state, ROUNDS),
        }
    }
}

#[cfg(target_arch = "riscv32")]
fn f1600(state: &mut State1600) {
    let words = bytemuck::cast_slice_mut(state).as_mut_array();
    vouch_guest::accelerators::keccak_f1600(words.expect("two words a lane"));
}

#[cfg(not(target_arch = "riscv32"))]
fn f1600(state: &mut State1600) {
    software::permute(state, F1600_ROUNDS);
}

/// The permutations.
#[derive(Debug, Copy, Clone, Default)]
pub struct Keccak {}

impl Keccak {
    /// The permutations.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }

    /// Calls `f` with the [`Backend`].
    pub fn with_backend(&self, f: impl BackendClosure) {
        f.call_once::<Vouch>();
    }

    /// Calls `f` with Keccak-f[200].
    pub fn with_f200(&self, f: impl FnOnce(Fn200)) {
        self.with_p200::<F200_ROUNDS>(f);
    }

    /// Calls `f` with Keccak-f[400].
    pub fn with_f400(&self, f: impl FnOnce(Fn400)) {
        self.with_p400::<F400_ROUNDS>(f);
    }

    /// Calls `f` with Keccak-f[800].
    pub fn with_f800(&self, f: impl FnOnce(Fn800)) {
        self.with_p800::<F800_ROUNDS>(f);
    }

    /// Calls `f` with Keccak-f\[1600\].
    pub fn with_f1600(&self, f: impl FnOnce(Fn1600)) {
        self.with_p1600::<F1600_ROUNDS>(f);
    }

    /// Calls `f` with the last `ROUNDS` rounds of Keccak-f[200]; more than there are do not compile.
    pub fn with_p200<const ROUNDS: usize>(&self, f: impl FnOnce(Fn200)) {
        const { assert!(ROUNDS <= F200_ROUNDS, "there are no more rounds") };
        f(|state| software::permute(state, ROUNDS));
    }

    /// As [`Self::with_p200`], of Keccak-f[400].
    pub fn with_p400<const ROUNDS: usize>(&self, f: impl FnOnce(Fn400)) {
        const { assert!(ROUNDS <= F400_ROUNDS, "there are no more rounds") };
        f(|state| software::permute(state, ROUNDS));
    }

    /// As [`Self::with_p200`], of Keccak-f[800].
    pub fn with_p800<const ROUNDS: usize>(&self, f: impl FnOnce(Fn800)) {
        const { assert!(ROUNDS <= F800_ROUNDS, "there are no more rounds") };
        f(|state| software::permute(state, ROUNDS));
    }

    /// As [`Self::with_p200`], of Keccak-f\[1600\].
    pub fn with_p1600<const ROUNDS: usize>(&self, f: impl FnOnce(Fn1600)) {
        f(Vouch::get_p1600::<ROUNDS>());
    }
}
