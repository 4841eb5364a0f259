//! What the kernels cost: `cargo bench -p kernels --bench kernels --profile dev`.

use criterion::{BenchmarkId, Criterion, Throughput};
use dfdx::prelude::{Cpu, NoneTape, Tensor, TensorFromVec, Trace};
use kernels::tape::{InputGradient, Recording, Weights, linear, weigh};
use kernels::{
    Activation, Finish, Matrix, Noise, Optimizer, OptimizerState, Packed, Start, matmul, rows,
    rowwise,
};
use std::hint::black_box;

/// Batch, inputs and outputs of the layers: one of the seed question, one of an autoencoder.
const LAYERS: [(usize, usize, usize); 2] = [(128, 16, 32), (100, 784, 512)];
/// Rows and categories.
const ROWS: [(usize, usize); 3] = [(128, 8), (128, 64), (800, 4)];

fn normals(count: usize) -> Vec<f32> {
    Noise::named(&["bench"]).normals(count).into_iter().map(|z| z as f32).collect()
}

fn matrix(rows: usize, columns: usize) -> Tensor<(usize, usize), f32, Cpu> {
    Cpu::default().tensor_from_vec(normals(rows * columns), (rows, columns))
}

/// A linear layer with its ReLU: forward alone, and with all that its backward pass computes.
fn layers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("linear");
    for (batch, inputs, outputs) in LAYERS {
        let (x, weight) = (matrix(batch, inputs), matrix(inputs, outputs));
        let bias = Cpu::default().tensor_from_vec(normals(outputs), (outputs,));
        let shape = format!("{batch}x{inputs}x{outputs}");
        let operations = (2 * batch * inputs * outputs) as u64;
        group.throughput(Throughput::Elements(operations));
        group.bench_function(BenchmarkId::new("forward", &shape), |bencher| {
            bencher.iter(|| {
                let x: Tensor<_, f32, Cpu, NoneTape> = x.clone();
                linear(x, &weight, &bias, Activation::Relu, InputGradient::Wanted)
            });
        });
        group.throughput(Throughput::Elements(3 * operations));
        group.bench_function(BenchmarkId::new("forward-backward", &shape), |bencher| {
            bencher.iter(|| {
                let x: Tensor<_, f32, Cpu, Recording<f32>> = x.clone().leaky_traced();
                let y = linear(x, &weight, &bias, Activation::Relu, InputGradient::Wanted)?;
                dfdx::prelude::Backward::try_backward(weigh(y, Weights::Mean)?)
            });
        });
    }
    group.finish();
}

/// A product of a step: its name, rows, inner dimension and columns, and whether the left factor is
/// read as its transpose.
type Shape = (&'static str, usize, usize, usize, bool);

/// The products of a step of the seed question's network: batch of 128, 16 → 32 → 8, and 16 → 8.
const PRODUCTS: [Shape; 7] = [
    ("hidden", 128, 16, 32, false),
    ("logits", 128, 32, 8, false),
    ("values", 128, 16, 8, false),
    ("logits-weight", 32, 128, 8, true),
    ("hidden-gradient", 128, 8, 32, false),
    ("hidden-weight", 16, 128, 32, true),
    ("values-weight", 16, 128, 8, true),
];

/// The products of a step, each alone and all together.
fn products(criterion: &mut Criterion) {
    let factors = PRODUCTS.map(|(_, m, k, n, _)| (normals(m * k), normals(k * n), normals(m * n)));
    let operations = PRODUCTS.map(|(_, m, k, n, _)| (2 * m * k * n) as u64);
    let product = |i: usize, out: &mut [f32]| {
        let ((_, m, k, n, is_transposed), (a, b, _)) = (PRODUCTS[i], &factors[i]);
        let left =
            if is_transposed { Matrix::new(a, k, m).transposed() } else { Matrix::new(a, m, k) };
        matmul(left, Matrix::new(black_box(b), k, n), Start::Zero, Finish::Keep, out);
    };
    let mut results = factors.clone().map(|(_, _, out)| out);
    let mut group = criterion.benchmark_group("product");
    for (i, (name, ..)) in PRODUCTS.iter().enumerate() {
        group.throughput(Throughput::Elements(operations[i]));
        group.bench_function(*name, |bencher| bencher.iter(|| product(i, &mut results[i])));
    }
    group.throughput(Throughput::Elements(operations.iter().sum()));
    group.bench_function("all", |bencher| {
        bencher.iter(|| (0..PRODUCTS.len()).for_each(|i| product(i, &mut results[i])));
    });
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

/// exp and ln of 1024 numbers in either type.
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

/// A step of each optimiser over the parameters of the seed question's network.
fn optimizers(criterion: &mut Criterion) {
    const PARAMETERS: usize = 944;
    let mut group = criterion.benchmark_group("optimizer");
    group.throughput(Throughput::Elements(PARAMETERS as u64));
    let sgd = Optimizer::Sgd { learning_rate: 0.01, momentum: 0.9 };
    for (name, optimizer) in [("adam", Optimizer::adam(0.01)), ("sgd", sgd)] {
        let mut state = OptimizerState::new(optimizer, PARAMETERS);
        let (mut parameters, mut gradient) = (normals(PARAMETERS), normals(PARAMETERS));
        let fresh = gradient.clone();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                gradient.copy_from_slice(&fresh);
                state.step(&mut parameters, &mut gradient);
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    layers(&mut criterion);
    products(&mut criterion);
    of_rows(&mut criterion);
    elementary(&mut criterion);
    optimizers(&mut criterion);
    criterion.final_summary();
}
