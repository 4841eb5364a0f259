//! Estimators of routers, on gated outputs y = p_D E_D: their means by enumeration of the picks and of the
//! gates that they draw, beside numbers that were computed independently.

use estimators::kinds::{DefaultMoe, DenseMixer, ReluRouting, SparseMixer, SparseMixerV2, Switch};
use estimators::laws::problem::Problem;
use estimators::objectives::{ExpDot, Gated, RowLoss, RowLosses};
use estimators::{
    Choice, Counted, Dims, Estimator, Kind, Logits, Losses, Node, Noise, Objective, Packed,
    Registry, SquaredPick, gradient, laws,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

const THETA: [f64; 4] = [0.5, -0.3, 0.2, -1.0];
const OUTPUTS: [f64; 4] = [0.3, 1.1, -0.4, 0.7];
const DIMS: Dims = Dims { batch: 1, latents: 1, categories: 4 };

fn problem(name: &'static str, make: fn(usize) -> Box<dyn Objective<f64>>) -> Problem {
    Problem { name, dims: DIMS, logits: THETA.to_vec(), make, quadratic: name == "quadratic" }
}

/// F_i(m) = (m E_i − 0.7)²
fn quadratic() -> Problem {
    problem("quadratic", |times| {
        Box::new(SquaredPick::of(&OUTPUTS.repeat(times), &vec![0.7; times]))
    })
}

/// F_i(m) = exp(m E_i)
fn exponential() -> Problem {
    problem("exponential", |times| Box::new(ExpDot::of(&OUTPUTS.repeat(times), times)))
}

/// F_i(m) = (m E_i − 0.8)³
fn cubic() -> Problem {
    #[derive(Clone)]
    struct Cubic;
    impl RowLoss<f64> for Cubic {
        fn loss(&self, _: usize, z: &[f64], _: &[f64], dz: &mut [f64], _: &mut [f64]) -> f64 {
            let off = z.iter().zip(OUTPUTS).map(|(z, e)| z * e).sum::<f64>() - 0.8;
            dz.iter_mut().zip(OUTPUTS).for_each(|(dz, e)| *dz += 3.0 * off * off * e);
            off * off * off
        }
    }
    problem("cubic", |times| Box::new(RowLosses::new(Cubic, &[], times)))
}

/// The picks and gates that an objective was asked for.
struct Asked<'a>(&'a dyn Objective<f64>, RefCell<Vec<(u32, f64)>>);

impl Objective<f64> for Asked<'_> {
    fn loss(&self, choice: Choice<f64>) -> estimators::Result<Losses<f64>> {
        let (picks, gates) = choice.gated_picks().unwrap();
        let pairs = picks.unpack().into_iter().zip(gates.unpack());
        self.1.borrow_mut().extend(pairs.map(|(pick, gate)| (pick as u32, gate)));
        self.0.loss(choice)
    }
}

fn probabilities() -> Vec<f64> {
    let total: f64 = THETA.iter().map(|x| x.exp()).sum();
    THETA.iter().map(|x| x.exp() / total).collect()
}

/// The exact mean of an estimator that picks by the probabilities, and whose gate is p_D with probability
/// `chance` where it is random.
fn mean(problem: &Problem, mut estimator: Box<dyn Estimator<f64>>, chance: f64) -> Vec<f64> {
    const DRAWS: usize = 4000;
    let objective = (problem.make)(DRAWS);
    let asked = Asked(&*objective, RefCell::default());
    let (logits, dims) = (THETA.repeat(DRAWS), Dims { batch: DRAWS, ..DIMS });
    let noise = &mut Noise::named(&["routing"]);
    let estimate = gradient(&mut *estimator, &logits, dims, &asked, None, noise).unwrap();
    let asked = asked.1.into_inner();
    let (p, n) = (probabilities(), DRAWS as f64);
    let whole = |&(pick, gate): &(u32, f64)| (gate - p[pick as usize]).abs() < 1e-12;
    let halved: BTreeSet<u32> =
        asked.iter().filter(|pair| !whole(pair)).map(|pair| pair.0).collect();
    let random: Vec<&(u32, f64)> = asked.iter().filter(|(pick, _)| halved.contains(pick)).collect();
    let count = random.len().max(1) as f64;
    let share = random.iter().filter(|pair| whole(pair)).count() as f64 / count;
    let error = (chance * (1.0 - chance) / count).sqrt();
    assert!(random.is_empty() || (share - chance).abs() < 5.0 * error, "{share} for {chance}");
    let outcomes: BTreeMap<(u32, u64), Vec<f64>> = asked
        .iter()
        .zip(estimate.logits.chunks_exact(4))
        .map(|(&(pick, gate), g)| ((pick, gate.to_bits()), g.iter().map(|g| g * n).collect()))
        .collect();
    let mut mean = vec![0.0; 4];
    for ((pick, gate), g) in &outcomes {
        let p = p[*pick as usize];
        let gates = outcomes.keys().filter(|(other, _)| other == pick).count();
        let is_whole = (f64::from_bits(*gate) - p).abs() < 1e-12;
        let share = match (gates, is_whole) {
            (1, true) => 1.0,
            (2, true) => chance,
            (2, false) => 1.0 - chance,
            other => panic!("{pick} has gates {other:?}"),
        };
        mean.iter_mut().zip(g).for_each(|(mean, g)| *mean += p * share * g);
    }
    mean
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn relative_bias(mean: &[f64], truth: &[f64]) -> f64 {
    let off: Vec<f64> = mean.iter().zip(truth).map(|(a, b)| a - b).collect();
    norm(&off) / norm(truth)
}

/// Σ_i F_i(p_i) ∇p_i: the part of the gradient that is due to how often each expert is picked.
fn of_sampling(problem: &Problem) -> Vec<f64> {
    let (p, objective) = (probabilities(), (problem.make)(1));
    let loss = |category: usize| {
        let picks = Packed::filled(1, 1, category as f64).into();
        let gates = Node::new(Packed::filled(1, 1, p[category]));
        let choice = Choice::gated(picks, gates, DIMS, Default::default());
        objective.loss(choice).unwrap().numbers().get(0, 0)
    };
    let f: Vec<f64> = (0..4).map(loss).collect();
    let mean: f64 = p.iter().zip(&f).map(|(p, f)| p * f).sum();
    p.iter().zip(&f).map(|(p, f)| p * (f - mean)).collect()
}

fn sparsemixer(argmax_exception: bool) -> Box<dyn Estimator<f64>> {
    SparseMixer { argmax_exception, mask: None }.build()
}

fn sparsemixer_v2(argmax_exception: bool) -> Box<dyn Estimator<f64>> {
    SparseMixerV2 { argmax_exception, mask: None }.build()
}

#[track_caller]
fn assert_bias(found: f64, expected: f64) {
    assert!((found - expected).abs() < 6e-4 * expected.max(0.1), "{found} for {expected}");
}

#[test]
fn switch_misses_half_of_the_gradient() {
    for (problem, bias) in [(quadratic(), 0.5050), (exponential(), 0.4941)] {
        let truth = problem.exact_of_gated().unwrap();
        let mean = mean(&problem, Switch { sample: true }.build(), 1.0);
        assert_bias(relative_bias(&mean, &truth), bias);
    }
}

#[test]
fn sparsemixer_is_exact_for_quadratic_losses_but_for_its_exception() {
    for (problem, without, with) in
        [(quadratic(), 0.0, 0.0242), (exponential(), 5.44e-4, 0.0174), (cubic(), 1.685e-3, 0.0376)]
    {
        let truth = problem.exact_of_gated().unwrap();
        let bias = |exception| relative_bias(&mean(&problem, sparsemixer(exception), 0.5), &truth);
        let found = bias(false);
        assert!((found - without).abs() < 5e-3 * without + 1e-14, "{}: {found}", problem.name);
        assert_bias(bias(true), with);
    }
}

#[test]
fn the_second_sparsemixer_is_exact_for_how_often_experts_of_cubic_losses_are_picked() {
    for (problem, without, with) in
        [(quadratic(), 0.0, 0.0478), (cubic(), 0.0, 0.0753), (exponential(), 2.08e-5, 0.0349)]
    {
        let truth = of_sampling(&problem);
        let bias =
            |exception| relative_bias(&mean(&problem, sparsemixer_v2(exception), 0.25), &truth);
        let found = bias(false);
        assert!((found - without).abs() < 5e-3 * without + 1e-14, "{}: {found}", problem.name);
        assert_bias(bias(true), with);
    }
}

/// Σ_i ⟨∂L/∂y, E_i⟩ ∇p_i by hand, of y = p_D E_D.
#[test]
fn dense_mixer_differentiates_the_mixture_at_the_output_of_the_pick() {
    let p = probabilities();
    let slope = 2.0 * (p[0] * OUTPUTS[0] - 0.7);
    let mixed: f64 = p.iter().zip(OUTPUTS).map(|(p, e)| p * e).sum();
    let expected = p.iter().zip(OUTPUTS).map(|(p, e)| slope * p * (e - mixed));
    let (mut estimator, noise) = (DenseMixer::default().build(), &mut Noise::named(&["dense"]));
    let found = quadratic().estimates(&mut *estimator, 1, noise).unwrap();
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-14, "{found} for {expected}");
    }
}

/// Σ_i ⟨∂L/∂y, Ê_i⟩ ∇p_i by hand, with running means of the outputs of two rows that change from step to step.
#[test]
fn default_moe_averages_the_outputs_of_experts_that_are_picked() {
    let (decay, dims) = (0.75, Dims { batch: 3, ..DIMS });
    let (mut estimator, noise) = (DefaultMoe { decay }.build(), &mut Noise::named(&["default"]));
    let mut means: [Option<f64>; 4] = [None; 4];
    for step in 0..6 {
        // The third row picks an expert of its own in later steps.
        let mut logits = THETA.repeat(3);
        logits[8 + step % 3] = 2.0;
        let outputs: Vec<f64> = (0..12).map(|i| ((i * 7 + 5 * step) % 11) as f64 * 0.2).collect();
        let leaf = Node::new(Packed::pack(&outputs, 4));
        let objective = SquaredPick::new(leaf.clone(), &[0.7, -0.2, 0.4]);
        let counted = Counted::new(&objective);
        let ask = |estimator: &mut dyn Estimator<f64>, noise: &mut Noise| {
            gradient(estimator, &logits, dims, &counted, Some(&leaf), noise).unwrap()
        };
        let found = ask(&mut *estimator, noise);
        assert_eq!(ask(&mut *estimator, noise).logits, found.logits, "measured twice");
        assert_eq!(counted.experts(4), 1);
        let of_outputs = &found.objective;
        let mut seen: [Vec<f64>; 4] = Default::default();
        for row in 0..3 {
            let exp = logits[4 * row..][..4].iter().map(|x| x.exp());
            let total: f64 = exp.clone().sum();
            let p: Vec<f64> = exp.map(|x| x / total).collect();
            let pick = if row < 2 { 0 } else { step % 3 };
            let e = outputs[4 * row + pick];
            seen[pick].push(e);
            let slope = 2.0 * (p[pick] * e - [0.7, -0.2, 0.4][row]) / 3.0;
            let stand_in = |k: usize| if k == pick { e } else { means[k].unwrap_or(0.0) };
            let mixed: f64 = (0..4).map(|k| p[k] * stand_in(k)).sum();
            for k in 0..4 {
                let expected = slope * p[k] * (stand_in(k) - mixed);
                let found = found.logits[4 * row + k];
                assert!((found - expected).abs() < 1e-14, "{step}: {found} for {expected}");
                let of_output = if k == pick { slope * p[pick] } else { 0.0 };
                assert!((of_outputs[4 * row + k] - of_output).abs() < 1e-14);
            }
        }
        for (mean, seen) in means.iter_mut().zip(seen).filter(|(_, seen)| !seen.is_empty()) {
            let new = seen.iter().sum::<f64>() / seen.len() as f64;
            *mean = Some(mean.map_or(new, |mean| decay * mean + (1.0 - decay) * new));
        }
        estimator.advance().unwrap();
    }
    assert!(means[..3].iter().all(Option::is_some) && means[3].is_none(), "{means:?}");
}

/// ∇ of (Σ_k max(θ_k, 0) E_k − 0.7)² + λ Σ_k f_k max(θ_k, 0) by hand, while λ follows the number of active experts.
#[test]
fn relu_routing_differentiates_weights_and_moves_its_penalty() {
    let theta = [[0.5, -0.3, 0.2, -1.0], [0.4, 0.1, 0.3, -0.5]];
    let (targets, dims) = ([0.7, -0.2], Dims { batch: 2, ..DIMS });
    let objective = SquaredPick::of(&OUTPUTS.repeat(2), &targets);
    let noise = &mut Noise::named(&["relu"]);
    // Five of eight weights are above 0: 2.5 of a row. The loads are 4/t times 1, 1/2, 1 and 0.
    for (target, factor) in [(2.0, 1.5), (3.0, 1.0 / 1.5), (2.5, 1.0)] {
        let mut estimator = ReluRouting { target, alpha: 1.5 }.build();
        let mut weight = 1e-8;
        for _ in 0..4 {
            let found =
                gradient(&mut *estimator, &theta.concat(), dims, &objective, None, noise).unwrap();
            for (row, theta) in theta.iter().enumerate() {
                let y: f64 = theta.iter().zip(OUTPUTS).map(|(x, e)| f64::max(*x, 0.0) * e).sum();
                for k in 0..4 {
                    let load = 4.0 / target * [1.0, 0.5, 1.0, 0.0][k];
                    let slope = 2.0 * (y - targets[row]) * OUTPUTS[k] + weight * load;
                    let expected = if theta[k] > 0.0 { slope / 2.0 } else { 0.0 };
                    let found = found.logits[4 * row + k];
                    assert!((found - expected).abs() < 1e-16, "{found} for {expected}");
                }
            }
            estimator.advance().unwrap();
            weight *= factor;
        }
    }
}

/// The published mask leaves of these logits the largest one only.
#[test]
fn the_mask_leaves_near_categories() {
    let masked = SparseMixer { mask: Some(0.1), ..SparseMixer::default() };
    let picked = |logits: [f64; 4]| {
        let objective = (quadratic().make)(500);
        let asked = Asked(&*objective, RefCell::default());
        let dims = Dims { batch: 500, ..DIMS };
        let (mut estimator, noise) = (masked.clone().build(), &mut Noise::named(&["masks"]));
        gradient(&mut *estimator, &logits.repeat(500), dims, &asked, None, noise).unwrap();
        let mut picks: Vec<u32> = asked.1.into_inner().into_iter().map(|(pick, _)| pick).collect();
        picks.sort_unstable();
        picks.dedup();
        picks
    };
    assert_eq!(picked(THETA), [0]);
    // (2 − 1.7)/2 = 0.15, (2 − 1.5)/2 = 0.25.
    assert_eq!(picked([2.0, 1.7, 1.5, -1.0]), [0, 1]);
    // A constant in all logits changes what is masked: 0.3/12 and 0.5/12.
    assert_eq!(picked([12.0, 11.7, 11.5, 9.0]), [0, 1, 2]);
}

#[test]
fn laws_hold_without_an_exception_and_with_a_wide_mask() {
    for (argmax_exception, mask) in [(false, None), (true, Some(2.0))] {
        laws::check_parameters(SparseMixer { argmax_exception, mask });
        laws::check_parameters(SparseMixerV2 { argmax_exception, mask });
    }
}

/// The gradient of a gated objective by each unbiased estimator has the mean Σ_i ∇(p_i F_i(p_i)).
#[test]
fn gates_are_differentiated_whatever_estimates_the_choice() {
    const DRAWS: usize = 20_000;
    for problem in [quadratic(), exponential()] {
        let truth = problem.exact_of_gated().unwrap();
        for (kind, parameters) in
            [("exact", ""), ("reinforce-loo", ""), ("unordered-set", "samples = 2"), ("muprop", "")]
        {
            let mut estimator = crate::problem::estimator(kind, parameters);
            let leaf = Node::new(Packed::pack(&THETA.repeat(DRAWS), 4));
            let logits = Logits::new(leaf.clone(), 1, Default::default());
            let objective: Rc<dyn Objective<f64>> = (problem.make)(DRAWS).into();
            let (objective, logits) = Gated::new(objective, logits);
            let noise = &mut Noise::named(&["gated"]);
            estimator.surrogate(logits, &objective, noise).unwrap().backward().unwrap();
            let draws = leaf.take().unwrap().unpack();
            for (k, truth) in truth.iter().enumerate() {
                let of_k = || draws.iter().skip(k).step_by(4).map(|g| g * DRAWS as f64);
                let mean = of_k().sum::<f64>() / DRAWS as f64;
                let variance = of_k().map(|g| (g - mean).powi(2)).sum::<f64>() / DRAWS as f64;
                let error = (variance / DRAWS as f64).sqrt();
                assert!((mean - truth).abs() < 5.0 * error + 1e-12, "{kind}: {mean} for {truth}");
            }
        }
    }
}

/// Of 64 experts, in one row: what each kind evaluates is what it says.
#[test]
fn experts_that_are_evaluated() {
    let dims = Dims { batch: 3, latents: 1, categories: 64 };
    let logits: Vec<f64> = (0..dims.elements()).map(|i| (i % 5) as f64 * 0.1).collect();
    for (kind, expected) in [
        ("switch", 1),
        ("sparsemixer", 1),
        ("sparsemixer-v2", 1),
        ("reinforce", 1),
        ("dense-mixer", 64),
        ("default-moe", 1),
        ("straight-through", 64),
        ("reinmax", 64),
        ("gumbel-softmax", 64),
        ("exact", 64),
    ] {
        let entry = Registry::standard().get(kind).unwrap().clone();
        let mut estimator = entry.build(toml::Table::new()).unwrap().build_f64();
        let objective = SquaredPick::of(&[0.5; 192], &[0.1; 3]);
        let counted = Counted::new(&objective);
        let noise = &mut Noise::named(&["experts"]);
        gradient(&mut *estimator, &logits, dims, &counted, None, noise).unwrap();
        assert_eq!(counted.experts(64), expected, "{kind}");
        assert_eq!(estimator.properties(dims).evaluations.experts(64), expected, "{kind}");
    }
}
