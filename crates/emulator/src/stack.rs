//! The guest's stack, where its ELF says where that is.
//!
//! A stack overflow is found by the instruction that makes room, not by the first access to that
//! room: a frame may be larger than all that is not mapped, and what lies beyond is then something
//! else's (docs/decisions/0012-the-stack.md). The tables know no stack; this only refuses.

use vouch_isa::Op;
use vouch_isa::abi::reg::SP;

use crate::code::Code;
use crate::fault::FaultKind;
use crate::machine::Trap;
use crate::program::Region;

/// Where the stack lies. It grows down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack {
    /// Byte address of its first byte.
    pub bottom: u32,
    /// Byte address after its last one, where an empty stack's pointer points to.
    pub top: u32,
}

impl Stack {
    /// The stack among a program's memory, if it is known.
    pub fn of(regions: &[Region]) -> Option<Self> {
        let region = regions.iter().find(|region| region.stack)?;
        Some(Self {
            bottom: region.start,
            top: region.end,
        })
    }

    /// Judges a stack pointer outside of the stack, which `code` has just set.
    ///
    /// It may point to anywhere above: to another stack, of a coroutine in the heap. It may not get
    /// there from this stack by arithmetic: a frame so large has wrapped around address 0.
    #[cold]
    #[inline(never)]
    pub fn check(self, before: u32, after: u32, op: Op, code: Code) -> Result<(), Trap> {
        let moved = match op {
            Op::Addi | Op::Sub => code.rs1 == SP,
            Op::Add => code.rs1 == SP || code.rs2 == SP,
            _ => false,
        };
        let was_inside = (self.bottom..=self.top).contains(&before);
        if after < self.bottom || (moved && was_inside) {
            return Err(Trap::Fault(FaultKind::StackOverflow {
                size: self.top - self.bottom,
                beyond: self.bottom.wrapping_sub(after),
            }));
        }
        Ok(())
    }
}
