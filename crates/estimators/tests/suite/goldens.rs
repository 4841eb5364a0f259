//! Bias and variance of estimators on small problems, compared with numbers that were computed
//! independently: means over all outcomes where an estimate depends on the samples only, means of many
//! draws elsewhere.

use crate::problem::{Draw, Problem, estimator, moments, total_variance};
use estimators::laws::Variant;
use estimators::objectives::{ExpDot, RowLoss, RowLosses, SquaredIndex};
use estimators::{Dims, Noise, Registry, SquaredPick, gradient};
use std::collections::BTreeMap;
use toml::Table;

const WEIGHTS: [f64; 4] = [0.3, 1.1, -0.4, 0.7];

/// exp ⟨a, z⟩ of one of four categories.
fn exponential() -> Problem {
    Problem {
        logits: vec![0.5, -0.3, 0.2, -1.0],
        make: |times| Box::new(ExpDot::of(&WEIGHTS.repeat(times), times)),
        ..crate::problem::exponential()
    }
}

const PROBABILITIES: [f64; 3] = [0.1, 0.8, 0.1];

/// (v − y)² of one of three values.
fn seed(make: fn(usize) -> Box<dyn estimators::Objective<f64>>) -> Problem {
    let dims = Dims { batch: 1, latents: 1, categories: 3 };
    let logits = PROBABILITIES.map(f64::ln).to_vec();
    Problem { name: "seed", dims, logits, make, quadratic: true }
}

fn seed_of<const Y: u8>() -> Problem {
    seed(|times| {
        let values = [22.0, 30.0, 10.0].repeat(times);
        Box::new(SquaredPick::of(&values, &vec![f64::from(Y); times]))
    })
}

/// (k/15 − 0.3)² of the number k of one of sixteen equally likely categories.
fn sixteen() -> Problem {
    #[derive(Clone)]
    struct OfNumber;
    impl RowLoss<f64> for OfNumber {
        fn loss(&self, _: usize, z: &[f64], _: &[f64], dz: &mut [f64], _: &mut [f64]) -> f64 {
            let number: f64 = z.iter().enumerate().map(|(k, z)| k as f64 * z).sum();
            let off = number / 15.0 - 0.3;
            dz.iter_mut().enumerate().for_each(|(k, dz)| *dz += 2.0 * off * k as f64 / 15.0);
            off * off
        }
    }
    Problem {
        name: "sixteen",
        dims: Dims { batch: 1, latents: 1, categories: 16 },
        logits: vec![0.0; 16],
        make: |times| Box::new(RowLosses::new(OfNumber, &[], times)),
        quadratic: true,
    }
}

/// Mean and total variance of an estimate, exactly, if it depends on the samples only.
fn enumerated(problem: &Problem, kind: &str, parameters: &str) -> (Vec<f64>, f64) {
    const DRAWS: usize = 20_000;
    let noise = &mut Noise::named(&["goldens"]);
    let recorded = problem.draw_recorded(&mut *estimator(kind, parameters), DRAWS, noise);
    let picks = recorded.evaluations[0].picks.as_ref().unwrap();
    let estimates = recorded.estimates.chunks_exact(problem.width());
    let outcomes: BTreeMap<Vec<u32>, &[f64]> = estimates
        .enumerate()
        .map(|(i, estimate)| (picks.iter().skip(i).step_by(DRAWS).copied().collect(), estimate))
        .collect();
    let p = problem.probabilities();
    let weight = |picks: &[u32]| picks.iter().map(|&pick| p[pick as usize]).product::<f64>();
    let total: f64 = outcomes.keys().map(|picks| weight(picks)).sum();
    assert!((total - 1.0).abs() < 1e-12, "{kind}: outcomes of probability {total}");
    let mean_of = |i: usize| outcomes.iter().map(|(picks, x)| weight(picks) * x[i]).sum();
    let mean: Vec<f64> = (0..problem.width()).map(mean_of).collect();
    let square = |x: &[f64]| x.iter().zip(&mean).map(|(x, m)| (x - m) * (x - m)).sum::<f64>();
    let variance = outcomes.iter().map(|(picks, x)| weight(picks) * square(x)).sum();
    (mean, variance)
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// ‖mean − ∇‖/‖∇‖
fn relative_bias(problem: &Problem, mean: &[f64]) -> f64 {
    let exact = problem.enumerated();
    let off: Vec<f64> = mean.iter().zip(&exact).map(|(m, g)| m - g).collect();
    norm(&off) / norm(&exact)
}

/// Relative bias and total variance, with the digits that are known.
#[track_caller]
fn assert_exactly(problem: &Problem, kind: &str, parameters: &str, bias: f64, variance: f64) {
    let (mean, found) = enumerated(problem, kind, parameters);
    let found_bias = relative_bias(problem, &mean);
    let place = format!("{kind} {parameters} on {}", problem.name);
    let tolerance = 3e-3 * bias + 5e-10;
    assert!((found_bias - bias).abs() <= tolerance, "{place}: bias {found_bias}, not {bias}");
    let is_close = (found - variance).abs() <= 2e-4 * variance;
    assert!(is_close, "{place}: variance {found}, not {variance}");
}

#[test]
fn minimum_variance_on_an_exponential() {
    for (temperature, bias, variance) in [
        ("0.1", 0.2724, 0.04844),
        ("1.0", 0.1986, 0.08326),
        ("10.0", 0.1112, 0.21981),
        ("100.0", 0.1177, 0.28299),
        ("1e6", 0.1200, 0.29241),
        ("inf", 0.1200, 0.29241),
        // Straight-through.
        ("1e-9", 0.28489, 0.045284),
    ] {
        let parameters = format!("temperature = {temperature}");
        assert_exactly(&exponential(), "mve", &parameters, bias, variance);
    }
}

#[test]
fn minimum_variance_on_the_seed_question() {
    let (y30, y10, y25) = (seed_of::<30>(), seed_of::<10>(), seed_of::<25>());
    for (problem, temperature, bias, variance) in [
        (&y30, "1.0", 0.5013, 3689.8),
        (&y30, "10.0", 0.1493, 12320.0),
        (&y30, "1e6", 1.96e-6, 18113.8),
        (&y10, "1.0", 0.3952, 896.34),
        (&y10, "10.0", 0.1177, 635.53),
        (&y10, "1e6", 1.541e-6, 540.99),
        (&y25, "1.0", 1.088, 2794.8),
        (&y25, "1e6", 4.245e-6, 11176.0),
        (&y25, "inf", 0.0, 11176.0),
    ] {
        let parameters = format!("temperature = {temperature}");
        assert_exactly(problem, "mve", &parameters, bias, variance);
    }
}

/// The bias on a quadratic is inverse to a large τ, and there is none at ∞.
#[test]
fn minimum_variance_becomes_unbiased_for_quadratics() {
    let bias = |kind: &str, problem: &Problem, temperature: &str| {
        let parameters = format!("temperature = {temperature}");
        relative_bias(problem, &enumerated(problem, kind, &parameters).0)
    };
    for (kind, problem) in [("mve", seed_of::<25>()), ("mve-int", sixteen())] {
        let of = |temperature: &str| bias(kind, &problem, temperature);
        for (smaller, larger) in [("1e3", "1e4"), ("1e4", "1e5"), ("1e5", "1e6")] {
            let ratio = of(smaller) / of(larger);
            assert!((9.9..10.1).contains(&ratio), "{kind} from τ = {smaller}: {ratio}");
        }
        assert!(of("inf") < 1e-12 && of("1e30") < 1e-12, "{kind}: {}", of("inf"));
    }
}

#[test]
fn the_number_of_a_category() {
    for (temperature, bias, relative_variance) in [
        ("1e-9", 0.564076, 2.361111),
        ("0.1", 0.107443, 2.092488),
        ("1.0", 0.0129673, 2.0076336),
        ("1e6", 1.32724e-8, 1.9961587),
    ] {
        let parameters = format!("temperature = {temperature}");
        let (mean, variance) = enumerated(&sixteen(), "mve-int", &parameters);
        let square = norm(&mean) * norm(&mean);
        let problem = sixteen();
        assert_exactly(&problem, "mve-int", &parameters, bias, relative_variance * square);
        assert!((variance / square - relative_variance).abs() < 1e-3, "{temperature}");
    }
}

/// An index as the value of its category.
#[test]
fn a_squared_index_is_a_squared_pick_of_numbers() {
    let dims = Dims { batch: 2, latents: 1, categories: 4 };
    let logits = [0.4, -0.3, 0.9, 0.0, -1.2, 0.5, 0.1, 0.7];
    let (targets, values) = ([0.8, 2.5], [0.0, 1.0, 2.0, 3.0].repeat(2));
    let (index, pick) = (SquaredIndex::new(4, &targets), SquaredPick::of(&values, &targets));
    for kind in ["exact", "mve-int", "mve", "index-soft-argmax", "soft-argmax", "reinforce-loo"] {
        let noise = Noise::named(&["index"]);
        let run = |objective: &dyn estimators::Objective<f64>| {
            let estimator = &mut *estimator(kind, "");
            gradient(estimator, &logits, dims, objective, None, &mut noise.at(0)).unwrap()
        };
        let (a, b) = (run(&index), run(&pick));
        assert_eq!((a.logits, a.losses), (b.logits, b.losses), "{kind}");
    }
}

#[test]
fn group_mean_is_a_share_of_the_gradient() {
    let problem = exponential();
    for (samples, share) in [(2, 0.5), (3, 2.0 / 3.0)] {
        let (mean, _) = enumerated(&problem, "group-mean", &format!("samples = {samples}"));
        for (mean, exact) in mean.iter().zip(problem.enumerated()) {
            assert!((mean - share * exact).abs() < 1e-12, "{samples}: {mean} for {exact}");
        }
    }
}

/// With two samples the first component of the mean has the wrong sign.
#[test]
fn grpo_on_an_exponential() {
    let (mean, variance) = enumerated(&exponential(), "grpo", "samples = 2\nepsilon = 0.0");
    for (mean, expected) in mean.iter().zip([0.011738, 0.151524, -0.212742, 0.049481]) {
        assert!((mean - expected).abs() < 1e-6, "{mean} for {expected}");
    }
    assert!((variance - 0.27462).abs() < 1e-5, "{variance}");
    assert!(exponential().enumerated()[0] < 0.0 && mean[0] > 0.0);
    for (samples, expected, variance) in [
        (4, [-0.008411, 0.237956, -0.298400, 0.068855], 0.19371),
        (8, [-0.048179, 0.291064, -0.309989, 0.067104], 0.08768),
    ] {
        let parameters = format!("samples = {samples}\nepsilon = 0.0");
        assert_drawn(&exponential(), "grpo", &parameters, &expected, variance);
    }
}

/// Losses times a constant, and rows that agree.
#[test]
fn grpo_ignores_the_scale_of_losses() {
    #[derive(Clone)]
    struct Binary(f64);
    impl RowLoss<f64> for Binary {
        fn loss(&self, _: usize, z: &[f64], _: &[f64], _: &mut [f64], _: &mut [f64]) -> f64 {
            self.0 * z[0]
        }
    }
    let dims = Dims { batch: 40, latents: 1, categories: 3 };
    let logits = [0.2, -0.7, 0.5].repeat(dims.batch);
    let draw = |scale: f64| {
        let objective = RowLosses::new(Binary(scale), &[], dims.batch);
        let grpo = &mut *estimator("grpo", "epsilon = 0.0");
        gradient(grpo, &logits, dims, &objective, None, &mut Noise::named(&["binary"])).unwrap()
    };
    let plain = draw(1.0).logits;
    let agreeing = plain.chunks_exact(3).filter(|row| row == &[0.0; 3]).count();
    assert!(agreeing > 0 && agreeing < dims.batch, "{agreeing}");
    for scale in [1e-200, 1e-3, 1e200] {
        crate::problem::assert_close(&draw(scale).logits, &plain, 1e-12, "scaled losses");
    }
}

/// The mean of many draws, and their total variance.
#[track_caller]
fn assert_drawn(problem: &Problem, kind: &str, parameters: &str, mean: &[f64], variance: f64) {
    let draws = draws(problem, kind, parameters);
    crate::problem::assert_mean(&draws, mean, 1e-6, kind);
    let (found, error) = total_variance(&draws, problem.width());
    let is_close = (found - variance).abs() < 5.0 * error + 1e-3 * variance;
    assert!(is_close, "{kind} {parameters}: {found} ± {error}, not {variance}");
}

fn draws(problem: &Problem, kind: &str, parameters: &str) -> Vec<f64> {
    const DRAWS: usize = 400_000;
    problem.draw(&mut *estimator(kind, parameters), DRAWS, &mut Noise::named(&["goldens"]))
}

/// Relative bias and total variance of draws, up to two units of the last known digit.
#[track_caller]
fn assert_about(kind: &str, parameters: &str, bias: f64, variance: f64) {
    let problem = exponential();
    let draws = draws(&problem, kind, parameters);
    let mean: Vec<f64> = moments(&draws, 4).into_iter().map(|(mean, _)| mean).collect();
    let found = (relative_bias(&problem, &mean), total_variance(&draws, 4).0);
    let is_close = (found.0 - bias).abs() < 0.006 && (found.1 / variance - 1.0).abs() < 0.02;
    assert!(is_close, "{kind} {parameters}: {found:?}, not {:?}", (bias, variance));
}

#[test]
fn diffusion_on_an_exponential() {
    for (steps, t1, bias, variance) in [
        (2, 0.9, 0.281, 0.047),
        (3, 0.5, 0.227, 0.152),
        (5, 0.5, 0.206, 0.175),
        (5, 0.3, 0.171, 0.816),
        (9, 0.5, 0.199, 0.183),
    ] {
        assert_about("redge", &format!("steps = {steps}\nt1 = {t1}"), bias, variance);
    }
}

/// The variance of M noise samples is a + b/M, and a is known.
#[test]
fn rao_blackwellized_reinmax_on_an_exponential() {
    let problem = exponential();
    for (temperature, bias, variance) in [("1.0", 0.228, 0.146), ("0.5", 0.159, 0.251)] {
        let draws = [20, 40].map(|samples| {
            let parameters = format!("temperature = {temperature}\nsamples = {samples}");
            draws(&problem, "reinmax-rao", &parameters)
        });
        let [few, many] = draws.each_ref().map(|draws| total_variance(draws, 4).0);
        let mean: Vec<f64> = moments(&draws[1], 4).into_iter().map(|(mean, _)| mean).collect();
        let found = (relative_bias(&problem, &mean), 2.0 * many - few);
        let is_close = (found.0 - bias).abs() < 0.006 && (found.1 / variance - 1.0).abs() < 0.02;
        assert!(is_close, "τ = {temperature}: {found:?}, not {:?}", (bias, variance));
    }
}

#[test]
fn laws_hold_in_the_limit() {
    for kind in ["mve", "mve-int"] {
        let entry = Registry::standard().get(kind).unwrap().clone();
        let parameters: Table = "temperature = inf".parse().unwrap();
        let limit = Variant::new(&entry, parameters).unwrap();
        for law in estimators::laws::LAWS.iter().copied().flatten() {
            if let Err(violation) = law.check(&limit) {
                panic!("{violation}");
            }
        }
    }
}

/// Neither category nor time is lost beyond the bound that the page states.
#[test]
fn too_many_categories_are_refused() {
    let refuses = |categories| {
        let dims = Dims { batch: 1, latents: 1, categories };
        estimator("mve", "").refuses(dims)
    };
    assert_eq!(refuses(256), None);
    let why = refuses(257).expect("a refusal");
    assert!(why.contains("256 categories at most, not 257"), "{why}");
}
