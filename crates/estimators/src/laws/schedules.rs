//! Schedules of temperatures, for kinds with the parameters `schedule` and `temperature`.

use super::agreement;
use super::claims::{each, one_and_many};
use super::law::{Broken, Law, Outcome, ensure};
use super::variants::Variant;
use crate::{Dims, Entry, Estimator, Noise, Schedule, Unbiased};
use toml::Table;

pub(super) const LAWS: &[Law] = &[
    Law {
        name: "schedule",
        statement: "with a `schedule` has the scheduled temperature at each step",
        check: temperatures_follow,
    },
    Law {
        name: "schedule-claims",
        statement: "with a `schedule` claims nothing that holds at one temperature only",
        check: claims,
    },
    Law {
        name: "schedule-values",
        statement: "rejects invalid schedules, and names the key",
        check: values,
    },
];

/// One schedule of each kind, and one that leaves the range of temperatures.
const SCHEDULES: [&str; 6] = [
    "kind = 'constant'\nwarm-up = 4",
    "kind = 'linear'\nsteps = 6\nend = 0.25",
    "kind = 'cosine'\nwarm-up = 2\nsteps = 8\nend = 2.0",
    "kind = 'step'\nevery = 2\nfactor = 0.5",
    "kind = 'exponential'\nrate = 0.3\nend = 0.4",
    "kind = 'linear'\nsteps = 3\nend = 0.0",
];

/// A kind with its default parameters, if it has a schedule; the keys of its temperatures.
fn scheduled(variant: &Variant) -> Option<(&Entry, Vec<String>)> {
    let (entry, keys) = (variant.entry(), variant.entry().keys());
    let temperatures = entry.defaults().into_iter().filter(|(key, _)| key.ends_with("temperature"));
    let temperatures: Vec<String> = temperatures.map(|(key, _)| key).collect();
    let has = keys.iter().any(|key| key == "schedule") && !temperatures.is_empty();
    (variant.is_default() && has).then_some((entry, temperatures))
}

fn table(text: &str) -> Result<Table, Broken> {
    text.parse().map_err(|error| Broken(format!("{text}: {error}")))
}

fn with_schedule(text: &str) -> Result<Table, Broken> {
    Ok(Table::from_iter([("schedule".to_owned(), table(text)?.into())]))
}

fn build(entry: &Entry, parameters: Table) -> Result<Box<dyn Estimator<f64>>, Broken> {
    Ok(entry.build(parameters).map_err(crate::Error::from)?.build_f64())
}

fn temperatures_follow(variant: &Variant) -> Outcome {
    let Some((entry, keys)) = scheduled(variant) else { return Ok(0) };
    let mut cases = 0;
    for text in SCHEDULES {
        let schedule: Schedule = toml::from_str(text).map_err(|error| error.to_string())?;
        for step in 0..10 {
            // Constant temperatures, which are the scheduled ones at this step.
            let defaults = entry.defaults();
            let constant = keys.iter().map(|key| {
                let start = defaults[key].as_float().unwrap_or(1.0);
                (key.clone(), (start * schedule.factor(step)).max(1e-30).into())
            });
            let constant: Table = constant.collect();
            cases += each(variant, one_and_many(), |problem| {
                let mut scheduled = build(entry, with_schedule(text)?)?;
                (0..step).try_for_each(|_| scheduled.advance())?;
                let draw = |estimator: &mut dyn Estimator<f64>| {
                    problem.estimates(estimator, 20, &mut Noise::named(&["scheduled"]))
                };
                let expected = draw(&mut *build(entry, constant.clone())?)?;
                let place = format!("{} with {text:?} at step {step}", problem.name);
                agreement::close(&draw(&mut *scheduled)?, &expected, 0.0, &place)?;
                Ok(1)
            })?;
        }
    }
    Ok(cases)
}

/// An estimator that is unbiased at one temperature only is not unbiased with a schedule.
fn claims(variant: &Variant) -> Outcome {
    let Some((entry, keys)) = scheduled(variant) else { return Ok(0) };
    let dims = Dims { batch: 1, latents: 1, categories: 4 };
    let unbiased = |parameters: Table| -> Result<Unbiased, Broken> {
        Ok(build(entry, parameters)?.properties(dims).unbiased)
    };
    let found = unbiased(with_schedule("kind = 'linear'\nsteps = 9")?)?;
    let elsewhere = keys.into_iter().map(|key| (key, 0.37.into())).collect();
    let (default, elsewhere) = (unbiased(Table::new())?, unbiased(elsewhere)?);
    let expected = match default {
        Unbiased::Linear | Unbiased::Quadratic if elsewhere != default => Unbiased::Never,
        any => any,
    };
    ensure!(found == expected, "expected the claim {expected:?} with a schedule, found {found:?}");
    Ok(1)
}

fn values(variant: &Variant) -> Outcome {
    let Some((entry, _)) = scheduled(variant) else { return Ok(0) };
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
        let found = match entry.build(with_schedule(text)?) {
            Err(error) => error.to_string(),
            Ok(_) => "none".to_owned(),
        };
        let is_named = found.contains(words) && found.contains(entry.name);
        ensure!(
            is_named,
            "{text:?}: expected an error with `{words}` and the name of the kind, found {found}"
        );
    }
    Ok(1)
}
