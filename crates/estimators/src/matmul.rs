//! A check of dfdx's own matrix product.

use crate::{Error, Result};
use dfdx::prelude::{Rank2, Tensor, TensorFrom, TryMatMul};
use kernels::tape::{device, values};
use std::sync::OnceLock;

/// Whether dfdx multiplies matrices right. Without its feature `cpu` it keeps only the last product of
/// every sum, for all element types and for all sizes but an inner one of 1: one product of 2 × 2 tells.
/// It is computed once per process.
///
/// # Errors
/// If it does not.
pub(crate) fn check() -> Result<()> {
    static IS_RIGHT: OnceLock<bool> = OnceLock::new();
    judge(*IS_RIGHT.get_or_init(|| multiplied().is_some_and(|product| product == EXPECTED)))
}

/// (1 2; 3 4) (5 6; 7 8)
const EXPECTED: [f32; 4] = [19.0, 22.0, 43.0, 50.0];

fn multiplied() -> Option<Vec<f32>> {
    let device = device();
    let a: Tensor<Rank2<2, 2>, f32, _> = device.try_tensor([[1.0, 2.0], [3.0, 4.0]]).ok()?;
    let b: Tensor<Rank2<2, 2>, f32, _> = device.try_tensor([[5.0, 6.0], [7.0, 8.0]]).ok()?;
    Some(values(&a.try_matmul(b).ok()?))
}

fn judge(is_right: bool) -> Result<()> {
    if is_right { Ok(()) } else { Err(Error::WrongProduct) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_product_is_an_error_that_says_what_to_add() {
        assert!(check().is_ok(), "the tests use the feature");
        let error = judge(false).map_err(|error| error.to_string());
        let line = r#"dfdx = { version = "=0.13.0", default-features = false, features = ["std", "fast-alloc", "cpu"] }"#;
        assert!(error.is_err_and(|error| error.contains(line)));
        let shown = format!("{:?}", Error::WrongProduct);
        assert!(shown.contains(line), "`main` shows {shown}");
    }
}
