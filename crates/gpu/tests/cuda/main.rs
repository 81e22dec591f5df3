//! `Cuda` on a driver that is not NVIDIA's (`driver.c`): what it makes of what the driver says, and
//! its copies. The kernels themselves run on the CPU or on a GPU, not here.
#![expect(unsafe_code, reason = "kernels work on addresses")]

mod fake;

use vouch_gpu::{Address, Arguments, Buffer, Cuda, Gpu, GpuError, Grid, digest, open, sources};

use fake::{Fake, Setting};

/// Of a kernel of the fake driver: sets words to a value.
#[derive(Clone, Copy)]
#[repr(C)]
struct Fill {
    to: Address,
    words: u32,
    value: u32,
}

// SAFETY: the kernel takes the same; no padding.
unsafe impl Arguments for Fill {
    const KERNEL: &'static str = "fake_fill";
}

fn fill(gpu: &Gpu, buffer: &Buffer, first: usize, words: usize, value: u32) {
    assert!(first + words <= buffer.len());
    let arguments = Fill {
        to: buffer.at(first),
        words: words as u32,
        value,
    };
    // SAFETY: the words are the buffer's.
    unsafe { gpu.launch(Grid::line(words, 256), arguments) }.expect("it starts");
}

fn gpu() -> Gpu {
    open(0).expect("the fake driver has a device")
}

fn numbers(words: usize, seed: u32) -> Vec<u32> {
    (0..words as u32)
        .map(|i| (i ^ seed).wrapping_mul(0x9e37_79b1))
        .collect()
}

#[test]
fn long_and_short_copies_arrive() {
    let _fake = Fake::new(Setting::default());
    let gpu = gpu();
    // A half of the staging has 2^22 words.
    for words in [0, 1, 33, 1 << 22, (1 << 22) + 1, 5 << 21, 13_000_001] {
        let expected = numbers(words, 1);
        let buffer = gpu.upload(&expected).expect("it is copied");
        assert_eq!(buffer.read_all().expect("it is read"), expected);
    }
}

#[test]
fn copies_and_kernels_keep_their_order() {
    let _fake = Fake::new(Setting::default());
    let gpu = gpu();
    let words = 4000;
    let (first, second) = (gpu.buffer(words), gpu.buffer(words));
    let (first, second) = (first.expect("room"), second.expect("room"));
    let mut expected = vec![0; words];
    // From one reading to the next, more than both halves of the staging hold.
    for i in 0..6000 {
        let some = numbers(words - i as usize % 7, i);
        first.write(0, &some).expect("it is copied");
        expected[..some.len()].copy_from_slice(&some);
        if i % 3 == 0 {
            fill(&gpu, &first, 5, 10, i);
            expected[5..15].fill(i);
        }
        if i % 3000 == 2999 {
            second.copy_from(0, &first, 0, words).expect("it is copied");
            fill(&gpu, &first, 0, words, 7);
            assert!(second.read_all().expect("it is read") == expected);
            assert_eq!(second.read(5..8).expect("it is read"), expected[5..8]);
            expected.fill(7);
            assert!(first.read_all().expect("it is read") == expected);
        }
    }
}

#[test]
fn threads_share_it() {
    let _fake = Fake::new(Setting::default());
    let gpu = gpu();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let gpu = gpu.clone();
            scope.spawn(move || {
                let expected = numbers(3_000_000, seed);
                let buffer = gpu.upload(&expected).expect("it is copied");
                assert!(buffer.read_all().expect("it is read") == expected);
            });
        }
    });
}

#[test]
fn a_kernel_is_launched_as_it_was_compiled() {
    #[derive(Clone, Copy)]
    struct Missing;
    // SAFETY: it has no bytes.
    unsafe impl Arguments for Missing {
        const KERNEL: &'static str = "fake_missing";
    }
    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Short(Address);
    // SAFETY: it is of another size, so the kernel is not launched.
    unsafe impl Arguments for Short {
        const KERNEL: &'static str = "fake_fill";
    }
    let error = |kernel: &str, reason: &str| {
        Err(GpuError::Kernel {
            kernel: kernel.into(),
            reason: reason.into(),
        })
    };
    let _fake = Fake::new(Setting::default());
    let gpu = gpu();
    let grid = Grid::line(1, 1);
    // SAFETY: neither is launched.
    let (missing, short) = unsafe { (gpu.launch(grid, Missing), gpu.launch(grid, Short(0))) };
    assert_eq!(
        missing,
        error("fake_missing", "there is none with this name")
    );
    assert_eq!(short, error("fake_fill", "it takes 16 bytes, got 8"));
}

#[test]
fn what_the_driver_refuses_is_an_error() {
    let _fake = Fake::new(Setting::default());
    let gpu = gpu();
    let buffer = gpu.buffer(8).expect("there is room");
    let arguments = Fill {
        to: buffer.start(),
        words: 8,
        value: 1,
    };
    // SAFETY: the words are the buffer's; there are too many threads in a block.
    let error = unsafe { gpu.launch(Grid::line(8, 2048), arguments) };
    let expected = GpuError::Failed {
        operation: "fake_fill, or a kernel before it,".into(),
        reason: "CUDA_ERROR_INVALID_VALUE, some error".into(),
    };
    assert_eq!(error, Err(expected));
}

#[test]
fn a_kernel_that_fails_is_found_by_the_next_copy() {
    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Fail([u64; 2]);
    // SAFETY: the kernel takes as many bytes.
    unsafe impl Arguments for Fail {
        const KERNEL: &'static str = "fake_fail";
    }
    let _fake = Fake::new(Setting::default());
    let gpu = gpu();
    let buffer = gpu.upload(&[1, 2, 3]).expect("it is copied");
    // SAFETY: it touches nothing.
    unsafe { gpu.launch(Grid::line(1, 1), Fail([0; 2])) }.expect("it starts");
    let error = buffer.read_all().expect_err("the kernel has failed");
    assert_eq!(
        error.to_string(),
        "a copy from the GPU, or a kernel before it, failed on the GPU: \
         CUDA_ERROR_ILLEGAL_ADDRESS, an illegal memory access was encountered"
    );
    assert!(buffer.write(0, &[4]).is_err());
}

#[test]
fn a_machine_without_a_device_is_told() {
    let error = |setting: Setting, ordinal: usize| {
        let _fake = Fake::new(setting);
        open(ordinal).err().map(|error| error.to_string())
    };
    let setting = Setting::default();
    let none = Setting {
        count: 0,
        ..setting
    };
    let text = error(none, 0).unwrap_or_default();
    assert!(text.starts_with("no GPU: CUDA_ERROR_NO_DEVICE"), "{text}");
    assert_eq!(
        error(setting, 2).as_deref(),
        Some("no GPU: number 2 was asked for, but there are 2")
    );
    let old = Setting {
        version: 12_080,
        ..setting
    };
    assert_eq!(
        error(old, 0).as_deref(),
        Some("the GPU's driver is too old: it knows CUDA 12.8, and 13.0 is needed")
    );
    for architecture in [75, 100, 120] {
        let other = Setting {
            architecture,
            ..setting
        };
        let text = error(other, 1).unwrap_or_default();
        let expected = format!("no kernels for Fake too (sm_{architecture}): there are those for");
        assert!(text.starts_with(&expected), "{text}");
    }
}

#[test]
fn memory_is_taken_but_for_a_margin() {
    let mebibytes = |setting: Setting, limit: Option<u64>| {
        let _fake = Fake::new(setting);
        let cuda = Cuda::with_memory(0, limit.map(|limit| limit << 20))?;
        Ok(Gpu::new(Box::new(cuda)).total() >> 20)
    };
    let free = |free: u64| Setting {
        free: free << 20,
        ..Setting::default()
    };
    assert_eq!(mebibytes(free(512 + 65), None), Ok(64));
    assert_eq!(mebibytes(free(512 + 65), Some(9)), Ok(8));
    assert_eq!(mebibytes(free(512 + 65), Some(100)), Ok(64));
    let full = |free: u64| {
        Err(GpuError::Memory {
            needed: 514 << 20,
            free: free << 20,
            total: (free << 20) + 1,
        })
    };
    assert_eq!(mebibytes(free(513), None), full(513));
    assert_eq!(mebibytes(free(100), None), full(100));
    assert_eq!(mebibytes(free(1000), Some(1)), full(1000));
}

#[test]
fn it_tells_what_it_is() {
    let _fake = Fake::new(Setting {
        architecture: 86,
        ..Setting::default()
    });
    assert_eq!(gpu().name(), "Fake (sm_86)");
}

/// All of them, and those that are as new as it is or nearly so.
#[test]
fn a_device_runs_the_kernels_of_its_generation() {
    let sources = sources();
    let units = { sources.iter() }.filter(|source| source.name.ends_with(".cu"));
    let units = units.count();
    for (architecture, compiled) in [(80, 80), (86, 80), (89, 89), (90, 90)] {
        let fake = Fake::new(Setting {
            architecture,
            ..Setting::default()
        });
        drop(gpu());
        assert_eq!(fake.loaded(), (units, compiled), "sm_{architecture}");
    }
}

#[test]
fn the_kernels_are_those_of_the_sources() {
    let expected = digest(&sources());
    assert_eq!(
        Cuda::SOURCES,
        expected,
        "`cargo xtask cubins` compiles them anew"
    );
}
