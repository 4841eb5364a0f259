//! What an estimator claims about itself, compared with enumeration and counts.

use super::agreement;
use super::law::{Law, Outcome, ensure};
use super::objectives::VALUES;
use super::problem::{Problem, exponential, linear, problems, squared_pick};
use super::variants::Variant;
use crate::objectives::SquaredPick;
use crate::{Counted, Domain, Estimator, Evaluations, Node, Noise, Packed, Unbiased, gradient};

pub(super) const LAWS: &[Law] = &[
    Law {
        name: "supported",
        statement: "supports at least one of four small problems",
        check: supported,
    },
    Law {
        name: "unbiased",
        statement: "that claims to be unbiased has the exact gradient as its mean",
        check: unbiased,
    },
    Law {
        name: "sums-to-zero",
        statement: "that claims so has components that sum to 0",
        check: sums_to_zero,
    },
    Law { name: "stochastic", statement: "is random if and only if it says so", check: stochastic },
    Law {
        name: "evaluations",
        statement: "evaluates the loss as often as it says",
        check: evaluations,
    },
    Law { name: "experts", statement: "evaluates no more experts than it says", check: experts },
    Law {
        name: "needs",
        statement: "requires what it uses of the objective, and uses what it requires",
        check: needs,
    },
    Law {
        name: "objective-gradient",
        statement: "gives the objective's parameters the gradient of its scalar",
        check: objective_gradient,
    },
    Law {
        name: "batch",
        statement: "averages over rows: its mean does not depend on the size of the batch",
        check: batch,
    },
];

const DRAWS: usize = 10_000;

/// Calls `law` with each of these problems that the estimator supports.
pub(super) fn each(
    variant: &Variant,
    problems: impl IntoIterator<Item = Problem>,
    law: impl Fn(&Problem) -> Outcome,
) -> Outcome {
    let mut cases = 0;
    for problem in problems {
        if problem.suits(&*variant.build_f64()) {
            cases += law(&problem)?;
        }
    }
    Ok(cases)
}

fn supported(variant: &Variant) -> Outcome {
    let cases = each(variant, problems(), |_| Ok(1))?;
    ensure!(cases > 0, "expected an estimate for one of four problems, found that it refuses all");
    Ok(cases)
}

/// Whether an estimator claims that its mean is the exact gradient of this problem.
pub(super) fn claims_exact_mean(estimator: &dyn Estimator<f64>, problem: &Problem) -> bool {
    match estimator.properties(problem.dims).unbiased {
        Unbiased::Always => true,
        Unbiased::Quadratic => problem.quadratic,
        Unbiased::Linear => problem.name == "linear",
        _ => false,
    }
}

/// What an estimator claims to estimate: the gradient of the expected loss, or of the expected loss of gated
/// outputs if it is for these.
pub(super) fn target(
    estimator: &dyn Estimator<f64>,
    problem: &Problem,
) -> Result<Vec<f64>, super::law::Broken> {
    let is_gated = estimator.properties(problem.dims).needs >= Domain::GatedPicks;
    Ok(if is_gated { problem.exact_of_gated()? } else { problem.exact()? })
}

fn unbiased(variant: &Variant) -> Outcome {
    each(variant, problems().into_iter().chain([linear()]), |problem| {
        let mut estimator = variant.build_f64();
        if !claims_exact_mean(&*estimator, problem) {
            return Ok(0);
        }
        let noise = &mut Noise::named(&["law", "unbiased"]);
        let draws = problem.estimates(&mut *estimator, DRAWS, noise)?;
        agreement::mean(&draws, &target(&*estimator, problem)?, problem.name)?;
        Ok(1)
    })
}

fn sums_to_zero(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let mut estimator = variant.build_f64();
        if !estimator.properties(problem.dims).sums_to_zero {
            return Ok(0);
        }
        let noise = &mut Noise::named(&["law", "shift"]);
        let draws = problem.estimates(&mut *estimator, 50, noise)?;
        for row in draws.chunks_exact(problem.dims.categories) {
            let (sum, size): (f64, f64) =
                row.iter().fold((0.0, 0.0), |(s, m), g| (s + g, m + g.abs()));
            let found = format!("expected a sum of 0, found {sum} for {row:?}");
            ensure!(sum.abs() <= 1e-12 * size.max(1.0), "{}: {found}", problem.name);
        }
        Ok(1)
    })
}

fn stochastic(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let mut estimator = variant.build_f64();
        let stochastic = estimator.properties(problem.dims).stochastic;
        let noise = &mut Noise::named(&["law", "draws"]);
        let recorded = problem.record(&mut *estimator, 40, noise)?;
        let is_same = |numbers: &[f64], width: usize| {
            numbers.chunks_exact(width).all(|draw| draw == &numbers[..width])
        };
        let all_same = is_same(&recorded.estimates, problem.dims.elements())
            && is_same(&recorded.losses, problem.dims.batch);
        let name = problem.name;
        ensure!(
            !(all_same && stochastic),
            "{name}: expected random estimates (`stochastic` is true), found 40 equal ones"
        );
        ensure!(
            all_same || stochastic,
            "{name}: expected equal estimates (`stochastic` is false), found different ones"
        );
        Ok(1)
    })
}

/// Evaluations of one estimate.
fn count(variant: &Variant, problem: &Problem) -> Result<Evaluations, super::law::Broken> {
    let objective = (problem.make)(1);
    let counted = Counted::new(&*objective);
    let (mut estimator, noise) = (variant.build_f64(), &mut Noise::named(&["law", "evaluations"]));
    gradient(&mut *estimator, &problem.logits, problem.dims, &counted, None, noise)?;
    Ok(counted.evaluations())
}

fn evaluations(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let counted = count(variant, problem)?;
        let properties = variant.build_f64().properties(problem.dims);
        let (claimed, name) = (properties.evaluations, problem.name);
        if properties.at_most {
            let (claimed, counted) = (claimed.hard, counted.hard);
            ensure!(
                counted <= claimed,
                "{name}: expected at most {claimed} losses at vertices per row, as claimed; counted {counted}"
            );
        } else {
            ensure!(
                counted == claimed,
                "{name}: expected {claimed:?} per row, as claimed; counted {counted:?}"
            );
        }
        Ok(1)
    })
}

fn experts(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let times = 20;
        let (objective, dims) = ((problem.make)(times), problem.copied(times));
        let counted = Counted::new(&*objective);
        let (mut estimator, noise) = (variant.build_f64(), &mut Noise::named(&["law", "experts"]));
        gradient(&mut *estimator, &problem.logits.repeat(times), dims, &counted, None, noise)?;
        let (name, categories) = (problem.name, dims.categories);
        let claimed = estimator.properties(dims).evaluations.experts(categories);
        let counted = counted.experts(categories);
        ensure!(
            counted <= claimed,
            "{name}: expected at most {claimed} of {categories} experts, as claimed; counted {counted}"
        );
        Ok(1)
    })
}

fn needs(variant: &Variant) -> Outcome {
    each(variant, problems(), |problem| {
        let counted = count(variant, problem)?;
        let used = if counted.gated_gradient + counted.gated_filled > 0 {
            Domain::GatedGradients
        } else if counted.gated > 0 {
            Domain::GatedPicks
        } else if counted.relaxed > 0 {
            Domain::Interior
        } else if counted.hard_gradient > 0 {
            Domain::VertexGradients
        } else {
            Domain::Vertices
        };
        let needs = variant.build_f64().properties(problem.dims).needs;
        let (needs, used, name) = (needs.describe(), used.describe(), problem.name);
        ensure!(needs == used, "{name}: expected it to use {needs}, as claimed; it uses {used}");
        Ok(1)
    })
}

fn objective_gradient(variant: &Variant) -> Outcome {
    const STEP: f64 = 1e-5;
    each(variant, [squared_pick()], |problem| {
        let estimate = |values: &[f64]| {
            let leaf = Node::new(Packed::pack(values, problem.dims.categories));
            let objective = SquaredPick::new(leaf.clone(), &[0.8, -0.4]);
            let noise = &mut Noise::named(&["law", "parameters"]);
            let (logits, dims) = (&problem.logits, problem.dims);
            gradient(&mut *variant.build_f64(), logits, dims, &objective, Some(&leaf), noise)
        };
        let given = estimate(&VALUES)?.objective;
        let found = given.len();
        ensure!(found == VALUES.len(), "expected a gradient for the parameters, found none");
        for (i, given) in given.into_iter().enumerate() {
            let value = |step: f64| {
                let mut values = VALUES;
                values[i] += step;
                estimate(&values).map(|estimate| estimate.value)
            };
            let slope = (value(STEP)? - value(-STEP)?) / (2.0 * STEP);
            ensure!(
                (given - slope).abs() <= 1e-6,
                "expected {slope}, the slope of the scalar, for parameter {i}; found {given}"
            );
        }
        Ok(1)
    })
}

/// Estimates of rows in one large batch have the mean of those in many small ones.
fn batch(variant: &Variant) -> Outcome {
    each(variant, [exponential(), super::problem::bits()], |problem| {
        let noise = Noise::named(&["law", "batch"]);
        let large = problem.estimates(&mut *variant.build_f64(), 2000, &mut noise.at(0))?;
        let mut small = vec![];
        for i in 1..=100 {
            let estimator = &mut *variant.build_f64();
            small.extend(problem.estimates(estimator, 20, &mut noise.at(i))?);
        }
        let place = format!("{}, batches of 2000 rows and of 20", problem.name);
        agreement::same_mean(&large, &small, problem.dims.elements(), &place)?;
        Ok(1)
    })
}

/// For laws that hold while an estimator learns, too.
pub(super) fn one_and_many() -> [Problem; 2] {
    [squared_pick(), exponential()]
}
