//! A linear layer on plain slices, forward and backward.

use crate::simd::{Machine, MachineTask, Register};
use crate::{Buffer, Finish, Matrix, Real, Start, matmul};

/// The shape of a linear layer: y = x·W + b, x of [B, inputs], W of [inputs, outputs].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Numbers in.
    pub inputs: usize,
    /// Numbers out.
    pub outputs: usize,
}

/// What a layer does with its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// y
    Identity,
    /// max(0, y)
    Relu,
}

/// Where a layer's gradients are added up.
pub(crate) struct DenseGradients<'a, E> {
    pub(crate) weight: &'a mut [E],
    pub(crate) bias: &'a mut [E],
    /// Absent where nobody wants it: the first layer's input is data.
    pub(crate) input: Option<InputSum<'a, E>>,
}

/// Where the gradient for a layer's input goes.
pub(crate) enum InputSum<'a, E> {
    /// It is written there.
    Write(&'a mut [E]),
    /// It is written there, and is 0 wherever the input is 0: the input came out of a rectifier.
    WriteRectified(&'a mut [E]),
    /// It is added to what is there.
    Add(&'a mut [E]),
}

impl Dense {
    /// Numbers in the weight, inputs × outputs.
    pub fn weights(self) -> usize {
        self.inputs * self.outputs
    }

    /// `activation(x·W + b)`, [B, outputs].
    pub(crate) fn forward<E: Real>(
        self,
        x: &[E],
        weight: &[E],
        bias: &[E],
        activation: Activation,
    ) -> Buffer<E> {
        let batch = x.len() / self.inputs;
        let mut y = Buffer::any(batch * self.outputs);
        let finish = match activation {
            Activation::Identity => Finish::Keep,
            Activation::Relu => Finish::Relu,
        };
        matmul(
            Matrix::new(x, batch, self.inputs),
            Matrix::new(weight, self.inputs, self.outputs),
            Start::Bias(bias),
            finish,
            &mut y,
        );
        y
    }

    /// Adds to `sums` what a gradient for the layer's sums (before its activation) means for
    /// weight, bias and input: xᵀ·g, Σ_b g_b and g·Wᵀ.
    pub(crate) fn backward<E: Real>(
        self,
        x: &[E],
        weight: &[E],
        gradient: &[E],
        sums: DenseGradients<'_, E>,
    ) {
        let batch = x.len() / self.inputs;
        let g = Matrix::new(gradient, batch, self.outputs);
        let rows = Matrix::new(x, batch, self.inputs);
        matmul(rows.transposed(), g, Start::Accumulate, Finish::Keep, sums.weight);
        E::on_machine(SumRows(gradient, sums.bias));
        if let Some(input) = sums.input {
            let transposed = transpose(weight, self.inputs, self.outputs);
            let transposed = Matrix::new(&transposed, self.outputs, self.inputs);
            let (start, finish, input) = match input {
                InputSum::Write(input) => (Start::Zero, Finish::Keep, input),
                InputSum::WriteRectified(input) => (Start::Zero, Finish::Gate(x), input),
                InputSum::Add(input) => (Start::Accumulate, Finish::Keep, input),
            };
            matmul(g, transposed, start, finish, input);
        }
    }
}

/// Clears the gradient wherever a rectified layer gave 0.
pub(crate) fn through_relu<E: Real>(gradient: &mut [E], output: &[E]) {
    struct ThroughRelu<'a, E>(&'a mut [E], &'a [E]);
    impl<E: Real> MachineTask<E> for ThroughRelu<'_, E> {
        type Output = ();
        #[inline(always)]
        fn run<M: Machine<E>>(self) {
            for (g, &y) in self.0.iter_mut().zip(self.1) {
                *g = if y == E::ZERO { E::ZERO } else { *g };
            }
        }
    }
    E::on_machine(ThroughRelu(gradient, output));
}

/// Adds the rows of the first, in order, to the second.
struct SumRows<'a, E>(&'a [E], &'a mut [E]);

impl<E: Real> MachineTask<E> for SumRows<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(mut self) {
        let columns = self.1.len();
        let mut column = 0;
        while columns - column >= 4 * M::Wide::LANES {
            self.panel::<M::Wide, 4>(column);
            column += 4 * M::Wide::LANES;
        }
        while columns - column >= M::Wide::LANES {
            self.panel::<M::Wide, 1>(column);
            column += M::Wide::LANES;
        }
        if column < columns {
            let (rows, sums) = (self.0, &mut self.1[column..]);
            for row in rows.chunks_exact(columns) {
                for (sum, &x) in sums.iter_mut().zip(&row[column..]) {
                    *sum += x;
                }
            }
        }
    }
}

impl<E: Real> SumRows<'_, E> {
    /// `N` registers of columns, held in registers over all rows.
    #[inline(always)]
    fn panel<R: Register<E>, const N: usize>(&mut self, column: usize) {
        let columns = self.1.len();
        assert!(column + N * R::LANES <= columns, "columns of a panel");
        let sums = self.1[column..].as_mut_ptr();
        let mut sum = [R::splat(E::ZERO); N];
        // SAFETY: the panel's columns lie inside the sums, by the assertion, and inside every whole
        // row, which is as long.
        unsafe {
            for (i, sum) in sum.iter_mut().enumerate() {
                *sum = R::load(sums.add(i * R::LANES));
            }
            for row in self.0.chunks_exact(columns) {
                let row = row.as_ptr().add(column);
                for (i, sum) in sum.iter_mut().enumerate() {
                    *sum = sum.add(R::load(row.add(i * R::LANES)));
                }
            }
            for (i, sum) in sum.into_iter().enumerate() {
                sum.store(sums.add(i * R::LANES));
            }
        }
    }
}

/// A rows × columns matrix as columns × rows, in blocks that fit the nearest cache.
pub(crate) fn transpose<E: Real>(matrix: &[E], rows: usize, columns: usize) -> Buffer<E> {
    const BLOCK: usize = 16;
    let mut transposed = Buffer::any(matrix.len());
    for row in (0..rows).step_by(BLOCK) {
        for column in (0..columns).step_by(BLOCK) {
            for r in row..rows.min(row + BLOCK) {
                for c in column..columns.min(column + BLOCK) {
                    transposed[c * rows + r] = matrix[r * columns + c];
                }
            }
        }
    }
    transposed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes_any_shape() {
        for (rows, columns) in [(0, 3), (1, 1), (3, 40), (16, 16), (17, 33)] {
            let matrix: Vec<f64> = (0..rows * columns).map(|i| i as f64).collect();
            let transposed = transpose(&matrix, rows, columns);
            assert_eq!(transposed.len(), matrix.len());
            for (i, &x) in transposed.iter().enumerate() {
                assert_eq!(x, matrix[i % rows * columns + i / rows]);
            }
        }
    }

    #[test]
    fn a_written_gradient_replaces_and_an_added_one_adds() {
        let dense = Dense { inputs: 2, outputs: 1 };
        for written in [true, false] {
            let (mut weight, mut bias, mut input) = ([10.0, 20.0], [30.0], [40.0, 50.0]);
            let place = if written { InputSum::Write } else { InputSum::Add };
            let sums = DenseGradients {
                weight: &mut weight,
                bias: &mut bias,
                input: Some(place(&mut input)),
            };
            dense.backward(&[1.0, 2.0], &[3.0, 4.0], &[0.5], sums);
            assert_eq!((weight, bias), ([10.5, 21.0], [30.5]));
            assert_eq!(input, if written { [1.5, 2.0] } else { [41.5, 52.0] });
        }
    }

    #[test]
    fn no_gradient_reaches_what_a_rectifier_shut() {
        let (mut weight, mut bias, mut input) = ([0.0; 3], [0.0], [40.0, 50.0, 60.0]);
        let place = InputSum::WriteRectified(&mut input);
        let sums = DenseGradients { weight: &mut weight, bias: &mut bias, input: Some(place) };
        let dense = Dense { inputs: 3, outputs: 1 };
        dense.backward(&[1.0, 0.0, f64::NAN], &[3.0, 4.0, 6.0], &[0.5], sums);
        assert_eq!(input, [1.5, 0.0, 3.0]);
    }

    /// NaN came from a sum that the gate let pass; the gradient passes too.
    #[test]
    fn the_gate_is_shut_at_zero() {
        let mut gradient = [1.0, 2.0, 3.0, f64::NAN];
        through_relu(&mut gradient, &[0.0, 0.5, f64::NAN, 0.0]);
        assert_eq!(gradient, [0.0, 2.0, 3.0, 0.0]);
    }
}
