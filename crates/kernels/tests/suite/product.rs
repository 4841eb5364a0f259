//! Matrix products compared with plain loops, in all variants.

use crate::reference::*;
use kernels::product::{Finish, Matrix, Start, Sums, inner_product, product, sum_rows};
use kernels::{Packed, Real};
use proptest::prelude::*;

type Shape = (usize, usize, usize);

/// A variant of the factors and the result.
#[derive(Clone, Copy, Debug)]
struct Variant {
    transposed: bool,
    biased: bool,
    finish: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Keep,
    Relu,
    Gate,
    LeakyRelu,
    LeakyGate,
}

impl End {
    const ALL: [Self; 5] = [Self::Keep, Self::Relu, Self::Gate, Self::LeakyRelu, Self::LeakyGate];
}

/// Of leaky ends: a power of two, so that multiplying by it is exact.
const SLOPE: f64 = 0.25;

fn variants() -> Vec<Variant> {
    let mut all = vec![];
    for transposed in [false, true] {
        for biased in [false, true] {
            for finish in End::ALL {
                all.push(Variant { transposed, biased, finish });
            }
        }
    }
    all
}

/// One product of M×K and K×N: compares its bits with the same chain of fused multiply-adds, and
/// its values with sums in `f64`.
#[track_caller]
fn check<E: Real>((m, k, n): Shape, variant: Variant) {
    let x: Vec<E> = narrow(&normals("x", m * k));
    let w: Vec<E> = narrow(&normals("w", k * n));
    let bias: Vec<E> = narrow(&normals("bias", n));
    let right =
        if variant.transposed { Matrix::new(&w, n, k).transposed() } else { Matrix::new(&w, k, n) };
    let start = if variant.biased { Start::Bias(&bias) } else { Start::Zero };
    // Every third element is zeroed.
    let gate: Vec<E> = (0..m * n).map(|i| E::of((i % 3) as f64)).collect();
    let shut = Packed::pack(&gate, n);
    let finish = match variant.finish {
        End::Keep => Finish::Keep,
        End::Relu => Finish::Relu,
        End::Gate => Finish::Gate(&shut),
        End::LeakyRelu => Finish::LeakyRelu(E::of(SLOPE)),
        End::LeakyGate => Finish::LeakyGate(&shut, E::of(SLOPE)),
    };
    let out = product(&Packed::pack(&x, k), right, start, finish);
    assert_eq!((out.rows(), out.columns()), (m, n));
    for row in 0..m {
        for column in 0..n {
            let first = if variant.biased { bias[column] } else { E::ZERO };
            let (mut chain, mut sum, mut size) = (first, first.widen(), first.widen().abs());
            for i in 0..k {
                let (x, w) = (x[row * k + i], w[element(variant.transposed, (i, column), (k, n))]);
                chain = x.mul_add(w, chain);
                sum += x.widen() * w.widen();
                size += (x.widen() * w.widen()).abs();
            }
            let is_shut = match variant.finish {
                End::Keep => false,
                End::Relu | End::LeakyRelu => chain < E::ZERO,
                End::Gate | End::LeakyGate => gate[row * n + column] == E::ZERO,
            };
            let slope = match variant.finish {
                End::LeakyRelu | End::LeakyGate => SLOPE,
                _ => 0.0,
            };
            match variant.finish {
                End::Relu | End::LeakyRelu => sum = sum.max(slope * sum),
                _ if is_shut => sum *= slope,
                _ => {}
            }
            if is_shut {
                chain = E::of(slope) * chain;
            }
            let ours = out.get(row, column);
            let what = format!("{m}×{k}×{n} {variant:?} at ({row}, {column})");
            assert!(ours == chain, "{what}: {ours} and not {chain}");
            let bound = E::EPSILON.widen() * (k + 2) as f64 * size;
            assert!((ours.widen() - sum).abs() <= bound, "{what}: {ours} and not {sum}");
        }
    }
}

fn element(
    transposed: bool,
    (row, column): (usize, usize),
    (rows, columns): (usize, usize),
) -> usize {
    if transposed { column * rows + row } else { row * columns + column }
}

/// Sums over rows: compares gᵀ·x with its chains, and Σ g with its sixteen partial sums.
#[track_caller]
fn check_sums<E: Real>((rows, inputs, outputs): Shape, adds: bool) {
    let x: Vec<E> = narrow(&normals("x", rows * inputs));
    let g: Vec<E> = narrow(&normals("g", rows * outputs));
    let before: Vec<E> = narrow(&normals("before", inputs * outputs));
    let (x_transposed, packed) = (Packed::from_columns(&x, inputs), Packed::pack(&g, outputs));
    fn place<E>(adds: bool, numbers: &mut [E]) -> Sums<'_, E> {
        if adds { Sums::Add(numbers) } else { Sums::Write(numbers) }
    }
    let mut sums = before.clone();
    inner_product(&x_transposed, &packed, place(adds, &mut sums));
    for (i, &sum) in sums.iter().enumerate() {
        let (output, input) = (i / inputs, i % inputs);
        let first = if adds { before[i] } else { E::ZERO };
        let chain = (0..rows).fold(first, |chain, row| {
            x[row * inputs + input].mul_add(g[row * outputs + output], chain)
        });
        assert!(sum == chain, "{rows}×{inputs}×{outputs}, {adds} at {i}: {sum} and not {chain}");
    }
    let mut sums = before[..outputs].to_vec();
    sum_rows(&packed, place(adds, &mut sums));
    for (i, &sum) in sums.iter().enumerate() {
        let mut partial = [E::ZERO; 16];
        for row in 0..rows {
            partial[row % 16] += g[row * outputs + i];
        }
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                let other = partial[lane + half];
                partial[lane] += other;
            }
        }
        let total = if adds { before[i] + partial[0] } else { partial[0] };
        assert!(sum == total, "{rows}×{outputs}, {adds} at {i}: {sum} and not {total}");
    }
}

fn all_variants(shape: Shape) {
    for variant in variants() {
        check::<f32>(shape, variant);
        check::<f64>(shape, variant);
    }
    for adds in [false, true] {
        check_sums::<f32>(shape, adds);
        check_sums::<f64>(shape, adds);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn products_of_any_shape(shape in (1usize..70, 1usize..70, 1usize..70)) {
        all_variants(shape);
    }
}

/// All numbers of blocks and of columns that are covered by different tiles.
#[test]
fn products_with_every_tile() {
    for m in [1, 15, 16, 17, 31, 32, 33, 48, 49, 64, 80] {
        all_variants((m, 5, 7));
    }
    for n in 1..=40 {
        all_variants((33, 3, n));
    }
}

/// A long inner dimension is split into passes, which does not change the bits.
#[test]
fn products_with_long_chains() {
    all_variants((100, 784, 32));
    for k in [255, 256, 257, 512, 513] {
        all_variants((17, k, 3));
    }
}

#[test]
fn a_product_without_rows_has_no_rows() {
    let w = Matrix::new(&[1.0; 12], 3, 4);
    let out = product(&Packed::<f64>::zeros(0, 3), w, Start::Zero, Finish::Keep);
    assert_eq!((out.rows(), out.columns()), (0, 4));
    let mut sums = [1.5; 4];
    sum_rows(&out, Sums::Add(&mut sums));
    assert_eq!(sums, [1.5; 4]);
}

/// max(0, NaN) is NaN, so the divergence of a network is visible.
#[test]
fn relu_propagates_nan() {
    let x = Packed::pack(&[f64::NAN, 1.0], 1);
    let out = product(&x, Matrix::new(&[1.0; 37], 1, 37), Start::Zero, Finish::Relu).unpack();
    assert!(out[..37].iter().all(|x| x.is_nan()) && out[37..].iter().all(|&x| x == 1.0));
}

/// The rows of a block share registers, but do not affect each other.
#[test]
fn an_infinite_number_only_affects_its_row() {
    let mut x = vec![1.0f32; 9 * 4];
    x[4 * 4] = f32::INFINITY;
    let w = [1.0f32; 4 * 11];
    let out = product(&Packed::pack(&x, 4), Matrix::new(&w, 4, 11), Start::Zero, Finish::Keep);
    for (i, x) in out.unpack().iter().enumerate() {
        assert_eq!(x.is_infinite(), i / 11 == 4);
    }
}

/// Even if it is not 0.
#[test]
fn padding_does_not_count() {
    for rows in [1, 15, 17, 30] {
        let g = Packed::filled(rows, 3, 2.0f32);
        let mut sums = [0.0; 3];
        sum_rows(&g, Sums::Write(&mut sums));
        assert_eq!(sums, [2.0 * rows as f32; 3]);
        let x = Packed::filled(2, rows, 1.0f32);
        let mut sums = [0.0; 6];
        inner_product(&x, &g, Sums::Write(&mut sums));
        assert_eq!(sums, [2.0 * rows as f32; 6]);
    }
}

#[test]
fn a_product_with_the_first_columns_of_a_matrix() {
    let numbers = normals("matrix", 15);
    let x = Packed::pack(&normals("x", 6), 3);
    let of = |matrix| product(&x, matrix, Start::Zero, Finish::Keep).unpack();
    let whole = of(Matrix::new(&numbers, 3, 5));
    let part = of(Matrix::new(&numbers, 3, 5).first_columns(2));
    assert_eq!(part, [whole[0], whole[1], whole[5], whole[6]]);
}

#[test]
#[should_panic(expected = "inner dimensions of a product")]
fn inner_dimensions_must_agree() {
    let x = Packed::<f64>::zeros(2, 3);
    product(&x, Matrix::new(&[0.0; 4], 2, 2), Start::Zero, Finish::Keep);
}

#[test]
#[should_panic(expected = "inner dimensions of a product")]
fn rows_of_an_inner_product_must_agree() {
    let (x, g) = (Packed::<f64>::zeros(3, 4), Packed::zeros(5, 2));
    inner_product(&x, &g, Sums::Write(&mut [0.0; 6]));
}

#[test]
#[should_panic(expected = "the result of a product")]
fn the_result_must_have_the_right_length() {
    let (x, g) = (Packed::<f64>::zeros(3, 4), Packed::zeros(4, 2));
    inner_product(&x, &g, Sums::Write(&mut [0.0; 5]));
}

#[test]
#[should_panic(expected = "one sum per column")]
fn every_column_must_have_a_sum() {
    sum_rows(&Packed::<f64>::zeros(3, 4), Sums::Add(&mut [0.0; 3]));
}

#[test]
#[should_panic(expected = "one bias per column")]
fn a_bias_must_fit() {
    let (x, w) = (Packed::<f64>::zeros(2, 3), [0.0; 6]);
    product(&x, Matrix::new(&w, 3, 2), Start::Bias(&[0.0; 3]), Finish::Keep);
}

#[test]
#[should_panic(expected = "gate and result")]
fn a_gate_must_fit() {
    let (x, w, gate) = (Packed::<f64>::zeros(2, 3), [0.0; 6], Packed::zeros(2, 3));
    product(&x, Matrix::new(&w, 3, 2), Start::Zero, Finish::Gate(&gate));
}

#[test]
#[should_panic(expected = "a 2×3 matrix")]
fn a_matrix_must_have_all_its_numbers() {
    Matrix::new(&[0.0; 5], 2, 3);
}

#[test]
#[should_panic(expected = "4 of 3 columns")]
fn more_columns_than_the_matrix_has_panic() {
    Matrix::new(&[0.0; 6], 2, 3).first_columns(4);
}
