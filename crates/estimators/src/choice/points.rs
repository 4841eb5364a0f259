//! Points of a choice from category numbers, and in the order of tensors.

use crate::Dims;
use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;

/// m in the place of each pick, [rows, S·K], of gates m and picks, both [rows, S].
pub(super) fn gated_points<E: Real>(
    picks: Rc<Packed<E>>,
    gates: Node<E>,
    categories: usize,
    mut tape: Recording<E>,
) -> (Node<E>, Recording<E>) {
    rowwise! {
        fn place(gates => points) {
            let categories = points.len() / gates.len();
            for (&gate, point) in gates.iter().zip(points.chunks_exact_mut(categories)) {
                for k in 0..categories {
                    point[k] = point[k] * gate;
                }
            }
        }
    }
    rowwise! {
        fn of_gates(picks, points => gates) {
            let categories = points.len() / gates.len();
            for (s, point) in points.chunks_exact(categories).enumerate() {
                gates[s] = V::zero();
                for k in 0..categories {
                    let is_picked = picks[s].equal(V::splat(E::of(k as f64)));
                    gates[s] = V::select(is_picked, point[k], gates[s]);
                }
            }
        }
    }
    let mut points = rows::one_hots(&picks, categories);
    place(gates.numbers(), &mut points);
    let node = record(&mut tape, points, move |gradient| {
        let mut of_picks = Packed::scratch(picks.rows(), picks.columns());
        of_gates(&picks, &gradient, &mut of_picks);
        gates.add(of_picks);
    });
    (node, tape)
}

/// The category numbers of [`Choice::every`], [B, K].
pub(super) fn every_pick<E: Real>(dims: Dims) -> Packed<E> {
    let row: Vec<E> = (0..dims.categories).map(|k| E::of(k as f64)).collect();
    Packed::pack(&row.repeat(dims.rows()), dims.categories)
}

/// [S, B, L, K] as [B·L, S·K].
pub(crate) fn pack_points<E: Real>(numbers: &[E], samples: usize, dims: Dims) -> Packed<E> {
    let categories = dims.categories;
    if samples == 1 {
        return Packed::pack(numbers, categories);
    }
    let mut rows = Vec::with_capacity(numbers.len());
    for row in 0..dims.rows() {
        for sample in 0..samples {
            let start = (sample * dims.rows() + row) * categories;
            rows.extend_from_slice(&numbers[start..start + categories]);
        }
    }
    Packed::pack(&rows, samples * categories)
}

/// [B·L, S·K] as [S, B, L, K].
pub(crate) fn unpack_points<E: Real>(points: &Packed<E>, samples: usize, dims: Dims) -> Vec<E> {
    let categories = dims.categories;
    if samples == 1 {
        return points.unpack();
    }
    let mut numbers = vec![E::ZERO; samples * dims.elements()];
    for (sample, numbers) in numbers.chunks_exact_mut(dims.elements()).enumerate() {
        points.columns_to_rows(sample * categories..(sample + 1) * categories, numbers);
    }
    numbers
}
