//! Every operation of the tape, forward and backward: against the same composed of dfdx's
//! operations, against central differences, and over extreme logits.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used)]

mod reference;

use dfdx::prelude::*;
use kernels::tape::{self, InputGradient, Recording, Weights};
use kernels::{Activation, Initial, Input, Noise, Packed, Perceptron, Real};
use proptest::prelude::*;
use reference::*;
use std::sync::Arc;

type Matrix<E, T = NoneTape> = Tensor<(usize, usize), E, Cpu, T>;

/// x·W + b of broadcasts, products and sums: dfdx's own product needs its `cpu` feature.
fn composed_linear<E: Real>(
    x: Matrix<E, Recording<E>>,
    weight: &Matrix<E>,
    bias: &Tensor<(usize,), E, Cpu>,
) -> Matrix<E, Recording<E>>
where
    Cpu: Device<E>,
{
    let (batch, inputs, outputs) = (x.shape().0, x.shape().1, bias.shape().0);
    let all = (batch, inputs, outputs);
    let x = x.broadcast_like::<_, Axis<2>>(&all);
    let weight = weight.leaky_trace().broadcast_like::<_, Axis<0>>(&all);
    let bias = bias.leaky_trace().broadcast_like::<_, Axis<0>>(&(batch, outputs));
    (x * weight).sum::<(usize, usize), Axis<1>>() + bias
}

struct Linear {
    batch: usize,
    inputs: usize,
    outputs: usize,
    activation: Activation,
    input_gradient: InputGradient,
}

impl Operation for Linear {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let x = tensor(&inputs[0], (self.batch, self.inputs));
        let weight = tensor(&inputs[1], (self.inputs, self.outputs));
        let bias = tensor(&inputs[2], (self.outputs,));
        let taped = x.clone().put_tape(start(&[&x, &weight, &bias]));
        let y = tape::linear(taped, &weight, &bias, self.activation, self.input_gradient);
        outcome(y.unwrap(), &[&x, &weight, &bias])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let x = tensor(&inputs[0], (self.batch, self.inputs));
        let weight = tensor(&inputs[1], (self.inputs, self.outputs));
        let bias = tensor(&inputs[2], (self.outputs,));
        let y = composed_linear(x.clone().put_tape(start(&[&x, &weight, &bias])), &weight, &bias);
        let y = if self.activation == Activation::Relu { y.relu() } else { y };
        let mut outcome = outcome(y, &[&x, &weight, &bias]);
        if self.input_gradient == InputGradient::Unwanted {
            outcome.gradients[0].fill(SEED);
        }
        outcome
    }
    fn learned(&self, input: usize) -> bool {
        input != 0 || self.input_gradient == InputGradient::Wanted
    }
}

struct Softmax {
    shape: (usize, usize, usize),
    temperature: f64,
    logarithm: bool,
}

impl Operation for Softmax {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let logits = tensor(&inputs[0], self.shape);
        let taped = logits.clone().put_tape(start(&[&logits]));
        let p = if self.logarithm {
            tape::log_softmax(taped)
        } else {
            tape::softmax(taped, E::of(self.temperature))
        };
        outcome(p.unwrap(), &[&logits])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let logits = tensor(&inputs[0], self.shape);
        let taped = logits.clone().put_tape(start(&[&logits]));
        let p = if self.logarithm {
            taped.log_softmax::<Axis<2>>()
        } else {
            (taped / E::of(self.temperature)).softmax::<Axis<2>>()
        };
        outcome(p, &[&logits])
    }
}

struct RowDot {
    samples: usize,
    batch: usize,
    categories: usize,
}

impl Operation for RowDot {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let choice = tensor(&inputs[0], (self.samples, self.batch, self.categories));
        let numbers = tensor(&inputs[1], (self.batch, self.categories));
        let taped = choice.clone().put_tape(start(&[&choice, &numbers]));
        let dots = tape::row_dot(taped, numbers.clone().leaky_traced());
        outcome(dots.unwrap(), &[&choice, &numbers])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let shape = (self.samples, self.batch, self.categories);
        let choice = tensor(&inputs[0], shape);
        let numbers = tensor(&inputs[1], (self.batch, self.categories));
        let taped = choice.clone().put_tape(start(&[&choice, &numbers]));
        let products = taped * numbers.leaky_trace().broadcast_like::<_, Axis<0>>(&shape);
        outcome(products.sum::<(usize, usize), Axis<2>>(), &[&choice, &numbers])
    }
}

/// Picks are compared with products of one-hot choices.
struct Gather {
    batch: usize,
    categories: usize,
    picks: Vec<u32>,
}

impl Operation for Gather {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let numbers = tensor(&inputs[0], (self.batch, self.categories));
        let taped = numbers.clone().put_tape(start(&[&numbers]));
        outcome(tape::gather(taped, &self.picks).unwrap(), &[&numbers])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let numbers = tensor(&inputs[0], (self.batch, self.categories));
        let taped = numbers.clone().put_tape(start(&[&numbers]));
        let shape = (self.picks.len() / self.batch, self.batch, self.categories);
        let mut choice = vec![E::ZERO; self.picks.len() * self.categories];
        for (row, &pick) in choice.chunks_exact_mut(self.categories).zip(&self.picks) {
            row[pick as usize] = E::ONE;
        }
        let products = taped.broadcast_like::<_, Axis<0>>(&shape) * tensor(&choice, shape);
        outcome(products.sum::<(usize, usize), Axis<2>>(), &[&numbers])
    }
}

struct SquaredError {
    samples: usize,
    targets: Vec<f64>,
}

impl Operation for SquaredError {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let predictions = tensor(&inputs[0], (self.samples, self.targets.len()));
        let taped = predictions.clone().put_tape(start(&[&predictions]));
        let errors = tape::squared_error(taped, &narrow::<E>(&self.targets));
        outcome(errors.unwrap(), &[&predictions])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let shape = (self.samples, self.targets.len());
        let predictions = tensor(&inputs[0], shape);
        let taped = predictions.clone().put_tape(start(&[&predictions]));
        let targets = tensor(&narrow::<E>(&self.targets.repeat(self.samples)), shape);
        outcome((taped - targets).square(), &[&predictions])
    }
}

/// A choice that is the square of the logits, and a backward that knows it.
struct Chosen {
    count: usize,
}

impl Operation for Chosen {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let logits = tensor(&inputs[0], (self.count, 2));
        let taped = logits.clone().put_tape(start(&[&logits]));
        let squares = inputs[0].iter().map(|&x| x * x).collect();
        let kept = inputs[0].clone();
        let backward = move |g: &[E], v: &mut [E]| {
            for ((v, &g), &x) in v.iter_mut().zip(g).zip(&kept) {
                *v += g * (x + x);
            }
        };
        let choice = tape::choose(taped, squares, (2, self.count, 1), backward).unwrap();
        outcome(choice, &[&logits])
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
    samples: usize,
    batch: usize,
    weights: Option<Vec<f64>>,
}

impl Operation for Weigh {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let losses = tensor(&inputs[0], (self.samples, self.batch));
        let taped = losses.clone().put_tape(start(&[&losses]));
        let weights = match &self.weights {
            None => Weights::Mean,
            Some(weights) => Weights::Each(narrow(weights)),
        };
        outcome(tape::weigh(taped, weights).unwrap(), &[&losses])
    }
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>,
    {
        let shape = (self.samples, self.batch);
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
        let network = Perceptron::new(&mut initial, &self.widths, noise);
        let mut parameters = initial.build();
        parameters.values_mut().copy_from_slice(&inputs[1]);
        let x = tensor(&inputs[0], (self.batch, self.widths[0]));
        let seeds = vec![E::of(SEED); self.parameters()];
        let mut recording = parameters.tape(seeds).unwrap().merge(start(&[&x]));
        let data = Arc::new(inputs[0].clone());
        assert_eq!(network.layers().len() + 1, self.widths.len());
        let input =
            if self.learned { Input::Learned(x.clone()) } else { Input::Data(Arc::clone(&data)) };
        let y = network.forward(&parameters, input, &mut recording).unwrap();
        assert_eq!(y.shape(), &(self.batch, network.outputs()));
        assert_eq!(network.evaluate(&parameters, data), y.as_vec(), "evaluate");
        let values = widen(&y.as_vec());
        let w = narrow::<E>(&normals("weights", values.len()));
        let w = tensor(&w, *y.shape());
        let mut gradients = (y.put_tape(recording) * w).sum::<(), _>().backward();
        let of_x = x.gradient(&gradients);
        let of_parameters = widen(&parameters.gradient(&mut gradients).unwrap());
        Outcome { values, gradients: vec![of_x, of_parameters] }
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
            layers.push((tensor(weight, (pair[0], pair[1])), tensor(bias, (pair[1],))));
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
                y = y.relu();
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

/// Lengths around the sixteen lanes, the eight of a tile, and beyond.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1), Just(2), 3usize..12, 15usize..=17, 31usize..=35]
}

fn categories() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1usize), Just(2), 3usize..20, Just(33)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn linear(
        (batch, inputs, outputs) in (length(), length(), length()),
        relu: bool, wanted: bool,
    ) {
        let activation = if relu { Activation::Relu } else { Activation::Identity };
        let input_gradient =
            if wanted { InputGradient::Wanted } else { InputGradient::Unwanted };
        let what = format!("linear {batch}×{inputs}×{outputs} {activation:?} {input_gradient:?}");
        let numbers =
            [normals("x", batch * inputs), normals("w", inputs * outputs), normals("b", outputs)];
        check(&Linear { batch, inputs, outputs, activation, input_gradient }, &numbers, &what);
    }

    #[test]
    fn softmax(
        shape in (1usize..4, length(), categories()),
        temperature in prop_oneof![Just(1.0), 0.1f64..4.0],
        logarithm: bool,
    ) {
        let logits = normals("logits", shape.0 * shape.1 * shape.2);
        let what = format!("softmax of {shape:?} at {temperature}, logarithm {logarithm}");
        check(&Softmax { shape, temperature, logarithm }, &[logits], &what);
    }

    #[test]
    fn row_dot((samples, batch, categories) in (1usize..5, length(), categories())) {
        let choice = normals("choice", samples * batch * categories);
        let numbers = normals("numbers", batch * categories);
        let what = format!("row dot {samples}×{batch}×{categories}");
        check(&RowDot { samples, batch, categories }, &[choice, numbers], &what);
    }

    #[test]
    fn gather((samples, batch, categories) in (1usize..5, length(), categories())) {
        let mut picks = vec![0; samples * batch];
        Noise::named(&["picks"]).fill_index(categories as u32, &mut picks);
        let numbers = normals("numbers", batch * categories);
        let what = format!("gather {samples}×{batch}×{categories}");
        check(&Gather { batch, categories, picks }, &[numbers], &what);
    }

    #[test]
    fn squared_error((samples, batch) in (1usize..5, length())) {
        let operation = SquaredError { samples, targets: normals("targets", batch) };
        let what = format!("squared error {samples}×{batch}");
        check(&operation, &[normals("predictions", samples * batch)], &what);
    }

    #[test]
    fn choose(count in length()) {
        check(&Chosen { count }, &[normals("logits", 2 * count)], &format!("choose {count}"));
    }

    #[test]
    fn weigh((samples, batch) in (1usize..5, length()), each: bool) {
        let losses = normals("losses", samples * batch);
        let weights = each.then(|| normals("loss weights", samples * batch));
        let what = format!("weigh {samples}×{batch}, each {each}");
        check(&Weigh { samples, batch, weights }, &[losses], &what);
    }

    #[test]
    fn perceptron(
        widths in prop::collection::vec(prop_oneof![1usize..6, Just(17)], 2..5),
        batch in length(), learned: bool,
    ) {
        let network = Network { widths, batch, learned };
        let x = normals("x", batch * network.widths[0]);
        let parameters = normals("parameters", network.parameters());
        let what = format!("perceptron {:?}, batch {batch}, learned {learned}", network.widths);
        check(&network, &[x, parameters], &what);
    }

    /// Any finite logits: probabilities and gradients that are numbers.
    #[test]
    fn softmax_of_any_finite_logits(logits in any_finite(), k in 1usize..20) {
        finite_softmax(&logits[..logits.len() / k * k], k);
    }
}

fn any_finite() -> impl Strategy<Value = Vec<f32>> {
    use prop::num::f32::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop::collection::vec(POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO, 20..64)
}

/// Softmax and its logarithm of rows of `k`: no NaN, sums of 1, no gradient that is not finite.
fn finite_softmax(logits: &[f32], k: usize) {
    fn check<E: Real>(logits: &[f64], k: usize)
    where
        Cpu: Device<E>,
    {
        let rows = logits.len() / k;
        for temperature in [1.0, 0.1, 7.0] {
            for logarithm in [false, true] {
                let softmax = Softmax { shape: (1, rows, k), temperature, logarithm };
                let Outcome { values, gradients } = softmax.ours::<E>(&[narrow(logits)]);
                for row in values.chunks(k) {
                    let p = row.iter().map(|&x| if logarithm { x.exp() } else { x });
                    let (low, sum) = p.fold((1.0f64, 0.0), |(low, sum), p| (low.min(p), sum + p));
                    assert!(low >= 0.0 && (sum - 1.0).abs() < 1e-4, "{sum} of {row:?}");
                }
                assert!(gradients[0].iter().all(|g| g.is_finite()), "{logits:?}: {gradients:?}");
            }
        }
    }
    let wide = widen(logits);
    check::<f32>(&wide, k);
    check::<f64>(&wide, k);
}

#[test]
fn softmax_of_extreme_equal_and_masked_logits() {
    let masked = f32::NEG_INFINITY;
    finite_softmax(&[1e4, -1e4, 1e4, -1e4, -1e4, -1e4, 1e4, 1e4], 4);
    finite_softmax(&[f32::MAX, f32::MIN, 0.0, f32::MIN, f32::MIN, f32::MIN], 3);
    finite_softmax(&[masked, 0.5, masked, -1e4, masked, 1e4], 2);
    finite_softmax(&[masked, 0.5, 1.0, masked, masked, -2.0], 3);
    for k in [1, 2, 7, 1000] {
        finite_softmax(&vec![0.3; 17 * k], k);
    }
}

#[test]
fn equal_logits_give_equal_probabilities() {
    for k in [2usize, 16, 1000] {
        for logit in [0.0, 1e4, -1e4] {
            let softmax = Softmax { shape: (1, 3, k), temperature: 1.0, logarithm: false };
            let p = softmax.ours::<f64>(&[vec![logit; 3 * k]]).values;
            assert_close(&p, &vec![1.0 / k as f64; 3 * k], 1e-13 / k as f64, "1/K");
        }
    }
}

#[test]
fn a_masked_category_has_no_part_in_the_others_softmax() {
    let masked = f64::NEG_INFINITY;
    for logarithm in [false, true] {
        let of = |k, logits: &[f64]| {
            let softmax = Softmax { shape: (1, 1, k), temperature: 1.0, logarithm };
            softmax.ours::<f64>(&[logits.to_vec()]).values
        };
        let (with, without) = (of(4, &[0.3, masked, -0.4, 1.1]), of(3, &[0.3, -0.4, 1.1]));
        assert_eq!([with[0], with[2], with[3]], without[..]);
        assert_eq!(with[1], if logarithm { masked } else { 0.0 });
    }
}

#[test]
fn a_thousand_categories() {
    let k = 1000;
    for logarithm in [false, true] {
        let softmax = Softmax { shape: (1, 3, k), temperature: 0.5, logarithm };
        check(&softmax, &[normals("logits", 3 * k)], "softmax of 1000");
    }
    let row_dot = RowDot { samples: 2, batch: 3, categories: k };
    check(&row_dot, &[normals("choice", 6 * k), normals("numbers", 3 * k)], "row dot of 1000");
    let gather = Gather { batch: 3, categories: k, picks: vec![999, 0, 500, 1, 999, 2] };
    check(&gather, &[normals("numbers", 3 * k)], "gather of 1000");
}

/// The gate is shut at 0 exactly, as dfdx's is.
#[test]
fn relu_passes_nothing_at_zero() {
    let linear = Linear {
        batch: 1,
        inputs: 1,
        outputs: 3,
        activation: Activation::Relu,
        input_gradient: InputGradient::Wanted,
    };
    let inputs = [vec![1.0], vec![2.0, -2.0, 3.0], vec![-2.0, 2.0, -2.0]];
    let (ours, composed) = (linear.ours::<f64>(&inputs), linear.composed::<f64>(&inputs));
    assert_eq!(ours.values, [0.0, 0.0, 1.0]);
    assert_eq!(ours.gradients, composed.gradients);
    assert_eq!(ours.gradients[2][..2], [SEED, SEED]);
}

/// A score enters the gradient of the logits and not the value; losses keep their own gradient.
#[test]
fn injected_vectors_are_the_gradient() {
    fn check<E: Real>(rows: usize, k: usize, each: bool, tolerance: f64)
    where
        Cpu: Device<E>,
    {
        let what = format!("inject {rows}×{k}, each {each}");
        let (losses, logits) = (normals("losses", rows), normals("logits", rows * k));
        let (weights, vector) = (normals("loss weights", rows), normals("vector", rows * k));
        let losses = tensor(&narrow::<E>(&losses), (1, rows));
        let logits = tensor(&narrow::<E>(&logits), (rows, k));
        let packed = Packed::pack(&narrow::<E>(&vector), k);
        let counts = if each { weights } else { vec![1.0 / rows as f64; rows] };
        let weights = if each { Weights::Each(narrow(&counts)) } else { Weights::Mean };
        let taped = losses.clone().put_tape(start(&[&losses, &logits]));
        let scalar = tape::inject(taped, weights, logits.clone(), packed).unwrap();
        // Not one, so that a factor which is left out shows.
        let scaled = scalar * E::of(1.75);
        let value: f64 = widen(&losses.as_vec()).iter().zip(&counts).map(|(l, w)| l * w).sum();
        assert_close(&widen(&scaled.as_vec()), &[1.75 * value], tolerance, &what);
        let gradients = scaled.backward();
        let seeded = |x: &f64| SEED + 1.75 * x;
        let of_logits: Vec<f64> = vector.iter().map(seeded).collect();
        let of_losses: Vec<f64> = counts.iter().map(seeded).collect();
        assert_close(&logits.gradient(&gradients), &of_logits, tolerance, &what);
        assert_close(&losses.gradient(&gradients), &of_losses, tolerance, &what);
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

/// A weight of 0 is a sample that does not count.
#[test]
fn a_weight_of_zero_leaves_out_what_is_not_finite() {
    let losses = tensor(&[1.0, f64::NAN, 2.0, f64::INFINITY], (1, 4));
    let sum = tape::weigh(losses, Weights::Each(vec![0.5, 0.0, 0.25, 0.0])).unwrap();
    assert_eq!(sum.as_vec(), [1.0]);
}

/// The same tensor stored in another order, or once for all rows.
mod strides {
    use super::*;

    type Taped<E> = Matrix<E, Recording<E>>;

    /// `x` ([columns, rows]) turned over, which moves no number, on a tape.
    fn turned(x: &Matrix<f64>) -> Taped<f64> {
        x.clone().put_tape(start(&[x])).permute::<(usize, usize), Axes2<1, 0>>()
    }

    fn turned_over(numbers: &[f64], rows: usize) -> Vec<f64> {
        let columns = numbers.len() / rows;
        (0..numbers.len()).map(|i| numbers[i % rows * columns + i / rows]).collect()
    }

    #[test]
    fn operations_read_and_differentiate_permuted_inputs() {
        let numbers = normals("x", 12);
        let flat = tensor(&turned_over(&numbers, 3), (4, 3));
        let stored = tensor(&numbers, (3, 4));
        type Op = fn(Taped<f64>) -> Taped<f64>;
        let operations: [(&str, Op); 6] = [
            ("softmax", |x| tape::softmax(x, 0.5).unwrap()),
            ("log-softmax", |x| tape::log_softmax(x).unwrap()),
            ("gather", |x| tape::gather(x, &[0, 2, 1, 1]).unwrap()),
            ("squared error", |x| tape::squared_error(x, &[1.0, 0.0, -1.0]).unwrap()),
            ("row dot", |x| {
                let choice = tensor(&normals("choice", 24), (2, 4, 3));
                tape::row_dot(choice.leaky_trace(), x).unwrap()
            }),
            ("linear", |x| {
                let weight = tensor(&normals("w", 6), (3, 2));
                let bias = tensor(&normals("b", 2), (2,));
                let wanted = InputGradient::Wanted;
                tape::linear(x, &weight, &bias, Activation::Identity, wanted).unwrap()
            }),
        ];
        for (name, operation) in operations {
            let straight = outcome(operation(flat.clone().put_tape(start(&[&flat]))), &[&flat]);
            let other = outcome(operation(turned(&stored)), &[&stored]);
            assert_eq!(straight.values, other.values, "{name}");
            // Sums begin at what is there already, or at 0 and are added to it.
            let turned_back = turned_over(&other.gradients[0], 3);
            assert_close(&straight.gradients[0], &turned_back, 1e-14, name);
        }
    }

    #[test]
    fn operations_read_and_differentiate_broadcast_inputs() {
        let row = tensor(&normals("row", 3), (3,));
        let taped = row.clone().put_tape(start(&[&row]));
        let p = tape::softmax(taped.broadcast_like::<_, Axis<0>>(&(4, 3)), 1.0).unwrap();
        let ours = outcome(p, &[&row]);
        let taped = row.clone().put_tape(start(&[&row]));
        // dfdx's own softmax gives a broadcast tensor a wrong gradient: a contiguous copy first.
        let copy = taped.broadcast_like::<_, Axis<0>>(&(4, 3)).contiguous();
        let p = copy.softmax::<Axis<1>>();
        let theirs = outcome(p, &[&row]);
        assert_close(&ours.values, &theirs.values, 1e-14, "broadcast softmax");
        assert_close(&ours.gradients[0], &theirs.gradients[0], 1e-14, "broadcast softmax");
    }

    #[test]
    fn weights_may_be_permuted() {
        let numbers = normals("w", 6);
        let (x, bias) = (tensor(&normals("x", 12), (4, 3)), tensor(&normals("b", 2), (2,)));
        let linear = |weight: &Matrix<f64>, place: &Matrix<f64>| {
            let taped = x.clone().put_tape(start(&[place]));
            let wanted = InputGradient::Wanted;
            let y = tape::linear(taped, weight, &bias, Activation::Relu, wanted).unwrap();
            outcome(y, &[place])
        };
        let flat = tensor(&turned_over(&numbers, 2), (3, 2));
        let stored = tensor(&numbers, (2, 3));
        let straight = linear(&flat, &flat);
        let other = linear(&stored.clone().permute::<(usize, usize), Axes2<1, 0>>(), &stored);
        assert_eq!(straight.values, other.values);
        assert_close(&straight.gradients[0], &turned_over(&other.gradients[0], 2), 1e-14, "weight");
    }

    #[test]
    fn injected_vectors_find_permuted_logits() {
        let stored = tensor(&normals("logits", 6), (2, 3));
        let vector = normals("vector", 6);
        let losses = tensor(&[1.0, 2.0, 3.0], (1, 3));
        let taped = losses.clone().put_tape(start(&[&stored]));
        let logits = stored.clone().permute::<(usize, usize), Axes2<1, 0>>();
        let scalar = tape::inject(taped, Weights::Mean, logits, Packed::pack(&vector, 2)).unwrap();
        let gradients = scalar.backward();
        let expected: Vec<f64> = turned_over(&vector, 3).iter().map(|x| SEED + x).collect();
        assert_eq!(stored.gradient(&gradients), expected);
    }

    #[test]
    fn a_perceptron_learns_through_a_permuted_input() {
        let mut initial = Initial::<f64>::new();
        let noise = &mut Noise::named(&["tests"]);
        let network = Perceptron::new(&mut initial, &[3, 5, 2], noise);
        let parameters = initial.build();
        let gradient = |input: Matrix<f64>, place: &Matrix<f64>| {
            let mut recording = parameters.tape(vec![]).unwrap().merge(start(&[place]));
            let y = network.forward(&parameters, Input::Learned(input), &mut recording).unwrap();
            outcome(y.put_tape(recording), &[place]).gradients.remove(0)
        };
        let numbers = normals("x", 12);
        let flat = tensor(&turned_over(&numbers, 3), (4, 3));
        let stored = tensor(&numbers, (3, 4));
        let straight = gradient(flat.clone(), &flat);
        let other = gradient(stored.clone().permute::<(usize, usize), Axes2<1, 0>>(), &stored);
        assert_close(&straight, &turned_over(&other, 3), 1e-14, "input");
    }
}

mod detach {
    use super::*;

    #[test]
    fn the_copy_is_another_tensor_with_the_same_numbers() {
        let x = tensor(&normals("x", 6), (2, 3));
        let copy = tape::detach(&x).unwrap();
        // An id is known by the gradient that goes with it.
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

    /// d/dx eˣ·stop(x) = eˣ·x; what keeps the id adds eˣ.
    #[test]
    fn no_gradient_passes() {
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

    /// In the middle of a computation: what led to the detached tensor learns nothing from it.
    #[test]
    fn no_gradient_passes_through_a_taped_tensor() {
        let x = tensor(&[0.5, -1.5], (2,));
        let y = x.leaky_trace().square();
        let stop = tape::detach(&y).unwrap();
        let gradients = (y * stop).sum::<(), _>().backward();
        let expected: Vec<f64> = x.as_vec().iter().map(|x| 2.0 * x * x * x).collect();
        assert_close(&x.gradient(&gradients), &expected, 1e-14, "x²·stop(x²)");
    }
}
