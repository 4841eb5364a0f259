//! Every operation of the tape, forward and backward, compared with the same composed from dfdx's
//! operations and with central differences.

use crate::reference::*;
use dfdx::prelude::*;
use kernels::tape::{self, Node, Recording, Weights};
use kernels::{Activation, Data, Initial, Input, Noise, Packed, Perceptron, Real, rowwise};
use proptest::prelude::*;

type Matrix<E, T = NoneTape> = Tensor<(usize, usize), E, Cpu, T>;

/// Converts a tensor [rows, columns] to a node of that shape, with a tape on which the gradients of
/// `places` start from [`SEED`].
fn node_of<E: Real>(x: &Matrix<E>, places: &[&dyn Place<E>]) -> (Node<E>, Recording<E>) {
    let columns = x.shape().1;
    let pack = move |numbers: &[E]| Packed::pack(numbers, columns);
    let add = |gradient: &Packed<E>, sums: &mut [E]| gradient.add_to(sums);
    tape::from_tensor(x.clone().put_tape(start(places)), pack, add).unwrap()
}

/// Converts a node to a tensor.
fn tensor_of<E: Real>(node: &Node<E>, tape: Recording<E>) -> Matrix<E, Recording<E>> {
    let (rows, columns) = (node.numbers().rows(), node.numbers().columns());
    let pack = move |gradient: &[E]| Packed::pack(gradient, columns);
    tape::into_tensor(node, tape, node.numbers().unpack(), (rows, columns), pack).unwrap()
}

/// x·Wᵀ + b with broadcasts, products and sums, because dfdx's own product needs its `cpu` feature.
fn composed_linear<E: Real>(
    x: Matrix<E, Recording<E>>,
    weight: &Matrix<E>,
    bias: &Tensor<(usize,), E, Cpu>,
) -> Matrix<E, Recording<E>>
where
    Cpu: Device<E>,
{
    let (batch, inputs, outputs) = (x.shape().0, x.shape().1, bias.shape().0);
    let all = (batch, outputs, inputs);
    let x = x.broadcast_like::<_, Axis<1>>(&all);
    let weight = weight.leaky_trace().broadcast_like::<_, Axis<0>>(&all);
    let bias = bias.leaky_trace().broadcast_like::<_, Axis<0>>(&(batch, outputs));
    (x * weight).sum::<(usize, usize), Axis<2>>() + bias
}

/// A choice that is the square of the logits, with its exact backward pass.
struct Chosen {
    count: usize,
}

rowwise! {
    fn squares(x => y) {
        for k in 0..x.len() {
            y[k] = x[k] * x[k];
        }
    }
}

rowwise! {
    fn slopes(x, g => v) {
        for k in 0..x.len() {
            v[k] += g[k] * (x[k] + x[k]);
        }
    }
}

impl Operation for Chosen {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let x = tensor(&inputs[0], (self.count, 2));
        let (logits, mut tape) = node_of(&x, &[&x]);
        let mut squared = Packed::scratch(self.count, 2);
        squares(logits.numbers(), &mut squared);
        let kept = logits.clone();
        let choice = tape::choose(&mut tape, &logits, squared, move |g, v| slopes(&kept, g, v));
        outcome(tensor_of(&choice, tape), &[&x])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let logits = tensor(&inputs[0], (self.count, 2));
        outcome(logits.clone().put_tape(start(&[&logits])).square(), &[&logits])
    }
}

struct Weigh {
    rows: usize,
    samples: usize,
    weights: Option<Vec<f64>>,
}

impl Operation for Weigh {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let x = tensor(&inputs[0], (self.rows, self.samples));
        let (losses, tape) = node_of(&x, &[&x]);
        let weights = match &self.weights {
            None => Weights::Mean,
            Some(weights) => Weights::Each(Packed::pack(&narrow(weights), self.samples)),
        };
        outcome(tape::weigh(tape, losses, weights).unwrap(), &[&x])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let shape = (self.rows, self.samples);
        let losses = tensor(&inputs[0], shape);
        let taped = losses.clone().put_tape(start(&[&losses]));
        let sum = match &self.weights {
            None => taped.mean::<(), _>(),
            Some(weights) => (taped * tensor(&narrow::<E>(weights), shape)).sum::<(), _>(),
        };
        outcome(sum, &[&losses])
    }
}

/// Inputs: the data, then all parameters.
struct Network {
    widths: Vec<usize>,
    batch: usize,
    learned: bool,
    /// Of negative sums; none for ReLU.
    slope: Option<f64>,
}

impl Network {
    fn parameters(&self) -> usize {
        self.widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }
}

impl Operation for Network {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let mut initial = Initial::new();
        let noise = &mut Noise::named(&["tests"]);
        let activation = self.slope.map_or(Activation::Relu, Activation::LeakyRelu);
        let network =
            Perceptron::new(&mut initial, &self.widths, noise).with_activation(activation);
        let mut parameters = initial.build();
        parameters.values_mut().copy_from_slice(&inputs[1]);
        assert_eq!(network.layers().len() + 1, self.widths.len());
        let x = tensor(&inputs[0], (self.batch, self.widths[0]));
        let (node, mut tape) = node_of(&x, &[&x]);
        let rows = node.numbers().clone();
        let input = if self.learned {
            Input::Learned(node)
        } else {
            Input::Data(Data::from_rows(rows.clone()))
        };
        let y = network.forward(&parameters, input, &mut tape);
        assert_eq!(y.numbers().unpack(), network.evaluate(&parameters, &rows).unpack(), "evaluate");
        let mut outcome = outcome(tensor_of(&y, tape), &[&x]);
        // Gradients of parameters start from 0, not from the seed.
        let gradient = parameters.gradient();
        outcome.gradients.push(gradient.iter().map(|g| g.widen() + SEED).collect());
        outcome
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let x = tensor(&inputs[0], (self.batch, self.widths[0]));
        let mut rest = &inputs[1][..];
        let mut layers = vec![];
        for pair in self.widths.windows(2) {
            let (weight, behind) = rest.split_at(pair[0] * pair[1]);
            let (bias, behind) = behind.split_at(pair[1]);
            layers.push((tensor(weight, (pair[1], pair[0])), tensor(bias, (pair[1],))));
            rest = behind;
        }
        let mut places: Vec<&dyn Place<E>> = vec![&x];
        for (weight, bias) in &layers {
            places.extend([weight as &dyn Place<E>, bias]);
        }
        let mut y = x.clone().put_tape(start(&places));
        for (depth, (weight, bias)) in layers.iter().enumerate() {
            y = composed_linear(y, weight, bias);
            if depth + 1 < layers.len() {
                y = match self.slope {
                    None => y.relu(),
                    Some(slope) => {
                        let slope = E::of(slope);
                        y.with_empty_tape().relu() * (E::ONE - slope) + y * slope
                    }
                };
            }
        }
        let mut all = outcome(y, &places);
        let of_parameters = all.gradients.split_off(1).concat();
        if !self.learned {
            all.gradients[0].fill(SEED);
        }
        all.gradients.push(of_parameters);
        all
    }
    fn learned(&self, input: usize) -> bool {
        input != 0 || self.learned
    }
}

/// Lengths around the sixteen lanes and the eight columns of a tile, and larger ones.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1), Just(2), 3usize..12, 15usize..=17, 31usize..=35]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn choose(count in length()) {
        check(&Chosen { count }, &[normals("logits", 2 * count)], &format!("choose {count}"));
    }

    #[test]
    fn weigh((rows, samples) in (length(), 1usize..5), each: bool) {
        let losses = normals("losses", rows * samples);
        let weights = each.then(|| normals("loss weights", rows * samples));
        let what = format!("weigh {rows}×{samples}, each {each}");
        check(&Weigh { rows, samples, weights }, &[losses], &what);
    }

    #[test]
    fn perceptron(
        widths in prop::collection::vec(prop_oneof![1usize..6, Just(17)], 2..5),
        batch in length(), learned: bool, leaky: bool,
    ) {
        let slope = leaky.then_some(0.2);
        let network = Network { widths, batch, learned, slope };
        let x = normals("x", batch * network.widths[0]);
        let parameters = normals("parameters", network.parameters());
        let what =
            format!("perceptron {:?}, batch {batch}, learned {learned}, {slope:?}", network.widths);
        check(&network, &[x, parameters], &what);
    }
}

/// As in PyTorch.
#[test]
fn the_gradient_of_leaky_relu_at_zero_is_its_slope() {
    let network = Network { widths: vec![1, 3, 1], batch: 1, learned: true, slope: Some(0.25) };
    // Hidden sums of 0, −4 and 1.
    let parameters =
        [[2.0, -2.0, 3.0, -2.0, -2.0, -2.0].as_slice(), &[5.0, 7.0, 11.0, 0.5]].concat();
    let inputs = [vec![1.0], parameters];
    let (ours, composed) = (network.ours::<f64>(&inputs), network.composed::<f64>(&inputs));
    assert_eq!(ours.values, [-7.0 + 11.5]);
    assert_eq!(ours.gradients, composed.gradients);
    // Of the input, by the weight of the only output: 0.25 (2·5 − 2·7) + 3·11 = 32.
    let weight = ours.gradients[1][9] - SEED;
    assert!((ours.gradients[0][0] - SEED - 32.0 * weight).abs() < 1e-12);
}

/// As in dfdx.
#[test]
fn the_gradient_of_relu_at_zero_is_zero() {
    let network = Network { widths: vec![1, 3, 1], batch: 1, learned: true, slope: None };
    // Hidden sums of 0, 0 and 1.
    let parameters =
        [[2.0, -2.0, 3.0, -2.0, 2.0, -2.0].as_slice(), &[5.0, 7.0, 11.0, 0.5]].concat();
    let inputs = [vec![1.0], parameters];
    let (ours, composed) = (network.ours::<f64>(&inputs), network.composed::<f64>(&inputs));
    assert_eq!(ours.values, [11.5]);
    assert_eq!(ours.gradients, composed.gradients);
    assert_eq!(ours.gradients[1][..2], [SEED, SEED]);
}

/// The vector adds to the gradient of the logits, not to the value; losses keep their own gradient.
#[test]
fn injected_vectors_are_the_gradient() {
    fn check<E: Real>(rows: usize, k: usize, each: bool, tolerance: f64)
    where
        Cpu: Device<E>,
    {
        let what = format!("inject {rows}×{k}, each {each}");
        let (losses, logits) = (normals("losses", rows), normals("logits", rows * k));
        let (weights, vector) = (normals("loss weights", rows), normals("vector", rows * k));
        let losses = Node::new(Packed::pack(&narrow::<E>(&losses), 1));
        let logits = Node::new(Packed::pack(&narrow::<E>(&logits), k));
        let packed = Packed::pack(&narrow::<E>(&vector), k);
        let counts = if each { weights } else { vec![1.0 / rows as f64; rows] };
        let weights =
            if each { Weights::Each(Packed::pack(&narrow(&counts), 1)) } else { Weights::Mean };
        let tape = Recording::default();
        let (f, theta) = (losses.clone(), logits.clone());
        let scalar = tape::inject(tape, f, weights, theta, packed).unwrap();
        // Not 1, to detect a missing factor.
        let scaled = scalar * E::of(1.75);
        let pairs = losses.numbers().unpack();
        let value: f64 = widen(&pairs).iter().zip(&counts).map(|(l, w)| l * w).sum();
        assert_close(&widen(&scaled.as_vec()), &[1.75 * value], tolerance, &what);
        scaled.backward();
        let scale = |numbers: &[f64]| numbers.iter().map(|x| 1.75 * x).collect::<Vec<f64>>();
        let of = |node: &Node<E>| widen(&node.take().unwrap().unpack());
        assert_close(&of(&logits), &scale(&vector), tolerance, &what);
        assert_close(&of(&losses), &scale(&counts), tolerance, &what);
    }
    for rows in [1, 5, 16, 17, 40] {
        for k in [1, 2, 8, 11] {
            for each in [false, true] {
                check::<f64>(rows, k, each, 1e-14);
                check::<f32>(rows, k, each, 1e-6);
            }
        }
    }
}

#[test]
fn a_weight_of_zero_excludes_a_loss_that_is_not_finite() {
    let losses = Node::new(Packed::pack(&[1.0, f64::NAN, 2.0, f64::INFINITY], 4));
    let weights = Weights::Each(Packed::pack(&[0.5, 0.0, 0.25, 0.0], 4));
    let sum = tape::weigh(Recording::default(), losses, weights).unwrap();
    assert_eq!(sum.as_vec(), [1.0]);
}

mod nodes {
    use super::*;

    fn node() -> Node<f64> {
        Node::new(Packed::pack(&[1.0, 2.0], 2))
    }

    fn gradient(numbers: &[f64]) -> Packed<f64> {
        Packed::pack(numbers, 2)
    }

    #[test]
    fn gradients_add_up_until_they_are_taken() {
        let node = node();
        assert!(node.wants_gradient() && node.take().is_none());
        node.add(gradient(&[0.5, 1.0]));
        node.clone().add(gradient(&[1.0, -3.0]));
        assert_eq!(node.take().unwrap().unpack(), [1.5, -2.0]);
        assert!(node.clone().take().is_none());
    }

    #[test]
    fn a_constant_has_no_gradient() {
        let constant = Node::constant(gradient(&[1.0, 2.0]));
        constant.add(gradient(&[1.0, 1.0]));
        assert!(!constant.wants_gradient() && constant.take().is_none());
        assert_eq!(constant.numbers().unpack(), [1.0, 2.0]);
    }

    #[test]
    #[should_panic(expected = "a gradient of another shape")]
    fn a_gradient_must_have_the_shape_of_the_numbers() {
        node().add(Packed::zeros(2, 1));
    }

    #[test]
    fn an_operation_without_a_gradient_is_skipped() {
        let mut tape = Recording::default();
        tape::record(&mut tape, gradient(&[0.0, 0.0]), |_| panic!("unexpected gradient"));
        let losses = Node::new(Packed::pack(&[2.0], 1));
        tape::weigh(tape, losses, Weights::Mean).unwrap().backward();
    }

    /// Gradients only reach nodes of the same scope: not those outside of it, nor those inside it
    /// later.
    #[test]
    fn scopes_keep_gradients_apart() {
        let outer = node();
        let inner = tape::isolated(|| {
            assert!(!outer.wants_gradient());
            outer.add(gradient(&[1.0, 1.0]));
            let inner = node();
            inner.add(gradient(&[2.0, 3.0]));
            let deeper = tape::isolated(|| inner.wants_gradient());
            assert!(inner.wants_gradient() && !deeper);
            assert_eq!(inner.take().unwrap().unpack(), [2.0, 3.0]);
            inner
        });
        inner.add(gradient(&[1.0, 1.0]));
        assert!(outer.take().is_none() && inner.take().is_none());
        outer.add(gradient(&[4.0, 5.0]));
        assert_eq!(outer.take().unwrap().unpack(), [4.0, 5.0]);
        // A panic leaves the scope too.
        let broken = std::panic::catch_unwind(|| tape::isolated(|| panic!("broken")));
        assert!(broken.is_err() && outer.wants_gradient());
    }
}

/// Permuted and broadcast dfdx tensors.
mod strides {
    use super::*;

    fn turned_over(numbers: &[f64], rows: usize) -> Vec<f64> {
        let columns = numbers.len() / rows;
        (0..numbers.len()).map(|i| numbers[i % rows * columns + i / rows]).collect()
    }

    /// The squares of a tensor's numbers, computed on a node, and the gradient of `place`.
    fn squared<S: Shape>(
        x: Tensor<S, f64, Cpu, Recording<f64>>,
        place: &dyn Place<f64>,
    ) -> (Vec<f64>, Vec<f64>) {
        let pack = |numbers: &[f64]| Packed::pack(numbers, 3);
        let add = |gradient: &Packed<f64>, sums: &mut [f64]| gradient.add_to(sums);
        let (node, mut tape) = tape::from_tensor(x, pack, add).unwrap();
        let mut y = Packed::scratch(node.numbers().rows(), 3);
        squares(node.numbers(), &mut y);
        let kept = node.clone();
        let y = tape::choose(&mut tape, &node, y, move |g, v| slopes(&kept, g, v));
        let outcome = outcome(tensor_of(&y, tape), &[place]);
        (outcome.values, outcome.gradients.concat())
    }

    #[test]
    fn a_permuted_tensor_is_read_and_differentiated() {
        let numbers = normals("x", 12);
        let flat = tensor(&turned_over(&numbers, 3), (4, 3));
        let stored = tensor(&numbers, (3, 4));
        let turned = stored.clone().put_tape(start(&[&stored]));
        let straight = squared(flat.clone().put_tape(start(&[&flat])), &flat);
        let other = squared(turned.permute::<(usize, usize), Axes2<1, 0>>(), &stored);
        assert_eq!(straight.0, other.0);
        assert_close(&straight.1, &turned_over(&other.1, 3), 1e-14, "a permuted tensor");
    }

    #[test]
    fn a_broadcast_tensor_is_read_and_differentiated() {
        let row = tensor(&normals("row", 3), (3,));
        let spread = |row: &Tensor<(usize,), f64, Cpu>| {
            let taped = row.clone().put_tape(start(&[row]));
            taped.broadcast_like::<(usize, usize), Axis<0>>(&(4, 3))
        };
        let ours = squared(spread(&row), &row);
        let theirs = outcome(spread(&row).contiguous().square(), &[&row]);
        assert_close(&ours.0, &theirs.values, 1e-14, "a broadcast tensor");
        assert_close(&ours.1, &theirs.gradients[0], 1e-14, "a broadcast tensor");
    }

    /// As in dfdx.
    #[test]
    fn an_unused_tensor_has_a_gradient_of_zeros() {
        let x = tensor(&[1.0, 2.0], (1, 2));
        let (_, tape) = node_of(&x, &[]);
        let losses = Node::new(Packed::pack(&[2.0], 1));
        let gradients = tape::weigh(tape, losses, Weights::Mean).unwrap().backward();
        assert_eq!(x.gradient(&gradients), [0.0, 0.0]);
    }
}

mod detach {
    use super::*;

    #[test]
    fn the_copy_is_a_new_tensor_with_the_same_numbers() {
        let x = tensor(&normals("x", 6), (2, 3));
        let copy = tape::detach(&x).unwrap();
        // Ids are private, but each has its own gradient.
        let mut gradients = Gradients::leaky();
        Place::<f64>::seed(&x, &mut gradients);
        assert_eq!(**gradients.get_or_alloc_mut(&copy).unwrap(), [0.0; 6]);
        assert_eq!(**gradients.get_or_alloc_mut(&x.clone()).unwrap(), [SEED; 6]);
        assert_eq!(x.as_vec(), copy.as_vec());
        assert_eq!(x.shape(), copy.shape());
        let turned = x.clone().permute::<(usize, usize), Axes2<1, 0>>();
        assert_eq!(tape::detach(&turned).unwrap().as_vec(), turned.as_vec());
        let spread = x.clone().broadcast_like::<_, Axis<0>>(&(2, 2, 3));
        assert_eq!(tape::detach(&spread).unwrap().as_vec(), spread.as_vec());
    }

    /// d/dx eˣ·stop(x) = eˣ·x; with a copy that keeps the id, eˣ is added.
    #[test]
    fn detach_stops_the_gradient() {
        let x = tensor(&[0.5, -1.5], (2,));
        let slope = |factor: Tensor<(usize,), f64, Cpu>| {
            let taped = x.leaky_trace();
            let gradients = (taped.exp() * factor).sum::<(), _>().backward();
            x.gradient(&gradients)
        };
        let stopped: Vec<f64> = x.as_vec().iter().map(|x| x.exp() * x).collect();
        assert_close(&slope(tape::detach(&x).unwrap()), &stopped, 1e-14, "detached");
        let alias: Vec<f64> = x.as_vec().iter().map(|x| x.exp() * x + x.exp()).collect();
        assert_close(&slope(x.clone()), &alias, 1e-14, "an alias");
    }

    #[test]
    fn detach_stops_the_gradient_of_a_taped_tensor() {
        let x = tensor(&[0.5, -1.5], (2,));
        let y = x.leaky_trace().square();
        let stop = tape::detach(&y).unwrap();
        let gradients = (y * stop).sum::<(), _>().backward();
        let expected: Vec<f64> = x.as_vec().iter().map(|x| 2.0 * x * x * x).collect();
        assert_close(&x.gradient(&gradients), &expected, 1e-14, "x²·stop(x²)");
    }
}
