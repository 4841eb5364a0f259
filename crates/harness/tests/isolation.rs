//! Runs in processes of their own.

use super::support::{Lab, errors};

/// Whatever the process, a run has the same numbers.
#[test]
fn isolated_runs_have_the_same_results() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let results = lab.results("results/tiny");
    lab.ok("sweep tiny.toml --quiet --isolate --jobs 2 --results isolated");
    lab.is_same(&results, "isolated/tiny");
    lab.ok("sweep tiny.toml --quiet --isolate --set steps=10 --memory 4GB");
    let output = lab.run("sweep tiny.toml --memory 4GB");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("--isolate"), "{}", errors(&output));
}

/// Not even the program fits into this memory.
#[test]
#[cfg(target_os = "linux")]
fn a_run_that_uses_up_memory_fails_alone() {
    let lab = Lab::new();
    let said = lab.run("sweep tiny.toml --isolate --memory 1MB --jobs 1 --quiet");
    assert_eq!(said.status.code(), Some(1), "{}", errors(&said));
    let runs = lab.read("results/tiny/runs.jsonl");
    assert_eq!(runs.matches("\"status\":\"failed\"").count(), 9, "{runs}");
    assert!(runs.contains("its process ended"), "{runs}");
}

/// The process that does the runs of a sweep, as soon as it is there.
#[cfg(target_os = "linux")]
fn worker_of(sweep: u32) -> String {
    for _ in 0..500 {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // What comes after the name in parentheses: state and parent.
            let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
            if parent == Some(&sweep.to_string()) {
                return name;
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("no process does the runs of {sweep}");
}

/// A process that stops cannot look at its clock, and one that is killed cannot say so.
#[test]
#[cfg(target_os = "linux")]
fn a_process_that_hangs_or_is_killed_costs_one_run() {
    for (signal, status) in [("-STOP", "timed-out"), ("-KILL", "its process ended by signal 9")] {
        let lab = Lab::with(&[("steps = 20", "steps = 2000")]);
        let mut command = lab.command("sweep tiny.toml --isolate --timeout 3s --jobs 1 --quiet");
        let mut sweep = command.spawn().unwrap();
        let worker = worker_of(sweep.id());
        let kill = |signal: &str| {
            let mut kill = std::process::Command::new("kill");
            assert!(kill.args([signal, &worker]).status().unwrap().success());
        };
        kill(signal);
        sweep.wait().unwrap();
        let runs = lab.read("results/tiny/runs.jsonl");
        assert_eq!(runs.lines().count(), 9, "{runs}");
        assert_eq!(runs.matches(status).count(), 1, "{signal}: {runs}");
        assert_eq!(runs.matches("\"status\":\"done\"").count(), 8, "{signal}: {runs}");
    }
}
