//! A sweep from its first run to its report. Interrupted, repeated, split or resumed, it writes the
//! same files.

use crate::support::{EXPERIMENT, Lab, entries, errors};
use harness::Registries;
use harness::experiment::{Experiment, Overrides};
use harness::verb::Shard;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: &str = "results/tiny/runs.jsonl";

/// Many short runs, so that a sweep can be interrupted among them.
const LONG: [(&str, &str); 3] =
    [("seeds = 3", "seeds = 20"), ("steps = 20", "steps = 400"), ("every = 10", "every = 200")];

/// Gradients and an extra figure, so that every kind of file is written.
const FULL: [(&str, &str); 2] = [
    ("[task]", "[gradient]\nevery = 10\ndraws = 8\n\n[task]"),
    (
        "[[estimator]]",
        "[[figure]]\nkind = \"sensitivity\"\nx = \"estimator.temperature\"\n\n[[estimator]]",
    ),
];

/// Waits until `holds` returns true.
fn wait(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn begin(lab: &Lab, arguments: &str) -> Child {
    let mut command = lab.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

/// The rows of a CSV file, as maps from column to cell.
fn rows(lab: &Lab, name: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let text = lab.read(name);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_sweep_writes_every_file() {
    let lab = Lab::with(&FULL);
    let said = lab.ok("sweep tiny.toml");
    assert!(said.contains("tiny: 9 of 9 runs, in results/tiny"), "{said}");
    assert!(said.contains("report in results/tiny/report.html"), "{said}");
    assert_eq!(lab.lines(RUNS), 9);

    let plots = entries(&lab.path("results/tiny/plots"));
    let names: Vec<_> = plots.iter().map(|path| path.file_stem().unwrap().to_owned()).collect();
    let expected = [
        "bias-variance",
        "convergence-by-evaluations",
        "convergence",
        "entropy",
        "final",
        "live-categories",
        "sensitivity-1",
        "variance",
    ];
    assert_eq!(names, expected);
    for path in &plots {
        let text = std::fs::read_to_string(path).unwrap();
        let svg = roxmltree::Document::parse(&text).unwrap();
        assert_eq!(svg.root_element().tag_name().name(), "svg", "{}", path.display());
    }
    let report = lab.read("results/tiny/report.html");
    assert_eq!(report.matches("<div class=\"plot\">").count(), plots.len());
    assert!(report.contains("Which is best?") && report.contains("soft-argmax"));

    // A table has a row for each cell and metric. Three runs have no interval anywhere.
    let table = rows(&lab, "results/tiny/table.csv");
    assert_eq!(table.len(), 3 * (6 + 6));
    let losses: Vec<_> = table.iter().filter(|row| row["metric"] == "test-loss").collect();
    assert_eq!(losses.len(), 3);
    for row in losses {
        assert_eq!((&*row["n"], &*row["failures"]), ("3", "0"));
        assert!(row["iqm"].parse::<f64>().unwrap() > 0.0, "{row:?}");
        assert_eq!((&*row["low"], &*row["high"]), ("", ""));
    }
    assert!(report.contains("Fewer than 5 runs have no interval."));
    assert!(!report.contains("95 % interval"));
    let curves = rows(&lab, "results/tiny/curves.csv");
    let steps: Vec<&str> = curves
        .iter()
        .filter(|row| row["estimator"] == "exact" && row["metric"] == "test-loss")
        .map(|row| &*row["step"])
        .collect();
    assert_eq!(steps, ["0", "10", "20"]);
    let summary = json(&lab.read("results/tiny/summary.json"));
    let ranking = summary["tasks"][0]["ranking"].as_array().unwrap();
    let loss = |i: usize| ranking[i]["test-loss"][0].as_f64().unwrap();
    assert!(ranking.len() == 3 && loss(0) <= loss(1) && loss(1) <= loss(2));
    assert!(ranking[0]["test-loss"][1].is_null());
    let manifest = json(&lab.read("results/tiny/manifest.json"));
    assert_eq!((&manifest["runs"], &manifest["format"]), (&9.into(), &1.into()));

    // The resolved experiment is itself an experiment, with the same runs.
    lab.write("again/tiny.toml", lab.read("results/tiny/experiment.toml"));
    let said = lab.ok("sweep again/tiny.toml --no-report");
    assert!(said.contains("nothing to do"), "{said}");
}

#[test]
fn a_second_sweep_says_that_there_is_nothing_to_do() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml");
    let (runs, results) = (lab.read(RUNS), lab.results("results/tiny"));
    let manifest = lab.read("results/tiny/manifest.json");
    let said = lab.ok("sweep tiny.toml");
    assert!(said.contains("tiny: nothing to do, all runs are done"), "{said}");
    assert_eq!(lab.read(RUNS), runs);
    assert_eq!(lab.read("results/tiny/manifest.json"), manifest, "it describes the first sweep");
    lab.ok("report tiny.toml");
    lab.is_same(&results, "results/tiny");
}

#[test]
fn jobs_and_shards_write_the_same_files() {
    let lab = Lab::with(&FULL);
    lab.ok("sweep tiny.toml --results one --jobs 1");
    lab.ok("sweep tiny.toml --results two --jobs 2");
    let whole = lab.results("one/tiny");
    lab.is_same(&whole, "two/tiny");

    let said = lab.ok("sweep tiny.toml --results parts --shard 1/2");
    let first = lab.lines("parts/tiny/runs.1-of-2.jsonl");
    assert!(said.contains(&format!("{first} of {first} runs of part 1 of 2,")), "{said}");
    assert!(!said.contains("report.html"), "{said}");
    assert!(said.contains("when all 2 parts are done, `report` combines them"), "{said}");
    assert!(!lab.path("parts/tiny/report.html").exists());
    // A part reads no other part's file, however many there are; whatever is wrong with it.
    let other = lab.read("parts/tiny/runs.1-of-2.jsonl");
    lab.write("parts/tiny/runs.1-of-2.jsonl", other.replacen("\"id\"", "\"di\"", 1));
    let output = lab.run("sweep tiny.toml --results parts --shard 2/2");
    assert!(output.status.success() && errors(&output).is_empty(), "{}", errors(&output));
    lab.write("parts/tiny/runs.1-of-2.jsonl", other);
    assert_eq!(lab.lines("parts/tiny/runs.1-of-2.jsonl"), first);
    assert_eq!(lab.lines("parts/tiny/runs.2-of-2.jsonl"), 9 - first);
    // More cells move no run.
    let shard: Shard = "1/2".parse().unwrap();
    let runs = |seeds: u64| {
        let overrides = Overrides { seeds: Some(seeds), ..Overrides::default() };
        let path = lab.path("tiny.toml");
        let experiment = Experiment::read(&path, &overrides, &Registries::standard()).unwrap();
        let ours = experiment.runs().unwrap().into_iter().filter(|run| shard.has(run));
        ours.map(|run| run.id).collect::<BTreeSet<String>>()
    };
    assert!(runs(3).is_subset(&runs(5)) && runs(3).len() == first);
    lab.ok("report tiny.toml --results parts");
    lab.is_same(&whole, "parts/tiny");
    let said = lab.ok("sweep tiny.toml --results parts");
    assert!(said.contains("nothing to do"), "{said}");
}

#[test]
fn a_killed_sweep_resumes() {
    let lab = Lab::with(&LONG);
    lab.ok("sweep tiny.toml --results whole");
    let mut child = begin(&lab, "sweep tiny.toml --jobs 1");
    wait("a few runs", || lab.lines(RUNS) >= 3);
    child.kill().unwrap();
    child.wait().unwrap();
    let there = lab.lines(RUNS);
    assert!(there < 60, "all runs ended before the kill");
    lab.ok("sweep tiny.toml");
    assert_eq!(lab.lines(RUNS), 60);
    lab.is_same(&lab.results("whole/tiny"), "results/tiny");
}

#[test]
fn a_run_with_a_torn_line_is_repeated() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml");
    let (runs, results) = (lab.read(RUNS), lab.results("results/tiny"));
    lab.write(RUNS, &runs[..runs.len() - 40]);
    let plan = lab.run("plan tiny.toml");
    assert!(
        errors(&plan).contains("runs.jsonl, which an interruption cut short"),
        "{}",
        errors(&plan)
    );
    let output = lab.run("sweep tiny.toml");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        errors(&output).contains("runs.jsonl, which an interruption cut short"),
        "{}",
        errors(&output)
    );
    lab.is_same(&results, "results/tiny");
    assert_eq!(lab.lines(RUNS), 9);
    assert!(errors(&lab.run("plan tiny.toml")).is_empty());
}

#[cfg(unix)]
#[test]
fn a_signal_lets_active_runs_finish() {
    let lab = Lab::with(&LONG);
    lab.ok("sweep tiny.toml --results whole");
    for (signal, results) in [("-INT", "int"), ("-TERM", "term")] {
        let runs = format!("{results}/tiny/runs.jsonl");
        let child = begin(&lab, &format!("sweep tiny.toml --jobs 2 --results {results}"));
        wait("a few runs", || lab.lines(&runs) >= 3);
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(130), "{signal}: {said}");
        assert!(said.contains("finishing the active runs"), "{said}");
        let there = lab.lines(&runs);
        assert!((3..60).contains(&there), "{there} runs");
        assert!(lab.read(&runs).ends_with('\n'));
        let summary = json(&lab.read(&format!("{results}/tiny/summary.json")));
        assert_eq!(summary["runs"], there);
        lab.ok(&format!("sweep tiny.toml --results {results}"));
        lab.is_same(&lab.results("whole/tiny"), &format!("{results}/tiny"));
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_stops_at_once() {
    use std::io::{BufRead, BufReader};
    // A run of hours, without evaluations in between.
    let lab =
        Lab::with(&[("steps = 20", "steps = 900000000"), ("every = 10", "every = 900000000")]);
    let mut child = begin(&lab, "sweep tiny.toml");
    wait("the record file", || lab.path(RUNS).exists());
    send("-INT", &child);
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("again to stop now")));
    send("-INT", &child);
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // If the program has not ended, it must not outlive the test.
    let _ = child.kill();
    let mut announced = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut announced).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(lab.lines(RUNS), 0);
    // Nothing is announced that is not there.
    assert!(announced.contains("0 of 9 runs") && !announced.contains("report"), "{announced}");
    assert!(!lab.path("results/tiny/report.html").exists());
}

#[test]
fn a_fresh_sweep_sets_runs_aside() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml");
    let (runs, results) = (lab.read(RUNS), lab.results("results/tiny"));
    for time in 1..=2 {
        lab.ok("sweep tiny.toml --fresh");
        let aside = format!("results/tiny/runs.jsonl.{time}.old");
        assert_eq!(lab.lines(&aside), 9);
        lab.is_same(&results, "results/tiny");
    }
    assert_eq!(lab.read("results/tiny/runs.jsonl.1.old"), runs);
}

#[test]
fn a_run_that_times_out_has_failed_and_can_be_repeated() {
    let lab = Lab::with(&[("steps = 20", "steps = 1000"), ("every = 10", "every = 1000")]);
    lab.ok("sweep tiny.toml --results whole");
    let said = lab.ends(1, "sweep tiny.toml --timeout 0.001ms");
    assert!(said.contains("9 of 9 runs, 9 of them failed"), "{said}");
    assert_eq!(lab.read(RUNS).matches("\"status\":\"timed-out\"").count(), 9);
    let table = rows(&lab, "results/tiny/table.csv");
    for row in table.iter().filter(|row| row["metric"] == "test-loss") {
        assert_eq!((&*row["failures"], &*row["iqm"]), ("3", "miss"), "{row:?}");
    }
    assert!(lab.read("results/tiny/report.html").contains("timed out at step"));
    // They are stored, and repeated only on request.
    assert!(lab.ends(1, "sweep tiny.toml").contains("nothing to do"));
    assert!(lab.ends(1, "sweep tiny.toml --retry failed").contains("nothing to do"));
    let said = lab.ok("sweep tiny.toml --retry timed-out");
    assert!(said.contains("9 of 9 runs, in"), "{said}");
    assert_eq!(lab.lines(RUNS), 18);
    lab.is_same(&lab.results("whole/tiny"), "results/tiny");
}

#[test]
fn a_run_that_diverges_has_failed() {
    let lab = Lab::with(&[("\"adam\"", "\"sgd\""), ("rate = 0.01", "rate = 1e6")]);
    let said = lab.ok("sweep tiny.toml");
    assert!(said.contains("9 of 9 runs, 9 of them failed"), "{said}");
    assert_eq!(lab.read(RUNS).matches("\"status\":\"diverged\"").count(), 9);
    let table = rows(&lab, "results/tiny/table.csv");
    let failed = |metric: &str, value: &str| {
        let rows: Vec<_> = table.iter().filter(|row| row["metric"] == metric).collect();
        assert_eq!(rows.len(), 3);
        for row in rows {
            assert_eq!((&*row["failures"], &*row["iqm"]), ("3", value), "{row:?}");
        }
    };
    failed("test-loss", "miss");
    failed("regime-accuracy", "0");
    assert!(lab.read("results/tiny/report.html").contains("diverged at step"));
    for path in entries(&lab.path("results/tiny/plots")) {
        let text = std::fs::read_to_string(&path).unwrap();
        roxmltree::Document::parse(&text).unwrap();
    }
    assert!(lab.ok("sweep tiny.toml").contains("nothing to do"));
}

#[test]
fn a_selection_runs_only_its_part() {
    let lab = Lab::new();
    let said = lab.ok("sweep tiny.toml --estimator exact --seeds 2 --set steps=30 --force");
    assert!(said.contains("2 of 2 runs"), "{said}");
    let record = json(lab.read(RUNS).lines().next().unwrap());
    assert_eq!(record["run"]["steps"], 30);
    assert_eq!(record["run"]["estimator"]["kind"], "exact");
    assert_eq!(record["curves"]["steps"], serde_json::json!([0, 10, 20, 30]));
    // A selection that shares runs with an earlier one does only the missing ones.
    lab.ok("sweep tiny.toml --set steps=30 --force");
    assert_eq!(lab.lines(RUNS), 9);
    let said = lab.ok("sweep tiny.toml --set task.hidden=4 --estimator soft-argmax --force");
    assert!(said.contains("ignoring 9 stored runs with other settings"), "{said}");
    assert_eq!(lab.lines(RUNS), 15);
    let said = lab.ok("sweep tiny.toml --seeds 4 --set steps=30 --force");
    assert!(said.contains("12 of 12 runs"), "{said}");
    assert_eq!(lab.lines(RUNS), 18);
}

#[test]
fn quiet_prints_nothing_and_no_report_writes_none() {
    let lab = Lab::new();
    let output = lab.run("sweep tiny.toml --quiet --no-report");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(entries(&lab.path("results/tiny")), [lab.path(RUNS)]);
    let output = lab.run("sweep tiny.toml --quiet");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    assert!(lab.path("results/tiny/report.html").exists());
}

#[test]
fn a_plan_counts_runs() {
    let lab = Lab::new();
    let counts = |arguments: &str| -> Vec<[u64; 4]> {
        let plan = json(&lab.ok(&format!("plan tiny.toml --format json {arguments}")));
        assert_eq!(plan[0]["experiment"], "tiny");
        let keys = ["runs", "done", "failed", "missing"];
        let cells = plan[0]["cells"].as_array().unwrap().iter();
        cells.map(|cell| keys.map(|key| cell[key].as_u64().unwrap())).collect()
    };
    assert_eq!(counts(""), [[3, 0, 0, 3]; 3]);
    assert!(!lab.path("results").exists());
    lab.ok("sweep tiny.toml --estimator exact --force");
    assert_eq!(counts(""), [[3, 3, 0, 0], [3, 0, 0, 3], [3, 0, 0, 3]]);
    assert_eq!(counts("--seeds 5 --force")[0], [5, 3, 0, 2]);
    // Other settings have a folder of their own, and no run in it.
    assert_eq!(counts("--seeds 5"), [[5, 0, 0, 5]; 3]);
    lab.ok("sweep tiny.toml");
    assert_eq!(counts(""), [[3, 3, 0, 0]; 3]);
    let said = lab.ok("plan tiny.toml");
    assert!(
        said.contains("tiny: 3 cells, 9 runs: 9 done, 0 failed, 0 missing, in results/tiny\n"),
        "{said}"
    );
}

#[test]
fn lists_name_everything() {
    let lab = Lab::new();
    let registries = harness::Registries::standard();
    let listed = lab.ok("list estimators");
    for entry in registries.estimators.entries() {
        assert!(listed.contains(entry.name), "{}", entry.name);
        let page = lab.ok(&format!("list estimators {}", entry.name));
        assert!(page.contains(entry.summary) && page.contains(entry.about.source), "{page}");
    }
    let listed = lab.ok("list tasks");
    for entry in registries.tasks.entries() {
        assert!(listed.contains(entry.name), "{}", entry.name);
        let page = lab.ok(&format!("list tasks {}", entry.name));
        let keys = entry.defaults();
        assert!(keys.keys().all(|key| page.contains(key)), "{page}");
    }
    let listed = lab.ok("list experiments --experiments .");
    assert!(listed.contains("tiny") && listed.contains("Which is best?"), "{listed}");
    let page = lab.ok("list experiments tiny --experiments .");
    assert!(page.contains("temperature = 0.5") && page.contains("beta1 = 0.9"), "{page}");
}

#[test]
fn a_closed_output_is_not_an_error() {
    let lab = Lab::new();
    let mut child = begin(&lab, "list estimators");
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(output.stderr.is_empty(), "{}", errors(&output));
}

#[test]
fn a_ranking_is_written_into_a_text() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml");
    lab.write("text.md", "before\n<!-- ranking tiny -->\nold\n<!-- end ranking -->\nafter\n");
    assert!(
        lab.ok("report tiny.toml --readme text.md").contains("text.md: results of `tiny` written")
    );
    let text = lab.read("text.md");
    assert!(text.starts_with("before\n") && text.ends_with("after\n") && !text.contains("old"));
    assert_eq!(text.lines().filter(|line| line.starts_with("| ")).count(), 1 + 3 + 5, "{text}");
    assert!(text.contains("| `exact` |"), "{text}");
    assert!(!lab.ok("report tiny.toml --readme text.md").contains("written"));
    assert_eq!(lab.read("text.md"), text);

    lab.write("text.md", "without a mark\n");
    let output = lab.run("report tiny.toml --readme text.md");
    let kinds = ["answer", "overview", "published", "ranking"];
    let marks = kinds.map(|kind| format!("`<!-- {kind} tiny -->`"));
    let words = format!("text.md has none of {}, so nothing was written", marks.join(", "));
    assert!(errors(&output).contains(&words), "{}", errors(&output));
    assert_eq!(lab.read("text.md"), "without a mark\n");
    lab.write("text.md", "<!-- ranking tiny -->");
    lab.ends(2, "report tiny.toml --readme text.md");
    assert_eq!(lab.read("text.md"), "<!-- ranking tiny -->");
}

#[test]
fn a_table_of_your_own_is_learned() {
    // Three functions of x; another column says which one.
    let mut table = "x,which,y\n".to_owned();
    for i in 0..120 {
        let (x, which) = (f64::from(i % 40) / 20.0 - 1.0, i % 3);
        let y = [2.0 * x + 1.0, -x, 3.0][which as usize];
        table.push_str(&format!("{x},{which},{y}\n"));
    }
    let data = ("inputs = 4", "data = \"data/own.csv\"\ntarget = \"y\"");
    let lab = Lab::with(&[data, ("steps = 20", "steps = 300"), ("every = 10", "every = 100")]);
    lab.write("data/own.csv", &table);
    // A path is relative to the experiment's folder, wherever the program runs.
    lab.write("elsewhere/empty", "");
    let mut command = lab.command("sweep ../tiny.toml --results ../results");
    let output = command.current_dir(lab.path("elsewhere")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let losses: Vec<f64> = rows(&lab, "results/tiny/curves.csv")
        .iter()
        .filter(|row| row["estimator"] == "exact" && row["metric"] == "test-loss")
        .map(|row| row["iqm"].parse().unwrap())
        .collect();
    assert_eq!(losses.len(), 4);
    assert!(losses[3] < 0.5 * losses[0], "{losses:?}");

    // Different data mean different runs.
    lab.write("data/own.csv", format!("{table}0,0,1\n"));
    let said = lab.ok("plan tiny.toml");
    assert!(said.contains("0 done, 0 failed, 9 missing"), "{said}");
}

#[test]
fn each_experiment_has_its_own_folder() {
    let lab = Lab::new();
    lab.write("other.toml", EXPERIMENT.replace("batch = 8", "batch = 4"));
    let said = lab.ok("sweep tiny.toml other.toml");
    assert!(said.contains("tiny: 9 of 9 runs") && said.contains("other: 9 of 9 runs"), "{said}");
    assert_eq!(lab.lines("results/other/runs.jsonl"), 9);
}
