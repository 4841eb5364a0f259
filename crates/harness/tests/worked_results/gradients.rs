//! Measurements of gradients, and expected values.

use super::*;

const GRADIENT: &str = r#"question = "Which of these numbers is round-off?"
seeds = 5
batch = 1

[protocol]
kind = "gradient"
draws = 2

[task]
kind = "bernoulli-toy"

[[estimator]]
kind = "reinforce-loo"
sweep.samples = [2, 4]

[expected]
file = "expected.csv"
source = "Made up."
"#;

/// With a gradient of norm 10, a variance of up to 1e-18 is round-off and counts as 0.
#[test]
fn gradients_by_hand() {
    let lab = Lab::new();
    let known = [(2, "total-variance", 8.0), (4, "total-variance", 0.0), (2, "squared-bias", 0.0)];
    let rows = known.map(|(samples, metric, x)| format!("reinforce-loo,{samples},{metric},{x}\n"));
    let header = "estimator.kind,estimator.samples,metric,value\n";
    lab.write("expected.csv", format!("{header}{}", rows.concat()));
    let report = |residue: f64| {
        lab.write("known.toml", GRADIENT);
        lab.write("text.md", "<!-- ranking known -->\n<!-- end ranking -->\n");
        lab.ok("sweep known.toml --no-report --fresh");
        let path = "results/known/runs.jsonl";
        let changed = |line: &str| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            let is_first = record["run"]["estimator"]["parameters"]["samples"] == 2;
            let variance = if is_first { 10.0 } else { residue };
            let (error, bias) = if is_first { (14.0, 0.04) } else { (variance, 0.0) };
            record["gradient"]["metrics"] = json!({ "total-variance": [variance],
                "squared-bias": [100.0 * bias], "relative-squared-bias": [bias],
                "mean-squared-error": [error], "cosine": [1.0], "exact-norm": [10.0],
                "draws": [2.0] });
            format!("{record}\n")
        };
        let lines: String = lab.read(path).lines().map(changed).collect();
        lab.write(path, lines);
        lab.ok("report known.toml --readme text.md");
        (lab.read("results/known/expected.csv"), lab.read("text.md"))
    };
    let (expected, text) = report(0.9e-18);
    let rows: Vec<&str> = expected.lines().skip(1).collect();
    // 10 is a quarter more than 8; nothing is relative to 0.
    let place = "bernoulli-toy,reinforce-loo samples=";
    assert_eq!(rows[0], format!("{place}2,total-variance,5,8,10,10,10,0.25"));
    assert_eq!(rows[1], format!("{place}4,total-variance,5,0,0,0,0,"));
    assert_eq!(rows[2], format!("{place}2,squared-bias,5,0,4,4,4,"));
    // The relative bias is √0.04. The first is the one of least error.
    let zero = "0.00 [0.00, 0.00]";
    let best = format!("| 1–2 | `reinforce-loo samples=4` | {zero} | {zero} | {zero} | 5 |");
    let other = "| 1–2 | `reinforce-loo samples=2` | 14.0 [14.0, 14.0] | 10.0 [10.0, 10.0] | \
                 0.200 [0.200, 0.200] | 5 |";
    assert!(text.contains(&best) && text.contains(other), "{text}");
    let (expected, text) = report(1.1e-18);
    assert!(expected.contains("4,total-variance,5,0,1.1e-18,1.1e-18,1.1e-18,"), "{expected}");
    assert!(text.contains("| 1.10e−18 [1.10e−18, 1.10e−18] |"), "{text}");
}
