//! Data sets in folders of their own.

use crate::support::{Lab, errors};
use assert_cmd::Command;

const VAE: &str = r#"question = "Which estimator trains on images?"
seeds = 1
steps = 20
evaluate-every = 10
batch = 8

[optimizer]
kind = "adamw"
learning-rate = 0.01
schedule = { kind = "cosine", warm-up = 10, start = 0.1, every = 5 }

[task]
kind = "vae"
latents = 2
categories = 3
hidden = [8]
validation-rows = 10

[[estimator]]
kind = "reinmax"
"#;

/// Images of 2 × 2 pixels.
fn idx(count: u32) -> Vec<u8> {
    let header = [0x0803, count, 2, 2].map(u32::to_be_bytes).concat();
    let levels = (0..4 * count).map(|i| (i * 37 % 256) as u8).collect();
    [header, levels].concat()
}

fn lab(folder: &str) -> Lab {
    let lab = Lab::new();
    lab.write("experiments/vae.toml", VAE);
    lab.write(&format!("{folder}/train-images-idx3-ubyte"), idx(40));
    lab.write(&format!("{folder}/t10k-images-idx3-ubyte"), idx(20));
    lab
}

const SWEEP: &str = "sweep experiments/vae.toml --quiet";

#[test]
fn images_are_found_where_they_may_be() {
    let beside = lab("data");
    beside.ok(SWEEP);
    let named = lab("elsewhere");
    named.ok(&format!("{SWEEP} --data elsewhere"));
    // The folder is no part of what is measured.
    let table = |lab: &Lab| lab.read("results/vae/table.csv");
    assert_eq!(table(&named), table(&beside));
    let run = |variable: &str, arguments: &str| {
        let mut command = named.command(&format!("{SWEEP} --results other {arguments}"));
        command.env("ARGMAX_LAB_DATA", variable);
        Command::from_std(command).output().unwrap()
    };
    // The command line comes before the environment, and that before `data`.
    assert_eq!(run("nowhere", "--data elsewhere").status.code(), Some(0));
    assert_eq!(run("elsewhere", "").status.code(), Some(0));
    named.write("data/train-images-idx3-ubyte", "no images");
    assert_eq!(run("elsewhere", "").status.code(), Some(0));
    let found = run("nowhere", "");
    assert!(found.status.code() == Some(2) && errors(&found).contains(" in nowhere;"), "{found:?}");
}

#[test]
fn without_images_there_is_a_plan_and_nothing_runs() {
    let lab = lab("elsewhere");
    let plan = lab.ok("plan experiments/vae.toml");
    assert!(plan.contains("vae: 1 cell, 1 run: 0 done, 0 failed, 1 missing"), "{plan}");
    let output = lab.run(SWEEP);
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for words in
        ["experiment `vae`, task `vae`: there is no train-images-idx3-ubyte", " in data;", "--data"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!lab.path("results").exists());
}

#[test]
fn files_that_are_not_images_are_refused() {
    let lab = lab("data");
    lab.write("data/t10k-images-idx3-ubyte", &idx(20)[..50]);
    let said = errors(&lab.run("plan experiments/vae.toml"));
    assert!(said.contains("t10k-images-idx3-ubyte: truncated: it has 50 bytes of 96"), "{said}");
}

/// The report says that other images are no MNIST, and has pictures and the training loss.
#[test]
fn a_report_has_pictures_and_a_warning() {
    let lab = lab("data");
    let said = errors(&lab.run("sweep experiments/vae.toml"));
    assert!(said.contains("the images are not those of MNIST as published"), "{said}");
    let report = lab.read("results/vae/report.html");
    let words = ["above their reconstructions", "from the uniform prior", "test negative ELBO"];
    for words in words.into_iter().chain(["pixels drawn alone"]) {
        assert!(report.contains(words), "{words}");
    }
    lab.ok(&format!("{SWEEP} --set task.validation-rows=0 --results all --force"));
    let report = lab.read("all/vae/report.html");
    assert!(report.contains("training negative ELBO"), "{report}");
}

/// Stored runs can be reported where the table that they used is gone; it says which one it was.
#[test]
fn runs_are_reported_where_their_table_is_gone() {
    // So many that no warning says how few there are.
    let rows: String = (0..200).map(|i| format!("{i},{},{}\n", i % 3, i % 2)).collect();
    for (classes, metric) in [("classification = true", "test-accuracy"), ("", "test-loss")] {
        let lab =
            Lab::with(&[("inputs = 4", &format!("data = \"own.csv\"\ntarget = \"y\"\n{classes}"))]);
        lab.write("own.csv", format!("a,b,y\n{rows}"));
        lab.ok("sweep tiny.toml --quiet");
        let results = lab.results("results/tiny");
        std::fs::remove_file(lab.path("own.csv")).unwrap();
        lab.ok("report tiny.toml");
        lab.is_same(&results, "results/tiny");
        assert!(lab.read("results/tiny/table.csv").contains(metric));
        assert!(lab.ok("plan tiny.toml").contains("9 done"));
        // Other settings have a folder of their own, and know the file from this one.
        assert!(lab.ok("plan tiny.toml --seeds 4 --force").contains("9 done"));
        let absent = "data file own.csv: cannot be read: there is no such file";
        let refused = lab.run("sweep tiny.toml --seeds 4 --force");
        assert_eq!(refused.status.code(), Some(2));
        assert!(errors(&refused).contains(absent), "{}", errors(&refused));
        // No run says what another table was.
        let other = lab.run("report tiny.toml --set task.categories=4");
        assert_eq!(other.status.code(), Some(2));
        assert!(errors(&other).contains(absent), "{}", errors(&other));
    }
}

/// Records that are compressed count as the plain ones do.
#[test]
fn compressed_records_count() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let results = lab.results("results/tiny");
    let plain = std::fs::read(lab.path("results/tiny/runs.jsonl")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    std::io::Write::write_all(&mut gz, &plain).unwrap();
    lab.write("results/tiny/runs.jsonl.gz", gz.finish().unwrap());
    std::fs::remove_file(lab.path("results/tiny/runs.jsonl")).unwrap();
    lab.ok("report tiny.toml");
    lab.is_same(&results, "results/tiny");
    assert!(lab.ok("sweep tiny.toml").contains("nothing to do"));
    assert_eq!(lab.lines("results/tiny/runs.jsonl"), 0);
    assert!(lab.ok("status tiny.toml").contains("9 of 9 runs done"));
    let said = errors(&lab.run("sweep tiny.toml --fresh"));
    assert!(said.contains("runs.jsonl.gz is now results/tiny/runs.jsonl.gz.1.old"), "{said}");
    lab.is_same(&results, "results/tiny");
    assert_eq!(lab.lines("results/tiny/runs.jsonl"), 9);
}

#[test]
fn what_lacks_its_data_is_not_reproduced() {
    let lab = lab("data");
    lab.ok(SWEEP);
    lab.write("experiments/tiny.toml", lab.read("tiny.toml"));
    lab.ok("sweep experiments/tiny.toml --quiet");
    std::fs::rename(lab.path("data"), lab.path("moved")).unwrap();
    let output = lab.run("reproduce --quiet");
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "tiny: identical, bit for bit\n");
    assert!(errors(&output).contains("vae left out"), "{}", errors(&output));
    // By its name, it is an error.
    let output = lab.run("reproduce experiments/vae.toml --quiet");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("scripts/fetch-mnist"), "{}", errors(&output));
    assert!(lab.ok("reproduce --quiet --data moved").contains("vae: identical, bit for bit"));
}

#[test]
fn a_plan_needs_no_exact_gradient() {
    let lab = lab("data");
    let output = lab.run(
        "plan experiments/vae.toml --set task.latents=100 --set gradient.every=10 --set gradient.draws=4",
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(errors(&output), "");
    assert!(String::from_utf8_lossy(&output.stdout).contains("by a probe of 20 steps"));
}
