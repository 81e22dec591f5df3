//! Columns as structs with named fields.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::slice::{Iter, IterMut};

/// A fixed number of cells in a row of `T`: a field element, an array, or a struct made of
/// blocks by [`columns!`](crate::columns!).
pub trait Block<T: Copy>: Sized {
    /// Number of cells.
    const WIDTH: usize;
    /// The names of its cells stand for themselves, without the name of the field that holds it.
    const INLINE: bool = false;

    /// Takes the block's cells from the front of a row.
    ///
    /// # Panics
    /// If the row is shorter than the block: rows come from matrices of the table's width.
    fn take(cells: &mut Iter<'_, T>) -> Self;

    /// Puts the block's cells at the front of a row.
    ///
    /// # Panics
    /// If the row is shorter than the block.
    fn put(&self, cells: &mut IterMut<'_, T>);

    /// The block with every cell `value`.
    fn splat(value: T) -> Self;

    /// Appends the name of every cell.
    fn names(prefix: &str, out: &mut Vec<String>);

    /// The block at the front of `row`.
    ///
    /// # Panics
    /// If the row is shorter than the block.
    #[inline]
    fn of(row: &[T]) -> Self {
        Self::take(&mut row.iter())
    }
}

impl<T: Copy> Block<T> for T {
    const WIDTH: usize = 1;

    #[inline]
    fn take(cells: &mut Iter<'_, T>) -> Self {
        *cells.next().expect("a row is as wide as its table")
    }

    #[inline]
    fn put(&self, cells: &mut IterMut<'_, T>) {
        *cells.next().expect("a row is as wide as its table") = *self;
    }

    fn splat(value: T) -> Self {
        value
    }

    fn names(prefix: &str, out: &mut Vec<String>) {
        out.push(String::from(prefix));
    }
}

impl<T: Copy, const N: usize> Block<T> for [T; N] {
    const WIDTH: usize = N;

    #[inline]
    fn take(cells: &mut Iter<'_, T>) -> Self {
        core::array::from_fn(|_| T::take(cells))
    }

    #[inline]
    fn put(&self, cells: &mut IterMut<'_, T>) {
        for cell in self {
            cell.put(cells);
        }
    }

    fn splat(value: T) -> Self {
        [value; N]
    }

    fn names(prefix: &str, out: &mut Vec<String>) {
        out.extend((0..N).map(|i| format!("{prefix}[{i}]")));
    }
}

/// Declares a struct of blocks over `T` and makes it a [`Block`] itself. As `pub inline struct` it
/// is part of the struct that holds it: its fields are named there as if they were that one's own. As
/// `pub struct Name [N, M]` it has the sizes of arrays as parameters.
///
/// A macro, because a struct's fields cannot be walked by a function.
#[macro_export]
macro_rules! columns {
    ($(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $crate::columns! { @block false, $(#[$meta])* $name [] { $($fields)* } }
    };
    ($(#[$meta:meta])* pub inline struct $name:ident { $($fields:tt)* }) => {
        $crate::columns! { @block true, $(#[$meta])* $name [] { $($fields)* } }
    };
    ($(#[$meta:meta])* pub struct $name:ident [$($size:ident),*] { $($fields:tt)* }) => {
        $crate::columns! { @block false, $(#[$meta])* $name [$($size),*] { $($fields)* } }
    };
    (@block $inline:literal, $(#[$meta:meta])* $name:ident [$($size:ident),*] {
        $($(#[$doc:meta])* $field:ident: $ty:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<T, $(const $size: usize),*> { $($(#[$doc])* pub $field: $ty,)* }

        impl<T: Copy, $(const $size: usize),*> $crate::columns::Block<T> for $name<T, $($size),*> {
            const WIDTH: usize = 0 $(+ <$ty as $crate::columns::Block<T>>::WIDTH)*;
            const INLINE: bool = $inline;

            #[inline]
            fn take(cells: &mut core::slice::Iter<'_, T>) -> Self {
                $(let $field = <$ty as $crate::columns::Block<T>>::take(cells);)*
                Self { $($field,)* }
            }

            #[inline]
            fn put(&self, cells: &mut core::slice::IterMut<'_, T>) {
                $(<$ty as $crate::columns::Block<T>>::put(&self.$field, cells);)*
            }

            fn splat(value: T) -> Self {
                Self { $($field: <$ty as $crate::columns::Block<T>>::splat(value),)* }
            }

            fn names(prefix: &str, out: &mut alloc::vec::Vec<alloc::string::String>) {
                $($crate::columns::names::<T, $ty>(prefix, stringify!($field), out);)*
            }
        }
    };
}

/// Appends the names of a field's cells, in a struct whose own name is `prefix`: for [`columns!`](crate::columns!).
pub fn names<T: Copy, B: Block<T>>(prefix: &str, field: &str, out: &mut Vec<String>) {
    let dot = if prefix.is_empty() { "" } else { "." };
    match B::INLINE {
        true => B::names(prefix, out),
        false => B::names(&format!("{prefix}{dot}{field}"), out),
    }
}

/// Cells of a block: `width::<F, AddSub<F>>()`.
pub const fn width<T: Copy, B: Block<T>>() -> usize {
    B::WIDTH
}
