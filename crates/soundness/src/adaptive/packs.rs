//! Provers whose tables are honest, and who commit to other packs than the layout has, or open others: everything else follows from
//! what they do, so that only the opening can refuse them.

use p3_matrix::Matrix;
use rayon::prelude::*;
use vouch_verifier::Profile;
use vouch_verifier::packing::{Kind, Packing};

use super::cheater::cheater;
use super::cheats::{Cheat, Leaves, Levels, Solve};
use super::misplace::{Given, How, Misplaced};
use super::name;
use crate::cheat::Statement;
use crate::honest_receipt::gather;
use crate::proof_map::packing;
use crate::step::{Opening, VerifierStep};
use crate::world::World;
use crate::{Effort, Outcome};

const REFUSED: &str = "other packs refused";
const ACCEPTED: &str = "the same packs accepted";

/// All of them, in one profile, each about the first of the worlds whose layout has an example of it. The last one is as long as
/// the lookup table: in the quick run it is for one profile alone.
pub fn run(profile: Profile, worlds: &[&World], effort: Effort) -> Outcome {
    let mut outcome = Outcome::default();
    let mut cheats = of_a_level();
    cheats.extend(of_levels());
    let count = match profile {
        Profile::Fast100 => worlds.len(),
        _ => worlds.len() - effort.pick(1, 0),
    };
    for world in &worlds[..count] {
        let packing = packing_of(profile, world);
        let (there, others): (Vec<_>, Vec<_>) =
            { cheats.into_iter() }.partition(|(_, cheat, _)| is_there(&packing, cheat));
        outcome.add(tell(profile, world, &there));
        cheats = others;
    }
    outcome
}

/// The layout of a proof of the world.
fn packing_of(profile: Profile, world: &World) -> Packing {
    let heights = world.traces.tables.iter().map(|trace| {
        let log_height = trace.matrix.height().trailing_zeros() as usize;
        (trace.instance.table, log_height)
    });
    packing(profile, &heights.collect::<Vec<_>>())
}

/// The layout has something that the cheat can have otherwise: in some profiles a kind of columns has one pack alone.
fn is_there(packing: &Packing, cheat: &Cheat) -> bool {
    cheat.packs.is_none_or(|packs| {
        let round = packing.round(packs.kind);
        round.is_some_and(|round| packs.how.group(round).is_some())
    })
}

/// A cheat, with its name and the step that must refuse it.
type Telling = (String, Cheat, Option<VerifierStep>);

fn tell(profile: Profile, world: &World, cheats: &[Telling]) -> Outcome {
    gather(cheats.par_iter(), |outcome, (what, cheat, refused_by)| {
        let prover = cheater(profile, *cheat, world.traces.tables.clone());
        let statement = Statement {
            name: format!("honest tables, {what}, {}", name(profile)),
            refused_by: *refused_by,
            ..Statement::honest(world)
        };
        let counted = match refused_by {
            Some(_) => REFUSED,
            None => ACCEPTED,
        };
        if statement.tell(&prover, counted, outcome).is_some() {
            outcome.count(&format!("{counted}: {}", name(profile)), 1);
            outcome.count(&format!("{counted}: {what}"), 1);
        }
    })
}

/// Each of them has been tried in some profile, and most in every one.
pub fn expect_all(outcome: &mut Outcome) {
    for (what, _, refused_by) in of_a_level().iter().chain(&of_levels()) {
        let counted = if refused_by.is_some() {
            REFUSED
        } else {
            ACCEPTED
        };
        outcome.expect_at_least(&format!("{counted}: {what}"), 1);
    }
    for profile in Profile::ALL {
        outcome.expect_at_least(&format!("{REFUSED}: {}", name(profile)), 40);
    }
}

/// What needs no more than one level.
fn of_a_level() -> Vec<Telling> {
    let rows = Some(VerifierStep::Opening(Opening::Rows));
    let polynomial = Some(VerifierStep::Opening(Opening::Polynomial));
    let mut cheats = Vec::new();
    for kind in [Kind::Main, Kind::Quotient, Kind::LogUp] {
        let mut add = |how, given, refused_by| {
            let packs = Misplaced { kind, how, given };
            let cheat = Cheat {
                packs: Some(packs),
                ..Cheat::default()
            };
            cheats.push((described(packs), cheat, refused_by));
        };
        add(How::Nothing, Given::Shown, None);
        for how in [How::Columns, How::Packs, How::Groups, How::Pad] {
            add(how, Given::Shown, polynomial);
            add(how, Given::Hidden, polynomial);
            add(how, Given::Elsewhere, rows);
        }
        add(How::Pad, Given::AsShown, polynomial);
        if kind == Kind::Quotient {
            add(How::Degree, Given::Shown, polynomial);
        }
    }
    for (kind, at_next) in [
        (Kind::Main, false),
        (Kind::Main, true),
        (Kind::LogUp, false),
        (Kind::LogUp, true),
    ] {
        for opened in [Solve::Solved, Solve::SolvedBehindFri] {
            let cheat = Cheat {
                claim: Some((kind, at_next)),
                opened,
                ..Cheat::default()
            };
            let name = format!("a false claim of {kind:?} columns, {at_next}, {opened:?}");
            cheats.push((name, cheat, polynomial));
        }
    }
    for leaves in [Leaves::Neighbours, Leaves::Rotated] {
        let cheat = Cheat {
            leaves,
            ..Cheat::default()
        };
        cheats.push((format!("rows of leaves: {leaves:?}"), cheat, rows));
    }
    cheats
}

/// Its name.
fn described(Misplaced { kind, how, given }: Misplaced) -> String {
    format!("{kind:?}, {how:?}, {given:?}")
}

/// What needs several levels.
fn of_levels() -> Vec<Telling> {
    let mut cheats = Vec::new();
    for kind in [Kind::Main, Kind::LogUp] {
        for given in [Given::Hidden, Given::Elsewhere] {
            let packs = Misplaced {
                kind,
                how: How::Level,
                given,
            };
            let cheat = Cheat {
                packs: Some(packs),
                ..Cheat::default()
            };
            let rows = Some(VerifierStep::Opening(Opening::Rows));
            cheats.push((described(packs), cheat, rows));
        }
    }
    for levels in [Levels::Missing, Levels::Merged] {
        let cheat = Cheat {
            levels,
            ..Cheat::default()
        };
        let polynomial = Some(VerifierStep::Opening(Opening::Polynomial));
        cheats.push((format!("a level: {levels:?}"), cheat, polynomial));
    }
    cheats
}
