//! Tests that open record files in their own process: custom estimators, through the library, and the
//! lock of record files. They are a separate binary because a child process that another test starts
//! would inherit an open file and hold its lock for a moment.

// Helpers outside of #[test] functions may unwrap, as the tests do.
#![allow(clippy::unwrap_used)]
// Only the other binary uses all of it.
#[allow(dead_code)]
mod support;

use clap::Parser;
use estimators::{
    Dims, Error, Estimator, Family, Kind, Logits, Noise, Objective, Properties, Real, Result,
    Surrogate, kinds::Exact,
};
use harness::experiment::{Experiment, Overrides};
use harness::record::Outcome;
use harness::run::{Interrupt, Limits, Workers, execute, perform};
use harness::verb::{Arguments, Exit};
use harness::{Program, Registries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use support::{Lab, edited, errors};

/// Estimates as `exact` does, for a limited number of estimates.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Brittle {
    /// Estimates before it breaks.
    life: u64,
    /// Whether it breaks with a panic instead of an error.
    panics: bool,
}

impl Kind for Brittle {
    const NAME: &'static str = "brittle";
    const FAMILY: Family = Family::ExactAndRelaxed;
    const SUMMARY: &'static str = "breaks";
    const SOURCE: &'static str = "this test";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Breaking { inner: Exact::default().build(), kind: self })
    }
}

struct Breaking<E: Real> {
    inner: Box<dyn Estimator<E>>,
    kind: Brittle,
}

impl<E: Real> Estimator<E> for Breaking<E> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        if self.kind.life == 0 {
            assert!(!self.kind.panics, "out of life");
            return Err(Error::Objective("out of luck".into()));
        }
        self.kind.life -= 1;
        self.inner.estimate(logits, objective, noise)
    }

    fn properties(&self, dims: Dims) -> Properties {
        self.inner.properties(dims)
    }
}

const MINE: Program = Program { name: "mine", version: "0.3.1" };

const RUNS: &str = "results/tiny/runs.jsonl";
const MANIFEST: &str = "results/tiny/manifest.json";

/// Held by tests that lock a record file in this process or start a child: between its start and its
/// first instruction, a child holds the locks of all open files of this process.
static LOCKS: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    LOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn registries() -> Registries {
    let mut registries = Registries::standard();
    registries.estimators = registries.estimators.with::<Brittle>();
    registries
}

/// `exact`, then three brittle ones: one panics, one fails, and one lives long enough.
fn lab() -> Lab {
    let lab = Lab::new();
    let brittle = "kind = \"brittle\"\nzip.life = [5, 5, 1000]\nzip.panics = [true, false, true]";
    let from = "kind = \"soft-argmax\"\nsweep.temperature = [0.5, 1.0]";
    lab.write("tiny.toml", edited(&[(from, brittle)]));
    lab
}

fn experiment(lab: &Lab) -> Experiment {
    Experiment::read(&lab.path("tiny.toml"), &Overrides::default(), &registries()).unwrap()
}

struct Never;

impl Interrupt for Never {
    fn finish(&self) -> bool {
        false
    }

    fn abandon(&self) -> bool {
        false
    }
}

#[test]
fn a_panic_and_an_error_are_outcomes() {
    let lab = lab();
    let experiment = experiment(&lab);
    let runs = experiment.runs().unwrap();
    let outcome = |cell: usize| {
        let run = runs.iter().find(|run| run.cell == cell).unwrap();
        let limits = Limits { timeout: None, stop: &|| false };
        execute(&experiment, run, limits).unwrap()
    };
    assert_eq!(outcome(0).outcome, Outcome::Done);
    let panicked = outcome(1);
    assert_eq!(panicked.outcome, Outcome::Failed { why: "panic: out of life".to_owned() });
    assert_eq!(panicked.curves.steps, [0], "earlier evaluations are kept");
    let failed = outcome(2).outcome;
    assert!(
        matches!(&failed, Outcome::Failed { why } if why.contains("out of luck")),
        "{failed:?}"
    );
    // With enough life it equals the inner estimator.
    assert_eq!(outcome(3).outcome, Outcome::Done);
    assert_eq!(outcome(3).curves, outcome(0).curves);
}

#[test]
fn a_panic_does_not_stop_other_runs() {
    let lab = lab();
    let experiment = experiment(&lab);
    let runs = experiment.runs().unwrap();
    let runs: Vec<_> = runs.iter().enumerate().collect();
    for jobs in [1, 2] {
        let workers = Workers { jobs, timeout: None, isolated: None, begins: &|_| {} };
        let mut names = vec![];
        let complete = perform(&experiment, &runs, workers, &Never, |record| {
            names.push(record.outcome.name());
            Ok(true)
        });
        assert!(complete.unwrap());
        names.sort_unstable();
        assert_eq!(names, [["done"; 6], ["failed"; 6]].concat());
    }
}

fn sweep(lab: &Lab, more: &[&str]) -> Exit {
    let (file, results) = (lab.path("tiny.toml"), lab.path("results"));
    let fixed = ["harness", "sweep", "--quiet", "--jobs", "1"].map(Into::into);
    let paths = [file.into_os_string(), "--results".into(), results.into_os_string()];
    let more = more.iter().map(Into::into);
    let arguments = Arguments::parse_from(fixed.into_iter().chain(paths).chain(more));
    arguments.verb.run(MINE, &registries()).unwrap()
}

/// Report and manifest name the program that was run, not the library.
fn names_the_program(lab: &Lab) {
    let (page, manifest) = (lab.read("results/tiny/report.html"), lab.read(MANIFEST));
    let program = format!("mine 0.3.1 with harness {}", env!("CARGO_PKG_VERSION"));
    assert!(page.contains(&format!("{program}.")), "{page}");
    let (_, command) = page.split_once("<pre>cargo run -p mine -- sweep ").unwrap();
    let (command, _) = command.split_once("</pre>").unwrap();
    assert!(command.contains("tiny.toml"), "{command}");
    assert!(manifest.contains(&format!("\"program\": \"{program}\"")), "{manifest}");
}

#[test]
fn failures_fail_a_sweep_unless_allowed() {
    let _alone = alone();
    let failed = |lab: &Lab| lab.read(RUNS).matches("\"status\":\"failed\"").count();
    let lab = lab();
    // All runs end but the sweep fails, and failed runs are not repeated unless asked for.
    assert_eq!(sweep(&lab, &[]), Exit::Failed);
    assert_eq!((lab.lines(RUNS), failed(&lab)), (12, 6));
    assert!(lab.read("results/tiny/report.html").contains("failed: panic: out of life"));
    names_the_program(&lab);
    assert!(lab.read("results/tiny/table.csv").contains("test-loss,3,3,miss,,"));
    assert_eq!(sweep(&lab, &[]), Exit::Failed);
    assert_eq!(lab.lines(RUNS), 12);
    assert_eq!(sweep(&lab, &["--max-failures", "7"]), Exit::Ok);
    assert_eq!(sweep(&lab, &["--retry", "failed"]), Exit::Failed);
    assert_eq!(lab.lines(RUNS), 18);

    // At the limit no new run starts; one may have started already.
    assert_eq!(sweep(&lab, &["--fresh", "--max-failures", "2"]), Exit::Failed);
    assert!((2..=3).contains(&failed(&lab)), "{}", failed(&lab));
    assert!(lab.lines(RUNS) < 12);
    assert_eq!(sweep(&lab, &["--max-failures", "100"]), Exit::Ok);
    assert_eq!(lab.lines(RUNS), 12);
}

#[test]
fn two_sweeps_cannot_write_to_one_folder() {
    let _alone = alone();
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let runs = lab.read(RUNS);
    let file = std::fs::OpenOptions::new().append(true).open(lab.path(RUNS)).unwrap();
    file.lock().unwrap();
    for arguments in ["sweep tiny.toml", "sweep --fresh tiny.toml"] {
        let said = errors(&lab.run(arguments));
        assert!([RUNS, "another sweep", "wait"].iter().all(|word| said.contains(word)), "{said}");
        assert_eq!(lab.read(RUNS), runs);
    }
    lab.ok("plan tiny.toml");
    drop(file);
    lab.ok("sweep tiny.toml");
}
