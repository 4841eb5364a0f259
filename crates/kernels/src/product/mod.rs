//! Matrix products with a packed factor, in one fixed order.
//!
//! Each element of a product is one chain of fused multiply-adds over the inner dimension, first to
//! last. Registers span the sixteen rows of a block, and tiles span blocks and columns. Neither
//! splits a chain, so neither the width of registers nor the shape of tiles changes a bit.
//!
//! Loops over arrays of registers use indices, because an iterator that takes an array by value
//! moves it through memory.

#![allow(clippy::needless_range_loop, clippy::manual_memcpy)]

mod inner;
mod tile;

pub use inner::{Sums, inner_product, sum_rows};

use crate::simd::{Lanes, Machine, MachineKernel};
use crate::{Packed, Real};
use tile::{Steps, Tiles, cover};

/// A view of a slice as a matrix, with any strides.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    data: &'a [E],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, E> Matrix<'a, E> {
    /// A row-major rows × columns matrix.
    ///
    /// # Panics
    /// If the slice has the wrong length.
    pub fn new(data: &'a [E], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a {rows}×{columns} matrix");
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The transpose, as a view of the same slice.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// The first `columns` columns.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn first_columns(self, columns: usize) -> Self {
        assert!(columns <= self.columns, "{columns} of {} columns", self.columns);
        Self { columns, ..self }
    }
}

/// The start of each element's chain.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, E> {
    /// 0.
    Zero,
    /// The bias of its column.
    Bias(&'a [E]),
}

/// What is applied to each element at the end of its chain.
#[derive(Clone, Copy, Debug)]
pub enum Finish<'a, E: Real> {
    /// Nothing.
    Keep,
    /// max(0, ·), which propagates NaN.
    Relu,
    /// The number, times this slope where it is negative.
    LeakyRelu(E),
    /// 0 where this matrix, which has the shape of the result, is 0; otherwise nothing.
    Gate(&'a Packed<E>),
    /// The number, times this slope where this matrix, which has the shape of the result, is not above 0.
    LeakyGate(&'a Packed<E>, E),
}

/// `finish(start + x·w)`, [B, N], for x ([B, K]) and w ([K, N]).
///
/// # Panics
/// If the shapes do not match, or the result has no columns.
pub fn product<E: Real>(
    x: &Packed<E>,
    w: Matrix<'_, E>,
    start: Start<'_, E>,
    finish: Finish<'_, E>,
) -> Packed<E> {
    assert_eq!(x.columns(), w.rows, "inner dimensions of a product");
    if let Start::Bias(bias) = start {
        assert_eq!(bias.len(), w.columns, "one bias per column");
    }
    let mut out = Packed::scratch(x.rows(), w.columns);
    if let Finish::Gate(gate) | Finish::LeakyGate(gate, _) = finish {
        assert_eq!((gate.rows(), gate.columns()), (out.rows(), out.columns()), "gate and result");
    }
    E::on_machine(Product { x, w, start, finish, steps: 0..0, out: &mut out });
    out
}

/// Steps of the inner dimension per pass. What a block reads then stays in the first-level cache
/// and is reused for the next columns.
const STEPS_AT_ONCE: usize = 256;

/// A chain with at least this many steps is long.
const LONG: usize = 64;

struct Product<'a, E: Real> {
    x: &'a Packed<E>,
    w: Matrix<'a, E>,
    start: Start<'a, E>,
    finish: Finish<'a, E>,
    /// The steps of the current pass.
    steps: std::ops::Range<usize>,
    out: &'a mut Packed<E>,
}

impl<E: Real> MachineKernel<E> for Product<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(mut self) {
        let (blocks, columns) = (self.x.blocks_of_rows(), self.w.columns);
        // A packed matrix has at least one column, so there is a first step.
        while self.steps.end < self.w.rows {
            let first = self.steps.end;
            self.steps = first..self.w.rows.min(first + STEPS_AT_ONCE);
            let is_long = self.steps.len() >= LONG;
            cover::<E, M, _>(&mut self, blocks, columns, is_long);
        }
    }
}

impl<E: Real> Tiles<E> for Product<'_, E> {
    #[inline(always)]
    fn tile<M: Machine<E>, const C: usize, const N: usize>(&mut self, block: usize, column: usize) {
        let (w, first) = (self.w, self.steps.start);
        debug_assert!(column + C <= w.columns);
        let mut sums = [[M::Lanes::zero(); C]; N];
        if first > 0 {
            for n in 0..N {
                let before: &[M::Lanes; C] = self.out.columns_of(block + n, column);
                for c in 0..C {
                    sums[n][c] = before[c];
                }
            }
        } else if let Start::Bias(bias) = self.start {
            let bias = &bias[column..][..C];
            for n in 0..N {
                for c in 0..C {
                    sums[n][c] = M::Lanes::splat(bias[c]);
                }
            }
        }
        let steps = Steps {
            vectors: self.x.block_start(block).wrapping_add(first),
            vector_stride: self.x.columns(),
            numbers: w.data.as_ptr().wrapping_add(first * w.row_stride + column * w.column_stride),
            step_stride: w.row_stride,
            number_stride: w.column_stride,
            count: self.steps.len(),
        };
        // SAFETY: the blocks are blocks of x, which has a column for each step; by the assertion of
        // `Matrix::new`, the element of each step and column is within the slice.
        unsafe { steps.add_to(&mut sums) };
        let zero = M::Lanes::zero();
        match self.finish {
            _ if self.steps.end < w.rows => {}
            Finish::Keep => {}
            Finish::Relu => {
                for n in 0..N {
                    for c in 0..C {
                        // This order of operands propagates NaN.
                        sums[n][c] = zero.max(sums[n][c]);
                    }
                }
            }
            Finish::LeakyRelu(slope) => {
                let slope = M::Lanes::splat(slope);
                for n in 0..N {
                    for c in 0..C {
                        let is_negative = sums[n][c].less(zero);
                        let scaled = slope * sums[n][c];
                        sums[n][c] = M::Lanes::select(is_negative, scaled, sums[n][c]);
                    }
                }
            }
            Finish::Gate(gate) => {
                for n in 0..N {
                    let open: &[M::Lanes; C] = gate.columns_of(block + n, column);
                    for c in 0..C {
                        sums[n][c] = M::Lanes::select(open[c].equal(zero), zero, sums[n][c]);
                    }
                }
            }
            Finish::LeakyGate(gate, slope) => {
                let slope = M::Lanes::splat(slope);
                for n in 0..N {
                    let open: &[M::Lanes; C] = gate.columns_of(block + n, column);
                    for c in 0..C {
                        let scaled = slope * sums[n][c];
                        sums[n][c] = M::Lanes::select(zero.less(open[c]), sums[n][c], scaled);
                    }
                }
            }
        }
        for n in 0..N {
            let out: &mut [M::Lanes; C] = self.out.columns_of_mut(block + n, column);
            for c in 0..C {
                out[c] = sums[n][c];
            }
        }
    }
}
