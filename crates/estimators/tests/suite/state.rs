//! Estimators with a state: what they learn helps.

use crate::problem::{
    Draw, Problem, VALUES, assert_close, assert_mean, estimator, exponential, squared_pick,
    total_variance,
};
use estimators::{Dims, Estimator, Noise, Objective, SquaredPick};

/// Takes steps, with `rows` copies of the problem in each.
fn train(problem: &Problem, estimator: &mut dyn Estimator<f64>, steps: u64, rows: usize) {
    let noise = Noise::named(&["training"]);
    for step in 0..steps {
        problem.step(estimator, rows, &mut noise.at(step));
    }
}

fn variance(problem: &Problem, estimator: &mut dyn Estimator<f64>) -> f64 {
    let draws = problem.draw(estimator, 20_000, &mut Noise::named(&["variance"]));
    total_variance(&draws, problem.width()).0
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

/// v ← ρ v + (1 − ρ) (V + ρ (M − m)²), with M and V of a batch and their running mean m, for batches of
/// many rows and of one.
#[test]
fn normalizing_divides_by_the_running_deviation() {
    let make: fn(usize) -> Box<dyn Objective<f64>> = |times| {
        let values = VALUES[..4].iter().map(|v| 10.0 * v).collect::<Vec<_>>().repeat(times);
        Box::new(SquaredPick::of(&values, &[0.8].repeat(times)))
    };
    let dims = Dims { batch: 1, latents: 1, categories: 4 };
    let logits = squared_pick().logits[..4].to_vec();
    let problem = Problem { make, dims, logits, ..squared_pick() };
    for rows in [1, 20] {
        let parameters = "baseline = \"none\"\ndecay = 0.5\nnormalise = true";
        let mut normalised = estimator("reinforce", parameters);
        let noise = Noise::named(&["normalise"]);
        let (mut running, mut m, mut largest) = (0.0, None, 0.0f64);
        for step in 0..6 {
            let divisor = f64::sqrt(running).max(1.0);
            largest = largest.max(divisor);
            let recorded = problem.draw_recorded(&mut *normalised, rows, &mut noise.at(step));
            let mut plain = estimator("reinforce", "baseline = \"none\"");
            let plain = problem.draw(&mut *plain, rows, &mut noise.at(step));
            let divided: Vec<f64> = plain.iter().map(|g| g / divisor).collect();
            assert_close(&recorded.estimates, &divided, 1e-12, "normalise");
            let mean = recorded.losses.iter().sum::<f64>() / rows as f64;
            let squares = recorded.losses.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>();
            let off: f64 = mean - m.unwrap_or(mean);
            running = 0.5 * running + 0.5 * (squares / rows as f64 + 0.5 * off * off);
            m = Some(0.5 * m.unwrap_or(mean) + 0.5 * mean);
            normalised.advance().unwrap();
        }
        assert!(largest > 10.0, "batches of {rows} are divided by at most {largest}");
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
    assert_mean(&draws, &problem.enumerated(), 1e-9, "relax");
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
        // Two nonzero elements of a changed choice.
        let parameters = format!("beta = {beta}\nrate = 0.05\ntarget = 0.8");
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

/// The loop of the documentation: one call of `surrogate` per step, and nothing else.
#[test]
fn the_documented_loop_trains_the_estimator_too() {
    let problem = exponential();
    let losses = |parameters: &str| -> Vec<f64> {
        let mut estimator = estimator("reinforce", parameters);
        let (mut moved, mut losses) = (problem.clone(), vec![]);
        for i in 0..50 {
            let numbers = moved.step(&mut *estimator, 1, &mut Noise::named(&["loop"]).at(i));
            losses.push(numbers[4]);
            moved.logits.iter_mut().zip(numbers).for_each(|(x, g)| *x -= 0.5 * g);
        }
        losses
    };
    let [none, ema, learned] =
        ["none", "ema", "learned"].map(|b| losses(&format!("baseline = \"{b}\"")));
    assert_eq!(none[0], ema[0], "the first sample is the same");
    assert_ne!(none, ema, "a baseline that does not move is none");
    assert_ne!(none, learned);
    let mut scheduled =
        estimator("gumbel-softmax", "[schedule]\nkind = \"step\"\nevery = 1\nfactor = 0.5");
    let noise = Noise::named(&["loop"]);
    let first = problem.step(&mut *scheduled, 1, &mut noise.clone());
    assert_ne!(first, problem.step(&mut *scheduled, 1, &mut noise.clone()), "temperatures fall");
}

/// AIMLE's step changes choices even if all logits are equal.
#[test]
fn aimle_leaves_equal_logits() {
    let problem = Problem { logits: vec![0.0; 4], ..exponential() };
    let draws = problem.draw(&mut *estimator("aimle", ""), 100, &mut Noise::named(&["equal"]));
    assert!(draws.iter().filter(|&&g| g != 0.0).count() > 20);
}
