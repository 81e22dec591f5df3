//! Pages of the address space, made when first used.

use crate::memory::PAGES;

/// Slots in a table of either level.
const FAN: usize = 1 << 10;

const _: () = assert!(FAN * FAN == PAGES);

/// The pages of one upper slot.
type Lower<T> = [Option<Box<T>>; FAN];

/// Pages by index. Two levels, as most programs use a few pages here and there: a single table would
/// take longer to make and to drop than small programs run.
pub(crate) struct PageTable<T> {
    upper: Box<[Option<Box<Lower<T>>>; FAN]>,
}

impl<T> PageTable<T> {
    /// No pages.
    pub fn new() -> Self {
        Self {
            upper: Box::new([const { None }; FAN]),
        }
    }

    /// The page at an index below [`PAGES`].
    #[inline(always)]
    pub fn get(&self, index: u32) -> Option<&T> {
        let lower = self.upper[upper(index)].as_deref()?;
        lower[lower_slot(index)].as_deref()
    }

    /// As [`Self::get`], to be changed.
    #[inline(always)]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let lower = self.upper[upper(index)].as_deref_mut()?;
        lower[lower_slot(index)].as_deref_mut()
    }

    /// Where the page is kept, if there is one.
    #[inline(always)]
    pub fn slot(&mut self, index: u32) -> &mut Option<Box<T>> {
        let lower = self.upper[upper(index)].get_or_insert_with(fresh);
        &mut lower[lower_slot(index)]
    }
}

// The remainders cost nothing, and spare the bounds checks.
#[inline(always)]
const fn upper(index: u32) -> usize {
    index as usize / FAN % FAN
}

#[inline(always)]
const fn lower_slot(index: u32) -> usize {
    index as usize % FAN
}

#[cold]
fn fresh<T>() -> Box<Lower<T>> {
    Box::new([const { None }; FAN])
}
