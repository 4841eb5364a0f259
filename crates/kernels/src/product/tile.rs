//! Tiles of a product: the sums that are in registers at the same time.

use crate::Real;
use crate::simd::{LANES, Lanes, Machine, Register, Sixteen};
use std::ops::Range;

/// A product that is computed tile by tile.
pub(super) trait Tiles<E: Real> {
    /// Computes `C` columns of `N` blocks, starting from these.
    fn tile<M: Machine<E>, const C: usize, const N: usize>(&mut self, block: usize, column: usize);
}

/// Columns that are covered for all blocks before the next ones. The numbers of so many columns and
/// their steps stay in the second-level cache, so that not every block fetches them from further away.
/// A multiple of every tile's width.
const COLUMNS_AT_ONCE: usize = 96;

/// Covers all columns of all blocks with tiles. With 32 registers of sixteen numbers, a tile is two
/// blocks high, or three if `three_wanted`: higher tiles broadcast each number less often, which pays
/// off for long chains.
#[inline(always)]
pub(super) fn cover<E: Real, M: Machine<E>, T: Tiles<E>>(
    tiles: &mut T,
    blocks: usize,
    columns: usize,
    three_wanted: bool,
) {
    let mut first = 0;
    while first < columns {
        // The last columns are not left alone.
        let rest = columns - first;
        let end = if rest < 2 * COLUMNS_AT_ONCE { columns } else { first + COLUMNS_AT_ONCE };
        cover_columns::<E, M, T>(tiles, blocks, first..end, three_wanted);
        first = end;
    }
}

/// Covers a range of columns of all blocks.
#[inline(always)]
fn cover_columns<E: Real, M: Machine<E>, T: Tiles<E>>(
    tiles: &mut T,
    blocks: usize,
    columns: Range<usize>,
    three_wanted: bool,
) {
    let mut block = 0;
    if M::MANY_REGISTERS && M::Wide::LANES == LANES {
        // Four blocks are faster as two and two than as three and one.
        while three_wanted && blocks - block >= 3 && blocks - block != 4 {
            cover_blocks::<E, M, T, 3>(tiles, block, columns.clone());
            block += 3;
        }
        while blocks - block >= 2 {
            cover_blocks::<E, M, T, 2>(tiles, block, columns.clone());
            block += 2;
        }
    }
    while block < blocks {
        cover_blocks::<E, M, T, 1>(tiles, block, columns.clone());
        block += 1;
    }
}

/// Covers a range of columns of `N` blocks.
#[inline(always)]
fn cover_blocks<E: Real, M: Machine<E>, T: Tiles<E>, const N: usize>(
    tiles: &mut T,
    block: usize,
    columns: Range<usize>,
) {
    let Range { start: mut column, end: columns } = columns;
    // How many registers are left for sums, beside those for the factors of a step.
    let room = match (M::MANY_REGISTERS, N) {
        (true, 3) => 24,
        (true, _) => 16,
        (false, _) => 12,
    };
    let fit = room * M::Wide::LANES / (LANES * N);
    while N == 1 && fit >= 16 && columns - column >= 16 {
        tiles.tile::<M, 16, N>(block, column);
        column += 16;
    }
    while fit >= 8 && columns - column >= 8 {
        tiles.tile::<M, 8, N>(block, column);
        column += 8;
    }
    // Eight columns are faster as four and four than as six and two.
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

/// Steps of the inner dimension, with pointers to the factors of a tile: a vector of sixteen
/// numbers for each block, and for each column a number that multiplies all sixteen.
#[derive(Clone, Copy)]
pub(super) struct Steps<E> {
    /// The first block's vector at the first step; those of later steps follow it.
    pub(super) vectors: *const Sixteen<E>,
    /// Distance from one block to the next.
    pub(super) vector_stride: usize,
    /// The first column's number at the first step.
    pub(super) numbers: *const E,
    /// Distance from one step to the next.
    pub(super) step_stride: usize,
    /// Distance from one column to the next.
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
                // SAFETY: by the contract; a `Lanes` value is `Plain`: it has the memory of a
                // `Sixteen`.
                x[n] = unsafe { *vectors.add(n * self.vector_stride).cast::<V>() };
            }
            for c in 0..C {
                // SAFETY: by the contract.
                let w = V::splat(unsafe { *numbers.add(c * self.number_stride) });
                for n in 0..N {
                    sums[n][c] = x[n].mul_add(w, sums[n][c]);
                }
            }
            // Wrapping, because the last step ends past the factors.
            vectors = vectors.wrapping_add(1);
            numbers = numbers.wrapping_add(self.step_stride);
        }
    }
}
