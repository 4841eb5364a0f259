//! Identities between estimators, sample by sample, given the same noise.

use crate::problem::{
    Draw, Problem, Recorded, assert_close, bits, estimator, exponential, linear, one_bit, problems,
    squared_pick, two_latents,
};
use estimators::Noise;

/// Estimates for 200 copies of a problem, from the same noise for every estimator.
fn record(problem: &Problem, kind: &str, parameters: &str) -> Recorded {
    let noise = &mut Noise::named(&["identities"]);
    problem.draw_recorded(&mut *estimator(kind, parameters), 200, noise)
}

fn draw(problem: &Problem, kind: &str, parameters: &str) -> Vec<f64> {
    record(problem, kind, parameters).estimates
}

fn mix(a: f64, x: &[f64], b: f64, y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| a * x + b * y).collect()
}

#[test]
fn reinmax_is_half_straight_through_and_half_darn() {
    for problem in problems() {
        let reinmax = draw(&problem, "reinmax", "");
        let (straight, darn) = (draw(&problem, "straight-through", ""), draw(&problem, "darn", ""));
        assert_close(&reinmax, &mix(0.5, &straight, 0.5, &darn), 1e-12, problem.name);
        assert_close(&reinmax, &draw(&problem, "second-order", "weight = 0.5"), 1e-12, "½");
        let third = draw(&problem, "second-order", "weight = 0.3");
        assert_close(&third, &mix(0.7, &straight, 0.3, &darn), 1e-12, problem.name);
        assert_close(&draw(&problem, "second-order", "weight = 1.0"), &darn, 1e-12, "darn");
    }
}

/// 2 J(π) g − ½ J(p) g with the gradient g of the loss at the sample.
#[test]
fn reinmax_at_a_temperature_has_a_tempered_midpoint() {
    let (problem, t) = (exponential(), 1.3);
    let p = problem.probabilities();
    let tempered: Vec<f64> = problem.logits.iter().map(|x| x / t).collect();
    let tempered = crate::problem::softmax(&tempered);
    let recorded = record(&problem, "reinmax", "temperature = 1.3");
    let weights = [0.3, 1.1, -0.4, 0.7];
    let picks = recorded.evaluations[0].picks.as_ref().unwrap();
    for (&pick, given) in picks.iter().zip(recorded.estimates.chunks_exact(4)) {
        let g = weights.map(|a| a * f64::exp(weights[pick as usize]));
        let product = |q: &[f64]| {
            let mean: f64 = q.iter().zip(&g).map(|(q, g)| q * g).sum();
            q.iter().zip(&g).map(|(q, g)| q * (g - mean)).collect::<Vec<f64>>()
        };
        let mut middle: Vec<f64> = tempered.iter().map(|p| p / 2.0).collect();
        middle[pick as usize] += 0.5;
        assert_close(given, &mix(2.0, &product(&middle), -0.5, &product(&p)), 1e-12, "reinmax");
    }
}

#[test]
fn special_cases_agree_with_the_general_ones() {
    for problem in problems() {
        let same = |a: (&str, &str), b: (&str, &str)| {
            let place = format!("{a:?} and {b:?} on {}", problem.name);
            assert_close(&draw(&problem, a.0, a.1), &draw(&problem, b.0, b.1), 1e-9, &place);
        };
        let decoupled = "decoupled-straight-through";
        same((decoupled, "backward-temperature = 0.6"), ("straight-through", "temperature = 0.6"));
        same(("imle", "noise = \"none\"\nlambda = 0.4"), ("blackbox", "lambda = 0.4"));
        same(("entmax", "alpha = 2.0"), ("sparsemax", ""));
        same(("double-cv", "alpha = 0.0\nsamples = 3"), ("reinforce-loo", "samples = 3"));
        same(("reinforce", "baseline = \"ema\""), ("reinforce", "baseline = \"none\""));
        same(("rebar", "learned = true"), ("rebar", ""));
        same(("reinforce", "normalise = true"), ("reinforce", ""));
    }
}

#[test]
fn arsm_and_ars_agree_for_two_categories() {
    for problem in [one_bit(), bits()] {
        let arsm = draw(&problem, "arsm", "");
        assert_close(&arsm, &draw(&problem, "ars", "reference = 0"), 1e-12, problem.name);
        assert_close(&arsm, &draw(&problem, "ars", "reference = 1"), 1e-12, problem.name);
    }
}

#[test]
fn a_set_of_all_outcomes_is_exact() {
    for (problem, all) in [(squared_pick(), 4), (exponential(), 4), (two_latents(), 9), (bits(), 8)]
    {
        let exact = problem.enumerated().repeat(200);
        for kind in [
            "unordered-set",
            "unordered-set-without-baseline",
            "sum-and-sample",
            "stochastic-sum-and-sample",
        ] {
            let all = draw(&problem, kind, &format!("samples = {all}"));
            assert_close(&all, &exact, 1e-9, &format!("{kind} on {}", problem.name));
        }
        if problem.dims.latents == 1 {
            assert_close(&draw(&problem, "indecater", "samples = 2"), &exact, 1e-12, "indecater");
        }
    }
}

/// The gradient of the expected loss by central differences of Σ_D p(D) f(D).
#[test]
fn exact_is_the_slope_of_the_expected_loss() {
    for kind in ["exact", "soft-argmax", "sparsemax", "entmax"] {
        for mut problem in problems() {
            // Unscaled, one logit lies on the boundary of the support of sparsemax.
            problem.logits.iter_mut().for_each(|x| *x *= 1.1);
            let gradient = &draw(&problem, kind, "")[..problem.width()];
            for (i, g) in gradient.iter().enumerate() {
                let value = |step: f64| {
                    let mut moved = problem.clone();
                    moved.logits[i] += step;
                    let losses = record(&moved, kind, "").losses;
                    losses.iter().sum::<f64>() / losses.len() as f64
                };
                let slope = (value(1e-5) - value(-1e-5)) / 2e-5;
                assert!((g - slope).abs() < 1e-8, "{kind} on {}: {g} {slope}", problem.name);
            }
        }
    }
}

#[test]
fn gumbel_softmax_is_the_slope_of_its_own_loss() {
    for problem in problems() {
        let gradient = record(&problem, "gumbel-softmax", "temperature = 0.7").estimates;
        let mean = crate::problem::moments(&gradient, problem.width());
        for (i, (g, _)) in mean.into_iter().enumerate() {
            let value = |step: f64| {
                let mut moved = problem.clone();
                moved.logits[i] += step;
                let losses = record(&moved, "gumbel-softmax", "temperature = 0.7").losses;
                losses.iter().sum::<f64>() / losses.len() as f64
            };
            let slope = (value(1e-5) - value(-1e-5)) / 2e-5;
            assert!((g - slope).abs() < 1e-8, "{}: {g} for {slope}", problem.name);
        }
    }
}

#[test]
fn entmax_near_one_is_softmax() {
    for problem in problems() {
        for (alpha, tolerance) in [(1.0001, 1e-3), (1.0 + 1e-7, 1e-6), (1.0 + 1e-12, 1e-9)] {
            let entmax = draw(&problem, "entmax", &format!("alpha = {alpha:?}"));
            assert_close(&entmax, &problem.enumerated().repeat(200), tolerance, problem.name);
        }
    }
}

/// Σ_i a_i s_i of samples [S, B, L]: a score function with advantages a.
fn scored(
    problem: &Problem,
    recorded: &Recorded,
    advantage: impl Fn(&[f64], usize) -> f64,
) -> Vec<f64> {
    let (picks, f) =
        (recorded.evaluations.last().unwrap().picks.as_ref().unwrap(), &recorded.evaluations);
    let (f, dims) = (&f.last().unwrap().losses, problem.dims);
    let rows = recorded.estimates.len() / problem.width() * dims.batch;
    let samples = f.len() / rows;
    let p = problem.probabilities().repeat(rows / dims.batch);
    let mut estimates = vec![0.0; recorded.estimates.len()];
    for row in 0..rows {
        let losses: Vec<f64> = (0..samples).map(|i| f[i * rows + row]).collect();
        for i in 0..samples {
            for latent in 0..dims.latents {
                let pick = picks[(i * rows + row) * dims.latents + latent] as usize;
                for k in 0..dims.categories {
                    let place = (row * dims.latents + latent) * dims.categories + k;
                    let score = f64::from(pick == k) - p[place];
                    estimates[place] += advantage(&losses, i) * score / dims.batch as f64;
                }
            }
        }
    }
    estimates
}

#[test]
fn leave_one_out_of_two_samples_is_half_a_difference() {
    for problem in problems() {
        let recorded = record(&problem, "reinforce-loo", "samples = 2");
        let sign = |i: usize| if i == 0 { 0.5 } else { -0.5 };
        let half = scored(&problem, &recorded, |f, i| sign(i) * (f[0] - f[1]));
        assert_close(&recorded.estimates, &half, 1e-12, problem.name);
    }
}

#[test]
fn score_functions_are_losses_times_scores() {
    for problem in problems() {
        for (kind, parameters) in [
            ("reinforce", "baseline = \"none\""),
            ("unordered-set-without-baseline", "samples = 1"),
            ("sum-and-sample", "samples = 1"),
            ("stochastic-sum-and-sample", "samples = 1"),
        ] {
            let recorded = record(&problem, kind, parameters);
            let place = format!("{kind} on {}", problem.name);
            assert_close(
                &recorded.estimates,
                &scored(&problem, &recorded, |f, _| f[0]),
                1e-9,
                &place,
            );
        }
        // Rebar evaluates its sample first.
        let mut recorded = record(&problem, "rebar", "eta = 0.0");
        recorded.evaluations.truncate(1);
        assert_close(
            &recorded.estimates,
            &scored(&problem, &recorded, |f, _| f[0]),
            1e-12,
            "rebar",
        );
        let recorded = record(&problem, "posted-score-function", "");
        assert_close(
            &recorded.estimates,
            &scored(&problem, &recorded, |f, _| -f[0]),
            1e-12,
            "posted",
        );
    }
}

#[test]
fn control_variates_remove_all_of_a_linear_loss() {
    let problem = linear();
    let exact = problem.enumerated().repeat(200);
    assert_close(&draw(&problem, "muprop", ""), &exact, 1e-12, "muprop");
    for samples in [2, 3] {
        let parameters = format!("samples = {samples}");
        assert_close(&draw(&problem, "double-cv", &parameters), &exact, 1e-12, "double-cv");
    }
}
