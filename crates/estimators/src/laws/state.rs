//! Estimators with a state: their claims stay true while they learn, and only steps change it.

use super::agreement;
use super::claims::{claims_exact_mean, each, one_and_many, target};
use super::law::{Broken, Law, Outcome, ensure};
use super::objectives::Spoiled;
use super::problem::{Problem, exponential, problems, step};
use super::variants::Variant;
use crate::objectives::RowLosses;
use crate::{Dims, Estimator, Noise, Real};

pub(super) const LAWS: &[Law] = &[
    Law {
        name: "stays-unbiased",
        statement: "that claims to be unbiased stays so while it learns",
        check: stays_unbiased,
    },
    Law {
        name: "keeps-its-state",
        statement: "changes its state only when it advances",
        check: keeps_its_state,
    },
    Law {
        name: "measuring",
        statement: "trains the same whether or not it is measured between steps",
        check: measuring,
    },
    Law {
        name: "spoiled-row",
        statement: "forgets a row whose loss is not finite",
        check: spoiled_row,
    },
    Law {
        name: "early-advance",
        statement: "may advance before its first estimate",
        check: early_advance,
    },
];

fn stays_unbiased(variant: &Variant) -> Outcome {
    each(variant, one_and_many(), |problem| {
        let mut estimator = variant.build_f64();
        if !claims_exact_mean(&*estimator, problem) {
            return Ok(0);
        }
        for step in 0..20 {
            let mut moved = problem.clone();
            moved.logits.iter_mut().enumerate().for_each(|(i, x)| {
                *x += 0.1 * step as f64 * if i % 2 == 0 { 1.0 } else { -1.0 };
            });
            moved.train(&mut *estimator, 8, &mut Noise::named(&["moving"]).at(step))?;
        }
        let noise = &mut Noise::named(&["after"]);
        let draws = problem.estimates(&mut *estimator, 5_000, noise)?;
        let place = format!("{} after 20 steps", problem.name);
        agreement::mean(&draws, &target(&*estimator, problem)?, &place)?;
        Ok(1)
    })
}

/// The same problem at other logits.
fn elsewhere(problem: &Problem) -> Problem {
    let mut elsewhere = problem.clone();
    elsewhere.logits.iter_mut().for_each(|x| *x = 1.7 - 2.0 * *x);
    elsewhere
}

fn keeps_its_state(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let mut estimator = variant.build_f64();
        for step in 0..3 {
            problem.train(&mut *estimator, 4, &mut Noise::named(&["training"]).at(step))?;
        }
        let mut ask = |problem: &Problem, words: &str| {
            problem.estimates(&mut *estimator, 5, &mut Noise::named(&[words]))
        };
        let before = ask(problem, "asked")?;
        ask(&elsewhere(problem), "something else")?;
        let after = ask(problem, "asked")?;
        let differs = before.iter().zip(&after).position(|(a, b)| a.to_bits() != b.to_bits());
        if let Some(i) = differs {
            let (a, b, name) = (before[i], after[i], problem.name);
            ensure!(
                false,
                "{name}: expected {a} again after another call of `estimate`, found {b}"
            );
        }
        Ok(1)
    })
}

/// Measuring before the first step and between steps, with other noise, logits and batches.
fn measuring(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let run = |measures: bool| -> Result<Vec<f64>, Broken> {
            let mut estimator = variant.build_f64();
            let mut numbers = vec![];
            for step in 0..6 {
                if measures {
                    let noise = &mut Noise::named(&["measured"]).at(step);
                    elsewhere(problem).estimates(&mut *estimator, 3, noise)?;
                    problem.estimates(&mut *estimator, 1, noise)?;
                }
                let noise = &mut Noise::named(&["trained"]).at(step);
                numbers.extend(problem.train(&mut *estimator, 2, noise)?);
            }
            Ok(numbers)
        };
        let (measured, plain) = (run(true)?, run(false)?);
        let differs = measured.iter().zip(&plain).position(|(a, b)| a.to_bits() != b.to_bits());
        if let Some(i) = differs {
            let (name, step) = (problem.name, i / (plain.len() / 6));
            let (found, expected) = (measured[i], plain[i]);
            ensure!(
                false,
                "{name}, step {step}: expected {expected}, as without measurements, found {found}"
            );
        }
        Ok(1)
    })
}

/// After a step with a row whose loss is not finite, training goes on as after the step without that row.
/// (Noise is drawn for sixteen rows at a time: the other rows meet the same numbers.)
fn spoiled_row(variant: &Variant) -> Outcome {
    Ok(forgets(|| variant.build_f64(), 1e-6)? + forgets(|| variant.build_f32(), 1e-3)?)
}

fn forgets<E: Real>(build: impl Fn() -> Box<dyn Estimator<E>>, tolerance: f64) -> Outcome {
    let mut cases = 0;
    for categories in [2, 4] {
        let dims = Dims { batch: ROWS, latents: 1, categories };
        if build().refuses(dims).is_some() {
            continue;
        }
        let without = spoiled_steps(build(), categories, None)?;
        agreement::finite(&without, "number", "three steps")?;
        for loss in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let with = spoiled_steps(build(), categories, Some(loss))?;
            let place =
                format!("three steps after one with a row whose loss is {loss}, {}", E::NAME);
            agreement::close(&with, &without, tolerance, &place)?;
        }
        cases += 1;
    }
    Ok(cases)
}

const ROWS: usize = 17;

/// Three steps after a first one, which has a row more if there is a spoiled loss for it.
fn spoiled_steps<E: Real>(
    mut estimator: Box<dyn Estimator<E>>,
    categories: usize,
    spoiled: Option<f64>,
) -> Result<Vec<f64>, Broken> {
    let objective = Spoiled { row: ROWS, loss: spoiled.unwrap_or_default() };
    let mut take = |i: u64, batch: usize| {
        let logits: Vec<f64> = (0..batch * categories).map(|i| (i % 7) as f64 * 0.3).collect();
        let dims = Dims { batch, latents: 1, categories };
        let objective = RowLosses::new(objective.clone(), &[], batch);
        step(&mut *estimator, &logits, dims, &objective, &mut Noise::named(&["spoiled"]).at(i))
    };
    take(0, ROWS + usize::from(spoiled.is_some()))?;
    let mut numbers = vec![];
    for i in 1..4 {
        numbers.extend(take(i, ROWS)?);
    }
    Ok(numbers)
}

fn early_advance(variant: &Variant) -> Outcome {
    variant.build_f64().advance()?;
    each(variant, [exponential()], |problem| {
        let mut estimator = variant.build_f64();
        estimator.advance()?;
        problem.estimates(&mut *estimator, 5, &mut Noise::named(&["late"]))?;
        Ok(1)
    })
}
