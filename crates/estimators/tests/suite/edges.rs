//! Edge cases: every registered estimator returns finite numbers, or refuses with a reason, and never
//! returns NaN.

use crate::problem::variants::{Variant, check_all, defaults};
use crate::problem::{VALUES, objective};
use estimators::objectives::{RowLoss, RowLosses, SquaredPick};
use estimators::{Dims, Domain, Estimator, Gradient, Noise, Real, gradient};

/// Runs a variant in both precisions, and checks what it returns. Returns whether it did not refuse.
fn both(
    variant: &Variant,
    dims: Dims,
    logits: &[f64],
    check: impl Fn(&str, &[f64], &[f64]),
) -> bool {
    let single = run(variant.build_f32(), dims, logits);
    let double = run(variant.build_f64(), dims, logits);
    for (precision, estimate) in [("f32", &single), ("f64", &double)] {
        if let Some((gradient, losses)) = estimate {
            check(&format!("{} in {precision}", variant.name), gradient, losses);
        }
    }
    assert_eq!(single.is_some(), double.is_some(), "{}", variant.name);
    double.is_some()
}

/// Gradient and losses for these dimensions, unless the estimator refuses them.
fn run<E: Real>(
    mut estimator: Box<dyn Estimator<E>>,
    dims: Dims,
    logits: &[f64],
) -> Option<(Vec<f64>, Vec<f64>)> {
    // Lists show the properties of an estimator even for dimensions that it refuses.
    let _ = estimator.properties(dims);
    if let Some(why) = estimator.refuses(dims) {
        assert!(why.len() > 10, "no reason: {why}");
        return None;
    }
    let of = |numbers: &[f64]| numbers.iter().map(|&x| E::of(x)).collect::<Vec<E>>();
    let noise = &mut Noise::named(&["edge"]);
    let logits = of(logits);
    let objective = objective(dims);
    let estimate = gradient(&mut *estimator, &logits, dims, &*objective, None, noise).unwrap();
    let Gradient { logits, losses, .. } = estimate;
    let widen = |numbers: Vec<E>| numbers.into_iter().map(Real::widen).collect::<Vec<f64>>();
    Some((widen(logits), widen(losses)))
}

fn assert_finite(place: &str, gradient: &[f64], losses: &[f64]) {
    let wrong = gradient.iter().chain(losses).position(|x| !x.is_finite());
    assert!(wrong.is_none(), "{place}: number {wrong:?} is not finite");
}

const MASKED: f64 = f64::NEG_INFINITY;

/// Rows of four logits that break naive implementations.
const ROWS: [[f64; 4]; 11] = [
    [1e4, -1e4, 0.0, 1.0],
    [-1e4, -1e4, -1e4, -1e4],
    [1e4, 1e4, 1e4, 1e4],
    [0.0, 0.0, 0.0, 0.0],
    [-1e4, 0.0, 1e-30, -1e-30],
    [1e4, 1e4, -1e4, -1e4],
    [88.0, -88.0, 0.0, 44.0],
    [-100.0, -101.0, 0.0, -740.0],
    [MASKED, 0.5, MASKED, -0.5],
    [0.3, 0.1, -1e4, MASKED],
    [MASKED, MASKED, 2.0, MASKED],
];

/// Checks all rows several times, with one and with three latents.
fn check_rows(variant: &Variant) {
    for latents in [1, 3] {
        let batch = 8 * ROWS.len();
        let dims = Dims { batch, latents, categories: 4 };
        // The three latents of a row are different rows.
        let row = |i: usize| ROWS[(i / latents + 5 * (i % latents)) % ROWS.len()];
        let logits: Vec<f64> = (0..dims.rows()).flat_map(row).collect();
        both(variant, dims, &logits, |place, gradient, losses| {
            assert_finite(place, gradient, losses);
            for (i, (&x, &g)) in logits.iter().zip(gradient).enumerate() {
                assert!(x != MASKED || g == 0.0, "{place}: {g} for the masked category {}", i % 4);
            }
        });
    }
}

#[test]
fn extreme_and_masked_logits_give_finite_estimates() {
    check_all(check_rows);
}

#[test]
fn extreme_bits_give_finite_estimates() {
    let rows = [[0.0, 0.0], [1e4, -1e4], [-1e4, -1e4], [0.0, MASKED], [90.0, 0.0], [0.0, 750.0]];
    check_all(|variant| {
        for latents in [1, 3] {
            let dims = Dims { batch: 8, latents, categories: 2 };
            let logits: Vec<f64> = (0..dims.rows()).flat_map(|i| rows[i % rows.len()]).collect();
            both(variant, dims, &logits, assert_finite);
        }
    });
}

#[test]
fn extreme_temperatures_give_finite_estimates() {
    let keys = ["temperature", "forward-temperature", "backward-temperature", "sigma", "lambda"];
    let more = ["sharpness", "beta", "gap", "eta", "alpha", "weight", "learning-rate"];
    check_all(|variant| {
        for key in keys.into_iter().chain(more) {
            for value in [1e-4, 1.0001, 1e4] {
                if let Some(variant) = variant.with(key, value.into()) {
                    check_rows(&variant);
                }
            }
        }
    });
}

#[test]
fn learning_from_extreme_logits_leaves_estimates_finite() {
    fn steps<E: Real>(name: &str, mut estimator: Box<dyn Estimator<E>>) {
        let dims = Dims { batch: ROWS.len(), latents: 1, categories: 4 };
        if estimator.refuses(dims).is_some() {
            return;
        }
        let of = |numbers: &[f64]| numbers.iter().map(|&x| E::of(x)).collect::<Vec<E>>();
        let objective = objective(dims);
        for step in 0..5 {
            let noise = &mut Noise::named(&["edge", "steps"]).at(step);
            let logits = of(ROWS.as_flattened());
            let estimate =
                gradient(&mut *estimator, &logits, dims, &*objective, None, noise).unwrap();
            assert!(estimate.logits.iter().all(|g| g.is_finite()), "{name} at step {step}");
            estimator.advance().unwrap();
        }
    }
    check_all(|variant| {
        steps(&format!("{} in f32", variant.name), variant.build_f32());
        steps(&format!("{} in f64", variant.name), variant.build_f64());
    });
}

#[test]
fn a_row_with_only_masked_categories_is_an_error() {
    let dims = Dims { batch: 2, latents: 1, categories: 3 };
    let logits = [0.1, 0.2, 0.3, MASKED, MASKED, MASKED];
    check_all(|variant| {
        let mut estimator = variant.build_f64();
        if estimator.refuses(dims).is_some() {
            return;
        }
        let objective = SquaredPick::of(&VALUES[..6], &[0.8, -0.4]);
        let noise = &mut Noise::named(&["edge", "masked"]);
        let error = gradient(&mut *estimator, &logits, dims, &objective, None, noise).unwrap_err();
        assert!(error.to_string().starts_with("row 1"), "{}: {error}", variant.name);
    });
}

#[test]
fn a_masked_category_is_never_sampled() {
    // These evaluate categories that they do not sample.
    let enumerates = |name: &str| {
        let oracles = ["optimal", "mean"].iter().any(|word| name.contains(word));
        oracles || name.starts_with("exact") || name.starts_with("indecater")
    };
    for mut problem in
        [crate::problem::exponential(), crate::problem::two_latents(), crate::problem::bits()]
    {
        problem.logits[1] = MASKED;
        check_all(|variant| {
            let mut estimator = variant.build_f64();
            // The mean of two category numbers may be that of a masked category.
            let skips = enumerates(&variant.name) || variant.entry.name == "index-soft-argmax";
            if skips || !problem.suits(&*estimator) {
                return;
            }
            let noise = &mut Noise::named(&["edge", "never"]);
            let recorded = problem.draw_recorded(&mut *estimator, 200, noise);
            for picks in recorded.evaluations.iter().filter_map(|asked| asked.picks.as_ref()) {
                let mut first_latent = picks.iter().step_by(problem.dims.latents);
                assert!(first_latent.all(|&pick| pick != 1), "{}", variant.name);
            }
        });
    }
}

/// A loss that is NaN at one category of the first latent.
#[derive(Clone)]
struct Forbidden(usize);

impl RowLoss<f64> for Forbidden {
    fn loss(&self, _: usize, z: &[f64], _: &[f64], _: &mut [f64], _: &mut [f64]) -> f64 {
        if z[self.0] == 1.0 {
            f64::NAN
        } else {
            z.iter().enumerate().map(|(i, z)| i as f64 * z).sum()
        }
    }
}

#[test]
fn the_loss_of_a_masked_category_does_not_count() {
    for (masked, latents) in [(0, 1), (1, 1), (3, 1), (0, 2), (2, 2)] {
        let dims = Dims { batch: 40, latents, categories: 4 };
        let mut row = [0.3, -0.2, 0.5, 0.1].repeat(latents);
        row[masked] = MASKED;
        let logits = row.repeat(dims.batch);
        check_all(|variant| {
            let mut estimator = variant.build_f64();
            let skips = estimator.properties(dims).needs != Domain::Vertices
                    // Its mean category number may be that of a masked category.
                    || variant.entry.name == "index-soft-argmax";
            if skips || estimator.refuses(dims).is_some() {
                return;
            }
            let objective = RowLosses::new(Forbidden(masked), &[], dims.batch);
            let noise = &mut Noise::named(&["edge", "forbidden"]);
            let estimate =
                gradient(&mut *estimator, &logits, dims, &objective, None, noise).unwrap();
            let place = format!("{}, {masked} of {latents} latents", variant.name);
            assert_finite(&place, &estimate.logits, &estimate.losses);
        });
    }
}

/// With one category the gradient is 0.
#[test]
fn a_single_category_is_refused_or_has_no_gradient() {
    check_all(|variant| {
        let dims = Dims { batch: 3, latents: 2, categories: 1 };
        both(variant, dims, &[0.7, -1.0, 0.0, 3.0, 1.0, 2.0], |place, gradient, losses| {
            assert_finite(place, gradient, losses);
            let sums = variant.build_f64().properties(dims).sums_to_zero;
            assert!(!sums || gradient.iter().all(|&g| g.abs() < 1e-6), "{place}: {gradient:?}");
        });
    });
}

#[test]
fn ten_thousand_categories_are_supported_or_refused() {
    let dims = Dims { batch: 2, latents: 1, categories: 10_000 };
    let logits: Vec<f64> =
        (0..dims.elements()).map(|i| ((i * 7919) % 1009) as f64 * 0.01).collect();
    for variant in defaults() {
        both(&variant, dims, &logits, assert_finite);
    }
}

#[test]
fn one_row_and_many_latents_are_supported_or_refused() {
    check_all(|variant| {
        let dims = Dims { batch: 1, latents: 1, categories: 3 };
        both(variant, dims, &[0.1, 0.5, -0.4], assert_finite);
        for categories in [2, 4] {
            let dims = Dims { batch: 2, latents: 64, categories };
            let logits: Vec<f64> =
                (0..dims.elements()).map(|i| (i % 7) as f64 * 0.3 - 1.0).collect();
            let supported = both(variant, dims, &logits, assert_finite);
            // 2⁶⁴ outcomes cannot be enumerated.
            let claimed = variant.build_f64().properties(dims).evaluations.hard;
            assert!(!supported || claimed < 1_000_000, "{} claims {claimed} losses", variant.name);
        }
    });
}
