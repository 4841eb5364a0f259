//! What most kinds import.

pub(super) use crate::mechanisms::categorical::Categorical;
pub(super) use crate::mechanisms::score::Evaluated;
pub(super) use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Fault, Kind, Logits, Objective, Properties,
    Result, Schedule, Surrogate, Unbiased, ranges,
};
pub(super) use kernels::simd::Lanes;
pub(super) use kernels::tape::{Node, Weights};
pub(super) use kernels::{Noise, Packed, Real, rows, rowwise};
pub(super) use schemars::JsonSchema;
pub(super) use serde::{Deserialize, Serialize};
pub(super) use std::rc::Rc;
