//! The interface of RISC Zero's kernels for its Keccak circuit, without the kernels: 39 MB of
//! generated C++ that take long to compile, and that a guest reaches only through the Keccak
//! system call. The guests here make none.

use core::ffi::c_char;

use risc0_core::field::baby_bear::{BabyBearElem, BabyBearExtElem};

/// Where bits of the witness are spread to.
#[derive(Debug)]
#[repr(C)]
pub struct ScatterInfo {
    /// First word of the source.
    pub offset: u32,
    /// Row written to.
    pub row: u32,
    /// First column written to.
    pub col: u16,
    /// How many columns.
    pub count: u16,
    /// Bits a column takes.
    pub bits: u32,
}

/// The inputs of the witness.
#[repr(C)]
pub struct RawPreflightTrace {
    /// The states to permute.
    pub preimages: *const [u64; 25],
    /// How many.
    pub preimages_count: u32,
    /// By row, the state that it belongs to.
    pub preimage_idxs: *const u32,
    /// The order in which the rows are filled.
    pub run_order: *const u32,
}

/// The columns of the witness.
#[repr(C)]
pub struct RawExecBuffers {
    /// Public values.
    pub global: RawBuffer,
    /// The trace.
    pub data: RawBuffer,
}

/// A matrix of field elements.
#[repr(C)]
pub struct RawBuffer {
    /// The elements, column by column.
    pub buf: *const BabyBearElem,
    /// Height.
    pub rows: usize,
    /// Width.
    pub cols: usize,
    /// Whether reading what was not written is an error.
    pub checked_reads: bool,
}

/// Would fill the witness of the Keccak circuit.
///
/// # Panics
/// Always.
pub fn risc0_circuit_keccak_cpu_witgen(
    _mode: u32,
    _buffers: *const RawExecBuffers,
    _preflight: *const RawPreflightTrace,
    _cycles: u32,
) -> *const c_char {
    left_out()
}

/// Would evaluate the constraints of the Keccak circuit.
///
/// # Panics
/// Always.
pub fn risc0_circuit_keccak_cpu_poly_fp(
    _cycle: usize,
    _steps: usize,
    _poly_mixs: *const BabyBearExtElem,
    _args: *const *const BabyBearElem,
    _result: *mut BabyBearExtElem,
) -> *const c_char {
    left_out()
}

fn left_out() -> ! {
    panic!("this build leaves out RISC Zero's Keccak circuit, and the guest used it")
}
