//! The verifying key: one for each profile, the same for every program.

use alloc::vec::Vec;
use core::marker::PhantomData;

use p3_air::{Air, BaseAir};
use p3_batch_stark::CommonData;
use p3_batch_stark::common::{GlobalPreprocessed, PreprocessedInstanceMeta};
use p3_batch_stark::folder::VerifierConstraintFolderWithLookups;
use p3_lookup::{InteractionSymbolicBuilder, Lookups};
use spin::Once;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};

use crate::config::{ChallengeField, Config};
use crate::layout::layout;
use crate::packing::{Packing, TableColumns};
use crate::profile::{Parameters, Profile};

/// A digest of all that the tables of this version accept, as every transcript absorbs it. It keeps versions apart.
pub const MACHINE_DIGEST: [u8; 32] = [
    0x45, 0xc9, 0xa7, 0x12, 0x61, 0x28, 0x2d, 0x6c, 0x24, 0x83, 0x88, 0x00, 0x81, 0xd9, 0x71, 0x4b,
    0x90, 0xd5, 0xb7, 0x1f, 0x0a, 0x72, 0xc2, 0x45, 0xcc, 0xf3, 0x32, 0x27, 0x77, 0xd7, 0xe3, 0x62,
];

/// Commitment to the lookup table's fixed columns, by profile, in the order of [`Profile::ALL`].
pub const FIXED_COMMITMENTS: [[u8; 32]; 4] = [
    [
        0x53, 0x10, 0x0b, 0x0e, 0xba, 0x75, 0x39, 0x29, 0xc6, 0x7e, 0x45, 0x45, 0xdf, 0x2a, 0xe0,
        0xa7, 0x7e, 0xa5, 0xbf, 0x06, 0xbd, 0x35, 0xce, 0x05, 0x08, 0xe4, 0x57, 0xcf, 0x9e, 0x57,
        0x22, 0xae,
    ],
    [
        0x51, 0xbc, 0x80, 0xce, 0xc7, 0xe8, 0xc0, 0x74, 0xd7, 0x46, 0x2c, 0x9b, 0xae, 0x6d, 0x4e,
        0xd9, 0xdb, 0x55, 0xc2, 0x82, 0xfa, 0x91, 0xcf, 0x8b, 0xbd, 0xde, 0xec, 0x5d, 0x3a, 0x37,
        0xf3, 0x8a,
    ],
    [
        0x53, 0x10, 0x0b, 0x0e, 0xba, 0x75, 0x39, 0x29, 0xc6, 0x7e, 0x45, 0x45, 0xdf, 0x2a, 0xe0,
        0xa7, 0x7e, 0xa5, 0xbf, 0x06, 0xbd, 0x35, 0xce, 0x05, 0x08, 0xe4, 0x57, 0xcf, 0x9e, 0x57,
        0x22, 0xae,
    ],
    [
        0x38, 0x4a, 0x28, 0x43, 0xaf, 0x08, 0xe2, 0x9e, 0x45, 0x5d, 0x22, 0x7e, 0xb0, 0xc7, 0x67,
        0x8e, 0x3c, 0xed, 0x26, 0x24, 0x28, 0x84, 0x17, 0xb9, 0x8c, 0x3c, 0xab, 0xa4, 0xd6, 0x6a,
        0x55, 0xe3,
    ],
];

/// A table as the verifier sees it: without the fixed columns, to which it has a commitment, and
/// with the degree of its constraints known.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    instance: Instance,
    /// Degree of its constraints, LogUp's included, as far as the number of quotient chunks needs it.
    degree: usize,
}

impl BaseAir<F> for Known {
    fn width(&self) -> usize {
        self.instance.width()
    }

    fn preprocessed_width(&self) -> usize {
        self.instance.preprocessed_width()
    }

    fn num_periodic_columns(&self) -> usize {
        self.instance.num_periodic_columns()
    }

    fn periodic_columns(&self) -> alloc::borrow::Cow<'_, [Vec<F>]> {
        self.instance.periodic_columns()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.instance.main_next_row_columns()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        self.instance.preprocessed_next_row_columns()
    }

    fn num_public_values(&self) -> usize {
        self.instance.num_public_values()
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(self.degree)
    }
}

/// What is checked: the constraints at the out-of-domain point.
impl<EF: ChallengeField> Air<VerifierConstraintFolderWithLookups<'_, Config<EF>>> for Known {
    fn eval(&self, folder: &mut VerifierConstraintFolderWithLookups<'_, Config<EF>>) {
        Air::eval(&self.instance, folder);
    }
}

/// What p3 asks for the degree of the constraints alone, for every proof anew, before it looks at
/// anything of the proof. The degree is known ([`Self::max_constraint_degree`]), so nothing is said.
impl<EF: ChallengeField> Air<InteractionSymbolicBuilder<F, EF>> for Known {
    fn eval(&self, _: &mut InteractionSymbolicBuilder<F, EF>) {}
}

/// What is the same for all proofs of a profile whose challenges are of the field `EF`.
pub struct Key<EF> {
    field: PhantomData<EF>,
    parameters: Parameters,
    /// Columns of every table, in the order of [`Table::ALL`]: computed when they are first asked for, since those of
    /// some tables that few proofs hold take milliseconds.
    tables: [Once<(TableColumns, Lookups<F>)>; Table::ALL.len()],
    /// Commitment to the fixed columns.
    fixed: [u8; 32],
}

impl<EF: ChallengeField> Key<EF> {
    /// The key of `profile`; `None` if its challenges are of another.
    pub fn new(profile: Profile) -> Option<Self> {
        let parameters = profile.parameters();
        if parameters.extension.degree() != EF::DEGREE {
            return None;
        }
        let commitments = Profile::ALL.into_iter().zip(FIXED_COMMITMENTS);
        let (_, fixed) = commitments.into_iter().find(|(of, _)| *of == profile)?;
        Some(Self {
            field: PhantomData,
            parameters,
            tables: [const { Once::new() }; Table::ALL.len()],
            fixed,
        })
    }

    /// The columns of these tables, in the order of [`Table::ALL`].
    fn known_columns(&self, tables: &[Table]) -> impl Iterator<Item = &(TableColumns, Lookups<F>)> {
        let all = Table::ALL.into_iter().zip(&self.tables);
        all.filter(|(table, _)| tables.contains(table))
            .map(|(table, known)| {
                known.call_once(|| {
                    let (shape, lookups) = layout(table);
                    (TableColumns::new(table, &shape), lookups)
                })
            })
    }

    /// A table as the verifier sees it, in a segment that wrote `journal` from index
    /// `journal_start` on.
    pub(crate) fn known(&self, table: Table, journal_start: u32, journal: &[u8]) -> Known {
        Known {
            instance: Instance::new(table, journal_start, journal),
            // As many quotient chunks as the degree of the constraints needs.
            degree: { self.known_columns(&[table]).next() }
                .map_or(1, |(columns, _)| columns.chunks)
                + 1,
        }
    }

    /// The layout of a proof that holds `tables`, of these heights, log2.
    pub fn packing(&self, tables: &[Table], heights: &[usize]) -> Packing {
        let tables: Vec<_> = { self.known_columns(tables).zip(heights) }
            .map(|(&(columns, _), &height)| (columns, height))
            .collect();
        Packing::new(&self.parameters, &tables)
    }

    /// What p3's verifier needs to know of a proof that holds `tables`.
    pub fn common(&self, tables: &[Table]) -> CommonData<Config<EF>> {
        let lookups = self.known_columns(tables);
        let lookups = lookups.map(|(_, lookups)| lookups.clone()).collect();
        let has_fixed = tables.iter().any(|table| table.is_fixed());
        CommonData::new(has_fixed.then(|| self.preprocessed(tables)), lookups)
    }

    fn preprocessed(&self, tables: &[Table]) -> GlobalPreprocessed<Config<EF>> {
        let meta = |table: &Table| {
            let fixed = table.info().fixed?;
            Some(PreprocessedInstanceMeta {
                matrix_index: 0,
                width: fixed.width,
                degree_bits: fixed.log_height,
            })
        };
        GlobalPreprocessed {
            commitment: alloc::vec![self.fixed].into(),
            instances: tables.iter().map(meta).collect(),
            matrix_to_instance: tables
                .iter()
                .position(|table| table.is_fixed())
                .into_iter()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use p3_air::symbolic::AirLayout;
    use p3_batch_stark::symbolic::get_log_num_quotient_chunks;
    use p3_lookup::logup::LogUpGadget;
    use vouch_air::machine::MIN_LOG_HEIGHT;

    use super::*;
    use crate::config::{Quartic, Quintic};

    fn chunks<EF: ChallengeField, A>(table: &A, lookups: &Lookups<F>) -> usize
    where
        A: Air<InteractionSymbolicBuilder<F, EF>>,
    {
        get_log_num_quotient_chunks::<F, EF, _, _>(
            table,
            AirLayout::from_air::<F>(table),
            1 << MIN_LOG_HEIGHT,
            lookups,
            0,
            &LogUpGadget::new(),
        )
    }

    fn compare<EF: ChallengeField>(profile: Profile) {
        let key = Key::<EF>::new(profile).expect("the profile's degree");
        let lookups = key.known_columns(&Table::ALL).map(|(_, lookups)| lookups);
        for (table, lookups) in Table::ALL.into_iter().zip(lookups) {
            let evaluated = chunks::<EF, _>(&Instance::new(table, 0, b"j"), lookups);
            let known = chunks::<EF, _>(&key.known(table, 0, b"j"), lookups);
            assert_eq!(known, evaluated, "{}", table.name());
        }
    }

    /// p3 asks for the degrees of every proof anew, and is not kept busy with it.
    #[test]
    fn nothing_is_evaluated_symbolically() {
        let key = Key::<Quartic>::new(Profile::Fast100).expect("the profile's degree");
        for table in Table::ALL {
            let known = key.known(table, 0, b"j");
            let layout = AirLayout::from_air::<F>(&known);
            let builder = InteractionSymbolicBuilder::<F, Quartic>::from_air(&known, layout);
            assert!(builder.base_constraints().is_empty());
            assert!(builder.global_interactions().is_empty());
        }
    }

    /// What p3 is told of a table's degree is what it would find.
    #[test]
    fn known_degrees_are_those_of_the_constraints() {
        compare::<Quartic>(Profile::Fast100);
        compare::<Quintic>(Profile::Compact100);
    }
}
