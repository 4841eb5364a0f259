//! Schedules inside the parameters of estimators and optimizers. A schedule without an end of its own
//! ends with the run.

use anyhow::Result;
use estimators::Schedule;
use registry::{Fault, Variant};
use schemars::Schema;
use serde::Deserialize;
use toml::{Table, Value};

/// The parameters that a schema describes as schedules.
fn keys(schema: &Schema) -> Vec<String> {
    let is_schedule =
        |property: &serde_json::Value| property.to_string().contains("#/$defs/Schedule");
    let properties = schema.get("properties").and_then(|properties| properties.as_object());
    let schedules = properties.into_iter().flatten().filter(|(_, property)| is_schedule(property));
    schedules.map(|(key, _)| key.clone()).collect()
}

/// Tells the schedules that need to know it how long a run is. What is not a valid schedule stays as
/// it is, to be rejected where parameters are read.
pub(super) fn complete(schema: &Schema, parameters: &mut Table, steps: Option<u64>) {
    let Some(steps) = steps else { return };
    for key in keys(schema) {
        let Some(value) = parameters.get_mut(&key) else { continue };
        let Ok(schedule) = Schedule::deserialize(value.clone()) else { continue };
        if let Ok(completed) = Value::try_from(schedule.ending_after(steps)) {
            *value = completed;
        }
    }
}

/// Rejects schedules that change nothing in a run of `steps` steps, or without steps.
pub(super) fn check<T>(schema: &Schema, variant: &Variant<T>, steps: Option<u64>) -> Result<()> {
    for key in keys(schema) {
        let Some(value) = variant.parameters.get(&key) else { continue };
        let schedule = Schedule::deserialize(value.clone())?;
        let expected = match steps {
            None => "no schedule, as no steps are taken".to_owned(),
            Some(steps) if schedule.changes_within(steps) => continue,
            Some(steps) => format!("a schedule that changes something within {steps} steps"),
        };
        return Err(Fault::value(&format!("{}.{key}", variant.kind), value, expected).into());
    }
    Ok(())
}
