//! Tiles of a product: what is held in registers along the chains.

use crate::Real;
use crate::simd::{LANES, Lanes, Machine, Register, Sixteen};

/// A product that is worked on tile by tile.
pub(super) trait Tiles<E: Real> {
    /// `C` columns of `N` blocks, from these on.
    fn tile<M: Machine<E>, const C: usize, const N: usize>(&mut self, block: usize, column: usize);
}

/// Covers all columns of all blocks with tiles, each block's columns in turn. Where registers are
/// wide and many, a tile is two blocks high, or three if that is wanted: for long chains, where it
/// counts that each number is spread over a register less often.
#[inline(always)]
pub(super) fn cover<E: Real, M: Machine<E>, T: Tiles<E>>(
    tiles: &mut T,
    blocks: usize,
    columns: usize,
    three_wanted: bool,
) {
    let mut block = 0;
    if M::MANY_REGISTERS && M::Wide::LANES == LANES {
        // Four are better shared as twice two than as three and one.
        while three_wanted && blocks - block >= 3 && blocks - block != 4 {
            cover_blocks::<E, M, T, 3>(tiles, block, columns);
            block += 3;
        }
        while blocks - block >= 2 {
            cover_blocks::<E, M, T, 2>(tiles, block, columns);
            block += 2;
        }
    }
    while block < blocks {
        cover_blocks::<E, M, T, 1>(tiles, block, columns);
        block += 1;
    }
}

/// Covers all columns of `N` blocks.
#[inline(always)]
fn cover_blocks<E: Real, M: Machine<E>, T: Tiles<E>, const N: usize>(
    tiles: &mut T,
    block: usize,
    columns: usize,
) {
    // What registers have room for, beside a step's factors.
    let room = match (M::MANY_REGISTERS, N) {
        (true, 3) => 24,
        (true, _) => 16,
        (false, _) => 12,
    };
    let fit = room * M::Wide::LANES / (LANES * N);
    let mut column = 0;
    while N == 1 && fit >= 16 && columns - column >= 16 {
        tiles.tile::<M, 16, N>(block, column);
        column += 16;
    }
    while fit >= 8 && columns - column >= 8 {
        tiles.tile::<M, 8, N>(block, column);
        column += 8;
    }
    // Eight are better shared as twice four than as six and two.
    while fit >= 6 && columns - column >= 6 && columns - column != 8 {
        tiles.tile::<M, 6, N>(block, column);
        column += 6;
    }
    while fit >= 4 && columns - column >= 4 {
        tiles.tile::<M, 4, N>(block, column);
        column += 4;
    }
    while columns - column >= 2 {
        tiles.tile::<M, 2, N>(block, column);
        column += 2;
    }
    if column < columns {
        tiles.tile::<M, 1, N>(block, column);
    }
}

/// Steps of the inner dimension, and where a tile finds its factors: a vector of sixteen numbers for
/// each block, and a number for each column that all sixteen are multiplied with.
#[derive(Clone, Copy)]
pub(super) struct Steps<E> {
    /// The first block's vector at the first step; those of later steps lie behind it.
    pub(super) vectors: *const Sixteen<E>,
    /// From a block to the next.
    pub(super) vector_stride: usize,
    /// The first column's number at the first step.
    pub(super) numbers: *const E,
    /// From a step to the next.
    pub(super) step_stride: usize,
    /// From a column to the next.
    pub(super) number_stride: usize,
    pub(super) count: usize,
}

impl<E: Real> Steps<E> {
    /// Adds to the chains of `C` columns of `N` blocks.
    ///
    /// # Safety
    /// The vectors of `N` blocks and the numbers of `C` columns are valid for reads at every step.
    #[inline(always)]
    pub(super) unsafe fn add_to<V: Lanes<E>, const C: usize, const N: usize>(
        self,
        sums: &mut [[V; C]; N],
    ) {
        let Self { mut vectors, mut numbers, .. } = self;
        for _ in 0..self.count {
            let mut x = [V::zero(); N];
            for n in 0..N {
                // SAFETY: by the contract; a `Lanes` value is `Plain`: it is what a `Sixteen` is.
                x[n] = unsafe { *vectors.add(n * self.vector_stride).cast::<V>() };
            }
            for c in 0..C {
                // SAFETY: by the contract.
                let w = V::splat(unsafe { *numbers.add(c * self.number_stride) });
                for n in 0..N {
                    sums[n][c] = x[n].mul_add(w, sums[n][c]);
                }
            }
            // Wrapping, as the last step ends behind the factors.
            vectors = vectors.wrapping_add(1);
            numbers = numbers.wrapping_add(self.step_stride);
        }
    }
}
