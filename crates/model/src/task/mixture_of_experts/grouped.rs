//! Experts of which each computes the rows that picked it, and no others.

use kernels::tape::{Node, Recording, record};
use kernels::{Data, Input, Packed, Parameters, Perceptron, Real};
use std::rc::Rc;

/// m E_D(x) of S picks D of each row ([B, S]) with gates m ([B, S]; 1 without): [B, S·o], the outputs of a
/// sample side by side.
///
/// The rows of an expert are gathered in their order, so that each expert is one product for them; a row that
/// picks an expert several times has it computed once. Experts follow in their order. Rows are processed sixteen
/// at a time, so that the cost is Σ_k 16 ⌈n_k/16⌉ rows, where n_k rows have picked expert k.
pub(super) fn outputs<E: Real>(
    experts: &[Perceptron],
    parameters: &Parameters<E>,
    rows: &Packed<E>,
    picks: &Packed<E>,
    gates: Option<Node<E>>,
    tape: &mut Recording<E>,
) -> Node<E> {
    let (samples, width) = (picks.columns(), experts[0].outputs());
    let Groups { rows: groups, places } = Groups::of(picks, experts.len());
    let compute = |(expert, group): (&Perceptron, &Vec<u32>)| {
        let input = || Input::Data(Data::from_rows(rows.select_rows(group)));
        (!group.is_empty()).then(|| expert.forward(parameters, input(), tape))
    };
    let computed: Vec<Option<Node<E>>> = experts.iter().zip(&groups).map(compute).collect();
    let unpack = |node: &Option<Node<E>>| node.as_ref().map_or(vec![], |node| node.unpack());
    let of_experts: Vec<Vec<E>> = computed.iter().map(unpack).collect();
    let weights = gates.as_ref().map(|gates| gates.unpack());
    let weight = move |i: usize| weights.as_ref().map_or(E::ONE, |weights| weights[i]);
    let mut y = Vec::with_capacity(places.len() * width);
    for (i, &(expert, at)) in places.iter().enumerate() {
        let (m, output) = (weight(i), &of_experts[expert][at * width..][..width]);
        y.extend(output.iter().map(|&x| m * x));
    }
    record(tape, Packed::pack(&y, samples * width), move |gradient| {
        let gradient = gradient.unpack();
        let mut slopes = Vec::with_capacity(places.len());
        let zeros = |output: &Vec<E>| vec![E::ZERO; output.len()];
        let mut sums: Vec<Vec<E>> = of_experts.iter().map(zeros).collect();
        for (i, &(expert, at)) in places.iter().enumerate() {
            let g = &gradient[i * width..][..width];
            let (m, from) = (weight(i), at * width);
            let output = &of_experts[expert][from..][..width];
            slopes.push(output.iter().zip(g).fold(E::ZERO, |sum, (&x, &g)| sum + x * g));
            sums[expert][from..][..width].iter_mut().zip(g).for_each(|(sum, &g)| *sum += m * g);
        }
        for (node, sums) in computed.iter().zip(sums) {
            if let Some(node) = node {
                node.add(Packed::pack(&sums, width));
            }
        }
        if let Some(gates) = gates {
            gates.add(Packed::pack(&slopes, samples));
        }
    })
}

/// Which rows have picked each expert.
struct Groups {
    /// Of each expert, in order.
    rows: Vec<Vec<u32>>,
    /// The expert of each pick, and where among its rows it is: row after row, S for each.
    places: Vec<(usize, usize)>,
}

impl Groups {
    fn of<E: Real>(picks: &Packed<E>, experts: usize) -> Self {
        let samples = picks.columns();
        let mut rows = vec![vec![]; experts];
        let place = |(i, pick): (usize, E)| {
            let (row, expert) = ((i / samples) as u32, pick.widen() as usize);
            let group: &mut Vec<u32> = &mut rows[expert];
            if group.last() != Some(&row) {
                group.push(row);
            }
            (expert, group.len() - 1)
        };
        let places = picks.unpack().into_iter().enumerate().map(place).collect();
        Self { rows, places }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_grouped_in_their_order_and_computed_once() {
        let picks = Packed::pack(&[2.0, 0.0, 2.0, 2.0, 0.0, 2.0], 2);
        let Groups { rows, places } = Groups::of(&picks, 4);
        assert_eq!(rows, [vec![0, 2], vec![], vec![0, 1, 2], vec![]]);
        assert_eq!(places, [(2, 0), (0, 0), (2, 1), (2, 1), (0, 1), (2, 2)]);
    }
}
