//! The inner loops of matrix products: chains of multiply-adds over the inner dimension.
//!
//! Several loops for one result: each element's chain is the same, first step to last. Which is
//! fastest depends on how the left factor lies in memory: a number of it that goes to a whole
//! register is either loaded as such, one load for every `N` multiply-adds, or four are loaded at
//! once and spread from register to register.

use crate::Real;
use crate::simd::Register;

/// Numbers of the left factor, and the columns of the right one that a tile is about.
#[derive(Clone, Copy)]
pub(crate) struct Factors<E> {
    pub(crate) left: *const E,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
    pub(crate) right: *const E,
    pub(crate) right_stride: usize,
    /// The inner dimension.
    pub(crate) steps: usize,
}

impl<E: Real> Factors<E> {
    /// Adds `ROWS` × `N` chains to `sums`.
    ///
    /// # Safety
    /// Elements of rows 0..ROWS and steps 0..steps of the left factor, and `N` registers of each
    /// step of the right one, are valid for reads.
    #[inline(always)]
    pub(crate) unsafe fn add_to<R: Register<E>, const ROWS: usize, const N: usize>(
        self,
        sums: &mut [[R; N]; ROWS],
    ) {
        // SAFETY: by the contract; what each needs of strides and shapes is looked at here.
        unsafe {
            if R::HAS_QUADS && ROWS.is_multiple_of(4) && self.row_stride == 1 {
                self.four_rows_at_once(sums);
            } else if R::HAS_QUADS && N == 1 && ROWS == 8 && self.column_stride == 1 {
                self.four_steps_at_once(sums).one_by_one(sums);
            } else {
                self.one_by_one(sums);
            }
        }
    }

    /// Every number is loaded for itself.
    #[inline(always)]
    unsafe fn one_by_one<R: Register<E>, const ROWS: usize, const N: usize>(
        mut self,
        sums: &mut [[R; N]; ROWS],
    ) {
        for _ in 0..self.steps {
            // SAFETY: the step is one of those that are valid, and so is every row.
            unsafe {
                let factors = self.factors::<R, N>(0);
                for (i, sums) in sums.iter_mut().enumerate() {
                    let x = R::splat(*self.left.add(i * self.row_stride));
                    multiply_add(x, factors, sums);
                }
            }
            self.advance(1);
        }
    }

    /// Four rows' numbers of a step, side by side, are one load. Needs a row stride of 1, and whole
    /// fours of rows.
    #[inline(always)]
    unsafe fn four_rows_at_once<R: Register<E>, const ROWS: usize, const N: usize>(
        mut self,
        sums: &mut [[R; N]; ROWS],
    ) {
        for _ in 0..self.steps {
            // SAFETY: as in `one_by_one`; rows lie side by side.
            unsafe {
                let factors = self.factors::<R, N>(0);
                for (four, sums) in sums.chunks_exact_mut(4).enumerate() {
                    let quad = R::load_quad(self.left.add(4 * four));
                    for (i, sums) in sums.iter_mut().enumerate() {
                        multiply_add(R::of_quad(quad, i), factors, sums);
                    }
                }
            }
            self.advance(1);
        }
    }

    /// A row's numbers of four steps, side by side, are one load; what is left after whole fours of
    /// steps is returned. Needs a column stride of 1.
    #[inline(always)]
    unsafe fn four_steps_at_once<R: Register<E>, const ROWS: usize, const N: usize>(
        mut self,
        sums: &mut [[R; N]; ROWS],
    ) -> Self {
        while self.steps >= 4 {
            // SAFETY: as in `one_by_one`, for four steps; a row's steps lie side by side.
            unsafe {
                let mut factors = [[R::splat(E::ZERO); N]; 4];
                for (step, factors) in factors.iter_mut().enumerate() {
                    *factors = self.factors::<R, N>(step);
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let quad = R::load_quad(self.left.add(i * self.row_stride));
                    for (step, &factors) in factors.iter().enumerate() {
                        multiply_add(R::of_quad(quad, step), factors, sums);
                    }
                }
            }
            self.advance(4);
            self.steps -= 4;
        }
        self
    }

    /// The right factor's numbers of a step from here.
    #[inline(always)]
    unsafe fn factors<R: Register<E>, const N: usize>(&self, step: usize) -> [R; N] {
        let mut factors = [R::splat(E::ZERO); N];
        for (j, factor) in factors.iter_mut().enumerate() {
            // SAFETY: by the contract of `add_to`.
            *factor = unsafe { R::load(self.right.add(step * self.right_stride + j * R::LANES)) };
        }
        factors
    }

    /// On to a later step. Wrapping, as the last one ends behind the factors.
    #[inline(always)]
    fn advance(&mut self, steps: usize) {
        self.left = self.left.wrapping_add(steps * self.column_stride);
        self.right = self.right.wrapping_add(steps * self.right_stride);
    }
}

#[inline(always)]
fn multiply_add<E: Real, R: Register<E>, const N: usize>(x: R, factors: [R; N], sums: &mut [R; N]) {
    for (sum, factor) in sums.iter_mut().zip(factors) {
        *sum = x.mul_add(factor, *sum);
    }
}
