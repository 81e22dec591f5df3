//! Random programs that run to their end.

mod arithmetic;
mod calls;
mod control;
mod loops;
mod memory;
mod words;

use vouch_isa::Instruction;
use vouch_isa::testing::SplitMix;

use super::{DATA, asm};

/// What random code may do besides arithmetic, loads, stores, branches and jumps, and where its
/// memory is.
#[derive(Clone, Copy, Debug)]
pub struct RandomCode {
    /// Byte address, a multiple of 4096, of the middle of the [`WINDOW_BYTES`] bytes that it loads
    /// from and stores to.
    pub middle: u32,
    /// Whether it also loads from [`CONSTANTS`], at addresses that wrap around.
    pub constants: bool,
    /// Whether it has loops, which all end. It then executes several times as many instructions
    /// as it has.
    pub loops: bool,
    /// Whether it reads input and writes to the journal and the console.
    pub calls: bool,
}

/// Memory that random code loads from and stores to, in bytes: half of it below
/// [`RandomCode::middle`].
pub const WINDOW_BYTES: u32 = 0x1000;

/// Byte addresses of the constants that a program needs whose code loads from them.
pub const CONSTANTS: core::ops::Range<u32> = 0..0x800;

/// A random program of about `length` instructions for [`super::program`]: arithmetic on
/// random registers, loads and stores around the middle of the data segment, branches and
/// jumps, and an exit. It has no loops, so that it executes fewer instructions than it has, and
/// makes no calls. The same seed gives the same program.
pub fn random_program(seed: u64, length: usize) -> Vec<Instruction> {
    let code = RandomCode {
        middle: DATA + 0x1000,
        constants: false,
        loops: false,
        calls: false,
    };
    let mut list = code.generate(seed, length);
    list.extend(asm::exit_with(5));
    list
}

impl RandomCode {
    /// Random code of about `length` instructions that ends by running on after its last one.
    /// The same seed gives the same code, and less of it if less is asked for. It may be put
    /// anywhere.
    ///
    /// Its shapes are those at which machines go wrong: registers that alias, `x0`, operands at
    /// the edges of signs, of the field and of shift amounts, overlapping accesses of all sizes
    /// around the ends of leaves and pages, computed jumps with odd targets, the code as data.
    pub fn generate(self, seed: u64, length: usize) -> Vec<Instruction> {
        let mut generator = Generator::new(self, seed);
        let end = generator.list.len() + length;
        while generator.list.len() < end {
            generator.anything();
        }
        generator.list
    }
}

/// Registers that only the generator's own code writes: the base of the window, loop counters
/// of both depths, a pointer. Which ones they are is random. Calls need some of the others.
struct Reserved {
    base: u8,
    counters: [u8; 2],
    pointer: u8,
}

/// The code so far, and what the next piece must respect. Every piece can be entered at its
/// first instruction alone and is left after its last.
struct Generator {
    random: SplitMix,
    code: RandomCode,
    list: Vec<Instruction>,
    reserved: Reserved,
    /// The register that holds the return address, within a function.
    link: Option<u8>,
    /// Loops around the next instruction.
    depth: usize,
    /// The address of an access not long ago.
    recent: u32,
    /// Functions to call: index of the first instruction, register of the return address.
    functions: Vec<(usize, u8)>,
}

impl Generator {
    /// Sets all registers.
    fn new(code: RandomCode, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        let reserved = Reserved::new(&mut random);
        let base = reserved.base;
        let mut generator = Self {
            random,
            code,
            list: Vec::new(),
            reserved,
            link: None,
            depth: 0,
            recent: code.middle,
            functions: Vec::new(),
        };
        for register in (1..32).filter(|&register| register != base) {
            let word = generator.word();
            generator.li(register, word);
        }
        generator.li(base, code.middle);
        generator
    }

    /// Any piece of code.
    fn anything(&mut self) {
        match self.random.below(100) {
            0..50 => self.plain(),
            50..70 => self.branch(),
            70..76 => self.jump(),
            76..84 => self.computed_jump(),
            84..90 => self.function(),
            90..98 if self.code.loops => self.repeat(),
            98 if self.code.calls && self.depth == 0 => self.call(),
            _ => self.plain(),
        }
    }

    /// Code without jumps.
    fn plain(&mut self) {
        match self.random.below(8) {
            0..5 => self.arithmetic(),
            5..7 => self.access(),
            _ => self.load_code(),
        }
    }

    /// A few pieces without jumps.
    fn body(&mut self) {
        for _ in 0..self.random.below(4) {
            self.plain();
        }
    }

    fn push(&mut self, instruction: Instruction) {
        self.list.push(instruction);
    }

    /// A register to read: any.
    fn source(&mut self) -> u8 {
        match self.random.once_in(8) {
            true => 0,
            false => self.random.below(32) as u8,
        }
    }

    /// A register to write, perhaps `x0`.
    fn destination(&mut self) -> u8 {
        match self.random.once_in(8) {
            true => 0,
            false => self.scratch(),
        }
    }

    /// A register to write that keeps what is written.
    fn scratch(&mut self) -> u8 {
        loop {
            let register = 1 + self.random.below(31) as u8;
            if self.is_free(register) {
                return register;
            }
        }
    }

    /// Whether random code may write the register.
    fn is_free(&self, register: u8) -> bool {
        !self.reserved.holds(register) && self.link != Some(register)
    }

    /// `rd`, `rs1` and `rs2`, often the same.
    fn registers(&mut self) -> (u8, u8, u8) {
        let (rd, rs1, rs2) = (self.destination(), self.source(), self.source());
        match self.random.below(10) {
            0 => (rd, rd, rs2),
            1 => (rd, rs1, rd),
            2 => (rd, rs1, rs1),
            3 => (rd, rd, rd),
            _ => (rd, rs1, rs2),
        }
    }

    /// Sets a register, in one instruction if that is possible.
    fn li(&mut self, register: u8, value: u32) {
        let [upper, lower] = asm::li(register, value);
        match (upper.imm, lower.imm) {
            (0, _) => self.push(asm::addi(register, 0, lower.imm as i32)),
            (_, 0) => self.push(upper),
            _ => self.list.extend([upper, lower]),
        }
    }

    /// Sets a register if random code may write it.
    fn set(&mut self, register: u8, value: u32) {
        if register != 0 && self.is_free(register) {
            self.li(register, value);
        }
    }
}

impl Reserved {
    fn new(random: &mut SplitMix) -> Self {
        let mut chosen = Vec::new();
        while chosen.len() < 4 {
            let register = 1 + random.below(31) as u8;
            if !calls::REGISTERS.contains(&register) && !chosen.contains(&register) {
                chosen.push(register);
            }
        }
        Self {
            base: chosen[0],
            counters: [chosen[1], chosen[2]],
            pointer: chosen[3],
        }
    }

    fn holds(&self, register: u8) -> bool {
        let Self {
            base,
            counters,
            pointer,
        } = self;
        register == *base || register == *pointer || counters.contains(&register)
    }
}
