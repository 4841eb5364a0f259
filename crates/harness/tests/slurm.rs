//! The scripts for Slurm. That they work on a real one is tested by `scripts/slurm/test-cluster`.

use super::support::{Lab, errors};
use std::process::Command;

#[test]
fn scripts_name_what_they_do() {
    let lab = Lab::new();
    let said = lab
        .ok("slurm tiny.toml --shards 3 --cpus 2 --limit 2 --minutes 7 --option=--partition=short");
    assert!(said.contains("3 tasks of 2 cores and at most 7 min each"), "{said}");
    assert!(said.contains("sbatch --dependency=afterany:$jobs slurm/tiny-merge.sbatch"), "{said}");
    let array = lab.read("slurm/tiny.sbatch");
    for words in [
        "#SBATCH --array=1-3%2",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --time=7",
        "#SBATCH --partition=short",
        "#SBATCH --requeue",
        "#SBATCH --signal=B:USR1@120",
        "sweep tiny.toml --results results --shard \"$SLURM_ARRAY_TASK_ID/3\" --jobs 2",
    ] {
        assert!(array.contains(words), "{words}: {array}");
    }
    let merge = lab.read("slurm/tiny-merge.sbatch");
    assert!(merge.contains("report tiny.toml --results results"), "{merge}");
    for script in ["slurm/tiny.sbatch", "slurm/tiny-merge.sbatch"] {
        assert!(Command::new("bash").arg("-n").arg(lab.path(script)).status().unwrap().success());
    }
}

/// As Slurm would run them.
#[test]
fn scripts_do_all_runs() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet --results one --seeds 2");
    let only = std::fs::read_dir(lab.path("one")).unwrap().next().unwrap().unwrap().file_name();
    let folder = only.to_string_lossy().into_owned();
    lab.ok("slurm tiny.toml --shards 2 --cpus 1 --seeds 2 --results many");
    let run = |script: &str, task: &str| {
        let mut command = Command::new("bash");
        command.arg(lab.path(script)).env("SLURM_ARRAY_TASK_ID", task);
        assert!(command.status().unwrap().success(), "{script} {task}");
    };
    run("slurm/tiny.sbatch", "1");
    run("slurm/tiny.sbatch", "2");
    run("slurm/tiny-merge.sbatch", "");
    lab.is_same(&lab.results(&format!("one/{folder}")), &format!("many/{folder}"));
}

#[test]
fn settings_can_stand_in_the_experiment() {
    let lab = Lab::with(&[("[task]", "[slurm]\nshards = 5\ncpus = 3\nminutes = 9\n[task]")]);
    assert!(lab.ok("slurm tiny.toml").contains("5 tasks of 3 cores and at most 9 min"));
    assert!(lab.ok("slurm tiny.toml --shards 2").contains("2 tasks of 3 cores"));
    let runs = |lab: &Lab| lab.ok("plan tiny.toml --format json --no-estimate");
    assert_eq!(runs(&lab), runs(&Lab::new()), "it decides no number");
    for (value, words) in [
        ("shards = 0", "slurm.shards"),
        ("shard = 2", "did you mean `shards`"),
        ("options = [\"-p short\"]", "an option of sbatch"),
    ] {
        let lab = Lab::with(&[("[task]", &format!("[slurm]\n{value}\n[task]"))]);
        let output = lab.run("slurm tiny.toml --minutes 5");
        assert_eq!(output.status.code(), Some(2), "{value}");
        assert!(errors(&output).contains(words), "{value}: {}", errors(&output));
    }
}
