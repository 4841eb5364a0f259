//! What surrounds a sweep: a first experiment, plans, status, merging, help for shells and editors.

use super::support::{Lab, errors};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_first_experiment_can_be_swept() {
    let lab = Lab::new();
    let table: String = (0..60).map(|i| format!("{i},{},{}\n", i % 7, i * i % 11)).collect();
    lab.write("mine/table.csv", format!("a,b,y\n{table}"));
    let said = lab.ok("init mine/first.toml --table mine/table.csv");
    assert!(said.contains("sweep mine/first.toml"), "{said}");
    let text = lab.read("mine/first.toml");
    assert!(text.contains("data = \"table.csv\"") && text.contains("target = \"y\""), "{text}");
    lab.ok("sweep mine/first.toml --seeds 1 --set steps=5 --set evaluate-every=5 --quiet");
    for (arguments, words) in [
        ("init mine/first.toml", "already there"),
        ("init other.toml --table mine/table.csv --target z", "unknown column `z`"),
        ("init other.toml --table none.csv", "none.csv cannot be read"),
        ("init other.toml --task argmax-indx", "did you mean `argmax-index`"),
        ("init other.toml --task quadratic-toy --table mine/table.csv", "argmax-index"),
        ("init other", ".toml"),
    ] {
        let output = lab.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(errors(&output).contains(words), "{arguments}: {}", errors(&output));
        assert!(!lab.path("other.toml").exists(), "{arguments}");
    }
    // Nothing of a draft is left.
    assert_eq!(super::support::entries(&lab.path("mine")).len(), 2);
}

/// Every task whose data is not a file.
#[test]
fn a_first_experiment_of_every_task() {
    let lab = Lab::new();
    for task in ["argmax-index", "categorical-vae", "polynomial", "quadratic-toy", "arsm-toy"] {
        lab.ok(&format!("init {task}.toml --task {task}"));
        assert!(lab.ok(&format!("plan {task}.toml --no-estimate")).contains("missing"));
    }
}

#[test]
fn built_in_experiments_need_no_file() {
    let lab = Lab::new();
    assert!(lab.ok("list experiments").contains("argmax"));
    assert!(lab.ok("plan argmax --no-estimate").contains("argmax-index"));
    assert_eq!(lab.ok("plan --no-estimate"), lab.ok("plan argmax --no-estimate"));
    // With the known values that are compared.
    lab.ok("plan arsm-toy --no-estimate");
    // A file of that name comes first.
    lab.write("experiments/argmax.toml", super::support::EXPERIMENT);
    assert!(lab.ok("plan argmax --no-estimate").contains("3 cells"));
    let output = lab.run("plan agmax");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_folder_means_its_experiments() {
    let lab = Lab::new();
    let text = lab.read("tiny.toml");
    lab.write("all/one.toml", &text);
    lab.write("all/two.toml", text.replace("seeds = 3", "seeds = 1"));
    lab.ok("sweep all --quiet");
    assert_eq!((lab.lines("results/one/runs.jsonl"), lab.lines("results/two/runs.jsonl")), (9, 3));
    std::fs::create_dir(lab.path("none")).unwrap();
    let output = lab.run("sweep none");
    assert!(errors(&output).contains("no experiment files"), "{}", errors(&output));
}

#[test]
fn a_plan_says_what_is_missing_and_how_long_it_takes() {
    let lab = Lab::new();
    let said = lab.ok("plan tiny.toml");
    assert!(said.contains("9 missing") && said.contains("by a probe of 20 steps"), "{said}");
    lab.ok("sweep tiny.toml --quiet --estimator exact --force");
    let plan = json(&lab.ok("plan tiny.toml --format json"));
    assert!(plan[0]["seconds"].as_f64().unwrap() > 0.0, "{plan}");
    let said = lab.ok("plan tiny.toml --missing --no-estimate");
    assert!(!said.contains("exact") && said.contains("soft-argmax"), "{said}");
    // Two settings are one line, or two.
    assert_eq!(said.matches("soft-argmax").count(), 1);
    let said = lab.ok("plan tiny.toml --missing --cells --no-estimate");
    assert_eq!(said.matches("soft-argmax").count(), 2, "{said}");
    lab.ok("sweep tiny.toml --quiet");
    assert!(!lab.ok("plan tiny.toml").contains("about"));
    assert!(
        lab.ok("plan tiny.toml --seeds 5 --force").contains("by stored runs of the same cells")
    );
}

#[test]
fn very_many_runs_are_not_begun_by_mistake() {
    let lab = Lab::with(&[("seeds = 3", "seeds = 7000")]);
    let output = lab.run("sweep tiny.toml");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("21000 runs are missing"), "{}", errors(&output));
    assert_eq!(lab.lines("results/tiny/runs.jsonl"), 0);
}

#[test]
fn a_status_counts_runs_and_names_writers() {
    let lab = Lab::new();
    assert!(lab.ok("status tiny.toml").contains("0 of 9 runs done, 9 missing"));
    lab.ok("sweep tiny.toml --quiet --shard 1/2");
    let said = lab.ok("status tiny.toml");
    let count = lab.lines("results/tiny/runs.1-of-2.jsonl");
    assert!((1..9).contains(&count), "{count}");
    assert!(said.contains("runs.1-of-2.jsonl"), "{said}");
    assert!(said.contains(&format!("{count} of 9 runs done")), "{said}");
    // As while another process writes.
    let holder = serde_json::json!({
        "process": std::process::id(), "host": hostname(), "started": "2026-01-01T00:00:00Z", "length": 0,
    });
    lab.write("results/tiny/runs.1-of-2.jsonl.lock", holder.to_string());
    let said = lab.ok("status tiny.toml");
    assert!(said.contains(&format!("process {} on", std::process::id())), "{said}");
    assert!(said.contains("left"), "{said}");
    let status = json(&lab.ok("status tiny.toml --format json"));
    assert_eq!(status[0]["done"], count);
    assert_eq!(status[0]["files"][0]["writer"]["process"], std::process::id());
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

#[test]
fn merged_runs_make_the_report_of_one_machine() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let results = lab.results("results/tiny");
    for shard in 1..=3 {
        lab.ok(&format!("sweep tiny.toml --quiet --shard {shard}/3 --results machine{shard}"));
    }
    let part = lab.ok("merge tiny.toml --from machine2 --results one");
    let count = lab.lines("machine2/tiny/runs.2-of-3.jsonl");
    let expected = format!("{count} runs are new, {} are still missing", 9 - count);
    assert!(part.contains(&expected), "{part}");
    lab.ok("merge tiny.toml --from machine3 --from machine1 --results one");
    lab.is_same(&results, "one/tiny");
    let again =
        lab.ok("merge tiny.toml --from machine1 --from machine2 --from machine3 --results one");
    assert!(again.contains("0 runs are new, 0 are still missing"), "{again}");
    assert_eq!(lab.lines("one/tiny/runs.jsonl"), 9);
    lab.is_same(&results, "one/tiny");
    lab.ok("merge tiny.toml --from machine1 --from machine2 --from machine3 --results other");
    lab.is_same(&results, "other/tiny");
    let output = lab.run("merge tiny.toml --from nowhere");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("nowhere/tiny"), "{}", errors(&output));
}

#[test]
fn shells_and_editors_get_help() {
    let lab = Lab::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(lab.ok(&format!("completions {shell}")).contains("harness"), "{shell}");
    }
    let complete = |words: &str, index: &str| {
        let mut command = lab.command(&format!("-- {words}"));
        command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index);
        command.env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_COMP_TYPE", "9");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(complete("harness sweep --estimator reinf", "3").contains("reinforce-loo"));
    let found = complete("harness sweep ti", "2");
    assert!(found.contains("tiny.toml"), "{found}");
    assert!(complete("harness sweep arg", "2").contains("argmax"));
    assert!(lab.ok("man").contains(".TH harness"));
    assert!(lab.ok("man sweep").contains("harness-sweep"));
    let output = lab.run("man swep");
    assert!(errors(&output).contains("did you mean `sweep`"), "{}", errors(&output));
    let schema = json(&lab.ok("schema"));
    assert!(schema["properties"]["estimator"]["anyOf"][0]["oneOf"].as_array().unwrap().len() > 40);
}

#[test]
fn lists_are_for_people_and_for_programs() {
    let lab = Lab::new();
    for what in ["estimators", "tasks", "optimizers", "experiments", "keys"] {
        let list = json(&lab.ok(&format!("list {what} --format json")));
        assert!(list.as_array().unwrap().len() > 3, "{what}");
    }
    let output = lab.run("list tasks vae --format json");
    assert_eq!(output.status.code(), Some(2));
    let mut command = lab.command("list estimators");
    let narrow = command.env("COLUMNS", "60").output().unwrap();
    let text = String::from_utf8(narrow.stdout).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    for arguments in ["plan tiny.toml", "status tiny.toml", "list keys", "list experiments"] {
        let mut command = lab.command(arguments);
        let narrow = command.env("COLUMNS", "60").output().unwrap();
        let text = String::from_utf8(narrow.stdout).unwrap();
        let is_table = |line: &&str| line.starts_with(' ');
        let long = text.lines().filter(is_table).find(|line| line.chars().count() > 60);
        assert_eq!(long, None, "{arguments}");
    }
}
