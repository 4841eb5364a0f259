//! The cost of the kernels: `cargo bench -p kernels --bench kernels --profile dev`.

use criterion::{BenchmarkId, Criterion, Throughput};
use kernels::product::{Finish, Matrix, Start, Sums, inner_product, product, sum_rows};
use kernels::{Adam, AdamConstants, Noise, Packed, rows, rowwise};
use std::hint::black_box;

/// Rows and categories.
const ROWS: [(usize, usize); 3] = [(128, 8), (128, 64), (800, 4)];

fn normals(count: usize) -> Vec<f32> {
    Noise::named(&["bench"]).normals(count).into_iter().map(|z| z as f32).collect()
}

fn packed(rows: usize, columns: usize) -> Packed<f32> {
    Packed::pack(&normals(rows * columns), columns)
}

/// A layer: its name, input and output features, and whether its input is data.
type Layer = (&'static str, usize, usize, bool);

/// Networks by name, with their batch size: that of the seed question, and an autoencoder of
/// images.
const NETWORKS: [(&str, usize, &[Layer]); 2] = [
    (
        "argmax-index",
        128,
        &[("hidden", 16, 32, true), ("logits", 32, 8, false), ("values", 16, 8, true)],
    ),
    (
        "vae",
        100,
        &[
            ("encoder-1", 784, 512, true),
            ("encoder-2", 512, 256, false),
            ("encoder-3", 256, 32, false),
            ("decoder-1", 32, 256, false),
            ("decoder-2", 256, 512, false),
            ("decoder-3", 512, 784, false),
        ],
    ),
];

/// What the products of a layer read and write.
struct Factors {
    inputs: usize,
    outputs: usize,
    is_data: bool,
    x: Packed<f32>,
    x_transposed: Packed<f32>,
    g: Packed<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    sums: Vec<f32>,
}

impl Factors {
    fn new(batch: usize, &(_, inputs, outputs, is_data): &Layer) -> Self {
        let x = packed(batch, inputs);
        Self {
            inputs,
            outputs,
            is_data,
            x_transposed: x.transposed(),
            x,
            g: packed(batch, outputs),
            weight: normals(inputs * outputs),
            bias: normals(outputs),
            sums: normals(inputs * outputs),
        }
    }

    fn weight(&self) -> Matrix<'_, f32> {
        Matrix::new(&self.weight, self.outputs, self.inputs)
    }

    fn forward(&self) -> Packed<f32> {
        let (x, w) = (black_box(&self.x), self.weight().transposed());
        product(x, w, Start::Bias(&self.bias), Finish::Relu)
    }

    fn input_gradient(&self) -> Packed<f32> {
        product(black_box(&self.g), self.weight(), Start::Zero, Finish::Gate(&self.x))
    }

    fn weight_gradient(&mut self) {
        inner_product(&self.x_transposed, black_box(&self.g), Sums::Write(&mut self.sums));
    }

    /// Multiplications and additions of one product.
    fn operations(&self) -> u64 {
        2 * (self.x.rows() * self.inputs * self.outputs) as u64
    }
}

/// The products of a training step, each by itself. The bench `limit` of `model` runs all together.
fn products(criterion: &mut Criterion) {
    for (network, batch, layers) in NETWORKS {
        let mut all: Vec<Factors> = layers.iter().map(|layer| Factors::new(batch, layer)).collect();
        let mut group = criterion.benchmark_group(format!("product/{network}"));
        for (factors, (name, ..)) in all.iter_mut().zip(layers) {
            group.throughput(Throughput::Elements(factors.operations()));
            group.bench_function(format!("{name}/forward"), |bencher| {
                bencher.iter(|| factors.forward());
            });
            group.bench_function(format!("{name}/weight"), |bencher| {
                bencher.iter(|| factors.weight_gradient());
            });
            if !factors.is_data {
                group.bench_function(format!("{name}/input"), |bencher| {
                    bencher.iter(|| factors.input_gradient());
                });
            }
        }
        group.finish();
    }
}

/// Transposing and packing matrices, and summing their rows.
fn orders(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("order");
    for (rows, columns) in [(128, 16), (128, 32), (100, 784)] {
        let shape = format!("{rows}x{columns}");
        let (matrix, flat) = (packed(rows, columns), normals(rows * columns));
        let mut sums = normals(columns);
        group.throughput(Throughput::Elements((rows * columns) as u64));
        group.bench_function(BenchmarkId::new("transposed", &shape), |bencher| {
            bencher.iter(|| black_box(&matrix).transposed());
        });
        group.bench_function(BenchmarkId::new("pack", &shape), |bencher| {
            bencher.iter(|| Packed::pack(black_box(&flat), columns));
        });
        group.bench_function(BenchmarkId::new("sum-rows", &shape), |bencher| {
            bencher.iter(|| sum_rows(black_box(&matrix), Sums::Write(&mut sums)));
        });
    }
    group.finish();
}

/// Functions of rows: softmax, sampling, and noise.
fn of_rows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rows");
    for (rows, categories) in ROWS {
        let shape = format!("{rows}x{categories}");
        let logits = Packed::pack(&normals(rows * categories), categories);
        let p = rows::softmax(&logits, 1.0);
        let mut noise = Noise::named(&["bench", "rows"]);
        group.throughput(Throughput::Elements((rows * categories) as u64));
        group.bench_function(BenchmarkId::new("softmax", &shape), |bencher| {
            bencher.iter(|| rows::softmax(black_box(&logits), 1.0));
        });
        group.bench_function(BenchmarkId::new("log-softmax", &shape), |bencher| {
            bencher.iter(|| rows::log_softmax(black_box(&logits), 1.0));
        });
        group.bench_function(BenchmarkId::new("argmax", &shape), |bencher| {
            bencher.iter(|| rows::argmax(black_box(&logits)));
        });
        group.bench_function(BenchmarkId::new("categorical", &shape), |bencher| {
            bencher.iter(|| rows::categorical(black_box(&p), 1, &mut noise));
        });
        group.bench_function(BenchmarkId::new("uniform", &shape), |bencher| {
            bencher.iter(|| noise.uniforms::<f32>(rows, categories));
        });
        group.bench_function(BenchmarkId::new("gumbel", &shape), |bencher| {
            bencher.iter(|| noise.gumbels::<f32>(rows, categories));
        });
        group.bench_function(BenchmarkId::new("gaussian", &shape), |bencher| {
            bencher.iter(|| noise.gaussians::<f32>(rows, categories));
        });
    }
    group.finish();
}

rowwise! {
    fn exponentials(x => y) {
        for k in 0..x.len() {
            y[k] = x[k].exp();
        }
    }
}

rowwise! {
    fn logarithms(x => y) {
        for k in 0..x.len() {
            y[k] = x[k].ln();
        }
    }
}

/// exp and ln of 1024 numbers in both types.
fn elementary(criterion: &mut Criterion) {
    const COUNT: usize = 1024;
    let mut group = criterion.benchmark_group("elementary");
    group.throughput(Throughput::Elements(COUNT as u64));
    let mut noise = Noise::named(&["bench", "elementary"]);
    let (single, double) = (noise.uniforms::<f32>(COUNT, 1), noise.uniforms::<f64>(COUNT, 1));
    let (mut f32s, mut f64s) = (Packed::zeros(COUNT, 1), Packed::zeros(COUNT, 1));
    group.bench_function("exp/f32", |bencher| {
        bencher.iter(|| exponentials(black_box(&single), &mut f32s));
    });
    group.bench_function("ln/f32", |bencher| {
        bencher.iter(|| logarithms(black_box(&single), &mut f32s));
    });
    group.bench_function("exp/f64", |bencher| {
        bencher.iter(|| exponentials(black_box(&double), &mut f64s));
    });
    group.bench_function("ln/f64", |bencher| {
        bencher.iter(|| logarithms(black_box(&double), &mut f64s));
    });
    group.finish();
}

/// A step of Adam over the parameters of the seed question's network.
fn adam(criterion: &mut Criterion) {
    const PARAMETERS: usize = 944;
    let mut group = criterion.benchmark_group("optimizer");
    group.throughput(Throughput::Elements(PARAMETERS as u64));
    let mut adam = Adam::new(PARAMETERS, AdamConstants::default());
    let (mut parameters, gradient) = (normals(PARAMETERS), normals(PARAMETERS));
    group.bench_function("adam", |bencher| {
        bencher.iter(|| adam.step(0.01, &mut parameters, black_box(&gradient)));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    products(&mut criterion);
    orders(&mut criterion);
    of_rows(&mut criterion);
    elementary(&mut criterion);
    adam(&mut criterion);
    criterion.final_summary();
}
