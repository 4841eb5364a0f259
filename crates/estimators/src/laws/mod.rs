//! Laws that every estimator keeps, as a test for estimators of your own.
//!
//! An estimator makes claims about itself ([`Properties`](crate::Properties)): that it is unbiased, how
//! often it evaluates the loss, that its components sum to 0. The laws check these claims against
//! enumeration and counts, and that the estimator behaves at extreme logits, masks, losses that are not
//! finite, and between steps.
//! [`check`] is a test of one line:
//!
//! ```
//! use estimators::{kinds::ReinMax, laws};
//!
//! // In a test:
//! laws::check::<ReinMax>();
//! ```
//!
//! It takes less than a second with optimization, and a minute without it ([`kernels::OPTIMIZED`]).
//!
//! | law | an estimator … |
//! |---|---|
//! | `supported` | supports at least one of four small problems |
//! | `unbiased` | that claims to be unbiased has the exact gradient as its mean |
//! | `sums-to-zero` | that claims so has components that sum to 0 |
//! | `ignores-shifts` | that claims so ignores a constant that is added to all logits |
//! | `large-shifts` | that claims so does so in single precision, even if the constant is large |
//! | `stochastic` | is random if and only if it says so |
//! | `evaluations` | evaluates the loss as often as it says |
//! | `experts` | evaluates no more experts than it says |
//! | `needs` | requires what it uses of the objective, and uses what it requires |
//! | `objective-gradient` | gives the objective's parameters the gradient of its scalar |
//! | `batch` | averages over rows: its mean does not depend on the size of the batch |
//! | `same-noise` | returns the same bits for the same noise |
//! | `single-precision` | agrees in `f32` and `f64` |
//! | `constant-in-losses` | that ignores a constant in all losses does so in single precision too |
//! | `finite` | returns finite numbers for extreme and masked logits, for one and several latents |
//! | `finite-parameters` | does so for extreme values of its parameters |
//! | `finite-training` | does so after learning from such logits |
//! | `one-category` | supports a single category, without a gradient, or refuses it |
//! | `many-categories` | supports ten thousand categories, or refuses them |
//! | `many-latents` | supports one row, and 64 latents without enumerating them, or refuses |
//! | `invalid-logits` | rejects NaN, +∞ and rows without a category, and names the row |
//! | `masks` | treats any usual mask as −∞, and gives a masked category no gradient |
//! | `masked-never-sampled` | never samples a masked category |
//! | `masked-loss` | ignores the loss of a masked category |
//! | `stays-unbiased` | stays unbiased while it learns |
//! | `keeps-its-state` | changes its state only when it advances |
//! | `measuring` | trains the same whether or not it is measured between steps |
//! | `spoiled-row` | forgets a row whose loss is not finite |
//! | `early-advance` | may advance before its first estimate |
//! | `schedule` | with a `schedule` has the scheduled temperature at each step |
//! | `schedule-claims` | with a `schedule` claims nothing that holds at one temperature only |
//! | `schedule-values` | rejects invalid schedules, and names the key |
//!
//! The last three hold for kinds with parameters `schedule` and `temperature`.

mod agreement;
mod claims;
mod edges;
mod law;
mod masks;
mod objectives;
mod precision;
pub mod problem;
mod schedules;
mod state;
mod variants;

pub use law::{Law, Violation};
pub use variants::Variant;

use crate::Kind;
use toml::Table;

/// All laws.
pub const LAWS: &[&[Law]] =
    &[claims::LAWS, precision::LAWS, edges::LAWS, masks::LAWS, state::LAWS, schedules::LAWS];

/// Fails a test unless a kind keeps all laws, with its default parameters and with other values of each.
///
/// # Panics
/// If it breaks a law. The message lists every broken law, with what was expected and what was found.
#[track_caller]
pub fn check<K: Kind>() {
    report(&violations::<K>());
}

/// Fails a test unless a kind keeps all laws with these parameters.
///
/// # Panics
/// As [`check`], and if the parameters are invalid.
#[track_caller]
pub fn check_parameters<K: Kind>(parameters: K) {
    report(&violations_with(parameters));
}

/// The laws that a kind breaks, with its default parameters or with other values of one of them.
pub fn violations<K: Kind>() -> Vec<Violation> {
    broken(&Variant::all(&entry::<K>()))
}

/// The laws that a kind breaks with these parameters.
///
/// # Panics
/// If they are invalid.
#[track_caller]
pub fn violations_with<K: Kind>(parameters: K) -> Vec<Violation> {
    broken(&[with_parameters(&parameters)])
}

fn broken(variants: &[Variant]) -> Vec<Violation> {
    if !kernels::OPTIMIZED {
        eprintln!("laws: built without optimization; checking them takes a minute or more");
    }
    let laws = LAWS.iter().copied().flatten();
    let pairs = laws.flat_map(|law| variants.iter().map(move |variant| (law, variant)));
    pairs.filter_map(|(law, variant)| law.check(variant).err()).collect()
}

#[track_caller]
fn report(violations: &[Violation]) {
    let list: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(list.is_empty(), "broken laws: {}\n\n{}\n", list.len(), list.join("\n\n"));
}

/// The kind in a registry of its own.
fn entry<K: Kind>() -> crate::Entry {
    let registry = crate::Registry::empty().with::<K>();
    registry.entries()[0].clone()
}

#[track_caller]
fn with_parameters<K: Kind>(parameters: &K) -> Variant {
    let written = Table::try_from(parameters).map_err(|error| error.to_string());
    let variant = written
        .and_then(|table| Variant::new(&entry::<K>(), table).map_err(|error| error.to_string()));
    variant.unwrap_or_else(|error| panic!("{}: {error}", K::NAME))
}
