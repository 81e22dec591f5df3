//! What `ptxas -v` says of the kernels that it compiles.

use serde::{Deserialize, Serialize};

/// What a kernel takes of a multiprocessor. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The kernel's name.
    pub kernel: String,
    /// Registers a thread.
    pub registers: u32,
    /// Shared memory a block.
    pub shared: u32,
    /// Memory a thread that is no register: arrays that are indexed as the kernel runs, and what is
    /// spilled.
    pub stack: u32,
    /// Instructions' bytes that write registers to memory, since there are too few.
    pub spill_stores: u32,
    /// Those that read them again.
    pub spill_loads: u32,
}

/// The kernels of a run, in the order of the text.
///
/// # Errors
/// A line is not as expected, or says nothing of a kernel's registers: it is another version.
pub fn parse(text: &str) -> Result<Vec<Usage>, String> {
    let mut kernels: Vec<(Usage, Seen)> = Vec::new();
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            let (kernel, _) = rest.split_once('\'').ok_or(line)?;
            let usage = Usage {
                kernel: kernel.into(),
                ..Usage::default()
            };
            kernels.push((usage, Seen::default()));
        } else if line.contains("bytes stack frame") {
            // Of the kernel, or of a function that it calls.
            let (usage, seen) = kernels.last_mut().ok_or(line)?;
            usage.stack += number(line, "bytes stack frame").ok_or(line)?;
            usage.spill_stores += number(line, "bytes spill stores").ok_or(line)?;
            usage.spill_loads += number(line, "bytes spill loads").ok_or(line)?;
            seen.frame = true;
        } else if let Some((_, used)) = line.split_once(" : Used ") {
            let (usage, seen) = kernels.last_mut().ok_or(line)?;
            usage.registers = number(used, "registers").ok_or(line)?;
            usage.shared = number(used, "bytes smem").unwrap_or(0);
            seen.registers = true;
        }
    }
    let known = kernels.into_iter().map(|(usage, seen)| match seen {
        Seen {
            frame: true,
            registers: true,
        } => Ok(usage),
        _ => Err(format!("nothing of the registers of {}", usage.kernel)),
    });
    known.collect()
}

/// What was said of a kernel.
#[derive(Default)]
struct Seen {
    frame: bool,
    registers: bool,
}

/// The number before `unit` in a list with commas.
fn number(list: &str, unit: &str) -> Option<u32> {
    let items = list.split(',').map(str::trim);
    let mut numbers = items.filter_map(|item| item.strip_suffix(unit));
    numbers.next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of CUDA 13.0: one kernel with shared memory, and one that spills.
    const TEXT: &str = "\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'other' for 'sm_90'
ptxas info    : Function properties for other
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 12 registers, used 1 barriers, 256 bytes smem
ptxas info    : Compile time = 2.720 ms
ptxas info    : Compiling entry function 'spill' for 'sm_90'
ptxas info    : Function properties for spill
    1144 bytes stack frame, 2424 bytes spill stores, 2964 bytes spill loads
ptxas info    : Used 32 registers, used 0 barriers, 1144 bytes cumulative stack size
ptxas info    : Compile time = 102.748 ms
";

    #[test]
    fn kernels_are_read() {
        let other = Usage {
            kernel: "other".into(),
            registers: 12,
            shared: 256,
            ..Usage::default()
        };
        let spill = Usage {
            kernel: "spill".into(),
            registers: 32,
            stack: 1144,
            spill_stores: 2424,
            spill_loads: 2964,
            shared: 0,
        };
        assert_eq!(parse(TEXT), Ok(vec![other, spill]));
        assert_eq!(parse("ptxas info    : 0 bytes gmem\n"), Ok(vec![]));
    }

    #[test]
    fn constants_are_not_shared_memory() {
        let text = TEXT.replace("256 bytes smem", "4224 bytes smem, 376 bytes cmem[0]");
        let kernels = parse(&text).expect("it is read");
        assert_eq!(kernels[0].shared, 4224);
    }

    #[test]
    fn functions_count_for_the_kernel_that_calls_them() {
        let frame = "    8 bytes stack frame, 4 bytes spill stores, 16 bytes spill loads\n";
        let function = format!("ptxas info    : Function properties for _Z4some\n{frame}");
        let text = TEXT.replacen(
            "ptxas info    : Used 12",
            &format!("{function}ptxas info    : Used 12"),
            1,
        );
        let kernels = parse(&text).expect("it is read");
        let other = &kernels[0];
        let spilled = (other.stack, other.spill_stores, other.spill_loads);
        assert_eq!(spilled, (8, 4, 16));
    }

    #[test]
    fn silence_is_not_taken_for_no_spills() {
        for line in [
            "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n",
            "ptxas info    : Used 12 registers, used 1 barriers, 256 bytes smem\n",
        ] {
            let error = parse(&TEXT.replacen(line, "", 1)).expect_err("it says too little");
            assert_eq!(error, "nothing of the registers of other");
        }
        let line = "    0 bytes stack frame, some spill stores, 0 bytes spill loads";
        let text = format!("Compiling entry function 'a' for 'sm_90'\n{line}\n");
        assert_eq!(parse(&text), Err(line.into()));
        assert_eq!(parse(line), Err(line.into()));
    }
}
