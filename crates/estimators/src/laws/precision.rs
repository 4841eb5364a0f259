//! Bits and precision.

use super::agreement;
use super::claims::each;
use super::law::{Broken, Law, Outcome, ensure};
use super::objectives::{Shifted, VALUES};
use super::problem::{Problem, narrow, problems, widen};
use super::variants::Variant;
use crate::objectives::{RowLosses, SquaredPick};
use crate::{Dims, Estimator, Noise, Real, gradient};

pub(super) const LAWS: &[Law] = &[
    Law {
        name: "same-noise",
        statement: "returns the same bits for the same noise",
        check: same_noise,
    },
    Law {
        name: "ignores-shifts",
        statement: "that claims so ignores a constant that is added to all logits",
        check: ignores_shifts,
    },
    Law {
        name: "single-precision",
        statement: "agrees in `f32` and `f64`",
        check: single_precision,
    },
    Law {
        name: "constant-in-losses",
        statement: "that ignores a constant in all losses does so in single precision too",
        check: constant_in_losses,
    },
];

fn same_noise(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let draw = || {
            let noise = &mut Noise::named(&["law", "bits"]);
            problem.estimates(&mut *variant.build_f64(), 20, noise)
        };
        let (first, second) = (draw()?, draw()?);
        let differs = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits();
        if let Some(i) = first.iter().zip(&second).position(differs) {
            let (a, b, name) = (first[i], second[i], problem.name);
            ensure!(false, "{name}: expected the same bits from the same noise, found {a} and {b}");
        }
        Ok(1)
    })
}

fn ignores_shifts(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        if !variant.build_f64().properties(problem.dims).ignores_shifts {
            return Ok(0);
        }
        let draw = |problem: &Problem| {
            let noise = &mut Noise::named(&["law", "constant"]);
            problem.estimates(&mut *variant.build_f64(), 50, noise)
        };
        let mut shifted = problem.clone();
        shifted.logits.iter_mut().for_each(|x| *x += 3.25);
        for (before, after) in draw(problem)?.into_iter().zip(draw(&shifted)?) {
            let is_close = (before - after).abs() <= 1e-9 * before.abs().max(1.0);
            let name = problem.name;
            ensure!(is_close, "{name}, 3.25 added to the logits: expected {before}, found {after}");
        }
        Ok(1)
    })
}

/// Estimates for logits of any precision, each row times B.
fn estimate<E: Real>(
    mut estimator: Box<dyn Estimator<E>>,
    logits: &[f64],
    dims: Dims,
) -> Result<Vec<f64>, Broken> {
    let values = narrow(&VALUES[..dims.categories].repeat(dims.batch));
    let objective = SquaredPick::of(&values, &narrow(&vec![0.8; dims.batch]));
    let noise = &mut Noise::named(&["law", "precision"]);
    let estimate = gradient(&mut *estimator, &narrow(logits), dims, &objective, None, noise)?;
    Ok(estimate.logits.into_iter().map(|g| dims.batch as f64 * g.widen()).collect())
}

fn single_precision(variant: &Variant) -> Outcome {
    let mut cases = 0;
    for categories in [4, 2] {
        let dims = Dims { batch: 400, latents: 1, categories };
        if variant.build_f64().refuses(dims).is_some() {
            continue;
        }
        let logits: Vec<f64> =
            (0..dims.elements()).map(|i| ((i * 37) % 101) as f64 * 0.03 - 1.5).collect();
        let single = estimate(variant.build_f32(), &logits, dims)?;
        let double = estimate(variant.build_f64(), &logits, dims)?;
        let is_off = |(a, b): &(&[f64], &[f64])| {
            let scale = b.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
            !a.iter().zip(*b).all(|(a, b)| (a - b).abs() <= 2e-4 * scale)
        };
        let rows = single.chunks_exact(categories).zip(double.chunks_exact(categories));
        let off: Vec<_> = rows.filter(is_off).collect();
        // In a few rows, rounding may lead to another sample.
        if off.len() > 4 {
            let (count, (single, double)) = (off.len(), off[0]);
            ensure!(
                false,
                "expected the estimates of f64, found others in {count} of 400 rows, such as {single:?} for {double:?}"
            );
        }
        cases += 1;
    }
    Ok(cases)
}

fn constant_in_losses(variant: &Variant) -> Outcome {
    const OFFSET: f64 = (1 << 20) as f64;
    fn estimate<E: Real>(
        mut built: Box<dyn Estimator<E>>,
        dims: Dims,
        offset: f64,
    ) -> Result<Vec<f64>, Broken> {
        let logits: Vec<f64> = (0..dims.elements()).map(|i| (i % 7) as f64 * 0.25).collect();
        let objective = RowLosses::new(Shifted(offset), &[], dims.batch);
        let noise = &mut Noise::named(&["law", "losses"]);
        let estimate = gradient(&mut *built, &narrow(&logits), dims, &objective, None, noise)?;
        Ok(widen(&estimate.logits).into_iter().map(|g| g * dims.batch as f64).collect())
    }
    let mut cases = 0;
    for (latents, categories) in [(1, 6), (2, 3), (1, 2), (3, 2)] {
        let dims = Dims { batch: 19, latents, categories };
        let built = variant.build_f64();
        // Losses inside the simplex are rounded already.
        if built.refuses(dims).is_some() || built.properties(dims).evaluations.relaxed > 0 {
            continue;
        }
        let plain = estimate(variant.build_f64(), dims, 0.0)?;
        let shifted = estimate(variant.build_f64(), dims, OFFSET)?;
        if plain.iter().zip(&shifted).any(|(a, b)| (a - b).abs() > 1e-6) {
            continue;
        }
        let expected = estimate(variant.build_f32(), dims, 0.0)?;
        let found = estimate(variant.build_f32(), dims, OFFSET)?;
        let place = format!("2²⁰ added to all losses, {dims:?}");
        agreement::close(&found, &expected, 1e-4, &place)?;
        cases += 1;
    }
    Ok(cases)
}
