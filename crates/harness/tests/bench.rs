//! What `harness bench` prints. Speed is not tested.

use anyhow::Result;
use assert_cmd::Command;
use serde_json::Value;

fn bench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
    command.args(["bench", "--jobs", "1"]).args(arguments);
    command
}

fn lines(arguments: &[&str]) -> Result<Vec<Value>> {
    let mut command = bench(&["--seconds", "0.05", "--format", "json"]);
    let text =
        String::from_utf8(command.args(arguments).assert().success().get_output().stdout.clone())?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

#[test]
fn a_line_for_each_estimator_asked_for() {
    let lines = lines(&["--estimator", "exact", "--estimator", "reinforce-loo"]).unwrap();
    let kinds: Vec<&Value> = lines.iter().map(|line| &line["estimator"]).collect();
    assert_eq!(kinds, ["exact", "reinforce-loo"]);
    for line in &lines {
        assert_eq!(line["workload"], "argmax-index");
        assert_eq!(line["jobs"], 1);
        for key in ["us_per_step_per_core", "seed_steps_per_second", "validation_loss"] {
            assert!(line[key].as_f64().is_some_and(|x| x > 0.0), "{key} of {line}");
        }
    }
}

#[test]
fn all_estimators_of_the_workload_by_default() {
    for workload in harness::throughput::WORKLOADS {
        let kinds: Vec<&str> = workload.estimators.iter().map(|(kind, _)| *kind).collect();
        let lines = lines(&["--workload", workload.name]).unwrap();
        assert_eq!(lines.iter().map(|line| &line["estimator"]).collect::<Vec<_>>(), kinds);
        let trains = |line: &Value| line["validation_loss"].as_f64().is_some_and(|x| x > 0.0);
        assert!(lines.iter().all(trains), "{lines:?}");
    }
}

#[test]
fn what_cannot_be_timed_is_rejected_with_a_reason() {
    for (arguments, said) in [
        (["--estimator", "exakt"], "exact"),
        (["--estimator", "arm"], "arm does not support the workload argmax-index"),
        (["--workload", "argmin"], "argmax-index"),
        (["--workload", "vea"], "vae"),
        (["--seconds", "0"], "above 0"),
    ] {
        let output = bench(&[]).args(arguments).assert().code(2).get_output().clone();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(said), "{arguments:?}: {message}");
    }
}
