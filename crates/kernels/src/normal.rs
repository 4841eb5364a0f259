//! The normal distribution's quantile, from operations with the same bits everywhere.

use crate::simd::Lanes;
use crate::{Real, rowwise};

rowwise! {
    /// Turns each probability 0 < p < 1 into the standard normal quantile: relative error about
    /// 10⁻¹⁶ in `f64`.
    ///
    /// Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied
    /// Statistics 37 (1988), routine PPND16.
    pub(crate) fn quantiles(=> numbers) {
        let c = |x: f64| V::splat(E::of(x));
        for x in numbers {
            let q = *x - c(0.5);
            let inner = q * ratio(c(0.180625) - q * q, &CENTRE);
            let outside = V::select(q.less(c(0.0)), *x, c(1.0) - *x);
            let r = (-outside.ln()).sqrt();
            let tail = V::select(
                c(5.0).less(r),
                ratio(r - c(5.0), &FAR),
                ratio(r - c(1.6), &MIDDLE),
            );
            let outer = V::select(q.less(c(0.0)), -tail, tail);
            *x = V::select(c(0.425).less(q.abs()), outer, inner);
        }
    }
}

/// Coefficients of numerator and denominator, the highest power first.
type Rational = [[f64; 8]; 2];

#[inline(always)]
fn ratio<E: Real, V: Lanes<E>>(r: V, [numerator, denominator]: &Rational) -> V {
    polynomial(r, numerator) / polynomial(r, denominator)
}

#[inline(always)]
fn polynomial<E: Real, V: Lanes<E>>(r: V, coefficients: &[f64; 8]) -> V {
    let mut sum = V::zero();
    for &c in coefficients {
        sum = sum.mul_add(r, V::splat(E::of(c)));
    }
    sum
}

const CENTRE: Rational = [
    [
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.387132872796366608,
    ],
    [
        5.226495278852545925e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ],
];
const MIDDLE: Rational = [
    [
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258,
        3.64784832476320460504,
        5.76949722146069140550,
        4.63033784615654529590,
        1.42343711074968357734,
    ],
    [
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940,
        2.05319162663775882187,
        1.0,
    ],
];
const FAR: Rational = [
    [
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580,
        5.46378491116411436990,
        6.65790464350110377720,
    ],
    [
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ],
];

#[cfg(test)]
mod tests {
    use super::quantiles;
    use crate::Packed;

    /// SciPy 1.17.1, `scipy.stats.norm.ppf`.
    const QUANTILES: [(f64, f64); 11] = [
        (1e-300, -37.0470962993612),
        (1e-100, -21.273453560965322),
        (1e-20, -9.262340089798409),
        (1e-12, -7.034483825301131),
        (1e-5, -4.264890793922825),
        (0.01, -2.3263478740408408),
        (0.05, -1.6448536269514729),
        (0.075, -1.4395314709384563),
        (0.1, -1.2815515655446004),
        (0.25, -0.6744897501960817),
        (0.4, -0.2533471031357997),
    ];

    fn quantile(p: f64) -> f64 {
        let mut packed = Packed::pack(&[p], 1);
        quantiles(&mut packed);
        packed.get(0, 0)
    }

    #[test]
    fn agrees_with_scipy() {
        for (p, z) in QUANTILES {
            assert!((quantile(p) - z).abs() <= 1e-14 * z.abs(), "{p}: {}", quantile(p));
            // 1 − p is rounded where p is small.
            let mirrored = quantile(1.0 - p);
            assert!(p < 0.01 || (mirrored + z).abs() <= 1e-13 * z.abs(), "{p}: {mirrored}");
        }
        assert_eq!(quantile(0.5), 0.0);
    }
}
