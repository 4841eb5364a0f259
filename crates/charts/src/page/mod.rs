//! What stands around the plots of a figure.

pub(crate) mod caption;
pub(crate) mod empty;
pub(crate) mod layout;
pub(crate) mod replication;
pub(crate) mod small_multiples;
