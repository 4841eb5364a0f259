//! Named streams of random numbers: the same words give the same numbers on every machine.

use crate::simd::{Machine, MachineTask};
use crate::{Packed, Real, normal, rowwise};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers with a name.
///
/// The name is made of coordinates (what it is for, the task, the seed), never of the estimator
/// that will use it: then all estimators meet the same numbers, and their comparison is paired.
/// [`Noise::at`] gives each step of a run a stream of its own, so what one step used up does not
/// shift the next.
///
/// ```
/// use kernels::Noise;
/// let mut a = Noise::named(&["estimator", "argmax-index", "7"]).at(3);
/// let mut b = Noise::named(&["estimator", "argmax-index", "7"]).at(3);
/// assert_eq!(a.uniform(), b.uniform());
/// ```
#[derive(Clone, Debug)]
pub struct Noise {
    generator: ChaCha8Rng,
}

/// Words that are turned into numbers at a time.
const CHUNK: usize = 256;

impl Noise {
    /// The stream of that name: ChaCha8 (Bernstein 2008) keyed by the BLAKE3 hash of the words.
    pub fn named(words: &[&str]) -> Self {
        let mut hash = blake3::Hasher::new();
        for word in words {
            hash.update(&(word.len() as u64).to_le_bytes());
            hash.update(word.as_bytes());
        }
        Self { generator: ChaCha8Rng::from_seed(hash.finalize().into()) }
    }

    /// The sub-stream of a step, from its beginning.
    pub fn at(&self, step: u64) -> Self {
        let mut generator = self.generator.clone();
        generator.set_stream(step);
        generator.set_word_pos(0);
        Self { generator }
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        self.generator.next_u32()
    }

    /// A uniform number of the open interval (0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        loop {
            let u = (self.generator.next_u64() >> 11) as f64 * (1.0 / 9007199254740992.0);
            if u > 0.0 {
                return u;
            }
        }
    }

    /// Standard normal numbers, by the inverse of their distribution function: two words each.
    pub fn normals(&mut self, count: usize) -> Vec<f64> {
        let mut packed = Packed::zeros(count, 1);
        for u in packed.storage_mut() {
            *u = self.uniform();
        }
        normal::quantiles(&mut packed);
        packed.to_columns()
    }

    /// A uniform index below `n`, without bias (Lemire 2019, arXiv:1805.10941).
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn index(&mut self, n: u32) -> u32 {
        assert!(n > 0, "an index below 0");
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u64::from(self.word()) * u64::from(n);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Fills with uniform indices below `n`, without bias, one word each but for the rare word that
    /// is rejected.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn fill_index(&mut self, n: u32, indices: &mut [u32]) {
        assert!(n > 0, "an index below 0");
        let threshold = n.wrapping_neg() % n;
        let mut bytes = [0; 4 * CHUNK];
        for indices in indices.chunks_mut(CHUNK) {
            let bytes = &mut bytes[..4 * indices.len()];
            self.generator.fill_bytes(bytes);
            for (index, word) in indices.iter_mut().zip(bytes.as_chunks::<4>().0) {
                let product = u64::from(u32::from_le_bytes(*word)) * u64::from(n);
                *index = if product as u32 >= threshold {
                    (product >> 32) as u32
                } else {
                    self.index(n)
                };
            }
        }
    }

    /// A uniform permutation of 0..n.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.index(last as u32 + 1) as usize);
        }
        order
    }

    /// Fills with uniform numbers of (0, 1), one word each ([`Real::uniform`]).
    pub fn fill_uniform<E: Real>(&mut self, numbers: &mut [E]) {
        struct Convert<'a, E>(&'a [u8], &'a mut [E]);
        impl<E: Real> MachineTask<E> for Convert<'_, E> {
            type Output = ();
            #[inline(always)]
            fn run<M: Machine<E>>(self) {
                for (number, word) in self.1.iter_mut().zip(self.0.as_chunks::<4>().0) {
                    *number = E::uniform(u32::from_le_bytes(*word));
                }
            }
        }
        let mut bytes = [0; 4 * CHUNK];
        for numbers in numbers.chunks_mut(CHUNK) {
            let bytes = &mut bytes[..4 * numbers.len()];
            self.generator.fill_bytes(bytes);
            E::on_machine(Convert(bytes, numbers));
        }
    }

    /// A matrix of uniform numbers of (0, 1). Rows are drawn sixteen at a time.
    pub fn uniforms<E: Real>(&mut self, rows: usize, columns: usize) -> Packed<E> {
        let mut packed = Packed::any(rows, columns);
        self.fill_uniform(packed.storage_mut());
        packed
    }

    /// A matrix of standard normal numbers, one word each.
    pub fn gaussians<E: Real>(&mut self, rows: usize, columns: usize) -> Packed<E> {
        let mut packed = self.uniforms(rows, columns);
        normal::quantiles(&mut packed);
        packed
    }

    /// A matrix of standard exponential numbers −ln u: positive and finite.
    pub fn exponentials<E: Real>(&mut self, rows: usize, columns: usize) -> Packed<E> {
        rowwise! {
            fn transform(=> numbers) {
                for x in numbers {
                    *x = -x.ln();
                }
            }
        }
        let mut packed = self.uniforms(rows, columns);
        transform(&mut packed);
        packed
    }

    /// A matrix of standard Gumbel numbers −ln(−ln u): finite.
    pub fn gumbels<E: Real>(&mut self, rows: usize, columns: usize) -> Packed<E> {
        rowwise! {
            fn transform(=> numbers) {
                for x in numbers {
                    *x = -(-x.ln()).ln();
                }
            }
        }
        let mut packed = self.uniforms(rows, columns);
        transform(&mut packed);
        packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_are_pinned() {
        let mut noise = Noise::named(&["data", "argmax-index", "0"]);
        let words = [noise.word(), noise.word(), noise.word()];
        let mut later = Noise::named(&["data", "argmax-index", "0"]).at(1);
        assert_eq!((words, later.word()), PINNED);
    }
    const PINNED: ([u32; 3], u32) = ([2786918192, 3625363706, 2982122252], 2887702131);

    #[test]
    fn names_do_not_run_together() {
        let first = |words: &[&str]| Noise::named(words).word();
        assert_ne!(first(&["ab", "c"]), first(&["a", "bc"]));
        assert_ne!(first(&["a"]), first(&["a", ""]));
    }

    #[test]
    fn a_step_is_the_same_wherever_the_stream_stands() {
        let fresh = Noise::named(&["estimator"]);
        let mut used = fresh.clone();
        used.uniform();
        assert_eq!(fresh.at(5).word(), used.at(5).word());
        assert_ne!(fresh.at(5).word(), fresh.at(6).word());
    }

    #[test]
    fn every_edge_word_gives_finite_noise() {
        fn check<E: Real>() {
            let edges = [0, 1, 2, 127, 128, 255, 256, 257, 1 << 31];
            for word in edges.into_iter().flat_map(|w: u32| [w, u32::MAX - w]) {
                let u = E::uniform(word);
                assert!(u > E::ZERO && u < E::ONE, "{word}: {u}");
                let exponential = -u.ln();
                assert!(exponential > E::ZERO && exponential.is_finite(), "{word}");
                assert!(exponential.ln().is_finite(), "{word}");
            }
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn ten_million_draws_are_finite_and_gumbel() {
        let mut noise = Noise::named(&["law", "gumbel"]);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..10 {
            for x in noise.gumbels::<f32>(1_000_000, 1).unpack() {
                assert!(x.is_finite());
                sum += f64::from(x);
                squares += f64::from(x) * f64::from(x);
            }
        }
        let mean = sum / 1e7;
        let variance = squares / 1e7 - mean * mean;
        // Euler's constant and π²/6; five standard errors.
        assert!((mean - 0.577_215_664_9).abs() < 5.0 * 1.283 / 1e7f64.sqrt(), "{mean}");
        assert!((variance - 1.644_934_066_8).abs() < 5.0 * 3.4 / 1e7f64.sqrt(), "{variance}");
    }

    #[test]
    fn both_types_meet_the_same_noise() {
        let single = Noise::named(&["law"]).uniforms::<f32>(100, 3).unpack();
        let double = Noise::named(&["law"]).uniforms::<f64>(100, 3).unpack();
        for (a, b) in single.into_iter().zip(double) {
            assert!((f64::from(a) - b).abs() <= f64::from(f32::EPSILON) / 2.0);
        }
    }

    #[test]
    fn an_index_is_uniform() {
        let mut noise = Noise::named(&["law", "index"]);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[noise.index(7) as usize] += 1;
        }
        for count in counts {
            assert!((f64::from(count) - 10_000.0).abs() < 5.0 * 93.0, "{counts:?}");
        }
    }
}
