//! Noise streams: which words each kind of number uses, and its first values.

use kernels::{Noise, Packed, Real, rows};

fn noise() -> Noise {
    Noise::named(&["tests", "noise"])
}

fn words(count: usize) -> Vec<u32> {
    let mut noise = noise();
    (0..count).map(|_| noise.word()).collect()
}

/// Values that stored results depend on.
#[test]
fn first_numbers_are_pinned() {
    let mut uniforms = noise();
    assert_eq!([uniforms.uniform(), uniforms.uniform()], PINNED_UNIFORMS);
    assert_eq!(noise().normals(2), PINNED_NORMALS);
    assert_eq!(noise().permutation(8), PINNED_PERMUTATION);
    let mut indices = [0; 6];
    noise().fill_index(100, &mut indices);
    assert_eq!(indices, PINNED_INDICES);
    let of = |packed: Packed<f32>| [packed.get(0, 0), packed.get(1, 0), packed.get(0, 1)];
    assert_eq!(of(noise().gaussians(2, 2)), PINNED_GAUSSIANS);
    assert_eq!(of(noise().exponentials(2, 2)), PINNED_EXPONENTIALS);
    assert_eq!(of(noise().gumbels(2, 2)), PINNED_GUMBELS);
}
const PINNED_UNIFORMS: [f64; 2] = [0.5681002100902262, 0.15558305886799106];
const PINNED_NORMALS: [f64; 2] = [0.17153949285277675, -1.0127781957925783];
const PINNED_PERMUTATION: [usize; 8] = [2, 5, 4, 7, 0, 6, 3, 1];
const PINNED_INDICES: [u32; 6] = [18, 56, 64, 15, 42, 25];
const PINNED_GAUSSIANS: [f32; 3] = [-0.8843604, 0.17153949, 0.504624];
const PINNED_EXPONENTIALS: [f32; 3] = [1.6699799, 0.56545746, 0.36659753];
const PINNED_GUMBELS: [f32; 3] = [-0.5128116, 0.5701202, 1.0034907];

/// A uniform number uses two words, the low half first.
#[test]
fn a_uniform_number_is_53_bits_of_two_words() {
    let (mut noise, words) = (noise(), words(20));
    for pair in words.chunks(2) {
        let bits = (u64::from(pair[1]) << 32 | u64::from(pair[0])) >> 11;
        assert_eq!(noise.uniform(), bits as f64 / 2f64.powi(53));
    }
}

#[test]
fn normals_are_quantiles_of_uniforms() {
    for count in [0, 1, 15, 16, 17, 300] {
        let normals = noise().normals(count);
        assert_eq!(normals.len(), count);
        let mut noise = noise();
        for z in normals {
            assert!(z.is_finite());
            // Φ by the series of Marsaglia (2004), "Evaluating the normal distribution".
            let (mut sum, mut term, mut odd) = (z, z, 1.0);
            while sum + term != sum {
                odd += 2.0;
                term *= z * z / odd;
                sum += term;
            }
            let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            assert!((0.5 + sum * density - noise.uniform()).abs() < 1e-14, "{z}");
        }
    }
}

#[test]
fn matrices_use_one_word_per_number_sixteen_rows_at_a_time() {
    fn check<E: Real>(rows: usize, columns: usize) {
        let words = words(rows.div_ceil(16) * 16 * columns);
        let uniforms = noise().uniforms::<E>(rows, columns);
        let exponentials = noise().exponentials::<E>(rows, columns);
        let gumbels = noise().gumbels::<E>(rows, columns);
        let gaussians = noise().gaussians::<E>(rows, columns);
        for row in 0..rows {
            for column in 0..columns {
                let u = E::uniform(words[(row / 16 * columns + column) * 16 + row % 16]);
                assert!(uniforms.get(row, column) == u);
                assert!(exponentials.get(row, column) == -u.ln());
                assert!(gumbels.get(row, column) == -(-u.ln()).ln());
                let z = gaussians.get(row, column);
                assert!(z.is_finite() && (z < E::ZERO) == (u < E::of(0.5)), "{u} → {z}");
            }
        }
    }
    // The largest needs more than the 256 words that are generated at a time.
    for (rows, columns) in [(1, 1), (17, 3), (16, 16), (33, 20)] {
        check::<f32>(rows, columns);
        check::<f64>(rows, columns);
    }
}

#[test]
fn slices_of_any_length_are_filled_with_uniforms() {
    for count in [0, 1, 255, 256, 257, 600] {
        let mut numbers = vec![0.0f32; count];
        noise().fill_uniform(&mut numbers);
        assert!(numbers.iter().zip(words(count)).all(|(&u, word)| u == f32::uniform(word)));
    }
}

#[test]
fn extreme_words_give_numbers_inside_the_interval() {
    assert_eq!(f64::uniform(0), 0.5f64.powi(33));
    assert_eq!(f64::uniform(u32::MAX), 1.0 - 0.5f64.powi(33));
    assert_eq!(f64::uniform(1 << 31), 0.5 + 0.5f64.powi(33));
    assert_eq!(f32::uniform(0), 0.5f32.powi(33));
    assert_eq!(f32::uniform(u32::MAX), 1.0 - f32::EPSILON / 2.0);
    assert_eq!(f32::uniform(1 << 31), 0.5);
}

/// (word + ½)·2⁻³², rounded once: for words near each power of two, and for many others.
#[test]
fn a_uniform_number_is_rounded_once() {
    let about = |power: u32| (-40i64..=40).map(move |off| ((1i64 << power) + off) as u32);
    let others = words(100_000);
    for word in (0..=32).flat_map(about).chain(others) {
        let exact = (f64::from(word) + 0.5) * 0.5f64.powi(32);
        assert_eq!(f64::uniform(word), exact, "{word}");
        let single = (exact as f32).min(1.0 - f32::EPSILON / 2.0);
        assert_eq!(f32::uniform(word), single, "{word}");
    }
}

/// The high half of word·n, if the low half is at least 2³² mod n.
fn accepted(word: u32, n: u32) -> Option<u32> {
    let product = u64::from(word) * u64::from(n);
    let remainder = (1u64 << 32) % u64::from(n);
    (product % (1 << 32) >= remainder).then_some((product >> 32) as u32)
}

#[test]
fn an_index_comes_from_the_first_accepted_word() {
    // 3 << 30 rejects one word in four.
    for n in [1, 2, 3, 7, 100, 1 << 31, 3 << 30, u32::MAX] {
        let (mut noise, words) = (noise(), words(400));
        let mut accepted = words.into_iter().filter_map(|word| accepted(word, n));
        for _ in 0..200 {
            assert_eq!(Some(noise.index(n)), accepted.next(), "below {n}");
        }
    }
}

#[test]
fn rejected_words_are_replaced_by_later_ones() {
    for n in [1, 7, 100, 3 << 30] {
        for count in [0, 1, 255, 256, 257, 600] {
            let mut indices = vec![0; count];
            noise().fill_index(n, &mut indices);
            let mut words = words(4 * count + 100).into_iter();
            let first: Vec<u32> = words.by_ref().take(count).collect();
            for (index, word) in indices.into_iter().zip(first) {
                let later = || words.by_ref().find_map(|word| accepted(word, n));
                assert_eq!(Some(index), accepted(word, n).or_else(later), "below {n}");
            }
        }
    }
}

#[test]
fn a_permutation_contains_every_number_once() {
    for n in [0, 1, 2, 5, 100] {
        let mut order = noise().permutation(n);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..n));
    }
}

/// The frequencies of all six permutations of three numbers, within five standard errors.
#[test]
fn permutations_are_uniform() {
    let mut noise = noise();
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..6000 {
        *counts.entry(noise.permutation(3)).or_insert(0) += 1;
    }
    let fair = |count: &i32| f64::from(count - 1000).abs() < 5.0 * (6000.0f64 * 5.0 / 36.0).sqrt();
    assert!(counts.len() == 6 && counts.values().all(fair), "{counts:?}");
}

#[test]
fn a_step_is_a_stream_of_its_own() {
    let (a, b) = (noise().at(1), noise().at(2));
    assert_ne!(a.clone().word(), b.clone().word());
    assert_eq!(noise().at(0).word(), noise().word());
    let p = Packed::from_columns(&[0.5f32; 8], 4);
    let draw = |noise: &Noise| rows::categorical(&p, 9, &mut noise.clone()).unpack();
    assert_eq!(draw(&a), draw(&a));
    assert_ne!(draw(&a), draw(&b));
}

#[test]
#[should_panic(expected = "an index below 0")]
fn an_index_below_zero_panics() {
    noise().index(0);
}

#[test]
#[should_panic(expected = "an index below 0")]
fn indices_below_zero_panic() {
    noise().fill_index(0, &mut []);
}
