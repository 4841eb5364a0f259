//! Laws for every registered estimator, with its default parameters and with other values of each
//! parameter. They walk the registry, so a new estimator is checked as soon as it is registered.

use crate::problem::variants::{check_all, variants};
use crate::problem::{
    VALUES, assert_close, assert_mean, exponential, linear, narrow, problems, squared_pick,
};
use estimators::objectives::{RowLoss, RowLosses, SquaredPick};
use estimators::{
    Counted, Dims, Domain, Estimator, Gradient, Node, Noise, Packed, Real, Unbiased, gradient,
};
use std::cell::RefCell;

const DRAWS: usize = 10_000;

#[test]
fn variants_are_more_than_defaults() {
    let names: Vec<String> = variants().into_iter().map(|variant| variant.name).collect();
    for name in [
        "reinforce",
        "reinforce baseline=\"optimal-per-component\"",
        "reinforce normalise=true",
        "straight-through sample=false",
        "gapped-straight-through gap=\"pi\"",
        "disarm-categorical form=\"stick-breaking\"",
        "perturbed noise=\"gaussian\"",
        "imle noise=\"sum-of-gamma\"",
        "index-soft-argmax rounded=true",
        "rebar learned=true",
        "ars reference=1",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
    for schedule in ["constant", "linear", "cosine", "step", "exponential"] {
        let kind = format!("kind = \"{schedule}\"");
        let scheduled = names.iter().filter(|name| name.contains(&kind));
        assert_eq!(scheduled.count(), 10, "{schedule}: {names:?}");
    }
}

#[test]
fn an_estimator_that_claims_to_be_unbiased_is() {
    check_all(|variant| {
        for problem in problems().into_iter().chain([linear()]) {
            let mut estimator = variant.build_f64();
            if !problem.suits(&*estimator) {
                continue;
            }
            let holds = match estimator.properties(problem.dims).unbiased {
                Unbiased::Always => true,
                Unbiased::Quadratic => problem.quadratic,
                Unbiased::Linear => problem.name == "linear",
                _ => false,
            };
            if !holds {
                continue;
            }
            let noise = &mut Noise::named(&["law", "unbiased"]);
            let draws = problem.draw(&mut *estimator, DRAWS, noise);
            let place = format!("{} on {}", variant.name, problem.name);
            assert_mean(&draws, &problem.exact(), 1e-9, &place);
        }
    });
}

#[test]
fn the_components_of_an_estimate_sum_to_zero() {
    check_all(|variant| {
        for problem in problems() {
            let mut estimator = variant.build_f64();
            if !problem.suits(&*estimator) || !estimator.properties(problem.dims).sums_to_zero {
                continue;
            }
            let draws = problem.draw(&mut *estimator, 50, &mut Noise::named(&["law", "shift"]));
            for row in draws.chunks_exact(problem.dims.categories) {
                let (sum, size): (f64, f64) =
                    row.iter().fold((0.0, 0.0), |(s, m), g| (s + g, m + g.abs()));
                let place = format!("{} on {}", variant.name, problem.name);
                assert!(sum.abs() <= 1e-12 * size.max(1.0), "{place}: {row:?}");
            }
        }
    });
}

#[test]
fn a_constant_added_to_logits_changes_nothing() {
    check_all(|variant| {
        for mut problem in problems() {
            let estimator = variant.build_f64();
            if !problem.suits(&*estimator) || !estimator.properties(problem.dims).ignores_shifts {
                continue;
            }
            let draw = |problem: &crate::problem::Problem| {
                let noise = &mut Noise::named(&["law", "constant"]);
                problem.draw(&mut *variant.build_f64(), 50, noise)
            };
            let before = draw(&problem);
            problem.logits.iter_mut().for_each(|x| *x += 3.25);
            for (before, after) in before.into_iter().zip(draw(&problem)) {
                let close = (before - after).abs() <= 1e-9 * before.abs().max(1.0);
                let place = format!("{} on {}", variant.name, problem.name);
                assert!(close, "{place}: {before} became {after}");
            }
        }
    });
}

/// A loss of multiples of 1/8 and a large constant, which f32 represents at vertices.
#[derive(Clone)]
struct Shifted(f64);

impl<E: Real> RowLoss<E> for Shifted {
    fn loss(&self, row: usize, z: &[E], _: &[E], dz: &mut [E], _: &mut [E]) -> E {
        let weight = |i: usize| E::of(((i * 5 + row * 3) % 13) as f64 * 0.125 - 0.5);
        dz.iter_mut().enumerate().for_each(|(i, dz)| *dz += weight(i));
        z.iter().enumerate().fold(E::ZERO, |sum, (i, &z)| sum + weight(i) * z) + E::of(self.0)
    }
}

/// An estimator that ignores a constant in all losses, as double precision shows, does so in single
/// precision too.
#[test]
fn a_constant_added_to_losses_costs_no_precision() {
    const OFFSET: f64 = (1 << 20) as f64;
    fn estimate<E: Real>(mut built: Box<dyn Estimator<E>>, dims: Dims, offset: f64) -> Vec<f64> {
        let logits: Vec<f64> = (0..dims.elements()).map(|i| (i % 7) as f64 * 0.25).collect();
        let objective = RowLosses::new(Shifted(offset), &[], dims.batch);
        let noise = &mut Noise::named(&["law", "losses"]);
        let estimate = gradient(&mut *built, &narrow(&logits), dims, &objective, None, noise);
        let scaled = estimate.unwrap().logits.into_iter().map(|g| g.widen() * dims.batch as f64);
        scaled.collect()
    }
    let mut ignoring = RefCell::new(0);
    check_all(|variant| {
        for (latents, categories) in [(1, 6), (2, 3), (1, 2), (3, 2)] {
            let dims = Dims { batch: 19, latents, categories };
            let built = variant.build_f64();
            // Losses inside the simplex are rounded already.
            if built.refuses(dims).is_some() || built.properties(dims).evaluations.relaxed > 0 {
                continue;
            }
            let of_f64 = |offset| estimate(variant.build_f64(), dims, offset);
            let (plain, shifted) = (of_f64(0.0), of_f64(OFFSET));
            if plain.iter().zip(&shifted).any(|(a, b)| (a - b).abs() > 1e-6) {
                continue;
            }
            *ignoring.borrow_mut() += 1;
            let of_f32 = |offset| estimate(variant.build_f32(), dims, offset);
            let place = format!("{} with {dims:?}", variant.name);
            assert_close(&of_f32(OFFSET), &of_f32(0.0), 1e-4, &place);
        }
    });
    assert!(*ignoring.get_mut() > 60, "{ignoring:?} are checked");
}

#[test]
fn the_same_noise_gives_the_same_bits() {
    check_all(|variant| {
        for problem in problems() {
            if !problem.suits(&*variant.build_f64()) {
                continue;
            }
            let draw = || {
                let noise = &mut Noise::named(&["law", "bits"]);
                problem.draw(&mut *variant.build_f64(), 20, noise)
            };
            let bits = |draws: Vec<f64>| draws.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(draw()), bits(draw()), "{} on {}", variant.name, problem.name);
        }
    });
}

#[test]
fn an_estimator_is_random_if_it_says_so() {
    check_all(|variant| {
        for problem in problems() {
            let mut estimator = variant.build_f64();
            if !problem.suits(&*estimator) {
                continue;
            }
            let stochastic = estimator.properties(problem.dims).stochastic;
            let place = format!("{} on {}", variant.name, problem.name);
            let recorded =
                problem.draw_recorded(&mut *estimator, 40, &mut Noise::named(&["law", "draws"]));
            let (draws, width) = (recorded.estimates, problem.width());
            let all_same = draws.chunks_exact(width).all(|draw| draw == &draws[..width]);
            let all_same = all_same
                && recorded
                    .losses
                    .chunks_exact(problem.dims.batch)
                    .all(|row| row == &recorded.losses[..problem.dims.batch]);
            assert_eq!(all_same, !stochastic, "{place}");
        }
    });
}

/// The gradient for the objective's own parameters is that of the scalar's value.
#[test]
fn the_objectives_parameters_get_the_gradient_of_the_scalar() {
    const STEP: f64 = 1e-5;
    let (dims, logits) = (squared_pick().dims, squared_pick().logits);
    check_all(|variant| {
        let estimate = |values: &[f64]| {
            let mut estimator = variant.build_f64();
            estimator.refuses(dims).is_none().then(|| {
                let leaf = Node::new(Packed::pack(values, dims.categories));
                let objective = SquaredPick::new(leaf.clone(), &[0.8, -0.4]);
                let noise = &mut Noise::named(&["law", "parameters"]);
                gradient(&mut *estimator, &logits, dims, &objective, Some(&leaf), noise).unwrap()
            })
        };
        let Some(Gradient { objective, .. }) = estimate(&VALUES) else { return };
        assert_eq!(objective.len(), VALUES.len(), "{}: its gradient was dropped", variant.name);
        for i in 0..VALUES.len() {
            let value = |step: f64| {
                let mut values = VALUES;
                values[i] += step;
                estimate(&values).map_or(0.0, |estimate| estimate.value)
            };
            let slope = (value(STEP) - value(-STEP)) / (2.0 * STEP);
            let given = objective[i];
            assert!((given - slope).abs() <= 1e-6, "{}: {given} for {slope} of {i}", variant.name);
        }
    });
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
            let objective = SquaredPick::of(&of(&VALUES[..4].repeat(400)), &of(&vec![0.8; 400]));
            let noise = &mut Noise::named(&["law", "precision"]);
            let estimate =
                gradient(&mut *estimator, &of(logits), dims, &objective, None, noise).unwrap();
            estimate.logits.into_iter().map(|g| 400.0 * g.widen()).collect()
        })
    }
    check_all(|variant| {
        let single = estimate(variant.build_f32(), &logits, dims);
        let double = estimate(variant.build_f64(), &logits, dims);
        let (Some(single), Some(double)) = (single, double) else { return };
        let off = |(a, b): &(&[f64], &[f64])| {
            let scale = b.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
            a.iter().zip(*b).any(|(a, b)| (a - b).abs() > 2e-4 * scale)
        };
        let rows = single.chunks_exact(4).zip(double.chunks_exact(4));
        // In a few rows, rounding may lead to another sample.
        let count = rows.filter(off).count();
        assert!(count <= 4, "{}: {count} of 400 rows differ", variant.name);
    });
}

#[test]
fn evaluations_are_as_claimed() {
    check_all(|variant| {
        for problem in problems() {
            let mut estimator = variant.build_f64();
            if !problem.suits(&*estimator) {
                continue;
            }
            let objective = (problem.make)(1);
            let counted = Counted::new(&*objective);
            let noise = &mut Noise::named(&["law", "evaluations"]);
            gradient(&mut *estimator, &problem.logits, problem.dims, &counted, None, noise)
                .unwrap();
            let (counted, properties) = (counted.evaluations(), estimator.properties(problem.dims));
            let place = format!("{} on {}", variant.name, problem.name);
            if properties.at_most {
                assert!(counted.hard <= properties.evaluations.hard, "{place}");
            } else {
                assert_eq!(counted, properties.evaluations, "{place}");
            }
        }
    });
}

#[test]
fn an_estimator_uses_what_it_requires() {
    check_all(|variant| {
        let problem = exponential();
        let mut estimator = variant.build_f64();
        if !problem.suits(&*estimator) {
            return;
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
        assert_eq!(estimator.properties(problem.dims).needs, needed, "{}", variant.name);
    });
}
