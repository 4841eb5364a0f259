//! Quantiles of the normal distribution, with the same bits on every machine.

use crate::simd::Lanes;
use crate::{Real, rowwise};

rowwise! {
    /// Replaces each probability 0 < p < 1 by its standard normal quantile. The relative error is
    /// about 10⁻¹⁶ in `f64`.
    ///
    /// Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied
    /// Statistics 37 (1988), routine PPND16.
    pub(crate) fn quantiles(=> numbers) {
        let c = |x: f64| V::splat(E::of(x));
        for x in numbers {
            let q = *x - c(0.5);
            let inner = q * ratio(c(0.180625) - q * q, &CENTER);
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

/// Coefficients of the numerator and the denominator, highest power first.
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

const CENTER: Rational = [
    [
        2.509_080_928_730_122_7e3,
        3.343_057_558_358_813e4,
        6.726_577_092_700_87e4,
        4.592_195_393_154_987e4,
        1.373_169_376_550_946e4,
        1.971_590_950_306_551_3e3,
        1.331_416_678_917_843_8e2,
        3.387_132_872_796_366_5,
    ],
    [
        5.226_495_278_852_546e3,
        2.872_908_573_572_194_3e4,
        3.930_789_580_009_271e4,
        2.121_379_430_158_659_7e4,
        5.394_196_021_424_751e3,
        6.871_870_074_920_579e2,
        4.231_333_070_160_091e1,
        1.0,
    ],
];
const MIDDLE: Rational = [
    [
        7.745_450_142_783_414e-4,
        2.272_384_498_926_918_4e-2,
        2.417_807_251_774_506e-1,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        1.519_866_656_361_645_7e-2,
        1.481_039_764_274_800_8e-1,
        6.897_673_349_851e-1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
];
const FAR: Rational = [
    [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        1.242_660_947_388_078_4e-3,
        2.653_218_952_657_612_4e-2,
        2.965_605_718_285_048_7e-1,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    [
        2.044_263_103_389_939_7e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        1.487_536_129_085_061_5e-2,
        1.369_298_809_227_358e-1,
        5.998_322_065_558_88e-1,
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
