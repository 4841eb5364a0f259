//! Laws of how logits are read, for every registered estimator: invalid logits are errors, any usual
//! mask acts as −∞, and a constant added to a row's logits changes nothing.

use crate::problem::variants::{Variant, check_all};
use crate::problem::{assert_close, narrow, objective, widen};
use estimators::{Dims, Error, Estimator, Noise, Real, gradient};

const MASKED: f64 = f64::NEG_INFINITY;

/// The dimensions that the laws are checked with: every estimator supports some of them.
const DIMS: [Dims; 4] = [
    Dims { batch: 19, latents: 1, categories: 4 },
    Dims { batch: 5, latents: 2, categories: 3 },
    Dims { batch: 19, latents: 1, categories: 2 },
    Dims { batch: 5, latents: 3, categories: 2 },
];

/// Multiples of 1/8, which f32 can represent up to 2²¹.
fn eighths(dims: Dims) -> Vec<f64> {
    (0..dims.elements()).map(|i| ((i * 7) % 19) as f64 * 0.125 - 1.0).collect()
}

/// Gradients and losses of four training steps, or the error of the first that fails.
fn steps<E: Real>(
    mut estimator: Box<dyn Estimator<E>>,
    dims: Dims,
    logits: &[f64],
) -> Result<Vec<f64>, Error> {
    let (objective, logits) = (objective(dims), narrow::<E>(logits));
    let mut all = vec![];
    for step in 0..4 {
        let noise = &mut Noise::named(&["logits"]).at(step);
        let estimate = gradient(&mut *estimator, &logits, dims, &*objective, None, noise)?;
        all.extend(widen(&estimate.logits));
        all.extend(widen(&estimate.losses));
        estimator.advance()?;
    }
    Ok(all)
}

/// Calls `law` with each of the dimensions that a variant supports.
fn check_dims(law: impl Fn(&Variant, Dims)) {
    check_all(|variant| {
        let supported =
            DIMS.into_iter().filter(|&dims| variant.build_f64().refuses(dims).is_none());
        assert!(
            supported.map(|dims| law(variant, dims)).count() > 0,
            "{} is unchecked",
            variant.name
        );
    });
}

#[test]
fn nan_and_infinite_logits_are_errors_that_name_the_row() {
    fn law<E: Real>(build: impl Fn() -> Box<dyn Estimator<E>>, name: &str, dims: Dims) {
        for place in [0, dims.categories + 1, dims.elements() - 1] {
            for bad in [f64::NAN, f64::INFINITY] {
                let mut logits = eighths(dims);
                logits[place] = bad;
                let row = format!("row {}: ", place / dims.categories);
                match steps(build(), dims, &logits) {
                    Err(error) => assert!(error.to_string().starts_with(&row), "{name}: {error}"),
                    Ok(_) => panic!("{name} accepts {bad} at {place}"),
                }
            }
        }
    }
    check_dims(|variant, dims| {
        law(|| variant.build_f32(), &variant.name, dims);
        law(|| variant.build_f64(), &variant.name, dims);
    });
}

#[test]
fn masks_of_any_usual_size_act_as_infinite_ones() {
    fn law<E: Real>(build: impl Fn() -> Box<dyn Estimator<E>>, name: &str, dims: Dims) {
        // One category of every second distribution.
        let is_masked =
            |i: usize| (i / dims.categories).is_multiple_of(2) && i % dims.categories == 1;
        let run = |mask: f64| {
            let mut logits = eighths(dims);
            (0..logits.len()).filter(|&i| is_masked(i)).for_each(|i| logits[i] = mask);
            steps(build(), dims, &logits).unwrap()
        };
        let infinite = run(MASKED);
        let place = |step: usize, i: usize| step * (dims.elements() + dims.batch) + i;
        for mask in [-1e4, -65504.0, -1e9, -1e30, f64::from(f32::MIN)] {
            let estimates = run(mask);
            assert_close(&estimates, &infinite, 1e-6, &format!("{name} masked by {mask:e}"));
            for i in (0..dims.elements()).filter(|&i| is_masked(i)) {
                let g = estimates[place(3, i)];
                assert!(g == 0.0, "{name}: {g} for a category masked by {mask:e}");
            }
        }
    }
    check_dims(|variant, dims| {
        law(|| variant.build_f32(), &variant.name, dims);
        law(|| variant.build_f64(), &variant.name, dims);
    });
}

#[test]
fn a_large_constant_in_every_logit_of_a_row_costs_no_precision() {
    const OFFSET: f64 = (1 << 20) as f64;
    check_dims(|variant, dims| {
        let run = |offset: fn(usize) -> f64| {
            let shifted = eighths(dims).into_iter().enumerate();
            let logits: Vec<f64> = shifted.map(|(i, x)| x + offset(i / dims.categories)).collect();
            steps(variant.build_f32(), dims, &logits).unwrap()
        };
        let plain = run(|_| 0.0);
        let rows = run(|row| if row % 2 == 0 { OFFSET } else { 0.0 });
        for (shifted, name) in [
            (run(|_| OFFSET), "2²⁰"),
            (run(|_| -OFFSET), "−2²⁰"),
            (rows, "2²⁰ in half of the rows"),
        ] {
            assert_close(&shifted, &plain, 1e-5, &format!("{} with {name}", variant.name));
        }
    });
}
