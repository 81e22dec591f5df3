//! Roots of unity on a device (`kernels/roots.cuh`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use vouch_air::F;
use vouch_verifier::packing::shift;

use crate::arena::{Buffer, Gpu};
use crate::device::Address;
use crate::error::GpuError;
use crate::field::words;

/// Tables of roots of unity, each computed and copied to the device when it is first wanted. Few
/// and short: two of `2^(n/2)` words for a root of order `2^n`, and at most `2^13` words for
/// the layers that a pass of a transform has on one coset.
pub struct Roots {
    gpu: Gpu,
    tables: Mutex<HashMap<RootTable, Arc<Buffer>>>,
}

/// What a table holds.
#[derive(Clone, PartialEq, Eq, Hash)]
enum RootTable {
    /// Powers of the root of this order, log2.
    Powers(usize),
    /// Roots of this many layers of an inverse transform.
    Inverse(usize),
    /// Roots of this many layers of a forward transform, for each of some shifts.
    Forward(usize, Vec<F>),
    /// Powers of the shift of packs of this many columns, log2.
    Shifts(usize),
}

/// `Powers` of the kernels.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Powers {
    table: Address,
    log_order: u32,
    low_bits: u32,
}

impl Powers {
    /// Of no root.
    pub const NONE: Self = Self {
        table: 0,
        log_order: 0,
        low_bits: 0,
    };
}

impl Roots {
    /// None at first.
    pub fn new(gpu: &Gpu) -> Self {
        Self {
            gpu: gpu.clone(),
            tables: Mutex::default(),
        }
    }

    /// Powers of the generator of the subgroup of `2^log_order` elements.
    pub(super) fn powers(&self, log_order: usize) -> Result<Powers, GpuError> {
        let low_bits = log_order.div_ceil(2);
        let table = self.table(RootTable::Powers(log_order), || {
            let root = F::two_adic_generator(log_order);
            let low = root.powers().collect_n(1 << low_bits);
            let step = root.exp_power_of_2(low_bits);
            let high = step.powers().collect_n(1 << (log_order - low_bits));
            [low, high].concat()
        })?;
        Ok(Powers {
            table,
            log_order: log_order as u32,
            low_bits: low_bits as u32,
        })
    }

    /// Roots of the `layers` inverse layers of smallest stride.
    pub(super) fn inverse(&self, layers: usize) -> Result<Address, GpuError> {
        self.table(RootTable::Inverse(layers), || {
            layer_roots(layers, F::ONE, F::inverse)
        })
    }

    /// Roots of the `layers` forward layers that give the values of a polynomial of degree
    /// `2^layers` on each of `shifts` times the subgroup; `2^layers` words each.
    pub(super) fn forward(&self, layers: usize, shifts: Vec<F>) -> Result<Address, GpuError> {
        self.table(RootTable::Forward(layers, shifts.clone()), || {
            let roots = |&shift: &F| layer_roots(layers, shift, |&root| root);
            shifts.iter().flat_map(roots).collect()
        })
    }

    /// Powers of the shift of the coset that packs of `2^log_size` columns are on, as many.
    pub(super) fn shifts(&self, log_size: usize) -> Result<Address, GpuError> {
        self.table(RootTable::Shifts(log_size), || {
            shift(log_size).powers().collect_n(1 << log_size)
        })
    }

    /// Tables live as long as `self`, so that their addresses stay valid.
    fn table(
        &self,
        key: RootTable,
        elements: impl FnOnce() -> Vec<F>,
    ) -> Result<Address, GpuError> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get(&key) {
            return Ok(table.start());
        }
        let table = Arc::new(self.gpu.upload(words(&elements()))?);
        let address = table.start();
        tables.insert(key, table);
        Ok(address)
    }
}

/// The roots of `layers` layers: at `m + j` the one by which the layer of half `m` multiplies its
/// number `j`, `shift^(2^layers / 2m) w^j`, `w` being `turn` of the root of order `2m`.
fn layer_roots(layers: usize, shift: F, turn: impl Fn(&F) -> F) -> Vec<F> {
    let mut roots = vec![F::ONE];
    for log_half in 0..layers {
        let root = turn(&F::two_adic_generator(log_half + 1));
        let first = shift.exp_power_of_2(layers - 1 - log_half);
        roots.extend(root.shifted_powers(first).take(1 << log_half));
    }
    roots
}
