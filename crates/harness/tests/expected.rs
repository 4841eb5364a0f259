//! Known values at steps, and within tolerances.

use crate::support::{Lab, errors, row, table};

const POLYNOMIAL: &str = r#"question = "Do losses fall as published?"
seeds = 5
steps = 20
evaluate-every = 10
batch = 4

[optimizer]
learning-rate = 0.05

[task]
kind = "polynomial"
latents = 6
initial-scale = 0.0

[[estimator]]
kind = "indecater"
[[estimator]]
kind = "straight-through"

[expected]
file = "known.csv"
source = "By hand."
"#;

/// At logits of 0, the expected loss is the mean of 0.45² and 0.55².
const KNOWN: &str = "estimator.kind,metric,step,value,tolerance,relative-tolerance\n\
                     indecater,expected-loss,0,0.2525,1e-12,\n\
                     indecater,expected-loss,,0.9,0.001,\n\
                     indecater,training-loss,10,0.25,,0.05\n\
                     straight-through,entropy,20,0.5,,\n";

fn lab(known: &str) -> Lab {
    let lab = Lab::new();
    lab.write("toy.toml", POLYNOMIAL);
    lab.write("known.csv", known);
    lab
}

#[test]
fn values_at_steps_are_met_or_missed() {
    let lab = lab(KNOWN);
    lab.ok("sweep toy.toml");
    let expected = lab.read("results/toy/expected.csv");
    let mut lines = expected.lines();
    assert_eq!(
        lines.next(),
        Some(
            "task,estimator,metric,step,n,expected,iqm,low,high,relative-deviation,tolerance,verdict"
        )
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let ends = |row: &[&str]| [row[3].to_owned(), row[10].to_owned(), row[11].to_owned()];
    assert_eq!(ends(&rows[0]), ["0", "1e-12", "met"]);
    assert_eq!(rows[0][6], "0.2525");
    assert_eq!(ends(&rows[1]), ["", "0.001", "missed"]);
    assert_eq!(ends(&rows[2]), ["10", "0.0125", "met"]);
    assert_eq!(ends(&rows[3]), ["20", "", ""]);
    // The value at a step is that of the curve.
    let curves = lab.read("results/toy/curves.csv");
    let at = |step: &str| {
        let of = |line: &&str| line.contains("indecater") && line.contains(",training-loss,");
        let line = curves.lines().filter(of).find(|line| line.split(',').nth(4) == Some(step));
        line.map(|line| line.split(',').nth(5).unwrap().to_owned())
    };
    assert_eq!(at("10").as_deref(), Some(rows[2][6]));
    assert_eq!(at("0"), None, "before the first step there is no training loss");
    assert!(at("20").is_some());
    let report = lab.read("results/toy/report.html");
    let shown = table(&report, "Expected values");
    let verdicts: Vec<&str> = shown.iter().filter_map(|row| row.last()).map(|x| &**x).collect();
    assert_eq!(verdicts, ["verdict", "met (±1.00e−12)", "missed (±0.00100)", "met (±0.0125)", "–"]);
    assert_eq!(row(&shown, "indecater")[2], "0");
    assert_eq!(shown[2][2..4], ["last", "0.9000"], "as many digits as the tolerance needs");
    assert!(report.contains("Ring: known value."), "the curves show known values");
    assert!(report.contains("In the training steps between two points."));
    let summary = lab.read("results/toy/summary.json");
    assert!(summary.contains("\"met\": 2") && summary.contains("\"missed\": 1"), "{summary}");
    // A shorter run is a part: what it does not measure is left out.
    lab.ok("sweep toy.toml --set steps=10 --results short");
}

#[test]
fn steps_and_tolerances_that_cannot_be_are_refused() {
    for (from, to, named) in [
        ("0,0.2525", "7,0.2525", ["line 2", "step = 7", "every 10"]),
        ("0,0.2525", "30,0.2525", ["line 2", "step = 30", "from 0 to 20"]),
        ("0,0.2525", "-1,0.2525", ["line 2", "step = -1", "a whole number"]),
        ("training-loss,10", "training-loss,0", ["line 4", "step = 0", "from 1 to 20"]),
        ("training-loss,10", "training-los,10", ["line 4", "training-los", "did you mean"]),
        ("0.001,\n", "-0.001,\n", ["line 3", "tolerance = -0.001", "from 0 up"]),
        ("0.001,\n", "0.001,0.1\n", ["line 3", "not both", ""]),
        ("entropy,20", "entropy,", ["", "", ""]),
        (
            "straight-through,entropy,20,0.5,,",
            "indecater,expected-loss,0,0.2,,",
            ["line 5", "appears twice", ""],
        ),
    ] {
        let lab = lab(&KNOWN.replacen(from, to, 1));
        let output = lab.run("plan toy.toml");
        let said = errors(&output);
        let is_valid = named.iter().all(|word| word.is_empty());
        assert_eq!(output.status.code(), Some(if is_valid { 0 } else { 2 }), "{to}: {said}");
        assert!(named.iter().all(|word| said.contains(word)), "{to}: {said}");
    }
}

/// Values of cells that differ in what was tuned alone have the setting beside them, without the words that all
/// have.
#[test]
fn values_of_settings_name_them() {
    let lab = Lab::new();
    let known = "estimator.kind,optimizer.learning-rate,metric,step,value,tolerance\n\
                 indecater,0.05,expected-loss,0,0.2525,1e-12\n\
                 indecater,0.1,expected-loss,0,0.2525,1e-12\n";
    lab.write("known.csv", known);
    let toy = POLYNOMIAL.replace("learning-rate = 0.05", "sweep.learning-rate = [0.05, 0.1]");
    lab.write("toy.toml", &toy);
    lab.write("README.md", "<!-- published toy -->\n<!-- end published -->\n");
    lab.ok("sweep toy.toml");
    lab.ok("report toy.toml --readme README.md");
    let expected = lab.read("results/toy/expected.csv");
    let mut lines = expected.lines();
    assert!(lines.next().unwrap().starts_with("task,estimator,optimizer,metric,step,n,"));
    let settings: Vec<&str> = lines.map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(settings, ["adam learning-rate=0.05", "adam learning-rate=0.1"]);
    let readme = lab.read("README.md");
    assert!(readme.contains("| estimator | setting | step |"), "{readme}");
    assert!(readme.contains("| indecater | learning-rate=0.05 | 0 |"), "{readme}");
}

/// With more outcomes than can be enumerated, estimates are compared with the gradient that the task knows.
#[test]
fn gradients_of_many_latents_are_measured() {
    let lab = Lab::new();
    let known = "estimator.kind,metric,step,value,tolerance\n\
                 indecater,total-variance,10,0,1e-12\n";
    lab.write("known.csv", known);
    let measured = "[gradient]\nevery = 10\ndraws = 64\n\n[expected]";
    let toy = POLYNOMIAL.replace("latents = 6", "latents = 40").replace("[expected]", measured);
    lab.write("toy.toml", &toy);
    lab.ok("sweep toy.toml");
    let expected = lab.read("results/toy/expected.csv");
    assert!(expected.trim_end().ends_with(",met"), "{expected}");
    let finals = lab.read("results/toy/table.csv");
    let variance =
        |line: &&str| line.contains("straight-through") && line.contains("total-variance");
    let line = finals.lines().find(variance).unwrap();
    let variance: f64 = line.split(',').nth(7).unwrap().parse().unwrap();
    assert!(variance > 1e-6, "{line}");
    lab.write("known.csv", known.replace(",10,", ",5,"));
    assert!(errors(&lab.run("plan toy.toml")).contains("step = 5"));
    let protocol = "[protocol]\nkind = \"gradient\"\ndraws = 100\n\n[task]";
    let toy = toy.replace("[task]", protocol).replace("[gradient]\nevery = 10\ndraws = 64\n", "");
    let toy: String = toy
        .lines()
        .filter(|line| {
            !["steps", "evaluate", "[optimizer]", "learning"].iter().any(|w| line.starts_with(w))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    lab.write("toy.toml", toy);
    assert!(errors(&lab.run("plan toy.toml")).contains("no step"));
    lab.write("known.csv", known.replace(",step", "").replace(",10,", ","));
    lab.ok("sweep toy.toml --results drawn");
    assert!(lab.read("drawn/toy/expected.csv").trim_end().ends_with(",met"));
}
