//! Reference tables: small problems with the exact mean and total variance of estimators, and the
//! comparison of an implementation with them.
//!
//! A table is a JSON file of format 1. `reference/` holds those of this project; other files of the
//! format can be read too. Keys may be in snake_case or in kebab-case. Variances are total: the trace
//! of the covariance of one estimate, over all B·L·K components.
//!
//! `"published"` of a row has bias and variance as a publication states them ([`Published`]). A row whose
//! mean and variance do not agree with them fails.
//!
//! `"warm-up": N`, of a table or of a row, takes N training steps before the draws.

mod bounds;
mod check;
mod draws;
mod format;
mod instance;
mod published;
mod table;

pub use bounds::{ALLOWED, MISTAKE};
pub use check::{Verdict, check, compare};
pub use format::MOST_DRAWS;
pub use instance::Instance;
pub use published::Published;
pub use table::{Row, Table};

/// The tables of this project: name and text.
pub const TABLES: &[(&str, &str)] = &[
    ("bernoulli-toy-phi0", include_str!("../../reference/bernoulli-toy-phi0.json")),
    ("bernoulli-toy-phi-minus4", include_str!("../../reference/bernoulli-toy-phi-minus4.json")),
    ("bit-power-p2-phi0", include_str!("../../reference/bit-power-p2-phi0.json")),
    ("bit-power-p2-phi2", include_str!("../../reference/bit-power-p2-phi2.json")),
    ("exp-dot-k4", include_str!("../../reference/exp-dot-k4.json")),
    ("exp-dot-k4-warm", include_str!("../../reference/exp-dot-k4-warm.json")),
    ("exp-dot-n2-k3", include_str!("../../reference/exp-dot-n2-k3.json")),
    ("quadratic-4-0", include_str!("../../reference/quadratic-4-0.json")),
    ("quadratic-4-1", include_str!("../../reference/quadratic-4-1.json")),
    ("quadratic-4-2", include_str!("../../reference/quadratic-4-2.json")),
    ("quadratic-8-0", include_str!("../../reference/quadratic-8-0.json")),
    ("quadratic-8-1", include_str!("../../reference/quadratic-8-1.json")),
    ("quadratic-8-2", include_str!("../../reference/quadratic-8-2.json")),
    ("squared-pick-k5-b2", include_str!("../../reference/squared-pick-k5-b2.json")),
    ("squared-pick-seed-y25", include_str!("../../reference/squared-pick-seed-y25.json")),
    ("squared-pick-seed-y30", include_str!("../../reference/squared-pick-seed-y30.json")),
];
