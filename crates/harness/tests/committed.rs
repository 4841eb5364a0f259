//! The committed results are those of the experiments and texts beside them.

use crate::support::{Lab, entries};
use harness::Registries;
use harness::experiment::{Experiment, Overrides};
use harness::report::{render_reading, splice, typed_numbers};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The summary in a folder of results.
fn summary(folder: &Path) -> Value {
    serde_json::from_str(&read(&folder.join("summary.json"))).unwrap()
}

/// The folders of results with their summaries. Those of other settings, which somebody tried, are named
/// otherwise than their experiment and are not committed.
fn committed() -> Vec<(PathBuf, Value)> {
    let folders = entries(&root().join("results")).into_iter();
    let with_summary = folders.filter(|folder| folder.join("summary.json").exists());
    let all = with_summary.map(|folder| {
        let summary = summary(&folder);
        (folder, summary)
    });
    let is_own = |(folder, summary): &(PathBuf, Value)| {
        summary["experiment"].as_str() == folder.file_name().and_then(|name| name.to_str())
    };
    let own: Vec<(PathBuf, Value)> = all.filter(is_own).collect();
    assert!(own.len() >= 3, "{}", own.len());
    own
}

/// The experiment of results.
fn experiment(summary: &Value) -> Experiment {
    let name = summary["experiment"].as_str().unwrap();
    let path = root().join(format!("experiments/{name}.toml"));
    Experiment::read(&path, &Overrides::default(), &Registries::standard())
        .unwrap_or_else(|error| panic!("{error:#}"))
}

/// Asserts that nothing was found wrong.
fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn results_have_the_settings_of_their_experiments() {
    let mut wrong = vec![];
    for (_, summary) in committed() {
        let experiment = experiment(&summary);
        let settings = experiment.settings().unwrap();
        if summary["settings"] != settings {
            let (name, there) = (&experiment.name, &summary["settings"]);
            wrong.push(format!("{name}: the experiment has {settings}, its results {there}"));
        }
        if summary["runs"] != summary["runs-of-the-selection"] {
            wrong.push(format!("{}: runs are missing", experiment.name));
        }
    }
    nothing(&wrong);
}

/// A reading says for which settings it is true, refers to numbers, and these are those of the results.
#[test]
fn readings_are_true_of_their_results() {
    let mut wrong = vec![];
    for (folder, summary) in committed() {
        let experiment = experiment(&summary);
        let mut say = |why: String| wrong.push(format!("{}: {why}", experiment.name));
        if experiment.reading.is_empty() {
            if !summary["reading"].is_null() {
                say("the results have a reading, the experiment has none".to_owned());
            }
            continue;
        }
        let of = experiment.reading_of.as_deref();
        if of.is_none() || summary["settings"].as_str() != of {
            say(format!("reading-of is {of:?}, the settings are {}", summary["settings"]));
        }
        let typed = typed_numbers(&experiment.reading);
        if !typed.is_empty() {
            say(format!("the reading has typed numbers: {}", typed.join(" ")));
        }
        let curves = std::fs::read(folder.join("curves.csv")).ok();
        match render_reading(&experiment.reading, &summary, curves.as_deref()) {
            Ok(reading) if summary["reading"] == reading => {}
            Ok(reading) => say(format!(
                "the reading is now\n{reading}\nand the results have\n{}",
                summary["reading"].as_str().unwrap_or("none")
            )),
            Err(error) => say(format!("{error:#}")),
        }
    }
    nothing(&wrong);
}

/// Answers, overviews, rankings and published values in texts are those of the results.
#[test]
fn texts_have_the_parts_of_the_results() {
    let mut wrong = vec![];
    for name in ["README.md", "docs/published.md"] {
        let text = read(&root().join(name));
        for (_, summary) in committed() {
            let experiment = &summary["experiment"];
            match splice(&text, &summary, None) {
                Ok(Some(spliced)) if spliced != text => {
                    let new = spliced.lines().zip(text.lines()).find(|(new, old)| new != old);
                    wrong.push(format!("{name}, {experiment}: {new:?}"));
                }
                Ok(_) => {}
                Err(error) => wrong.push(format!("{name}, {experiment}: {error:#}")),
            }
        }
    }
    nothing(&wrong);
}

#[test]
fn the_reference_of_experiment_files_is_that_of_the_program() {
    let made = Lab::new().ok("list keys --format markdown");
    let page = read(&root().join("docs/experiments.md"));
    let differs = made.lines().zip(page.lines()).find(|(made, there)| made != there);
    assert!(made == page, "docs/experiments.md: the program says (left) {differs:?}");
}

/// The guide states what was measured on the seed question, or for estimators that route, on experts.
#[test]
fn the_guide_quotes_its_experiments() {
    let ranking = |name: &str| {
        let summary = summary(&root().join("results").join(name));
        summary["tasks"][0]["ranking"].as_array().unwrap().clone()
    };
    let rankings = ["guide", "experts"].map(ranking);
    let mut quoted = 0;
    let guide = read(&root().join("docs/which-estimator.md"));
    for row in guide.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (kind, measured) = (cells[1].trim_matches('`'), cells[cells.len() - 2]);
        let is_of =
            |place: &&Value| place["estimator"].as_str().unwrap().split(' ').next() == Some(kind);
        let Some(place) = rankings.iter().flatten().find(is_of) else {
            assert_eq!(measured, "not yet", "{kind}");
            continue;
        };
        let words = |key: &str| place[key].as_str().unwrap().split_whitespace().skip(1);
        let setting: Vec<&str> = words("estimator").chain(words("tuning")).collect();
        let setting = setting.join(", ").replace('=', " ");
        let loss = place["test-loss"][0].as_f64().unwrap();
        assert_eq!(measured, format!("{loss:.3} at {setting}"), "{kind}");
        quoted += 1;
    }
    assert!(quoted > 30, "{quoted}");
}

/// What the guide says was found of experts, such as `switch` 0.125 [0.077, 0.157], is in the summary that its row
/// names.
#[test]
fn the_guide_quotes_what_was_found_of_experts() {
    let guide = read(&root().join("docs/which-estimator.md"));
    let mut quoted = 0;
    for row in guide.lines().filter(|line| line.contains("] | `results/")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let folder = root().join(cells[4].trim_matches('`'));
        let summary = summary(&folder);
        let mut known = BTreeSet::new();
        for task in summary["tasks"].as_array().unwrap() {
            let metric = task["metric"].as_str().unwrap();
            let ranked = task["ranking"].as_array().unwrap().iter();
            let ranked = ranked.map(|place| (place["estimator"].as_str().unwrap(), &place[metric]));
            let references = task["references"].as_object().unwrap().iter();
            for (name, numbers) in ranked.chain(references.map(|(name, x)| (name.as_str(), x))) {
                let [x, low, high] = [0, 1, 2].map(|i| numbers[i].as_f64().unwrap());
                known.insert(format!("`{name}` {x:.3} [{low:.3}, {high:.3}]"));
            }
        }
        for said in cells[3].split_inclusive("], ").map(|said| said.trim_end_matches(", ")) {
            assert!(known.contains(said), "{said} is not in {}", folder.display());
            quoted += 1;
        }
    }
    assert!(quoted > 10, "{quoted}");
}
