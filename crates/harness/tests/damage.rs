//! What must not stop a sweep, and what must not enter a report: damaged records, other sweeps, streams
//! that are gone.

use super::support::{Lab, errors};
use std::fs::OpenOptions;
use std::process::Stdio;

const RUNS: &str = "results/tiny/runs.jsonl";

/// A changed digit, an empty line, half a line and a run without numbers do not count, and are named.
#[test]
fn damaged_lines_are_named_set_aside_and_their_runs_repeated() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let (runs, results) = (lab.read(RUNS), lab.results("results/tiny"));
    let lines: Vec<&str> = runs.lines().collect();
    let changed = lines[0].replacen("0.", "1.", 1);
    assert_ne!(lines[0], changed);
    let damaged = [&changed, "", &lines[1][..40]].join("\n");
    // A torn last line as well.
    lab.write(RUNS, format!("{damaged}\n{}\n{{\"form", lines[2..].join("\n")));
    for verb in ["plan", "report"] {
        let output = lab.run(&format!("{verb} tiny.toml"));
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        for words in ["line 1 of", "its checksum differs", "line 2 of", "line 3 of", "cut short"] {
            assert!(errors(&output).contains(words), "{verb}, {words}: {}", errors(&output));
        }
    }
    assert!(lab.ok("plan tiny.toml").contains("7 done"));
    let said = errors(&lab.run("sweep tiny.toml"));
    assert!(said.contains("3 damaged lines are now in results/tiny/runs.jsonl.damaged"), "{said}");
    assert_eq!((lab.lines(RUNS), lab.lines("results/tiny/runs.jsonl.damaged")), (9, 3));
    lab.is_same(&results, "results/tiny");
    assert!(errors(&lab.run("plan tiny.toml")).is_empty());
}

/// A record that says something else than a repetition of its run, as one of an older version can.
#[test]
fn a_run_that_gives_other_numbers_is_not_stored_twice() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let runs = lab.read(RUNS);
    let line = runs.lines().next().unwrap();
    let (record, _) = line.split_once(",\"check\":").unwrap();
    let start = record.find("\"test-loss\":[").unwrap() + "\"test-loss\":[".len();
    let other = format!("{}1{}}}", &record[..start], &record[start..]);
    lab.write(RUNS, runs.replacen(line, &other, 1));
    let before = lab.read(RUNS);
    let output = lab.run("sweep tiny.toml --retry done --jobs 1");
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    assert!(errors(&output).contains("gave other numbers than before"), "{}", errors(&output));
    assert!(lab.read(RUNS).starts_with(&before));
    lab.ok("report tiny.toml");
    // Of two results that differ, the first counts, and both places are known.
    lab.write(RUNS, format!("{before}{line}\n"));
    let output = lab.run("report tiny.toml");
    assert_eq!(output.status.code(), Some(0));
    assert!(errors(&output).contains("line 10 of"), "{}", errors(&output));
}

#[test]
fn each_shard_repeats_its_own_runs() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --shard 1/2");
    lab.ok("sweep tiny.toml --shard 2/2");
    let names = ["1-of-2", "2-of-2"].map(|name| format!("results/tiny/runs.{name}.jsonl"));
    let counts = names.clone().map(|name| lab.lines(&name));
    assert_eq!(counts[0] + counts[1], 9);
    lab.ok("sweep tiny.toml --shard 1/2 --fresh");
    let said = lab.ok("sweep tiny.toml --shard 2/2 --fresh");
    assert!(said.contains(&format!("{0} of {0} runs of part 2 of 2", counts[1])), "{said}");
    for (name, lines) in names.iter().zip(counts) {
        for end in ["", ".1.old"] {
            assert_eq!(lab.lines(&format!("{name}{end}")), lines);
        }
    }
}

/// Whoever would do the same runs at the same time is refused.
#[test]
fn sweeps_that_share_runs_exclude_each_other() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --shard 1/2");
    lab.ok("sweep tiny.toml");
    let hold = |name: &str| {
        let file = OpenOptions::new().append(true).open(lab.path(name)).unwrap();
        file.lock().unwrap();
        file
    };
    let shard = hold("results/tiny/runs.1-of-2.jsonl");
    for other in ["", " --shard 1/3", " --shard 1/2"] {
        let output = lab.run(&format!("sweep tiny.toml{other}"));
        assert_eq!(output.status.code(), Some(2), "{other}");
        assert!(errors(&output).contains("another sweep is writing"), "{}", errors(&output));
    }
    lab.ok("sweep tiny.toml --shard 2/2");
    drop(shard);
    let _whole = hold(RUNS);
    lab.ends(2, "sweep tiny.toml --shard 2/2");
}

#[test]
fn estimators_that_reject_logits_have_diverged() {
    let lab = Lab::with(&[
        ("\"adam\"", "\"sgd\""),
        ("rate = 0.01", "rate = 1e6"),
        ("kind = \"exact\"", "kind = \"sparsemax\""),
        ("soft-argmax", "perturbed"),
        ("sweep.temperature = [0.5, 1.0]", "sweep.sigma = [0.5, 1.0]"),
        ("evaluate-every = 10", "evaluate-every = 20"),
    ]);
    let said = lab.ok("sweep tiny.toml");
    assert!(said.contains("9 of 9 runs, 9 of them failed"), "{said}");
    assert_eq!(lab.read(RUNS).matches("\"status\":\"diverged\"").count(), 9);
}

/// Nothing is allocated for categories that do not occur, and huge lists are counted before they are made.
#[test]
fn sizes_are_no_danger() {
    let lab = Lab::with(&[("categories = 3", "categories = 100000"), ("hidden = 8", "hidden = 1")]);
    lab.ok("sweep tiny.toml --seeds 1 --set steps=1 --estimator soft-argmax");
    let list = format!("[{}]", (1..=100).map(|i| i.to_string()).collect::<Vec<_>>().join(", "));
    let sweeps = ["categories", "inputs", "rows", "validation-rows"];
    let sweeps = sweeps.map(|key| format!("sweep.{key} = {list}")).join("\n");
    lab.write(
        "huge.toml",
        format!("[task]\nkind = \"argmax-index\"\n{sweeps}\n[[estimator]]\nkind = \"exact\"\n"),
    );
    let output = lab.run("plan huge.toml");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("100000000 combinations"), "{}", errors(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn streams_that_are_full_or_gone() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    for verb in ["plan tiny.toml --format json", "list estimators"] {
        let output = lab.command(verb).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{verb}");
        assert!(errors(&output).contains("the output cannot be written"), "{}", errors(&output));
    }
    lab.write(RUNS, format!("{}{{\"form", lab.read(RUNS)));
    for (verb, code) in [("plan tiny.toml", 0), ("plan absent.toml", 2)] {
        let status = lab.command(verb).stdout(Stdio::null()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{verb}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn places_that_are_no_text_or_no_file() {
    use std::os::unix::ffi::OsStrExt;
    let lab = Lab::new();
    let odd = std::ffi::OsStr::from_bytes(b"r\xff");
    for verb in ["sweep tiny.toml --results", "plan tiny.toml --format json --results"] {
        let output = lab.command(verb).arg(odd).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{verb}: {}", errors(&output));
    }
    lab.ok("sweep tiny.toml --quiet");
    std::fs::remove_file(lab.path(RUNS)).unwrap();
    let made = std::process::Command::new("mkfifo").arg(lab.path(RUNS)).status().unwrap();
    assert!(made.success());
    for verb in ["plan", "sweep", "report"] {
        let output = lab.run(&format!("{verb} tiny.toml"));
        assert_eq!(output.status.code(), Some(2), "{verb}");
        assert!(errors(&output).contains("is not a file"), "{}", errors(&output));
    }
}

/// Runs of another revision or processor count, and a report names them.
#[test]
fn runs_of_other_origins_are_named() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let manifest = || -> serde_json::Value {
        serde_json::from_str(&lab.read("results/tiny/manifest.json")).unwrap()
    };
    let origins = manifest()["origins"].as_object().unwrap().clone();
    let here = origins.keys().next().unwrap();
    assert!(origins.len() == 1 && origins[here] == 9, "{origins:?}");
    assert!(!lab.read("results/tiny/report.html").contains("Not all runs are of one revision"));
    let table = lab.read("results/tiny/table.csv");
    let runs = lab.read(RUNS);
    let first = runs.lines().next().unwrap();
    let other = first.replace(here.as_str(), "0123456789, another processor, sse");
    // Without its checksum, as lines of older versions are.
    let other = format!("{}}}", other.split(",\"check\"").next().unwrap());
    lab.write(RUNS, runs.replace(first, &other));
    let said = errors(&lab.run("report tiny.toml"));
    assert!(said.contains("1 by 0123456789, another processor, sse"), "{said}");
    assert_eq!(lab.read("results/tiny/table.csv"), table);
    let page = lab.read("results/tiny/report.html");
    assert!(page.contains("Not all runs are of one revision"));
    assert!(page.contains("<code>0123456789, another processor, sse</code> (1)"));
}
