//! Laws that every registered estimator keeps. They walk the registry: a new one is held to them
//! from the day it is registered.

// A law that cannot be set up is broken.
#![allow(clippy::unwrap_used)]

use estimators::objectives::{ExpDot, SquaredPick};
use estimators::{
    Counted, Dims, Domain, Entry, Estimator, Gradient, Noise, Objective, Real, Registry, Unbiased,
    gradient,
};
use toml::Table;

/// Every estimator with its defaults.
fn all() -> Vec<Entry> {
    Registry::standard().entries().to_vec()
}

/// A problem in `f64`: logits, and what judges their choice.
struct Problem {
    name: &'static str,
    dims: Dims,
    logits: Vec<f64>,
    make: fn(usize) -> Box<dyn Objective<f64>>,
    quadratic: bool,
}

const VALUES: [f64; 8] = [1.5, -0.5, 2.0, 0.25, 3.0, 1.0, 0.5, -2.0];
const WEIGHTS: [f64; 6] = [0.6, -0.5, 0.2, -0.7, 0.9, 0.1];

fn problems() -> [Problem; 4] {
    [
        Problem {
            name: "squared pick",
            dims: Dims { batch: 2, latents: 1, categories: 4 },
            logits: vec![0.4, -0.3, 0.9, 0.0, -1.2, 0.5, 0.1, 0.7],
            make: |times| {
                let objective = SquaredPick::of(VALUES.repeat(times), [0.8, -0.4].repeat(times));
                Box::new(objective.expect("an objective"))
            },
            quadratic: true,
        },
        Problem {
            name: "exponential of four",
            dims: Dims { batch: 1, latents: 1, categories: 4 },
            logits: vec![0.2, -0.7, 0.5, 0.1],
            make: |times| {
                let weights = [0.3, 1.1, -0.4, 0.7].repeat(times);
                Box::new(ExpDot::of(weights, times).expect("an objective"))
            },
            quadratic: false,
        },
        Problem {
            name: "exponential of two latents",
            dims: Dims { batch: 1, latents: 2, categories: 3 },
            logits: vec![0.2, -0.7, 0.5, 0.1, 0.3, -0.4],
            make: |times| Box::new(ExpDot::of(WEIGHTS.repeat(times), times).expect("an objective")),
            quadratic: false,
        },
        Problem {
            name: "bits",
            dims: Dims { batch: 1, latents: 3, categories: 2 },
            logits: vec![0.2, -0.7, 0.5, 0.1, 0.3, -0.4],
            make: |times| Box::new(ExpDot::of(WEIGHTS.repeat(times), times).expect("an objective")),
            quadratic: false,
        },
    ]
}

impl Problem {
    /// Whether an estimator can serve it.
    fn suits(&self, estimator: &dyn Estimator<f64>) -> bool {
        estimator.refuses(self.dims).is_none()
    }

    /// One estimate for each of `times` copies of the problem: rows of [draws, B·L·K].
    fn draw(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Vec<f64> {
        let dims = Dims { batch: self.dims.batch * times, ..self.dims };
        let (logits, objective) = (self.logits.repeat(times), (self.make)(times));
        let estimate = gradient(estimator, &logits, dims, &*objective, None, noise);
        let estimate = estimate.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        estimate.logits.into_iter().map(|g| g * times as f64).collect()
    }

    fn exact(&self) -> Vec<f64> {
        let entry = Registry::standard();
        let mut exact = entry.get("exact").unwrap().double(Table::new()).unwrap();
        self.draw(&mut *exact, 1, &mut Noise::named(&["exact"]))
    }
}

/// Mean of draws and the standard error of each component.
fn moments(draws: &[f64], width: usize) -> Vec<(f64, f64)> {
    let n = (draws.len() / width) as f64;
    (0..width)
        .map(|i| {
            let column = || draws.iter().skip(i).step_by(width);
            let mean = column().sum::<f64>() / n;
            let variance = column().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
            (mean, (variance / n).sqrt())
        })
        .collect()
}

fn make(entry: &Entry) -> Box<dyn Estimator<f64>> {
    entry.double(Table::new()).unwrap_or_else(|error| panic!("{}: {error}", entry.name))
}

#[test]
fn what_is_called_unbiased_is() {
    for entry in all() {
        for problem in problems() {
            let mut estimator = make(&entry);
            if !problem.suits(&*estimator) {
                continue;
            }
            let holds = match estimator.properties(problem.dims).unbiased {
                Unbiased::Always => true,
                Unbiased::Quadratic => problem.quadratic,
                _ => false,
            };
            if !holds {
                continue;
            }
            let noise = &mut Noise::named(&["law", "unbiased"]);
            let draws = problem.draw(&mut *estimator, 20_000, noise);
            let (exact, width) = (problem.exact(), problem.dims.elements());
            for ((mean, error), exact) in moments(&draws, width).into_iter().zip(exact) {
                let place = format!("{} on {}", entry.name, problem.name);
                assert!(
                    (mean - exact).abs() <= 5.0 * error + 1e-9,
                    "{place}: {mean} for {exact} ± {error}"
                );
            }
        }
    }
}

/// A loss that is linear in the choice.
#[derive(Clone)]
struct Linear;

impl estimators::objectives::RowLoss<f64> for Linear {
    fn loss(&self, _: usize, z: &[f64], a: &[f64], dz: &mut [f64], da: &mut [f64]) -> f64 {
        dz.iter_mut().zip(a).for_each(|(dz, a)| *dz += a);
        da.iter_mut().zip(z).for_each(|(da, z)| *da += z);
        z.iter().zip(a).map(|(z, a)| z * a).sum()
    }
}

#[test]
fn what_is_called_unbiased_for_linear_losses_is() {
    let linear = Problem {
        name: "linear",
        dims: Dims { batch: 1, latents: 2, categories: 3 },
        logits: vec![0.2, -0.7, 0.5, 0.1, 0.3, -0.4],
        make: |times| {
            let losses =
                estimators::objectives::RowLosses::new(Linear, WEIGHTS.repeat(times), times);
            Box::new(losses.expect("an objective"))
        },
        quadratic: true,
    };
    for entry in all() {
        let mut estimator = make(&entry);
        let unbiased = estimator.properties(linear.dims).unbiased;
        let claims = matches!(unbiased, Unbiased::Always | Unbiased::Quadratic | Unbiased::Linear);
        if !claims || !linear.suits(&*estimator) {
            continue;
        }
        let noise = &mut Noise::named(&["law", "linear"]);
        let draws = linear.draw(&mut *estimator, 20_000, noise);
        for ((mean, error), exact) in moments(&draws, 6).into_iter().zip(linear.exact()) {
            assert!(
                (mean - exact).abs() <= 5.0 * error + 1e-9,
                "{}: {mean} for {exact}",
                entry.name
            );
        }
    }
}

#[test]
fn a_gradient_adds_up_to_nothing_along_the_shift_of_the_softmax() {
    for entry in all() {
        for problem in problems() {
            let mut estimator = make(&entry);
            if !problem.suits(&*estimator) || !estimator.properties(problem.dims).sums_to_zero {
                continue;
            }
            let draws = problem.draw(&mut *estimator, 50, &mut Noise::named(&["law", "shift"]));
            for row in draws.chunks_exact(problem.dims.categories) {
                let (sum, size): (f64, f64) =
                    row.iter().fold((0.0, 0.0), |(s, m), g| (s + g, m + g.abs()));
                assert!(
                    sum.abs() <= 1e-12 * size.max(1.0),
                    "{} on {}: {row:?}",
                    entry.name,
                    problem.name
                );
            }
        }
    }
}

#[test]
fn a_constant_added_to_logits_changes_nothing() {
    for entry in all() {
        for mut problem in problems() {
            let estimator = make(&entry);
            if !problem.suits(&*estimator) || !estimator.properties(problem.dims).ignores_shifts {
                continue;
            }
            let draw = |problem: &Problem| {
                problem.draw(&mut *make(&entry), 50, &mut Noise::named(&["law", "constant"]))
            };
            let before = draw(&problem);
            problem.logits.iter_mut().for_each(|x| *x += 3.25);
            for (before, after) in before.into_iter().zip(draw(&problem)) {
                let close = (before - after).abs() <= 1e-9 * before.abs().max(1.0);
                assert!(close, "{} on {}: {before} became {after}", entry.name, problem.name);
            }
        }
    }
}

#[test]
fn the_same_noise_gives_the_same_bits() {
    for entry in all() {
        for problem in problems() {
            if !problem.suits(&*make(&entry)) {
                continue;
            }
            let draw = || problem.draw(&mut *make(&entry), 20, &mut Noise::named(&["law", "bits"]));
            let bits = |draws: Vec<f64>| draws.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(draw()), bits(draw()), "{} on {}", entry.name, problem.name);
        }
    }
}

#[test]
fn asking_again_before_advancing_estimates_from_the_same_state() {
    for entry in all() {
        let problem = &problems()[0];
        let mut estimator = make(&entry);
        if !problem.suits(&*estimator) {
            continue;
        }
        let mut draw = || problem.draw(&mut *estimator, 5, &mut Noise::named(&["law", "state"]));
        assert_eq!(draw(), draw(), "{}", entry.name);
    }
}

#[test]
fn what_is_called_deterministic_draws_nothing() {
    for entry in all() {
        for problem in problems() {
            let mut estimator = make(&entry);
            if !problem.suits(&*estimator) {
                continue;
            }
            let stochastic = estimator.properties(problem.dims).stochastic;
            let draws = problem.draw(&mut *estimator, 40, &mut Noise::named(&["law", "draws"]));
            let width = problem.dims.elements();
            let all_same = draws.chunks_exact(width).all(|draw| draw == &draws[..width]);
            assert_eq!(all_same, !stochastic, "{} on {}", entry.name, problem.name);
        }
    }
}

/// The gradient that the objective's own parameters get is that of the scalar's value.
#[test]
fn the_objectives_parameters_learn_from_the_scalar() {
    const STEP: f64 = 1e-5;
    let dims = Dims { batch: 2, latents: 1, categories: 4 };
    let logits = vec![0.4, -0.3, 0.9, 0.0, -1.2, 0.5, 0.1, 0.7];
    for entry in all() {
        let estimate = |values: &[f64]| {
            let mut estimator = make(&entry);
            estimator.refuses(dims).is_none().then(|| {
                let objective = SquaredPick::of(values.to_vec(), vec![0.8, -0.4]).unwrap();
                let leaf = objective.values().clone();
                let noise = &mut Noise::named(&["law", "parameters"]);
                gradient(&mut *estimator, &logits, dims, &objective, Some(&leaf), noise).unwrap()
            })
        };
        let Some(Gradient { objective, .. }) = estimate(&VALUES) else { continue };
        assert_eq!(objective.len(), VALUES.len(), "{}: its gradient was dropped", entry.name);
        for i in 0..VALUES.len() {
            let value = |step: f64| {
                let mut values = VALUES;
                values[i] += step;
                estimate(&values).map_or(0.0, |estimate| estimate.value)
            };
            let slope = (value(STEP) - value(-STEP)) / (2.0 * STEP);
            let given = objective[i];
            assert!((given - slope).abs() <= 1e-6, "{}: {given} for {slope} of {i}", entry.name);
        }
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let dims = Dims { batch: 400, latents: 1, categories: 4 };
    let logits: Vec<f64> = (0..1600).map(|i| ((i * 37) % 101) as f64 * 0.03 - 1.5).collect();
    fn estimate<E: Real>(
        mut estimator: Box<dyn Estimator<E>>,
        logits: &[f64],
        dims: Dims,
    ) -> Option<Vec<f64>> {
        let of = |numbers: &[f64]| numbers.iter().map(|&x| E::of(x)).collect::<Vec<E>>();
        estimator.refuses(dims).is_none().then(|| {
            let objective = SquaredPick::of(of(&VALUES[..4].repeat(400)), of(&vec![0.8; 400]));
            let (objective, noise) = (objective.unwrap(), &mut Noise::named(&["law", "precision"]));
            let estimate =
                gradient(&mut *estimator, &of(logits), dims, &objective, None, noise).unwrap();
            estimate.logits.into_iter().map(|g| 400.0 * g.widen()).collect()
        })
    }
    for entry in all() {
        let single = estimate(entry.single(Table::new()).unwrap(), &logits, dims);
        let double = estimate(entry.double(Table::new()).unwrap(), &logits, dims);
        let (Some(single), Some(double)) = (single, double) else { continue };
        let off = |(a, b): &(&[f64], &[f64])| {
            let scale = b.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
            a.iter().zip(*b).any(|(a, b)| (a - b).abs() > 2e-4 * scale)
        };
        let rows = single.chunks_exact(4).zip(double.chunks_exact(4));
        // Where rounding decides a pick, a row may be another draw.
        let count = rows.filter(off).count();
        assert!(count <= 4, "{}: {count} of 400 rows differ", entry.name);
    }
}

#[test]
fn extreme_logits_give_finite_estimates() {
    fn check<E: Real>(name: &str, mut estimator: Box<dyn Estimator<E>>) {
        let rows: [[f64; 4]; 8] = [
            [1e4, -1e4, 0.0, 1.0],
            [-1e4, -1e4, -1e4, -1e4],
            [1e4, 1e4, 1e4, 1e4],
            [0.0, 0.0, 0.0, 0.0],
            [-1e4, 0.0, 1e-30, -1e-30],
            [1e4, 1e4, -1e4, -1e4],
            [88.0, -88.0, 0.0, 44.0],
            [f64::NEG_INFINITY, 0.5, f64::NEG_INFINITY, -0.5],
        ];
        let dims = Dims { batch: 8 * 40, latents: 1, categories: 4 };
        if estimator.refuses(dims).is_some() {
            return;
        }
        let of = |numbers: &[f64]| numbers.iter().map(|&x| E::of(x)).collect::<Vec<E>>();
        let logits = of(&rows.as_flattened().repeat(40));
        let objective =
            SquaredPick::of(of(&VALUES[..4].repeat(dims.batch)), of(&vec![0.8; dims.batch]));
        let noise = &mut Noise::named(&["law", "extreme"]);
        let estimate =
            gradient(&mut *estimator, &logits, dims, &objective.unwrap(), None, noise).unwrap();
        for (i, (row, g)) in logits.chunks(4).zip(estimate.logits.chunks(4)).enumerate() {
            assert!(g.iter().all(|g| g.is_finite()), "{name}, row {}: {g:?}", i % 8);
            for (&x, &g) in row.iter().zip(g) {
                let is_masked = x == E::NEGATIVE_INFINITY;
                assert!(!is_masked || g == E::ZERO, "{name}: a masked category has gradient {g}");
            }
        }
        assert!(estimate.losses.iter().all(|f| f.is_finite()), "{name}");
    }
    for entry in all() {
        check::<f32>(entry.name, entry.single(Table::new()).unwrap());
        check::<f64>(entry.name, entry.double(Table::new()).unwrap());
    }
}

#[test]
fn a_row_that_is_masked_altogether_is_an_error() {
    let dims = Dims { batch: 2, latents: 1, categories: 3 };
    let logits = [0.1, 0.2, 0.3, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for entry in all() {
        let mut estimator = make(&entry);
        if estimator.refuses(dims).is_some() {
            continue;
        }
        let objective = SquaredPick::of(VALUES[..6].to_vec(), vec![0.8, -0.4]).unwrap();
        let noise = &mut Noise::named(&["law", "masked"]);
        let error = gradient(&mut *estimator, &logits, dims, &objective, None, noise).unwrap_err();
        assert!(error.to_string().starts_with("row 1"), "{}: {error}", entry.name);
    }
}

#[test]
fn evaluations_are_as_claimed() {
    for entry in all() {
        for problem in problems() {
            let mut estimator = make(&entry);
            if !problem.suits(&*estimator) {
                continue;
            }
            let objective = (problem.make)(1);
            let counted = Counted::new(&*objective);
            let noise = &mut Noise::named(&["law", "evaluations"]);
            gradient(&mut *estimator, &problem.logits, problem.dims, &counted, None, noise)
                .unwrap();
            let (counted, properties) = (counted.evaluations(), estimator.properties(problem.dims));
            let place = format!("{} on {}", entry.name, problem.name);
            if properties.at_most {
                assert!(counted.hard <= properties.evaluations.hard, "{place}");
            } else {
                assert_eq!(counted, properties.evaluations, "{place}");
            }
        }
    }
}

#[test]
fn what_an_estimator_needs_it_asks_for() {
    for entry in all() {
        let problem = &problems()[1];
        let mut estimator = make(&entry);
        if !problem.suits(&*estimator) {
            continue;
        }
        let objective = (problem.make)(1);
        let counted = Counted::new(&*objective);
        let noise = &mut Noise::named(&["law", "needs"]);
        gradient(&mut *estimator, &problem.logits, problem.dims, &counted, None, noise).unwrap();
        let asked = counted.evaluations();
        let needed = if asked.relaxed > 0 {
            Domain::Interior
        } else if asked.hard_gradient > 0 {
            Domain::VertexGradients
        } else {
            Domain::Vertices
        };
        assert_eq!(estimator.properties(problem.dims).needs, needed, "{}", entry.name);
    }
}

#[test]
fn impossible_parameters_are_refused_with_a_message() {
    for entry in all() {
        let unknown = Table::from_iter([("surely-not".to_owned(), 1.into())]);
        let message = entry.double(unknown).err().expect("a refusal").to_string();
        assert!(message.contains("surely-not") && message.contains(entry.name), "{message}");
        for (key, value) in entry.defaults() {
            let wrong: toml::Value = match value {
                toml::Value::Float(_) => f64::NAN.into(),
                toml::Value::Integer(_) => (-1).into(),
                toml::Value::Boolean(_) => "perhaps".into(),
                _ => "surely-not".into(),
            };
            let table = Table::from_iter([(key.clone(), wrong)]);
            let message = entry.double(table).err().map(|error| error.to_string());
            let message = message.unwrap_or_else(|| panic!("{}: {key} was accepted", entry.name));
            assert!(message.contains(&key) && message.contains("allowed"), "{message}");
        }
    }
}

#[test]
fn names_are_legal_and_pages_complete() {
    let mut names = vec![];
    for entry in all() {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(entry.name.chars().all(legal), "{}", entry.name);
        assert!(!names.contains(&entry.name), "{} is there twice", entry.name);
        names.push(entry.name);
        let schema = entry.schema();
        let page = schema.get("description").and_then(|text| text.as_str()).unwrap_or_default();
        for part in ["Estimates", "Formula", "Requires", "Costs", "When to use", "Reference", "```"]
        {
            assert!(page.contains(part), "{}: no {part}", entry.name);
        }
        assert!(!entry.summary.ends_with('.') && entry.summary.len() < 64, "{}", entry.name);
    }
}
