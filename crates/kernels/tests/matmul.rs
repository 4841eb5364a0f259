//! Matrix products against three loops, for every variant there is.

mod reference;

use kernels::{Finish, Matrix, Real, Start, matmul};
use proptest::prelude::*;
use reference::*;

/// How the factors and the result are given.
#[derive(Clone, Copy, Debug)]
struct Variant {
    transposed: bool,
    start: u8,
    finish: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Keep,
    Relu,
    Gate,
}

fn variants() -> Vec<Variant> {
    let mut all = vec![];
    for transposed in [false, true] {
        for start in 0..3 {
            for finish in [End::Keep, End::Relu, End::Gate] {
                all.push(Variant { transposed, start, finish });
            }
        }
    }
    all
}

/// One product of M×K and K×N: its bits against the same chain of fused multiply-adds, its value
/// against sums in `f64`.
#[track_caller]
fn check<E: Real>((m, k, n): (usize, usize, usize), variant: Variant) {
    let a: Vec<E> = narrow(&normals("a", m * k));
    let b: Vec<E> = narrow(&normals("b", k * n));
    let bias: Vec<E> = narrow(&normals("bias", n));
    let before: Vec<E> = narrow(&normals("before", m * n));
    let (left, start) = (
        if variant.transposed { Matrix::new(&a, k, m).transposed() } else { Matrix::new(&a, m, k) },
        [Start::Zero, Start::Accumulate, Start::Bias(&bias)][usize::from(variant.start)],
    );
    // One element of every three is shut.
    let gate: Vec<E> = (0..m * n).map(|i| E::of((i % 3) as f64)).collect();
    let finish = match variant.finish {
        End::Keep => Finish::Keep,
        End::Relu => Finish::Relu,
        End::Gate => Finish::Gate(&gate),
    };
    let mut out = before.clone();
    matmul(left, Matrix::new(&b, k, n), start, finish, &mut out);
    for row in 0..m {
        for column in 0..n {
            let first = match variant.start {
                0 => E::ZERO,
                1 => before[row * n + column],
                _ => bias[column],
            };
            let (mut chain, mut sum, mut size) = (first, first.widen(), first.widen().abs());
            for i in 0..k {
                let x = if variant.transposed { a[i * m + row] } else { a[row * k + i] };
                let y = b[i * n + column];
                chain = x.mul_add(y, chain);
                sum += x.widen() * y.widen();
                size += (x.widen() * y.widen()).abs();
            }
            let is_shut = match variant.finish {
                End::Keep => false,
                End::Relu => chain < E::ZERO,
                End::Gate => gate[row * n + column] == E::ZERO,
            };
            match variant.finish {
                End::Relu => sum = sum.max(0.0),
                _ if is_shut => sum = 0.0,
                _ => {}
            }
            if is_shut {
                chain = E::ZERO;
            }
            let ours = out[row * n + column];
            let what = format!("{m}×{k}×{n} {variant:?} at ({row}, {column})");
            assert!(ours == chain, "{what}: {ours} and not {chain}");
            let bound = E::EPSILON.widen() * (k + 2) as f64 * size;
            assert!((ours.widen() - sum).abs() <= bound, "{what}: {ours} and not {sum}");
        }
    }
}

fn all_variants(shape: (usize, usize, usize)) {
    for variant in variants() {
        check::<f32>(shape, variant);
        check::<f64>(shape, variant);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn mixed_shapes(shape in (1usize..70, 1usize..70, 1usize..70)) {
        all_variants(shape);
    }
}

/// Every number of rows and of columns that takes tiles and panels of its own.
#[test]
fn every_tile_and_panel() {
    for m in 1..=30 {
        all_variants((m, 5, 37));
    }
    for n in 1..=70 {
        all_variants((7, 3, n));
    }
}

#[test]
fn a_layer_of_images() {
    all_variants((100, 784, 32));
}

/// A product over nothing is what it started from.
#[test]
fn empty_dimensions() {
    for shape in [(0, 3, 4), (3, 4, 0), (3, 0, 40), (0, 0, 0), (20, 0, 3)] {
        all_variants(shape);
    }
}

/// max(0, NaN) is NaN: a network that has diverged shows it.
#[test]
fn nan_passes_the_gate() {
    let (a, b) = ([f64::NAN, 1.0], [1.0; 37]);
    let mut out = vec![0.0; 74];
    let (a, b) = (Matrix::new(&a, 2, 1), Matrix::new(&b, 1, 37));
    matmul(a, b, Start::Zero, Finish::Relu, &mut out);
    assert!(out[..37].iter().all(|x| x.is_nan()) && out[37..].iter().all(|&x| x == 1.0));
}

/// Rows of a tile share registers and nothing else.
#[test]
fn an_infinite_row_stays_in_its_row() {
    let mut a = vec![1.0f32; 9 * 4];
    a[4 * 4] = f32::INFINITY;
    let b = vec![1.0f32; 4 * 11];
    let mut out = vec![0.0; 9 * 11];
    matmul(Matrix::new(&a, 9, 4), Matrix::new(&b, 4, 11), Start::Zero, Finish::Keep, &mut out);
    for (i, x) in out.iter().enumerate() {
        assert_eq!(x.is_infinite(), i / 11 == 4);
    }
}

#[test]
#[should_panic(expected = "inner dimensions of a product")]
fn inner_dimensions_must_agree() {
    let mut out = [0.0; 4];
    let (a, b) = (Matrix::new(&[0.0; 6], 2, 3), Matrix::new(&[0.0; 4], 2, 2));
    matmul(a, b, Start::Zero, Finish::Keep, &mut out);
}

#[test]
#[should_panic(expected = "the result of a product")]
fn the_result_must_have_the_shape() {
    let mut out = [0.0; 5];
    let (a, b) = (Matrix::new(&[0.0; 6], 2, 3), Matrix::new(&[0.0; 6], 3, 2));
    matmul(a, b, Start::Zero, Finish::Keep, &mut out);
}

#[test]
#[should_panic(expected = "lies row after row")]
fn the_right_factor_is_not_transposed() {
    let mut out = [0.0; 4];
    let (a, b) = (Matrix::new(&[0.0; 6], 2, 3), Matrix::new(&[0.0; 6], 2, 3).transposed());
    matmul(a, b, Start::Zero, Finish::Keep, &mut out);
}

#[test]
#[should_panic(expected = "one bias a column")]
fn a_bias_must_fit() {
    let mut out = [0.0; 4];
    let (a, b) = (Matrix::new(&[0.0; 6], 2, 3), Matrix::new(&[0.0; 6], 3, 2));
    matmul(a, b, Start::Bias(&[0.0; 3]), Finish::Keep, &mut out);
}

#[test]
#[should_panic(expected = "a 2×3 matrix")]
fn a_matrix_must_have_its_numbers() {
    Matrix::new(&[0.0; 5], 2, 3);
}
