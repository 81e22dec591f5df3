//! Powers with exponents that the compiler knows.

use crate::{Modulus, Words};

/// Bits of a window.
const WINDOW: usize = 5;
/// Odd powers up to the greatest window.
const POWERS: usize = 1 << (WINDOW - 1);
/// No exponent below `2^256` has more windows, and the zeros behind them.
const MOST_STEPS: usize = 256_usize.div_ceil(WINDOW) + 1;

/// Squarings, then a multiplication with an odd power, unless it is the last step.
#[derive(Clone, Copy)]
struct Step {
    squarings: u16,
    /// The power is `2 * factor + 1`.
    factor: Option<u8>,
}

/// How to raise to a power.
pub struct Plan {
    steps: [Step; MOST_STEPS],
    length: usize,
}

const fn bit(exponent: &Words, i: usize) -> bool {
    exponent[i / 32] >> (i % 32) & 1 == 1
}

impl Plan {
    /// How to raise to `exponent`, from its highest bit to its lowest. Windows begin and end with a
    /// bit that is set.
    pub const fn new(exponent: &Words) -> Self {
        let step = Step {
            squarings: 0,
            factor: None,
        };
        let mut plan = Self {
            steps: [step; MOST_STEPS],
            length: 0,
        };
        let (mut left, mut squarings) = (256, 0);
        while left > 0 {
            left -= 1;
            squarings += 1;
            if !bit(exponent, left) {
                continue;
            }
            // The window is `bits[low..=left]`.
            let mut low = (left + 1).saturating_sub(WINDOW);
            while !bit(exponent, low) {
                low += 1;
            }
            let (mut window, mut i) = (0, left + 1);
            while i > low {
                i -= 1;
                window = window << 1 | bit(exponent, i) as u8;
            }
            plan.steps[plan.length] = Step {
                squarings: squarings + (left - low) as u16,
                factor: Some(window >> 1),
            };
            plan.length += 1;
            (left, squarings) = (low, 0);
        }
        plan.steps[plan.length] = Step {
            squarings,
            factor: None,
        };
        plan.length += 1;
        plan
    }

    /// `base` to the power modulo `M`.
    pub fn raise<M: Modulus>(&self, base: &Words) -> Words {
        let mut powers = [[0; 8]; POWERS];
        let mut square = [0; 8];
        M::multiply(base, base, &mut square);
        powers[0] = *base;
        let mut odd = powers.iter_mut();
        if let Some(mut last) = odd.next() {
            for power in odd {
                M::multiply(last, &square, power);
                last = power;
            }
        }
        let (mut one, mut other) = (M::ONE, square);
        let (mut here, mut there) = (&mut one, &mut other);
        // The first step squares a 1: it takes what it would multiply.
        let mut is_one = true;
        for step in self.steps.iter().take(self.length) {
            if !is_one {
                for _ in 0..step.squarings {
                    M::multiply(here, here, there);
                    core::mem::swap(&mut here, &mut there);
                }
            }
            if let Some(power) = step.factor.and_then(|i| powers.get(usize::from(i))) {
                if is_one {
                    *here = *power;
                } else {
                    M::multiply(here, power, there);
                    core::mem::swap(&mut here, &mut there);
                }
                is_one = false;
            }
        }
        *here
    }
}
