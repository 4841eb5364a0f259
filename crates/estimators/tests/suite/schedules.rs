//! Schedules of temperatures, for every registered estimator that has a temperature.

use crate::problem::{Problem, assert_close, estimator, exponential, squared_pick};
use estimators::{Entry, Estimator, Noise, Registry, Schedule, Unbiased};
use toml::Table;

/// One schedule of each kind, and one that leaves the range of temperatures.
const SCHEDULES: [&str; 6] = [
    "kind = 'constant'\nwarm-up = 4",
    "kind = 'linear'\nsteps = 6\nend = 0.25",
    "kind = 'cosine'\nwarm-up = 2\nsteps = 8\nend = 2.0",
    "kind = 'step'\nevery = 2\nfactor = 0.5",
    "kind = 'exponential'\nrate = 0.3\nend = 0.4",
    "kind = 'linear'\nsteps = 3\nend = 0.0",
];

fn table(text: &str) -> Table {
    text.parse().expect(text)
}

/// The keys of an estimator's temperatures.
fn temperatures(entry: &Entry) -> Vec<String> {
    entry.keys().into_iter().filter(|key| key.ends_with("temperature")).collect()
}

/// Every kind that has a temperature.
fn tempered() -> Vec<Entry> {
    let registry = Registry::standard();
    let is_tempered = |entry: &&Entry| !temperatures(entry).is_empty();
    registry.entries().iter().filter(is_tempered).cloned().collect()
}

/// The message with which parameters are rejected.
#[track_caller]
fn rejection(entry: &Entry, parameters: Table) -> String {
    entry.build(parameters).err().expect("a rejection").to_string()
}

fn draw(problem: &Problem, estimator: &mut dyn Estimator<f64>) -> Vec<f64> {
    problem.draw(estimator, 20, &mut Noise::named(&["scheduled"]))
}

#[test]
fn a_kind_with_a_temperature_has_a_schedule_and_no_other_kind_does() {
    assert_eq!(tempered().len(), 10);
    for entry in Registry::standard().entries() {
        let has_schedule = entry.keys().contains(&"schedule".to_owned());
        assert_eq!(has_schedule, !temperatures(entry).is_empty(), "{}", entry.name);
        // An absent schedule is not written: the ids of stored runs must not change.
        assert!(!entry.defaults().contains_key("schedule"), "{}", entry.name);
        let variant = entry.variant(Table::new()).unwrap();
        assert!(!variant.table().contains_key("schedule"), "{}", entry.name);
    }
}

/// An estimator after this many steps without an estimate.
fn after(entry: &Entry, schedule: &str, steps: u64) -> Box<dyn Estimator<f64>> {
    let parameters = Table::from_iter([("schedule".to_owned(), table(schedule).into())]);
    let mut estimator = entry.build(parameters).unwrap().build_f64();
    (0..steps).for_each(|_| estimator.advance().unwrap());
    estimator
}

/// An estimator whose constant temperatures are the scheduled ones at a step.
fn constant(entry: &Entry, schedule: &Schedule, step: u64) -> Box<dyn Estimator<f64>> {
    let temperatures = temperatures(entry).into_iter().map(|key| {
        let start = entry.defaults()[&key].as_float().unwrap();
        (key, (start * schedule.factor(step)).max(1e-30).into())
    });
    entry.build(temperatures.collect()).unwrap().build_f64()
}

#[test]
fn after_n_steps_the_temperature_is_the_scheduled_one() {
    for (entry, text) in tempered().iter().flat_map(|entry| SCHEDULES.map(|text| (entry, text))) {
        let schedule: Schedule = toml::from_str(text).unwrap();
        for step in 0..10 {
            for problem in [squared_pick(), exponential()] {
                let scheduled = draw(&problem, &mut *after(entry, text, step));
                let expected = draw(&problem, &mut *constant(entry, &schedule, step));
                assert_eq!(scheduled, expected, "{} with {text:?} at step {step}", entry.name);
            }
        }
    }
}

/// The same with estimates in between, and temperatures computed by hand.
#[test]
fn temperatures_fall_step_by_step_during_training() {
    let problem = exponential();
    for kind in ["gumbel-softmax", "st-gumbel-softmax"] {
        let after = |parameters: &str, steps: u64| {
            let (mut estimator, noise) = (estimator(kind, parameters), Noise::named(&["steps"]));
            for step in 0..steps {
                problem.draw(&mut *estimator, 2, &mut noise.at(step));
                estimator.advance().unwrap();
            }
            draw(&problem, &mut *estimator)
        };
        let decay = "temperature = 0.8\n\
            schedule = { kind = 'exponential', rate = 0.05, end = 0.375 }";
        let fallen = format!("temperature = {}", 0.8 * f64::exp(-0.2));
        assert_close(&after(decay, 4), &after(&fallen, 0), 1e-9, kind);
        assert_close(&after(decay, 50), &after("temperature = 0.3", 0), 1e-9, kind);
    }
}

#[test]
fn invalid_schedules_are_rejected_with_the_key() {
    for entry in tempered() {
        for (text, words) in [
            ("kind = 'constant'\nwarm-up = 1", "invalid schedule = "),
            ("kind = 'linear'\nsteps = 9\nend = 1.0", "invalid schedule = "),
            ("kind = 'linear'", "invalid schedule.steps = absent"),
            ("kind = 'cosine'\nsteps = 3\nwarm-up = 3", "invalid schedule.steps = 3"),
            ("kind = 'linear'\nsteps = 3\nend = -1.0", "invalid schedule.end = -1"),
            ("kind = 'step'\nevery = 0\nfactor = 0.5", "invalid schedule.every = 0"),
            ("kind = 'step'\nevery = 2\nfactor = nan", "invalid schedule.factor = NaN"),
            ("kind = 'exponential'\nrate = inf", "invalid schedule.rate = inf"),
            ("kind = 'sudden'", "invalid schedule = "),
        ] {
            let parameters = Table::from_iter([("schedule".to_owned(), table(text).into())]);
            let message = rejection(&entry, parameters);
            assert!(message.contains(words) && message.contains(entry.name), "{text}: {message}");
        }
    }
}

#[test]
fn a_learned_temperature_has_no_schedule() {
    let rebar = Registry::standard().get("rebar").unwrap().clone();
    let parameters = "learned = true\nschedule = { kind = 'linear', steps = 9 }";
    let message = rejection(&rebar, table(parameters));
    assert!(message.contains("invalid schedule = "), "{message}");
    assert!(message.contains("learned"), "{message}");
}

/// An estimator that is unbiased at one temperature only is not unbiased with a schedule.
#[test]
fn with_a_schedule_only_claims_for_all_temperatures_remain() {
    let dims = exponential().dims;
    for entry in tempered() {
        let unbiased =
            |text: &str| entry.build(table(text)).unwrap().build_f64().properties(dims).unbiased;
        let (constant, scheduled) =
            (unbiased(""), unbiased("schedule = { kind = 'linear', steps = 9 }"));
        let expected = match constant {
            Unbiased::Linear | Unbiased::Quadratic => Unbiased::Never,
            any => any,
        };
        assert_eq!(scheduled, expected, "{}", entry.name);
    }
}
