//! What a baseline is.

use crate::mechanisms::categorical::Categorical;
use crate::{Dims, Objective, Result};
use kernels::tape::Node;
use kernels::{Noise, Packed, Real};

/// The values of a baseline.
pub(super) enum BaselineValues<E: Real> {
    /// b of each row, less a loss of the row that both f and b are compared with, [B, 1].
    Rows { reference: Option<Packed<E>>, b: Packed<E> },
    /// b of each component, [B·L, K], less such a loss.
    Components { reference: Packed<E>, b: Packed<E> },
}

impl<E: Real> BaselineValues<E> {
    /// b of each row, [B, 1].
    pub(super) fn rows(b: Packed<E>) -> Self {
        Self::Rows { reference: None, b }
    }
}

/// How a baseline is computed.
pub(super) trait BaselineRule<E: Real> {
    /// b, before the losses are known.
    fn values(
        &mut self,
        categorical: &Categorical<E>,
        objective: &dyn Objective<E>,
        noise: &Noise,
    ) -> Result<BaselineValues<E>>;
    /// Evaluations of the loss that it needs, per row.
    fn evaluations(&self, dims: Dims) -> u64 {
        let _ = dims;
        0
    }
    /// Whether each component has a baseline of its own.
    fn is_per_component(&self) -> bool {
        false
    }
    /// Is told the losses of the samples, [B, 1]. Those that are not finite must not enter its state.
    fn observe(&mut self, losses: &Node<E>) {
        let _ = losses;
    }
    /// Learns from the last observation.
    fn advance(&mut self) -> Result<()> {
        Ok(())
    }
}
