//! Edge cases: an estimator returns finite numbers, or refuses with a reason.

use super::agreement;
use super::law::{Broken, Law, Outcome, ensure};
use super::problem::{narrow, objective, widen};
use super::variants::Variant;
use crate::{Dims, Error, Estimator, Noise, Real, gradient};

pub(super) const LAWS: &[Law] = &[
    Law {
        name: "finite",
        statement: "returns finite numbers for extreme and masked logits",
        check: finite,
    },
    Law {
        name: "finite-parameters",
        statement: "returns finite numbers for extreme values of its parameters",
        check: finite_parameters,
    },
    Law {
        name: "finite-training",
        statement: "returns finite numbers after learning from extreme logits",
        check: finite_training,
    },
    Law {
        name: "one-category",
        statement: "supports a single category, without a gradient, or refuses it",
        check: one_category,
    },
    Law {
        name: "many-categories",
        statement: "supports ten thousand categories, or refuses them",
        check: many_categories,
    },
    Law {
        name: "many-latents",
        statement: "supports one row, and 64 latents without enumerating them, or refuses",
        check: many_latents,
    },
];

const MASKED: f64 = f64::NEG_INFINITY;

/// Checks what a variant returns in both precisions. Returns 1 if it supports the dimensions, else 0.
fn both(
    variant: &Variant,
    dims: Dims,
    logits: &[f64],
    check: impl Fn(&str, &[f64]) -> Result<(), Broken>,
) -> Outcome {
    let single = run(variant.build_f32(), dims, logits)?;
    let double = run(variant.build_f64(), dims, logits)?;
    let agree = single.is_some() == double.is_some();
    ensure!(agree, "{dims:?}: expected it to refuse them in both precisions, or in neither");
    for (precision, estimate) in [("f32", &single), ("f64", &double)] {
        if let Some((gradient, losses)) = estimate {
            let place = format!("{dims:?} in {precision}");
            agreement::finite(gradient, "gradient", &place)?;
            agreement::finite(losses, "loss", &place)?;
            check(&place, gradient)?;
        }
    }
    Ok(usize::from(double.is_some()))
}

/// Gradient and losses.
type Estimate = (Vec<f64>, Vec<f64>);

/// The estimate for these dimensions, unless the estimator refuses them.
fn run<E: Real>(
    mut estimator: Box<dyn Estimator<E>>,
    dims: Dims,
    logits: &[f64],
) -> Result<Option<Estimate>, Broken> {
    // Lists show the properties of an estimator even for dimensions that it refuses.
    let _ = estimator.properties(dims);
    if let Some(why) = estimator.refuses(dims) {
        ensure!(why.len() > 10, "{dims:?}: expected a reason for refusing them, found {why:?}");
        let (objective, noise) = (objective(dims), &mut Noise::named(&["edge"]));
        let found = gradient(&mut *estimator, &narrow(logits), dims, &*objective, None, noise);
        let is_refused = matches!(found, Err(Error::Refused { .. }));
        ensure!(is_refused, "{dims:?}: expected an error, as it refuses them");
        return Ok(None);
    }
    let (objective, noise) = (objective(dims), &mut Noise::named(&["edge"]));
    let estimate = gradient(&mut *estimator, &narrow(logits), dims, &*objective, None, noise)?;
    Ok(Some((widen(&estimate.logits), widen(&estimate.losses))))
}

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

const BITS: [[f64; 2]; 6] =
    [[0.0, 0.0], [1e4, -1e4], [-1e4, -1e4], [0.0, MASKED], [90.0, 0.0], [0.0, 750.0]];

fn finite(variant: &Variant) -> Outcome {
    let mut cases = rows(variant)?;
    for latents in [1, 3] {
        let dims = Dims { batch: 8, latents, categories: 2 };
        let logits: Vec<f64> = (0..dims.rows()).flat_map(|i| BITS[i % BITS.len()]).collect();
        cases += both(variant, dims, &logits, |_, _| Ok(()))?;
    }
    Ok(cases)
}

/// All rows several times, with one and with three latents.
fn rows(variant: &Variant) -> Outcome {
    let mut cases = 0;
    for latents in [1, 3] {
        let dims = Dims { batch: 8 * ROWS.len(), latents, categories: 4 };
        // The three latents of a row are different rows.
        let row = |i: usize| ROWS[(i / latents + 5 * (i % latents)) % ROWS.len()];
        let logits: Vec<f64> = (0..dims.rows()).flat_map(row).collect();
        cases += both(variant, dims, &logits, |place, gradient| {
            for (i, (&x, &g)) in logits.iter().zip(gradient).enumerate() {
                let k = i % 4;
                ensure!(
                    x != MASKED || g == 0.0,
                    "{place}: expected 0 for the masked category {k}, found {g}"
                );
            }
            Ok(())
        })?;
    }
    Ok(cases)
}

fn finite_parameters(variant: &Variant) -> Outcome {
    let mut cases = 0;
    for (key, value) in variant.entry().defaults() {
        if !value.is_float() {
            continue;
        }
        for extreme in [1e-4, 1.0001, 1e4] {
            if let Some(variant) = variant.with(&key, extreme.into()) {
                let found = rows(&variant);
                cases += found.map_err(|Broken(what)| format!("{key} = {extreme}, {what}"))?;
            }
        }
    }
    Ok(cases)
}

fn finite_training(variant: &Variant) -> Outcome {
    fn steps<E: Real>(mut estimator: Box<dyn Estimator<E>>) -> Outcome {
        let dims = Dims { batch: ROWS.len(), latents: 1, categories: 4 };
        if estimator.refuses(dims).is_some() {
            return Ok(0);
        }
        let (objective, logits) = (objective(dims), narrow::<E>(ROWS.as_flattened()));
        for step in 0..5 {
            let noise = &mut Noise::named(&["edge", "steps"]).at(step);
            let estimate = gradient(&mut *estimator, &logits, dims, &*objective, None, noise)?;
            let place = format!("step {step} in {}", E::NAME);
            agreement::finite(&widen(&estimate.logits), "gradient", &place)?;
            estimator.advance()?;
        }
        Ok(1)
    }
    Ok(steps(variant.build_f32())? + steps(variant.build_f64())?)
}

/// With one category the gradient is 0.
fn one_category(variant: &Variant) -> Outcome {
    let dims = Dims { batch: 3, latents: 2, categories: 1 };
    both(variant, dims, &[0.7, -1.0, 0.0, 3.0, 1.0, 2.0], |place, gradient| {
        let sums = variant.build_f64().properties(dims).sums_to_zero;
        let is_zero = gradient.iter().all(|&g| g.abs() < 1e-6);
        ensure!(!sums || is_zero, "{place}: expected no gradient, found {gradient:?}");
        Ok(())
    })
}

fn many_categories(variant: &Variant) -> Outcome {
    // Other values of parameters add nothing but time.
    if !variant.is_default() {
        return Ok(0);
    }
    let dims = Dims { batch: 2, latents: 1, categories: 10_000 };
    let logits: Vec<f64> =
        (0..dims.elements()).map(|i| ((i * 7919) % 1009) as f64 * 0.01).collect();
    both(variant, dims, &logits, |_, _| Ok(()))
}

fn many_latents(variant: &Variant) -> Outcome {
    let one = Dims { batch: 1, latents: 1, categories: 3 };
    let mut cases = both(variant, one, &[0.1, 0.5, -0.4], |_, _| Ok(()))?;
    for categories in [2, 4] {
        let dims = Dims { batch: 2, latents: 64, categories };
        let logits: Vec<f64> = (0..dims.elements()).map(|i| (i % 7) as f64 * 0.3 - 1.0).collect();
        let supported = both(variant, dims, &logits, |_, _| Ok(()))?;
        // 2⁶⁴ outcomes cannot be enumerated.
        let claimed = variant.build_f64().properties(dims).evaluations.hard;
        ensure!(
            supported == 0 || claimed < 1_000_000,
            "{dims:?}: expected fewer than a million losses or a refusal, found a claim of {claimed}"
        );
        cases += supported;
    }
    Ok(cases)
}
