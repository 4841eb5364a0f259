//! Reference tables other than those of this project: what is read, what is rejected, and that wrong
//! numbers are found.

use crate::problem::softmax;
use estimators::Registry;
use estimators::reference::{Instance, Row, Table, Verdict, check};
use serde_json::{Value, json};

/// Draws to find what is wrong, as `verify` has by default.
const DRAWS: usize = 100_000;
/// Draws to see that nothing is.
const FEW: usize = 10_000;

/// A squared pick over K categories and two rows, with its exact gradient.
struct Pick {
    logits: [Vec<f64>; 2],
    values: [Vec<f64>; 2],
}

impl Pick {
    fn new(categories: usize) -> Self {
        let wave = |row: usize, step: usize| -> Vec<f64> {
            (0..categories).map(|k| ((k * step + row) % 11) as f64 * 0.3 - 1.0).collect()
        };
        Self { logits: [wave(0, 3), wave(1, 7)], values: [wave(2, 5), wave(3, 4)] }
    }

    fn losses(&self, row: usize) -> Vec<f64> {
        self.values[row].iter().map(|v| (v - 0.4) * (v - 0.4)).collect()
    }

    /// The gradient for the logits, [B][1][K], and its total variance without a baseline.
    fn exact(&self) -> (Vec<[Vec<f64>; 1]>, f64) {
        let mut variance = 0.0;
        let row = |row: usize| {
            let p =
                softmax(&self.logits[row].iter().map(|x| x - self.top(row)).collect::<Vec<_>>());
            let f = self.losses(row);
            let mean: f64 = p.iter().zip(&f).map(|(p, f)| p * f).sum();
            let gradient: Vec<f64> = p.iter().zip(&f).map(|(p, f)| 0.5 * p * (f - mean)).collect();
            let squares: f64 = p.iter().map(|p| p * p).sum();
            let second: f64 =
                p.iter().zip(&f).map(|(p, f)| p * f * f * (1.0 - 2.0 * p + squares)).sum();
            variance += 0.25 * second - gradient.iter().map(|g| g * g).sum::<f64>();
            [gradient]
        };
        let gradient = [0, 1].map(row).to_vec();
        (gradient, variance)
    }

    fn top(&self, row: usize) -> f64 {
        self.logits[row].iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// A table with these rows, which have the exact mean unless they state one.
    fn table(&self, rows: Value) -> Value {
        let (exact, _) = self.exact();
        let mut rows = rows.as_array().unwrap().clone();
        for row in &mut rows {
            if row.get("mean").is_none() {
                row["mean"] = json!(exact);
            }
        }
        json!({
            "format": 1, "name": "another", "note": "by hand", "reduction": "mean",
            "unheard_of": { "x": [1, 2] },
            "objective": { "kind": "squared-pick", "values": self.values, "targets": [0.4, 0.4] },
            "logits": [[self.logits[0]], [self.logits[1]]],
            "exact": { "value": 0.0, "gradient": exact, "shared_logit": { "gradient": 0.0 } },
            "estimators": rows,
        })
    }
}

fn judge(table: &Value, draws: usize, is_wanted: impl Fn(usize) -> bool) -> Vec<Verdict> {
    let table = Table::parse(&table.to_string()).unwrap();
    let instance = Instance::new(&table).unwrap();
    let registry = Registry::standard();
    let one = |row: &Row| {
        check(registry.get(&row.kind).unwrap(), &table, &instance, row, draws, 1).unwrap()
    };
    let rows = table.rows.iter().enumerate().filter(|(i, _)| is_wanted(*i));
    rows.map(|(_, row)| one(row)).collect()
}

fn verdicts(table: &Value) -> Vec<Verdict> {
    judge(table, DRAWS, |_| true)
}

/// The verdict on one row.
fn verdict(table: &Value, row: usize) -> Verdict {
    judge(table, DRAWS, |i| i == row).remove(0)
}

#[track_caller]
fn assert_passes(table: &Value) {
    let verdicts = judge(table, FEW, |_| true);
    for (verdict, row) in verdicts.iter().zip(table["estimators"].as_array().unwrap()) {
        assert!(verdict.failures.is_empty(), "{row}: {:?}", verdict.failures);
        assert!(verdict.draws > 0);
    }
}

/// Rows of estimators that are unbiased for quadratic losses.
fn unbiased_rows(more: &Value) -> Value {
    let mut rows = vec![
        json!({ "kind": "exact", "variance": 0.0 }),
        json!({ "kind": "reinmax", "temperature": 1.0 }),
        json!({ "kind": "second-order", "weight": 0.5 }),
        json!({ "kind": "reinforce", "baseline": "none" }),
        json!({ "kind": "reinforce", "baseline": "greedy" }),
        json!({ "kind": "reinforce-loo", "samples": 3 }),
        json!({ "kind": "muprop" }),
        json!({ "kind": "rebar", "temperature": 0.6, "eta": 0.5 }),
        json!({ "kind": "arsm" }),
        json!({ "kind": "carms", "samples": 3 }),
        json!({ "kind": "disarm-categorical", "form": "stick-breaking" }),
        json!({ "kind": "unordered-set", "samples": 3 }),
        json!({ "kind": "sum-and-sample", "samples": 3 }),
        json!({ "kind": "stochastic-sum-and-sample", "samples": 3 }),
        json!({ "kind": "indecater", "samples": 1, "variance": 0.0 }),
        json!({ "kind": "double-cv", "samples": 2 }),
    ];
    for row in &mut rows {
        row["unbiased"] = json!(true);
        more.as_object().unwrap().iter().for_each(|(key, value)| row[key] = value.clone());
    }
    rows.into()
}

#[test]
fn other_numbers_of_categories_pass() {
    for categories in [5, 10, 17] {
        let pick = Pick::new(categories);
        let none = pick.exact().1;
        let mut table = pick.table(unbiased_rows(&json!({ "mean_se": 0 })));
        table["estimators"][3]["variance"] = json!(none);
        assert_passes(&table);
        table["estimators"][3]["variance"] = json!(1.2 * none);
        assert_eq!(verdict(&table, 3).failures.len(), 1);
    }
}

#[test]
fn keys_may_have_either_case_and_unknown_keys_are_allowed() {
    let pick = Pick::new(4);
    let (exact, variance) = pick.exact();
    let zeros = json!(vec![[vec![0.0; 4]]; 2]);
    let snake = json!({
        "mean_se": zeros, "variance_rel_se": 0, "value_mean": null, "shared_logit": { "mean": 1.0, "variance": 2.0 },
        "tie": { "outcomes": [1, 2] }, "evaluations": { "hard": 1 }, "soft_index": [1.0],
        "remark": "nobody knows this key", "histogram": [1, 2, 3], "provenance": { "who": "somebody" },
        "nothing": null,
    });
    let kebab: Value = serde_json::from_str(&snake.to_string().replace('_', "-")).unwrap();
    for more in [snake, kebab] {
        assert_passes(&pick.table(unbiased_rows(&more)));
    }
    let table = pick.table(json!([
        { "kind": "decoupled-straight-through", "forward_temperature": 1.0, "backward-temperature": 1.0,
          "mean": exact, "mean_se": vec![[vec![10.0; 4]]; 2] },
        { "kind": "sum-and-sample", "samples": 1, "tie": true, "variance": 5.0 * variance,
          "variance_over_tie_orders": [0.9 * variance, 1.1 * variance] },
        { "kind": "gapped-straight-through", "gap": "pi", "mean": exact, "mean-se": vec![[vec![10.0; 4]]; 2] },
    ]));
    assert_passes(&table);
}

/// Row 1 is row 0 + 1000, so the numbers are the same.
#[test]
fn extreme_logits_are_checked_for_finiteness_and_mean() {
    for categories in [5, 17] {
        let mut pick = Pick::new(categories);
        let extreme = [12.0, -900.0, 0.0, 11.5, 3.0, -1e4];
        for k in 0..categories {
            pick.logits[0][k] = extreme[k % extreme.len()] - (k / extreme.len()) as f64;
            pick.logits[1][k] = pick.logits[0][k] + 1000.0;
        }
        pick.values[1] = pick.values[0].clone();
        let (exact, variance) = pick.exact();
        let [first, second] = [&exact[0][0], &exact[1][0]];
        assert!(first.iter().zip(second).all(|(a, b)| (a - b).abs() < 1e-12));
        let tolerance = 8.0 * (variance / FEW as f64).sqrt() + 1e-6;
        for said in [
            json!({ "absolute_tolerance": tolerance }),
            json!({ "absolute-tolerance": vec![[vec![tolerance; categories]]; 2] }),
        ] {
            let mut table = pick.table(unbiased_rows(&said));
            table["check"] = json!({ "kind": "finite", "draws": 100_000 });
            assert_eq!(Table::parse(&table.to_string()).unwrap().draws, Some(100_000));
            // Variances are not compared.
            table["estimators"][3]["variance"] = json!(1e9);
            assert_passes(&table);
            table["estimators"][0]["mean"][1][0][0] = json!(first[0] + 2.0 * tolerance);
            assert_eq!(verdict(&table, 0).failures.len(), 1, "{said}");
        }
        let mut table = pick.table(json!([{ "kind": "exact" }]));
        table["check"] = json!({ "kind": "finite" });
        assert_passes(&table);
        let mut table = pick.table(json!([{ "kind": "exact", "absolute_tolerance":
            [[vec![1e-6; categories]], [vec![10.0; categories]]] }]));
        table["check"] = json!({ "kind": "finite" });
        table["estimators"][0]["mean"][1][0][0] = json!(5.0);
        assert_passes(&table);
        table["estimators"][0]["mean"][0][0][0] = json!(5.0);
        assert_eq!(verdict(&table, 0).failures.len(), 1);
    }
}

#[test]
fn wrong_numbers_are_found() {
    let pick = Pick::new(4);
    let (exact, variance) = pick.exact();
    let f = [pick.losses(0), pick.losses(1)];
    let p = [0, 1].map(|row| softmax(&pick.logits[row]));
    let value: f64 = (0..8).map(|i| 0.5 * p[i / 4][i % 4] * f[i / 4][i % 4]).sum();
    let learned: Vec<f64> =
        (0..8).map(|i| p[i / 4][i % 4] * (pick.values[i / 4][i % 4] - 0.4)).collect();
    let right = json!({ "kind": "reinforce", "baseline": "none", "unbiased": true, "variance": variance,
        "value_mean": value, "objective_gradient_mean": { "values": [&learned[..4], &learned[4..]] } });
    let exactly = json!({ "kind": "exact", "variance": 0.0, "value_mean": value });
    assert_passes(&pick.table(json!([right, exactly])));
    let wrong = |key: &str, by: Value| {
        let mut row = right.clone();
        row[key] = by;
        let verdict = verdict(&pick.table(json!([row])), 0);
        assert!(!verdict.failures.is_empty(), "{key} was not found to be wrong");
    };
    let mut mean = json!(exact);
    mean[1][0][2] = json!(exact[1][0][2] + 0.2);
    wrong("mean", mean);
    wrong("variance", json!(0.9 * variance));
    wrong("variance", json!(1.1 * variance));
    wrong("variance", json!(0.0));
    wrong("variance_over_tie_orders", json!([1.1 * variance, 2.0 * variance]));
    wrong("variance_over_tie_orders", json!([0.1 * variance, 0.9 * variance]));
    wrong("value_mean", json!(1.1 * value));
    wrong("objective_gradient_mean", json!({ "values": vec![0.0; 8] }));
    wrong("objective_gradient_mean", json!({ "values": vec![0.0; 3] }));
    let biased = json!({ "kind": "soft-argmax", "unbiased": true, "mean_se": 0 });
    assert!(!verdicts(&pick.table(json!([biased])))[0].failures.is_empty());
    for (key, by) in [("value_mean", value * (1.0 + 1e-7)), ("variance", 1e-3)] {
        let mut row = exactly.clone();
        row[key] = json!(by);
        assert!(!verdicts(&pick.table(json!([row])))[0].failures.is_empty(), "{key}");
    }
    let mut table = pick.table(json!([right]));
    table["exact"]["gradient"][0][0][1] = json!(exact[0][0][1] - 0.2);
    table["estimators"][0]["mean"] = json!(exact);
    assert!(
        !verdict(&table, 0).failures.is_empty(),
        "unbiased rows are compared with the exact gradient"
    );
}

/// Of a table's warm-up, rows are of the state before it; of their own, of the state after it.
#[test]
fn a_warm_up_decides_which_numbers_are_compared() {
    let pick = Pick::new(4);
    let (_, variance) = pick.exact();
    let ema = json!({ "kind": "reinforce", "baseline": "ema", "unbiased": true,
        "variance": variance });
    let none = json!({ "kind": "reinforce", "baseline": "none", "unbiased": true,
        "variance": variance });
    let biased = json!({ "kind": "straight-through", "temperature": 1.0, "mean": vec![0.5; 8],
        "schedule": { "kind": "step", "every": 10, "factor": 0.5 } });
    let mut table = pick.table(json!([ema, none, biased]));
    // Without a warm-up b = 0.
    let failures = |table: &Value| -> Vec<bool> {
        verdicts(table).iter().map(|verdict| !verdict.failures.is_empty()).collect()
    };
    assert_eq!(failures(&table), [false, false, true]);
    for key in ["warm-up", "warm_up"] {
        let mut warm = table.clone();
        warm[key] = json!(50);
        let verdicts = verdicts(&warm);
        assert!(verdicts.iter().all(|verdict| verdict.failures.is_empty()), "{verdicts:?}");
        let compared = |verdict: &Verdict| {
            (verdict.mean_deviation.is_some(), verdict.variance_deviation.is_some())
        };
        // A baseline has changed, nothing has, a temperature has.
        let expected = [(true, false), (true, true), (false, false)];
        assert_eq!(verdicts.iter().map(compared).collect::<Vec<_>>(), expected);
        warm["estimators"][1]["variance"] = json!(2.0 * variance);
        warm["exact"]["gradient"][0][0][1] = json!(7.0);
        assert_eq!(failures(&warm), [true, true, false]);
    }
    for row in 0..3 {
        table["estimators"][row]["warm-up"] = json!(50);
    }
    assert_eq!(failures(&table), [true, false, true]);
}

#[test]
fn errors_say_what_is_wrong_with_a_table() {
    let pick = Pick::new(4);
    let registry = Registry::standard();
    let said = |change: &dyn Fn(&mut Value)| -> String {
        let mut table = pick.table(json!([{ "kind": "exact" }]));
        change(&mut table);
        let table = match Table::parse(&table.to_string()) {
            Ok(table) => table,
            Err(fault) => return fault.to_string(),
        };
        let instance = match Instance::new(&table) {
            Ok(instance) => instance,
            Err(fault) => return fault.to_string(),
        };
        let row = &table.rows[0];
        let checked = registry
            .get(&row.kind)
            .map_err(Into::into)
            .and_then(|entry| check(entry, &table, &instance, row, 10, 0));
        match checked {
            Ok(verdict) => verdict.failures.join("; "),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(said(&|_| {}), "");
    for (change, words) in [
        (
            &(|t: &mut Value| t["estimators"][0]["kind"] = json!("surely-not"))
                as &dyn Fn(&mut Value),
            "surely-not",
        ),
        (&|t| t["estimators"][0]["kind"] = json!("arm"), "refused: it is defined for 2 categories"),
        (&|t| t["estimators"][0]["samples"] = json!(3), "unknown key `samples`"),
        (&|t| t["estimators"][0]["mean"] = json!([1.0]), "8 numbers"),
        (&|t| t["estimators"][0]["mean"] = json!([1.0]), "estimators[0].mean = 1 numbers"),
        (&|t| t["estimators"][0]["mean"] = json!("x"), "estimators[0].mean = string \"x\""),
        (&|t| t["estimators"][0]["mean"] = json!([[null]]), "expected numbers"),
        (&|t| t["estimators"][0]["variance"] = json!("x"), "estimators[0].variance = string"),
        (&|t| t["estimators"][0]["variance"] = json!([]), "expected a number"),
        (&|t| t["estimators"][0] = json!({ "mean": [] }), "estimators[0].kind = absent"),
        (&|t| t["estimators"] = json!({}), "invalid estimators = map; expected a list"),
        (&|t| t["estimators"] = json!(null), "invalid estimators = null; expected a list"),
        (&|t| t["check"] = json!({ "draws": -1 }), "check.draws = integer `-1`"),
        (
            &|t| t["warm-up"] = json!(-1),
            "warm-up = integer `-1`; expected a whole number from 0 up",
        ),
        (&|t| t["estimators"][0]["warm_up"] = json!(0.5), "warm_up = floating point `0.5`"),
        (&|t| t["logits"][1] = json!(0.5), "logits[1] = floating point `0.5`; expected a list"),
        (&|t| t["objective"]["kind"] = json!("cubic"), "unknown objective `cubic`"),
        (&|t| t["objective"] = json!({}), "unknown objective"),
        (&|t| t["objective"]["targets"] = json!([1.0]), "objective.targets"),
        (&|t| t["objective"] = json!({ "kind": "bit-power", "c": 1, "p": 2 }), "dimensions"),
        (&|t| t["objective"] = json!({ "kind": "exp-dot", "weights": [1] }), "objective.weights"),
        (&|t| t["format"] = json!(2), "format = 2"),
        (&|t| t["logits"] = json!([[[1.0]], [[2.0]]]), "K from 2 up"),
        (&|t| t["logits"] = json!([[[1.0, 2.0]], [[2.0]]]), "K from 2 up"),
        (&|t| t["exact"] = json!({}), "exact.gradient = absent"),
        (&|t| t["format"] = json!(null), "format = null; expected 1"),
    ] {
        let said = said(change);
        assert!(said.contains(words), "{said:?} does not say {words:?}");
    }
    let bits = json!({ "format": 1, "objective": { "kind": "bit-power", "p": 2.0 },
        "logits": [[[0.0, 1.0]]], "exact": { "gradient": [[[0.0, 0.0]]] }, "estimators": [] });
    let table = Table::parse(&bits.to_string()).unwrap();
    let fault = Instance::new(&table).unwrap_err().to_string();
    assert!(fault.contains("objective.c"), "{fault}");
    for (text, words) in
        [("{", "invalid file = EOF"), ("[]", "invalid"), ("{} {}", "invalid file = trailing")]
    {
        let fault = Table::parse(text).unwrap_err().to_string();
        assert!(fault.contains(words), "{fault}");
    }
}
