//! Who gets how much of what there is.

/// What all items together may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ceiling {
    /// Bytes; `u64::MAX` for no bound.
    pub memory: u64,
    pub threads: usize,
}

/// What one item may take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub memory: u64,
    pub threads: usize,
}

/// How much there is for how many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchPlan {
    pub at_once: usize,
    pub all: Ceiling,
}

impl BatchPlan {
    /// So many at once, but no more than there are threads: a proof keeps at least one busy.
    pub fn fixed(at_once: usize, all: Ceiling) -> Self {
        let at_once = at_once.clamp(1, all.threads.max(1));
        Self { at_once, all }
    }
}

/// Deals memory and threads out, evenly, and never more than there is. An item keeps its share to its
/// end: a plan that changes meanwhile is for those that come.
#[derive(Debug)]
pub(super) struct Dealer {
    plan: BatchPlan,
    running: usize,
    held: Ceiling,
    /// Items that have not begun, if that is known.
    left: Option<usize>,
}

impl Dealer {
    pub fn new(plan: BatchPlan, items: Option<usize>) -> Self {
        Self {
            plan,
            running: 0,
            held: Ceiling {
                memory: 0,
                threads: 0,
            },
            left: items,
        }
    }

    pub fn plan(&self) -> BatchPlan {
        self.plan
    }

    pub fn set_plan(&mut self, plan: BatchPlan) {
        self.plan = plan;
    }

    pub fn held(&self) -> Ceiling {
        self.held
    }

    /// The share of one more item, if there is room for it. Whatever is free is divided among those
    /// that can begin now, so that few items get more each.
    pub fn deal(&mut self) -> Option<Share> {
        let BatchPlan { at_once, all } = self.plan;
        let free = Ceiling {
            memory: all.memory.saturating_sub(self.held.memory),
            threads: all.threads.saturating_sub(self.held.threads),
        };
        // What each would have if all were dealt out anew: with less, none begins.
        let memory = (all.memory / at_once as u64).max(1);
        let threads = (all.threads / at_once).max(1);
        let can_begin = (at_once.saturating_sub(self.running))
            .min(usize::try_from(free.memory / memory).unwrap_or(usize::MAX))
            .min(free.threads / threads)
            // Somebody asks: if none is left, the share comes back at once.
            .min(self.left.map_or(usize::MAX, |left| left.max(1)));
        // However little there is, one at a time may try.
        let can_begin = match self.running {
            0 => can_begin.max(1),
            _ => can_begin,
        };
        if can_begin == 0 {
            return None;
        }
        let share = Share {
            memory: free.memory / can_begin as u64,
            threads: free.threads / can_begin,
        };
        self.running += 1;
        self.held.memory += share.memory;
        self.held.threads += share.threads;
        self.left = self.left.map(|left| left.saturating_sub(1));
        Some(share)
    }

    pub fn give_back(&mut self, share: &Share) {
        self.running -= 1;
        self.held.memory -= share.memory;
        self.held.threads -= share.threads;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Ceiling = Ceiling {
        memory: 1000,
        threads: 10,
    };

    fn shares(at_once: usize, items: Option<usize>) -> Vec<(u64, usize)> {
        let mut dealer = Dealer::new(BatchPlan::fixed(at_once, ALL), items);
        core::iter::from_fn(|| dealer.deal())
            .take(20)
            .map(|share| (share.memory, share.threads))
            .collect()
    }

    #[test]
    fn everything_is_dealt_out_evenly() {
        assert_eq!(shares(1, None), [(1000, 10)]);
        assert_eq!(shares(2, None), [(500, 5); 2]);
        assert_eq!(shares(3, None), [(333, 3), (333, 3), (334, 4)]);
        assert_eq!(shares(20, None), [(100, 1); 10]);
        assert_eq!(shares(4, Some(2))[..2], [(500, 5); 2]);
    }

    #[test]
    fn the_last_items_get_what_is_free() {
        let mut dealer = Dealer::new(BatchPlan::fixed(4, ALL), Some(5));
        let first: Vec<_> = core::iter::from_fn(|| dealer.deal()).collect();
        assert_eq!(first.len(), 4);
        first[..3].iter().for_each(|share| dealer.give_back(share));
        let last = dealer.deal().expect("there is room");
        assert_eq!(last.memory, 750);
    }

    #[test]
    fn who_holds_more_than_the_plan_says_is_waited_for() {
        let mut dealer = Dealer::new(BatchPlan::fixed(1, ALL), None);
        let all = dealer.deal().expect("there is room");
        dealer.set_plan(BatchPlan::fixed(5, ALL));
        assert_eq!(dealer.deal(), None);
        dealer.give_back(&all);
        let part = dealer.deal().expect("there is room");
        assert_eq!((part.memory, part.threads), (200, 2));
        // As many as run, or fewer: the others begin when there are fewer.
        dealer.set_plan(BatchPlan::fixed(1, ALL));
        assert_eq!(dealer.deal(), None);
        dealer.set_plan(BatchPlan::fixed(2, ALL));
        let rest = dealer.deal().expect("there is room");
        assert_eq!((rest.memory, rest.threads), (800, 8));
    }

    proptest! {
        /// Whatever the plans are and in whatever order items end.
        #[test]
        fn no_more_is_dealt_than_there_is(
            steps in proptest::collection::vec((1usize..30, 1u64..2000, 1usize..20, any::<bool>()), 1..60),
        ) {
            let most = Ceiling { memory: 2000, threads: 20 };
            let mut dealer = Dealer::new(BatchPlan::fixed(3, most), None);
            let mut held = Vec::new();
            for (at_once, memory, threads, ends) in steps {
                dealer.set_plan(BatchPlan::fixed(at_once, Ceiling { memory, threads }));
                if ends && let Some(share) = held.pop() {
                    dealer.give_back(&share);
                }
                while let Some(share) = dealer.deal() {
                    prop_assert!(share.memory > 0 && share.threads > 0);
                    held.push(share);
                    prop_assert!(held.len() <= at_once);
                }
                let sum = |part: fn(&Share) -> u64| held.iter().map(part).sum::<u64>();
                prop_assert!(sum(|share| share.memory) <= most.memory);
                prop_assert!(sum(|share| share.threads as u64) <= most.threads as u64);
                prop_assert!(!held.is_empty());
            }
        }
    }
}
