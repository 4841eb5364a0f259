//! Laws of training and of measuring, whatever the task.

// Helpers outside of #[test] functions may unwrap, as the tests do.
#![allow(clippy::unwrap_used)]

use estimators::{
    Dims, Estimator, Factory, Logits, Noise, Objective, Properties, Surrogate, kinds::Exact,
};
use model::optimizer::{Adam, Options, Sgd};
use model::task::{
    ArgmaxIndex, BernoulliToy, CategoricalVae, DataSet, FeatureSelection, Polynomial, Registry,
};
use model::{AnyTask, Optimizer, TaskKind, Training};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

fn noise() -> Noise {
    Noise::named(&["tests", "laws"])
}

fn index() -> Arc<dyn AnyTask> {
    let task =
        ArgmaxIndex { inputs: 4, hidden: 8, rows: 64, validation_rows: 32, ..Default::default() };
    task.open(Path::new("")).unwrap()
}

fn vae(mean: f64) -> Arc<dyn AnyTask> {
    let (latents, categories, hidden) = (2, 3, vec![6]);
    let (pixels, rows, validation_rows, test_rows) = (9, 20, 10, 10);
    let parts = CategoricalVae { rows, validation_rows, test_rows, ..Default::default() };
    CategoricalVae { latents, categories, hidden, pixels, mean, ..parts }
        .open(Path::new(""))
        .unwrap()
}

fn toy() -> Arc<dyn AnyTask> {
    BernoulliToy::default().open(Path::new("")).unwrap()
}

fn polynomial() -> Arc<dyn AnyTask> {
    let toy = Polynomial { latents: 3, categories: 4, ..Polynomial::default() };
    toy.open(Path::new("")).unwrap()
}

fn selection() -> Arc<dyn AnyTask> {
    let (selector_hidden, predictor_hidden) = (vec![6], vec![8]);
    let (validation_rows, test_rows) = (20, 20);
    let rows = FeatureSelection { validation_rows, test_rows, ..FeatureSelection::default() };
    FeatureSelection { data: DataSet::Xor, selector_hidden, predictor_hidden, ..rows }
        .open(Path::new(""))
        .unwrap()
}

/// The exact gradient, and what it was asked for.
struct Watched {
    inner: Box<dyn Estimator<f32>>,
    estimates: Vec<f64>,
    advances: usize,
}

impl Watched {
    fn new() -> Self {
        Self { inner: Exact::default().build_f32(), estimates: vec![], advances: 0 }
    }
}

impl Estimator<f32> for Watched {
    fn estimate(
        &mut self,
        logits: Logits<f32>,
        objective: &dyn Objective<f32>,
        noise: &mut Noise,
    ) -> estimators::Result<Surrogate<f32>> {
        let surrogate = self.inner.estimate(logits, objective, noise)?;
        self.estimates.push(surrogate.loss());
        Ok(surrogate)
    }

    fn advance(&mut self) -> estimators::Result<()> {
        self.advances += 1;
        Ok(())
    }

    fn properties(&self, dims: Dims) -> Properties {
        self.inner.properties(dims)
    }
}

/// An estimator's schedules and baselines follow the steps, not the evaluations.
#[test]
fn each_step_advances_the_estimator_once_and_measuring_does_not() {
    for task in [index(), vae(0.3), toy(), polynomial(), selection()] {
        let mut training = task.start(0, 4, &Optimizer::adam(0.01));
        let mut estimator = Watched::new();
        for step in 0..5 {
            training.evaluate(&mut estimator, &mut noise()).unwrap();
            let probe = training.probe(step);
            probe.draw(&mut estimator, 3, &mut noise(), &mut |_| ()).unwrap();
            assert_eq!(estimator.advances as u64, step);
            training.step(step, &mut estimator, &noise()).unwrap();
        }
        assert_eq!(estimator.advances, 5);
    }
}

/// All pixels are 1, so every image has the same loss and the same divergence.
#[test]
fn a_step_returns_the_estimators_loss_plus_the_penalty() {
    let mut training = vae(1.0).start(3, 7, &Optimizer::adam(0.05));
    let mut estimator = Watched::new();
    for step in 0..10 {
        let metrics = training.evaluate(&mut estimator, &mut noise()).unwrap();
        let loss = training.step(step, &mut estimator, &noise()).unwrap();
        let (divergence, met) = (metrics[2].1, *estimator.estimates.last().unwrap());
        assert!(divergence > 1e-4, "{divergence}");
        assert!((loss - met - divergence).abs() < 1e-5 * loss, "{loss} {met} {divergence}");
        // The bound is at a sampled code, so it is near the mean over codes and not equal.
        assert!((metrics[0].1 / loss - 1.0).abs() < 0.5, "{metrics:?} {loss}");
    }
    // Without a penalty it is what the estimator met.
    let mut training = index().start(0, 7, &Optimizer::adam(0.05));
    let loss = training.step(0, &mut estimator, &noise()).unwrap();
    assert_eq!(loss, *estimator.estimates.last().unwrap());
}

/// dE f/dφ of one row: a step of gradient descent of size 1 moves φ against what the probe measures.
#[test]
fn a_probe_measures_the_gradient_that_a_step_takes() {
    let descent = Sgd { learning_rate: 1.0, ..Sgd::default() };
    let mut training = toy().start(0, 3, &Optimizer::new(descent, Options::default()));
    let mut estimator = Watched::new();
    let logit = |training: &mut dyn Training| {
        let p = training.evaluate(&mut Watched::new(), &mut noise()).unwrap()[1].1;
        (p / (1.0 - p)).ln()
    };
    for step in 0..4 {
        let before = logit(&mut *training);
        let mut gradient = vec![];
        let mut keep = |g: &[f32]| gradient.extend_from_slice(g);
        training.probe(step).draw(&mut estimator, 1, &mut noise(), &mut keep).unwrap();
        training.step(step, &mut estimator, &noise()).unwrap();
        let moved = logit(&mut *training) - before;
        assert!((moved + f64::from(gradient[0])).abs() < 1e-6, "{moved} {gradient:?}");
    }
}

/// However many estimates fit into one pass, there are as many as were asked for, each of the mean
/// over the batch.
#[test]
fn a_probe_hands_over_every_estimate() {
    for (task, batch) in [
        (index(), 3),
        (vae(0.3), 5),
        (toy(), 1),
        (polynomial(), 2),
        (selection(), 2),
        (index(), 200),
    ] {
        let probe = task.probe(1, batch);
        let mut exact = Exact::default().build_f64();
        let mut first = vec![];
        probe.draw(&mut *exact, 1, &mut noise(), &mut |g| first = g.to_vec()).unwrap();
        let dims = probe.dims();
        assert_eq!((dims, dims.batch), (task.dims(batch), batch));
        let (of_row, of_latent) = (dims.elements() / dims.batch, dims.elements() / dims.latents);
        let tied = [1, of_row, of_latent, dims.elements()];
        assert!(tied.contains(&first.len()), "{}", first.len());
        assert!(first.iter().any(|&g| g != 0.0));
        assert_eq!(probe.domain(), task.domain());
        for draws in [0, 1, 2, 41, 42, 43, 85, 130] {
            let mut count = 0;
            let mut check = |g: &[f64]| {
                count += 1;
                let is_close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12 * (1.0 + b.abs());
                assert!(g.len() == first.len() && g.iter().zip(&first).all(is_close));
            };
            probe.draw(&mut *exact, draws, &mut noise(), &mut check).unwrap();
            assert_eq!(count, draws, "batches of {batch}");
        }
    }
}

/// Each step has rows of its own, which follow from the seed.
#[test]
fn steps_and_seeds_have_batches_of_their_own() {
    let gradient = |seed: u64, step: u64| {
        let mut gradient = vec![];
        let probe = index().start(seed, 4, &Optimizer::adam(0.01)).probe(step);
        let keep = &mut |g: &[f32]| gradient = g.to_vec();
        probe.draw(&mut Watched::new(), 1, &mut noise(), keep).unwrap();
        gradient
    };
    assert_eq!(gradient(0, 0), gradient(0, 0));
    assert_ne!(gradient(0, 0), gradient(0, 1));
    assert_ne!(gradient(0, 0), gradient(1, 0));
}

/// A bonus keeps the classifier undecided, and is not part of the loss.
#[test]
fn an_entropy_bonus_raises_the_entropy() {
    let [without, with] = [None, Some(0.5)].map(|entropy_bonus| {
        let options = Options { entropy_bonus, ..Options::default() };
        let adam = Adam { learning_rate: 0.02, ..Adam::default() };
        let mut training = index().start(0, 16, &Optimizer::new(adam, options));
        let mut estimator = Watched::new();
        let losses: Vec<f64> =
            (0..200).map(|step| training.step(step, &mut estimator, &noise()).unwrap()).collect();
        assert_eq!(losses, estimator.estimates);
        let metrics = training.evaluate(&mut estimator, &mut noise()).unwrap();
        assert_eq!(metrics[3].0.name, "entropy");
        (losses[0], metrics[3].1)
    });
    assert_eq!(with.0, without.0, "before the first step");
    assert!(with.1 > without.1 + 0.5 && with.1 < 3f64.ln(), "{with:?} {without:?}");
}

/// Losses of training steps and the metrics at the end, on a file with these targets.
fn trained(target: impl Fn(usize) -> f64) -> (Vec<f64>, Vec<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "x,y\n".to_owned();
    for row in 0..20 {
        writeln!(text, "{},{}", row * 7 % 20, target(row)).unwrap();
    }
    std::fs::write(folder.path().join("rows.csv"), text).unwrap();
    let (data, target) = (Some("rows.csv".into()), Some("y".into()));
    let task = ArgmaxIndex { data, target, hidden: 4, ..ArgmaxIndex::default() };
    let mut training = task.open(folder.path()).unwrap().start(0, 8, &Optimizer::adam(0.02));
    let mut estimator = Watched::new();
    let step = |step| training.step(step, &mut estimator, &noise()).unwrap();
    let losses = (0..20).map(step).collect();
    let metrics = training.evaluate(&mut estimator, &mut noise()).unwrap();
    (losses, metrics.into_iter().map(|(_, value)| value).collect())
}

#[test]
fn training_losses_do_not_know_the_held_out_rows() {
    let target = |row: usize| ((row * row) % 7) as f64;
    let order = model::Streams::new("argmax-index", 0).named("data").permutation(20);
    let (losses, metrics) = trained(target);
    let moving = |moved: usize| trained(|row| if row == moved { 50.0 } else { target(row) });
    // Four rows to validate on, then four to test on.
    let (others, moved) = moving(order[3]);
    assert_eq!(losses, others);
    assert!(metrics[1] != moved[1] && metrics[2] != moved[2], "{metrics:?} {moved:?}");
    assert_eq!(metrics[0], moved[0], "what is tested on is the same");
    assert_eq!(metrics[3..], moved[3..], "the classifier is the same");
    let (others, moved) = moving(order[4]);
    assert_eq!(losses, others);
    assert!(metrics[0] != moved[0]);
    assert_eq!(metrics[1..], moved[1..], "what is validated on is the same");
    assert_ne!(losses, moving(order[8]).0);
    // Standardized targets are trained on; what is reported is in the square of their unit.
    let (scaled, in_unit) = trained(|row| 2.0 * target(row));
    assert_eq!(losses, scaled);
    let scale = [4.0, 4.0, 4.0, 1.0, 1.0];
    assert_eq!(in_unit, scale.iter().zip(&metrics).map(|(x, y)| x * y).collect::<Vec<_>>());
}

/// Where the data does not follow from the parameters, the digest of the file says what it is.
#[test]
fn only_files_have_a_digest() {
    for task in [index(), vae(0.3), toy(), polynomial(), selection()] {
        assert_eq!(task.data_digest(), None);
        assert!(task.warnings().is_empty());
    }
    assert!(toy().references().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let digest = |text: &str| {
        std::fs::write(folder.path().join("rows.csv"), text).unwrap();
        let (data, target) = (Some("rows.csv".into()), Some("y".into()));
        let task = ArgmaxIndex { data, target, ..ArgmaxIndex::default() };
        task.open(folder.path()).unwrap().data_digest().unwrap()
    };
    assert_eq!(digest("x,y\n1,2\n3,4\n5,6\n"), digest("x,y\n1,2\n3,4\n5,6\n"));
    assert_ne!(digest("x,y\n1,2\n3,4\n5,6\n"), digest("x,y\n1,2\n3,4\n5,7\n"));
}

/// A target may be constant; but where it differs, so must squares.
#[test]
fn squared_errors_of_a_target_are_in_range() {
    let folder = tempfile::tempdir().unwrap();
    let open = |targets: [&str; 2]| {
        let rows =
            [targets[0], targets[1], targets[0]].map(|target| format!("1,{target}\n")).concat();
        std::fs::write(folder.path().join("rows.csv"), format!("x,y\n{rows}")).unwrap();
        let (data, target) = (Some("rows.csv".into()), Some("y".into()));
        ArgmaxIndex { data, target, ..ArgmaxIndex::default() }.open(folder.path()).is_ok()
    };
    assert!(open(["2", "2"]) && open(["0", "1e-150"]) && open(["0", "1e150"]));
    assert!(!open(["0", "1e-170"]) && !open(["0", "1e160"]));
}

/// The least and the greatest value that a parameter may have, and its neighbors beyond.
#[test]
fn parameters_have_ranges() {
    let registry = Registry::standard();
    let build = |kind: &str, text: &str| {
        let entry = registry.get(kind).unwrap();
        entry.build(text.parse().unwrap()).map(|_| ()).map_err(|error| error.to_string())
    };
    let numbers = |count: usize| format!("targets = {:?}", vec![0.5; count]);
    for (kind, accepted, rejected) in [
        ("argmax-index", "categories = 2", "categories = 1"),
        ("argmax-index", "categories = 1000000", "categories = 1000001"),
        ("argmax-index", "hidden = 1", "hidden = 0"),
        ("argmax-index", "inputs = 1", "inputs = 0"),
        ("argmax-index", "rows = 1", "rows = 0"),
        ("argmax-index", "validation-rows = 1", "validation-rows = 0"),
        ("argmax-index", "test-rows = 1", "test-rows = 0"),
        ("argmax-index", "noise = 0.0", "noise = -0.1"),
        ("argmax-index", "noise = 1e300", "noise = inf"),
        ("argmax-index", "validation-share = 0.001", "validation-share = 0.0"),
        ("argmax-index", "validation-share = 0.799", "validation-share = 1.0"),
        ("argmax-index", "test-share = 0.001", "test-share = 0.0"),
        ("argmax-index", "test-share = 0.799", "test-share = 0.8"),
        ("argmax-index", "data = \"a.csv\"\ntarget = \"y\"", "target = \"y\""),
        ("argmax-index", "", "data = \"a.csv\""),
        ("arsm-toy", "categories = 2", "categories = 1"),
        ("arsm-toy", "divisor = 0.1", "divisor = 0.0"),
        ("bernoulli-toy", "logit = -4.0", "logit = nan"),
        ("bernoulli-toy", &numbers(1), &numbers(0)),
        ("bernoulli-toy", &numbers(16), &numbers(17)),
        ("bernoulli-toy", "targets = [-1.0]", "targets = [inf]"),
        ("categorical-vae", "latents = 1", "latents = 0"),
        ("categorical-vae", "categories = 2", "categories = 1"),
        ("categorical-vae", "hidden = []", "hidden = [8, 0]"),
        ("categorical-vae", "pixels = 1", "pixels = 0"),
        ("categorical-vae", "rows = 1", "rows = 0"),
        ("categorical-vae", "validation-rows = 1", "validation-rows = 0"),
        ("categorical-vae", "test-rows = 1", "test-rows = 0"),
        ("categorical-vae", "mean = 0.0", "mean = -0.1"),
        ("categorical-vae", "mean = 1.0", "mean = 1.1"),
        ("feature-selection", "data = \"switch\"", "data = \"and\""),
        ("feature-selection", "selected = 1", "selected = 0"),
        ("feature-selection", "selected = 10", "selected = 11"),
        ("feature-selection", "selector-hidden = []", "selector-hidden = [0]"),
        ("feature-selection", "predictor-hidden = []", "predictor-hidden = [8, 0]"),
        ("feature-selection", "validation-rows = 1", "validation-rows = 0"),
        ("feature-selection", "test-rows = 1", "test-rows = 0"),
        ("polynomial", "latents = 1", "latents = 0"),
        ("polynomial", "categories = 2", "categories = 1"),
        ("polynomial", "power = 1.0", "power = 0.9"),
        ("polynomial", "power = 100.0", "power = 101.0"),
        ("polynomial", "target = -1.0", "target = inf"),
        ("polynomial", "values = [0.0, 2.0]", "values = [1.0]"),
        ("polynomial", "values = [0.0, 2.0]", "values = [0.0, nan]"),
        ("polynomial", "initial-scale = 0.0", "initial-scale = -1.0"),
        ("quadratic-toy", "latents = 1", "latents = 0"),
        ("quadratic-toy", "target = -1.0", "target = nan"),
        ("quadratic-toy", "goal = \"maximize\"", "goal = \"max\""),
        ("quadratic-toy", "logits-per-bit = 2", "logits-per-bit = 3"),
        ("quadratic-toy", "logits-per-bit = 1", "logits-per-bit = 0"),
        ("quadratic-toy", "initial-scale = 0.0", "initial-scale = inf"),
        ("structured-prediction", "latents = 1", "latents = 0"),
        ("structured-prediction", "categories = 2", "categories = 1"),
        ("structured-prediction", "hidden = []", "hidden = [8, 0]"),
        ("structured-prediction", "samples = 1", "samples = 0"),
        ("structured-prediction", "validation-rows = 1", "validation-rows = 0"),
        ("structured-prediction", "test-rows = 1", "test-rows = 0"),
    ] {
        assert_eq!(build(kind, accepted), Ok(()), "{kind} {accepted}");
        let error = build(kind, rejected).unwrap_err();
        assert!(error.contains(kind), "{rejected}: {error}");
    }
}
