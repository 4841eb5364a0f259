//! Options that change the settings of an experiment lead to a folder of their own.

use crate::support::{Lab, entries, errors};
use serde_json::Value;

/// The folder that a verb says it reads or writes, below `results`.
fn folder(said: &str) -> String {
    let (_, rest) = said.split_once(", in results/").unwrap_or_else(|| panic!("{said}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// All files of a folder with their content.
fn everything(lab: &Lab, name: &str) -> Vec<(String, Vec<u8>)> {
    let (mut files, mut folders) = (vec![], vec![lab.path(name)]);
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
                }
            }
        }
    }
    files
}

fn settings(lab: &Lab, folder: &str) -> String {
    let text = lab.read(&format!("results/{folder}/summary.json"));
    let summary: Value = serde_json::from_str(&text).unwrap();
    summary["settings"].as_str().unwrap().to_owned()
}

/// Every option that changes a number.
const OTHERS: [&str; 4] = [
    "--seeds 2",
    "--estimator exact",
    "--set steps=30",
    "--seeds 1 --estimator soft-argmax --set task.hidden=4",
];

#[test]
fn other_settings_have_a_folder_of_their_own() {
    let lab = Lab::new();
    assert_eq!(folder(&lab.ok("sweep tiny.toml")), "tiny");
    let own = everything(&lab, "results/tiny");
    let mut seen = vec!["tiny".to_owned()];
    for options in OTHERS {
        // Before anything runs, a plan knows the folder.
        let planned = lab.ok(&format!("plan tiny.toml {options}"));
        let there = folder(&planned);
        assert!(planned.contains(": 0 done, 0 failed, "), "{planned}");
        assert!(!lab.path(&format!("results/{there}")).exists(), "{options}");
        let said = lab.ok(&format!("sweep tiny.toml {options}"));
        assert_eq!(folder(&said), there, "{options}");
        assert!(said.contains(&format!("report in results/{there}/report.html")), "{said}");
        assert!(!said.contains("ignoring"), "{said}");
        assert!(there.starts_with("tiny-") && !seen.contains(&there), "{there} {seen:?}");
        assert!(settings(&lab, &there).starts_with(&there["tiny-".len()..]), "{there}");

        let said = lab.ok(&format!("sweep tiny.toml {options}"));
        assert!(said.contains("tiny: nothing to do, all runs are done"), "{said}");
        let results = lab.results(&format!("results/{there}"));
        assert_eq!(folder(&lab.ok(&format!("report tiny.toml {options}"))), there);
        lab.is_same(&results, &format!("results/{there}"));
        let json = lab.ok(&format!("plan tiny.toml {options} --format json"));
        let plan: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(plan[0]["folder"], format!("results/{there}"));
        assert!(plan[0]["cells"].as_array().unwrap().iter().all(|cell| cell["missing"] == 0));
        // The page says which settings these are, and how to repeat the runs.
        let page = lab.read(&format!("results/{there}/report.html"));
        assert!(page.contains(&format!(" sweep tiny.toml {options}</pre>")), "{options}: {page}");
        let digest = format!("<code>{}</code>", settings(&lab, &there));
        assert!(page.contains(&digest), "no {digest} in {page}");
        seen.push(there);
    }
    assert!(everything(&lab, "results/tiny") == own, "the experiment's own results have changed");
    assert_eq!(entries(&lab.path("results")).len(), seen.len());
}

/// The same settings are the same, however they are said.
#[test]
fn what_changes_no_number_changes_no_folder() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml");
    let (table, own) = (lab.read("results/tiny/table.csv"), settings(&lab, "tiny"));
    for options in ["--seeds 3", "--set question=Why?", "--set steps=20", "--set reading=Well."] {
        let said = lab.ok(&format!("sweep tiny.toml {options}"));
        assert!(said.contains("nothing to do") && folder(&said) == "tiny", "{options}: {said}");
        assert_eq!(folder(&lab.ok(&format!("plan tiny.toml {options}"))), "tiny");
    }
    lab.ok("report tiny.toml --set question=Why?");
    assert!(lab.read("results/tiny/report.html").contains("<h1>Why?</h1>"));
    assert_eq!((lab.read("results/tiny/table.csv"), settings(&lab, "tiny")), (table, own));
    assert_eq!(entries(&lab.path("results")).len(), 1);
}

/// What chooses among settings decides numbers, too.
#[test]
fn choosing_otherwise_is_another_setting() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let tuned = "tuned=['estimator.temperature']";
    let mut command = lab.command("plan tiny.toml");
    let output = command.args(["--set", tuned]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(folder(&said).starts_with("tiny-"), "{said} {}", errors(&output));
}

#[test]
fn the_own_folder_is_used_by_force() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml");
    let (own, page) = (settings(&lab, "tiny"), lab.read("results/tiny/report.html"));
    let said = lab.ok("sweep tiny.toml --seeds 2 --force");
    assert!(said.contains("nothing to do") && folder(&said) == "tiny", "{said}");
    assert!(said.contains("ignoring 3 stored runs with other settings"), "{said}");
    assert_ne!(settings(&lab, "tiny"), own);
    assert_ne!(lab.read("results/tiny/report.html"), page);
    for verb in ["plan", "report"] {
        assert_eq!(folder(&lab.ok(&format!("{verb} tiny.toml --seeds 2 --force"))), "tiny");
    }
    assert_eq!(entries(&lab.path("results")).len(), 1);
    // Nothing is lost: the report of all runs comes back.
    lab.ok("report tiny.toml");
    assert_eq!(lab.read("results/tiny/report.html"), page);
}

/// A file that needs its overrides has no settings of its own.
#[test]
fn a_file_that_needs_its_options_is_not_refused() {
    let lab = Lab::with(&[("steps = 20", "steps = 0")]);
    let said = lab.ok("sweep tiny.toml --set steps=20");
    assert!(folder(&said).starts_with("tiny-"), "{said}");
}

/// Where there is nothing to report, the advice is the command that helps.
#[test]
fn advice_names_the_options() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let output = lab.run("report tiny.toml --seeds 2 --estimator exact");
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("results/tiny-") && said.contains("none of the 2 runs"), "{said}");
    assert!(said.contains("run `sweep tiny.toml --seeds 2 --estimator exact` first"), "{said}");
}
