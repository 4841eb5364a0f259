//! The cost of an estimate, for every kind in the registry, by categories and by samples.
//!
//! `cargo bench -p estimators --bench estimates --profile dev` runs everything, and
//! `-- categories/reinmax` a part. (The profile is that of the documented commands.) A kind that does
//! not support the dimensions is reported on standard error. `ESTIMATES=table` instead prints one quick
//! figure each, as a table that shows the growth, and takes a minute; `ONLY=ars,arsm` selects kinds, and
//! `CATEGORIES=2,8,32` other sizes.

use criterion::{BenchmarkId, Criterion};
use estimators::{Dims, Entry, Estimator, Node, Noise, Packed, Registry, SquaredPick, gradient};
use std::hint::black_box;
use std::time::{Duration, Instant};
use toml::Table;

/// Rows of a batch.
const BATCH: usize = 128;
/// K, to measure the growth with K.
const CATEGORIES: [usize; 4] = [8, 64, 512, 4096];
/// S, to measure the growth with S, with [`CATEGORIES_OF_SAMPLES`] categories.
const SAMPLES: [usize; 3] = [2, 8, 32];
const CATEGORIES_OF_SAMPLES: usize = 64;
/// Estimators that evaluate more losses per row are skipped.
const MOST_LOSSES: u64 = 20_000;

/// An estimator, and a problem for it.
struct Subject {
    estimator: Box<dyn Estimator<f32>>,
    dims: Dims,
    logits: Vec<f32>,
    values: Node<f32>,
    objective: SquaredPick<f32>,
    noise: Noise,
}

impl Subject {
    /// The subject, or the reason why there is none.
    fn new(entry: &Entry, parameters: Table, categories: usize) -> Result<Self, String> {
        let estimator = entry.build(parameters).map_err(|error| error.to_string())?.build_f32();
        let dims = Dims { batch: BATCH, latents: 1, categories };
        if let Some(why) = estimator.refuses(dims) {
            return Err(why);
        }
        let losses = estimator.properties(dims).evaluations.hard;
        if losses > MOST_LOSSES {
            return Err(format!("it evaluates {losses} losses per row"));
        }
        let mut noise = Noise::named(&["bench", entry.name]);
        let mut normals =
            |count| -> Vec<f32> { noise.normals(count).into_iter().map(|z| z as f32).collect() };
        let (logits, values) = (normals(dims.elements()), normals(dims.elements()));
        let values = Node::new(Packed::pack(&values, categories));
        let objective = SquaredPick::new(values.clone(), &normals(BATCH));
        Ok(Self { estimator, dims, logits, values, objective, noise })
    }

    fn estimate(&mut self) -> f32 {
        let Self { estimator, dims, logits, values, objective, noise } = self;
        let estimate = gradient(&mut **estimator, logits, *dims, objective, Some(values), noise);
        estimate.map_or(f32::NAN, |gradient| gradient.value)
    }

    /// Microseconds of an estimate: the minimum over many short slices, which is robust on a machine
    /// that does other work too.
    fn quick(&mut self) -> f64 {
        const SLICE: Duration = Duration::from_millis(2);
        let mut slice = |_| {
            let (start, mut count) = (Instant::now(), 0);
            while count == 0 || start.elapsed() < SLICE {
                black_box(self.estimate());
                count += 1;
            }
            start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
        };
        // If an estimate takes long, a few slices are enough.
        let begin = Instant::now();
        let enough = |count: &u32| *count < 2 || begin.elapsed() < 24 * SLICE;
        (0..24).take_while(enough).map(&mut slice).fold(f64::INFINITY, f64::min)
    }
}

/// Parameters with this number of samples, if the kind has that parameter.
fn of_samples(entry: &Entry, samples: usize) -> Option<Table> {
    let samples = toml::Value::Integer(samples as i64);
    let has = entry.defaults().contains_key("samples");
    has.then(|| Table::from_iter([("samples".to_owned(), samples)]))
}

fn estimates(criterion: &mut Criterion) {
    let registry = Registry::standard();
    let mut group = criterion.benchmark_group("categories");
    group.sample_size(20).warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_secs(1));
    let time = |group: &mut criterion::BenchmarkGroup<'_, _>, subject, name, at: usize| {
        let id = BenchmarkId::new(name, at);
        match subject {
            Ok::<Subject, String>(mut subject) => {
                group.bench_function(id, |bencher| bencher.iter(|| subject.estimate()));
            }
            Err(why) => eprintln!("{name} at {at}: skipped: {why}"),
        }
    };
    for entry in registry.entries() {
        for categories in CATEGORIES {
            let subject = Subject::new(entry, Table::new(), categories);
            time(&mut group, subject, entry.name, categories);
        }
    }
    group.finish();
    let mut group = criterion.benchmark_group("samples");
    group.sample_size(20).warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_secs(1));
    for entry in registry.entries() {
        for samples in SAMPLES {
            let Some(parameters) = of_samples(entry, samples) else { continue };
            let subject = Subject::new(entry, parameters, CATEGORIES_OF_SAMPLES);
            time(&mut group, subject, entry.name, samples);
        }
    }
    group.finish();
}

/// Prints a line for each kind: microseconds at the first size, and the ratio at the others.
fn table() {
    let registry = Registry::standard();
    let line = |name: &str, subjects: Vec<Result<Subject, String>>| {
        let mut reasons = vec![];
        let times: Vec<f64> = subjects
            .into_iter()
            .map(|subject| {
                subject.map_or_else(
                    |why| {
                        reasons.push(why);
                        f64::NAN
                    },
                    |mut subject| subject.quick(),
                )
            })
            .collect();
        let growth: String =
            times[1..].iter().map(|time| format!("{:>9.1}", time / times[0])).collect();
        reasons.dedup();
        println!("{name:32}{:>10.1}{growth}  {}", times[0], reasons.join("; "));
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    let asked = |name: &str| only.is_empty() || only.split(',').any(|other| other == name);
    let sizes = std::env::var("CATEGORIES").map_or(CATEGORIES.to_vec(), |list| {
        list.split(',').map(|size| size.parse().expect("whole numbers in CATEGORIES")).collect()
    });
    println!("B = {BATCH}; µs at K = {}, growth at {:?}", sizes[0], &sizes[1..]);
    for entry in registry.entries().iter().filter(|entry| asked(entry.name)) {
        let subject = |categories| Subject::new(entry, Table::new(), categories);
        line(entry.name, sizes.iter().copied().map(subject).collect());
    }
    println!(
        "B = {BATCH}, K = {CATEGORIES_OF_SAMPLES}; µs at S = {}, growth at {:?}",
        SAMPLES[0],
        &SAMPLES[1..]
    );
    let has_samples = |entry: &&Entry| asked(entry.name) && of_samples(entry, 2).is_some();
    for entry in registry.entries().iter().filter(has_samples) {
        let subject = |samples| {
            let parameters = of_samples(entry, samples).unwrap_or_default();
            Subject::new(entry, parameters, CATEGORIES_OF_SAMPLES)
        };
        line(entry.name, SAMPLES.into_iter().map(subject).collect());
    }
}

fn main() {
    if std::env::var("ESTIMATES").is_ok_and(|wish| wish == "table") {
        table();
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    estimates(&mut criterion);
    criterion.final_summary();
}
