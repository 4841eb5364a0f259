//! Tasks, optimizers and schedules in experiments.

use crate::support::{Lab, edited, errors, row};

const VAE: &str = r#"question = "Which estimator trains an autoencoder?"
seeds = 2
steps = 20
evaluate-every = 10
batch = 8

[optimizer]
learning-rate = 0.01

[task]
kind = "categorical-vae"
latents = 2
categories = 3
hidden = [8]
pixels = 16
rows = 40
validation-rows = 20

[[estimator]]
kind = "straight-through"
[[estimator]]
kind = "reinforce-loo"
"#;

/// A task with its own ranking metric, a reference value and pictures.
#[test]
fn a_task_brings_its_own_metrics() {
    let lab = Lab::new();
    lab.write("vae.toml", VAE);
    lab.ok("sweep vae.toml");
    let table = lab.read("results/vae/table.csv");
    assert!(table.contains(",negative-elbo,2,0,") && table.contains(",divergence,2,0,"), "{table}");
    let summary = lab.read("results/vae/summary.json");
    assert!(summary.contains("\"negative-elbo\": [") && summary.contains("\"pixel-entropy\": ["));
    let report = lab.read("results/vae/report.html");
    for words in ["negative ELBO, nats", "entropy of the pixels", "above their reconstructions"] {
        assert!(report.contains(words), "{words}");
    }
    let pictures: Vec<String> = crate::support::entries(&lab.path("results/vae/artifacts"))
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(pictures.len(), 2, "{pictures:?}");
    assert!(pictures[0].ends_with("-reinforce-loo-reconstructions.png"), "{pictures:?}");
    let records = lab.read("results/vae/runs.jsonl");
    // Only the first seed keeps pictures.
    assert_eq!(records.matches("\"png\":\"").count(), 2);
    lab.ok("report vae.toml");
}

/// Over several tasks, the report says how often an estimator beats the reference.
#[test]
fn estimators_are_compared_across_tasks() {
    let five = ("seeds = 3", "seeds = 5");
    let lab = Lab::with(&[("categories = 3", "sweep.categories = [3, 4]"), five]);
    lab.ok("sweep tiny.toml");
    let report = lab.read("results/tiny/report.html");
    assert!(report.contains("Across tasks") && lab.path("results/tiny/plots/profile.svg").exists());
    // Computed independently from the losses of all pairs of runs, each at its best validation step.
    let table = lab.read("results/tiny/runs.jsonl");
    let records: Vec<serde_json::Value> =
        table.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let finals = |estimator: &str, categories: u64| -> Vec<f64> {
        let ours = records.iter().filter(|record| {
            let run = record["run"].to_string();
            run.contains(estimator) && run.contains(&format!("\"categories\":{categories}"))
        });
        ours.map(|record| {
            let loss = |metric: &str, step: usize| {
                record["curves"]["metrics"][metric][step].as_f64().unwrap()
            };
            let validation = |step: &usize| loss("validation-loss", *step);
            let best = (0..3).min_by(|a, b| validation(a).total_cmp(&validation(b)));
            loss("test-loss", best.unwrap())
        })
        .collect()
    };
    let wins = [3, 4].map(|categories| {
        let (soft, exact) =
            (finals("\"temperature\":0.5", categories), finals("exact", categories));
        assert_eq!((soft.len(), exact.len()), (5, 5));
        let won = soft.iter().flat_map(|x| exact.iter().map(move |y| u8::from(x < y)));
        f64::from(won.sum::<u8>()) / 25.0
    });
    let expected = format!("{:.0} % [", 50.0 * (wins[0] + wins[1]));
    let across = crate::support::table(&report, "Across tasks");
    let row = &row(&across, "soft-argmax temperature=0.5")[1];
    assert!(row.starts_with(&expected), "{expected} in {row}");
    // With one task there is nothing to compare across.
    lab.ok("report tiny.toml --set task.categories=3 --force");
    assert!(!lab.read("results/tiny/report.html").contains("Across tasks"));
}

/// Each task is ranked by its own metric.
#[test]
fn tasks_with_different_metrics_share_an_experiment() {
    let lab = Lab::new();
    let toy = "[[task]]\nkind = \"bernoulli-toy\"\n[[task]]\nkind = \"categorical-vae\"";
    lab.write("both.toml", VAE.replace("[task]\nkind = \"categorical-vae\"", toy));
    lab.ok("sweep both.toml");
    let plots: Vec<String> = crate::support::entries(&lab.path("results/both/plots"))
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        plots,
        [
            "convergence-negative-elbo-by-evaluations",
            "convergence-negative-elbo",
            "convergence-validation-loss-by-evaluations",
            "convergence-validation-loss",
            "divergence",
            "final-negative-elbo",
            "final-validation-loss",
            "overview",
            "probability",
            "profile"
        ]
    );
    let summary = lab.read("results/both/summary.json");
    assert!(summary.contains("\"validation-loss\": [") && summary.contains("\"negative-elbo\": ["));
    // A figure needs a metric that all of them have.
    let figure =
        "[[figure]]\nkind = \"sensitivity\"\nx = \"estimator.samples\"\ny = \"divergence\"\n";
    lab.write("bad.toml", format!("{}{figure}", lab.read("both.toml")));
    let said = errors(&lab.run("sweep bad.toml"));
    assert!(said.contains("figure.y, task `bernoulli-toy`: unknown metric `divergence`"), "{said}");
}

fn losses(lab: &Lab, optimizer: &str) -> String {
    lab.write("tiny.toml", edited(&[("learning-rate = 0.01", optimizer)]));
    lab.ok("sweep tiny.toml --fresh --quiet --estimator exact --force");
    let table = lab.read("results/tiny/table.csv");
    table.lines().find(|line| line.contains(",test-loss,")).unwrap().to_owned()
}

#[test]
fn optimizer_options_change_training() {
    let lab = Lab::new();
    let plain = losses(&lab, "learning-rate = 0.01");
    assert_eq!(losses(&lab, "learning-rate = 0.01\nclip-norm = 1e9"), {
        plain.replace("adam learning-rate=0.01", "adam clip-norm=1000000000 learning-rate=0.01")
    });
    let mut seen = vec![];
    for option in [
        "clip-norm = 0.01",
        "clip-value = 0.001",
        "weight-decay = 0.5",
        "entropy-bonus = 1.0",
        "schedule = { kind = \"cosine\" }",
        "schedule = { kind = \"linear\", warm-up = 10 }",
        "schedule = { kind = \"step\", every = 5, factor = 0.5 }",
    ] {
        let line = losses(&lab, &format!("learning-rate = 0.01\n{option}"));
        let value = line.rsplit(',').nth(2).unwrap().to_owned();
        assert!(!plain.contains(&value) && !seen.contains(&value), "{option}: {line}");
        seen.push(value);
    }
    // A schedule without an end lasts for the whole run, and the resolved experiment says so.
    losses(&lab, "learning-rate = 0.01\nschedule = { kind = \"cosine\" }");
    let resolved = lab.read("results/tiny/experiment.toml");
    assert!(
        resolved.contains("steps = 20") && resolved.contains("kind = \"cosine\""),
        "{resolved}"
    );
}

#[test]
fn schedules_that_change_nothing_are_rejected() {
    let lab = Lab::new();
    for (from, to, words) in [
        (
            "learning-rate = 0.01",
            "learning-rate = 0.01\nschedule = { kind = \"step\", every = 20, factor = 0.5 }",
            "adam.schedule",
        ),
        (
            "sweep.temperature = [0.5, 1.0]",
            "schedule = { kind = \"step\", every = 20, factor = 0.5 }",
            "soft-argmax.schedule",
        ),
        (
            "sweep.temperature = [0.5, 1.0]",
            "schedule = { kind = \"linear\", end = 1.0 }",
            "changes something",
        ),
    ] {
        lab.write("tiny.toml", edited(&[(from, to)]));
        let output = lab.run("sweep tiny.toml");
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{to}: {said}");
    }
    let gradient = "[protocol]\nkind = \"gradient\"\ndraws = 10\n[task]";
    let estimator = "schedule = { kind = \"linear\" }";
    let text = edited(&[
        ("[task]", gradient),
        ("sweep.temperature = [0.5, 1.0]", estimator),
        ("steps = 20\nevaluate-every = 10\n", ""),
        ("[optimizer]\nkind = \"adam\"\nlearning-rate = 0.01\n", ""),
    ]);
    lab.write("tiny.toml", text);
    let said = errors(&lab.run("sweep tiny.toml"));
    assert!(said.contains("schedule"), "{said}");
}
