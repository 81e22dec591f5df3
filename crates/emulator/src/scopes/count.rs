//! Counts what scopes cost.

use core::ops::ControlFlow;

use vouch_isa::Cost;
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::{Access, Ecall, Invocation, Move, Step};

use super::Marker;
use crate::limits::Limits;
use crate::machine::Machine;
use crate::memory::{Memory, PageWords};
use crate::observer::{Accesses, Observer, Watcher};
use crate::program::Program;
use crate::run::{ExecuteError, Execution, run, start};
use crate::syscall::Stream;

/// What a scope has cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeCost {
    /// Its name, as in the ELF: see [`readable`](crate::readable()).
    pub name: String,
    /// How often it began.
    pub calls: u64,
    /// Instructions executed in it, in what it called and in scopes inside it; the markers of scopes aside. Of a
    /// scope inside itself they count once.
    pub cycles: u64,
}

/// Runs a program as [`execute_watched`](crate::execute_watched) does, and counts what its scopes cost.
///
/// The one with the most instructions comes first. They are there even if the run fails: they tell what ran until then. Those that never began are left out.
pub fn execute_scoped(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> (Result<Execution, ExecuteError>, Vec<ScopeCost>) {
    let mut observer = Scoped {
        watcher: Watcher { watch, asked: 0 },
        counter: Counter::new(program),
    };
    let result = start(program, input, limits)
        .and_then(|mut machine| run(&mut machine, &mut observer, limits, console));
    (result, observer.counter.finish())
}

/// Scopes open at the same time that are told apart: a bound on memory for a guest that never ends any.
const MAX_OPEN: usize = 1 << 20;

/// Scopes of a run.
pub(crate) struct Counter {
    /// By word of the text.
    markers: Vec<Option<Marker>>,
    /// Word index of the first word of the text.
    text_start: u32,
    /// Instructions executed, but for markers.
    clock: u64,
    /// Scopes that have not ended: their numbers, and the clock when they began.
    open: Vec<(u32, u64)>,
    /// Scopes begun beyond [`MAX_OPEN`] that have not ended.
    beyond: u64,
    /// How often each is open.
    depths: Vec<u32>,
    costs: Vec<ScopeCost>,
}

impl Counter {
    pub fn new(program: &Program) -> Self {
        let scopes = &program.scopes;
        let mut markers = Vec::new();
        // Of a program without scopes nothing is asked.
        if !scopes.markers.is_empty() {
            markers = vec![None; program.code.len()];
        }
        let text_start = program.image.text.start;
        for (word, marker) in &scopes.markers {
            if let Some(place) = markers.get_mut((word - text_start) as usize) {
                *place = Some(*marker);
            }
        }
        let cost = |name: &String| ScopeCost {
            name: name.clone(),
            calls: 0,
            cycles: 0,
        };
        Self {
            markers,
            text_start,
            clock: 0,
            open: Vec::new(),
            beyond: 0,
            depths: vec![0; scopes.names.len()],
            costs: scopes.names.iter().map(cost).collect(),
        }
    }

    /// What the instruction at a word index does to a scope.
    #[inline(always)]
    pub fn marker(&self, pc: u32) -> Option<Marker> {
        let place = pc.wrapping_sub(self.text_start) as usize;
        self.markers.get(place).copied().flatten()
    }

    /// The instruction at a word index is about to take effect.
    #[inline(always)]
    pub fn fetch(&mut self, pc: u32) {
        match self.marker(pc) {
            None => self.clock += 1,
            Some(Marker::Begin(scope)) => self.begin(scope),
            Some(Marker::End(scope)) => self.end(scope),
        }
    }

    fn begin(&mut self, scope: u32) {
        self.costs[scope as usize].calls += 1;
        if self.open.len() == MAX_OPEN {
            self.beyond += 1;
            return;
        }
        self.open.push((scope, self.clock));
        self.depths[scope as usize] += 1;
    }

    /// Ends a scope, and those inside it that have not ended: whoever jumped out of them did not say so.
    fn end(&mut self, scope: u32) {
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        while self.depths[scope as usize] > 0
            && let Some((ended, since)) = self.open.pop()
        {
            let depth = &mut self.depths[ended as usize];
            *depth -= 1;
            if *depth == 0 {
                self.costs[ended as usize].cycles += self.clock - since;
            }
            if ended == scope {
                return;
            }
        }
    }

    /// The run has ended: the scopes that began, the one with the most instructions first.
    pub fn finish(mut self) -> Vec<ScopeCost> {
        self.beyond = 0;
        while let Some(&(scope, _)) = self.open.last() {
            self.end(scope);
        }
        self.costs.retain(|cost| cost.calls > 0);
        self.costs
            .sort_by(|a, b| b.cycles.cmp(&a.cycles).then_with(|| a.name.cmp(&b.name)));
        self.costs
    }
}

struct Scoped<'w> {
    watcher: Watcher<'w>,
    counter: Counter,
}

impl Observer for Scoped<'_> {
    fn budget(&mut self, machine: &Machine<'_>) -> u64 {
        self.watcher.budget(machine)
    }

    #[inline(always)]
    fn has_room(&mut self, _: &Machine<'_>, _: Cost) -> bool {
        true
    }

    fn end_segment(&mut self, machine: &Machine<'_>, exit: Option<u32>) -> ControlFlow<()> {
        self.watcher.end_segment(machine, exit)
    }

    #[inline(always)]
    fn fetch(&mut self, pc: u32, _: &Memory<'_>) {
        self.counter.fetch(pc);
    }

    #[inline(always)]
    fn step(&mut self, _: Accesses, _: Step, _: Option<&PageWords>) {}
    #[inline(always)]
    fn ecall(&mut self, _: Ecall) {}
    #[inline(always)]
    fn invoked(&mut self, _: Accelerator, _: Invocation) {}
    #[inline(always)]
    fn accessed(&mut self, _: Accelerator, _: Access, _: &PageWords) {}
    #[inline(always)]
    fn moved(&mut self, _: Move, _: &PageWords) {}
}

#[cfg(test)]
mod tests {
    use vouch_isa::Instruction;

    use super::*;
    use crate::testing::{ElfBuilder, asm};

    /// The scopes of a program that begins and ends them by instructions without effect.
    fn scopes(
        code: &[Instruction],
        markers: &[(usize, Marker)],
        names: &[&str],
    ) -> Vec<(String, u64, u64)> {
        let mut program = Program::from_elf(&ElfBuilder::program(code).build()).expect("an ELF");
        let start = program.image.text.start;
        program.scopes.names = names.iter().map(|&name| name.into()).collect();
        program.scopes.markers = { markers.iter() }
            .map(|&(word, marker)| (start + word as u32, marker))
            .collect();
        let mut watch = |_| ControlFlow::Continue(());
        let limits = Limits {
            cycles: 1000,
            ..Limits::default()
        };
        let (_, costs) = execute_scoped(&program, &[], &limits, &mut |_, _| {}, &mut watch);
        let cost = |cost: ScopeCost| (cost.name, cost.calls, cost.cycles);
        costs.into_iter().map(cost).collect()
    }

    fn nop() -> Instruction {
        asm::addi(0, 0, 0)
    }

    fn cost(name: &str, calls: u64, cycles: u64) -> (String, u64, u64) {
        (name.into(), calls, cycles)
    }

    #[test]
    fn nested_scopes_count_what_is_inside() {
        let mut code = vec![nop(); 8];
        code.extend(asm::exit(0));
        let markers = [
            (0, Marker::Begin(0)),
            (2, Marker::Begin(1)),
            (5, Marker::End(1)),
            (7, Marker::End(0)),
        ];
        // Instructions 1, 3, 4 and 6.
        let expected = [cost("outer", 1, 4), cost("inner", 1, 2)];
        assert_eq!(
            scopes(&code, &markers, &["outer", "inner", "never"]),
            expected
        );
    }

    #[test]
    fn a_scope_inside_itself_counts_once() {
        let mut code = vec![nop(); 7];
        code.extend(asm::exit(0));
        let markers = [
            (0, Marker::Begin(0)),
            (2, Marker::Begin(0)),
            (4, Marker::End(0)),
            (6, Marker::End(0)),
        ];
        assert_eq!(scopes(&code, &markers, &["again"]), [cost("again", 2, 3)]);
    }

    #[test]
    fn loops_begin_scopes_again() {
        let mut code = vec![asm::addi(5, 0, 3), nop(), asm::addi(5, 5, -1), nop()];
        code.push(asm::branch(vouch_isa::Op::Bne, 5, 0, -12));
        code.extend(asm::exit(0));
        let markers = [(1, Marker::Begin(0)), (3, Marker::End(0))];
        assert_eq!(scopes(&code, &markers, &["loop"]), [cost("loop", 3, 3)]);
    }

    #[test]
    fn what_has_not_ended_ends_with_what_is_around_it_or_with_the_run() {
        let mut code = vec![nop(); 4];
        code.extend(asm::exit(0));
        let exit = asm::exit(0).len() as u64;
        let left = [
            (0, Marker::Begin(0)),
            (1, Marker::Begin(1)),
            (3, Marker::End(0)),
        ];
        assert_eq!(
            scopes(&code, &left, &["a", "b"]),
            [cost("a", 1, 1), cost("b", 1, 1)]
        );
        let open = [(0, Marker::Begin(0)), (2, Marker::End(1))];
        assert_eq!(scopes(&code, &open, &["a", "b"]), [cost("a", 1, 2 + exit)]);
    }

    #[test]
    fn scopes_without_number_take_no_memory() {
        let code = [nop(), asm::jal(0, -4)];
        let mut counter = {
            let program = Program::from_elf(&ElfBuilder::program(&code).build()).expect("an ELF");
            Counter::new(&program)
        };
        (counter.depths, counter.costs) = (
            vec![0],
            vec![ScopeCost {
                name: "a".into(),
                calls: 0,
                cycles: 0,
            }],
        );
        for _ in 0..MAX_OPEN + 3 {
            counter.begin(0);
        }
        assert_eq!((counter.open.len(), counter.beyond), (MAX_OPEN, 3));
        counter.clock = 7;
        for _ in 0..3 {
            counter.end(0);
        }
        assert_eq!((counter.open.len(), counter.beyond), (MAX_OPEN, 0));
        let costs = counter.finish();
        assert_eq!((costs[0].calls, costs[0].cycles), (MAX_OPEN as u64 + 3, 7));
    }
}
