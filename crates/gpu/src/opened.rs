//! What is opened, as kernels and as the coordinator have it.

use core::ops::Range;

use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_prover::{OpenedRound, Openings, parts, recompose};
use vouch_verifier::config::Challenge;

use crate::columns::Committed;
use crate::kernels::{Claims, OpenedMatrix, Values};

/// The matrices of all rounds, and where they are opened.
pub(crate) fn matrices<'a>(rounds: &[OpenedRound<'a, Committed>]) -> Vec<OpenedMatrix<'a>> {
    let of = |round: &OpenedRound<'a, Committed>| {
        let matrices = round.committed.matrices.iter().zip(&round.round.matrices);
        matrices.map(|(matrix, of)| OpenedMatrix {
            matrix,
            at_next: of.at_next,
        })
    };
    rounds.iter().flat_map(of).collect()
}

/// The values of [`matrices`] by round, those of columns of challenges recomposed.
pub(crate) fn openings<const D: usize>(
    rounds: &[OpenedRound<'_, Committed>],
    values: Vec<Values<D>>,
) -> Openings<D>
where
    F: BinomiallyExtendable<D>,
{
    let mut values = values.into_iter();
    let mut of = |round: &OpenedRound<'_, Committed>| {
        let values = values.by_ref().take(round.committed.matrices.len());
        let mut values: Vec<Values<D>> = values.collect();
        if round.round.kind.is_extension() {
            let points = values.iter_mut().flatten();
            points.for_each(|values| recompose(values));
        }
        values
    };
    rounds.iter().map(&mut of).collect()
}

/// What is claimed of the packs of a level, given all values.
pub(crate) fn claims<'a, const D: usize>(
    rounds: &[OpenedRound<'a, Committed>],
    values: &Openings<D>,
    level: usize,
) -> Vec<Claims<'a, D>>
where
    F: BinomiallyExtendable<D>,
{
    let of = |(round, values): (&OpenedRound<'a, Committed>, &Vec<Values<D>>)| {
        let groups = round.round.groups.iter().zip(&round.committed.packs);
        let groups = groups.filter(|(group, _)| group.level() == level);
        let claims = groups.map(|(group, packs)| {
            let at = |point: usize| {
                let of = |(matrix, columns): (usize, Range<usize>)| {
                    let values: &[Challenge<D>] = &values[matrix][point];
                    columns.map(|column| values[column * packs.cells()])
                };
                parts(round.round, group).flat_map(of).collect()
            };
            Claims {
                packs,
                group,
                values: (0..group.points()).map(at).collect(),
            }
        });
        claims.collect::<Vec<_>>()
    };
    rounds.iter().zip(values).flat_map(of).collect()
}
