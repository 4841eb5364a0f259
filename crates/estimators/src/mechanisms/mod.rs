//! Mechanisms that several estimators share.

pub(crate) mod adaptive_step;
pub(crate) mod antithetic_uniforms;
pub(crate) mod categorical;
pub(crate) mod central_difference;
pub(crate) mod coupled_relaxation;
pub(crate) mod differentiated;
pub(crate) mod entmax;
pub(crate) mod enumeration;
pub(crate) mod finite_step;
pub(crate) mod marginalize;
pub(crate) mod opening;
pub(crate) mod perturbation;
pub(crate) mod scheduled;
pub(crate) mod score;
pub(crate) mod stick_breaking;
pub(crate) mod swaps;
pub(crate) mod without_replacement;
