//! How the system's allocator treats memory that was freed.

/// Has glibc keep what is freed for what is allocated next, in place of handing it back to the
/// system: a proof allocates and frees gigabytes, and getting them page by page took a fifth of
/// its time (docs/benchmarks-log.md). Other allocators are left as they are.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::keep_freed_memory();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    /// Large blocks come from one heap that never shrinks, not each from a mapping of its own.
    #[expect(unsafe_code, reason = "glibc has no other interface")]
    pub fn keep_freed_memory() {
        // SAFETY: `mallopt` takes two numbers and changes parameters of the allocator alone. No
        // other thread has been started yet. What it refuses stays as it was.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
            libc::mallopt(libc::M_MMAP_MAX, 0);
            libc::mallopt(libc::M_TRIM_THRESHOLD, -1);
        }
    }
}
