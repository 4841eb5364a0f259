//! Draws every figure from synthetic data into a folder, for inspection:
//! `cargo run -p charts --example gallery -- target/gallery`.

use charts::{
    Better, Figure, FinalFigure, FinalPanel, FinalRow, Palette, Panel, Point, Scale, Series,
    bias_variance, convergence, final_values, sensitivity, variance,
};
use std::path::Path;

const REGISTRY: [(&str, &str); 37] = [
    ("exact", "exact & relaxed"),
    ("soft-argmax", "exact & relaxed"),
    ("index-soft-argmax", "exact & relaxed"),
    ("sparsemax", "exact & relaxed"),
    ("entmax", "exact & relaxed"),
    ("straight-through-argmax", "straight-through"),
    ("straight-through", "straight-through"),
    ("reinmax", "straight-through"),
    ("zgr", "straight-through"),
    ("darn", "straight-through"),
    ("rk2", "straight-through"),
    ("gapped-straight-through", "straight-through"),
    ("decoupled-straight-through", "straight-through"),
    ("gumbel-softmax", "Gumbel"),
    ("straight-through-gumbel-softmax", "Gumbel"),
    ("gumbel-rao", "Gumbel"),
    ("reinmax-rao", "Gumbel"),
    ("reinmax-cv", "Gumbel"),
    ("posted-score-function", "score function"),
    ("reinforce", "score function"),
    ("reinforce-ema", "score function"),
    ("nvil", "score function"),
    ("self-critical", "score function"),
    ("rloo", "score function"),
    ("muprop", "score function"),
    ("rebar", "score function"),
    ("relax", "score function"),
    ("arsm", "score function"),
    ("disarm", "score function"),
    ("carms", "score function"),
    ("unordered-set", "score function"),
    ("sum-and-sample", "score function"),
    ("indecater", "score function"),
    ("perturbed-argmax", "perturbation & finite differences"),
    ("imle", "perturbation & finite differences"),
    ("blackbox", "perturbation & finite differences"),
    ("spsa", "perturbation & finite differences"),
];

const TEN: [&str; 10] = [
    "exact",
    "soft-argmax",
    "straight-through",
    "reinmax",
    "gumbel-softmax temperature=0.1",
    "gumbel-softmax temperature=0.5",
    "gumbel-softmax temperature=1",
    "reinforce-ema",
    "rloo samples=4",
    "posted-score-function",
];

/// SplitMix64, so that the gallery is the same on every machine.
struct Noise(u64);

impl Noise {
    fn of(words: &str) -> Noise {
        Noise(
            words
                .bytes()
                .fold(7, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/gallery".into());
    std::fs::create_dir_all(&folder)?;
    let palette = Palette::new(&REGISTRY).with_reference("exact");
    let all: Vec<&str> = REGISTRY.iter().map(|(kind, _)| *kind).collect();
    let few = all[..24].to_vec();
    let odd = Panel { title: "pathological".into(), series: pathological(), ..Panel::default() };
    let pictures = [
        ("convergence", convergence(&curves(&TEN, 20, loss), &palette)),
        ("convergence-linear", convergence(&linear(), &palette)),
        ("convergence-36", convergence(&one_panel(curves(&all, 20, loss)), &palette)),
        ("convergence-36x2", convergence(&curves(&all, 20, loss), &palette)),
        ("convergence-24-few-seeds", convergence(&one_panel(curves(&few, 3, loss)), &palette)),
        ("variance", variance(&noisy(curves(&TEN, 20, noise)), &palette)),
        ("variance-36", variance(&noisy(one_panel(curves(&all, 20, noise))), &palette)),
        ("bias-variance", bias_variance(&paths(&TEN), &palette)),
        ("bias-variance-36", bias_variance(&one_panel(paths(&all)), &palette)),
        ("final", final_values(&finals(&TEN, true), &palette)),
        ("final-36", final_values(&finals(&all, true), &palette)),
        ("final-accuracy", final_values(&accuracies(), &palette)),
        ("sensitivity", sensitivity(&temperatures(), &palette)),
        ("odd", convergence(&lone(odd.clone(), Scale::Auto), &palette)),
        ("odd-log", convergence(&lone(odd.clone(), Scale::Log), &palette)),
        ("odd-variance", variance(&lone(odd.clone(), Scale::Auto), &palette)),
        ("odd-bias-variance", bias_variance(&lone(odd.clone(), Scale::Auto), &palette)),
        ("odd-sensitivity", sensitivity(&lone(odd, Scale::Auto), &palette)),
        ("odd-final", final_values(&odd_finals(), &palette)),
        ("one-point", convergence(&one_point(), &palette)),
        (
            "empty",
            convergence(&Figure { title: "Nothing yet".into(), ..Figure::default() }, &palette),
        ),
        ("empty-panel", bias_variance(&lone(Panel::default(), Scale::Auto), &palette)),
        ("empty-final", final_values(&FinalFigure::default(), &palette)),
    ];
    for (name, svg) in pictures {
        std::fs::write(Path::new(&folder).join(format!("{name}.svg")), &svg)?;
        println!("{name}: {:.1} kB", svg.len() as f64 / 1e3);
    }
    Ok(())
}

fn series(label: &str, runs: usize, points: Vec<Point>) -> Series {
    let kind = label.split(' ').next().unwrap_or(label);
    let family =
        REGISTRY.iter().find(|(name, _)| *name == kind).map_or("other", |(_, family)| family);
    Series {
        label: label.into(),
        kind: kind.into(),
        family: family.into(),
        points,
        runs,
        ..Series::default()
    }
}

/// Two panels, one per task, with 41 steps.
fn curves(labels: &[&str], runs: usize, value: fn(&str, f64, f64) -> f64) -> Figure {
    let panel = |categories: f64| Panel {
        title: format!("argmax-index, categories={categories}"),
        series: labels.iter().map(|label| curve(label, runs, categories, value)).collect(),
        ..Panel::default()
    };
    Figure {
        title: "Deployed loss during training".into(),
        x_label: "step".into(),
        y_label: "validation loss of the deployed argmax".into(),
        caption: "Lines: interquartile mean over seeds.".into(),
        panels: vec![panel(3.0), panel(8.0)],
        ..Figure::default()
    }
}

fn curve(label: &str, runs: usize, categories: f64, value: fn(&str, f64, f64) -> f64) -> Series {
    let mut noise = Noise::of(&format!("{label}{categories}"));
    let mut wander = 0.0;
    let point = |i: i32| {
        let x = f64::from(i) * 50.0;
        wander = 0.8 * wander + 0.03 * noise.normal();
        let y = value(label, x, categories) * (1.0 + wander);
        let width = 0.12 * (1.0 + noise.uniform()) * (20.0 / runs as f64).sqrt();
        Point { x, y, low: y * (1.0 - 0.8 * width), high: y * (1.0 + width) }
    };
    let mut series = series(label, runs, (0..41).map(point).collect());
    if label.starts_with("posted") {
        let diverges = |point: &mut Point| (point.y, point.high) = (f64::INFINITY, f64::NAN);
        series.points.iter_mut().skip(24).for_each(diverges);
        series.failures = runs / 2;
    }
    if label.starts_with("rloo") {
        series.failures = 2;
    }
    series
}

fn loss(label: &str, x: f64, categories: f64) -> f64 {
    let mut noise = Noise::of(label);
    let (floor, time) = (0.05 + 1.2 * noise.uniform().powi(2), 100.0 + 500.0 * noise.uniform());
    let grows = if label.starts_with("posted") { (x / 250.0).exp() } else { 1.0 };
    categories * (floor + 4.5 * (-x / time).exp()) * grows
}

fn noise(label: &str, x: f64, categories: f64) -> f64 {
    if ["exact", "soft-argmax", "sparsemax", "entmax", "index-soft-argmax"].contains(&label) {
        return 0.0;
    }
    let mut noise = Noise::of(label);
    let size = 10f64.powf(5.0 * noise.uniform() - 3.0);
    size * categories * (-x / (600.0 + 900.0 * noise.uniform())).exp()
}

fn noisy(figure: Figure) -> Figure {
    Figure {
        title: "Noise of the gradient during training".into(),
        y_label: "total variance of the logit gradient".into(),
        ..figure
    }
}

fn linear() -> Figure {
    let mut figure = curves(&TEN, 20, |label, x, categories| 4.0 + loss(label, x, categories));
    figure.y_scale = Scale::Linear;
    figure
}

fn one_panel(mut figure: Figure) -> Figure {
    figure.panels.truncate(1);
    figure
}

fn lone(panel: Panel, y_scale: Scale) -> Figure {
    Figure {
        title: "Series with values that cannot be drawn".into(),
        x_label: "step".into(),
        y_label: "validation loss".into(),
        y_scale,
        panels: vec![panel],
        ..Figure::default()
    }
}

fn paths(labels: &[&str]) -> Figure {
    let panel = |categories: f64| Panel {
        title: format!("categories={categories}"),
        series: labels.iter().map(|label| path(label, categories)).collect(),
        ..Panel::default()
    };
    Figure {
        title: "Bias against variance of the gradient".into(),
        x_label: "total variance of the logit gradient".into(),
        y_label: "relative bias".into(),
        caption: "256 draws at steps 0, 1,000 and 2,000.".into(),
        panels: vec![panel(3.0), panel(8.0)],
        ..Figure::default()
    }
}

fn path(label: &str, categories: f64) -> Series {
    let mut random = Noise::of(&format!("bias {label}"));
    let unbiased = random.uniform() < 0.35 || label == "exact";
    let bias = 10f64.powf(2.0 * random.uniform() - 1.5);
    let point = |step: f64| {
        let x = noise(label, step, categories);
        let error = 0.02 * (1.0 + x).ln() + 0.01;
        match unbiased {
            true => Point { x, y: 0.4 * error, low: 0.0, high: error },
            false => {
                let y = bias * (1.0 + step / 1500.0);
                Point { x, y, low: (y - error).max(0.0), high: y + error }
            }
        }
    };
    series(label, 20, [0.0, 1000.0, 2000.0].map(point).into())
}

fn finals(labels: &[&str], reference_line: bool) -> FinalFigure {
    let panel = |categories: f64| FinalPanel {
        title: format!("categories={categories}"),
        rows: labels.iter().map(|label| row(label, categories)).collect(),
        ..FinalPanel::default()
    };
    FinalFigure {
        title: "Deployed loss after training".into(),
        x_label: "validation loss".into(),
        reference_line,
        caption: "Interquartile mean with 95 % bootstrap interval; dots are seeds.".into(),
        panels: vec![panel(3.0), panel(8.0)],
        ..FinalFigure::default()
    }
}

fn row(label: &str, categories: f64) -> FinalRow {
    let mut random = Noise::of(&format!("final {label} {categories}"));
    let value = loss(label, if label.starts_with("posted") { 0.0 } else { 2000.0 }, categories);
    let samples: Vec<f64> = (0..20).map(|_| value * (0.25 * random.normal()).exp()).collect();
    let (value, failures) = match label {
        "posted-score-function" => (f64::INFINITY, 14),
        "rloo samples=4" | "nvil" => (value, 2),
        _ => (value, 0),
    };
    let samples = samples
        .into_iter()
        .enumerate()
        .map(|(i, sample)| if i < failures { f64::INFINITY } else { sample })
        .collect();
    FinalRow {
        label: label.into(),
        kind: label.split(' ').next().unwrap_or(label).into(),
        value,
        low: if value.is_finite() { value * 0.88 } else { 16.0 },
        high: value * 1.15,
        samples,
        runs: 20,
        failures,
    }
}

fn accuracies() -> FinalFigure {
    let mut figure = finals(&TEN[..6], false);
    for row in figure.panels.iter_mut().flat_map(|panel| &mut panel.rows) {
        let accuracy = |loss: f64| 1.0 / (1.0 + 0.2 * loss);
        (row.low, row.high) = (accuracy(row.high), accuracy(row.low));
        row.value = accuracy(row.value);
        row.samples = row.samples.iter().map(|sample| accuracy(*sample)).collect();
        row.runs = 4;
    }
    figure.x_label = "validation accuracy".into();
    figure.better = Better::Higher;
    figure.panels.truncate(1);
    figure
}

fn temperatures() -> Figure {
    let kinds = ["gumbel-softmax", "straight-through-gumbel-softmax", "gumbel-rao", "soft-argmax"];
    let line = |kind: &str| {
        let mut random = Noise::of(kind);
        let (best, floor) = (0.3 + 0.6 * random.uniform(), 0.2 + random.uniform());
        let point = |x: f64| {
            let y = floor + (x / best).ln().powi(2) * (0.8 + 0.1 * random.normal());
            Point { x, y, low: y * 0.85, high: y * 1.2 }
        };
        series(kind, 20, [0.05, 0.1, 0.2, 0.5, 1.0, 2.0].map(point).into())
    };
    Figure {
        title: "How much does the temperature matter?".into(),
        x_label: "temperature".into(),
        y_label: "validation loss".into(),
        panels: vec![Panel { series: kinds.map(line).into(), ..Panel::default() }],
        ..Figure::default()
    }
}

fn pathological() -> Vec<Series> {
    let points = |value: &dyn Fn(f64) -> f64| {
        let point = |i: i32| {
            let x = f64::from(i) * 50.0;
            Point { x, y: value(x), low: value(x) * 0.8, high: value(x) * 1.25 }
        };
        (0..=10).map(point).collect::<Vec<_>>()
    };
    let long = "a-series-with-a-very-long-name-that-no-legend-foresaw temperature=0.123456789 \
                samples=1024 baseline=exponential-moving-average";
    vec![
        series("exact", 20, points(&|_| 1.0)),
        series("zgr", 20, points(&|_| f64::NAN)),
        series(
            "darn",
            20,
            points(&|x| {
                if x < 300.0 { 2.0 + x / 100.0 } else { f64::INFINITY }
            }),
        ),
        series("spsa", 20, points(&|x| if x < 300.0 { (x / 9.0).exp() } else { f64::NAN })),
        series("soft-argmax", 20, points(&|_| 0.0)),
        series("rk2", 20, points(&|x| -1.0 - x / 500.0)),
        series("imle", 20, points(&|x| 2.0 - x / 120.0)),
        series(
            "rebar",
            2,
            points(&|x| {
                if x == 200.0 { f64::NAN } else { 1.5 + x / 900.0 }
            }),
        ),
        series(long, 20, points(&|x| 3.0 - x / 400.0)),
        series("reinforce", 20, vec![Point { x: 250.0, y: 2.2, low: 1.9, high: f64::INFINITY }]),
        series("<escaped> & \"quoted\"", 20, points(&|x| 2.5 + (x / 90.0).sin())),
    ]
}

fn one_point() -> Figure {
    let point = Point { x: 0.0, y: 3.0, low: 3.0, high: 3.0 };
    let wide = |i: i32| {
        let y = 10f64.powi(-i);
        Point { x: f64::from(i), y, low: y / 3.0, high: y * 3.0 }
    };
    let panel = |title: &str, series: Vec<Series>| Panel {
        title: title.into(),
        series,
        ..Panel::default()
    };
    let constant = (0..5).map(|i| Point { x: f64::from(i), ..point }).collect();
    let mut figure = lone(panel("one point", vec![series("exact", 1, vec![point])]), Scale::Auto);
    figure.panels.push(panel("constant", vec![series("reinmax", 20, constant)]));
    figure.panels.push(panel("12 decades", vec![series("rloo", 20, (0..13).map(wide).collect())]));
    figure.panels.push(panel("nothing", vec![]));
    figure
}

fn odd_finals() -> FinalFigure {
    let row = |label: &str, value: f64, low: f64, high: f64| FinalRow {
        label: label.into(),
        kind: label.into(),
        value,
        low,
        high,
        samples: vec![value, low, high, f64::NAN],
        runs: 4,
        failures: 1,
    };
    let rows = vec![
        row("exact", 1.0, 0.9, 1.1),
        row("zgr", f64::NAN, f64::NAN, f64::NAN),
        row("darn", f64::INFINITY, 3.0, f64::INFINITY),
        row("rk2", 2.0, 1.0, f64::INFINITY),
        row("imle", -1.0, f64::NEG_INFINITY, 0.5),
        row("spsa", f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY),
        row("soft-argmax", 0.0, 0.0, 0.0),
        row("a name that is much longer than any name in the registry ever was <&>", 1.5, 1.2, 1.9),
    ];
    let panel = |title: &str, rows: Vec<FinalRow>| FinalPanel {
        title: title.into(),
        rows,
        ..FinalPanel::default()
    };
    FinalFigure {
        title: "Rows with values that cannot be drawn".into(),
        x_label: "loss".into(),
        reference_line: true,
        panels: vec![
            panel("linear", rows.clone()),
            panel("some rows", rows[2..5].to_vec()),
            panel("no rows", vec![]),
        ],
        ..FinalFigure::default()
    }
}
