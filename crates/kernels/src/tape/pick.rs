use super::{read, values, with_gradient_of};
use crate::Real;
use dfdx::prelude::{
    Cpu, CpuError, HasShape, Merge, PutTape, ReshapeTo, SplitTape, Tape, Tensor, TensorFromVec,
};

/// Σ_k a_k b_k of each row of two tensors.
///
/// * `choice` — [S, B, K], e.g. one-hot choices or points of the simplex
/// * `values` — [B, K], shared by all samples
/// * result — [S, B]
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If the shapes do not fit together, or there are no categories.
pub fn row_dot<E: Real, T: Tape<E, Cpu> + Merge<U>, U: Tape<E, Cpu>>(
    choice: Tensor<(usize, usize, usize), E, Cpu, T>,
    numbers: Tensor<(usize, usize), E, Cpu, U>,
) -> Result<Tensor<(usize, usize), E, Cpu, T>, CpuError> {
    let &(samples, batch, categories) = choice.shape();
    assert_eq!(numbers.shape(), &(batch, categories), "numbers of the choice's rows");
    assert!(categories > 0, "a choice has categories");
    let (choice, tape) = choice.try_contiguous()?.split_tape();
    let (numbers, other) = numbers.try_contiguous()?.split_tape();
    let mut tape = tape.merge(other);
    let (z, v) = (values(&choice), values(&numbers));
    let rows = z.chunks_exact(categories).zip(v.chunks_exact(categories).cycle());
    let dots =
        rows.map(|(z, v)| z.iter().zip(v).fold(E::ZERO, |sum, (&z, &v)| sum + z * v)).collect();
    let output = choice.device().try_tensor_from_vec(dots, (samples, batch))?;
    let result = output.clone();
    tape.add_backward_op(move |gradients| {
        with_gradient_of(&output, gradients, |gradient, gradients| {
            let add = |sums: &mut [E], other: &[E], g: E| {
                sums.iter_mut().zip(other).for_each(|(sum, &x)| *sum += g * x);
            };
            let sums = gradients.get_or_alloc_mut(&choice)?;
            let rows = sums.chunks_exact_mut(categories);
            for ((sums, v), &g) in rows.zip(v.chunks_exact(categories).cycle()).zip(gradient) {
                add(sums, v, g);
            }
            let sums = gradients.get_or_alloc_mut(&numbers)?;
            for (row, (z, &g)) in z.chunks_exact(categories).zip(gradient).enumerate() {
                add(&mut sums[row % batch * categories..][..categories], z, g);
            }
            Ok(())
        })
    });
    Ok(result.put_tape(tape))
}

/// The number of each row's category: [`row_dot`] with one-hot choices that nobody differentiates.
///
/// * `numbers` — [B, K]
/// * `picks` — [S, B], categories below K
/// * result — [S, B]
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If there are no rows, the picks are not whole rows of B, or one is not below K.
pub fn gather<E: Real, T: Tape<E, Cpu>>(
    numbers: Tensor<(usize, usize), E, Cpu, T>,
    picks: &[u32],
) -> Result<Tensor<(usize, usize), E, Cpu, T>, CpuError> {
    let &(batch, categories) = numbers.shape();
    assert!(batch > 0, "rows to pick from");
    assert_eq!(picks.len() % batch, 0, "one pick a row and sample");
    let (numbers, mut tape) = numbers.try_contiguous()?.split_tape();
    let v = read(&numbers);
    let largest = picks.iter().copied().max().unwrap_or(0);
    assert!((largest as usize) < categories, "category {largest} of {categories}");
    let mut picked = Vec::with_capacity(picks.len());
    for picks in picks.chunks_exact(batch) {
        let rows = v.chunks_exact(categories).zip(picks);
        picked.extend(rows.map(|(row, &pick)| row[pick as usize]));
    }
    let picks: Vec<u32> = picks.to_vec();
    let output = numbers.device().try_tensor_from_vec(picked, (picks.len() / batch, batch))?;
    let result = output.clone();
    tape.add_backward_op(move |gradients| {
        with_gradient_of(&output, gradients, |gradient, gradients| {
            let sums = gradients.get_or_alloc_mut(&numbers)?;
            for (picks, g) in picks.chunks_exact(batch).zip(gradient.chunks_exact(batch)) {
                let rows = sums.chunks_exact_mut(categories).zip(picks);
                rows.zip(g).for_each(|((row, &pick), &g)| row[pick as usize] += g);
            }
            Ok(())
        })
    });
    Ok(result.put_tape(tape))
}
