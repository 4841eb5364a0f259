//! The gradient protocol, which measures without training, and expected values of its metrics.

use crate::support::{Lab, errors};

const TOY: &str = r#"question = "How much do samples help?"
seeds = 5
batch = 1

[protocol]
kind = "gradient"
draws = 4000

[task]
kind = "bernoulli-toy"

[[estimator]]
kind = "reinforce-loo"
sweep.samples = [2, 4]
[[estimator]]
kind = "unordered-set"
samples = 8

[[figure]]
kind = "sensitivity"
x = "estimator.samples"
y = "total-variance"

[expected]
file = "known.csv"
source = "By enumeration."
"#;

/// Variances of the toy at a logit of 0: with two and four samples, and with all eight outcomes.
const KNOWN: &str = "estimator.kind,estimator.samples,metric,value\n\
                     reinforce-loo,2,total-variance,0.007275\n\
                     reinforce-loo,4,total-variance,0.0019875\n\
                     unordered-set,,total-variance,0\n";

fn toy(known: &str) -> Lab {
    let lab = Lab::new();
    lab.write("toy.toml", TOY);
    lab.write("known.csv", known);
    lab
}

#[test]
fn measurements_agree_with_expected_values() {
    let lab = toy(KNOWN);
    lab.ok("sweep toy.toml --jobs 2");
    let expected = lab.read("results/toy/expected.csv");
    let rows: Vec<Vec<&str>> =
        expected.lines().skip(1).map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 3, "{expected}");
    for row in &rows[..2] {
        let deviation: f64 = row[8].parse().unwrap();
        assert!(deviation.abs() < 0.1, "{row:?}");
        let [iqm, low, high] = [5, 6, 7].map(|column| row[column].parse::<f64>().unwrap());
        assert!(low < iqm && iqm < high, "{row:?}");
    }
    // Round-off residue counts as zero variance.
    assert_eq!(rows[2][4..], ["0", "0", "0", "0", ""], "{expected}");
    let report = lab.read("results/toy/report.html");
    assert!(report.contains("(expanded percentile bootstrap)"));
    assert!(report.contains("Expected values") && report.contains("By enumeration."));
    assert!(lab.path("results/toy/plots/sensitivity-1.svg").exists());
    assert!(!lab.path("results/toy/plots/convergence.svg").exists());

    lab.ok("sweep toy.toml --jobs 1 --results one");
    for file in ["table.csv", "expected.csv", "summary.json", "report.html"] {
        let of = |results: &str| lab.read(&format!("{results}/toy/{file}"));
        assert_eq!(of("results"), of("one"), "{file}");
    }
    let said = lab.ok("plan toy.toml");
    assert!(said.contains("15 runs: 15 done"), "{said}");
    // Expected values of estimators that are not selected are not an error.
    lab.ok("sweep toy.toml --estimator unordered-set --results some");
}

#[test]
fn expected_values_without_a_cell_are_rejected() {
    for (from, to, named) in [
        ("unordered-set,,", "unordered-set,7,", ["known.csv, line 4", "no cell"]),
        ("reinforce-loo,4,", "reinforce-loo,,", ["known.csv, line 3", "2 cells"]),
        (",0.0019875", ",many", ["known.csv, line 3", "value = many"]),
        ("estimator.samples", "samples", ["unknown column `samples`", "estimator."]),
        (",value", ",values", ["known.csv", "no column `value`"]),
    ] {
        let lab = toy(&KNOWN.replacen(from, to, 1));
        let output = lab.run("sweep toy.toml");
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(named.iter().all(|word| said.contains(word)), "{said}");
    }
    let lab = Lab::new();
    lab.write("toy.toml", TOY);
    assert!(errors(&lab.run("sweep toy.toml")).contains("known.csv"));
}

#[test]
fn some_cells_have_more_draws() {
    let lab = toy(KNOWN);
    let more = "draws = 400\ncells = [{ times = 3, estimator = { kind = \"reinforce-loo\", samples = 4 } }]";
    lab.write("toy.toml", TOY.replace("draws = 4000", more));
    lab.ok("sweep toy.toml");
    // The set of all outcomes is deterministic, so two draws are enough.
    let draws = |label: &str| -> String {
        let table = lab.read("results/toy/table.csv");
        let of_draws = |row: &&str| row.contains(label) && row.contains(",draws,");
        let row = table.lines().find(of_draws).unwrap_or_else(|| panic!("{label} in {table}"));
        row.split(',').find(|field| ["2", "400", "1200"].contains(field)).unwrap_or(row).to_owned()
    };
    assert_eq!(["loo samples=2", "loo samples=4"].map(draws), ["400", "1200"]);
    lab.ok("report toy.toml");

    for (from, to, named) in [
        ("samples = 4 }", "samples = 9 }", "no cell matches"),
        ("samples = 4 }", "sampls = 4 }", "did you mean `estimator.samples`"),
        ("times = 3", "times = 0", "protocol.cells.times = 0"),
    ] {
        lab.write("bad.toml", TOY.replace("draws = 4000", &more.replace(from, to)));
        let output = lab.run("sweep bad.toml");
        assert_eq!(output.status.code(), Some(2));
        assert!(errors(&output).contains(named), "{}", errors(&output));
    }
}

/// Codes of so many latents cannot be enumerated: only the variance is measured, and drawn.
#[test]
fn without_the_exact_gradient_there_is_the_variance() {
    let lab = Lab::new();
    lab.write(
        "codes.toml",
        r#"question = "Which estimates scatter least?"
seeds = 2
steps = 4
evaluate-every = 2
batch = 4
[task]
kind = "categorical-vae"
latents = 30
categories = 10
hidden = [8]
pixels = 4
rows = 20
validation-rows = 5
test-rows = 5
[gradient]
every = 2
draws = 50
[[estimator]]
kind = "reinforce"
[[estimator]]
kind = "reinforce-loo"
samples = 4
[[estimator]]
kind = "soft-argmax"
"#,
    );
    lab.ok("sweep codes.toml --quiet");
    let records = lab.read("results/codes/runs.jsonl");
    let of = |kind: &str, metric: &str| -> Vec<Option<f64>> {
        let of_kind = records.lines().filter(|line| line.contains(&format!("\"kind\":\"{kind}\"")));
        let record = of_kind.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let values = |record: serde_json::Value| record["gradient"]["metrics"][metric].clone();
        let values = record.flat_map(|record| values(record).as_array().unwrap().clone());
        values.map(|value| value.as_f64()).collect()
    };
    let [one, four, none] = ["reinforce", "reinforce-loo", "soft-argmax"]
        .map(|kind| of(kind, "total-variance").into_iter().collect::<Option<Vec<f64>>>().unwrap());
    assert!(one.len() == 6 && one.iter().zip(&four).all(|(one, four)| one > four), "{one:?}");
    assert!(four.iter().all(|variance| *variance > 0.0) && none == [0.0; 6], "{four:?} {none:?}");
    assert!(!records.contains("squared-bias"));
    assert!(lab.path("results/codes/plots/variance.svg").exists());
    assert!(!lab.path("results/codes/plots/bias-variance.svg").exists());
}
