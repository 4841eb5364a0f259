//! Named streams of random numbers: the same words give the same numbers on every machine.

mod chacha;

use crate::simd::{Machine, MachineKernel};
use crate::{Buffer, Packed, Real, normal, rowwise};
use chacha::{AT_ONCE, BLOCK};
use rand::TryRng;
use std::convert::Infallible;

/// A stream of random numbers with a name.
///
/// The name is made of coordinates (what it is for, the task, the seed), never of the estimator
/// that will use it: then all estimators meet the same numbers, and their comparison is paired.
/// [`Noise::at`] gives each step of a run a stream of its own, so the numbers that one step uses do
/// not shift those of the next. It also implements the traits of [`rand`].
///
/// ```
/// use kernels::Noise;
/// let mut a = Noise::named(&["estimator", "argmax-index", "7"]).at(3);
/// let mut b = Noise::named(&["estimator", "argmax-index", "7"]).at(3);
/// assert_eq!(a.uniform(), b.uniform());
/// ```
#[derive(Clone, Debug)]
pub struct Noise {
    key: [u32; 8],
    stream: u64,
    /// How many words have been drawn.
    position: u64,
    /// The words around the position, for drawing them one by one.
    buffered: Option<Buffered>,
}

/// Words that were generated before they are drawn.
#[derive(Clone, Debug)]
struct Buffered {
    /// The position of the first.
    first: u64,
    words: Box<[u32; AT_ONCE]>,
}

impl Noise {
    /// The stream with this name: ChaCha8 (Bernstein 2008), keyed by the BLAKE3 hash of the words.
    pub fn named(words: &[&str]) -> Self {
        let mut hash = blake3::Hasher::new();
        for word in words {
            hash.update(&(word.len() as u64).to_le_bytes());
            hash.update(word.as_bytes());
        }
        let mut key = [0; 8];
        for (key, bytes) in key.iter_mut().zip(hash.finalize().as_bytes().as_chunks::<4>().0) {
            *key = u32::from_le_bytes(*bytes);
        }
        Self { key, stream: 0, position: 0, buffered: None }
    }

    /// The substream of a step, from its beginning.
    pub fn at(&self, step: u64) -> Self {
        Self { key: self.key, stream: step, position: 0, buffered: None }
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        let position = self.position;
        self.position += 1;
        if let Some(buffered) = &self.buffered {
            let place = position.wrapping_sub(buffered.first);
            if place < AT_ONCE as u64 {
                return buffered.words[place as usize];
            }
        }
        let block = position / BLOCK as u64;
        let mut words =
            self.buffered.take().map_or_else(|| Box::new([0; AT_ONCE]), |old| old.words);
        chacha::blocks(&self.key, self.stream, block, &mut words);
        let word = words[(position % BLOCK as u64) as usize];
        self.buffered = Some(Buffered { first: block * BLOCK as u64, words });
        word
    }

    /// Calls `put` with one random word for each element of `places`, part by part.
    fn fill<T>(&mut self, mut places: &mut [T], mut put: impl FnMut(&[u32], &mut [T])) {
        let mut words = [0; AT_ONCE];
        while !places.is_empty() {
            let skipped = (self.position % BLOCK as u64) as usize;
            chacha::blocks(&self.key, self.stream, self.position / BLOCK as u64, &mut words);
            let count = places.len().min(AT_ONCE - skipped);
            let (now, later) = places.split_at_mut(count);
            put(&words[skipped..skipped + count], now);
            self.position += count as u64;
            places = later;
        }
    }

    /// Fills the slice with random words.
    fn fill_words(&mut self, words: &mut [u32]) {
        self.fill(words, |made, words| words.copy_from_slice(made));
    }

    /// 64 random bits: the first word below the second.
    fn double_word(&mut self) -> u64 {
        u64::from(self.word()) | u64::from(self.word()) << 32
    }

    /// A uniform number in the open interval (0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        loop {
            let u = (self.double_word() >> 11) as f64 * (1.0 / 9007199254740992.0);
            if u > 0.0 {
                return u;
            }
        }
    }

    /// Standard normal numbers, by inverse transform sampling: two words each.
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

    /// Fills the slice with unbiased uniform indices below `n`: one word each, or more after a
    /// rejection, which is rare.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn fill_index(&mut self, n: u32, indices: &mut [u32]) {
        assert!(n > 0, "an index below 0");
        let threshold = n.wrapping_neg() % n;
        self.fill_words(indices);
        for index in indices {
            let product = u64::from(*index) * u64::from(n);
            *index =
                if product as u32 >= threshold { (product >> 32) as u32 } else { self.index(n) };
        }
    }

    /// `count` uniform indices below `n`, as from [`Noise::fill_index`].
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn indices(&mut self, n: u32, count: usize) -> Buffer<u32> {
        let mut indices = Buffer::scratch(count);
        self.fill_index(n, &mut indices);
        indices
    }

    /// A uniform permutation of 0..n.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.index(last as u32 + 1) as usize);
        }
        order
    }

    /// Fills the slice with uniform numbers in (0, 1), one word each ([`Real::uniform`]).
    pub fn fill_uniform<E: Real>(&mut self, numbers: &mut [E]) {
        struct Convert<'a, E>(&'a [u32], &'a mut [E]);
        impl<E: Real> MachineKernel<E> for Convert<'_, E> {
            type Output = ();
            #[inline(always)]
            fn run<M: Machine<E>>(self) {
                for (number, &word) in self.1.iter_mut().zip(self.0) {
                    *number = E::uniform(word);
                }
            }
        }
        self.fill(numbers, |words, numbers| E::on_machine(Convert(words, numbers)));
    }

    /// A matrix of uniform numbers in (0, 1). Rows are drawn sixteen at a time.
    pub fn uniforms<E: Real>(&mut self, rows: usize, columns: usize) -> Packed<E> {
        let mut packed = Packed::scratch(rows, columns);
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

impl TryRng for Noise {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.double_word())
    }

    /// Consumes whole words; the rest of the last one is discarded.
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let mut words = [0; AT_ONCE];
        for bytes in bytes.chunks_mut(4 * AT_ONCE) {
            let words = &mut words[..bytes.len().div_ceil(4)];
            self.fill_words(words);
            for (bytes, word) in bytes.chunks_mut(4).zip(words) {
                bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Equal to another implementation with the same key word for word, no matter how the words are
    /// drawn.
    #[test]
    fn the_stream_is_that_of_chacha8() {
        use rand_chacha::ChaCha8Rng;
        use rand_chacha::rand_core::{Rng, SeedableRng};
        let noise = Noise::named(&["chacha", "8"]);
        let mut seed = [0; 32];
        for (bytes, word) in seed.as_chunks_mut::<4>().0.iter_mut().zip(noise.key) {
            *bytes = word.to_le_bytes();
        }
        for step in [0, 1, u64::from(u32::MAX) + 5] {
            let (mut ours, mut theirs) = (noise.at(step), ChaCha8Rng::from_seed(seed));
            theirs.set_stream(step);
            for count in [1, 2, 15, 16, 17, 100, 255, 256, 257, 700, 3] {
                let mut words = vec![0; count];
                ours.fill_words(&mut words);
                let expected: Vec<u32> = (0..count).map(|_| theirs.next_u32()).collect();
                assert_eq!(words, expected, "{count} words of step {step}");
                assert_eq!(ours.word(), theirs.next_u32(), "a word of step {step}");
                assert_eq!(ours.double_word(), theirs.next_u64(), "two words of step {step}");
                let (mut bytes, mut expected) = (vec![0; count + 3], vec![0; count + 3]);
                ours.fill_bytes(&mut bytes);
                theirs.fill_bytes(&mut expected);
                assert_eq!(bytes, expected, "{count} bytes of step {step}");
            }
        }
        // Where the lower half of the counter overflows.
        let far = (u64::from(u32::MAX) - 7) * BLOCK as u64;
        let (mut ours, mut theirs) = (noise.at(3), ChaCha8Rng::from_seed(seed));
        ours.position = far;
        theirs.set_stream(3);
        theirs.set_word_pos(far.into());
        for i in 0..300 {
            assert_eq!(ours.word(), theirs.next_u32(), "word {i} around the overflow");
        }
    }

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
    fn a_step_does_not_depend_on_the_position_of_the_stream() {
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
    fn both_types_get_the_same_noise() {
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
