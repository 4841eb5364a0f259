//! Factors by hand, and what is refused.

use super::*;

fn schedule(text: &str) -> Schedule {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn factors_at_steps() {
    for (text, factors) in [
        ("kind = 'constant'\nwarm-up = 4", [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ("kind = 'linear'\nsteps = 4", [1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0, 0.0]),
        (
            "kind = 'linear'\nwarm-up = 2\nsteps = 6\nend = 3.0",
            [0.5, 1.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0],
        ),
        ("kind = 'step'\nevery = 2\nfactor = 0.5", [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]),
        (
            "kind = 'cosine'\nsteps = 4\nend = 0.2",
            [1.0, 0.882_842_712_474_619, 0.6, 0.317_157_287_525_381, 0.2, 0.2, 0.2, 0.2],
        ),
        (
            "kind = 'exponential'\nrate = 1.0\nend = 0.1",
            [1.0, 0.367_879_441_171_442_33, 0.135_335_283_236_612_7, 0.1, 0.1, 0.1, 0.1, 0.1],
        ),
    ] {
        let schedule = schedule(text);
        schedule.check("schedule").unwrap_or_else(|fault| panic!("{text}: {fault}"));
        for (step, factor) in (0..).zip(factors) {
            let found = schedule.factor(step);
            assert!((found - factor).abs() < 1e-15, "{text}, {step}: {found}");
        }
    }
}

/// The publication of `experiments/vae.toml` warms up over epochs e from 0 to 9 by 10⁻³ + 0.999 e/10, and its
/// temperatures are 10⁶ ^ (e/499).
#[test]
fn factors_are_held_for_an_epoch() {
    let cosine = "kind = 'cosine'\nwarm-up = 30\nstart = 0.001\nevery = 3\nsteps = 1500";
    let geometric = "kind = 'geometric'\nevery = 3\nsteps = 1497\nend = 1e6";
    let (rate, temperature) = (schedule(cosine), schedule(geometric));
    [rate, temperature].iter().for_each(|schedule| schedule.check("schedule").unwrap());
    let is_near = |x: f64, y: f64| (x - y).abs() < 1e-12 * y;
    for epoch in 0..500u64 {
        let e = epoch as f64;
        let warm = 1e-3 + 0.999 * e / 10.0;
        let cold = 0.5 * (1.0 + (std::f64::consts::PI * (e - 10.0) / 490.0).cos());
        let expected = if epoch < 10 { warm } else { cold };
        let hot = 1e6f64.powf(e / 499.0);
        for step in 3 * epoch..3 * epoch + 3 {
            let found = (rate.factor(step), temperature.factor(step));
            assert!(is_near(found.0, expected), "{epoch}, {step}: {found:?} for {expected}");
            assert!(is_near(found.1, hot), "{epoch}, {step}: {found:?} for {hot}");
        }
    }
    assert_eq!((temperature.factor(1497), temperature.factor(u64::MAX)), (1e6, 1e6));
    let falling = schedule("kind = 'geometric'\nwarm-up = 2\nstart = 0.5\nsteps = 4\nend = 0.01");
    let factors: Vec<f64> = (0..6).map(|step| falling.factor(step)).collect();
    for (found, expected) in factors.iter().zip([0.5, 0.75, 1.0, 0.1, 0.01, 0.01]) {
        assert!(is_near(*found, expected), "{factors:?}");
    }
}

/// What is not given is not written: the ids of runs stay what they were.
#[test]
fn a_schedule_is_written_as_it_was_before_there_were_epochs() {
    let text = "kind = \"cosine\"\nwarm-up = 2\nsteps = 12\nend = 0.1\n";
    assert_eq!(toml::to_string(&schedule(text)).unwrap(), text);
    let held = "kind = \"constant\"\nwarm-up = 4\nstart = 0.5\nevery = 2\n";
    assert_eq!(toml::to_string(&schedule(held)).unwrap(), held);
}

#[test]
fn a_schedule_without_an_end_takes_that_of_the_run() {
    let open = schedule("kind = 'linear'");
    assert!(open.check("schedule").unwrap_err().to_string().contains("schedule.steps = absent"));
    assert_eq!(open.ending_after(10), schedule("kind = 'linear'\nsteps = 10"));
    let closed = schedule("kind = 'linear'\nsteps = 7");
    assert_eq!(closed.ending_after(10), closed);
}

#[test]
fn schedules_that_change_nothing_are_rejected() {
    for text in [
        "kind = 'constant'\nwarm-up = 1",
        "kind = 'linear'\nsteps = 9\nend = 1.0",
        "kind = 'cosine'\nsteps = 9\nend = 1.0",
        "kind = 'step'\nevery = 9\nfactor = 1.0",
        "kind = 'constant'\nwarm-up = 3\nevery = 3",
        "kind = 'constant'\nwarm-up = 9\nstart = 1.0",
        "kind = 'geometric'\nsteps = 9\nend = 1.0",
    ] {
        let error = schedule(text).check("schedule").unwrap_err().to_string();
        assert!(error.contains("changes something"), "{text}: {error}");
    }
    let late = schedule("kind = 'step'\nevery = 10\nfactor = 0.5");
    assert!(!late.changes_within(10) && late.changes_within(11) && !late.changes_within(0));
}

#[test]
fn invalid_values_are_named() {
    for (text, words) in [
        ("kind = 'linear'\nsteps = 3\nwarm-up = 3", "schedule.steps = 3"),
        ("kind = 'linear'\nsteps = 3\nend = -1.0", "schedule.end = -1"),
        ("kind = 'step'\nevery = 0\nfactor = 0.5", "schedule.every = 0"),
        ("kind = 'linear'\nsteps = 9\nevery = 0", "schedule.every = 0"),
        ("kind = 'linear'\nsteps = 9\nevery = 2\nwarm-up = 3", "schedule.warm-up = 3"),
        ("kind = 'linear'\nsteps = 9\nwarm-up = 3\nstart = -1.0", "schedule.start = -1"),
        ("kind = 'geometric'\nsteps = 9\nend = 0.0", "schedule.end = 0"),
        ("kind = 'geometric'\nend = 0.5", "schedule.steps = absent"),
        ("kind = 'step'\nevery = 1\nfactor = 0.0", "schedule.factor = 0"),
        ("kind = 'exponential'\nrate = 0.0", "schedule.rate = 0"),
        ("kind = 'exponential'\nrate = 0.1\nend = 1.0", "schedule.end = 1"),
    ] {
        let error = schedule(text).check("schedule").unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    assert!(toml::from_str::<Schedule>("kind = 'step'\nevery = 1\nfactr = 0.5").is_err());
}
