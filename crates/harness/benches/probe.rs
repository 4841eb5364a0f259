//! The cost of measuring a gradient beyond that of the estimate itself: 256 draws at the logits of one
//! batch of the seed question, discarded (`estimate`) or passed to [`GradientQuality`] (`probe`).
//! `cargo bench -p harness --bench probe --profile dev`.

use criterion::{Criterion, Throughput};
use estimators::Noise;
use model::{Optimizer, TaskKind, task::ArgmaxIndex};
use statistics::GradientQuality;
use std::path::Path;
use std::time::Duration;
use toml::Table;

/// The default number of draws in an experiment.
const DRAWS: usize = 256;

fn probes(criterion: &mut Criterion) {
    let loaded = ArgmaxIndex { categories: 8, ..Default::default() }.open(Path::new("."));
    let task = loaded.unwrap_or_else(|error| panic!("cannot open the task: {error}"));
    let probe = task.start(0, 128, &Optimizer::adam(0.01)).probe(0);
    let dims = probe.dims();
    for entry in estimators::Registry::standard().entries() {
        let mut estimator =
            entry.build(Table::new()).unwrap_or_else(|error| panic!("{error}")).build_f32();
        if estimator.refuses(dims).is_some() || !estimator.properties(dims).stochastic {
            continue;
        }
        let mut group = criterion.benchmark_group(entry.name);
        group.sample_size(20).throughput(Throughput::Elements(DRAWS as u64));
        group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
        let mut noise = Noise::named(&["bench", entry.name]);
        let mut draw = |each: &mut dyn FnMut(&[f32])| {
            let drawn = probe.draw(&mut *estimator, DRAWS, &mut noise, each);
            drawn.unwrap_or_else(|error| panic!("{}: {error}", entry.name));
        };
        group.bench_function("estimate", |bencher| bencher.iter(|| draw(&mut |_| {})));
        let exact = vec![0.01; dims.batch * dims.latents * dims.categories];
        group.bench_function("probe", |bencher| {
            bencher.iter(|| {
                let mut quality = GradientQuality::new(&exact);
                draw(&mut |gradient| quality.push(gradient));
                quality.summary()
            });
        });
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    probes(&mut criterion);
    criterion.final_summary();
}
