//! Experts of which each computes the rows that picked it, and no others.

use kernels::tape::{Node, Recording, record};
use kernels::{Data, Input, Packed, Parameters, Perceptron, Real, rowwise};
use std::rc::Rc;

/// (1/L) Σ_l m_l E_{D_l}(x) of S picks D_l of L latents of each row ([B·L, S]) with gates m ([B·L, S]; 1 without):
/// [B, S·o], the outputs of a sample side by side.
///
/// The rows of an expert are gathered in their order, so that each expert is one product for them; a row that
/// picks an expert several times has it computed once. Experts follow in their order. Rows are processed sixteen
/// at a time, so that the cost is Σ_k 16 ⌈n_k/16⌉ rows, where n_k rows have picked expert k.
pub(super) fn outputs<E: Real>(
    experts: &[Perceptron],
    parameters: &Parameters<E>,
    rows: &Packed<E>,
    picks: &Packed<E>,
    latents: usize,
    gates: Option<Node<E>>,
    tape: &mut Recording<E>,
) -> Node<E> {
    let Groups { rows: groups, places } = Groups::of(picks, latents, experts.len());
    let shape = (rows.rows(), picks.columns());
    let computed = Computed::new(experts, parameters, rows, &groups, tape);
    computed.combine(places, gates, latents, shape, tape)
}

/// (1/L) Σ_l Σ_k w_lk E_k(x) of weights w ([B·L, K]): [B, o]. An expert computes the rows where one of its weights
/// is not 0.
pub(super) fn mixture<E: Real>(
    experts: &[Perceptron],
    parameters: &Parameters<E>,
    rows: &Packed<E>,
    weights: Node<E>,
    latents: usize,
    tape: &mut Recording<E>,
) -> Node<E> {
    let Groups { rows: groups, places } = Groups::active(&weights, latents);
    let shape = (rows.rows(), 1);
    let computed = Computed::new(experts, parameters, rows, &groups, tape);
    computed.combine(places, Some(weights), latents, shape, tape)
}

/// The outputs of experts for the rows that each computes.
struct Computed<E: Real> {
    /// o
    width: usize,
    /// Of each expert that computes a row.
    nodes: Vec<Option<Node<E>>>,
    /// The same, row after row.
    numbers: Vec<Vec<E>>,
}

impl<E: Real> Computed<E> {
    fn new(
        experts: &[Perceptron],
        parameters: &Parameters<E>,
        rows: &Packed<E>,
        groups: &[Vec<u32>],
        tape: &mut Recording<E>,
    ) -> Self {
        let compute = |(expert, group): (&Perceptron, &Vec<u32>)| {
            let input = || Input::Data(Data::from_rows(rows.select_rows(group)));
            (!group.is_empty()).then(|| expert.forward(parameters, input(), tape))
        };
        let nodes: Vec<Option<Node<E>>> = experts.iter().zip(groups).map(compute).collect();
        let unpack = |node: &Option<Node<E>>| node.as_ref().map_or(vec![], |node| node.unpack());
        let numbers = nodes.iter().map(unpack).collect();
        Self { width: experts[0].outputs(), nodes, numbers }
    }

    /// The sum of outputs at each place, times the weights of the places (1 without), divided by L: [B, S·o] for B
    /// rows and S outputs of each.
    fn combine(
        self,
        places: Vec<Place>,
        weights: Option<Node<E>>,
        latents: usize,
        (rows, samples): (usize, usize),
        tape: &mut Recording<E>,
    ) -> Node<E> {
        let Self { width, nodes, numbers } = self;
        let factors = weights.as_ref().map(|weights| weights.unpack());
        let share = E::of(1.0 / latents as f64);
        let factor = move |i: usize| factors.as_ref().map_or(share, |factors| share * factors[i]);
        let mut y = vec![E::ZERO; rows * samples * width];
        for &Place { expert, at, weight, output } in &places {
            let (m, from) = (factor(weight), &numbers[expert][at * width..][..width]);
            let sums = &mut y[output * width..][..width];
            sums.iter_mut().zip(from).for_each(|(sum, &x)| *sum += m * x);
        }
        record(tape, Packed::pack(&y, samples * width), move |gradient| {
            let gradient = gradient.unpack();
            let count = weights.as_ref().map_or(0, |weights| weights.rows() * weights.columns());
            let mut slopes = vec![E::ZERO; count];
            let zeros = |output: &Vec<E>| vec![E::ZERO; output.len()];
            let mut sums: Vec<Vec<E>> = numbers.iter().map(zeros).collect();
            for &Place { expert, at, weight, output } in &places {
                let g = &gradient[output * width..][..width];
                let (m, from) = (factor(weight), at * width);
                if let Some(slope) = slopes.get_mut(weight) {
                    let x = &numbers[expert][from..][..width];
                    *slope = share * x.iter().zip(g).fold(E::ZERO, |sum, (&x, &g)| sum + x * g);
                }
                sums[expert][from..][..width].iter_mut().zip(g).for_each(|(sum, &g)| *sum += m * g);
            }
            for (node, sums) in nodes.iter().zip(sums) {
                if let Some(node) = node {
                    node.add(Packed::pack(&sums, width));
                }
            }
            if let Some(weights) = weights {
                weights.add(Packed::pack(&slopes, weights.columns()));
            }
        })
    }
}

/// Where the output of an expert for a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    expert: usize,
    /// Which of the expert's rows it is.
    at: usize,
    /// Which weight it has.
    weight: usize,
    /// To which output it is added.
    output: usize,
}

/// Which rows have picked each expert.
struct Groups {
    /// Of each expert, in order.
    rows: Vec<Vec<u32>>,
    /// Row after row.
    places: Vec<Place>,
}

impl Groups {
    /// Of picks of L latents ([B·L, S]), each with a weight of its own; a row has an output for each sample.
    fn of<E: Real>(picks: &Packed<E>, latents: usize, experts: usize) -> Self {
        let samples = picks.columns();
        let mut rows = vec![vec![]; experts];
        let place = |(i, pick): (usize, E)| {
            let (row, expert) = (i / (latents * samples), pick.widen() as usize);
            let at = join(&mut rows[expert], row as u32);
            Place { expert, at, weight: i, output: row * samples + i % samples }
        };
        let places = picks.unpack().into_iter().enumerate().map(place).collect();
        Self { rows, places }
    }

    /// Of weights of L latents ([B·L, K]), where they are not 0; a row has one output.
    fn active<E: Real>(weights: &Packed<E>, latents: usize) -> Self {
        let experts = weights.columns();
        let mut rows: Vec<Vec<u32>> = vec![vec![]; experts];
        let mut places = vec![];
        for (weight, x) in weights.unpack().into_iter().enumerate() {
            if x != E::ZERO {
                let (row, expert) = (weight / experts / latents, weight % experts);
                let at = join(&mut rows[expert], row as u32);
                places.push(Place { expert, at, weight, output: row });
            }
        }
        Self { rows, places }
    }
}

/// Where a row is in its group, which it joins if it is not the last one there.
fn join(group: &mut Vec<u32>, row: u32) -> usize {
    if group.last() != Some(&row) {
        group.push(row);
    }
    group.len() - 1
}

/// E_k(x) of every expert, [B, K·o], those of an expert side by side.
pub(super) fn all<E: Real>(
    experts: &[Perceptron],
    parameters: &Parameters<E>,
    rows: &Rc<Data<E>>,
    tape: &mut Recording<E>,
) -> Node<E> {
    let width = experts[0].outputs();
    let compute =
        |expert: &Perceptron| expert.forward(parameters, Input::Data(Rc::clone(rows)), tape);
    let computed: Vec<Node<E>> = experts.iter().map(compute).collect();
    let mut both = Packed::scratch(rows.rows().rows(), experts.len() * width);
    for (k, node) in computed.iter().enumerate() {
        for column in 0..width {
            both.set_column(k * width + column, &node.column(column));
        }
    }
    record(tape, both, move |gradient| {
        for (k, node) in computed.iter().enumerate() {
            let mut of_expert = Packed::scratch(gradient.rows(), width);
            for column in 0..width {
                of_expert.set_column(column, &gradient.column(k * width + column));
            }
            node.add(of_expert);
        }
    })
}

/// m_k E_k(x) of every expert ([B, K·o], those of an expert side by side) with gates m ([B, K]).
pub(super) fn scaled<E: Real>(all: Node<E>, gates: Node<E>, tape: &mut Recording<E>) -> Node<E> {
    rowwise! {
        fn multiply(m, x => y) {
            let width = x.len() / m.len();
            for i in 0..x.len() {
                y[i] = m[i / width] * x[i];
            }
        }
    }
    rowwise! {
        fn slopes_of_gates(x, g => slopes) {
            let width = x.len() / slopes.len();
            for i in 0..x.len() {
                slopes[i / width] += x[i] * g[i];
            }
        }
    }
    let mut y = Packed::scratch(all.rows(), all.columns());
    multiply(&gates, &all, &mut y);
    record(tape, y, move |gradient| {
        let mut slopes = Packed::zeros(gates.rows(), gates.columns());
        slopes_of_gates(&all, &gradient, &mut slopes);
        let mut of_outputs = Packed::scratch(all.rows(), all.columns());
        multiply(&gates, &gradient, &mut of_outputs);
        gates.add(slopes);
        all.add(of_outputs);
    })
}

/// Whether these picks of one latent ([B, S]) are all experts in their order, for each row.
pub(super) fn are_all<E: Real>(picks: &Packed<E>, experts: usize) -> bool {
    let is_of = |k: usize| picks.column(k).to_columns().iter().all(|pick| pick.widen() == k as f64);
    picks.columns() == experts && (0..experts).all(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_grouped_in_their_order_and_computed_once() {
        let picks = Packed::pack(&[2.0, 0.0, 2.0, 2.0, 0.0, 2.0], 2);
        let Groups { rows, places } = Groups::of(&picks, 1, 4);
        assert_eq!(rows, [vec![0, 2], vec![], vec![0, 1, 2], vec![]]);
        let found: Vec<_> = places.iter().map(|place| (place.expert, place.at)).collect();
        assert_eq!(found, [(2, 0), (0, 0), (2, 1), (2, 1), (0, 1), (2, 2)]);
        assert!(places.iter().enumerate().all(|(i, place)| (place.weight, place.output) == (i, i)));
    }

    #[test]
    fn experts_compute_the_rows_where_they_are_active() {
        let Groups { rows, places } = Groups::active(&Packed::pack(&[0.0, 0.5, 2.0, 1.0], 2), 1);
        assert_eq!(rows, [vec![1], vec![0, 1]]);
        let place = |expert, at, weight, output| Place { expert, at, weight, output };
        assert_eq!(places, [place(1, 0, 1, 0), place(0, 0, 2, 1), place(1, 1, 3, 1)]);
    }

    /// Two latents, of which one may pick what the other did.
    #[test]
    fn the_picks_of_a_row_are_computed_once() {
        let picks = Packed::pack(&[2.0, 2.0, 1.0, 2.0], 1);
        let Groups { rows, places } = Groups::of(&picks, 2, 3);
        assert_eq!(rows, [vec![], vec![1], vec![0, 1]]);
        let place = |expert, at, weight, output| Place { expert, at, weight, output };
        let expected = [place(2, 0, 0, 0), place(2, 0, 1, 0), place(1, 0, 2, 1), place(2, 1, 3, 1)];
        assert_eq!(places, expected);
        let Groups { rows, places } = Groups::active(&Packed::pack(&[0.0, 0.5, 2.0, 1.0], 2), 2);
        assert_eq!(rows, [vec![0], vec![0]]);
        assert_eq!(places, [place(1, 0, 1, 0), place(0, 0, 2, 0), place(1, 0, 3, 0)]);
    }
}
