//! Distributions over categories: values compared with formulas in `f64`, and properties that hold
//! for any finite or masked logits.

use crate::reference::*;
use kernels::{Noise, Packed, Real, rows, rowwise};
use proptest::prelude::*;

const MASKED: f64 = f64::NEG_INFINITY;

/// ln softmax(θ/τ) of one row, in `f64` with the platform's functions.
fn log_softmax(logits: &[f64], temperature: f64) -> Vec<f64> {
    let top = logits.iter().copied().fold(MASKED, f64::max);
    let shifted: Vec<f64> = logits.iter().map(|x| (x - top) / temperature).collect();
    let log_sum = shifted.iter().map(|x| x.exp()).sum::<f64>().ln();
    shifted.iter().map(|x| x - log_sum).collect()
}

/// Rows of `k` logits. Some are masked, but never the first of a row.
fn logits(rows: usize, k: usize) -> Vec<f64> {
    let mut logits = normals("logits", rows * k);
    let mask = |(i, x): (usize, &mut f64)| *x = if i % k > 0 && i % 5 == 0 { MASKED } else { *x };
    logits.iter_mut().enumerate().for_each(mask);
    logits
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * b.abs().max(1.0)
}

fn softmaxes<E: Real>(rows: usize, k: usize, temperature: f64, tolerance: f64) {
    let logits: Vec<E> = narrow(&logits(rows, k));
    let packed = Packed::pack(&logits, k);
    let p = rows::softmax(&packed, E::of(temperature)).unpack();
    let log_p = rows::log_softmax(&packed, E::of(temperature)).unpack();
    for (row, logits) in logits.chunks(k).enumerate() {
        let truth = log_softmax(&widen(logits), temperature);
        for (column, truth) in truth.into_iter().enumerate() {
            let (p, log_p) = (p[row * k + column].widen(), log_p[row * k + column].widen());
            let what = format!("{rows}×{k} at {temperature}, ({row}, {column})");
            assert!(close(log_p, truth, tolerance), "{what}: {log_p} and not {truth}");
            assert!(close(p, truth.exp(), tolerance), "{what}: {p} and not {}", truth.exp());
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn softmax_and_its_logarithm(rows in 1usize..36, k in 1usize..36, temperature in 0.1f64..5.0) {
        softmaxes::<f64>(rows, k, temperature, 1e-14);
        softmaxes::<f32>(rows, k, temperature, 3e-6);
    }

    /// Compares with the running sum of the probabilities, exactly.
    #[test]
    fn sampling_inverts_the_distribution(rows in 1usize..36, k in 1usize..36, samples in 1usize..6) {
        draws::<f64>(rows, k, samples);
        draws::<f32>(rows, k, samples);
    }

    #[test]
    fn argmax_is_the_first_largest_number(rows in 1usize..36, k in 1usize..36) {
        // Rounding creates ties.
        let numbers: Vec<f64> = normals("numbers", rows * k).iter().map(|x| x.round()).collect();
        let picks = rows::argmax(&Packed::pack(&numbers, k));
        prop_assert_eq!((picks.rows(), picks.columns()), (rows, 1));
        for (row, numbers) in numbers.chunks(k).enumerate() {
            let top = numbers.iter().copied().fold(MASKED, f64::max);
            let first = numbers.iter().position(|&x| x == top);
            prop_assert_eq!(Some(picks.get(row, 0) as usize), first);
        }
    }
}

fn draws<E: Real>(rows: usize, k: usize, samples: usize) {
    let p = rows::softmax(&Packed::pack(&narrow::<E>(&logits(rows, k)), k), E::ONE);
    let picks = rows::categorical(&p, samples, &mut Noise::named(&["tests"]));
    let uniforms = Noise::named(&["tests"]).uniforms::<E>(rows, samples);
    for row in 0..rows {
        for sample in 0..samples {
            let (u, mut below) = (uniforms.get(row, sample), E::ZERO);
            let passed = |k: &usize| {
                below += p.get(row, *k);
                below <= u
            };
            let found = (0..k).take_while(passed).count();
            let pick = picks.get(row, sample).widen() as usize;
            assert_eq!(pick, found, "{rows}×{k}, ({row}, {sample})");
            assert!(p.get(row, pick) > E::ZERO, "category {pick} has no probability");
        }
    }
}

#[test]
fn softmax_and_sampling_with_a_thousand_categories() {
    // Fewer where each is interpreted, by Miri.
    let categories = if cfg!(miri) { 20 } else { 1000 };
    softmaxes::<f64>(17, categories, 0.7, 1e-13);
    softmaxes::<f32>(17, categories, 0.7, 1e-5);
    draws::<f32>(17, categories, 4);
}

/// The frequencies of 40,000 samples, within five standard errors.
#[test]
fn sample_frequencies_match_the_probabilities() {
    let truth = [0.5, 0.0, 0.3, 0.2];
    let p = Packed::pack(&narrow::<f32>(&truth), 4);
    let picks = rows::categorical(&p, 40_000, &mut Noise::named(&["frequencies"])).unpack();
    for (k, p) in truth.into_iter().enumerate() {
        let count = picks.iter().filter(|&&pick| pick == k as f32).count() as f64;
        let error = (40_000.0 * p * (1.0 - p)).sqrt();
        assert!((count - 40_000.0 * p).abs() <= 5.0 * error, "category {k}: {count} times");
    }
}

/// Every uniform number samples a category with positive probability, even if the sum stays below
/// it.
#[test]
fn categories_of_extreme_uniform_numbers() {
    rowwise! {
        fn invert(p, uniform => pick) {
            pick[0] = rows::categorical_row(p, uniform[0]);
        }
    }
    let pick = |p: &[f64], u: f64| {
        let mut pick = Packed::zeros(1, 1);
        invert(&Packed::pack(p, p.len()), &Packed::pack(&[u], 1), &mut pick);
        pick.get(0, 0)
    };
    let below_one = 1.0 - f64::EPSILON / 2.0;
    assert_eq!(pick(&[0.25, 0.75], 1e-300), 0.0);
    assert_eq!(pick(&[0.25, 0.75], 0.25), 1.0);
    assert_eq!(pick(&[0.25, 0.75], below_one), 1.0);
    // If the sum is below 1, the last category with positive probability is sampled.
    assert_eq!(pick(&[0.25, 0.5], below_one), 1.0);
    assert_eq!(pick(&[0.25, 0.5, 0.0, 0.0], below_one), 1.0);
    assert_eq!(pick(&[0.0, 0.0, 1.0], 1e-300), 2.0);
    assert_eq!(pick(&[1.0], below_one), 0.0);
}

#[test]
fn argmax_of_extreme_and_masked_numbers() {
    let of = |numbers: &[f32]| rows::argmax(&Packed::pack(numbers, numbers.len())).get(0, 0);
    let masked = f32::NEG_INFINITY;
    assert_eq!(of(&[masked, f32::MIN, masked]), 1.0);
    assert_eq!(of(&[-1e4, 1e4, 1e4]), 1.0);
    assert_eq!(of(&[0.5; 40]), 0.0);
    assert_eq!(of(&[masked, masked]), 0.0);
}

#[test]
fn functions_of_a_row_match_their_formulas() {
    rowwise! {
        fn all(a, b, pick; scale => out, v) {
            out[0] = rows::max(a);
            out[1] = rows::sum(a);
            out[2] = rows::dot(a, b);
            out[3] = rows::one_hot(pick[0], 0);
            out[4] = rows::one_hot(pick[0], 2);
            out[5] = rows::unless_masked(pick[0], b[0]);
            out[6] = rows::unless_masked(V::splat(E::NEGATIVE_INFINITY), b[0]);
            out[7] = rows::argmax_row(b);
            rows::add_jacobian_product(a, b, scale, v);
        }
    }
    let (count, k) = (37, 5);
    let (a, b, before) =
        (normals("a", count * k), normals("b", count * k), normals("v", count * k));
    let picks: Vec<f64> = (0..count).map(|row| (row % 3) as f64).collect();
    let (mut out, mut v) = (Packed::zeros(count, 8), Packed::pack(&before, k));
    let (packed_a, packed_b) = (Packed::pack(&a, k), Packed::pack(&b, k));
    all(&packed_a, &packed_b, &Packed::pack(&picks, 1), 0.75, &mut out, &mut v);
    for row in 0..count {
        let (a, b) = (&a[row * k..][..k], &b[row * k..][..k]);
        let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        let top = b.iter().copied().fold(MASKED, f64::max);
        let expected = [
            a.iter().copied().fold(MASKED, f64::max),
            a.iter().sum(),
            dot,
            f64::from(row % 3 == 0),
            f64::from(row % 3 == 2),
            b[0],
            0.0,
            b.iter().position(|&x| x == top).map_or(-1.0, |k| k as f64),
        ];
        let ours: Vec<f64> = (0..8).map(|column| out.get(row, column)).collect();
        assert_close(&ours, &expected, 1e-14, &format!("row {row}"));
        for column in 0..k {
            let product = before[row * k + column] + 0.75 * a[column] * (b[column] - dot);
            assert!((v.get(row, column) - product).abs() < 1e-13, "({row}, {column})");
        }
    }
}

#[test]
#[should_panic(expected = "differ")]
fn matrices_of_a_rowwise_function_must_have_equal_rows() {
    rowwise! {
        fn copy(a => b) {
            b[0] = a[0];
        }
    }
    copy(&Packed::<f64>::zeros(17, 1), &mut Packed::zeros(18, 1));
}

fn any_finite() -> impl Strategy<Value = Vec<f32>> {
    use prop::num::f32::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop::collection::vec(POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO, 20..64)
}

/// Softmax and its logarithm of rows of `k`: no NaN, sums of 1, and finite Jacobian products.
fn finite_softmax(logits: &[f32], k: usize) {
    rowwise! {
        fn jacobian_product(p, g => v) {
            rows::add_jacobian_product(p, g, V::splat(E::of(1.5)), v);
        }
    }
    fn check<E: Real>(logits: &[f64], k: usize) {
        let packed = Packed::pack(&narrow::<E>(logits), k);
        for temperature in [1.0, 0.1, 7.0] {
            let p = rows::softmax(&packed, E::of(temperature));
            let log_p = widen(&rows::log_softmax(&packed, E::of(temperature)).unpack());
            let of_logarithms: Vec<f64> = log_p.iter().map(|x| x.exp()).collect();
            for p in [widen(&p.unpack()), of_logarithms] {
                for row in p.chunks(k) {
                    let (low, sum) = row.iter().fold((1.0f64, 0.0), |(l, s), &p| (l.min(p), s + p));
                    assert!(low >= 0.0 && (sum - 1.0).abs() < 1e-4, "{sum} of {row:?}");
                }
            }
            let g = Packed::pack(&narrow::<E>(&normals("g", logits.len())), k);
            let mut v = Packed::zeros(p.rows(), k);
            jacobian_product(&p, &g, &mut v);
            assert!(v.unpack().iter().all(|x| x.is_finite()), "{logits:?}");
        }
    }
    let wide = widen(logits);
    check::<f32>(&wide, k);
    check::<f64>(&wide, k);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn softmax_of_any_finite_logits_is_finite(logits in any_finite(), k in 1usize..20) {
        finite_softmax(&logits[..logits.len() / k * k], k);
    }
}

#[test]
fn softmax_of_extreme_equal_and_masked_logits() {
    let masked = f32::NEG_INFINITY;
    finite_softmax(&[1e4, -1e4, 1e4, -1e4, -1e4, -1e4, 1e4, 1e4], 4);
    finite_softmax(&[f32::MAX, f32::MIN, 0.0, f32::MIN, f32::MIN, f32::MIN], 3);
    finite_softmax(&[masked, 0.5, masked, -1e4, masked, 1e4], 2);
    finite_softmax(&[masked, 0.5, 1.0, masked, masked, -2.0], 3);
    for k in [1, 2, 7, 1000] {
        finite_softmax(&vec![0.3; 17 * k], k);
    }
}

#[test]
fn equal_logits_give_equal_probabilities() {
    for k in [2usize, 16, 1000] {
        for logit in [0.0, 1e4, -1e4] {
            let p = rows::softmax(&Packed::filled(3, k, logit), 1.0).unpack();
            assert_close(&p, &vec![1.0 / k as f64; 3 * k], 1e-13 / k as f64, "1/K");
        }
    }
}

#[test]
fn a_masked_category_does_not_affect_the_others() {
    for logarithm in [false, true] {
        let of = |k, logits: &[f64]| {
            let packed = Packed::pack(logits, k);
            let softmax = if logarithm { rows::log_softmax } else { rows::softmax };
            softmax(&packed, 1.0).unpack()
        };
        let (with, without) = (of(4, &[0.3, MASKED, -0.4, 1.1]), of(3, &[0.3, -0.4, 1.1]));
        assert_eq!([with[0], with[2], with[3]], without[..]);
        assert_eq!(with[1], if logarithm { MASKED } else { 0.0 });
    }
}

/// Compared with plain indexing, for few and many categories.
#[test]
fn gather_scatter_add_and_one_hots() {
    for (count, k, samples) in [(1, 2, 1), (17, 3, 4), (33, 32, 2), (20, 33, 3), (5, 1000, 6)] {
        let numbers = normals("numbers", count * k);
        let mut indices = vec![0; count * samples];
        Noise::named(&["picks"]).fill_index(k as u32, &mut indices);
        let picks: Vec<f64> = indices.iter().map(|&i| f64::from(i)).collect();
        let (picks, c) = (Packed::pack(&picks, samples), normals("c", count * samples));
        let picked = rows::gather(&Packed::pack(&numbers, k), &picks).unpack();
        let points = rows::one_hots(&picks, k);
        assert_eq!((points.rows(), points.columns()), (count, samples * k));
        let mut sums = vec![0.0; count * k];
        for (i, &index) in indices.iter().enumerate() {
            let row = i / samples;
            assert_eq!(picked[i], numbers[row * k + index as usize], "{count}×{k}");
            sums[row * k + index as usize] += c[i];
            for category in 0..k {
                let is_picked = category == index as usize;
                let point = points.get(row, i % samples * k + category);
                assert_eq!(point, f64::from(is_picked), "{count}×{k}");
            }
        }
        let gradient = rows::scatter_add(&picks, &Packed::pack(&c, samples), k).unpack();
        assert_close(&gradient, &sums, 1e-15, "scatter_add");
    }
}

/// Even if their numbers are NaN.
#[test]
fn gather_ignores_other_categories() {
    for k in [3, 40] {
        let mut numbers = vec![f64::NAN; k];
        numbers[1] = 2.5;
        let picks = Packed::filled(1, 1, 1.0);
        assert_eq!(rows::gather(&Packed::pack(&numbers, k), &picks).unpack(), [2.5]);
    }
}

#[test]
#[should_panic(expected = "rows of numbers and picks")]
fn gather_needs_equal_rows() {
    rows::gather(&Packed::<f64>::zeros(3, 40), &Packed::zeros(2, 1));
}

#[test]
#[should_panic(expected = "one number per pick")]
fn scatter_add_needs_one_number_per_pick() {
    rows::scatter_add(&Packed::<f64>::zeros(3, 2), &Packed::zeros(3, 1), 40);
}
