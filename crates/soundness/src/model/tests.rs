use vouch_air::testkit::answer::answer;
use vouch_air::testkit::check::violations;

use super::*;
use crate::evaluate::Evaluator;
use crate::world::{INPUT, ROUNDS_TO_REFRESH, everything};

/// Without a fault, the model records what the emulator records.
#[test]
fn model_is_the_emulator() {
    for (seed, rounds) in [(1, 0), (2, 0), (3, ROUNDS_TO_REFRESH)] {
        let world = World::new(&everything(seed, rounds, 300), INPUT);
        let (segment, effect) = run(&world, None, u64::MAX);
        assert_eq!(effect, Effect::None);
        assert_eq!(format!("{segment:?}"), format!("{:?}", world.segment));
    }
}

/// The fast evaluation finds a fault where the slow one does, and none where there is none.
#[test]
fn evaluator_agrees_with_the_slow_check() {
    let world = World::new(&everything(4, 0, 100), INPUT);
    let evaluator = Evaluator::default();
    assert!(evaluator.judge(&world.traces.tables).is_empty());
    assert_eq!(violations(&world.traces.tables), []);
    let mut lies = 0;
    for cycle in [50, 100, 200, 300] {
        let kind = Kind::Result(Change::Flip(7));
        let (segment, effect) = run(&world, Some(Fault { cycle, kind }), 1000);
        let mut traces = world.fill(&segment);
        answer(&mut traces.tables);
        let broken = evaluator.judge(&traces.tables);
        let is_lie = effect == Effect::Lie && !world.is_honest(&traces);
        assert_eq!(!broken.is_empty(), is_lie, "cycle {cycle}");
        assert_eq!(broken.is_empty(), violations(&traces.tables).is_empty());
        lies += u32::from(is_lie);
    }
    assert!(lies > 0);
}
