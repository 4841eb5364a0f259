//! `harness verify`: its verdicts, and what it says of chance.

use super::support::{Lab, errors};
use serde_json::{Value, json};

/// A pick of two values, with the score function and no baseline; the second is rare.
fn table(change: impl Fn(&mut Value)) -> String {
    let p = [0.99, 0.01];
    let (logits, f) = (p.map(f64::ln), [1.0, 4.0]);
    let mean = p[0] * f[0] + p[1] * f[1];
    let gradient = [0, 1].map(|k| p[k] * (f[k] - mean));
    let scores = [2.0 * p[1] * p[1], 2.0 * p[0] * p[0]];
    let second: f64 = (0..2).map(|k| p[k] * f[k] * f[k] * scores[k]).sum();
    let variance = second - gradient.iter().map(|g| g * g).sum::<f64>();
    let mut table = json!({
        "format": 1, "name": "rare", "logits": [[logits]], "exact": { "gradient": [[gradient]] },
        "objective": { "kind": "squared-pick", "values": [[1.0, 2.0]], "targets": [0.0] },
        "estimators": [{ "kind": "reinforce", "baseline": "none", "unbiased": true,
            "mean": [[gradient]], "variance": variance, "value_mean": mean }],
    });
    change(&mut table);
    table.to_string()
}

#[test]
fn a_rare_outcome_is_no_failure_and_a_wrong_mean_is() {
    let lab = Lab::new();
    lab.write("right.json", table(|_| ()));
    lab.write(
        "wrong.json",
        table(|table| {
            table["estimators"][0]["mean"] = json!([[[-0.06, 0.06]]]);
            table["exact"]["gradient"] = json!([[[-0.06, 0.06]]]);
        }),
    );
    for draws in [1, 10, 50, 200, 1000] {
        for seed in 0..3 {
            let said = lab.ok(&format!("verify right.json --draws {draws} --seed {seed}"));
            assert!(said.contains("1 passed, 0 failed"), "{said}");
            assert!(said.contains("at most 1 of a million such checks fail"), "{said}");
        }
    }
    let said = lab.ends(1, "verify wrong.json");
    let failure = "FAIL  reinforce baseline=\"none\": mean[0] is ";
    let (_, rest) = said.split_once(failure).unwrap_or_else(|| panic!("{said}"));
    // Within four standard errors of the true mean, √0.16/√100000.
    let found: f64 = rest.split([' ', ',', ';']).next().unwrap().parse().unwrap();
    assert!((found - 0.99 * (1.0 - 1.03)).abs() < 4.0 * 0.4 / 1e5f64.sqrt(), "{said}");
    assert!(said.contains("a mean that is 0.04 standard deviations off"), "{said}");
}

#[test]
fn a_check_of_nothing_or_without_end_is_refused() {
    let lab = Lab::new();
    for (change, words) in [
        (("estimators", json!([])), "nothing to check"),
        (("check", json!({ "draws": 1_000_000_000_000_u64 })), "check.draws"),
        (("warm-up", json!(1_000_000_000_000_000_u64)), "warm-up"),
    ] {
        lab.write("table.json", table(|table| table[change.0] = change.1.clone()));
        let output = lab.run("verify table.json");
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(errors(&output).contains(words), "{}", errors(&output));
    }
}

#[test]
fn the_tables_of_this_project_pass_with_few_draws() {
    let said = Lab::new().ok("verify --draws 50 --seed 3");
    assert!(said.contains("exp-dot-k4-warm\n") && said.contains(" 0 failed\n"), "{said}");
}

#[test]
fn a_row_without_numbers_of_its_state_is_only_finite() {
    let lab = Lab::new();
    lab.write(
        "warm.json",
        table(|table| {
            table["warm-up"] = json!(5);
            table["estimators"] = json!([{ "kind": "straight-through", "mean": [[[0.0, 0.0]]],
            "schedule": { "kind": "step", "every": 2, "factor": 0.5 } }]);
        }),
    );
    let said = lab.ok("verify warm.json --draws 100");
    assert!(said.contains("finite; the table has no numbers of this state"), "{said}");
}
