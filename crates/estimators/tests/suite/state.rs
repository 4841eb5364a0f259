//! Estimators with a state: their claims stay true while they learn, and what they learn helps.

use crate::problem::variants::check_all;
use crate::problem::{
    Problem, VALUES, assert_close, assert_mean, estimator, exponential, problems, squared_pick,
    total_variance,
};
use estimators::{Estimator, Noise, Objective, SquaredPick, Unbiased};

/// Takes steps, with `rows` copies of the problem in each.
fn train(problem: &Problem, estimator: &mut dyn Estimator<f64>, steps: u64, rows: usize) {
    let noise = Noise::named(&["training"]);
    for step in 0..steps {
        problem.draw(estimator, rows, &mut noise.at(step));
        estimator.advance().unwrap();
    }
}

fn variance(problem: &Problem, estimator: &mut dyn Estimator<f64>) -> f64 {
    let draws = problem.draw(estimator, 20_000, &mut Noise::named(&["variance"]));
    total_variance(&draws, problem.width()).0
}

#[test]
fn an_unbiased_estimator_stays_unbiased() {
    for problem in [squared_pick(), exponential()] {
        check_all(|variant| {
            let mut estimator = variant.build_f64();
            let unbiased = estimator.properties(problem.dims).unbiased;
            let holds = unbiased == Unbiased::Always
                || unbiased == Unbiased::Quadratic && problem.quadratic;
            if !holds || !problem.suits(&*estimator) {
                return;
            }
            for step in 0..20 {
                let mut moved = problem.clone();
                moved.logits.iter_mut().enumerate().for_each(|(i, x)| {
                    *x += 0.1 * step as f64 * if i % 2 == 0 { 1.0 } else { -1.0 };
                });
                moved.draw(&mut *estimator, 8, &mut Noise::named(&["moving"]).at(step));
                estimator.advance().unwrap();
            }
            let draws = problem.draw(&mut *estimator, 5_000, &mut Noise::named(&["after"]));
            assert_mean(&draws, &problem.exact(), 1e-9, &variant.name);
        });
    }
}

#[test]
fn only_advancing_changes_the_state() {
    for problem in problems() {
        check_all(|variant| {
            let mut estimator = variant.build_f64();
            if !problem.suits(&*estimator) {
                return;
            }
            train(&problem, &mut *estimator, 3, 4);
            let mut ask = |problem: &Problem, words: &str| {
                problem.draw(&mut *estimator, 5, &mut Noise::named(&[words]))
            };
            let before = ask(&problem, "asked");
            let mut elsewhere = problem.clone();
            elsewhere.logits.iter_mut().for_each(|x| *x = 1.7 - 2.0 * *x);
            ask(&elsewhere, "something else");
            assert_eq!(before, ask(&problem, "asked"), "{}", variant.name);
        });
    }
}

#[test]
fn advancing_before_the_first_estimate_is_not_an_error() {
    check_all(|variant| {
        let (problem, mut estimator) = (exponential(), variant.build_f64());
        estimator.advance().unwrap();
        if problem.suits(&*estimator) {
            problem.draw(&mut *estimator, 5, &mut Noise::named(&["late"]));
        }
    });
}

#[test]
fn a_running_mean_converges_to_the_expected_loss() {
    let problem = exponential();
    let mut running = estimator("reinforce", "decay = 0.9");
    let none = variance(&problem, &mut *running);
    train(&problem, &mut *running, 100, 500);
    let learned = variance(&problem, &mut *running);
    let oracle = variance(&problem, &mut *estimator("reinforce", "baseline = \"mean\""));
    assert!((learned - oracle).abs() < 0.02 * oracle, "{learned} for {oracle}");
    assert!(learned < 0.3 * none, "{learned} of {none}");
}

/// b ← ρ b + (1 − ρ) f, from 0.
#[test]
fn a_running_mean_decays_as_specified() {
    let problem = exponential();
    let mut running = estimator("reinforce", "decay = 0.75");
    let (mut b, noise) = (0.0, Noise::named(&["running"]));
    for step in 0..4 {
        let recorded = problem.draw_recorded(&mut *running, 10, &mut noise.at(step));
        let mut plain = estimator("reinforce", "baseline = \"none\"");
        let plain = problem.draw(&mut *plain, 10, &mut noise.at(step));
        for (row, f) in recorded.losses.iter().enumerate() {
            let expected: Vec<f64> =
                plain[4 * row..][..4].iter().map(|g| g * (f - b) / f).collect();
            assert_close(&recorded.estimates[4 * row..][..4], &expected, 1e-12, "running");
        }
        b = 0.75 * b + 0.25 * recorded.losses.iter().sum::<f64>() / 10.0;
        running.advance().unwrap();
    }
}

#[test]
fn normalizing_divides_by_the_running_deviation() {
    let make: fn(usize) -> Box<dyn Objective<f64>> = |times| {
        let values = VALUES.map(|v| 10.0 * v).repeat(times);
        Box::new(SquaredPick::of(&values, &[0.8, -0.4].repeat(times)))
    };
    let problem = Problem { make, ..squared_pick() };
    let parameters = "baseline = \"none\"\ndecay = 0.5\nnormalise = true";
    let mut normalised = estimator("reinforce", parameters);
    let noise = Noise::named(&["normalise"]);
    let mut running = 0.0;
    for step in 0..3 {
        let divisor = f64::sqrt(running).max(1.0);
        assert!(divisor > 1.0 || step == 0);
        let recorded = problem.draw_recorded(&mut *normalised, 10, &mut noise.at(step));
        let mut plain = estimator("reinforce", "baseline = \"none\"");
        let plain = problem.draw(&mut *plain, 10, &mut noise.at(step));
        let divided: Vec<f64> = plain.iter().map(|g| g / divisor).collect();
        assert_close(&recorded.estimates, &divided, 1e-12, "normalise");
        let mean = recorded.losses.iter().sum::<f64>() / 20.0;
        let squares = recorded.losses.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>();
        running = 0.5 * running + 0.5 * squares / 20.0;
        normalised.advance().unwrap();
    }
}

#[test]
fn a_learned_baseline_tells_rows_apart() {
    // Two rows with different targets: one constant does not fit both.
    let problem = squared_pick();
    let mut learned = estimator("reinforce", "baseline = \"learned\"");
    let none = variance(&problem, &mut *estimator("reinforce", "baseline = \"none\""));
    let oracle = variance(&problem, &mut *estimator("reinforce", "baseline = \"mean\""));
    train(&problem, &mut *learned, 400, 32);
    let learned = variance(&problem, &mut *learned);
    assert!(learned < 0.7 * none && learned < 1.1 * oracle, "{learned} {oracle} {none}");
}

#[test]
fn rebar_learns_a_better_weight_and_temperature() {
    let problem = exponential();
    let of = |eta: f64, temperature: f64| {
        let parameters = format!("eta = {eta}\ntemperature = {temperature}");
        variance(&problem, &mut *estimator("rebar", &parameters))
    };
    let grid = [0.6, 0.8, 1.0].map(|eta| [0.5, 1.0, 2.0].map(|temperature| of(eta, temperature)));
    let best = grid.as_flattened().iter().copied().fold(f64::INFINITY, f64::min);
    // From both sides of the best temperature.
    for first in [3.0, 0.1] {
        let parameters =
            format!("eta = 0.0\ntemperature = {first}\nlearned = true\nlearning-rate = 0.02");
        let mut learned = estimator("rebar", &parameters);
        train(&problem, &mut *learned, 400, 32);
        let learned = variance(&problem, &mut *learned);
        assert!(learned < 1.1 * best && learned < 0.5 * of(0.0, 3.0), "{learned} for {best}");
    }
}

#[test]
fn relax_learns_a_control_variate() {
    let problem = exponential();
    let mut relax = estimator("relax", "");
    let before = variance(&problem, &mut *relax);
    train(&problem, &mut *relax, 500, 32);
    let after = variance(&problem, &mut *relax);
    let none = variance(&problem, &mut *estimator("reinforce", "baseline = \"none\""));
    assert!(after < 0.5 * none && after < 0.5 * before, "{before} became {after}; {none}");
    // The trained network is far from constant, so wrong use of it would show.
    let draws = problem.draw(&mut *relax, 50_000, &mut Noise::named(&["relaxed"]));
    assert_mean(&draws, &problem.exact(), 1e-9, "relax");
}

#[test]
fn aimle_adapts_its_step_until_enough_samples_change() {
    let problem = exponential();
    let share = |estimator: &mut dyn Estimator<f64>| {
        let draws = problem.draw(estimator, 2000, &mut Noise::named(&["share"]));
        let changed = draws.chunks_exact(4).filter(|draw| draw.iter().any(|&g| g != 0.0));
        changed.count() as f64 / 2000.0
    };
    for beta in [0.01, 20.0] {
        let parameters = format!("beta = {beta}\nrate = 0.05\ntarget = 0.4");
        let mut aimle = estimator("aimle", &parameters);
        let first = share(&mut *aimle);
        // A running mean lags, so the share oscillates around the target.
        let mut shares = vec![];
        for _ in 0..20 {
            train(&problem, &mut *aimle, 30, 100);
            shares.push(share(&mut *aimle));
        }
        let late = shares[14..].iter().sum::<f64>() / 6.0;
        assert!((late - 0.4).abs() < 0.1, "from {first} to {shares:?}");
    }
}
