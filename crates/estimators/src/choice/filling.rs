//! Gated picks whose gradient uses averages for the outputs of the other categories.

use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rows};
use std::cell::RefCell;
use std::rc::Rc;

/// A gated pick D of each row, with outputs that stand in for those of the other categories: the output is
/// y = w_D E_D, and the gradient for the weights w is ⟨∂L/∂y, E_D⟩ for the pick, and ⟨∂L/∂y, Ê_k⟩ with stand-ins
/// Ê for every other category, which is not computed.
#[derive(Clone, Debug)]
pub struct Filling<E: Real> {
    picks: Rc<Packed<E>>,
    weights: Node<E>,
    stand_ins: Rc<StandIns<E>>,
}

/// Outputs that stand in for those that are not computed, and what an objective reports of those that are.
#[derive(Debug, Default)]
pub struct StandIns<E> {
    /// Ê_k of each category, 0 where there is none.
    outputs: Vec<Option<Vec<E>>>,
    /// The mean output of each category that was picked.
    seen: RefCell<Vec<Option<Vec<E>>>>,
}

impl<E: Real> StandIns<E> {
    /// With an output for each category that has one.
    pub fn new(outputs: Vec<Option<Vec<E>>>) -> Self {
        Self { outputs, seen: RefCell::default() }
    }

    /// The mean output of each category that was picked; nothing if the objective reported none.
    pub fn seen(&self) -> Vec<Option<Vec<E>>> {
        self.seen.borrow().clone()
    }

    /// Notes the mean of the finite outputs of each category. Sums are in the order of rows.
    fn note(&self, picks: &[E], outputs: &[E], categories: usize) {
        let width = outputs.len() / picks.len();
        let mut sums = vec![(0.0, vec![0.0; width]); categories];
        for (pick, output) in picks.iter().zip(outputs.chunks_exact(width)) {
            if output.iter().all(|x| x.widen().is_finite()) {
                let (count, sums) = &mut sums[pick.widen() as usize];
                *count += 1.0;
                sums.iter_mut().zip(output).for_each(|(sum, x)| *sum += x.widen());
            }
        }
        let mean = |(count, sums): (f64, Vec<f64>)| {
            (count > 0.0).then(|| sums.into_iter().map(|sum| E::of(sum / count)).collect())
        };
        *self.seen.borrow_mut() = sums.into_iter().map(mean).collect();
    }
}

impl<E: Real> Filling<E> {
    pub(super) fn new(picks: Rc<Packed<E>>, weights: Node<E>, stand_ins: Rc<StandIns<E>>) -> Self {
        Self { picks, weights, stand_ins }
    }

    /// D, [B, 1].
    pub fn picks(&self) -> &Rc<Packed<E>> {
        &self.picks
    }

    /// w, [B, K]: 0 for all but the pick.
    pub(super) fn weights(&self) -> &Node<E> {
        &self.weights
    }

    /// y = w_D E_D from the outputs E_D of the picks, both [B, o].
    pub fn output(&self, outputs: Node<E>, tape: &mut Recording<E>) -> Node<E> {
        let (categories, width) = (self.weights.columns(), outputs.columns());
        let picks = self.picks.unpack();
        let w = rows::gather(&self.weights, &self.picks).unpack();
        let computed = outputs.unpack();
        self.stand_ins.note(&picks, &computed, categories);
        let scale = move |numbers: &[E], w: &[E]| -> Vec<E> {
            let rows = numbers.chunks_exact(width).zip(w);
            rows.flat_map(|(row, &w)| row.iter().map(move |&x| w * x)).collect()
        };
        let y = Packed::pack(&scale(&computed, &w), width);
        let (weights, stand_ins) = (self.weights.clone(), Rc::clone(&self.stand_ins));
        record(tape, y, move |gradient| {
            let gradient = gradient.unpack();
            if outputs.wants_gradient() {
                outputs.add(Packed::pack(&scale(&gradient, &w), width));
            }
            let dot = |g: &[E], x: &[E]| g.iter().zip(x).fold(E::ZERO, |sum, (&g, &x)| sum + g * x);
            let mut slopes = vec![E::ZERO; w.len() * categories];
            for (row, slopes) in slopes.chunks_exact_mut(categories).enumerate() {
                let of_row = row * width..(row + 1) * width;
                let g = &gradient[of_row.clone()];
                for (slope, output) in slopes.iter_mut().zip(&stand_ins.outputs) {
                    *slope = output.as_ref().map_or(E::ZERO, |output| dot(g, output));
                }
                slopes[picks[row].widen() as usize] = dot(g, &computed[of_row]);
            }
            weights.add(Packed::pack(&slopes, categories));
        })
    }
}
