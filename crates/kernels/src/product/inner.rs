//! Sums over the rows of packed matrices.

use super::tile::{Steps, Tiles, cover};
use crate::packed::{load_part, store_part};
use crate::simd::{LANES, Lanes, Machine, MachineKernel};
use crate::{Packed, Real};

/// The destination of sums over rows.
#[derive(Debug)]
pub enum Sums<'a, E> {
    /// Overwrites the slice.
    Write(&'a mut [E]),
    /// Adds to the slice: the chains of a product start from its numbers.
    Add(&'a mut [E]),
}

impl<E> Sums<'_, E> {
    fn slice(&mut self) -> &mut [E] {
        let (Self::Write(place) | Self::Add(place)) = self;
        place
    }

    fn adds(&self) -> bool {
        matches!(self, Self::Add(_))
    }
}

/// gᵀ·x, [N, K] in row-major order, from the transpose of x ([K, B]) and g ([B, N]).
///
/// # Panics
/// If the shapes do not match.
pub fn inner_product<E: Real>(x_transposed: &Packed<E>, g: &Packed<E>, mut sums: Sums<'_, E>) {
    assert_eq!(x_transposed.columns(), g.rows(), "inner dimensions of a product");
    let elements = x_transposed.rows() * g.columns();
    assert_eq!(sums.slice().len(), elements, "the result of a product");
    E::on_machine(InnerProduct { x: x_transposed, g, sums });
}

struct InnerProduct<'a, E: Real> {
    x: &'a Packed<E>,
    g: &'a Packed<E>,
    sums: Sums<'a, E>,
}

impl<E: Real> MachineKernel<E> for InnerProduct<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(mut self) {
        let (blocks, columns) = (self.x.blocks_of_rows(), self.g.columns());
        cover::<E, M, _>(&mut self, blocks, columns, false);
    }
}

impl<E: Real> Tiles<E> for InnerProduct<'_, E> {
    #[inline(always)]
    fn tile<M: Machine<E>, const C: usize, const N: usize>(&mut self, block: usize, column: usize) {
        let (x, g) = (self.x, self.g);
        debug_assert!(column + C <= g.columns());
        let mut sums = [[M::Lanes::zero(); C]; N];
        if self.sums.adds() {
            for n in 0..N {
                for c in 0..C {
                    sums[n][c] = load_part(self.part(block + n, column + c));
                }
            }
        }
        for row in (0..g.rows()).step_by(LANES) {
            let steps = Steps {
                vectors: x.block_start(block).wrapping_add(row),
                vector_stride: x.columns(),
                numbers: g.block_start(row / LANES).wrapping_add(column).cast::<E>(),
                step_stride: 1,
                number_stride: LANES,
                count: LANES.min(g.rows() - row),
            };
            // SAFETY: the blocks are blocks of x, which has a column for each row of g; in a block
            // of g, the columns from `column` on are contiguous, with sixteen numbers each.
            unsafe { steps.add_to(&mut sums) };
        }
        for n in 0..N {
            for c in 0..C {
                store_part(sums[n][c], self.part(block + n, column + c));
            }
        }
    }
}

impl<E: Real> InnerProduct<'_, E> {
    /// The sums of a block of x and a column of g: sixteen, or fewer in the last block.
    #[inline(always)]
    fn part(&mut self, block: usize, column: usize) -> &mut [E] {
        let inputs = self.x.rows();
        let row = &mut self.sums.slice()[column * inputs..][..inputs];
        &mut row[block * LANES..]
    }
}

/// Σ_b g_b, one sum per column: row b is added to the partial sum b mod 16, and then the sixteen
/// are added pairwise, the upper half to the lower half, until one is left.
///
/// # Panics
/// If there is not one sum per column.
pub fn sum_rows<E: Real>(g: &Packed<E>, mut sums: Sums<'_, E>) {
    assert_eq!(sums.slice().len(), g.columns(), "one sum per column");
    E::on_machine(SumRows { g, sums });
}

struct SumRows<'a, E: Real> {
    g: &'a Packed<E>,
    sums: Sums<'a, E>,
}

impl<E: Real> MachineKernel<E> for SumRows<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(mut self) {
        let (g, adds) = (self.g, self.sums.adds());
        // Padding does not count.
        let rest = g.rows() % LANES;
        let lanes: [E; LANES] = std::array::from_fn(|lane| E::of(lane as f64));
        let is_row = M::Lanes::of(&lanes).less(M::Lanes::splat(E::of(rest as f64)));
        let whole = g.rows() / LANES;
        for (first, place) in (0..).step_by(LANES).zip(self.sums.slice().chunks_mut(LANES)) {
            let mut partial = [M::Lanes::zero(); LANES];
            for block in 0..whole {
                let columns = &g.block::<M::Lanes>(block)[first..];
                match columns.first_chunk::<LANES>() {
                    // The known length keeps the sums in registers.
                    Some(columns) => {
                        for i in 0..LANES {
                            partial[i] += columns[i];
                        }
                    }
                    None => {
                        for (i, &x) in columns.iter().enumerate() {
                            partial[i] += x;
                        }
                    }
                }
            }
            if rest > 0 {
                let columns = &g.block::<M::Lanes>(whole)[first..];
                for (i, &x) in columns.iter().take(LANES).enumerate() {
                    partial[i] += M::Lanes::select(is_row, x, M::Lanes::zero());
                }
            }
            M::transpose(&mut partial);
            let mut half = LANES;
            while half > 1 {
                half /= 2;
                for i in 0..half {
                    partial[i] += partial[i + half];
                }
            }
            let total =
                if adds { load_part::<E, M::Lanes>(place) + partial[0] } else { partial[0] };
            store_part(total, place);
        }
    }
}
