//! Schedules of temperatures: which estimators have them, and temperatures computed by hand.

use crate::problem::{Draw, Problem, assert_close, estimator, exponential};
use estimators::{Entry, Estimator, Noise, Registry};
use toml::Table;

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
    assert_eq!(tempered().len(), 13);
    for entry in Registry::standard().entries() {
        let has_schedule = entry.keys().contains(&"schedule".to_owned());
        assert_eq!(has_schedule, !temperatures(entry).is_empty(), "{}", entry.name);
        // An absent schedule is not written: the ids of stored runs must not change.
        assert!(!entry.defaults().contains_key("schedule"), "{}", entry.name);
        let variant = entry.variant(Table::new()).unwrap();
        assert!(!variant.table().contains_key("schedule"), "{}", entry.name);
    }
}

/// With estimates in between, and temperatures computed by hand.
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
fn a_learned_temperature_has_no_schedule() {
    let rebar = Registry::standard().get("rebar").unwrap().clone();
    let parameters = "learned = true\nschedule = { kind = 'linear', steps = 9 }";
    let message = rejection(&rebar, table(parameters));
    assert!(message.contains("invalid schedule = "), "{message}");
    assert!(message.contains("learned"), "{message}");
}
