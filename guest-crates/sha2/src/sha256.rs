//! The compression function of SHA-256 (FIPS 180-4).

/// Words that hashes with so many bytes begin with.
pub const fn initial(output_size: usize) -> Option<[u32; 8]> {
    match output_size {
        28 => Some([
            0xc105_9ed8,
            0x367c_d507,
            0x3070_dd17,
            0xf70e_5939,
            0xffc0_0b31,
            0x6858_1511,
            0x64f9_8fa7,
            0xbefa_4fa4,
        ]),
        32 => Some([
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ]),
        _ => None,
    }
}

/// Compresses blocks into a state, one after the other.
#[inline]
pub fn compress256(state: &mut [u32; 8], blocks: &[[u8; 64]]) {
    match bytemuck::try_cast_slice::<[u8; 64], [u32; 16]>(blocks) {
        // As the accelerator takes them.
        Ok(blocks) => blocks.iter().for_each(|block| compress(block, state)),
        Err(_) => compress_bytes(state, blocks),
    }
}

/// Blocks that are not aligned are copied.
#[inline(never)]
fn compress_bytes(state: &mut [u32; 8], blocks: &[[u8; 64]]) {
    for block in blocks {
        let (words, _) = block.as_chunks();
        let block = core::array::from_fn(|i| u32::from_le_bytes(words[i]));
        compress(&block, state);
    }
}

#[cfg(target_arch = "riscv32")]
#[inline(always)]
fn compress(block: &[u32; 16], state: &mut [u32; 8]) {
    vouch_guest::accelerators::sha256_compress((block, state));
}

#[cfg(not(target_arch = "riscv32"))]
use vouch_isa::accelerators::sha256_compress::compress;
