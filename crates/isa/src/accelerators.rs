//! Accelerators: calls that compute on words of memory, each proven by a table of its own.
//!
//! There is one list of them, [`accelerators!`](crate::accelerators!). The calls, the tables with
//! their campaigns and the guest library's functions are made of it.

pub mod mul_add_mod;

/// Calls `$then!` with what is given behind it and the accelerators, each as `module::Type`.
///
/// Their tables come in this order behind all others, so a new one is the last.
#[macro_export]
macro_rules! accelerators {
    ($then:ident! $($before:tt)*) => {
        $then! {
            $($before)*
            poseidon2_permute::Poseidon2Permute,
            keccak_f1600::KeccakF1600,
            mul_add_mod_256::MulAddMod256,
            mul_add_mod_384::MulAddMod384,
        }
    };
}

/// Registers that are arguments of a call, from `a0` on.
pub const ARGUMENTS: usize = 5;

/// What a register that is an argument of an accelerator means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Nothing: it may hold anything.
    Unused,
    /// It points to so many words, which are read.
    Read(u32),
    /// It points to so many words, which are read and then written.
    Update(u32),
}

impl Operand {
    /// Words that it points to.
    pub const fn words(self) -> u32 {
        match self {
            Self::Unused => 0,
            Self::Read(words) | Self::Update(words) => words,
        }
    }

    /// True if it is written to.
    pub const fn is_written(self) -> bool {
        matches!(self, Self::Update(_))
    }
}

/// An accelerator: what its call is given, and what it computes.
///
/// All that it reads it reads before it writes: the operand that is written is the last one.
/// So operands may overlap.
pub trait Accelerates {
    /// Its number, in `a7`; no other call has it.
    const NUMBER: u32;
    /// Its name: that of its module.
    const NAME: &'static str;
    /// What `a0` to `a4` hold.
    const OPERANDS: [Operand; ARGUMENTS];
    /// What Rust code gives it.
    type Arguments<'a>: Arguments;

    /// Replaces the words of its operands, one operand after another, with what they are
    /// afterwards. This defines what the call does. Words that are read only must stay; words that
    /// are missing are left out.
    fn compute(words: &mut [u32]);
}

/// Words of memory that are given to an accelerator.
pub trait Arguments {
    /// Where they are: `a0` to `a4`. The pointers of an [`Operand::Read`] are not written to.
    fn pointers(self) -> [*mut u32; ARGUMENTS];
}

impl<const N: usize> Arguments for &mut [u32; N] {
    fn pointers(self) -> [*mut u32; ARGUMENTS] {
        let nothing = core::ptr::null_mut();
        [self.as_mut_ptr(), nothing, nothing, nothing, nothing]
    }
}

/// Operands that are read, and one that is written.
macro_rules! tuples {
    ($([$($name:ident: $words:ident),*])*) => {$(
        impl<$(const $words: usize,)* const LAST: usize> Arguments
            for ($(&[u32; $words],)* &mut [u32; LAST])
        {
            fn pointers(self) -> [*mut u32; ARGUMENTS] {
                let ($($name,)* last) = self;
                let given = [$($name.as_ptr().cast_mut(),)* last.as_mut_ptr()];
                let mut all = [core::ptr::null_mut(); ARGUMENTS];
                for (to, pointer) in all.iter_mut().zip(given) {
                    *to = pointer;
                }
                all
            }
        }
    )*};
}
tuples! {
    [a: A]
    [a: A, b: B]
    [a: A, b: B, c: C]
    [a: A, b: B, c: C, d: D]
}

/// An [`Accelerates`] as a value.
#[derive(Clone, Copy, Debug)]
pub struct AcceleratorInfo {
    /// [`Accelerates::NUMBER`]
    pub number: u32,
    /// [`Accelerates::NAME`]
    pub name: &'static str,
    /// [`Accelerates::OPERANDS`]
    pub operands: [Operand; ARGUMENTS],
    /// Words of all operands: as many accesses to memory are made, one a timestamp.
    pub words: u32,
    /// [`Accelerates::compute`]
    pub compute: fn(&mut [u32]),
}

impl AcceleratorInfo {
    /// What `A` says of itself.
    pub const fn of<A: Accelerates>() -> Self {
        assert!(A::NUMBER >= crate::abi::PRECOMPILE_BASE && A::NUMBER < 1 << 16);
        let (mut words, mut is_last, mut i) = (0, false, 0);
        while i < ARGUMENTS {
            let operand = A::OPERANDS[i];
            assert!(
                !is_last || operand.words() == 0,
                "what is written is the last operand"
            );
            // A pointer's high limb is all that keeps an operand out of the registers, which follow memory.
            assert!(
                operand.words() <= 1 << 14,
                "an operand could run on into the registers"
            );
            is_last |= operand.is_written();
            words += operand.words();
            i += 1;
        }
        Self {
            number: A::NUMBER,
            name: A::NAME,
            operands: A::OPERANDS,
            words,
            compute: A::compute,
        }
    }

    /// The words that the arguments of a call point to: address of each operand's first byte, and
    /// the operand.
    pub fn operands(
        &self,
        arguments: [u32; ARGUMENTS],
    ) -> impl Iterator<Item = (u32, Operand)> + use<> {
        let all = arguments.into_iter().zip(self.operands);
        all.filter(|(_, operand)| operand.words() > 0)
    }
}

macro_rules! declare {
    ($($module:ident::$name:ident,)*) => {
        $(pub mod $module;)*

        /// An accelerator. The discriminant is its place in the list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Accelerator {
            $(
                #[doc = concat!("[`mod@", stringify!($module), "`]")]
                $name,
            )*
        }

        const MODULES: &[&str] = &[$(stringify!($module)),*];
        const INFO: [AcceleratorInfo; MODULES.len()] =
            [$(AcceleratorInfo::of::<$module::$name>()),*];

        impl Accelerator {
            /// All of them.
            pub const ALL: [Self; MODULES.len()] = [$(Self::$name),*];
        }
    };
}
accelerators!(declare!);

impl Accelerator {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Words of the accelerator that has the most.
    pub const MOST_WORDS: usize = {
        let (mut most, mut i) = (0, 0);
        while i < INFO.len() {
            if INFO[i].words > most {
                most = INFO[i].words;
            }
            i += 1;
        }
        most as usize
    };

    /// What is to be known of it.
    pub const fn info(self) -> &'static AcceleratorInfo {
        &INFO[self as usize]
    }

    /// The accelerator whose call has this number.
    pub fn numbered(number: u32) -> Option<Self> {
        { Self::ALL.into_iter() }.find(|accelerator| accelerator.info().number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_number_and_the_name_of_its_module() {
        for (accelerator, module) in Accelerator::ALL.into_iter().zip(MODULES) {
            let info = accelerator.info();
            assert_eq!(info.name, *module);
            assert_eq!(Accelerator::numbered(info.number), Some(accelerator));
        }
        assert_eq!(Accelerator::numbered(0), None);
    }

    /// No input makes software stop, even one of the wrong length, and what is read only stays.
    #[test]
    fn software_takes_any_words() {
        for info in Accelerator::ALL.map(Accelerator::info) {
            for word in [0, 1, 0x7800_0000, 0x7800_0001, u32::MAX] {
                let mut words = [word; Accelerator::MOST_WORDS];
                let words = &mut words[..info.words as usize];
                (info.compute)(&mut words[1..]);
                assert!(words[1..].iter().all(|after| *after == word));
                (info.compute)(words);
                let mut rest = &*words;
                for operand in info.operands {
                    let (own, behind) = rest.split_at(operand.words() as usize);
                    assert!(operand.is_written() || own.iter().all(|after| *after == word));
                    rest = behind;
                }
            }
        }
    }
}
