//! Whole runs, compared with what `scripts/independent/run.py` computes: the same task, estimators
//! and optimizer, written a second time without any code of this project.
//!
//! Laws of estimators do not see whether rows are split, standardized and drawn as they should be,
//! whether streams have the right names, and whether a loss is in the right unit. This does.

use crate::support::Lab;
use kernels::Noise;
use serde_json::Value;

/// The largest relative deviation that is accepted.
///
/// The other implementation computes in f64, the harness in f32, where a number is rounded by up to
/// 6e-8 of itself. The largest deviation that we measured is 3.1e-7, after thirty steps. This is six
/// times as much, to leave room for sums in another order. Mistakes change losses by far more.
const TOLERANCE: f64 = 2e-6;

#[test]
fn runs_are_those_of_an_independent_implementation() {
    let stored: Value = serde_json::from_str(include_str!("data/independent.json")).unwrap();
    let lab = Lab::new();
    lab.write("table.toml", include_str!("data/independent-table.toml"));
    lab.write("synthetic.toml", include_str!("data/independent-synthetic.toml"));
    lab.write("independent-table.csv", include_str!("data/independent-table.csv"));
    let mut deviations = vec![];
    for name in ["synthetic", "table"] {
        lab.ok(&format!("sweep {name}.toml --no-report"));
        let records = lab.read(&format!("results/{name}/runs.jsonl"));
        let records: Vec<Value> =
            records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let file = format!("independent-{name}.toml");
        let theirs = stored["runs"].as_array().unwrap().iter();
        let theirs: Vec<&Value> = theirs.filter(|run| run["experiment"] == *file).collect();
        // Four estimators, two seeds.
        assert_eq!((records.len(), theirs.len()), (8, 8), "{name}");
        for their in theirs {
            let ours: Vec<&Value> =
                records.iter().filter(|record| is_same_run(record, their)).collect();
            assert_eq!(ours.len(), 1, "{their}");
            deviations.extend(compare(&ours[0]["curves"], their));
            deviations.extend(compare_references(ours[0], their));
        }
    }
    deviations.sort_by(|a, b| b.0.total_cmp(&a.0));
    // Four evaluations of five metrics, and on synthetic rows of a sixth. Three references, and on
    // synthetic rows two more.
    assert_eq!(deviations.len(), 8 * 4 * (5 + 6) + 8 * (3 + 5));
    let beyond: Vec<_> = deviations.iter().take_while(|(x, _)| *x > TOLERANCE).collect();
    assert!(
        beyond.is_empty(),
        "{} numbers differ: {:#?}",
        beyond.len(),
        &beyond[..beyond.len().min(20)]
    );
}

/// Whether a record has the seed and the estimator's settings of a stored run.
fn is_same_run(record: &Value, stored: &Value) -> bool {
    let estimator = &record["run"]["estimator"];
    let is_set = |(key, value): (&String, &Value)| match key.as_str() {
        "kind" => estimator["kind"] == *value,
        _ => estimator["parameters"][key] == *value,
    };
    record["run"]["seed"] == stored["seed"]
        && stored["estimator"].as_object().unwrap().iter().all(is_set)
}

/// The relative deviation of every number of a run, and which number it is.
fn compare(curves: &Value, stored: &Value) -> Vec<(f64, String)> {
    let metrics = |run: &Value| -> Vec<String> {
        run["metrics"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(curves["steps"], stored["steps"]);
    let mut names = metrics(stored);
    names.sort();
    assert_eq!(metrics(curves), names);
    let mut deviations = vec![];
    for name in names {
        for (i, step) in stored["steps"].as_array().unwrap().iter().enumerate() {
            let [ours, theirs] =
                [curves, stored].map(|run| run["metrics"][&name][i].as_f64().unwrap());
            let about = (&stored["experiment"], &stored["estimator"], &stored["seed"]);
            let text = format!("{about:?}, {name} at {step}: {ours} for {theirs}");
            // Equal zeros have no ratio.
            let deviation = if ours == theirs { 0.0 } else { (ours - theirs).abs() / theirs.abs() };
            deviations.push((deviation, text));
        }
    }
    deviations
}

/// The same of the references.
fn compare_references(record: &Value, stored: &Value) -> Vec<(f64, String)> {
    let all = |run: &Value| run["references"].as_object().unwrap().clone();
    let (ours, theirs) = (all(record), all(stored));
    assert_eq!(ours.len(), theirs.len());
    let deviation = |(name, value): (String, Value)| {
        let [ours, theirs] = [&ours[&name], &value].map(|value| value.as_f64().unwrap());
        let text = format!("{}, {name}: {ours} for {theirs}", stored["experiment"]);
        ((ours - theirs).abs() / theirs, text)
    };
    theirs.into_iter().map(deviation).collect()
}

/// The numbers that the page of the noise gives to whoever writes it again.
#[test]
fn worked_values_of_the_noise_are_those_of_its_page() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/noise.md");
    let page = std::fs::read_to_string(page).unwrap();
    let name = ["data", "argmax-index", "0"];
    let mut encoded = vec![];
    for word in name {
        encoded.extend((word.len() as u64).to_le_bytes());
        encoded.extend(word.as_bytes());
    }
    let mut noise = Noise::named(&name);
    let words = [noise.word(), noise.word(), noise.word()].map(|word| word.to_string()).join(", ");
    let other = || Noise::named(&["tests", "noise"]);
    let mut uniforms = other();
    let normals = other().normals(17);
    let gumbels = other().gumbels::<f64>(17, 2);
    let gumbels = [(0, 0), (1, 0), (0, 1), (16, 0)].map(|(row, column)| gumbels.get(row, column));
    for (of, value) in [
        ("key of `data`, `argmax-index`, `0`", format!("`{}`", blake3::hash(&encoded))),
        ("its first words", words),
        ("its first word at step 1", noise.at(1).word().to_string()),
        ("uniforms of 53 bits", list(&[uniforms.uniform(), uniforms.uniform()])),
        (
            "a list of 17 normals: the first two, and the last",
            list(&[normals[0], normals[1], normals[16]]),
        ),
        ("six indices below 100", format!("{:?}", other().indices(100, 6).to_vec())),
        ("a permutation of 8", format!("{:?}", other().permutation(8))),
        ("a matrix of 17 × 2 Gumbels: at (0, 0), (1, 0), (0, 1) and (16, 0)", list(&gumbels)),
    ] {
        let row = format!("| {of} | {} |", value.trim_matches(['[', ']']));
        assert!(page.lines().any(|line| line == row), "the page has no line `{row}`");
    }
}

/// Ten digits each: the last ones are those of a library's logarithm.
fn list(numbers: &[f64]) -> String {
    numbers.iter().map(|x| format!("{x:.10}")).collect::<Vec<_>>().join(", ")
}
