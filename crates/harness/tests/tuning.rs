//! `[tuning]`: every estimator is tuned over the same number of settings.

use crate::support::{EXPERIMENT, Lab, errors, row, table};
use serde_json::Value;

/// A grid of four settings for a kind and a family, and another one for the rest.
const TUNING: &str = r#"
[tuning]
budget = 4
[[tuning.grid]]
for = ["soft-argmax", "Gumbel"]
optimizer.learning-rate = [0.003, 0.03]
estimator.temperature = [0.5, 1.0]
[[tuning.grid]]
optimizer.learning-rate = [0.003, 0.03]
optimizer.entropy-bonus = [0.0, 0.1]
"#;

/// The small experiment without values of what is tuned.
fn tuned() -> String {
    let plain = EXPERIMENT
        .replace("\nlearning-rate = 0.01", "")
        .replace("\nsweep.temperature = [0.5, 1.0]", "");
    format!("{plain}{TUNING}")
}

fn lab(edits: &[(&str, &str)]) -> Lab {
    let lab = Lab::new();
    let text = edits.iter().fold(tuned(), |text, (from, to)| {
        assert!(text.contains(from), "no `{from}` in {text}");
        text.replacen(from, to, 1)
    });
    lab.write("tiny.toml", text);
    lab
}

/// The cells of a plan: estimator, optimizer and runs.
fn cells(lab: &Lab, arguments: &str) -> Vec<(String, String, u64)> {
    let plan: Value =
        serde_json::from_str(&lab.ok(&format!("plan --format json {arguments}"))).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cell = |cell: &Value| {
        (text(&cell["estimator"]), text(&cell["optimizer"]), cell["runs"].as_u64().unwrap())
    };
    plan[0]["cells"].as_array().unwrap().iter().map(cell).collect()
}

#[test]
fn a_plan_counts_the_settings_of_each_estimator() {
    let lab = lab(&[]);
    let rates =
        |bonus: &str, rate: &str| format!("adam entropy-bonus={bonus} learning-rate={rate}");
    let mut expected: Vec<(String, String, u64)> = vec![];
    for bonus in ["0", "0.1"] {
        let of = ["0.003", "0.03"].map(|rate| ("exact".to_owned(), rates(bonus, rate), 3));
        expected.extend(of);
    }
    for temperature in ["0.5", "1"] {
        let of = ["0.003", "0.03"].map(|rate| {
            let estimator = format!("soft-argmax temperature={temperature}");
            (estimator, format!("adam learning-rate={rate}"), 3)
        });
        expected.extend(of);
    }
    let mut found = cells(&lab, "tiny.toml");
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert!(lab.ok("plan tiny.toml").contains("tiny: 8 cells, 24 runs: 0 done"));
    assert_eq!(cells(&lab, "tiny.toml --estimator exact").len(), 4);
}

/// A tile for each setting, with its number, in a panel of the estimator that has both parameters.
#[test]
fn a_heat_map_shows_every_setting() {
    let figure = "[[figure]]\nkind = \"heat-map\"\nx = \"optimizer.learning-rate\"\n\
                  rows = \"estimator.temperature\"\n\n[tuning]";
    let lab = lab(&[("[tuning]", figure)]);
    lab.ok("sweep tiny.toml");
    let svg = lab.read("results/tiny/plots/heat-map-1.svg");
    for (rate, temperature) in [("0.003", "0.5"), ("0.03", "0.5"), ("0.003", "1"), ("0.03", "1")] {
        let title = format!("<title>learning rate {rate}, temperature {temperature}: ");
        assert_eq!(svg.matches(&title).count(), 1, "{title} in {svg}");
    }
    assert!(svg.contains("soft-argmax: best is") && !svg.contains("exact"), "{svg}");
    let report = lab.read("results/tiny/report.html");
    assert!(report.contains("against learning rate and temperature"));
}

/// One row for each estimator, with what was tried, and no warning of unequal numbers.
#[test]
fn a_report_says_what_was_tried() {
    let lab = lab(&[]);
    let output = lab.run("sweep tiny.toml --seeds 5");
    assert!(!errors(&output).contains("between"), "{}", errors(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    let folder = said.split(", in results/").nth(1).unwrap().split_whitespace().next().unwrap();
    let page = lab.read(&format!("results/{folder}/report.html"));
    assert!(page.replace('\n', " ").contains("Each row is the best of 4 settings, chosen by"));
    for (estimator, tried) in [
        ("exact", "entropy-bonus = 0, 0.1; learning-rate = 0.003, 0.03"),
        ("soft-argmax", "learning-rate = 0.003, 0.03; temperature = 0.5, 1"),
    ] {
        let table = table(&page, "What was tried");
        assert_eq!(row(&table, estimator)[1..3], ["4", tried]);
    }
    let budget = lab.read(&format!("results/{folder}/budget.csv"));
    assert_eq!(budget.lines().count(), 1 + 2 * 4, "{budget}");
}

/// Invalid sections: file, key, value and what is allowed, and no run is lost.
#[test]
fn invalid_tuning_is_rejected() {
    let lab = lab(&[]);
    lab.ok("sweep tiny.toml --quiet --estimator exact --force");
    let before = lab.read("results/tiny/runs.jsonl");
    for (from, to, words) in [
        (
            "entropy-bonus = [0.0, 0.1]",
            "entropy-bonus = [0.0, 0.1, 0.2]",
            &["tuning", "grid of `exact` has 6 settings", "the budget is 4"] as &[_],
        ),
        ("budget = 4", "budget = 3", &["tuning", "has 4 settings", "the budget is 3"]),
        (
            "kind = \"adam\"",
            "kind = \"adam\"\nlearning-rate = 0.01",
            &["tuning.grid.optimizer.learning-rate", "`adam learning-rate=0.01`", "given or tuned"],
        ),
        (
            "kind = \"soft-argmax\"",
            "kind = \"soft-argmax\"\ntemperature = 0.5",
            &[
                "tuning.grid.estimator.temperature",
                "`soft-argmax temperature=0.5`",
                "given or tuned",
            ],
        ),
        (
            "\"Gumbel\"",
            "\"Gumble\"",
            &["tuning.grid.for", "unknown kind or family `Gumble`", "did you mean `Gumbel`"],
        ),
        (
            "seeds = 3",
            "seeds = 3\ntuned = [\"optimizer.learning-rate\"]",
            &["`tuned`", "without `tuning`"],
        ),
        ("[0.003, 0.03]", "[]", &["tuning.grid.optimizer.learning-rate = []", "a list of values"]),
        ("[0.003, 0.03]", "[0.003, -1.0]", &["learning-rate = -1", "above 0"]),
        ("estimator.temperature", "estimator.temprature", &["`temprature`", "temperature"]),
        ("for = [", "of = [", &["tuning.grid", "`of`", "for"]),
        ("budget = 4", "budget = 0", &["tuning.budget = 0", "from 1 to"]),
    ] {
        lab.write("tiny.toml", tuned().replacen(from, to, 1));
        for verb in ["plan", "sweep", "report"] {
            let output = lab.run(&format!("{verb} tiny.toml"));
            let said = errors(&output);
            assert_eq!(output.status.code(), Some(2), "{to}: {said}");
            assert!(said.starts_with("error: experiment tiny.toml: "), "{to}: {said}");
            for word in words {
                assert!(said.contains(word), "{to}: no `{word}` in {said}");
            }
        }
        assert_eq!(lab.read("results/tiny/runs.jsonl"), before, "{to}");
    }
    // The last grid is for all that are left.
    let only = tuned().split("[[tuning.grid]]\noptimizer").next().unwrap().to_owned();
    lab.write("tiny.toml", only);
    let said = errors(&lab.run("plan tiny.toml"));
    assert!(said.contains("tuning: no grid is for `exact` or its family"), "{said}");
}

/// The resolved experiment is itself an experiment, with the same runs, settings and results.
#[test]
fn a_resolved_experiment_has_the_same_runs() {
    let more = "[[estimator]]\nkind = \"straight-through\"\nsample = false\n[[estimator]]\n\
                kind = \"straight-through\"\n[[estimator]]\nkind = \"gumbel-softmax\"\n\n[tuning]";
    let lab = lab(&[("[tuning]", more)]);
    lab.ok("sweep tiny.toml");
    let results = lab.results("results/tiny");
    lab.write("again/tiny.toml", lab.read("results/tiny/experiment.toml"));
    assert!(lab.ok("sweep again/tiny.toml --no-report").contains("nothing to do"));
    let [ours, theirs] = ["tiny.toml", "again/tiny.toml"].map(|file| cells(&lab, file).len());
    assert_eq!((ours, theirs), (20, 20));
    let settings = |lab: &Lab| {
        let summary: Value = serde_json::from_str(&lab.read("results/tiny/summary.json")).unwrap();
        summary["settings"].clone()
    };
    let own = settings(&lab);
    lab.ok("report again/tiny.toml");
    assert_eq!(settings(&lab), own);
    let resolved = String::from_utf8(results["experiment.toml"].clone()).unwrap();
    assert_eq!(lab.read("results/tiny/experiment.toml"), resolved, "resolved once and for all");
}

/// Without `[tuning]`, unequal numbers of settings are allowed, and said.
#[test]
fn unequal_numbers_are_warned_of() {
    let lab = Lab::new();
    let unequal =
        EXPERIMENT.replace("steps = 20", "tuned = [\"estimator.temperature\"]\nsteps = 20");
    lab.write("tiny.toml", unequal);
    let output = lab.run("sweep tiny.toml");
    let said = errors(&output);
    let words = "between 1 and 2 settings of each estimator were tried";
    assert!(said.contains(words) && said.contains("`[tuning]`"), "{said}");
    assert!(lab.read("results/tiny/report.html").contains(words));
    // Of the same number nothing is said.
    lab.write("tiny.toml", EXPERIMENT);
    assert!(!errors(&lab.run("sweep tiny.toml")).contains("between"));
}
