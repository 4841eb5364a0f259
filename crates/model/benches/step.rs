//! Times a whole training step of the seed question with every estimator of the registry: a batch of
//! 128, layers 16 → 32 → 8, Adam. `cargo bench -p model --bench step --profile dev`; add `-- reinmax`
//! for one estimator.

use criterion::Criterion;
use estimators::Noise;
use model::{AnyTask, Optimizer, TaskKind, task::ArgmaxIndex};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use toml::Table;

fn steps(criterion: &mut Criterion) {
    let loaded = ArgmaxIndex { categories: 8, ..Default::default() }.open(Path::new("."));
    let task: Arc<dyn AnyTask> =
        loaded.unwrap_or_else(|error| panic!("cannot open the task: {error}"));
    let mut group = criterion.benchmark_group("step");
    group.sample_size(20).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(1));
    for entry in estimators::Registry::standard().entries() {
        let mut training = task.start(0, 128, &Optimizer::adam(0.01));
        let factory = entry.build(Table::new()).unwrap_or_else(|error| panic!("{error}"));
        let mut estimator = factory.build_f32();
        if let Some(why) = estimator.refuses(training.dims()) {
            eprintln!("{}: skipped: {why}", entry.name);
            continue;
        }
        let (noise, mut step) = (Noise::named(&["bench", entry.name]), 0);
        group.bench_function(entry.name, |bencher| {
            bencher.iter(|| {
                step += 1;
                training.step(step, &mut *estimator, &noise)
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    steps(&mut criterion);
    criterion.final_summary();
}
