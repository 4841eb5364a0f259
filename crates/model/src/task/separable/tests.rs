use super::{ArsmToy, Goal, Polynomial, QuadraticToy};
use crate::optimizer::{Options, Sgd};
use crate::task::TaskKind;
use crate::{AnyTask, Budget, Optimizer, Training};
use estimators::kinds::{Exact, Indecater};
use estimators::{Estimator, Factory};
use kernels::Noise;
use std::path::Path;
use std::sync::Arc;

fn open(kind: impl TaskKind) -> Arc<dyn AnyTask> {
    kind.check().unwrap();
    kind.open(Path::new("")).unwrap()
}

fn noise() -> Noise {
    Noise::named(&["tests", "separable"])
}

fn exact() -> Box<dyn Estimator<f32>> {
    Exact::default().build_f32()
}

/// The value of a metric now.
fn metric(training: &mut dyn Training, name: &str) -> f64 {
    let values = training.evaluate(&mut *exact(), &mut noise()).unwrap();
    values.iter().find(|(metric, _)| metric.name == name).unwrap().1
}

/// A metric after so many exact steps each.
fn along(task: &dyn AnyTask, optimizer: &Optimizer, name: &str, steps: &[u64]) -> Vec<f64> {
    let mut training = task.start(0, 1, optimizer);
    let (mut exact, mut taken) = (exact(), 0);
    let mut at = |&until: &u64| {
        for step in taken..until {
            training.step(step, &mut *exact, &noise()).unwrap();
        }
        taken = until;
        metric(&mut *training, name)
    };
    steps.iter().map(&mut at).collect()
}

fn optimum(task: &dyn AnyTask) -> f64 {
    let budget = Budget { steps: 1, evaluate_every: 1, batch: 1 };
    task.reference_values(0, &budget, &|| true).unwrap().unwrap()[0].1
}

fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    assert!(found.iter().zip(expected).all(is_close), "{found:?} for {expected:?}");
}

/// Gradient ascent with a step size of 1, computed independently in double precision.
#[test]
fn exact_ascent_of_the_arsm_toy() {
    let descent = Sgd { learning_rate: 1.0, ..Sgd::default() };
    let optimizer = Optimizer::new(descent, Options::default());
    let task = open(ArsmToy::default());
    let rewards = along(&*task, &optimizer, "reward", &[0, 1000, 2000, 5000]);
    close(&rewards, &[0.5 + 15.5 / 900.0, 0.520_349, 0.523_809, 0.532_663], 1e-5);
    close(&[optimum(&*task)], &[0.5 + 1.0 / 30.0], 1e-12);
}

/// Adam on the exact gradient of one logit, computed independently in double precision.
#[test]
fn exact_descent_of_the_quadratic_toy() {
    for (target, expected, tolerance) in [
        (0.499, [0.249_085_8, 0.249_028_9, 0.249_004_6, 0.249_002_0], 2e-7),
        (0.45, [0.206_739_2, 0.203_895_2, 0.202_680_5, 0.202_551_3], 2e-6),
    ] {
        let task = open(QuadraticToy { target, ..QuadraticToy::default() });
        let steps = [500, 1000, 3000, 5000];
        let losses = along(&*task, &Optimizer::adam(0.01), "expected-loss", &steps);
        close(&losses, &expected, tolerance);
        close(&[optimum(&*task)], &[target * target], 1e-12);
    }
}

/// The values of Hooper & Shekhovtsov's problem.
#[test]
fn optima_of_polynomial_programming() {
    let values = vec![1.0, 0.506847, 0.0, 0.738543];
    for (power, of_values, of_numbers) in
        [(1.5, 0.013_554, 0.039_85), (2.0, 0.003_231_5, 0.013_61), (3.0, 0.000_183_70, 0.001_59)]
    {
        let toy = Polynomial { categories: 4, power, ..Polynomial::default() };
        close(&[optimum(&*open(toy.clone()))], &[of_numbers], 5e-6);
        let toy = Polynomial { values: values.clone(), ..toy };
        close(&[optimum(&*open(toy))], &[of_values], 5e-7);
    }
}

fn small_ones() -> Vec<Arc<dyn AnyTask>> {
    let values = vec![0.3, -1.0, 2.0];
    let three = Polynomial { latents: 3, categories: 3, initial_scale: 1.0, ..Default::default() };
    let bits = QuadraticToy { latents: 4, target: 0.2, initial_scale: 1.0, ..Default::default() };
    let maximized = QuadraticToy { goal: Goal::Maximize, logits_per_bit: 2, ..bits.clone() };
    vec![
        open(Polynomial { values, power: 1.5, ..three.clone() }),
        open(three),
        open(bits),
        open(maximized),
        open(ArsmToy { categories: 5, divisor: 2.0 }),
    ]
}

/// What is computed latent by latent is what enumeration of all joint outcomes gives.
#[test]
fn expectations_are_those_of_enumeration() {
    for task in small_ones() {
        let mut training = task.start(1, 2, &Optimizer::adam(0.1));
        for step in 0..3 {
            let metrics = training.evaluate(&mut *exact(), &mut noise()).unwrap();
            let value = |names: [&str; 2]| {
                metrics.iter().find(|(metric, _)| names.contains(&metric.name)).unwrap().1
            };
            let expected = value(["expected-loss", "reward"]);
            let loss = training.step(step, &mut *exact(), &noise()).unwrap();
            close(&[loss.abs()], &[expected.abs()], 1e-6);
            let gap = (expected - optimum(&*task)).abs();
            close(&[value(["regret", "regret"])], &[gap], 1e-7);
            assert!(gap > 1e-3, "{metrics:?}");
        }
        let probe = task.probe(1, 2);
        let mut enumerated = vec![];
        let keep = &mut |g: &[f64]| enumerated = g.to_vec();
        probe.draw(&mut *Exact::default().build_f64(), 1, &mut noise(), keep).unwrap();
        let known = probe.exact().unwrap();
        assert_eq!(known.len(), enumerated.len());
        close(&known, &enumerated, 1e-12);
        assert!(known.iter().any(|g| g.abs() > 1e-3));
    }
}

/// As the loss is a mean over latents, one sample that `indecater` changes latent by latent tells the
/// whole gradient, whatever the number of rows.
#[test]
fn many_latents_are_learned_together() {
    let toy = QuadraticToy { latents: 200, goal: Goal::Maximize, ..QuadraticToy::default() };
    let task = open(toy);
    let mut drawn = vec![];
    for rows in [1, 3] {
        let probe = task.probe(0, rows);
        let mut estimator = Indecater::default().build_f64();
        let keep = &mut |g: &[f64]| drawn.push(g.to_vec());
        probe.draw(&mut *estimator, 1, &mut noise(), keep).unwrap();
        // The gradient for each logit at 0 is −(1 − 2 t)/4/200.
        close(&probe.exact().unwrap(), &[-2.5e-6; 200], 1e-18);
    }
    for gradient in drawn {
        close(&gradient, &[-2.5e-6; 200], 1e-15);
    }
}

#[test]
fn logits_start_as_declared() {
    let start = |kind: Arc<dyn AnyTask>, seed: u64| {
        let mut training = kind.start(seed, 1, &Optimizer::adam(0.1));
        (metric(&mut *training, "entropy"), metric(&mut *training, "regret"))
    };
    let toy = |initial_scale: f64| open(Polynomial { initial_scale, ..Polynomial::default() });
    close(&[start(toy(0.0), 0).0], &[2f64.ln()], 1e-6);
    let (near, far) = (start(toy(0.01), 0), start(toy(3.0), 0));
    assert!(
        (2f64.ln() - near.0).abs() < 1e-4 && near.0 < 2f64.ln() && far.0 < 0.6,
        "{near:?} {far:?}"
    );
    assert_ne!(near.1, start(toy(0.01), 1).1);
    // Of the difference of two standard normal logits, E H(p) is 0.5395 by quadrature.
    let bits = QuadraticToy { latents: 20_000, logits_per_bit: 2, ..QuadraticToy::default() };
    let (entropy, _) = start(open(QuadraticToy { initial_scale: 1.0, ..bits }), 0);
    assert!((entropy - 0.5395).abs() < 0.01, "{entropy}");
}
