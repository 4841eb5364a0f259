//! How every estimator opens logits: invalid ones are rejected, each row's largest is moved to 0, and
//! masks are recognized.

use crate::{Error, Result};
use kernels::simd::{Kernel, Lanes, run};
use kernels::{Packed, Real, rows};

/// A logit this far below the largest of its row is a mask, as −∞ is.
///
/// Masks in use start at −10⁴, as half precision has nothing below −65504; −10⁹, −10³⁰ and the smallest
/// finite number are usual. No category is lost: eˣ is 0 in double precision from x = −745 on, and
/// Gumbel noise spans less than 50, so that such a category has probability 0 and is never drawn.
pub(crate) const MASKED_BELOW: f64 = -5000.0;

/// θ − max θ of each row, with −∞ for masked categories. Every mechanism starts from these numbers, so
/// a constant that is added to a row's logits costs no precision.
///
/// # Errors
/// If a logit is NaN or +∞, or every category of a row is masked.
pub(crate) fn open<E: Real>(logits: &Packed<E>) -> Result<Packed<E>> {
    let mut theta = Packed::scratch(logits.rows(), logits.columns());
    if run(Open { logits, theta: &mut theta }) {
        return Ok(theta);
    }
    // The padding may be the reason too, and does not count.
    (0..logits.rows()).try_for_each(|row| check(logits, row))?;
    Ok(theta)
}

/// Writes θ, and returns whether no number of it is NaN.
struct Open<'a, E: Real> {
    logits: &'a Packed<E>,
    theta: &'a mut Packed<E>,
}

impl<E: Real> Kernel<E> for Open<'_, E> {
    type Output = bool;
    #[inline(always)]
    fn run<V: Lanes<E>>(self) -> bool {
        let masked = V::splat(E::NEGATIVE_INFINITY);
        let threshold = V::splat(E::of(MASKED_BELOW));
        let mut total = V::zero();
        for (logits, theta) in self.logits.blocks::<V>().zip(self.theta.blocks_mut::<V>()) {
            let top = rows::max(logits);
            for (theta, &x) in theta.iter_mut().zip(logits) {
                // NaN where x is NaN or +∞, and where all are −∞; otherwise at most 0.
                let below = x - top;
                *theta = V::select(below.less(threshold), masked, below);
                total += *theta;
            }
        }
        // Numbers up to 0 add up to NaN only if one of them is NaN.
        total.to_array().iter().all(|&sum| sum.widen() <= 0.0)
    }
}

/// Rejects a row that is not a distribution.
fn check<E: Real>(logits: &Packed<E>, row: usize) -> Result<()> {
    let mut all_masked = true;
    for category in 0..logits.columns() {
        let logit = logits.get(row, category).widen();
        if logit.is_nan() || logit == f64::INFINITY {
            return Err(Error::InvalidLogit { row, category, logit });
        }
        all_masked &= logit == f64::NEG_INFINITY;
    }
    if all_masked { Err(Error::AllMasked { row }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASKED: f64 = f64::NEG_INFINITY;

    #[test]
    fn the_largest_logit_is_0_and_masks_are_infinite() -> Result<()> {
        let logits = [1e6, 1e6 - 2.5, 1e6 - 4999.0, -3.0, -6000.0, MASKED, f64::MIN, -1.0, -1e9];
        let theta = open(&Packed::pack(&logits, 3))?;
        let expected = [0.0, -2.5, -4999.0, 0.0, MASKED, MASKED, MASKED, 0.0, MASKED];
        assert_eq!(theta.unpack(), expected);
        Ok(())
    }

    /// In every place of rows that fill a block and of rows that do not.
    #[test]
    fn an_invalid_logit_is_found_wherever_it_is() {
        for rows in [1, 16, 35] {
            for place in 0..rows * 3 {
                let error = |bad: f64| {
                    let mut logits = vec![0.5; rows * 3];
                    logits[place] = bad;
                    open(&Packed::pack(&logits, 3)).map(drop)
                };
                assert!(error(MASKED).is_ok());
                for bad in [f64::NAN, f64::INFINITY] {
                    match error(bad) {
                        Err(Error::InvalidLogit { row, category, .. }) => {
                            assert_eq!((row, category), (place / 3, place % 3));
                        }
                        other => panic!("{bad} at {place} of {rows} rows: {other:?}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_without_a_category_is_an_error() {
        let logits = [0.0, MASKED, MASKED, MASKED, 1.0, 2.0];
        let error = open(&Packed::pack(&logits, 2)).map(drop);
        assert!(matches!(error, Err(Error::AllMasked { row: 1 })), "{error:?}");
    }
}
