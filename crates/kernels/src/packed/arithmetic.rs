//! Elementwise and row-wise arithmetic of packed matrices.

use super::Packed;
use crate::simd::{LANES, Machine, MachineKernel};
use crate::{Real, rowwise};

impl<E: Real> Packed<E> {
    /// Row `first` and every `step`-th after it.
    ///
    /// # Panics
    /// If the number of rows is not a multiple of `step`, or `first` is not below `step`.
    pub fn strided_rows(&self, step: usize, first: usize) -> Self {
        assert!(first < step && self.rows.is_multiple_of(step), "one row of every {step}");
        let mut rows = Self::zeros(self.rows / step, self.columns);
        for row in 0..rows.rows {
            for column in 0..rows.columns {
                rows.set(row, column, self.get(row * step + first, column));
            }
        }
        rows
    }

    /// `times` copies of the whole matrix, stacked.
    pub fn repeat(&self, times: usize) -> Self {
        Self::pack(&self.unpack().repeat(times), self.columns)
    }

    /// The matrix with each row repeated `times` times.
    pub fn repeat_rows(self, times: usize) -> Self {
        if times == 1 {
            return self;
        }
        let mut repeated = Self::zeros(self.rows * times, self.columns);
        for row in 0..repeated.rows {
            let (from, to) = (row / times, row / LANES * self.columns);
            for column in 0..self.columns {
                repeated.data[to + column].0[row % LANES] = self.get(from, column);
            }
        }
        repeated
    }

    /// The sums of each group of `times` consecutive rows.
    ///
    /// # Panics
    /// If the number of rows is not a multiple of `times`, or `times` is 0.
    pub fn sum_rows(self, times: usize) -> Self {
        assert!(times > 0, "groups of no rows");
        assert_eq!(self.rows % times, 0, "rows in groups of {times}");
        if times == 1 {
            return self;
        }
        let mut sums = Self::zeros(self.rows / times, self.columns);
        for row in 0..self.rows {
            let to = row / times;
            for column in 0..self.columns {
                let sixteen = &mut sums.data[to / LANES * self.columns + column];
                sixteen.0[to % LANES] += self.get(row, column);
            }
        }
        sums
    }

    /// Adds a matrix of the same shape.
    pub fn add(&mut self, other: &Self) {
        rowwise! {
            fn add(other => sum) {
                for k in 0..other.len() {
                    sum[k] += other[k];
                }
            }
        }
        add(other, self);
    }

    /// Subtracts a matrix of the same shape.
    pub fn subtract(&mut self, other: &Self) {
        rowwise! {
            fn subtract(other => difference) {
                for k in 0..other.len() {
                    difference[k] = difference[k] - other[k];
                }
            }
        }
        subtract(other, self);
    }

    /// The logarithm of every element.
    pub fn ln(&self) -> Self {
        rowwise! {
            fn ln(=> numbers) {
                for x in numbers {
                    *x = x.ln();
                }
            }
        }
        let mut logarithms = self.clone();
        ln(&mut logarithms);
        logarithms
    }

    /// Replaces each element by its tanh, 1 − 2/(e²ˣ + 1). The error is a few times
    /// [`Float::EPSILON`](crate::simd::Float::EPSILON).
    pub fn tanh(&mut self) {
        rowwise! {
            fn tanh(=> numbers) {
                let (one, two) = (V::splat(E::ONE), V::splat(E::of(2.0)));
                for x in numbers {
                    *x = one - two / ((two * *x).exp() + one);
                }
            }
        }
        tanh(self);
    }

    /// Σ of all elements, in double precision: row b is added to the partial sum b mod 16, and then
    /// the sixteen are added in order.
    pub fn total(&self) -> f64 {
        struct Total<'a, E: Real>(&'a Packed<E>);
        impl<E: Real> MachineKernel<E> for Total<'_, E> {
            type Output = f64;
            #[inline(always)]
            fn run<M: Machine<E>>(self) -> f64 {
                let Packed { data, rows, columns } = self.0;
                let mut partial = [0.0; LANES];
                let (whole, last) = data.split_at(rows / LANES * columns);
                for sixteen in whole {
                    for (sum, x) in partial.iter_mut().zip(sixteen.0) {
                        *sum += x.widen();
                    }
                }
                for sixteen in last {
                    // Padding does not count.
                    for (sum, x) in partial.iter_mut().zip(sixteen.0).take(rows % LANES) {
                        *sum += x.widen();
                    }
                }
                let mut total = 0.0;
                for sum in partial {
                    total += sum;
                }
                total
            }
        }
        E::on_machine(Total(self))
    }

    /// Σ_k a_k b_k of each row, [rows, 1].
    pub fn row_dots(&self, other: &Self) -> Self {
        rowwise! {
            fn dots(a, b => dot) {
                dot[0] = crate::rows::dot(a, b);
            }
        }
        let mut products = Self::zeros(self.rows, 1);
        dots(self, other, &mut products);
        products
    }
}
