//! The layers of a transform on a block of rows.

use p3_field::{PackedValue, PrimeCharacteristicRing};
use vouch_air::F;

use super::pack::{Pack, WIDTH};

/// Bytes of a block whose layers are gone through one after another: what fits the first level of cache.
const NEAR_BYTES: usize = 1 << 15;
/// Layers that are done in one go.
const STEP: usize = 3;

/// The roots that the halves of blocks differ by.
#[derive(Clone, Copy)]
pub(super) struct Twiddles<'a> {
    pub table: &'a [F],
    /// Number of the block that the layers are of.
    pub block: usize,
    /// A factor for each layer; the inverse has none.
    pub scales: Option<&'a [F]>,
}

impl Twiddles<'_> {
    #[inline]
    fn at(&self, layer: usize, block: usize) -> F {
        let root = self.table[(self.block << layer) + block];
        match self.scales {
            Some(scales) => root * scales[layer],
            None => root,
        }
    }

    /// Those of a part of the block that the first [`STEP`] layers leave.
    fn of_part(self, part: usize) -> Self {
        Self {
            block: (self.block << STEP) + part,
            scales: self.scales.map(|scales| &scales[STEP..]),
            ..self
        }
    }

    #[inline]
    fn below<const R: usize>(&self, layer: usize, block: usize) -> [F; R] {
        below(layer, block, &|layer, block| self.at(layer, block))
    }
}

/// The roots of some layers below `block` of `layer`, `R - 1` in all: of the block itself, of
/// its halves, of its quarters and so on.
#[inline]
fn below<const R: usize, T: PrimeCharacteristicRing + Copy>(
    layer: usize,
    block: usize,
    root: &impl Fn(usize, usize) -> T,
) -> [T; R] {
    let mut roots = [T::ZERO; R];
    for (i, out) in (1..R).zip(&mut roots) {
        let depth = i.ilog2() as usize;
        *out = root(layer + depth, (block << depth) + i - (1 << depth));
    }
    roots
}

/// All layers of `2^log_rows` rows: from coefficients to values, or back but for a factor of
/// `2^log_rows`.
pub(super) fn layers<const INVERSE: bool>(
    data: &mut [F],
    width: usize,
    log_rows: usize,
    twiddles: Twiddles<'_>,
) {
    // The last layers of rows that are no whole vectors.
    let whole = WIDTH.ilog2() as usize;
    let narrow = whole
        .saturating_sub(width.trailing_zeros() as usize)
        .min(log_rows);
    let wide = log_rows - narrow;
    // The first layers one after another, and then those of each part, which is near by then.
    if size_of_val(data) > NEAR_BYTES && wide >= STEP {
        let part = data.len() >> STEP;
        let root = |layer, block| Pack::from(twiddles.at(layer, block));
        if !INVERSE {
            wide_layers::<INVERSE, { 1 << STEP }>(Pack::pack_slice_mut(data), 0, &root);
        }
        for (i, part) in data.chunks_exact_mut(part).enumerate() {
            layers::<INVERSE>(part, width, log_rows - STEP, twiddles.of_part(i));
        }
        if INVERSE {
            wide_layers::<INVERSE, { 1 << STEP }>(Pack::pack_slice_mut(data), 0, &root);
        }
        return;
    }
    if INVERSE {
        narrow_layers::<INVERSE>(data, width, narrow, wide, twiddles);
    }
    if wide > 0 {
        let root = |layer, block| Pack::from(twiddles.at(layer, block));
        whole_layers::<INVERSE>(Pack::pack_slice_mut(data), wide, &root);
    }
    if !INVERSE {
        narrow_layers::<INVERSE>(data, width, narrow, wide, twiddles);
    }
}

/// The first `count` layers of `data`, all of whose parts are whole vectors; `root` is what the halves of a block of
/// a layer differ by.
pub(super) fn whole_layers<const INVERSE: bool>(
    data: &mut [Pack],
    count: usize,
    root: &impl Fn(usize, usize) -> Pack,
) {
    let mut done = 0;
    while done < count {
        let step = (count - done).min(STEP);
        let first = if INVERSE { count - done - step } else { done };
        match step {
            1 => wide_layers::<INVERSE, 2>(data, first, root),
            2 => wide_layers::<INVERSE, 4>(data, first, root),
            _ => wide_layers::<INVERSE, 8>(data, first, root),
        }
        done += step;
    }
}

/// The butterflies among `R` numbers that are one part each of a block.
#[inline(always)]
fn network<const INVERSE: bool, const R: usize, T>(x: &mut [T; R], roots: &[T; R])
where
    T: PrimeCharacteristicRing + Copy,
{
    let layers = R.ilog2() as usize;
    for i in 0..layers {
        let depth = if INVERSE { layers - 1 - i } else { i };
        let half = R >> (depth + 1);
        for block in 0..1 << depth {
            let root = roots[(1 << depth) - 1 + block];
            for j in 2 * half * block..2 * half * block + half {
                let (a, b) = (x[j], x[j + half]);
                if INVERSE {
                    (x[j], x[j + half]) = (a + b, (a - b) * root);
                } else {
                    let b = b * root;
                    (x[j], x[j + half]) = (a + b, a - b);
                }
            }
        }
    }
}

/// `R.ilog2()` layers from `first` on, on whole vectors.
#[inline]
fn wide_layers<const INVERSE: bool, const R: usize>(
    data: &mut [Pack],
    first: usize,
    root: &impl Fn(usize, usize) -> Pack,
) {
    let block = data.len() >> first;
    for (i, mut rest) in data.chunks_exact_mut(block).enumerate() {
        let roots = below::<R, Pack>(first, i, root);
        let packs = block / R;
        let mut parts: [&mut [Pack]; R] = core::array::from_fn(|_| {
            let (part, others) = core::mem::take(&mut rest).split_at_mut(packs);
            rest = others;
            part
        });
        for i in 0..packs {
            let mut x: [Pack; R] = core::array::from_fn(|part| parts[part][i]);
            network::<INVERSE, R, Pack>(&mut x, &roots);
            for (part, x) in parts.iter_mut().zip(x) {
                part[i] = x;
            }
        }
    }
}

/// The `count` layers from `first` on, of rows that are no whole vectors.
fn narrow_layers<const INVERSE: bool>(
    data: &mut [F],
    width: usize,
    count: usize,
    first: usize,
    twiddles: Twiddles<'_>,
) {
    match count {
        0 => {}
        1 => narrow_groups::<INVERSE, 2>(data, width, first, twiddles),
        2 => narrow_groups::<INVERSE, 4>(data, width, first, twiddles),
        3 => narrow_groups::<INVERSE, 8>(data, width, first, twiddles),
        _ => narrow_groups::<INVERSE, 16>(data, width, first, twiddles),
    }
}

/// Transforms groups of `R` rows: columns a vector at a time, the last vector with some columns of the one before;
/// if there are fewer, a vector of groups at a time.
fn narrow_groups<const INVERSE: bool, const R: usize>(
    data: &mut [F],
    width: usize,
    first: usize,
    twiddles: Twiddles<'_>,
) {
    if width >= WIDTH {
        for (i, group) in data.chunks_exact_mut(R * width).enumerate() {
            let roots = twiddles.below::<R>(first, i).map(Pack::from);
            let load = |group: &[F], column: usize| -> [Pack; R] {
                core::array::from_fn(|row| {
                    *Pack::from_slice(&group[row * width + column..][..WIDTH])
                })
            };
            let last = width - WIDTH;
            // Before any of its columns change.
            let end = load(group, last);
            for column in (0..last).step_by(WIDTH) {
                let x = load(group, column);
                transformed::<INVERSE, R>(group, width, column, x, &roots);
            }
            transformed::<INVERSE, R>(group, width, last, end, &roots);
        }
        return;
    }
    for (i, groups) in data.chunks_mut(WIDTH * R * width).enumerate() {
        let mut roots = [[F::ZERO; R]; WIDTH];
        let here = groups.len() / (R * width);
        for (lane, roots) in roots[..here].iter_mut().enumerate() {
            *roots = twiddles.below::<R>(first, i * WIDTH + lane);
        }
        if here == WIDTH {
            columns_of_groups::<INVERSE, R>(groups, width, &roots);
            continue;
        }
        for (group, roots) in groups.chunks_exact_mut(R * width).zip(&roots) {
            for column in 0..width {
                let mut x = core::array::from_fn(|row| group[row * width + column]);
                network::<INVERSE, R, F>(&mut x, roots);
                for (row, x) in x.into_iter().enumerate() {
                    group[row * width + column] = x;
                }
            }
        }
    }
}

/// Puts into a group what becomes of a vector of columns.
#[inline(always)]
fn transformed<const INVERSE: bool, const R: usize>(
    group: &mut [F],
    width: usize,
    column: usize,
    mut x: [Pack; R],
    roots: &[Pack; R],
) {
    network::<INVERSE, R, Pack>(&mut x, roots);
    for (row, x) in x.iter().enumerate() {
        group[row * width + column..][..WIDTH].copy_from_slice(x.as_slice());
    }
}

/// Transforms the columns of `WIDTH` groups of `R` rows.
fn columns_of_groups<const INVERSE: bool, const R: usize>(
    groups: &mut [F],
    width: usize,
    roots: &[[F; R]; WIDTH],
) {
    let roots: [Pack; R] = core::array::from_fn(|i| Pack::from_fn(|lane| roots[lane][i]));
    for column in 0..width {
        let at = |lane: usize, row: usize| (lane * R + row) * width + column;
        let mut x: [Pack; R] =
            core::array::from_fn(|row| Pack::from_fn(|lane| groups[at(lane, row)]));
        network::<INVERSE, R, Pack>(&mut x, &roots);
        for (row, x) in x.iter().enumerate() {
            for (lane, &value) in x.as_slice().iter().enumerate() {
                groups[at(lane, row)] = value;
            }
        }
    }
}
