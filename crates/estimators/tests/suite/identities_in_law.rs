//! Estimators with the same mean or the same variance, although their noise differs.

use crate::problem::{
    Draw, Problem, Recorded, assert_mean, bits, estimator, exponential, moments, one_bit, problems,
    squared_pick, total_variance, two_latents,
};
use estimators::objectives::BitSumSquares;
use estimators::{Noise, Objective};
use std::collections::BTreeMap;

const DRAWS: usize = 20_000;

fn record(problem: &Problem, kind: &str, parameters: &str, draws: usize) -> Recorded {
    let noise = &mut Noise::named(&["law of", kind]);
    problem.draw_recorded(&mut *estimator(kind, parameters), draws, noise)
}

fn draw(problem: &Problem, kind: &str, parameters: &str) -> Vec<f64> {
    record(problem, kind, parameters, DRAWS).estimates
}

/// Fails unless two lists of draws have the same mean, within 5 standard errors.
#[track_caller]
fn assert_same_mean(a: &[f64], b: &[f64], width: usize, place: &str) {
    for ((a, error), (b, other)) in moments(a, width).into_iter().zip(moments(b, width)) {
        assert!((a - b).abs() <= 5.0 * error.hypot(other) + 1e-9, "{place}: {a} and {b}");
    }
}

/// And the same total variance.
#[track_caller]
fn assert_same_law(a: &[f64], b: &[f64], width: usize, place: &str) {
    assert_same_mean(a, b, width, place);
    let ((a, error), (b, other)) = (total_variance(a, width), total_variance(b, width));
    assert!((a - b).abs() <= 5.0 * error.hypot(other) + 1e-12, "{place}: variance {a} and {b}");
}

#[test]
fn gumbel_rao_averages_st_gumbel_softmax() {
    for problem in problems() {
        let plain = draw(&problem, "st-gumbel-softmax", "temperature = 0.8");
        let one = draw(&problem, "gumbel-rao", "temperature = 0.8\nsamples = 1");
        let many = draw(&problem, "gumbel-rao", "temperature = 0.8\nsamples = 20");
        assert_same_law(&plain, &one, problem.width(), problem.name);
        assert_same_mean(&plain, &many, problem.width(), problem.name);
        let variance = |draws: &[f64]| total_variance(draws, problem.width()).0;
        assert!(variance(&many) < 0.9 * variance(&one), "{}", problem.name);
    }
}

/// Groups the draws of the second list by those of the first, bit for bit; small groups are left out.
fn grouped(keys: &[f64], draws: &[f64], width: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
    let mut groups: BTreeMap<Vec<u64>, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (key, draw) in keys.chunks_exact(width).zip(draws.chunks_exact(width)) {
        let bits = key.iter().map(|x| x.to_bits()).collect();
        let group = groups.entry(bits).or_insert_with(|| (key.to_vec(), vec![]));
        group.1.extend_from_slice(draw);
    }
    groups.into_values().filter(|(_, draws)| draws.len() > 200 * width).collect()
}

#[test]
fn gumbel_rao_at_low_temperatures_is_reinmax() {
    let problem = exponential();
    let noise = || Noise::named(&["the same picks"]);
    let reinmax = problem.draw(&mut *estimator("reinmax", ""), 2000, &mut noise());
    let off = |temperature: f64| {
        let parameters = format!("temperature = {temperature}\nsamples = 400");
        let rao = &mut *estimator("gumbel-rao", &parameters);
        let rao = problem.draw(rao, 2000, &mut noise());
        let groups = grouped(&reinmax, &rao, 4);
        assert!(groups.len() >= 3);
        groups
            .iter()
            .flat_map(|(reinmax, rao)| {
                let means = moments(rao, 4).into_iter().zip(reinmax);
                means.map(|((mean, error), x)| ((mean - x).abs() - 5.0 * error).max(0.0))
            })
            .fold(0.0, f64::max)
    };
    let (high, low) = (off(0.5), off(0.02));
    assert!(low < 0.01 && high > 0.05, "{low} and {high}");
}

#[test]
fn disarm_is_the_mean_of_arm_given_the_pair() {
    for problem in [one_bit(), bits()] {
        let noise = || Noise::named(&["pairs"]);
        let arm = problem.draw(&mut *estimator("arm", ""), DRAWS, &mut noise());
        let disarm = problem.draw(&mut *estimator("disarm", ""), DRAWS, &mut noise());
        let width = problem.width();
        let groups = grouped(&disarm, &arm, width);
        // One bit has two groups: the pair differs, or it does not.
        assert!(groups.len() >= 2, "{}", problem.name);
        for (disarm, arm) in groups {
            assert_mean(&arm, &disarm, 1e-9, problem.name);
        }
        assert!(total_variance(&disarm, width).0 < total_variance(&arm, width).0);
    }
}

/// Variances of the gradient for φ of (b − t)², by enumeration, at t = 0.45.
#[test]
fn variances_of_pairs_of_bits_agree_with_enumeration() {
    let make: fn(usize) -> Box<dyn Objective<f64>> =
        |times| Box::new(BitSumSquares { targets: vec![0.45] }.of(times));
    for (phi, arm, disarm, two) in
        [(0.0, 2.0833e-4, 0.0, 6.25e-4), (2.0, 3.550e-4, 3.522e-4, 4.147e-4)]
    {
        let problem = Problem { logits: vec![0.0, phi], make, ..one_bit() };
        for (kind, variance) in [("arm", arm), ("disarm", disarm), ("reinforce-loo", two)] {
            let parameters = if kind == "reinforce-loo" { "samples = 2" } else { "" };
            let (total, error) = total_variance(&draw(&problem, kind, parameters), 2);
            // Both logits get this gradient, with opposite signs.
            assert!((total / 2.0 - variance).abs() <= 3.0 * error + 1e-7, "{kind}: {total}");
        }
    }
}

#[test]
fn relatives_agree_for_two_categories() {
    for problem in [one_bit(), bits()] {
        let width = problem.width();
        let disarm = draw(&problem, "disarm", "");
        for (kind, parameters) in [
            ("carms", "samples = 2"),
            ("disarm-categorical", ""),
            ("disarm-categorical", "form = \"stick-breaking\""),
        ] {
            let place = format!("{kind} on {}", problem.name);
            assert_same_law(&draw(&problem, kind, parameters), &disarm, width, &place);
        }
        let arm = draw(&problem, "arm", "");
        assert_same_law(&draw(&problem, "ars", ""), &arm, width, problem.name);
        assert_same_law(&draw(&problem, "arsm", ""), &arm, width, problem.name);
    }
}

#[test]
fn the_mixture_has_the_mean_gradient_of_straight_through() {
    let problem = squared_pick();
    let mixture = problem.draw(&mut *estimator("soft-argmax", ""), 1, &mut Noise::named(&[]));
    assert_mean(&draw(&problem, "straight-through", ""), &mixture, 1e-9, "soft-argmax");
}

#[test]
fn gumbel_perturbed_argmaxes_are_distributed_as_the_softmax() {
    for problem in [exponential(), two_latents()] {
        let p = problem.probabilities();
        let recorded = record(&problem, "perturbed", "samples = 50", 1000);
        assert_mean(&recorded.evaluations[0].points, &p, 1e-9, "perturbed");
        for (kind, parameters) in
            [("straight-through", ""), ("st-gumbel-softmax", ""), ("gumbel-rao", ""), ("imle", "")]
        {
            let recorded = record(&problem, kind, parameters, DRAWS);
            assert_mean(&recorded.evaluations[0].points, &p, 1e-9, kind);
        }
    }
}

/// Given the samples, the mean of the score of Gumbel noise is (f(D)/M) s.
#[test]
fn the_score_of_noise_given_the_sample_is_that_of_the_sample() {
    let problem = exponential();
    let (p, recorded) =
        (problem.probabilities(), record(&problem, "perturbed-score", "samples = 1", DRAWS));
    let picks = recorded.evaluations[0].picks.as_ref().unwrap();
    let losses = &recorded.evaluations[0].losses;
    for pick in 0..4 {
        let chosen = || (0..DRAWS).filter(|&i| picks[i] as usize == pick);
        let given: Vec<f64> =
            chosen().flat_map(|i| recorded.estimates[4 * i..][..4].to_vec()).collect();
        let f = losses[chosen().next().unwrap()];
        let scored: Vec<f64> =
            p.iter().enumerate().map(|(k, p)| f * (f64::from(k == pick) - p)).collect();
        assert_mean(&given, &scored, 1e-9, "perturbed-score");
    }
}

/// Two categories under Gaussian noise: P(1) = Φ(Δ/(σ√2)).
#[test]
fn the_score_of_gaussian_noise_is_the_slope_of_a_probit() {
    let problem = one_bit();
    let sigma = 0.7;
    let scale = sigma * 2f64.sqrt();
    let x = (problem.logits[1] - problem.logits[0]) / scale;
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / scale;
    let slope = density * (0.9f64.exp() - 0.2f64.exp());
    let parameters = format!("noise = \"gaussian\"\nsigma = {sigma}\nsamples = 3");
    let draws = draw(&problem, "perturbed-score", &parameters);
    assert_mean(&draws, &[-slope, slope], 1e-9, "perturbed-score");
}

/// The mean of differences of losses is the mean of differences of the expected loss.
#[test]
fn differences_along_directions_agree_with_the_expected_loss() {
    let problem = exponential();
    let sigma = 0.6;
    let f = [0.3, 1.1, -0.4, 0.7].map(f64::exp);
    let expected = |d: &[f64; 4], sign: f64| {
        let moved: Vec<f64> =
            problem.logits.iter().zip(d).map(|(x, d)| x + sign * sigma * d).collect();
        crate::problem::softmax(&moved).iter().zip(f).map(|(p, f)| p * f).sum::<f64>()
    };
    let mut signs = [0.0; 4];
    for i in 0..16 {
        let d: [f64; 4] = std::array::from_fn(|k| if i >> k & 1 == 0 { -1.0 } else { 1.0 });
        let difference = (expected(&d, 1.0) - expected(&d, -1.0)) / (2.0 * sigma);
        signs.iter_mut().zip(d).for_each(|(sum, d)| *sum += difference * d / 16.0);
    }
    let parameters = format!("sigma = {sigma}\nsamples = 3");
    assert_mean(&draw(&problem, "spsa", &parameters), &signs, 1e-9, "spsa");
    let normals = Noise::named(&["directions"]).normals(4 * DRAWS);
    let along: Vec<f64> = normals
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|d| d.map(|x| x * (expected(d, 1.0) - expected(d, -1.0)) / (2.0 * sigma)))
        .collect();
    assert_same_mean(&draw(&problem, "antithetic-es", &parameters), &along, 4, "antithetic-es");
}

#[test]
fn better_baselines_have_less_variance() {
    for problem in [squared_pick(), exponential(), two_latents()] {
        let variance = |baseline: &str| {
            let parameters = format!("baseline = \"{baseline}\"");
            total_variance(&draw(&problem, "reinforce", &parameters), problem.width())
        };
        let (best, error) = variance("optimal");
        for other in ["none", "mean", "greedy"] {
            let (other, slack) = variance(other);
            assert!(best <= other + 3.0 * error.hypot(slack), "{}: {best} {other}", problem.name);
        }
        let (each, slack) = variance("optimal-per-component");
        assert!(each <= best + 3.0 * error.hypot(slack), "{}: {each} {best}", problem.name);
    }
}

/// b* = E[f ‖s‖²]/E[‖s‖²] and E[f s_k²]/E[s_k²], by hand.
#[test]
fn oracles_know_the_best_constants() {
    let problem = exponential();
    let p = problem.probabilities();
    let f = [0.3, 1.1, -0.4, 0.7].map(f64::exp);
    let squares = |pick: usize, k: usize| (f64::from(pick == k) - p[k]).powi(2);
    let constant = |weight: &dyn Fn(usize) -> f64| {
        let below: f64 = (0..4).map(|i| p[i] * weight(i)).sum();
        (0..4).map(|i| p[i] * weight(i) * f[i]).sum::<f64>() / below
    };
    let overall = constant(&|i| (0..4).map(|k| squares(i, k)).sum());
    for (baseline, of) in [
        ("mean", [constant(&|_| 1.0); 4]),
        ("optimal", [overall; 4]),
        ("optimal-per-component", std::array::from_fn(|k| constant(&|i| squares(i, k)))),
    ] {
        let recorded = record(&problem, "reinforce", &format!("baseline = \"{baseline}\""), 50);
        let picks = recorded.evaluations.last().unwrap().picks.as_ref().unwrap();
        for (&pick, given) in picks.iter().zip(recorded.estimates.chunks_exact(4)) {
            for k in 0..4 {
                let score = f64::from(pick as usize == k) - p[k];
                let expected = (f[pick as usize] - of[k]) * score;
                assert!((given[k] - expected).abs() < 1e-12, "{baseline}: {}", given[k]);
            }
        }
    }
}
