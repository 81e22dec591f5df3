//! How many at once, from what the machine has to spare.

use std::thread::available_parallelism;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

use super::dealer::{BatchPlan, Ceiling};

/// Memory that an item should have at least, in bytes: with less, segments become so small that they
/// cost more (docs/decisions/0009). Short runs take far less of it.
const LEAST_MEMORY: u64 = 512 << 20;

/// What the machine has to spare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Machine {
    /// Bytes that nobody uses.
    pub free_memory: u64,
    /// Bytes that this process uses.
    pub own_memory: u64,
    /// Processors that nobody uses.
    pub free_processors: f32,
    /// Processors that this process uses.
    pub own_processors: f32,
}

/// What to do next. What the batch holds counts as free, as far as this process really uses it: the
/// rest of what is used is others', and theirs to keep.
///
/// More at once by one at a time, since a machine that looks idle may just be pausing; fewer at
/// once immediately.
pub(super) fn decide(
    now: &BatchPlan,
    ceiling: Ceiling,
    held: Ceiling,
    machine: &Machine,
) -> BatchPlan {
    let memory = machine
        .free_memory
        .saturating_add(machine.own_memory.min(held.memory))
        .clamp(LEAST_MEMORY.min(ceiling.memory), ceiling.memory);
    let processors = machine.free_processors + machine.own_processors.min(held.threads as f32);
    // A conversion that saturates.
    let threads = (processors.round() as usize).clamp(1, ceiling.threads.max(1));
    let fit = usize::try_from(memory / LEAST_MEMORY).unwrap_or(usize::MAX);
    BatchPlan {
        at_once: fit.clamp(1, threads).min(now.at_once.saturating_add(1)),
        all: Ceiling { memory, threads },
    }
}

/// The plan to begin with: how busy processors are takes time to find out.
pub(super) fn first(ceiling: Ceiling, machine: &Machine) -> BatchPlan {
    let idle = Machine {
        free_processors: ceiling.threads as f32,
        ..*machine
    };
    let any = BatchPlan {
        at_once: usize::MAX,
        all: ceiling,
    };
    let none = Ceiling {
        memory: 0,
        threads: 0,
    };
    decide(&any, ceiling, none, &idle)
}

/// Looks at the machine.
pub(super) struct Sampler {
    system: System,
    pid: Option<Pid>,
}

impl Sampler {
    pub fn new() -> Self {
        Self {
            system: System::new(),
            pid: get_current_pid().ok(),
        }
    }

    /// What there is now; of processors, since it looked last, and none the first time.
    pub fn sample(&mut self) -> Machine {
        let system = &mut self.system;
        system.refresh_memory();
        system.refresh_cpu_usage();
        let processes = self.pid.as_slice();
        let kind = ProcessRefreshKind::nothing().with_memory().with_cpu();
        let processes = ProcessesToUpdate::Some(processes);
        system.refresh_processes_specifics(processes, false, kind);
        let free = system.available_memory();
        let contained = system.cgroup_limits().map(|limits| limits.free_memory);
        let idle = 1.0 - system.global_cpu_usage() / 100.0;
        let count = match system.cpus().len() {
            // The system does not tell.
            0 => available_parallelism().map_or(1, usize::from),
            count => count,
        };
        let own = self.pid.and_then(|pid| system.process(pid));
        Machine {
            free_memory: contained.unwrap_or(u64::MAX).min(free),
            own_memory: own.map_or(0, |own| own.memory()),
            free_processors: idle.clamp(0.0, 1.0) * count as f32,
            own_processors: own.map_or(0.0, |own| own.cpu_usage() / 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const CEILING: Ceiling = Ceiling {
        memory: 4 * GIB,
        threads: 8,
    };
    const NOTHING: Ceiling = Ceiling {
        memory: 0,
        threads: 0,
    };
    const IDLE: Machine = Machine {
        free_memory: 16 * GIB,
        own_memory: 0,
        free_processors: 16.0,
        own_processors: 0.0,
    };

    fn running(at_once: usize) -> BatchPlan {
        BatchPlan {
            at_once,
            all: CEILING,
        }
    }

    #[test]
    fn an_idle_machine_is_used_to_the_ceiling() {
        let plan = first(CEILING, &IDLE);
        assert_eq!(plan, running(8));
        // Although nothing is known of its processors at first.
        let unknown = Machine {
            free_processors: 0.0,
            ..IDLE
        };
        assert_eq!(first(CEILING, &unknown), plan);
        assert_eq!(decide(&plan, CEILING, CEILING, &IDLE), plan);
    }

    #[test]
    fn it_goes_up_by_one_and_down_at_once() {
        assert_eq!(decide(&running(2), CEILING, NOTHING, &IDLE).at_once, 3);
        let busy = Machine {
            free_processors: 1.2,
            ..IDLE
        };
        let plan = decide(&running(8), CEILING, NOTHING, &busy);
        assert_eq!((plan.at_once, plan.all.threads), (1, 1));
        assert_eq!(plan.all.memory, CEILING.memory);
    }

    #[test]
    fn what_the_batch_uses_is_its_own() {
        let held = Ceiling {
            memory: 3 * GIB,
            threads: 6,
        };
        let machine = Machine {
            free_memory: GIB,
            own_memory: 2 * GIB,
            free_processors: 0.5,
            own_processors: 5.7,
        };
        let plan = decide(&running(8), CEILING, held, &machine);
        assert_eq!((plan.at_once, plan.all.threads), (6, 6));
        assert_eq!(plan.all.memory, 3 * GIB);
        // What the process uses beyond what the batch holds is for something else.
        let machine = Machine {
            own_memory: 9 * GIB,
            own_processors: 9.0,
            ..machine
        };
        let plan = decide(&running(8), CEILING, held, &machine);
        assert_eq!((plan.all.memory, plan.all.threads), (4 * GIB, 7));
        let plan = decide(&running(8), CEILING, NOTHING, &machine);
        assert_eq!((plan.all.memory, plan.all.threads), (GIB, 1));
    }

    #[test]
    fn little_memory_means_few_at_once() {
        let machine = Machine {
            free_memory: GIB + 1,
            ..IDLE
        };
        assert_eq!(decide(&running(8), CEILING, NOTHING, &machine).at_once, 2);
        // One always goes on, with what such a proof needs or the ceiling allows.
        let full = Machine {
            free_memory: 0,
            free_processors: 0.0,
            ..IDLE
        };
        let plan = decide(&running(8), CEILING, NOTHING, &full);
        let all = Ceiling {
            memory: LEAST_MEMORY,
            threads: 1,
        };
        assert_eq!(plan, BatchPlan { at_once: 1, all });
        let low = Ceiling {
            memory: 1000,
            threads: 8,
        };
        let plan = decide(&running(8), low, NOTHING, &full);
        assert_eq!((plan.at_once, plan.all.memory), (1, 1000));
    }

    #[test]
    fn a_machine_without_bounds_is_no_trouble() {
        let ceiling = Ceiling {
            memory: u64::MAX,
            threads: usize::MAX,
        };
        let machine = Machine {
            free_memory: u64::MAX,
            own_memory: u64::MAX,
            free_processors: f32::NAN,
            own_processors: f32::INFINITY,
        };
        let plan = decide(&running(8), ceiling, ceiling, &machine);
        assert_eq!(plan.at_once, 1);
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let mut sampler = Sampler::new();
        sampler.sample();
        let machine = sampler.sample();
        assert!(machine.free_memory > 0 && machine.own_memory > 0);
        assert!(machine.free_processors >= 0.0 && machine.own_processors >= 0.0);
    }
}
