use super::*;

#[test]
fn small_numbers_do_not_cancel() {
    for x in [-1e-9, -1e-6, -0.3] {
        assert!((expm1(x) / x.exp_m1() - 1.0).abs() < 1e-9);
    }
    for x in [1e-9, 1e-6, 0.3, 1.0] {
        assert!((ln_1p(x) / x.ln_1p() - 1.0).abs() < 1e-9);
    }
}
