//! How logits are read: invalid ones are errors, any usual mask acts as −∞, and a large constant costs no
//! precision.

use super::agreement;
use super::claims::each;
use super::law::{Broken, Law, Outcome, ensure};
use super::objectives::Forbidden;
use super::problem::{Evaluation, bits, exponential, narrow, objective, two_latents, widen};
use super::variants::Variant;
use crate::objectives::RowLosses;
use crate::{Dims, Domain, Error, Estimator, Noise, Real, gradient};

pub(super) const LAWS: &[Law] = &[
    Law {
        name: "invalid-logits",
        statement: "rejects NaN, +∞ and rows without a category, and names the row",
        check: invalid_logits,
    },
    Law {
        name: "masks",
        statement: "treats any usual mask as −∞, and gives a masked category no gradient",
        check: masks,
    },
    Law {
        name: "large-shifts",
        statement: "that ignores shifts of logits does so in single precision even if they are large",
        check: large_shifts,
    },
    Law {
        name: "masked-never-sampled",
        statement: "never samples a masked category",
        check: masked_never_sampled,
    },
    Law {
        name: "masked-loss",
        statement: "ignores the loss of a masked category",
        check: masked_loss,
    },
];

const MASKED: f64 = f64::NEG_INFINITY;

/// The dimensions that the laws are checked with.
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
fn each_dims(variant: &Variant, law: impl Fn(Dims) -> Result<(), Broken>) -> Outcome {
    let mut cases = 0;
    for dims in DIMS.into_iter().filter(|&dims| variant.build_f64().refuses(dims).is_none()) {
        law(dims)?;
        cases += 1;
    }
    Ok(cases)
}

fn invalid_logits(variant: &Variant) -> Outcome {
    each_dims(variant, |dims| {
        rejects(|| variant.build_f32(), dims)?;
        rejects(|| variant.build_f64(), dims)
    })
}

fn rejects<E: Real>(build: impl Fn() -> Box<dyn Estimator<E>>, dims: Dims) -> Result<(), Broken> {
    for place in [0, dims.categories + 1, dims.elements() - 1] {
        let row = place / dims.categories;
        for bad in [f64::NAN, f64::INFINITY, MASKED] {
            let mut logits = eighths(dims);
            logits[place] = bad;
            if bad == MASKED {
                logits[row * dims.categories..][..dims.categories].fill(MASKED);
            }
            let found = match steps(build(), dims, &logits) {
                Err(error) if error.to_string().starts_with(&format!("row {row}: ")) => continue,
                Err(error) => format!("the error: {error}"),
                Ok(_) => "an estimate".to_owned(),
            };
            let bad = if bad == MASKED { "only −∞".to_owned() } else { bad.to_string() };
            ensure!(
                false,
                "row {row} has {bad}: expected an error that starts with `row {row}: ` ({}), found {found}",
                E::NAME
            );
        }
    }
    Ok(())
}

fn masks(variant: &Variant) -> Outcome {
    each_dims(variant, |dims| {
        masks_in(|| variant.build_f32(), dims)?;
        masks_in(|| variant.build_f64(), dims)
    })
}

fn masks_in<E: Real>(build: impl Fn() -> Box<dyn Estimator<E>>, dims: Dims) -> Result<(), Broken> {
    // One category of every second distribution.
    let is_masked = |i: usize| (i / dims.categories).is_multiple_of(2) && i % dims.categories == 1;
    let run = |mask: f64| {
        let mut logits = eighths(dims);
        (0..logits.len()).filter(|&i| is_masked(i)).for_each(|i| logits[i] = mask);
        steps(build(), dims, &logits)
    };
    let infinite = run(MASKED)?;
    let place = |step: usize, i: usize| step * (dims.elements() + dims.batch) + i;
    for mask in [-1e4, -65504.0, -1e9, -1e30, f64::from(f32::MIN)] {
        let estimates = run(mask)?;
        let with = format!("a category masked by {mask:e} instead of −∞, {dims:?}, {}", E::NAME);
        agreement::close(&estimates, &infinite, 1e-6, &with)?;
        for i in (0..dims.elements()).filter(|&i| is_masked(i)) {
            let g = estimates[place(3, i)];
            ensure!(g == 0.0, "{with}: expected 0 as its gradient, found {g}");
        }
    }
    Ok(())
}

fn large_shifts(variant: &Variant) -> Outcome {
    const OFFSET: f64 = (1 << 20) as f64;
    each_dims(variant, |dims| {
        if !variant.build_f64().properties(dims).ignores_shifts {
            return Ok(());
        }
        let run = |offset: fn(usize) -> f64| {
            let shifted = eighths(dims).into_iter().enumerate();
            let logits: Vec<f64> = shifted.map(|(i, x)| x + offset(i / dims.categories)).collect();
            steps(variant.build_f32(), dims, &logits)
        };
        let plain = run(|_| 0.0)?;
        let half = run(|row| if row % 2 == 0 { OFFSET } else { 0.0 })?;
        let (up, down) = (run(|_| OFFSET)?, run(|_| -OFFSET)?);
        for (shifted, by) in [(up, "2²⁰"), (down, "−2²⁰"), (half, "2²⁰ in half of the rows")]
        {
            agreement::close(&shifted, &plain, 1e-5, &format!("logits plus {by}, {dims:?}"))?;
        }
        Ok(())
    })
}

fn masked_never_sampled(variant: &Variant) -> Outcome {
    let mask_second = |mut problem: super::problem::Problem| {
        problem.logits[1] = MASKED;
        problem
    };
    each(variant, [exponential(), two_latents(), bits()].map(mask_second), |problem| {
        let noise = &mut Noise::named(&["edge", "never"]);
        let recorded = problem.record(&mut *variant.build_f64(), 200, noise)?;
        for evaluation in &recorded.evaluations {
            let often = counts(evaluation, problem.dims, 200);
            // An enumeration evaluates every category in every row, and the masked one equally often.
            let is_enumerated = often.iter().all(|row| row[1] == often[0][1] && !row.contains(&0));
            let rows = often.iter().filter(|row| row[1] > 0).count();
            let name = problem.name;
            ensure!(
                rows == 0 || is_enumerated,
                "{name}: expected no sample of the masked category 1, found some in {rows} of 200 rows"
            );
        }
        Ok(1)
    })
}

/// How many samples of each row have each category as their first latent.
fn counts(evaluation: &Evaluation, dims: Dims, rows: usize) -> Vec<Vec<usize>> {
    let mut often = vec![vec![0; dims.categories]; rows];
    let first_latents = evaluation.picks.iter().flatten().step_by(dims.latents);
    for (i, &pick) in first_latents.enumerate() {
        often[i % rows][pick as usize] += 1;
    }
    often
}

fn masked_loss(variant: &Variant) -> Outcome {
    let mut cases = 0;
    for (masked, latents) in [(0, 1), (1, 1), (3, 1), (0, 2), (2, 2)] {
        let dims = Dims { batch: 40, latents, categories: 4 };
        let mut estimator = variant.build_f64();
        let needs = estimator.properties(dims).needs;
        if needs != Domain::Vertices || estimator.refuses(dims).is_some() {
            continue;
        }
        let mut row = [0.3, -0.2, 0.5, 0.1].repeat(latents);
        row[masked] = MASKED;
        let logits = row.repeat(dims.batch);
        let objective = RowLosses::new(Forbidden(masked), &[], dims.batch);
        let noise = &mut Noise::named(&["edge", "forbidden"]);
        let estimate = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
        let place = format!("category {masked} is masked and its loss is NaN, {dims:?}");
        agreement::finite(&estimate.logits, "gradient", &place)?;
        agreement::finite(&estimate.losses, "loss", &place)?;
        cases += 1;
    }
    Ok(cases)
}
