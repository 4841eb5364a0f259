//! Times a training step against the sizes that it grows with. Prints tables in Markdown and draws
//! figures into a folder: `cargo run -p harness --example growth -- docs/growth`. It takes a minute or
//! two and needs a core to itself. With the name of a size behind it, it does that one only.

use charts::{Figure, Palette, Panel, Point, Scale, Series, sensitivity};
use estimators::{Entry, Noise, Registry};
use model::task::{ArgmaxIndex, CategoricalVae, ExpertData, MixtureOfExperts};
use model::{AnyTask, Optimizer, TaskKind, Training};
use statistics::{Bootstrap, Estimate, Resamples};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use toml::{Table, Value};

/// A size that a step grows with.
struct Axis {
    /// Name of the figure's file.
    name: &'static str,
    label: &'static str,
    sizes: &'static [usize],
    kinds: &'static [&'static str],
    /// Whether a size is the estimator's number of samples.
    samples: bool,
    task: fn(usize) -> Arc<dyn AnyTask>,
    batch: fn(usize) -> usize,
    /// The sizes that are kept fixed.
    caption: &'static str,
}

const KINDS: &[&str] = &[
    "exact",
    "soft-argmax",
    "straight-through",
    "gumbel-softmax",
    "st-gumbel-softmax",
    "reinforce",
    "reinforce-loo",
    "reinmax",
    "gumbel-rao",
];

const AXES: &[Axis] = &[
    Axis {
        name: "categories",
        label: "categories K",
        sizes: &[2, 8, 32, 128, 512, 2048, 8192, 16384],
        kinds: KINDS,
        samples: false,
        task: |categories| seed_task(categories, 32),
        batch: |_| 128,
        caption: "Seed task, batch 128, hidden width 32.",
    },
    Axis {
        name: "batch",
        label: "rows of a batch",
        sizes: &[8, 32, 128, 512, 2048, 8192],
        kinds: KINDS,
        samples: false,
        task: |_| seed_task(8, 32),
        batch: |rows| rows,
        caption: "Seed task, 8 categories, hidden width 32.",
    },
    Axis {
        name: "hidden",
        label: "hidden width",
        sizes: &[8, 32, 128, 512, 2048, 8192],
        kinds: KINDS,
        samples: false,
        task: |hidden| seed_task(8, hidden),
        batch: |_| 128,
        caption: "Seed task, 8 categories, batch 128.",
    },
    Axis {
        name: "samples",
        label: "samples S",
        sizes: &[2, 4, 8, 16, 32, 64],
        kinds: &[
            "gumbel-rao",
            "reinforce-loo",
            "carms",
            "unordered-set",
            "sum-and-sample",
            "stochastic-sum-and-sample",
            "indecater",
            "double-cv",
            "perturbed",
            "perturbed-score",
            "antithetic-es",
            "spsa",
        ],
        samples: true,
        task: |_| seed_task(64, 32),
        batch: |_| 128,
        caption: "Seed task, 64 categories, batch 128, hidden width 32.",
    },
    Axis {
        name: "latents",
        label: "latents L",
        sizes: &[1, 4, 16, 64, 256, 1024],
        kinds: &[
            "straight-through",
            "st-gumbel-softmax",
            "reinmax",
            "reinforce",
            "reinforce-loo",
            "gumbel-rao",
        ],
        samples: false,
        task: autoencoder,
        batch: |_| 100,
        caption: "Autoencoder of 64 pixels, hidden width 64, 4 categories a latent, batch 100.",
    },
    Axis {
        name: "experts",
        label: "experts K",
        sizes: &[2, 4, 8, 16, 32, 64, 128, 256],
        kinds: &[
            "exact",
            "straight-through",
            "dense-mixer",
            "switch",
            "sparsemixer",
            "reinforce",
            "reinforce-loo",
        ],
        samples: false,
        task: mixture,
        batch: |_| 1024,
        caption: "Mixture of experts, 40 inputs, 32 hidden units and 10 classes an expert, batch 1024.",
    },
];

fn seed_task(categories: usize, hidden: usize) -> Arc<dyn AnyTask> {
    let (rows, validation_rows, test_rows) = (1024, 16, 16);
    let parts = ArgmaxIndex { rows, validation_rows, test_rows, ..Default::default() };
    open(ArgmaxIndex { categories, hidden, ..parts })
}

fn autoencoder(latents: usize) -> Arc<dyn AnyTask> {
    let (hidden, pixels, rows) = (vec![64], 64, 1024);
    let parts = CategoricalVae { validation_rows: 16, test_rows: 16, ..Default::default() };
    open(CategoricalVae { latents, hidden, pixels, rows, ..parts })
}

fn mixture(experts: usize) -> Arc<dyn AnyTask> {
    let (data, expert_hidden, rows) = (ExpertData::Mnist1d, vec![32], 1024);
    let parts = MixtureOfExperts { validation_rows: 16, test_rows: 16, ..Default::default() };
    open(MixtureOfExperts { data, experts, expert_hidden, rows, ..parts })
}

fn open(kind: impl TaskKind) -> Arc<dyn AnyTask> {
    kind.open(Path::new("")).unwrap_or_else(|error| panic!("{error}"))
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/growth".into());
    std::fs::create_dir_all(&folder)?;
    let registry = Registry::standard();
    let only = std::env::args().nth(2);
    for axis in AXES.iter().filter(|axis| only.as_deref().is_none_or(|only| only == axis.name)) {
        let lines: Vec<Line> =
            axis.kinds.iter().map(|kind| (*kind, times(axis, &registry, kind))).collect();
        print!("{}", table(axis, &lines));
        let path = Path::new(&folder).join(format!("{}.svg", axis.name));
        std::fs::write(path, figure(axis, &registry, &lines))?;
    }
    Ok(())
}

/// Timed runs at each size.
const RUNS: u64 = 5;

/// A kind, and the microseconds of a step at each size that it supports.
type Line = (&'static str, Vec<Option<Estimate>>);

fn times(axis: &Axis, registry: &Registry, kind: &str) -> Vec<Option<Estimate>> {
    let entry = registry.get(kind).unwrap_or_else(|error| panic!("{error}"));
    let resamples = Resamples::draw(RUNS as usize, Bootstrap::new(0));
    let estimate = |&size: &usize| {
        let times: Option<Vec<f64>> = (0..RUNS).map(|seed| time(axis, entry, size, seed)).collect();
        resamples.estimate(&times?)
    };
    axis.sizes.iter().map(estimate).collect()
}

fn time(axis: &Axis, entry: &Entry, size: usize, seed: u64) -> Option<f64> {
    let samples = axis.samples.then(|| ("samples".to_owned(), Value::Integer(size as i64)));
    let mut estimator = entry.build(Table::from_iter(samples)).ok()?.build_f32();
    let mut training = (axis.task)(size).start(seed, (axis.batch)(size), &Optimizer::adam(0.001));
    if estimator.refuses(training.dims()).is_some() {
        return None;
    }
    let noise = Noise::named(&["growth", entry.name]);
    let mut steps = 0..;
    let mut step = |training: &mut dyn Training| {
        let step = steps.next().unwrap_or(0);
        training.step(step, &mut *estimator, &noise).map(|_| ()).ok()
    };
    // Warm up: buffers are allocated, and parameters leave their initial values.
    (0..3).try_for_each(|_| step(&mut *training))?;
    least_of_slices(|| step(&mut *training))
}

/// Microseconds of a step: the minimum over many short slices, which is robust on a machine that does
/// other work too.
fn least_of_slices(mut step: impl FnMut() -> Option<()>) -> Option<f64> {
    const SLICE: Duration = Duration::from_millis(3);
    let (begin, mut least, mut slices) = (Instant::now(), f64::INFINITY, 0);
    while slices < 2 || (slices < 8 && begin.elapsed() < 8 * SLICE) {
        let (start, mut count) = (Instant::now(), 0);
        while count == 0 || start.elapsed() < SLICE {
            step()?;
            count += 1;
        }
        least = least.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(count));
        slices += 1;
    }
    Some(least)
}

/// A line for each kind: µs at the first size, the ratio to it at the others, and the largest exponent
/// of growth from one size to the next.
fn table(axis: &Axis, lines: &[Line]) -> String {
    let first = axis.sizes[0];
    let mut text = format!("\n{}\n\n| estimator | µs at {first} |", axis.caption);
    axis.sizes[1..].iter().for_each(|size| text.push_str(&format!(" {size} |")));
    text.push_str(" steepest |\n|---|---|");
    text.push_str(&"---|".repeat(axis.sizes.len()));
    let proportion = axis.sizes[1..].iter().map(|size| format!("×{} |", size / first));
    text.push_str(&format!(
        "\n| in proportion | | {} 1 |\n",
        proportion.collect::<Vec<_>>().join(" ")
    ));
    for (kind, times) in lines {
        let times: Vec<f64> = times.iter().map(|time| time.map_or(f64::NAN, |x| x.value)).collect();
        text.push_str(&format!("| `{kind}` | {:.1} |", times[0]));
        for time in &times[1..] {
            match time.is_nan() {
                true => text.push_str(" – |"),
                false => text.push_str(&format!(" ×{:.1} |", time / times[0])),
            }
        }
        let pairs = times.windows(2).zip(axis.sizes.windows(2));
        let exponents = pairs
            .map(|(time, size)| (time[1] / time[0]).ln() / (size[1] as f64 / size[0] as f64).ln());
        text.push_str(&format!(" {:.2} |\n", exponents.fold(f64::NAN, f64::max)));
    }
    text
}

fn figure(axis: &Axis, registry: &Registry, lines: &[Line]) -> String {
    const PROPORTION: &str = "in proportion";
    let mut kinds = vec![(PROPORTION, "")];
    kinds.extend(registry.entries().iter().map(|entry| (entry.name, entry.about.family.name())));
    let palette = Palette::new(&kinds, &[]).with_reference(PROPORTION);
    let series = |label: &str, times: &[Option<Estimate>]| {
        let points = axis.sizes.iter().zip(times).filter_map(|(&size, time)| {
            let Estimate { value, interval } = (*time)?;
            let [low, high] = interval.map_or([f64::NAN; 2], |x| [x.low, x.high]);
            Some(Point { x: size as f64, y: value, low, high })
        });
        let (points, runs) = (points.collect(), RUNS as usize);
        Series { label: label.into(), kind: label.into(), points, runs, ..Series::default() }
    };
    // A line through the last point of the first kind.
    let last = lines[0].1.last().copied().flatten().map_or(f64::NAN, |time| time.value);
    let most = axis.sizes[axis.sizes.len() - 1] as f64;
    let proportion = axis.sizes.iter().map(|&size| {
        let value = last * size as f64 / most;
        Some(Estimate { value, interval: None })
    });
    let mut all = vec![series(PROPORTION, &proportion.collect::<Vec<_>>())];
    all.extend(lines.iter().map(|(kind, times)| series(kind, times)));
    let figure = Figure {
        title: format!("Time of a training step against {}", axis.label),
        x_label: axis.label.into(),
        y_label: "µs a step".into(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        caption: axis.caption.into(),
        panels: vec![Panel { series: all, ..Panel::default() }],
        ..Figure::default()
    };
    sensitivity(&figure, &palette).svg
}
