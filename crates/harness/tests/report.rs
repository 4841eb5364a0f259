//! What a report says beside its numbers, and what must not change them.

use crate::support::{EXPERIMENT, Lab, edited, errors, row, table};
use serde_json::Value;

fn summary(lab: &Lab, name: &str) -> Value {
    serde_json::from_str(&lab.read(&format!("results/{name}/summary.json"))).unwrap()
}

/// The warnings of a sweep: on standard error, in the report and for programs.
fn warnings(lab: &Lab, arguments: &str, name: &str) -> String {
    let output = lab.run(&format!("sweep {arguments}"));
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, rest) = stdout.split_once("report in results/").expect("a report");
    let folder = rest.split('/').next().unwrap();
    assert!(folder.starts_with(name), "{stdout}");
    let said: Vec<String> = errors(&output)
        .lines()
        .filter(|line| line.starts_with("warning: "))
        .map(String::from)
        .collect();
    let tasks = summary(lab, folder)["tasks"].clone();
    let stored: Vec<Value> = tasks
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|task| task["warnings"].as_array().cloned().unwrap_or_default())
        .collect();
    assert_eq!(said.len(), stored.len(), "{said:?} {stored:?}");
    let items = lab.read(&format!("results/{folder}/report.html"));
    assert_eq!(items.contains("<ul class=\"partial\">"), !said.is_empty());
    said.join("\n")
}

#[test]
fn few_seeds_and_the_edge_of_a_grid_are_warned_of() {
    let grid = ("learning-rate = 0.01", "sweep.learning-rate = [1e-7, 1e-6, 0.01]");
    let longer = [("steps = 20", "steps = 200"), ("every = 10", "every = 100"), grid];
    let lab = Lab::with(&longer);
    let said = warnings(&lab, "tiny.toml", "tiny");
    assert!(said.contains("3 seeds: no intervals; use at least 5"), "{said}");
    let edge = "the best `optimizer.learning-rate` is at the edge of its grid";
    assert!(said.contains(edge) && said.contains("`exact`"), "{said}");
    // The best of the grid is inside it, and five seeds are enough.
    let wide = ("[1e-7, 1e-6, 0.01]", "[1e-7, 0.01, 1e4]");
    lab.write("tiny.toml", lab.read("tiny.toml").replace(wide.0, wide.1));
    let said = warnings(&lab, "tiny.toml --seeds 5", "tiny");
    assert!(!said.contains("edge") && !said.contains("seeds"), "{said}");
}

#[test]
fn losing_to_a_reference_is_warned_of() {
    let lab = Lab::with(&[("rate = 0.01", "rate = 1e-9")]);
    let said = warnings(&lab, "tiny.toml --seeds 5", "tiny");
    assert!(
        said.contains("no estimator is better than the reference `predict the mean`"),
        "{said}"
    );
    let lab = Lab::with(&[
        ("steps = 20", "steps = 2000"),
        ("every = 10", "every = 2000"),
        ("batch = 8", "batch = 64"),
        ("categories = 3", "categories = 8"),
        ("inputs = 4", "inputs = 16"),
        ("hidden = 8", "hidden = 32"),
        ("rows = 64", "rows = 4096"),
    ]);
    assert_eq!(warnings(&lab, "tiny.toml --seeds 5", "tiny"), "");
}

#[test]
fn few_rows_are_warned_of() {
    let lab = Lab::with(&[("inputs = 4", "data = \"own.csv\"\ntarget = \"y\"")]);
    let rows = |count: usize| -> String {
        let row = |i: usize| format!("{},{}\n", i, (i * i) % 7);
        format!("x,y\n{}", (0..count).map(row).collect::<String>())
    };
    lab.write("own.csv", rows(5));
    let said = warnings(&lab, "tiny.toml --seeds 5", "tiny");
    assert!(said.contains("test losses are means over 1 row only"), "{said}");
    assert!(said.contains("settings are chosen on 1 row only"), "{said}");
    assert!(said.contains("only 3 rows to train on, with 1 feature"), "{said}");
    lab.write("own.csv", rows(400));
    let said = warnings(&lab, "tiny.toml --seeds 5", "tiny");
    assert!(!said.contains("means over") && !said.contains("only"), "{said}");
}

/// The place of an estimator in the ranking of the only task.
fn place(summary: &Value, estimator: &str) -> Value {
    let ranking = summary["tasks"][0]["ranking"].as_array().unwrap().clone();
    ranking.into_iter().find(|place| place["estimator"] == estimator).unwrap()
}

/// What is refused is compared with nobody, and changes nobody's p.
#[test]
fn refused_estimators_are_not_compared() {
    let lab = Lab::with(&[("seeds = 3", "seeds = 6")]);
    // Of two categories only.
    let refused = "\n[[estimator]]\nkind = \"disarm\"\n[[estimator]]\nkind = \"arm\"\n";
    lab.write("more.toml", format!("{}{refused}", lab.read("tiny.toml")));
    lab.ok("sweep tiny.toml more.toml");
    let (alone, more) = (summary(&lab, "tiny"), summary(&lab, "more"));
    for estimator in ["exact", "soft-argmax temperature=0.5", "soft-argmax temperature=1"] {
        assert_eq!(place(&alone, estimator), place(&more, estimator));
    }
    for estimator in ["disarm", "arm"] {
        let place = place(&more, estimator);
        assert!(place["refused"].is_string(), "{place}");
        assert!(place["p-value"].is_null() && place["difference-to-exact"].is_null(), "{place}");
    }
    let report = lab.read("results/more/report.html");
    let ranking = table(&report, "Ranking: ");
    let row = row(&ranking, "disarm");
    assert!(row[1] == "–" && !row.iter().any(|cell| cell.contains("worse")), "{row:?}");
}

/// A loss that is finite but grew a millionfold is a failed run.
#[test]
fn a_run_that_ends_with_a_huge_loss_has_diverged() {
    let lab = Lab::with(&[
        ("\"adam\"", "\"sgd\""),
        ("rate = 0.01", "rate = 100.0"),
        ("steps = 20", "steps = 2"),
        ("every = 10", "every = 1"),
    ]);
    let said = lab.ok("sweep tiny.toml --estimator exact --force");
    assert!(said.contains("3 of 3 runs, 3 of them failed"), "{said}");
    for line in lab.read("results/tiny/runs.jsonl").lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["status"], "diverged", "{record}");
        let losses = record["curves"]["metrics"]["test-loss"].as_array().unwrap().clone();
        let loss = |value: &Value| value.as_f64().unwrap();
        assert!(loss(losses.last().unwrap()) > 1e6 * loss(&losses[0]), "{losses:?}");
    }
}

#[test]
fn nothing_is_given_twice() {
    let twice: [(&str, &str, &str); 7] = [
        ("[0.5, 1.0]", "[0.5, 5e-1]", "estimator `soft-argmax temperature=0.5` appears twice"),
        ("[0.5, 1.0]", "[1, 1.0]", "estimator `soft-argmax temperature=1` appears twice"),
        (
            "[task]\nkind = \"argmax-index\"",
            "[[task]]\nkind = \"argmax-index\"\ncategories = 3\ninputs = 4\nhidden = 8\nrows = 64\n\
             validation-rows = 32\n[[task]]\nkind = \"argmax-index\"",
            "task `argmax-index",
        ),
        ("rate = 0.01", "rate = 0.01\nsweep.beta1 = [0.9, 9e-1]", "optimizer `adam"),
        (
            "seeds",
            "tuned = [\"estimator.temperature\", \"estimator.temperature\"]\nseeds",
            "tuned: `",
        ),
        (
            "[[estimator]]\nkind = \"exact\"",
            "[[figure]]\nkind = \"sensitivity\"\nx = \"estimator.temperature\"\n[[figure]]\n\
             kind = \"sensitivity\"\nx = \"estimator.temperature\"\n[[estimator]]\nkind = \"exact\"",
            "figure: `estimator.temperature`",
        ),
        (
            "[[estimator]]\nkind = \"exact\"",
            "[[exclude]]\nestimator.kind = \"exact\"\n[[exclude]]\nestimator.kind = \"exact\"\n\
             [[estimator]]\nkind = \"exact\"",
            "exclude: `",
        ),
    ];
    let lab = Lab::new();
    for (from, to, words) in twice {
        lab.write("tiny.toml", edited(&[(from, to)]));
        let said = lab.run("plan tiny.toml");
        let said = errors(&said);
        assert!(said.contains(words) && said.contains("appears twice"), "{to}: {said}");
    }
    lab.write("tiny.toml", EXPERIMENT);
    assert!(errors(&lab.run("plan tiny.toml tiny.toml")).contains("share the folder"));
}

/// A schedule is part of an estimator's name only where it tells two apart.
#[test]
fn schedules_that_all_have_are_not_in_labels() {
    let schedule = |end: &str| {
        let schedule = format!("schedule = {{ kind = \"linear\", steps = 20, end = {end} }}");
        format!("[[estimator]]\nkind = \"gumbel-softmax\"\n{schedule}\n")
    };
    let labels = |more: &[String]| {
        let lab = Lab::new();
        lab.write("tiny.toml", EXPERIMENT.to_owned() + &more.concat());
        lab.ok("sweep tiny.toml --quiet");
        lab.read("results/tiny/table.csv")
    };
    assert!(!labels(&[schedule("0.5")]).contains("schedule"));
    let two = labels(&[schedule("0.5"), schedule("0.25")]);
    assert!(two.contains("end:0.5") && two.contains("end:0.25"), "{two}");
}
