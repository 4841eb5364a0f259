//! Samples after the swap of two components of the noise behind a sample.

use kernels::simd::{Kernel, Lanes, run};
use kernels::{Noise, Packed, Real};

/// Dirichlet noise π, and the sample after each swap of two of its components.
pub(crate) struct Swaps<E: Real> {
    /// e, [B·L, K], with π_k = e_k/Σe.
    pub(crate) exponentials: Packed<E>,
    /// The sample after each swap, [B·L, swaps].
    pub(crate) picks: Packed<E>,
}

impl<E: Real> Swaps<E> {
    /// Draws the noise, and finds argmin_k (ln π_k − θ_k) after every swap of `pairs`.
    pub(crate) fn draw(theta: &Packed<E>, pairs: &[(usize, usize)], noise: &mut Noise) -> Self {
        let exponentials = noise.exponentials(theta.rows(), theta.columns());
        let picks = swapped_argmins(theta, &exponentials.ln(), pairs);
        Self { exponentials, picks }
    }
}

/// argmin_k (ln π_k − θ_k) after every swap of `pairs`; ties go to the first category.
fn swapped_argmins<E: Real>(
    theta: &Packed<E>,
    logarithms: &Packed<E>,
    pairs: &[(usize, usize)],
) -> Packed<E> {
    let mut picks = Packed::scratch(theta.rows(), pairs.len());
    run(Argmins { theta, logarithms, pairs, picks: &mut picks });
    picks
}

struct Argmins<'a, E: Real> {
    theta: &'a Packed<E>,
    logarithms: &'a Packed<E>,
    pairs: &'a [(usize, usize)],
    picks: &'a mut Packed<E>,
}

impl<E: Real> Kernel<E> for Argmins<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<E>>(self) {
        let rows = self.theta.blocks::<V>().zip(self.logarithms.blocks::<V>());
        for ((theta, logarithms), picks) in rows.zip(self.picks.blocks_mut::<V>()) {
            let least = Least::of(theta, logarithms);
            for (pick, &(a, b)) in picks.iter_mut().zip(self.pairs) {
                let (low, high) = (a.min(b), a.max(b));
                let at_low = (logarithms[high] - theta[low], number(low));
                let at_high = (logarithms[low] - theta[high], number(high));
                // Compares in the order of the categories, so that ties go to the first.
                let none = (V::splat(E::INFINITY), V::zero());
                let best = smaller(at_high, smaller(at_low, none));
                *pick = first(least.without(at_low.1, at_high.1), best).1;
            }
        }
    }
}

/// A value and its category, for each row.
type Entry<V> = (V, V);

/// The three smallest of ln π_k − θ_k in order, ties by category. A swap changes two entries, so one
/// of the three is the smallest of the rest. Missing ones are (∞, 0).
struct Least<V>([Entry<V>; 3]);

impl<V: Copy> Least<V> {
    #[inline(always)]
    fn of<E: Real>(theta: &[V], logarithms: &[V]) -> Self
    where
        V: Lanes<E>,
    {
        let none = (V::splat(E::INFINITY), V::zero());
        let [mut one, mut two, mut three] = [none; 3];
        for k in 0..theta.len() {
            let new = (logarithms[k] - theta[k], number(k));
            three = choose(new.0.less(two.0), two, smaller(new, three));
            two = choose(new.0.less(one.0), one, smaller(new, two));
            one = smaller(new, one);
        }
        Self([one, two, three])
    }

    /// The smallest whose category is neither `a` nor `b`.
    #[inline(always)]
    fn without<E: Real>(&self, a: V, b: V) -> Entry<V>
    where
        V: Lanes<E>,
    {
        let [one, two, three] = self.0;
        let later = choose(two.1.equal(a), three, choose(two.1.equal(b), three, two));
        choose(one.1.equal(a), later, choose(one.1.equal(b), later, one))
    }
}

#[inline(always)]
fn number<E: Real, V: Lanes<E>>(category: usize) -> V {
    V::splat(E::of(category as f64))
}

#[inline(always)]
fn choose<E: Real, V: Lanes<E>>(mask: V::Mask, yes: Entry<V>, no: Entry<V>) -> Entry<V> {
    (V::select(mask, yes.0, no.0), V::select(mask, yes.1, no.1))
}

/// The new entry where it is smaller.
#[inline(always)]
fn smaller<E: Real, V: Lanes<E>>(new: Entry<V>, old: Entry<V>) -> Entry<V> {
    choose(new.0.less(old.0), new, old)
}

/// The new entry where it is smaller, or equal with an earlier category.
#[inline(always)]
fn first<E: Real, V: Lanes<E>>(new: Entry<V>, old: Entry<V>) -> Entry<V> {
    let earlier = choose(new.1.less(old.1), new, old);
    smaller(new, choose(new.0.equal(old.0), earlier, old))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The argmin of one row after a swap, by a scan of all categories.
    fn scanned(theta: &[f32], logarithms: &[f32], (a, b): (usize, usize)) -> usize {
        let mut swapped = logarithms.to_vec();
        swapped.swap(a, b);
        let (mut least, mut best) = (f32::INFINITY, 0);
        for (k, (log, theta)) in swapped.iter().zip(theta).enumerate() {
            if log - theta < least {
                (least, best) = (log - theta, k);
            }
        }
        best
    }

    /// With few distinct values, so that there are many ties, and with masked categories.
    #[test]
    fn every_swap_agrees_with_a_scan() {
        const ROWS: usize = 50;
        let noise = &mut Noise::named(&["swaps"]);
        for k in 1..=9 {
            for values in [2, 3, 1000] {
                let mut draw = |masked: u32| -> Vec<f32> {
                    let mut draw = || match noise.index(values + masked) {
                        x if x < values => x as f32 * 0.5,
                        _ => f32::NEG_INFINITY,
                    };
                    (0..ROWS * k).map(|_| draw()).collect()
                };
                let (theta, logarithms) = (draw(values / 2), draw(0));
                let pairs: Vec<_> = (0..k).flat_map(|a| (0..k).map(move |b| (a, b))).collect();
                let packed = (Packed::pack(&theta, k), Packed::pack(&logarithms, k));
                let picks = swapped_argmins(&packed.0, &packed.1, &pairs).unpack();
                let rows = theta.chunks(k).zip(logarithms.chunks(k));
                for ((theta, logarithms), picks) in rows.zip(picks.chunks(k * k)) {
                    for (&pair, &pick) in pairs.iter().zip(picks) {
                        let expected = scanned(theta, logarithms, pair) as f32;
                        assert_eq!(pick, expected, "{theta:?} {logarithms:?} {pair:?}");
                    }
                }
            }
        }
    }
}
