//! The tests of the crate in one binary: laws that every registered estimator keeps, identities
//! between estimators, and reference tables.

// A test that cannot be set up fails.
#![allow(clippy::unwrap_used)]

mod broken;
mod examples;
mod goldens;
mod identities;
mod identities_in_law;
mod laws;
mod pages;
mod problem;
mod published;
mod published_faults;
mod reference;
mod reference_format;
mod reference_power;
mod routing;
mod schedules;
mod state;
mod which_estimator;
mod your_network;
