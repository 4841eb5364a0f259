//! Matrix products of any shape, in one fixed order.
//!
//! Each element of a product is one chain of fused multiply-adds over the inner dimension, first to
//! last. Vector registers and tiles lie across rows and columns of the result, never along the
//! chain, so neither their width nor the shape of a tile changes a bit.

use crate::chains::Factors;
use crate::simd::{LANES, Machine, MachineTask, Register};
use crate::{Buffer, Real};

/// A matrix in a slice, with any strides.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    data: &'a [E],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, E> Matrix<'a, E> {
    /// `data` as rows × columns, row after row.
    ///
    /// # Panics
    /// If the slice has another length.
    pub fn new(data: &'a [E], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a {rows}×{columns} matrix");
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same numbers, read as columns × rows.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// What each element's chain starts from.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, E> {
    /// 0.
    Zero,
    /// What the result holds already.
    Accumulate,
    /// The number of its column.
    Bias(&'a [E]),
}

/// What happens to an element when its chain is complete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finish<'a, E> {
    /// Nothing.
    Keep,
    /// max(0, ·), with NaN kept.
    Relu,
    /// It becomes 0 where this matrix, of the result's shape and row after row, is 0.
    Gate(&'a [E]),
}

/// `out = finish(start + a·b)`; `a` is M×K with any strides, `b` is K×N row after row, `out` is M×N
/// row after row.
///
/// # Panics
/// If the shapes do not fit together.
pub fn matmul<E: Real>(
    a: Matrix<'_, E>,
    b: Matrix<'_, E>,
    start: Start<'_, E>,
    finish: Finish<'_, E>,
    out: &mut [E],
) {
    assert_eq!(a.columns, b.rows, "inner dimensions of a product");
    assert_eq!(out.len(), a.rows * b.columns, "the result of a product");
    assert!(b.column_stride == 1, "the right factor of a product lies row after row");
    if let Start::Bias(bias) = start {
        assert_eq!(bias.len(), b.columns, "one bias a column");
    }
    if let Finish::Gate(gate) = finish {
        assert_eq!(gate.len(), out.len(), "one gate an element");
    }
    E::on_machine(Product { a, b, start, finish, out });
}

struct Product<'a, E> {
    a: Matrix<'a, E>,
    b: Matrix<'a, E>,
    start: Start<'a, E>,
    finish: Finish<'a, E>,
    out: &'a mut [E],
}

impl<E: Real> MachineTask<E> for Product<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine<E>>(mut self) {
        let columns = self.b.columns;
        let mut column = 0;
        while columns - column >= 2 * M::Wide::LANES {
            self.panel::<M, M::Wide, 2>(column);
            column += 2 * M::Wide::LANES;
        }
        while columns - column >= M::Wide::LANES {
            self.panel::<M, M::Wide, 1>(column);
            column += M::Wide::LANES;
        }
        while columns - column >= M::Half::LANES {
            self.panel::<M, M::Half, 1>(column);
            column += M::Half::LANES;
        }
        if column < columns {
            self.ragged_panel::<M>(column);
        }
    }
}

impl<E: Real> Product<'_, E> {
    /// The result's columns from `column` on, `N` registers of them.
    #[inline(always)]
    fn panel<M: Machine<E>, R: Register<E>, const N: usize>(&mut self, column: usize) {
        let mut row = 0;
        if M::MANY_REGISTERS {
            if N == 1 {
                row = self.tiles::<R, 16, N>(row, column, 0);
            }
            row = self.tiles::<R, 12, N>(row, column, 0);
            row = self.tiles::<R, 8, N>(row, column, 0);
        } else if N == 1 {
            // As many chains as hide the latency of a multiply-add.
            row = self.tiles::<R, 8, N>(row, column, 0);
        }
        row = self.tiles::<R, 6, N>(row, column, 8);
        row = self.tiles::<R, 4, N>(row, column, 0);
        row = self.tiles::<R, 2, N>(row, column, 0);
        self.tiles::<R, 1, N>(row, column, 0);
    }

    /// As many tiles of `ROWS` rows as there is room for, unless just `even` rows are left, which
    /// smaller tiles share evenly; returns the first row left.
    #[inline(always)]
    fn tiles<R: Register<E>, const ROWS: usize, const N: usize>(
        &mut self,
        mut row: usize,
        column: usize,
        even: usize,
    ) -> usize {
        while self.a.rows - row >= ROWS && self.a.rows - row != even {
            self.tile::<R, ROWS, N>(row, column);
            row += ROWS;
        }
        row
    }

    /// `ROWS` rows by `N` registers of the result, held in registers along the whole chain.
    #[inline(always)]
    fn tile<R: Register<E>, const ROWS: usize, const N: usize>(
        &mut self,
        row: usize,
        column: usize,
    ) {
        let (a, b) = (self.a, self.b);
        let stride = b.columns;
        debug_assert!(row + ROWS <= a.rows && column + N * R::LANES <= b.columns);
        let mut sum = [[R::splat(E::ZERO); N]; ROWS];
        // SAFETY: with the assertions of `matmul`, `Matrix::new` and above, element (i, j) of each
        // matrix lies inside its slice for every i and j below.
        unsafe {
            let out = self.out.as_mut_ptr().add(row * stride + column);
            match self.start {
                Start::Zero => {}
                Start::Accumulate => {
                    for (i, sum) in sum.iter_mut().enumerate() {
                        for (j, sum) in sum.iter_mut().enumerate() {
                            *sum = R::load(out.add(i * stride + j * R::LANES));
                        }
                    }
                }
                Start::Bias(bias) => {
                    for sum in &mut sum {
                        for (j, sum) in sum.iter_mut().enumerate() {
                            *sum = R::load(bias.as_ptr().add(column + j * R::LANES));
                        }
                    }
                }
            }
            // Wrapping, as there may be no step: then they lie outside of empty slices, unread.
            let factors = Factors {
                left: a.data.as_ptr().wrapping_add(row * a.row_stride),
                row_stride: a.row_stride,
                column_stride: a.column_stride,
                right: b.data.as_ptr().wrapping_add(column),
                right_stride: b.row_stride,
                steps: a.columns,
            };
            factors.add_to(&mut sum);
            for (i, sum) in sum.into_iter().enumerate() {
                for (j, sum) in sum.into_iter().enumerate() {
                    let place = row * stride + column + i * stride + j * R::LANES;
                    self.finish(sum, place).store(out.add(i * stride + j * R::LANES));
                }
            }
        }
    }

    /// What becomes of the elements from `place` on.
    ///
    /// # Safety
    /// The result has that many elements from there on.
    #[inline(always)]
    unsafe fn finish<R: Register<E>>(&self, sum: R, place: usize) -> R {
        match self.finish {
            Finish::Keep => sum,
            // The order of the operands lets NaN pass.
            Finish::Relu => R::splat(E::ZERO).max(sum),
            Finish::Gate(gate) => {
                // SAFETY: a gate is as long as the result, by the assertion of `matmul`.
                let open = unsafe { R::load(gate.as_ptr().add(place)) };
                let zero = R::splat(E::ZERO);
                R::select(open.equal(zero), zero, sum)
            }
        }
    }

    /// The last columns, too few for a register: worked on in a copy that is padded with zeros.
    #[inline(always)]
    fn ragged_panel<M: Machine<E>>(&mut self, column: usize) {
        let (width, lanes) = (self.b.columns - column, M::Half::LANES);
        let pad = |row: &[E], padded: &mut [E]| {
            padded[..width].copy_from_slice(&row[column..]);
            padded[width..].fill(E::ZERO);
        };
        let mut b = Buffer::any(self.b.rows * lanes);
        for (row, padded) in self.b.data.chunks(self.b.columns).zip(b.chunks_mut(lanes)) {
            pad(row, padded);
        }
        let mut out = Buffer::any(self.a.rows * lanes);
        let mut bias = [E::ZERO; LANES];
        let start = match self.start {
            Start::Zero => Start::Zero,
            Start::Accumulate => {
                for (row, padded) in self.out.chunks(self.b.columns).zip(out.chunks_mut(lanes)) {
                    pad(row, padded);
                }
                Start::Accumulate
            }
            Start::Bias(whole) => {
                pad(whole, &mut bias);
                Start::Bias(&bias[..lanes])
            }
        };
        let mut gates = Buffer::any(if let Finish::Gate(_) = self.finish { out.len() } else { 0 });
        let finish = match self.finish {
            Finish::Keep => Finish::Keep,
            Finish::Relu => Finish::Relu,
            Finish::Gate(gate) => {
                for (row, padded) in gate.chunks(self.b.columns).zip(gates.chunks_mut(lanes)) {
                    pad(row, padded);
                }
                Finish::Gate(&gates[..])
            }
        };
        let mut padded = Product {
            a: self.a,
            b: Matrix::new(&b, self.b.rows, lanes),
            start,
            finish,
            out: &mut out,
        };
        padded.panel::<M, M::Half, 1>(0);
        for (row, padded) in self.out.chunks_mut(self.b.columns).zip(out.chunks(lanes)) {
            row[column..].copy_from_slice(&padded[..width]);
        }
    }
}
