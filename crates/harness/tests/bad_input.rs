//! For any invalid input, the program says what is wrong, where, and what is allowed. It exits with
//! code 2 and does not touch stored runs.

use crate::support::{Lab, edited, errors};

const RUNS: &str = "results/tiny/runs.jsonl";

/// Asserts that the program rejects its input with a message that contains all of these words.
fn rejects(lab: &Lab, arguments: &str, words: &[&str]) {
    let output = lab.run(arguments);
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
    assert!(said.starts_with("error: ") && !said.contains("panicked"), "{arguments}: {said}");
    assert!(output.stdout.is_empty(), "{arguments}: {output:?}");
    for word in words {
        assert!(said.contains(word), "{arguments}: no `{word}` in: {said}");
    }
}

/// Asserts that the edited experiment is rejected and the stored runs are kept.
fn rejects_edits(cases: &[(&str, &str, &[&str])]) {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let before = lab.read(RUNS);
    for (from, to, words) in cases {
        lab.write("tiny.toml", edited(&[(from, to)]));
        for verb in ["sweep --fresh", "plan", "report"] {
            rejects(&lab, &format!("{verb} tiny.toml"), &["experiment tiny.toml: "]);
            rejects(&lab, &format!("{verb} tiny.toml"), words);
        }
        assert_eq!(lab.read(RUNS), before, "{to}");
    }
}

#[test]
fn unknown_keys_and_names() {
    rejects_edits(&[
        (
            "batch",
            "bacth",
            &["`bacth`", "did you mean `batch`?", "known: batch, estimator, evaluate-every"],
        ),
        ("inputs", "input", &["task `argmax-index`", "`input`", "`inputs`?", "validation-rows"]),
        ("argmax-index", "argmax-idx", &["task `argmax-idx`", "known: argmax-index"]),
        ("soft-argmax", "soft-agrmax", &["estimator `soft-agrmax`", "`soft-argmax`?", "reinmax"]),
        (
            "sweep.temperature = [0.5, 1.0]",
            "temprature = 1.0",
            &["estimator `soft-argmax`", "`temprature`", "known: schedule, temperature"],
        ),
        ("\"adam\"", "\"adm\"", &["optimizer `adm`", "known: adam, adamw"]),
        ("learning-rate", "rate", &["optimizer", "`rate`", "learning-rate"]),
        ("kind = \"exact\"", "", &["[estimator] has no kind", "list estimators"]),
        ("[task]", "[gradient]\nevry = 1\n[task]", &["gradient", "`evry`", "`every`?", "draws"]),
    ]);
}

#[test]
fn unknown_instruction_sets() {
    let lab = Lab::new();
    let run =
        |value| lab.command("sweep tiny.toml").env("ARGMAX_LAB_SIMD", value).output().unwrap();
    let refused = run("avx3");
    let said = errors(&refused);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    for word in ["ARGMAX_LAB_SIMD = `avx3`", "allowed: portable, avx2, avx512"] {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(lab.lines(RUNS), 0);
    assert!(run("").status.success() && run("portable").status.success());
}

#[test]
#[cfg(target_os = "linux")]
fn a_choice_that_no_memory_holds() {
    let lab = Lab::new();
    for arguments in ["plan", "sweep"] {
        let wide = "--set task.categories=1000000 --set batch=100000";
        rejects(&lab, &format!("{arguments} tiny.toml {wide}"), &["1000000 categories", "GB"]);
    }
}

#[test]
fn invalid_values() {
    rejects_edits(&[
        ("seeds = 3", "seeds = 0", &["seeds = 0", "from 1 to"]),
        ("seeds = 3", "seeds = -1", &["seeds = -1", "a whole number from 0 up"]),
        ("seeds = 3", "seeds = 1_000_000_000", &["seeds = 1000000000", "to 100000"]),
        ("steps = 20", "steps = 0", &["steps = 0", "from 1 to"]),
        ("steps = 20", "steps = \"many\"", &["steps = \"many\"", "expected a whole number"]),
        ("evaluate-every = 10", "evaluate-every = 0", &["evaluate-every = 0", "from 1 to"]),
        ("batch = 8", "batch = 0", &["batch = 0", "from 1 to"]),
        (
            "rate = 0.01",
            "rate = -0.5",
            &["optimizer `adam`: invalid learning-rate = -0.5", "above 0"],
        ),
        (
            "rate = 0.01",
            "rate = nan",
            &["optimizer `adam`: invalid learning-rate = NaN", "above 0"],
        ),
        ("categories = 3", "categories = 1", &["categories = 1", "from 2 to"]),
        ("[0.5, 1.0]", "[0.5, -1.0]", &["`soft-argmax`", "temperature = -1", "from 1e-30 to 1e30"]),
        ("[0.5, 1.0]", "[]", &["sweep.temperature = []", "a list of values"]),
        ("[0.5, 1.0]", "[0.5, 0.5]", &["`soft-argmax temperature=0.5` appears twice"]),
        ("[task]", "[gradient]\ndraws = 1\n[task]", &["gradient.draws = 1", "from 2 to"]),
        ("[task]", "[gradient]\nevery = 0\n[task]", &["gradient.every = 0", "from 1 to"]),
        ("steps = 20", "steps = ", &["line 3, column", "steps = "]),
    ]);
}

#[test]
fn names_of_parameters_and_metrics() {
    let figure = |keys: &str| format!("[[figure]]\n{keys}\n[task]");
    rejects_edits(&[
        (
            "batch",
            "tuned = [\"optimizer.learning-rat\"]\nbatch",
            &["tuned", "`optimizer.learning-rat`", "did you mean `optimizer.learning-rate`?"],
        ),
        (
            "batch",
            "tuned = [\"temperature\"]\nbatch",
            &[
                "tuned",
                "`temperature`",
                "known: estimator.schedule, estimator.temperature, optimizer.",
            ],
        ),
        (
            "[task]",
            "[exclude]\nestimator.temprature = 1.0\n[task]",
            &["exclude", "`estimator.temprature`", "`estimator.temperature`?"],
        ),
        ("[task]", "[exclude]\nestmator.kind = \"exact\"\n[task]", &["exclude", "`estimator`?"]),
        (
            "[task]",
            &figure("kind = \"sensitivity\"\nx = \"estimator.temprature\""),
            &["figure.x", "`estimator.temprature`", "`estimator.temperature`?", "task.categories"],
        ),
        (
            "[task]",
            &figure(
                "kind = \"sensitivity\"\nx = \"estimator.temperature\"\ny = \"validation-los\"",
            ),
            &["figure.y", "`validation-los`", "`validation-loss`?", "regime-accuracy"],
        ),
        ("[task]", &figure("kind = \"sensitivity\""), &["figure", "x = absent"]),
        (
            "[task]",
            &figure("kind = \"sensitivty\"\nx = \"estimator.temperature\""),
            &["figure", "kind = \"sensitivty\"", "expected `sensitivity`"],
        ),
        (
            "[task]",
            &figure("kind = \"heat-map\"\nx = \"estimator.temperature\""),
            &["figure.rows", "a heat-map needs it"],
        ),
        (
            "[task]",
            &figure(
                "kind = \"heat-map\"\nx = \"estimator.temperature\"\nrows = \"optimizer.learning-rat\"",
            ),
            &["figure.rows", "`optimizer.learning-rat`", "`optimizer.learning-rate`?"],
        ),
        (
            "[task]",
            &figure(
                "kind = \"heat-map\"\nx = \"estimator.temperature\"\nrows = \"estimator.temperature\"",
            ),
            &["figure.rows", "along the horizontal axis already"],
        ),
    ]);
}

#[test]
fn command_lines() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let before = lab.read(RUNS);
    lab.write("broken.json", "{\"format\": 1");
    lab.write("old.json", "{\"format\": 2}");
    for (arguments, words) in [
        ("sweep no.toml", &["experiment no.toml", "experiments in this folder: tiny.toml"] as &[_]),
        ("sweep no/such.toml", &["experiment no/such.toml", "cannot be read"]),
        ("sweep tiny.toml --seeds 0", &["tiny.toml", "seeds = 0", "from 1 to"]),
        ("sweep tiny.toml --set steps", &["--set steps", "key.path=value"]),
        ("sweep tiny.toml --set steps.x=1", &["--set steps.x=1", "`steps` is not a table"]),
        ("sweep tiny.toml --set =1", &["--set =1", "empty"]),
        ("sweep tiny.toml --set task.categores=4", &["`categores`", "`categories`?"]),
        ("sweep tiny.toml --set task.categories=1", &["categories = 1", "from 2 to"]),
        ("sweep tiny.toml --estimator reinmax", &["--estimator reinmax", "exact, soft-argmax"]),
        ("sweep tiny.toml --estimator exakt", &["`exakt`", "`exact`?"]),
        ("sweep tiny.toml tiny.toml", &["share the folder results/tiny"]),
        ("sweep tiny.toml --shard 0/4", &["--shard", "0/4", "from 1 to N"]),
        ("sweep tiny.toml --shard 5/4", &["--shard", "5/4", "from 1 to N"]),
        ("sweep tiny.toml --jobs 0", &["--jobs", "'0'", "1..="]),
        ("sweep tiny.toml --timeout 90", &["--timeout", "90", "90s or 15m"]),
        ("sweep tiny.toml --max-failures 0", &["--max-failures", "'0'", "1..="]),
        ("sweep tiny.toml --retry late", &["--retry", "late", "timed-out"]),
        ("swep tiny.toml", &["swep", "sweep"]),
        ("list estimators nosuch", &["estimator `nosuch`", "known: exact,"]),
        ("list tasks nosuch", &["task `nosuch`", "known: argmax-index"]),
        ("list experiments nosuch --experiments .", &["experiment `nosuch`", "known: tiny"]),
        ("list experiments --experiments no", &["folder no cannot be read"]),
        ("verify no.json", &["table no.json", "cannot be read"]),
        ("verify broken.json", &["table broken.json", "JSON of a reference table"]),
        ("verify old.json", &["table old.json", "format = 2", "expected 1"]),
        ("report tiny.toml --results other", &["other/tiny has none of the 9 runs", "sweep"]),
    ] {
        rejects(&lab, arguments, words);
        assert_eq!(lab.read(RUNS), before, "{arguments}");
    }
}

#[test]
fn data_files() {
    let lab = Lab::with(&[("inputs = 4", "data = \"own.csv\"\ntarget = \"y\"")]);
    let rejects_file = |words: &[&str]| {
        rejects(&lab, "sweep tiny.toml", &["experiment tiny.toml: data file own.csv: "]);
        rejects(&lab, "sweep tiny.toml", words);
        assert!(!lab.path("results").exists());
    };
    rejects_file(&["cannot be read"]);
    for (content, words) in [
        ("", &["the file is empty", "a header line"] as &[_]),
        ("a,y\n", &["no rows below the header"]),
        ("1,2\n3,4\n", &["the first line holds numbers", "a header line"]),
        ("size,yy\n1,2\n3,4\n", &["unknown column `y`", "`yy`?", "known: size, yy"]),
        ("y\n1\n2\n", &["no column other than the target `y`"]),
        ("a,y,y\n1,2,3\n4,5,6\n", &["two columns are named `y`"]),
        ("a,y\n1,2\n", &["1 row;", "at least 3 rows"]),
        ("a,y\n1,2\n2,3\n", &["2 rows;", "at least 3 rows"]),
        (
            "a,y\n1,2\n3,NaN\n,5\n",
            &[
                "cells are missing",
                "column `a`: 1 cell, in line 4",
                "column `y`: 1 cell, in line 3",
            ],
        ),
        ("a,y\n1,2\n4,2\ninf,3\n", &["line 4, column `a`", "`inf`", "expected a finite number"]),
        ("a,y\n1,2\n4,2\nred,2\n", &["line 4, column `a`", "`red`", "expected a finite number"]),
        ("a,y\nred,2\nblue,3\n", &["column `a`: every text is different", "`ignore`"]),
        ("a,y\n1,2\n1,2,3\n", &["line 3: expected 2 cells, found 3"]),
        ("a,y\n1,2\n1\n", &["line 3: expected 2 cells, found 1"]),
    ] {
        lab.write("own.csv", content);
        rejects_file(words);
    }
    lab.write("own.csv", b"a,y\n\xff,2\n");
    rejects_file(&["line 2", "UTF-8"]);
    lab.write("tiny.toml", edited(&[("inputs = 4", "data = \"own.csv\"")]));
    rejects(&lab, "sweep tiny.toml", &["target = absent", "the name of a column"]);
    lab.write("tiny.toml", edited(&[("inputs = 4", "target = \"y\"")]));
    rejects(&lab, "sweep tiny.toml", &["target = y", "no target, because no data file is given"]);
    let task = |more: &str| format!("data = \"own.csv\"\ntarget = \"y\"\n{more}");
    lab.write("own.csv", "id,y,part\n1,2,train\n3,4,test\n5,6,dev\n");
    for (more, words) in [
        ("ignore = [\"y\"]", &["ignore = y", "columns other than the target"] as &[_]),
        ("ignore = [\"i\"]", &["own.csv", "ignore: unknown column `i`", "`id`?"]),
        ("split = \"parts\"", &["unknown column `parts`", "`part`?"]),
        ("split = \"part\"", &["line 4, column `part`: the cell is `dev`"]),
        ("missing = \"median\"", &["missing = \"median\"", "`refuse` or `mean`"]),
    ] {
        lab.write("tiny.toml", edited(&[("inputs = 4", &task(more))]));
        rejects(&lab, "sweep tiny.toml", words);
    }
}

#[test]
fn folders_of_other_experiments_and_versions() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let runs = lab.read(RUNS);
    let manifest = lab.read("results/tiny/manifest.json");
    let refused = |words: &[&str]| {
        for arguments in ["sweep tiny.toml", "sweep --fresh tiny.toml", "plan tiny.toml"] {
            rejects(&lab, arguments, words);
        }
    };
    for (from, to, words) in [
        ("\"tiny\"", "\"large\"", &["results/tiny", "experiment `large`, not of `tiny`"] as &[_]),
        (
            "\"format\": 1",
            "\"format\": 99",
            &["results/tiny", "format 99", "program uses format 1"],
        ),
        ("{", "", &["results/tiny/manifest.json", "is not a manifest"]),
    ] {
        assert!(manifest.contains(from));
        lab.write("results/tiny/manifest.json", manifest.replacen(from, to, 1));
        refused(words);
        assert_eq!(lab.read(RUNS), runs);
    }
    lab.write("results/tiny/manifest.json", &manifest);
    lab.ok("sweep tiny.toml");
}

#[test]
fn records_of_another_format() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let runs = lab.read(RUNS).replacen("\"format\":1,", "\"format\":99,", 1);
    lab.write(RUNS, &runs);
    for verb in ["sweep", "plan", "report"] {
        rejects(&lab, &format!("{verb} tiny.toml"), &["results/tiny/runs.jsonl", "format 99"]);
    }
    assert_eq!(lab.read(RUNS), runs);
}

#[test]
fn folders_that_cannot_be_written() {
    let lab = Lab::new();
    lab.write("file", "");
    lab.write("folder/tiny", "");
    rejects(&lab, "sweep tiny.toml --results file", &["file/tiny"]);
    rejects(&lab, "sweep tiny.toml --results folder", &["folder/tiny"]);
    rejects(&lab, "plan tiny.toml --results folder", &["folder/tiny"]);
    if cfg!(target_os = "linux") {
        rejects(&lab, "sweep tiny.toml --results /proc/none", &["/proc/none/tiny"]);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let folder = lab.path("results/tiny");
    let set = |mode| {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(0o500);
    // Root ignores permissions.
    if std::fs::write(folder.join("probe"), "").is_err() {
        rejects(&lab, "sweep tiny.toml", &["results/tiny", "cannot be written"]);
    }
    set(0o700);
}
